"""A signal in plain Python: Slicer's Qt bindings cannot make signals of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Signal:
    """Calls whoever has connected, in the order they did.

    Who connects or disconnects while it is sent is heard from the next time on. An error of one receiver ends the
    sending and reaches the sender.
    """

    def __init__(self) -> None:
        self._receivers: list[Callable[..., Any]] = []

    def connect(self, receiver: Callable[..., Any]) -> None:
        """Call ``receiver`` from now on; once, however often it is connected."""
        if receiver not in self._receivers:
            self._receivers.append(receiver)

    def disconnect(self, receiver: Callable[..., Any]) -> None:
        """Call ``receiver`` no more; nothing happens where it was not connected."""
        if receiver in self._receivers:
            self._receivers.remove(receiver)

    def emit(self, *arguments: Any) -> None:
        for receiver in tuple(self._receivers):
            if receiver in self._receivers:
                receiver(*arguments)
