"""CTK's collapsible containers."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

_HEADER_PADDING = 8
_LARGEST = 16777215


class ctkCollapsibleButton(QtWidgets.QAbstractButton):  # noqa: N801
    """A header that folds what lies below it."""

    contentsCollapsed = QtCore.Signal(bool)  # noqa: N815

    def __init__(self, *arguments: Any) -> None:
        text = arguments[0] if arguments and isinstance(arguments[0], str) else ""
        parent = next((value for value in arguments if isinstance(value, QtWidgets.QWidget)), None)
        super().__init__(parent)
        self.setText(text)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Preferred, QtWidgets.QSizePolicy.Policy.Preferred)
        self.setCheckable(True)
        self.setChecked(True)
        self.toggled.connect(self._on_toggled)
        self.setContentsMargins(0, self._header_height(), 0, 0)
        self._collapsed_children: list[QtWidgets.QWidget] = []

    def _header_height(self) -> int:
        return self.fontMetrics().height() + 2 * _HEADER_PADDING

    def _get_collapsed(self) -> bool:
        return not self.isChecked()

    def setCollapsed(self, collapsed: bool) -> None:  # noqa: N802
        self.setChecked(not collapsed)

    collapsed = QtCore.Property(bool, _get_collapsed, setCollapsed)

    def _on_toggled(self, opened: bool) -> None:
        if opened:
            for child in self._collapsed_children:
                child.setVisible(True)
            self._collapsed_children = []
            self.setMaximumHeight(_LARGEST)
        else:
            children = self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindChildOption.FindDirectChildrenOnly)
            self._collapsed_children = [child for child in children if not child.isHidden()]
            for child in self._collapsed_children:
                child.setVisible(False)
            self.setMaximumHeight(self._header_height())
        self.updateGeometry()
        self.contentsCollapsed.emit(not opened)

    def childEvent(self, event: QtCore.QChildEvent) -> None:  # noqa: N802
        child = event.child()
        if event.added() and not self.isChecked() and isinstance(child, QtWidgets.QWidget):
            self._collapsed_children.append(child)
            child.setVisible(False)
        super().childEvent(event)

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802
        size = super().sizeHint()
        width = self.fontMetrics().horizontalAdvance(self.property("text")) + 4 * _HEADER_PADDING
        height = size.height() if self.isChecked() and self.layout() is not None else self._header_height()
        return QtCore.QSize(max(size.width(), width), height)

    def minimumSizeHint(self) -> QtCore.QSize:  # noqa: N802
        size = super().minimumSizeHint()
        return QtCore.QSize(max(size.width(), 0), size.height() if self.isChecked() else self._header_height())

    def hitButton(self, position: QtCore.QPoint) -> bool:  # noqa: N802
        return position.y() < self._header_height()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802
        painter = QtWidgets.QStylePainter(self)
        option = QtWidgets.QStyleOptionButton()
        option.initFrom(self)
        option.rect = QtCore.QRect(0, 0, self.property("rect").width(), self._header_height())
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_PushButtonBevel, option)
        arrow = QtWidgets.QStyleOption()
        arrow.initFrom(self)
        arrow.rect = QtCore.QRect(_HEADER_PADDING, _HEADER_PADDING, 12, self._header_height() - 2 * _HEADER_PADDING)
        style = QtWidgets.QStyle.PrimitiveElement
        painter.drawPrimitive(style.PE_IndicatorArrowDown if self.isChecked() else style.PE_IndicatorArrowRight, arrow)
        text = option.rect.adjusted(_HEADER_PADDING + 18, 0, -_HEADER_PADDING, 0)
        alignment = QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter
        # The same rule for "&" as on every button.
        painter.drawItemText(
            text,
            int(alignment | QtCore.Qt.TextFlag.TextShowMnemonic),
            self.property("palette"),
            self.isEnabled(),
            self.property("text"),
            QtGui.QPalette.ColorRole.ButtonText,
        )


class ctkCollapsibleGroupBox(QtWidgets.QGroupBox):  # noqa: N801
    """A group box that folds."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.setCheckable(True)
        self.toggled.connect(self._on_toggled)

    def _get_collapsed(self) -> bool:
        return not self.isChecked()

    def setCollapsed(self, collapsed: bool) -> None:  # noqa: N802
        self.setChecked(not collapsed)

    collapsed = QtCore.Property(bool, _get_collapsed, setCollapsed)

    def _on_toggled(self, opened: bool) -> None:
        for child in self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindChildOption.FindDirectChildrenOnly):
            child.setVisible(opened)
