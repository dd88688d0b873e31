"""MRML's widgets: the panel that knows the scene, and the selector of nodes."""

from __future__ import annotations

import contextlib
from typing import Any

from PySide6 import QtCore, QtWidgets


class qMRMLWidget(QtWidgets.QWidget):  # noqa: N801
    """A widget that knows a scene."""

    mrmlSceneChanged = QtCore.Signal(object)  # noqa: N815

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def mrmlScene(self) -> Any:  # noqa: N802
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:  # noqa: N802
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


def forget_scene(panel: QtWidgets.QWidget) -> None:
    """Take every observation of ``panel`` and its widgets off the scene, before they or the scene go."""
    for widget in (panel, *panel.findChildren(QtWidgets.QWidget)):
        if isinstance(widget, qMRMLWidget):
            widget.setMRMLScene(None)


class qMRMLSortFilterProxyModel(QtCore.QObject):  # noqa: N801
    """What a selector leaves out; the rest of the model is not there."""

    def __init__(self, selector: qMRMLNodeComboBox) -> None:
        super().__init__(selector)
        self._selector = selector
        self._hidden: list[str] = []

    def _set_hidden(self, identifiers: list[str]) -> None:
        if list(identifiers) != self._hidden:
            self._hidden = list(identifiers)
            self._selector._fill()

    hiddenNodeIDs = QtCore.Property("QStringList", lambda self: self._hidden, _set_hidden)  # noqa: N815


def _setting(name: str, kind: type, store: str) -> tuple[Any, Any]:
    """A property of a selector and its setter; made in the class's body, for a ``.ui`` file to find it."""

    def read(self: Any) -> Any:
        return getattr(self, store)[name]

    def write(self: Any, value: Any) -> None:
        getattr(self, store)[name] = value
        self._fill()

    return QtCore.Property(kind, read, write), write


class qMRMLNodeComboBox(qMRMLWidget):  # noqa: N801
    """Chooses one node of the scene, of the given classes."""

    currentNodeChanged = QtCore.Signal(object)  # noqa: N815
    currentNodeIDChanged = QtCore.Signal(str)  # noqa: N815
    nodeAddedByUser = QtCore.Signal(object)  # noqa: N815

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QtWidgets.QComboBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._types: list[str] = []
        self._attributes: list[tuple[str, str, str | None]] = []
        self._flags = {"noneEnabled": False, "addEnabled": True, "removeEnabled": True, "renameEnabled": False}
        self._flags |= {"editEnabled": False, "showHidden": False, "showChildNodeTypes": True}
        self._flags |= {"selectNodeUponCreation": True}
        self._texts = {"noneDisplay": "None", "baseName": ""}
        self._shown_id = ""
        self._observations: list[int] = []
        self._renames: list[tuple[Any, int]] = []
        self._filter = qMRMLSortFilterProxyModel(self)
        self._box.activated.connect(lambda _: self._announce())

    def setMRMLScene(self, scene: Any) -> None:  # noqa: N802
        self._forget()
        super().setMRMLScene(scene)
        if scene is not None:
            for event in (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent, scene.EndImportEvent):
                self._observations.append(scene.AddObserver(event, lambda *_: self._fill()))
        self._fill()

    def _forget(self) -> None:
        if self._scene is not None:
            for tag in self._observations:
                self._scene.RemoveObserver(tag)
        self._observations = []
        for node, tag in self._renames:
            node.RemoveObserver(tag)
        self._renames = []

    def _nodes(self) -> list[Any]:
        if self._scene is None:
            return []
        found = []
        for index in range(self._scene.GetNumberOfNodes()):
            node = self._scene.GetNthNode(index)
            if self._fits(node):
                found.append(node)
        return found

    def _fits(self, node: Any) -> bool:
        if node.GetID() in self._filter.hiddenNodeIDs:
            return False
        if node.GetHideFromEditors() and not self._flags["showHidden"]:
            return False
        if self._flags["showChildNodeTypes"]:
            fits = any(node.IsA(kind) for kind in self._types)
        else:
            fits = node.GetClassName() in self._types
        for kind, name, value in self._attributes:
            if fits and node.IsA(kind):
                fits = node.GetAttribute(name) is not None and (value is None or node.GetAttribute(name) == value)
        return fits

    def _fill(self) -> None:
        with contextlib.suppress(RuntimeError):  # The widget is gone, its observation not yet.
            nodes = self._nodes()
            for node, tag in self._renames:
                node.RemoveObserver(tag)
            self._renames = [(node, node.AddObserver("ModifiedEvent", lambda *_: self._rename())) for node in nodes]
            self._box.blockSignals(True)
            self._box.clear()
            if self._flags["noneEnabled"]:
                self._box.addItem(self._texts["noneDisplay"], "")
            for node in nodes:
                self._box.addItem(node.GetName(), node.GetID())
            index = self._box.findData(self._shown_id)
            # Like Slicer's: without "none", the first node is chosen by itself.
            self._box.setCurrentIndex(index if index >= 0 else (0 if self._box.property("count") else -1))
            self._box.blockSignals(False)
            self._announce()

    def _rename(self) -> None:
        with contextlib.suppress(RuntimeError):
            for node, _ in self._renames:
                index = self._box.findData(node.GetID())
                if index >= 0 and self._box.itemText(index) != node.GetName():
                    self._box.setItemText(index, node.GetName())

    def _announce(self) -> None:
        chosen = self._box.property("currentData") or ""
        if chosen != self._shown_id:
            self._shown_id = chosen
            self.currentNodeChanged.emit(self.currentNode())
            self.currentNodeIDChanged.emit(chosen)

    def currentNode(self) -> Any:  # noqa: N802
        return self._scene.GetNodeByID(self._shown_id) if self._scene is not None and self._shown_id else None

    def setCurrentNode(self, node: Any) -> None:  # noqa: N802
        self.setCurrentNodeID(node.GetID() if hasattr(node, "GetID") else (node or ""))

    def setCurrentNodeID(self, identifier: str) -> None:  # noqa: N802
        index = self._box.findData(identifier or "")
        self._box.setCurrentIndex(index)
        self._announce()

    def sortFilterProxyModel(self) -> qMRMLSortFilterProxyModel:  # noqa: N802
        return self._filter

    def nodeCount(self) -> int:  # noqa: N802
        return len(self._nodes())

    def nodeFromIndex(self, index: int) -> Any:  # noqa: N802
        return self._nodes()[index]

    def addNode(self) -> Any:  # noqa: N802
        node = self._scene.AddNewNodeByClass(self._types[0], self._texts["baseName"] or "")
        if self._flags["selectNodeUponCreation"]:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def addAttribute(self, node_type: str, name: str, value: str | None = None) -> None:  # noqa: N802
        self._attributes.append((node_type, name, value))
        self._fill()

    def removeAttribute(self, node_type: str, name: str) -> None:  # noqa: N802
        self._attributes = [entry for entry in self._attributes if entry[:2] != (node_type, name)]
        self._fill()

    def setNodeTypes(self, types: list[str]) -> None:  # noqa: N802
        self._types = list(types)
        self._fill()

    currentNodeID = QtCore.Property(str, lambda self: self._shown_id, setCurrentNodeID)  # noqa: N815
    nodeTypes = QtCore.Property("QStringList", lambda self: self._types, setNodeTypes)  # noqa: N815
    noneEnabled, setNoneEnabled = _setting("noneEnabled", bool, "_flags")  # noqa: N815
    addEnabled, setAddEnabled = _setting("addEnabled", bool, "_flags")  # noqa: N815
    removeEnabled, setRemoveEnabled = _setting("removeEnabled", bool, "_flags")  # noqa: N815
    renameEnabled, setRenameEnabled = _setting("renameEnabled", bool, "_flags")  # noqa: N815
    editEnabled, setEditEnabled = _setting("editEnabled", bool, "_flags")  # noqa: N815
    showHidden, setShowHidden = _setting("showHidden", bool, "_flags")  # noqa: N815
    showChildNodeTypes, setShowChildNodeTypes = _setting("showChildNodeTypes", bool, "_flags")  # noqa: N815
    selectNodeUponCreation, setSelectNodeUponCreation = _setting(  # noqa: N815
        "selectNodeUponCreation", bool, "_flags"
    )
    noneDisplay, setNoneDisplay = _setting("noneDisplay", str, "_texts")  # noqa: N815
    baseName, setBaseName = _setting("baseName", str, "_texts")  # noqa: N815
