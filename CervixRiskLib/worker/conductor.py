"""The thread that speaks with the answering program for its worker: one request at a time, in their order.

It owns the child process and all that may take time (starting it, writing images, waiting, ending it). It takes
commands and the child's words from one queue, and puts events into another; nothing else is shared but the child's
number.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import CervixRiskError, DeviceError
from .array_file import TOKEN_BYTES, ArrayFileError, read_arrays, write_arrays
from .child_process import ChildProcess, Ended, Garbled, Heard
from .commands import NEVER, Cancel, Close, Job, Launch
from .events import (
    Ticket,
    WorkerAnswer,
    WorkerEvent,
    WorkerFailure,
    WorkerPrepared,
    WorkerProgress,
)
from .failures import OUT_OF_MEMORY_SENTENCE, FailureKind, error_name, fault_sentence, folded_traceback, told_by_exit
from .messages import Answer, Ask, Failed, Hello, Prepare, Prepared, ProtocolError, Step, Stop, Stopped
from .records import NotARecordError, from_words, to_words
from .study_facts import StudyFacts

START_SECONDS = 120.0
_END_SECONDS = 5.0
"""For a program that was ended to be gone, and its folder with it."""
STARTING = "Starting the prediction program"
CANCELLED_SENTENCE = "Stopped on request."


Inbox = queue.SimpleQueue["Job | Launch | Cancel | Close | Heard | Garbled | Ended"]


class Conductor:
    """See the module; :meth:`run` is the thread.

    Parameters
    ----------
    command, environment
        The answering program.
    inbox, events
        Commands and the child's words; what the worker's owner is told.
    grace_seconds
        How long a cancelled request may take to stop by itself before the program is ended.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        inbox: Inbox,
        events: queue.SimpleQueue[WorkerEvent],
        grace_seconds: float,
    ) -> None:
        self._command = command
        self._environment = environment
        self._inbox = inbox
        self._events = events
        self._grace_seconds = grace_seconds
        self._jobs: deque[Job] = deque()
        self._current: Job | None = None
        self._child: ChildProcess | None = None
        self._ending: list[ChildProcess] = []
        self._start_deadline = NEVER

    @property
    def process_id(self) -> int | None:
        """The program's number in the system, as of this moment; read by the owner's thread too."""
        child = self._child
        return None if child is None else child.pid

    def run(self) -> None:
        try:
            while True:
                item = self._next()
                if isinstance(item, Close):
                    break
                if item is not None:
                    self._take(item)
                self._look_at_the_clock()
                while self._current is None and self._jobs:
                    self._begin(self._jobs.popleft())
        finally:
            self._close()

    def _next(self) -> Job | Launch | Cancel | Close | Heard | Garbled | Ended | None:
        deadline = self._start_deadline
        if self._current is not None:
            deadline = min(deadline, self._current.deadline, self._current.stop_deadline)
        try:
            return self._inbox.get(timeout=None if deadline == NEVER else max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return None

    def _take(self, item: Job | Launch | Cancel | Heard | Garbled | Ended) -> None:
        if isinstance(item, Job):
            self._jobs.append(item)
        elif isinstance(item, Launch):
            # A failure is told with the first request, which tries again.
            with contextlib.suppress(OSError, ValueError):
                self._started_child()
        elif isinstance(item, Cancel):
            self._cancel(item.ticket)
        elif item.child is self._child:  # another one was given up: its words no longer count
            if isinstance(item, Heard):
                self._hear(item)
            elif isinstance(item, Garbled):
                sentence = (
                    f"The prediction program's words could not be understood ({item.reason}): check that it is of the "
                    "same version of CervixRisk, and ask again."
                )
                self._give_up(FailureKind.PROTOCOL, sentence)
            else:
                self._forget_child()
                told = told_by_exit(item.code, item.written, began=item.child.began)
                self._fail(told.kind, type(told).__name__, str(told), told.details)

    def _hear(self, heard: Heard) -> None:
        reply, job = heard.reply, self._current
        if isinstance(reply, Hello):
            self._start_deadline = NEVER
            if job is not None:
                self._events.put(WorkerProgress(job.ticket, 0, STARTING, 0, None, "", True))
        if job is None or getattr(reply, "ticket", None) != job.ticket:
            return
        if isinstance(reply, Step):
            if not job.cancelled:
                self._events.put(WorkerProgress(job.ticket, reply.task, reply.description, reply.done, reply.total,
                                                reply.detail, reply.ended))  # fmt: skip
        elif job.cancelled or isinstance(reply, Stopped):
            self._finish(_cancelled(job.ticket))
        elif isinstance(reply, Failed) and reply.error == DeviceError.__name__:
            # After most of a card's failures nothing in the same process can use it again.
            self._give_up(reply.failure, reply.sentence, reply.error)
        elif isinstance(reply, Failed):
            self._fail(reply.failure, reply.error, reply.sentence, reply.details)
        elif isinstance(reply, Prepared | Answer):
            try:
                self._finish(_result(job, reply))
            except (ArrayFileError, NotARecordError, CervixRiskError) as error:
                sentence = f"The answer did not come back whole ({error}): ask again."
                self._give_up(FailureKind.PROTOCOL, sentence)
            except MemoryError:
                self._fail(FailureKind.OUT_OF_MEMORY, "MemoryError", OUT_OF_MEMORY_SENTENCE)

    def _begin(self, job: Job) -> None:
        self._current = job
        if job.options.timeout is not None:
            job.deadline = time.monotonic() + job.options.timeout
        try:
            child = self._started_child()
            if not child.began:
                self._events.put(WorkerProgress(job.ticket, 0, STARTING, 0, None, "", False))
            child.send(self._request(job, child.folder))
        except CervixRiskError as error:
            self._fail(FailureKind.REFUSED, error_name(error), str(error))
        except (ArrayFileError, NotARecordError, ProtocolError) as error:
            sentence = f"This case is too large to be sent to the prediction program ({error}): crop the image."
            self._fail(FailureKind.PROTOCOL, type(error).__name__, sentence)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            sentence = f"The prediction program cannot be started ({reason}): check the Python chosen for it."
            self._fail(FailureKind.NOT_STARTED, type(error).__name__, sentence)
        except Exception as error:
            self._fail(FailureKind.FAULT, type(error).__name__, fault_sentence(error), folded_traceback(error))

    def _request(self, job: Job, folder: Path) -> Prepare | Ask:
        options = job.options
        if job.case is None:
            return Prepare(job.ticket, job.bundle, options.device, options.runtime)
        job.token = secrets.token_bytes(TOKEN_BYTES)
        job.files = [folder / f"case-{job.ticket}", folder / f"answer-{job.ticket}"]
        arrays: list[np.ndarray] = []
        words = to_words(job.case, arrays)
        write_arrays(job.files[0], job.token, arrays)
        return Ask(
            job.ticket,
            job.bundle,
            options.device,
            options.runtime,
            options.heatmap,
            options.heat_map_method,
            words,
            str(job.files[0]),
            str(job.files[1]),
            job.token.hex(),
        )

    def _cancel(self, ticket: Ticket) -> None:
        job = self._current
        if job is not None and job.ticket == ticket:
            if not job.cancelled and self._child is not None:
                job.cancelled = True
                job.stop_deadline = time.monotonic() + self._grace_seconds
                self._child.send(Stop(ticket))
            return
        for waiting in self._jobs:
            if waiting.ticket == ticket:
                self._jobs.remove(waiting)
                self._events.put(_cancelled(ticket))
                return

    def _look_at_the_clock(self) -> None:
        now, job = time.monotonic(), self._current
        if job is not None and now >= job.stop_deadline:
            self._give_up(FailureKind.CANCELLED, CANCELLED_SENTENCE)
        elif job is not None and now >= job.deadline:
            sentence = (
                f"There was no answer within {job.options.timeout:g} seconds, and the prediction program was ended: "
                "ask again, or allow more time."
            )
            self._give_up(FailureKind.TIMED_OUT, sentence)
        elif now >= self._start_deadline:
            sentence = (
                f"The prediction program did not begin within {START_SECONDS:.0f} seconds and was ended: check the "
                "Python chosen for it."
            )
            self._give_up(FailureKind.NOT_STARTED, sentence)

    def _started_child(self) -> ChildProcess:
        if self._child is None:
            self._child = ChildProcess(self._command, self._environment, self._inbox.put)
            self._start_deadline = time.monotonic() + START_SECONDS
        return self._child

    def _give_up(self, kind: FailureKind, sentence: str, error: str = "") -> None:
        """End the program and the request it worked on; the next request starts another."""
        if self._child is not None:
            self._child.end()
            self._ending = [*(child for child in self._ending if not child.wait(0)), self._child]
        self._forget_child()
        self._fail(kind, error, sentence)

    def _forget_child(self) -> None:
        self._child = None
        self._start_deadline = NEVER

    def _fail(self, kind: FailureKind, error: str, sentence: str, details: str = "") -> None:
        job = self._current
        if job is None:  # it ended while nobody waited: the next request starts another
            return
        self._finish(_cancelled(job.ticket) if job.cancelled else
                     WorkerFailure(job.ticket, kind, error, sentence, details))  # fmt: skip

    def _finish(self, event: WorkerEvent) -> None:
        job, self._current = self._current, None
        for file in job.files if job is not None else ():
            with contextlib.suppress(OSError):  # the program's folder goes as a whole when it ends
                file.unlink(missing_ok=True)
        self._events.put(event)

    def _close(self) -> None:
        waiting = [self._current] if self._current is not None else []
        for job in (*waiting, *self._jobs):
            self._events.put(_cancelled(job.ticket))
        child, self._child, self._current = self._child, None, None
        self._jobs.clear()
        if child is not None:
            if not waiting:
                child.close_input()
                child.wait(self._grace_seconds)
            child.end()
            self._ending.append(child)
        for ended in self._ending:
            ended.wait(_END_SECONDS)


def _cancelled(ticket: Ticket) -> WorkerFailure:
    return WorkerFailure(ticket, FailureKind.CANCELLED, "Cancelled", CANCELLED_SENTENCE)


def _result(job: Job, reply: Prepared | Answer) -> WorkerPrepared | WorkerAnswer:
    if isinstance(reply, Prepared):
        return WorkerPrepared(job.ticket, from_words(StudyFacts, reply.study))
    from ..bundle import Prediction

    if job.case is None:
        raise NotARecordError("an answer to no question")
    arrays = read_arrays(job.files[1], job.token) if reply.has_arrays else []
    prediction = from_words(Prediction, reply.prediction, arrays)
    return WorkerAnswer(job.ticket, prediction, reply.seconds, reply.processor)
