"""Qt's event loop, driven for a time or until something is so, and how long it was ever held up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6 import QtCore

from .interpreter_lock import execute

_TICK_MS = 1


@dataclass
class LoopBlock:
    """The longest time between two turns of the loop, in milliseconds, and how often it turned.

    ``longest_ms`` counts waiting too, also for a processor that other programs have; ``longest_work_ms`` counts what
    this thread has computed between two turns.
    """

    longest_ms: float = 0.0
    longest_work_ms: float = 0.0
    turns: int = 0


@contextmanager
def measured_block() -> Iterator[LoopBlock]:
    """Measure how long the event loop is held up by any call inside the ``with``.

    A timer ticks every millisecond; the longest gap between two ticks is what a person would feel. Inside, the loop
    must be driven with :func:`run_for` or :func:`run_until`; time before the first tick and after the last counts too.
    """
    block = LoopBlock()
    last, last_work = time.perf_counter(), time.thread_time()

    def tick() -> None:
        nonlocal last, last_work
        now, work = time.perf_counter(), time.thread_time()
        block.longest_ms = max(block.longest_ms, 1000 * (now - last))
        block.longest_work_ms = max(block.longest_work_ms, 1000 * (work - last_work))
        block.turns += 1
        last, last_work = now, work

    timer = QtCore.QTimer()
    timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(_TICK_MS)
    try:
        yield block
    finally:
        tick()
        timer.stop()


def run_for(seconds: float) -> None:
    """Let the event loop run, asleep when nothing happens."""
    loop = QtCore.QEventLoop()
    QtCore.QTimer.singleShot(round(1000 * seconds), loop.quit)
    execute(loop)


def run_until(condition: Callable[[], bool], *, time_limit: float = 10.0) -> None:
    """Let the event loop run until ``condition()``.

    Raises
    ------
    TimeoutError
        It was not so within ``time_limit`` seconds.
    """
    if condition():
        return
    loop = QtCore.QEventLoop()
    end = time.monotonic() + time_limit

    def look() -> None:
        if condition() or time.monotonic() > end:
            loop.quit()

    timer = QtCore.QTimer()
    timer.timeout.connect(look)
    timer.start(5)
    execute(loop)
    timer.stop()
    if not condition():
        raise TimeoutError(f"Not so within {time_limit:g} seconds.")
