"""Progress of the answering program as messages, and the request to stop as their answer."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from ..progress import Progress, Task
from .messages import Step

_SHORTEST_SECONDS = 0.05
"""Between two messages of one task: what a person can see."""


class LineProgress(Progress):
    """Sends a :class:`.messages.Step` for the work on one ticket.

    Parameters
    ----------
    send
        Takes the message; may be called from any thread.
    stopped
        Whether the person asked to stop.
    """

    def __init__(self, ticket: int, send: Callable[[Step], None], stopped: Callable[[], bool]) -> None:
        self._ticket = ticket
        self._send = send
        self._stopped = stopped
        self._count = itertools.count(1)
        self._numbers: dict[int, int] = {}
        self._last: dict[int, float] = {}

    def cancelled(self) -> bool:
        return self._stopped()

    def _begin(self, task: Task) -> None:
        self._numbers[id(task)] = next(self._count)
        self._tell(task)

    def _update(self, task: Task) -> None:
        if task.done == task.total or time.monotonic() - self._last.get(id(task), 0.0) >= _SHORTEST_SECONDS:
            self._tell(task)

    def _end(self, task: Task) -> None:
        self._tell(task, ended=True)
        self._numbers.pop(id(task), None)
        self._last.pop(id(task), None)

    def _tell(self, task: Task, *, ended: bool = False) -> None:
        self._last[id(task)] = time.monotonic()
        number = self._numbers.get(id(task), 0)
        self._send(Step(self._ticket, number, task.description, task.done, task.total, task.detail, ended))
