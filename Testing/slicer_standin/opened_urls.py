"""``QDesktopServices`` that opens nothing and writes down what it was asked to open."""

from __future__ import annotations

from PySide6 import QtCore, QtGui


def desktop_services_class(opened: list[str]) -> type[QtGui.QDesktopServices]:
    """``openUrl`` appends to ``opened`` and says that it worked."""

    class QDesktopServices(QtGui.QDesktopServices):
        @staticmethod
        def openUrl(url: QtCore.QUrl) -> bool:  # noqa: N802
            opened.append(url.toString())
            return True

    return QDesktopServices
