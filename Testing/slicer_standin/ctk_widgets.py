"""The module ``ctk``: the CTK widgets a module's panel is made of. Each has CTK's properties and signals."""

from __future__ import annotations

from types import ModuleType

from .ctk_collapsible import ctkCollapsibleButton, ctkCollapsibleGroupBox
from .ctk_numbers import ctkDoubleSpinBox, ctkSliderWidget
from .ctk_paths import ctkDirectoryButton, ctkPathLineEdit
from .ctk_plain import (
    ctkCheckBox,
    ctkComboBox,
    ctkFittedTextBrowser,
    ctkMenuButton,
    ctkPushButton,
    message_box_with_memory,
)
from .dialogs import DialogRecord

WIDGETS: dict[str, type] = {
    widget.__name__: widget
    for widget in (
        ctkCheckBox,
        ctkCollapsibleButton,
        ctkCollapsibleGroupBox,
        ctkComboBox,
        ctkDirectoryButton,
        ctkDoubleSpinBox,
        ctkFittedTextBrowser,
        ctkMenuButton,
        ctkPathLineEdit,
        ctkPushButton,
        ctkSliderWidget,
    )
}


def make_ctk_module(record: DialogRecord) -> ModuleType:
    """``ctk`` with a message box that answers from ``record``."""
    module = ModuleType("ctk", "Stand-in for PythonQt's ctk over PySide6.")
    for name, widget in WIDGETS.items():
        setattr(module, name, widget)
    module.ctkMessageBox = message_box_with_memory(record)  # type: ignore[attr-defined]
    return module
