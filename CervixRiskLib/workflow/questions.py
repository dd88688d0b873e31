"""What is asked of the warm prediction program: callbacks instead of events, for an owner that has a timer.

Nothing here waits, except :meth:`Questions.close`. Everything runs in the owner's thread, callbacks too.

Inside Slicer the main thread keeps Python's lock while Qt's event loop runs, so the worker's threads get on only while
Python code of the main thread lets go of it. :meth:`Questions.poll` therefore sleeps a few milliseconds while something
is under way.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import CervixRiskError
from ..worker import (
    FailureKind,
    StudyFacts,
    Ticket,
    WorkerAnswer,
    WorkerEvent,
    WorkerFailure,
    WorkerOptions,
    WorkerPrepared,
    WorkerProgress,
)
from .open_question import OnFailure, OpenQuestion, QuestionProgress
from .signal import Signal

if TYPE_CHECKING:
    from ..bundle import CaseInput
    from ..worker import PredictionWorker

LET_GO_SECONDS = 0.004
"""Measured with the lock held for 20 ms at a time: answers take 50 ms instead of 30 ms; with 1 ms they take 80 ms."""
_KEPT_FAILURES = 5


class Questions:
    """Owns the prediction worker and tells each asker how the question ended, exactly once.

    Parameters
    ----------
    make_worker
        Makes a worker that keeps away from graphics cards if its argument says so. What it raises, if a
        ``CervixRiskError``, ends the question.
    let_go_seconds
        How long :meth:`poll` sleeps while something is under way.

    Attributes
    ----------
    changed
        Signal without arguments: something began, got on or ended.
    """

    def __init__(
        self, make_worker: Callable[[bool], PredictionWorker], *, let_go_seconds: float = LET_GO_SECONDS
    ) -> None:
        self.changed = Signal()
        self._make_worker = make_worker
        self._let_go_seconds = let_go_seconds
        self._force_cpu = False
        self._worker: PredictionWorker | None = None
        self._last: Ticket = 0
        # By the worker's number, in the order they were asked.
        self._open: dict[Ticket, OpenQuestion] = {}
        self._failed: list[tuple[OpenQuestion, WorkerFailure]] = []
        # Heard and not yet told: an error of one asker must not swallow what the others wait for.
        self._events: deque[WorkerEvent] = deque()
        self._failures: deque[tuple[str, WorkerFailure]] = deque(maxlen=_KEPT_FAILURES)
        self._closed = False

    def prepare(
        self,
        bundle: str | os.PathLike[str],
        *,
        on_prepared: Callable[[StudyFacts], Any],
        on_failure: OnFailure,
        title: str = "Loading the model",
    ) -> Ticket:
        """Load a model ahead of the first question, and hear what it asks of a case."""
        return self._begin(title, on_prepared, on_failure, lambda worker: worker.prepare(bundle))

    def ask(
        self,
        case: CaseInput,
        bundle: str | os.PathLike[str],
        *,
        on_answer: Callable[[WorkerAnswer], Any],
        on_failure: OnFailure,
        heatmap: bool = True,
        heat_map_method: str = "",
        title: str = "Asking the model",
        timeout: float | None = None,
        background: bool = False,
    ) -> Ticket:
        """Ask about a case. Its arrays must not be changed until the question has ended.

        For an answer that nobody waits for (``background``) there is no :attr:`progress`, and it is cancelled as soon
        as anything else is asked or loaded.
        """
        options = WorkerOptions(heatmap=heatmap, heat_map_method=heat_map_method, timeout=timeout)
        return self._begin(
            title, on_answer, on_failure, lambda worker: worker.request(case, bundle, options), background
        )

    def poll(self) -> None:
        """Hear the program and tell the askers; to be called by a timer, every 20 ms while :attr:`busy`."""
        heard = self._tell_failed()
        if self._open and self._worker is not None:
            heard |= self._hear()
            if self._open and not heard:
                time.sleep(self._let_go_seconds)
                heard = self._hear()
        if heard or self._open:
            self.changed.emit()

    @property
    def busy(self) -> bool:
        """Whether a question has not ended yet."""
        return bool(self._open or self._failed)

    @property
    def progress(self) -> QuestionProgress | None:
        """Where the oldest question stands that a person waits for; ``None`` when there is none."""
        question = next((question for question in self._open.values() if not question.background), None)
        return None if question is None else question.progress()

    @property
    def process_id(self) -> int | None:
        """The running program's number in the system; ``None`` while there is none."""
        return None if self._worker is None else self._worker.process_id

    def cancel(self, ticket: Ticket | None = None) -> None:
        """Stop a question, by default the oldest that somebody waits for; it ends as a failure, ``CANCELLED``."""
        for number, question in self._open.items():
            meant = not question.background if ticket is None else question.ticket == ticket
            if meant and self._worker is not None:
                self._worker.cancel(number)
                return

    def cancel_all(self) -> None:
        """Stop everything."""
        for number in self._open:
            if self._worker is not None:
                self._worker.cancel(number)

    @property
    def force_cpu(self) -> bool:
        """Whether the program keeps away from graphics cards."""
        return self._force_cpu

    def set_force_cpu(self, force_cpu: bool) -> None:
        """Keep away from graphics cards, or no longer; another program is started with the next question."""
        if force_cpu != self._force_cpu:
            self._force_cpu = force_cpu
            self.restart()

    def restart(self) -> None:
        """Give the program up and start another with the next question; what is under way ends as cancelled."""
        # A worker that is forgotten closes, without anybody waiting.
        self._worker = None
        self._events.clear()
        given_up, self._open = self._open, {}
        for question in given_up.values():
            failure = WorkerFailure(question.ticket, FailureKind.CANCELLED, "Cancelled", "Stopped on request.")
            self._failed.append((question, failure))
        self.changed.emit()

    def close(self) -> None:
        """End the program and wait for its end; open questions are forgotten, and none can be asked any more."""
        self._closed = True
        self._open, self._failed = {}, []
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def last_log(self) -> str:
        """Kinds, places and technical details of the last failures, for a report of a fault.

        What a study refused is left to its kind, because the sentence may hold what a person typed.
        """
        entries = []
        for when, failure in self._failures:
            sentence = "" if failure.kind is FailureKind.REFUSED else f" {failure.sentence}"
            entries.append(f"{when} {failure.kind.value} {failure.error}:{sentence}\n{failure.details}".rstrip(": \n"))
        return "\n\n".join(entries)

    def _begin(
        self,
        title: str,
        on_end: Callable[[Any], Any],
        on_failure: OnFailure,
        send: Callable[[PredictionWorker], Ticket],
        background: bool = False,
    ) -> Ticket:
        if self._closed:
            raise RuntimeError("the questions are closed")
        self._last += 1
        question = OpenQuestion(self._last, title, on_end, on_failure, background)
        try:
            if self._worker is None:
                self._worker = self._make_worker(self._force_cpu)
            if not background:
                self._cancel_background()
            self._open[send(self._worker)] = question
        except CervixRiskError as error:
            # Told by the next poll, as every other end.
            kind = FailureKind.NOT_STARTED
            self._failed.append((question, WorkerFailure(self._last, kind, type(error).__name__, str(error))))
        self.changed.emit()
        return self._last

    def _cancel_background(self) -> None:
        for number, question in self._open.items():
            if question.background and self._worker is not None:
                self._worker.cancel(number)

    def _hear(self) -> bool:
        """Whether there was anything."""
        if self._worker is not None:
            self._events.extend(self._worker.poll())
        heard = bool(self._events)
        while self._events:
            event = self._events.popleft()
            question = self._open.get(event.ticket)
            if question is None:
                continue
            if isinstance(event, WorkerProgress):
                if event.ended:
                    question.tasks.pop(event.task, None)
                else:
                    question.tasks[event.task] = event
                continue
            del self._open[event.ticket]
            if isinstance(event, WorkerFailure):
                self._fail(question, event)
            elif isinstance(event, WorkerPrepared):
                question.on_end(event.study)
            else:
                question.on_end(event)
        return heard

    def _tell_failed(self) -> bool:
        told = bool(self._failed)
        while self._failed:
            self._fail(*self._failed.pop(0))
        return told

    def _fail(self, question: OpenQuestion, failure: WorkerFailure) -> None:
        if failure.kind is not FailureKind.CANCELLED:
            self._failures.append((time.strftime("%H:%M:%S"), failure))
        question.on_failure(failure)
