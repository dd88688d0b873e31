"""How long work tells where it stands and asks whether to go on.

A function that takes more than a second accepts ``progress: Progress = SILENT`` and does::

    with progress.task("Extracting features", total=len(cases)) as task:
        for case in cases:
            ...
            task.advance()

``advance`` raises :class:`CervixRiskLib.errors.Cancelled` once the person has cancelled, so a loop that reports is a
loop that can be stopped. The command line shows a rich bar, Slicer a progress bar, a worker sends a JSON line: each is
a subclass that overrides the three underscored methods.
"""

from __future__ import annotations

from types import TracebackType

from .errors import Cancelled


class Task:
    """One stretch of work with a known or unknown number of steps."""

    def __init__(self, progress: Progress, description: str, total: int | None) -> None:
        self.progress = progress
        self.description = description
        self.total = total
        self.done = 0
        self.detail = ""

    def advance(self, steps: int = 1, detail: str | None = None) -> None:
        """Count ``steps`` as done, show ``detail`` beside the bar, raise ``Cancelled`` if the person asked to stop."""
        self.done += steps
        if detail is not None:
            self.detail = detail
        self.progress._update(self)
        self.progress.check()

    def __enter__(self) -> Task:
        self.progress._begin(self)
        self.progress.check()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress._end(self)


class Progress:
    """Shows nothing, never cancels; the base of everything that does."""

    def task(self, description: str, total: int | None = None) -> Task:
        return Task(self, description, total)

    def cancelled(self) -> bool:
        """Whether the person asked to stop."""
        return False

    def check(self) -> None:
        """Raise ``Cancelled`` if the person asked to stop."""
        if self.cancelled():
            raise Cancelled("Stopped on request.")

    def _begin(self, task: Task) -> None: ...

    def _update(self, task: Task) -> None: ...

    def _end(self, task: Task) -> None: ...


SILENT = Progress()
