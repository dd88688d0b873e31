"""Keys pressed by a person."""

from __future__ import annotations

from typing import Any

from PySide6 import QtGui, QtTest, QtWidgets

from .event_loop import run_for


def press(window: QtWidgets.QMainWindow, keys: str, widget: Any = None) -> None:
    """Press ``keys`` with ``widget`` having the focus; without one, the window has it, as after a click on a view.

    Shortcuts hear it, and otherwise the widget does.
    """
    window.show()
    window.activateWindow()
    run_for(0.02)
    if widget is None:
        focused = QtWidgets.QApplication.focusWidget()
        if focused is not None:
            focused.clearFocus()
        target: Any = window
    else:
        widget.setFocus()
        target = widget
    combination = QtGui.QKeySequence(keys)[0]
    QtTest.QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
    run_for(0.02)
