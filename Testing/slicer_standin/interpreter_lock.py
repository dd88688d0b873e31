"""Qt's loop with Python's interpreter lock held, as PythonQt runs it.

PySide6 lets go of the lock while Qt runs; PythonQt does not: in Slicer, threads of Python run only while the main
thread is inside Python code, or waits there for something that lets go (``time.sleep``, a file, a pipe). What is fast
in tests because a thread works beside the loop would stand still in Slicer. Here Qt's own functions are called through
:class:`ctypes.PyDLL`, which keeps the lock; slots find it already taken, and the interpreter passes it on inside them.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import PySide6
import shiboken6
from PySide6 import QtCore

# int QEventLoop::exec(QFlags<QEventLoop::ProcessEventsFlag>)
_EXECUTE = "_ZN10QEventLoop4execE6QFlagsINS_17ProcessEventsFlagEE"
# static void QCoreApplication::processEvents(QFlags<QEventLoop::ProcessEventsFlag>)
_PROCESS = "_ZN16QCoreApplication13processEventsE6QFlagsIN10QEventLoop17ProcessEventsFlagEE"


class InterpreterLock:
    """Whether the loop keeps the lock; one for the process."""

    held = False


@cache
def _functions() -> tuple[Any, Any] | None:
    """Qt's functions, or ``None`` where its library has them under other names (Windows)."""
    folder = Path(PySide6.__file__).parent
    candidates = [*folder.glob("Qt/lib/libQt6Core.so*"), *folder.glob("Qt/lib/QtCore.framework/QtCore")]
    for library in candidates:
        # Opened a second time: the same library as PySide6's.
        qt = ctypes.PyDLL(str(library))
        try:
            execute, process = getattr(qt, _EXECUTE), getattr(qt, _PROCESS)
        except AttributeError:
            continue
        execute.argtypes, execute.restype = [ctypes.c_void_p, ctypes.c_int], ctypes.c_int
        process.argtypes, process.restype = [ctypes.c_int], None
        return execute, process
    return None


def can_be_held() -> bool:
    """Whether this machine's Qt can be run so."""
    return _functions() is not None


def execute(loop: QtCore.QEventLoop) -> None:
    """``loop.exec()``, with the lock held where that is asked for."""
    functions = _functions() if InterpreterLock.held else None
    if functions is None:
        loop.exec()
    else:
        functions[0](shiboken6.getCppPointer(loop)[0], 0)


def process_events() -> None:
    """``QCoreApplication.processEvents()``, with the lock held where that is asked for."""
    functions = _functions() if InterpreterLock.held else None
    if functions is None:
        QtCore.QCoreApplication.processEvents()
    else:
        functions[1](0)
