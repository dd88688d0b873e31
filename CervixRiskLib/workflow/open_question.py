"""A question under way: who is told of its end, and where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..worker import Ticket, WorkerFailure, WorkerProgress

OnFailure = Callable[[WorkerFailure], Any]


@dataclass(frozen=True)
class QuestionProgress:
    """Where the oldest question stands.

    Parameters
    ----------
    title
        What is under way, as its asker called it.
    description, done, total, detail
        As in :class:`CervixRiskLib.progress.Task`; ``total`` is ``None`` where the end cannot be told.
    seconds
        Since it was asked.
    """

    title: str
    description: str
    done: int
    total: int | None
    detail: str
    seconds: float


class OpenQuestion:
    """A question under way, under the worker's own number."""

    def __init__(
        self, ticket: Ticket, title: str, on_end: Callable[[Any], Any], on_failure: OnFailure, background: bool
    ) -> None:
        self.ticket = ticket
        self.background = background
        self.title = title
        self.on_end = on_end
        self.on_failure = on_failure
        self.asked = time.monotonic()
        self.tasks: dict[int, WorkerProgress] = {}

    def progress(self) -> QuestionProgress:
        """Where it stands."""
        # The innermost stretch of work, which began last.
        step = next(reversed(self.tasks.values()), None)
        seconds = time.monotonic() - self.asked
        if step is None:
            return QuestionProgress(self.title, "", 0, None, "", seconds)
        return QuestionProgress(self.title, step.description, step.done, step.total, step.detail, seconds)
