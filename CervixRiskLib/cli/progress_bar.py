"""Progress on the command line: a bar on a screen, a line per task elsewhere, Ctrl-C to stop."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

from ..errors import Cancelled
from ..progress import Progress, Task
from .interrupts import interrupted
from .output import stderr

_QUIET_SECONDS = 20.0


class ProgressBar(Progress):
    """Used as ``with ProgressBar() as progress:``.

    The first Ctrl-C asks the work to stop at its next step, so that what is being written is finished or removed; the
    second one interrupts at once. Where stderr is not a screen, each task prints a line when it begins and at most one
    every 20 seconds.
    """

    def __init__(self) -> None:
        self._console = stderr()
        self._bars: Any = None
        self._identifiers: dict[int, Any] = {}
        self._last_line: dict[int, float] = {}
        self._stop = interrupted()
        self._old_handler: Any = None

    def __enter__(self) -> ProgressBar:
        if self._console.is_terminal:
            from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as RichProgress

            self._bars = RichProgress(
                SpinnerColumn(),
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[detail]}", markup=False, style="dim"),
                console=self._console,
                transient=True,
            )
            self._bars.start()
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # as in a background job
        if threading.current_thread() is threading.main_thread() and not ignored:
            self._old_handler = signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._old_handler is not None:
            signal.signal(signal.SIGINT, self._old_handler)
        if self._bars is not None:
            self._bars.stop()
        # Ctrl-C reaches the worker processes too; the way they die is then not worth telling.
        if self._stop and isinstance(error, Exception) and not isinstance(error, Cancelled):
            raise Cancelled("Stopped on request.") from error

    def cancelled(self) -> bool:
        return self._stop

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True
        self._console.print("Stopping after this step; press Ctrl-C again to stop at once.")

    def _begin(self, task: Task) -> None:
        if self._bars is not None:
            self._identifiers[id(task)] = self._bars.add_task(task.description, total=task.total, detail="")
            return
        total = f" ({task.total})" if task.total else ""
        self._console.print(f"{task.description}{total} …")
        self._last_line[id(task)] = time.monotonic()

    def _update(self, task: Task) -> None:
        if self._bars is not None:
            self._bars.update(self._identifiers[id(task)], completed=task.done, total=task.total, detail=task.detail)
            return
        now = time.monotonic()
        if now - self._last_line.get(id(task), now) >= _QUIET_SECONDS:
            self._last_line[id(task)] = now
            total = f" of {task.total}" if task.total else ""
            detail = f", {task.detail}" if task.detail else ""
            self._console.print(f"{task.description}: {task.done}{total}{detail}")

    def _end(self, task: Task) -> None:
        if self._bars is not None:
            self._bars.remove_task(self._identifiers.pop(id(task)))
        self._last_line.pop(id(task), None)
