"""The module ``qt``: PySide6 under one name, with PythonQt's ways."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

from PySide6 import QtCore, QtGui, QtNetwork, QtUiTools, QtWidgets

from .dialogs import DialogRecord, file_dialog_class, message_box_class

QT_MODULES: tuple[ModuleType, ...] = (QtCore, QtGui, QtWidgets, QtNetwork)
# Not reachable through PythonQt, or crash Slicer there.
_WITHHELD = frozenset({"Signal", "Slot", "Property", "QInputDialog", "QtCore", "QtGui", "QtWidgets"})


def make_qt_module(record: DialogRecord, custom_widgets: dict[str, type], desktop_services: type) -> ModuleType:
    """``qt`` with dialogs that answer from ``record`` and a ``QUiLoader`` that knows ``custom_widgets``."""
    module = ModuleType("qt", "Stand-in for PythonQt's qt over PySide6.")
    for source in QT_MODULES:
        # PySide6 makes its classes when they are first asked for.
        for name in dir(source):
            if not name.startswith("_") and name not in _WITHHELD:
                setattr(module, name, getattr(source, name))
    contents: dict[str, Any] = {
        "QDesktopServices": desktop_services,
        "QMessageBox": message_box_class(record),
        "QFileDialog": file_dialog_class(record),
        "QUiLoader": ui_loader_class(custom_widgets),
    }
    for name, value in contents.items():
        setattr(module, name, value)
    return module


def ui_loader_class(custom_widgets: dict[str, type]) -> type[QtUiTools.QUiLoader]:
    """A ``QUiLoader`` for CTK's and MRML's widgets.

    A file's connections to ``setMRMLScene(vtkMRMLScene*)`` are made here, because Qt cannot carry that type; all
    others are Qt's.
    """

    class QUiLoader(QtUiTools.QUiLoader):
        def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> QtWidgets.QWidget:  # noqa: N802
            custom = custom_widgets.get(class_name)
            if custom is None:
                return super().createWidget(class_name, parent, name)
            widget = custom(parent) if parent is not None else custom()
            widget.setObjectName(name)
            return widget

        def load(self, device: QtCore.QIODevice, parent: Any = None) -> QtWidgets.QWidget:  # type: ignore[override]
            tree = ElementTree.fromstring(bytes(device.readAll().data()))
            _refuse_unknown_classes(tree, custom_widgets)
            scene_links = _take_scene_connections(tree)
            buffer = QtCore.QBuffer()
            buffer.setData(ElementTree.tostring(tree))
            buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
            widget = super().load(buffer, parent)
            if widget is None:
                raise RuntimeError(f"The .ui file could not be loaded: {self.errorString()}")
            _connect_scenes(widget, scene_links)
            return widget

    return QUiLoader


def _refuse_unknown_classes(tree: ElementTree.Element, custom_widgets: dict[str, type]) -> None:
    used = {element.get("class", "") for element in tree.iter("widget")}
    unknown = {name for name in used if name not in custom_widgets and not hasattr(QtWidgets, name)}
    if unknown:
        raise RuntimeError(f"The stand-in has no widget class {', '.join(sorted(unknown))}.")


def _take_scene_connections(tree: ElementTree.Element) -> list[tuple[str, str]]:
    links: list[tuple[str, str]] = []
    for connections in tree.iter("connections"):
        for connection in list(connections):
            signal = connection.findtext("signal", "")
            slot = connection.findtext("slot", "")
            if re.match(r"mrmlSceneChanged\(vtkMRMLScene\s*\*\)", signal) and slot.startswith("setMRMLScene("):
                links.append((connection.findtext("sender", ""), connection.findtext("receiver", "")))
                connections.remove(connection)
    return links


def _connect_scenes(root: QtWidgets.QWidget, links: list[tuple[str, str]]) -> None:
    def named(name: str) -> Any:
        found = root if root.property("objectName") == name else root.findChild(QtCore.QObject, name)
        if found is None:
            raise RuntimeError(f'The .ui file connects "{name}", which it does not have.')
        return found

    for sender, receiver in links:
        named(sender).mrmlSceneChanged.connect(named(receiver).setMRMLScene)
