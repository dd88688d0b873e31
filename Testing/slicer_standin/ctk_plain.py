"""CTK's small variations of Qt's widgets."""

from __future__ import annotations

from PySide6 import QtCore, QtGui, QtWidgets

from .dialogs import DialogRecord, message_box_class


class ctkComboBox(QtWidgets.QComboBox):  # noqa: N801
    """A combo box with a text for "nothing chosen"."""

    def _default_text(self) -> str:
        return self.property("placeholderText")

    def setDefaultText(self, text: str) -> None:  # noqa: N802
        self.setPlaceholderText(text)

    defaultText = QtCore.Property(str, _default_text, setDefaultText)  # noqa: N815


class ctkCheckBox(QtWidgets.QCheckBox):  # noqa: N801
    """A check box."""


class ctkPushButton(QtWidgets.QPushButton):  # noqa: N801
    """A push button."""


class ctkMenuButton(QtWidgets.QPushButton):  # noqa: N801
    """A push button whose menu opens from a part of it; here the menu is only opened by its own actions."""

    def setMenu(self, menu: QtWidgets.QMenu) -> None:  # noqa: N802
        # Qt's own button would open the menu on every click.
        self._menu = menu

    def menu(self) -> QtWidgets.QMenu | None:
        return getattr(self, "_menu", None)


class ctkFittedTextBrowser(QtWidgets.QTextBrowser):  # noqa: N801
    """A text browser as high as its text."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setVerticalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self.updateGeometry)

    def _height(self) -> int:
        metrics = self.fontMetrics()
        text = self.property("plainText")
        width = max(self.property("width") - 2 * self.property("frameWidth") - 8, 50)
        flags = int(QtCore.Qt.TextFlag.TextWordWrap)
        box = metrics.boundingRect(QtCore.QRect(0, 0, width, 100_000), flags, text or " ")
        return box.height() + 2 * self.property("frameWidth") + 10

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802
        return QtCore.QSize(super().sizeHint().width(), self._height())

    def minimumSizeHint(self) -> QtCore.QSize:  # noqa: N802
        return QtCore.QSize(0, self._height())

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()


def message_box_with_memory(record: DialogRecord) -> type[QtWidgets.QMessageBox]:
    """``ctkMessageBox``: with a "don't show again" key; it answers from ``record``."""

    class ctkMessageBox(message_box_class(record)):  # type: ignore[misc]  # noqa: N801
        def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
            super().__init__(parent)
            self._key = ""

        def setDontShowAgainSettingsKey(self, key: str) -> None:  # noqa: N802
            self._key = key

        dontShowAgainSettingsKey = QtCore.Property(str, lambda self: self._key, setDontShowAgainSettingsKey)  # noqa: N815

    return ctkMessageBox
