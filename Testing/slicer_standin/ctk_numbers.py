"""CTK's widgets for numbers."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets


class ctkDoubleSpinBox(QtWidgets.QDoubleSpinBox):  # noqa: N801
    """A spin box for decimal numbers."""


class ctkSliderWidget(QtWidgets.QWidget):  # noqa: N801
    """A slider and a spin box with the same value."""

    valueChanged = QtCore.Signal(float)  # noqa: N815
    valueIsChanging = QtCore.Signal(float)  # noqa: N815

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._minimum, self._maximum, self._step, self._value = 0.0, 99.0, 1.0, 0.0
        self._tracking = True
        self._slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal, self)
        self._spin = QtWidgets.QDoubleSpinBox(self)
        self._spin.setKeyboardTracking(False)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._spin)
        self._slider.valueChanged.connect(self._on_slider)
        self._slider.sliderReleased.connect(self._on_released)
        self._spin.valueChanged.connect(self.setValue)
        self._apply_range()

    def _apply_range(self) -> None:
        steps = max(1, round((self._maximum - self._minimum) / self._step))
        for widget, low, high in ((self._slider, 0, steps), (self._spin, self._minimum, self._maximum)):
            widget.blockSignals(True)
            widget.setRange(low, high)
            widget.blockSignals(False)
        self._spin.setSingleStep(self._step)
        self.setValue(self._value)

    def _show(self) -> None:
        for widget, value in (
            (self._slider, round((self._value - self._minimum) / self._step)),
            (self._spin, self._value),
        ):
            widget.blockSignals(True)
            widget.setValue(value)
            widget.blockSignals(False)

    def _on_slider(self, position: int) -> None:
        value = self._minimum + position * self._step
        if self._tracking or not self._slider.isSliderDown():
            self.setValue(value)
        else:
            self._spin.blockSignals(True)
            self._spin.setValue(value)
            self._spin.blockSignals(False)
        if self._slider.isSliderDown():
            self.valueIsChanging.emit(value)

    def _on_released(self) -> None:
        self.setValue(self._minimum + self._slider.property("value") * self._step)

    def setValue(self, value: float) -> None:  # noqa: N802
        inside = min(max(float(value), self._minimum), self._maximum)
        changed = inside != self._value
        self._value = inside
        self._show()
        if changed:
            self.valueChanged.emit(inside)

    def setMinimum(self, value: float) -> None:  # noqa: N802
        self._minimum = float(value)
        self._maximum = max(self._minimum, self._maximum)
        self._apply_range()

    def setMaximum(self, value: float) -> None:  # noqa: N802
        self._maximum = float(value)
        self._minimum = min(self._minimum, self._maximum)
        self._apply_range()

    def setRange(self, low: float, high: float) -> None:  # noqa: N802
        self._minimum, self._maximum = float(low), float(high)
        self._apply_range()

    def setSingleStep(self, step: float) -> None:  # noqa: N802
        self._step = float(step)
        self._apply_range()

    def setDecimals(self, decimals: int) -> None:  # noqa: N802
        self._spin.setDecimals(decimals)

    def setSuffix(self, suffix: str) -> None:  # noqa: N802
        self._spin.setSuffix(suffix)

    def setPrefix(self, prefix: str) -> None:  # noqa: N802
        self._spin.setPrefix(prefix)

    def setTracking(self, tracking: bool) -> None:  # noqa: N802
        self._tracking = tracking

    value = QtCore.Property(float, lambda self: self._value, setValue)
    minimum = QtCore.Property(float, lambda self: self._minimum, setMinimum)
    maximum = QtCore.Property(float, lambda self: self._maximum, setMaximum)
    singleStep = QtCore.Property(float, lambda self: self._step, setSingleStep)  # noqa: N815
    decimals = QtCore.Property(int, lambda self: self._spin.property("decimals"), setDecimals)
    suffix = QtCore.Property(str, lambda self: self._spin.property("suffix"), setSuffix)
    prefix = QtCore.Property(str, lambda self: self._spin.property("prefix"), setPrefix)
    tracking = QtCore.Property(bool, lambda self: self._tracking, setTracking)
