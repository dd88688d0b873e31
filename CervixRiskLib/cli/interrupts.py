"""Ctrl-C, remembered: some packages swallow it while they are imported, and the work would go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_asked = threading.Event()


@contextmanager
def remembered_interrupts() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` on Ctrl-C as always, and remember it; a program told to ignore Ctrl-C still does."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is not signal.default_int_handler:
        yield
        return
    _asked.clear()
    signal.signal(signal.SIGINT, _remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _asked.clear()


def interrupted() -> bool:
    """Whether Ctrl-C was pressed since the command began."""
    return _asked.is_set()


def _remember(number: int, frame: FrameType | None) -> None:
    _asked.set()
    raise KeyboardInterrupt
