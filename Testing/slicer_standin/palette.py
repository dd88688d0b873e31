"""A dark look, as Slicer's dark style has."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6 import QtGui, QtWidgets

_Role = QtGui.QPalette.ColorRole
_DARK = {
    _Role.Window: "#323232",
    _Role.WindowText: "#f0f0f0",
    _Role.Base: "#242424",
    _Role.AlternateBase: "#2c2c2c",
    _Role.Text: "#f0f0f0",
    _Role.PlaceholderText: "#909090",
    _Role.Button: "#3c3c3c",
    _Role.ButtonText: "#f0f0f0",
    _Role.BrightText: "#ffffff",
    _Role.ToolTipBase: "#242424",
    _Role.ToolTipText: "#f0f0f0",
    _Role.Highlight: "#2a82da",
    _Role.HighlightedText: "#ffffff",
    _Role.Link: "#6cb2f7",
}
_DISABLED = (_Role.WindowText, _Role.Text, _Role.ButtonText)


@contextlib.contextmanager
def dark_palette(application: QtWidgets.QApplication) -> Iterator[None]:
    """Dark colours for the time of the ``with``."""
    palette = QtGui.QPalette()
    for role, colour in _DARK.items():
        palette.setColor(role, QtGui.QColor(colour))
    for role in _DISABLED:
        palette.setColor(QtGui.QPalette.ColorGroup.Disabled, role, QtGui.QColor("#808080"))
    application.setPalette(palette)
    try:
        yield
    finally:
        application.setPalette(application.style().standardPalette())
