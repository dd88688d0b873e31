"""Observations of VTK objects, taken back together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Observers:
    """Calls functions without arguments when VTK objects send events."""

    def __init__(self) -> None:
        self._tags: list[tuple[Any, int]] = []

    def add(self, observed: Any, event: str | int, receiver: Callable[[], None]) -> None:
        """Call ``receiver`` whenever ``observed`` sends ``event``."""
        self._tags.append((observed, observed.AddObserver(event, lambda *_: receiver())))

    def remove(self, observed: Any) -> None:
        """Observe ``observed`` no more."""
        kept = []
        for entry in self._tags:
            if entry[0] is observed:
                observed.RemoveObserver(entry[1])
            else:
                kept.append(entry)
        self._tags = kept

    def clear(self) -> None:
        """Observe nothing more."""
        for observed, tag in self._tags:
            observed.RemoveObserver(tag)
        self._tags = []
