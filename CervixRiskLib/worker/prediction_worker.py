"""Predictions in a warm child process, for a panel that must not wait and for scripts that may.

Thread rules: all methods of one :class:`PredictionWorker` are called from one thread, that of its owner (Slicer's main
thread). ``start``, ``prepare``, ``request``, ``poll`` and ``cancel`` never wait for the child, for a disk or for a lock
that is held while somebody does; ``ask`` and ``close`` wait. The worker's own threads call nothing of the owner's:
what happened is fetched with ``poll``, from a timer.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from ..errors import Cancelled, SettingsError
from ..progress import SILENT, Progress, Task
from .commands import Cancel, Close, Job, Launch
from .conductor import Conductor, Inbox
from .events import FINAL_EVENTS, Ticket, WorkerAnswer, WorkerEvent, WorkerFailure, WorkerOptions, WorkerPrepared
from .events import WorkerProgress as ProgressEvent
from .study_facts import StudyFacts

if TYPE_CHECKING:
    from ..bundle import CaseInput, Prediction

GRACE_SECONDS = 1.0
_LOOK_SECONDS = 0.02
_CLOSE_SECONDS = 15.0
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def worker_command(python: str | os.PathLike[str]) -> tuple[str, ...]:
    """The answering program run by this Python (in Slicer: the path of ``PythonSlicer``)."""
    return (os.fspath(python), "-m", "CervixRiskLib.worker")


class PredictionWorker:
    """Asks a child process and restarts it when it is gone.

    Parameters
    ----------
    command
        The answering program, see :func:`worker_command`; by default this Python.
    threads
        Cores for one answer; by default as many as the program may use.
    force_cpu
        Keep away from graphics cards, whatever a request says.
    environment
        Further environment variables for the program; ``None`` removes one.
    grace_seconds
        How long a cancelled request may take to stop by itself before the program is ended.

    Raises
    ------
    SettingsError
        ``threads`` is less than one.
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        threads: int | None = None,
        force_cpu: bool = False,
        environment: Mapping[str, str | None] | None = None,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        if threads is not None and threads < 1:
            raise SettingsError("The number of threads must be at least 1.")
        self._force_cpu = force_cpu
        self._inbox: Inbox = queue.SimpleQueue()
        self._events: queue.SimpleQueue[WorkerEvent] = queue.SimpleQueue()
        self._kept: deque[WorkerEvent] = deque()
        self._open: set[Ticket] = set()
        self._last: Ticket = 0
        self._conductor = Conductor(
            tuple(command) if command is not None else worker_command(sys.executable),
            _environment(threads, force_cpu, environment or {}),
            self._inbox,
            self._events,
            grace_seconds,
        )
        self._thread: threading.Thread | None = None
        # A worker that is forgotten closes; the thread must therefore not know it.
        self._closing = weakref.finalize(self, self._inbox.put, Close())

    def start(self) -> None:
        """Start the program now, so that the first request finds it running. A failure is told with that request."""
        self._put(Launch())

    def prepare(self, bundle: str | os.PathLike[str], options: WorkerOptions | None = None) -> Ticket:
        """Load a bundle ahead of the first question; ends in :class:`.events.WorkerPrepared` or a failure."""
        return self._enqueue(bundle, options, None)

    def request(self, case: CaseInput, bundle: str | os.PathLike[str], options: WorkerOptions | None = None) -> Ticket:
        """Ask about a case; ends in :class:`.events.WorkerAnswer` or a failure. Requests are answered in their order.

        The case's arrays must not be changed until then.
        """
        return self._enqueue(bundle, options, case)

    def poll(self) -> list[WorkerEvent]:
        """What happened since the last call, in its order. Never waits."""
        events = list(self._kept)
        self._kept.clear()
        for _ in range(self._events.qsize()):
            events.append(self._events.get_nowait())
        self._open.difference_update(event.ticket for event in events if isinstance(event, FINAL_EVENTS))
        return events

    def cancel(self, ticket: Ticket) -> None:
        """Stop this request; it ends in a failure of the kind ``CANCELLED``, unless it has ended already.

        A program that does not stop by itself within the grace is ended, and the next request starts another.
        """
        if ticket in self._open:
            self._put(Cancel(ticket))

    @property
    def busy(self) -> bool:
        """Whether a request has not come to its end, as far as :meth:`poll` has told."""
        return bool(self._open)

    @property
    def process_id(self) -> int | None:
        """The running program's number in the system; ``None`` while there is none."""
        return self._conductor.process_id

    def ask(
        self,
        case: CaseInput,
        bundle: str | os.PathLike[str],
        options: WorkerOptions | None = None,
        *,
        progress: Progress = SILENT,
        timeout: float | None = None,
    ) -> Prediction:
        """The answer; waits for it, at most ``timeout`` seconds. Events of other tickets stay for :meth:`poll`.

        Raises
        ------
        CervixRiskError
            What the predictor refused, by its class; :class:`.failures.PredictionProgramError` when the program itself
            failed, ran out of memory or out of time.
        Cancelled
            ``progress`` said so.
        """
        chosen = options or WorkerOptions()
        if timeout is not None:
            chosen = replace(chosen, timeout=timeout)
        event = self._wait(self.request(case, bundle, chosen), progress)
        if not isinstance(event, WorkerAnswer):
            raise RuntimeError(f"a question ended in {type(event).__name__}")
        return event.prediction

    def load(
        self,
        bundle: str | os.PathLike[str],
        options: WorkerOptions | None = None,
        *,
        progress: Progress = SILENT,
    ) -> StudyFacts:
        """Load a bundle and say what it asks of a case; waits for it. Raises as :meth:`ask`."""
        event = self._wait(self.prepare(bundle, options), progress)
        if not isinstance(event, WorkerPrepared):
            raise RuntimeError(f"loading ended in {type(event).__name__}")
        return event.study

    def close(self) -> None:
        """End the program and its processes; open tickets end as cancelled, and no further request is taken."""
        self._closing()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def __enter__(self) -> PredictionWorker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _enqueue(self, bundle: str | os.PathLike[str], options: WorkerOptions | None, case: CaseInput | None) -> Ticket:
        chosen = options or WorkerOptions()
        if self._force_cpu:
            chosen = replace(chosen, device="cpu")
        self._last += 1
        # The program runs in another folder.
        job = Job(self._last, os.path.abspath(bundle), chosen, case)
        self._put(job)
        self._open.add(job.ticket)
        return job.ticket

    def _put(self, command: Job | Launch | Cancel) -> None:
        if not self._closing.alive:
            raise RuntimeError("the worker is closed")
        # It ends early only by a fault of its own, which has cancelled what was open.
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._conductor.run, daemon=True, name="cervixrisk-worker")
            self._thread.start()
        self._inbox.put(command)

    def _wait(self, ticket: Ticket, progress: Progress) -> WorkerAnswer | WorkerPrepared:
        shown: dict[int, Task] = {}
        others: list[WorkerEvent] = []
        try:
            while True:
                for event in self.poll():
                    if event.ticket != ticket:
                        others.append(event)
                    elif isinstance(event, ProgressEvent):
                        _show(event, shown, progress)
                    elif isinstance(event, WorkerFailure):
                        raise event.to_error()
                    else:
                        return event
                progress.check()
                time.sleep(_LOOK_SECONDS)
        except (Cancelled, KeyboardInterrupt):
            self._wait_for_the_end_of(ticket, others)
            raise
        finally:
            self._kept.extendleft(reversed(others))
            for task in shown.values():
                task.__exit__(None, None, None)

    def _wait_for_the_end_of(self, ticket: Ticket, others: list[WorkerEvent]) -> None:
        self.cancel(ticket)
        while ticket in self._open:
            others.extend(event for event in self.poll() if event.ticket != ticket)
            time.sleep(_LOOK_SECONDS)


def _show(event: ProgressEvent, shown: dict[int, Task], progress: Progress) -> None:
    """Repeat the program's task as one of ``progress``."""
    task = shown.get(event.task)
    if event.ended:
        if task is not None:
            del shown[event.task]
            task.__exit__(None, None, None)
        return
    if task is None:
        task = shown[event.task] = progress.task(event.description, event.total)
        task.__enter__()
    if event.done != task.done or event.detail != task.detail:
        task.advance(event.done - task.done, event.detail)


def _environment(threads: int | None, force_cpu: bool, further: Mapping[str, str | None]) -> dict[str, str]:
    """This process's environment, so that the program finds the same library, also from a checkout."""
    environment = dict(os.environ)
    root = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    environment["PYTHONIOENCODING"] = "utf-8:replace"
    if threads is not None:
        environment.update(dict.fromkeys(_THREAD_VARIABLES, str(threads)))
    if force_cpu:
        environment["CUDA_VISIBLE_DEVICES"] = ""
    for name, value in further.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    return environment
