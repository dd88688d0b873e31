"""Which widget may show which parameter, and how to read, write and hear it. As in Slicer, the classes fit exactly."""

from __future__ import annotations

import enum
import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6 import QtWidgets

from .ctk_numbers import ctkDoubleSpinBox, ctkSliderWidget
from .ctk_paths import ctkDirectoryButton, ctkPathLineEdit
from .ctk_plain import ctkCheckBox, ctkComboBox, ctkPushButton
from .mrml_widgets import qMRMLNodeComboBox
from .parameter_values import Choice, Decimals, Maximum, Minimum, Parameter, SingleStep, WithinRange


@dataclass(frozen=True)
class Binding:
    """A widget's value: how to read it, write it, and the signal that tells of its change."""

    read: Callable[[], Any]
    write: Callable[[Any], None]
    changed: Any


def bind(widget: Any, parameter: Parameter) -> Binding:
    """The binding of ``widget`` to ``parameter``; widgets take the parameter's limits.

    Raises
    ------
    TypeError
        Slicer cannot connect this widget to a parameter of this type.
    """
    kind, widget_class = parameter.kind, type(widget)
    if kind is bool and widget_class in (QtWidgets.QCheckBox, ctkCheckBox):
        return _property(widget, "checked", widget.toggled)
    if kind is bool and widget_class in (QtWidgets.QPushButton, ctkPushButton) and widget.property("checkable"):
        return _property(widget, "checked", widget.toggled)
    if kind is int and widget_class in (QtWidgets.QSlider, QtWidgets.QSpinBox):
        _limit(widget, parameter)
        return _property(widget, "value", widget.valueChanged)
    if kind in (int, float) and widget_class in (QtWidgets.QDoubleSpinBox, ctkDoubleSpinBox, ctkSliderWidget):
        bounded = _limit(widget, parameter)
        if widget_class is ctkSliderWidget and not bounded:
            raise TypeError(f"A slider needs a parameter with a range; {parameter.name} has none.")
        return _property(widget, "value", widget.valueChanged, kind)
    if widget_class in (QtWidgets.QComboBox, ctkComboBox) and not parameter.is_node:
        return _combo_box(widget, parameter)
    if kind is str and widget_class is QtWidgets.QLineEdit:
        return _property(widget, "text", widget.textChanged)
    if kind is str and widget_class is QtWidgets.QTextEdit:
        return _property(widget, "plainText", widget.textChanged)
    if kind is str and widget_class is QtWidgets.QLabel:
        return _property(widget, "text", None)
    if kind in (str, pathlib.Path) and widget_class is ctkPathLineEdit:
        return _property(widget, "currentPath", widget.currentPathChanged, kind, str)
    if kind in (str, pathlib.Path) and widget_class is ctkDirectoryButton:
        return _property(widget, "directory", widget.directoryChanged, kind, str)
    if parameter.is_node and widget_class is qMRMLNodeComboBox:
        return Binding(widget.currentNode, widget.setCurrentNode, widget.currentNodeChanged)
    raise TypeError(f"Slicer cannot connect a {widget_class.__name__} to {parameter.name} ({kind}).")


def _property(
    widget: Any,
    name: str,
    changed: Any,
    read_as: Callable[[Any], Any] = lambda value: value,
    write_as: Callable[[Any], Any] = lambda value: value,
) -> Binding:
    def write(value: Any) -> None:
        if widget.property(name) != write_as(value):
            widget.setProperty(name, write_as(value))

    return Binding(lambda: read_as(widget.property(name)), write, changed)


def _limit(widget: Any, parameter: Parameter) -> bool:
    within = parameter.annotation(WithinRange)
    low, high = parameter.annotation(Minimum) or within, parameter.annotation(Maximum) or within
    decimals, step = parameter.annotation(Decimals), parameter.annotation(SingleStep)
    # Decimals first: they round the limits.
    if decimals is not None:
        widget.setDecimals(decimals.value)
    if step is not None:
        widget.setSingleStep(step.value)
    if low is not None:
        widget.setMinimum(low.minimum)
    if high is not None:
        widget.setMaximum(high.maximum)
    return low is not None and high is not None


def _combo_box(widget: Any, parameter: Parameter) -> Binding:
    """Texts of an enumeration or a choice fill the box, when it is still empty."""
    kind, choice = parameter.kind, parameter.annotation(Choice)
    is_enum = issubclass(kind, enum.Enum)
    if is_enum:
        texts = [getattr(member, "label", lambda member=member: str(member.value))() for member in kind]
        values = list(kind)
    elif choice is not None:
        values = list(choice.choices)
        texts = [str(value) for value in values]
    else:
        if kind is not str:
            raise TypeError(f"Slicer cannot connect a combo box to {parameter.name} ({kind}).")
        return _property(widget, "currentText", widget.currentTextChanged)
    widget.clear()
    widget.addItems(texts)

    def write(value: Any) -> None:
        widget.setCurrentIndex(values.index(value))

    return Binding(lambda: values[widget.property("currentIndex")], write, widget.currentIndexChanged)
