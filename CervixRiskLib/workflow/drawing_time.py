"""How long a contour takes: only while the person is at it."""

from __future__ import annotations

import time
from collections.abc import Callable


class DrawingTime:
    """A stop-watch that can be laid aside.

    Parameters
    ----------
    clock
        Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._before = 0.0
        self._since: float | None = None

    def start(self, already_s: float = 0.0) -> None:
        """Begin anew, with the seconds that an earlier sitting took."""
        self._before, self._since = already_s, self._clock()

    def pause(self) -> None:
        """The person has left; nothing happens where the watch stands already."""
        self._before, self._since = self.seconds, None

    def resume(self) -> None:
        """The person is back."""
        if self._since is None:
            self._since = self._clock()

    @property
    def seconds(self) -> float:
        """So far."""
        return self._before + (0.0 if self._since is None else self._clock() - self._since)
