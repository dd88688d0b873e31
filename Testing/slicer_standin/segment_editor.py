"""The segment editor's widget, on Slicer's own editor node, segmentation history and labelmap logic."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from .mrml_widgets import qMRMLWidget

# The effects that Slicer 5.10 ships, in the order of their buttons.
EFFECT_NAMES = (
    "Threshold",
    "Paint",
    "Draw",
    "Erase",
    "Level tracing",
    "Grow from seeds",
    "Fill between slices",
    "Margin",
    "Hollow",
    "Smoothing",
    "Scissors",
    "Islands",
    "Logical operators",
    "Mask volume",
)


class SegmentEditorEffect:
    """One effect: a name, and parameters kept on the editor's node."""

    def __init__(self, name: str, editor: qMRMLSegmentEditorWidget) -> None:
        self.name = name
        self._editor = editor

    def setParameter(self, name: str, value: object) -> None:  # noqa: N802
        self._editor.mrmlSegmentEditorNode().SetAttribute(f"{self.name}.{name}", str(value))

    def parameter(self, name: str) -> str:
        return self._editor.mrmlSegmentEditorNode().GetAttribute(f"{self.name}.{name}") or ""

    def self(self) -> SegmentEditorEffect:
        return self


class qMRMLSegmentEditorWidget(qMRMLWidget):  # noqa: N801
    """Effect buttons, undo and redo. A test paints with :func:`slicer_standin.painting.paint_polygon`."""

    currentSegmentIDChanged = QtCore.Signal(str)  # noqa: N815
    segmentationNodeChanged = QtCore.Signal(object)  # noqa: N815
    sourceVolumeNodeChanged = QtCore.Signal(object)  # noqa: N815

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        import slicer

        super().__init__(parent)
        self._node: Any = None
        self._node_tag = 0
        self._effects = {name: SegmentEditorEffect(name, self) for name in EFFECT_NAMES}
        self._order: list[str] = []
        self._flags = {"readOnly": False, "undoEnabled": True, "unorderedEffectsVisible": True}
        self._flags |= {"segmentationNodeSelectorVisible": True, "sourceVolumeNodeSelectorVisible": True}
        self._flags |= {"switchToSegmentationsButtonVisible": True, "maskingSectionVisible": True}
        self._flags |= {"addRemoveSegmentButtonsVisible": True, "specifyGeometryButtonVisible": True}
        self._flags |= {"show3DButtonVisible": True, "autoShowSourceVolumeNode": True}
        self._columns = 2
        self._shortcuts: list[QtGui.QShortcut] = []
        self._history = slicer.vtkSegmentationHistory()
        self._history.SetMaximumNumberOfStates(10)
        self._last_seen: tuple[Any, Any, Any] = (None, None, None)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._grid = QtWidgets.QGridLayout()
        layout.addLayout(self._grid)
        row = QtWidgets.QHBoxLayout()
        layout.addLayout(row)
        self._buttons: dict[str, QtWidgets.QToolButton] = {}
        self._undo, self._redo = QtWidgets.QToolButton(self), QtWidgets.QToolButton(self)
        for button, text, act in ((self._undo, "Undo", self.undo), (self._redo, "Redo", self.redo)):
            button.setText(text)
            button.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, act=act: act())
            row.addWidget(button)
        self._lay_out()

    def _shown_effects(self) -> list[str]:
        ordered = [name for name in self._order if name in self._effects]
        rest = [name for name in EFFECT_NAMES if name not in ordered] if self._flags["unorderedEffectsVisible"] else []
        return ordered + rest

    def _lay_out(self) -> None:
        for button in self._buttons.values():
            self._grid.removeWidget(button)
            button.deleteLater()
        self._buttons = {}
        for index, name in enumerate(self._shown_effects()):
            button = QtWidgets.QToolButton(self)
            button.setText(name)
            button.setCheckable(True)
            button.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda on, name=name: self.setActiveEffectByName(name if on else ""))
            self._grid.addWidget(button, index // self._columns, index % self._columns)
            self._buttons[name] = button
        self.updateWidgetFromMRML()

    def setMRMLScene(self, scene: Any) -> None:  # noqa: N802
        super().setMRMLScene(scene)
        if scene is None:
            self.setMRMLSegmentEditorNode(None)
        self.updateWidgetFromMRML()

    def setMRMLSegmentEditorNode(self, node: Any) -> None:  # noqa: N802
        if self._node is not None:
            self._node.RemoveObserver(self._node_tag)
        self._node = node
        if node is not None:
            self._node_tag = node.AddObserver("ModifiedEvent", lambda *_: self.updateWidgetFromMRML())
        self.updateWidgetFromMRML()

    def mrmlSegmentEditorNode(self) -> Any:  # noqa: N802
        return self._node

    def updateWidgetFromMRML(self) -> None:  # noqa: N802
        """Follow the editor's node: segmentation, source volume, segment and effect."""
        node = self._node
        usable = node is not None and node.GetSegmentationNode() is not None and not self._flags["readOnly"]
        active = node.GetActiveEffectName() if node is not None else ""
        for name, button in self._buttons.items():
            button.setEnabled(usable)
            button.setChecked(name == active)
        seen = (self.segmentationNode(), self.sourceVolumeNode(), self.currentSegmentID())
        before, self._last_seen = self._last_seen, seen
        if seen[0] is not before[0]:
            self._history.SetSegmentation(seen[0].GetSegmentation() if seen[0] is not None else None)
            self.segmentationNodeChanged.emit(seen[0])
        if seen[1] is not before[1]:
            self.sourceVolumeNodeChanged.emit(seen[1])
        if seen[2] != before[2]:
            self.currentSegmentIDChanged.emit(seen[2] or "")
        writable = usable and self._flags["undoEnabled"]
        self._undo.setEnabled(bool(writable and self._history.IsRestorePreviousStateAvailable()))
        self._redo.setEnabled(bool(writable and self._history.IsRestoreNextStateAvailable()))

    def segmentationNode(self) -> Any:  # noqa: N802
        return self._node.GetSegmentationNode() if self._node is not None else None

    def sourceVolumeNode(self) -> Any:  # noqa: N802
        return self._node.GetSourceVolumeNode() if self._node is not None else None

    def currentSegmentID(self) -> str:  # noqa: N802
        return (self._node.GetSelectedSegmentID() or "") if self._node is not None else ""

    def setSegmentationNode(self, node: Any) -> None:  # noqa: N802
        self._node.SetAndObserveSegmentationNode(node)
        if node is not None and not self.currentSegmentID() and node.GetSegmentation().GetNumberOfSegments():
            self.setCurrentSegmentID(node.GetSegmentation().GetNthSegmentID(0))
        self.updateWidgetFromMRML()

    def setSourceVolumeNode(self, node: Any) -> None:  # noqa: N802
        self._node.SetAndObserveSourceVolumeNode(node)
        segmentation = self.segmentationNode()
        if segmentation is not None and node is not None:
            segmentation.SetReferenceImageGeometryParameterFromVolumeNode(node)
        self.updateWidgetFromMRML()

    def setCurrentSegmentID(self, identifier: str) -> None:  # noqa: N802
        self._node.SetSelectedSegmentID(identifier)

    def availableEffectNames(self) -> list[str]:  # noqa: N802
        return list(EFFECT_NAMES)

    def effectNameOrder(self) -> list[str]:  # noqa: N802
        return list(self._order)

    def setEffectNameOrder(self, names: list[str]) -> None:  # noqa: N802
        self._order = list(names)
        self._lay_out()

    def effectByName(self, name: str) -> SegmentEditorEffect | None:  # noqa: N802
        return self._effects.get(name)

    def activeEffect(self) -> SegmentEditorEffect | None:  # noqa: N802
        return self._effects.get(self._node.GetActiveEffectName()) if self._node is not None else None

    def setActiveEffect(self, effect: SegmentEditorEffect | None) -> None:  # noqa: N802
        self.setActiveEffectByName("" if effect is None else effect.name)

    def setActiveEffectByName(self, name: str) -> None:  # noqa: N802
        if self._node is not None:
            self._node.SetActiveEffectName(name if name in self._effects else "")
            self.updateWidgetFromMRML()

    def saveStateForUndo(self) -> None:  # noqa: N802
        if self._flags["undoEnabled"] and self.segmentationNode() is not None:
            self._history.SaveState()
            self.updateWidgetFromMRML()

    def undo(self) -> None:
        self._history.RestorePreviousState()
        self.updateWidgetFromMRML()

    def redo(self) -> None:
        self._history.RestoreNextState()
        self.updateWidgetFromMRML()

    def setMaximumNumberOfUndoStates(self, count: int) -> None:  # noqa: N802
        self._history.SetMaximumNumberOfStates(count)

    def installKeyboardShortcuts(self, parent: QtWidgets.QWidget | None = None) -> None:  # noqa: N802
        """Digits for effects, Ctrl+Z and Ctrl+Y, as in Slicer, on ``parent`` or the main window."""
        import slicer

        if self._shortcuts:
            return
        owner = parent or slicer.util.mainWindow()
        actions = {"Ctrl+Z": self.undo, "Ctrl+Y": self.redo}
        for index, name in enumerate(self._shown_effects()[:9], start=1):
            actions[str(index)] = lambda name=name: self.setActiveEffectByName(name)
        for keys, act in actions.items():
            shortcut = QtGui.QShortcut(QtGui.QKeySequence(keys), owner)
            shortcut.activated.connect(act)
            self._shortcuts.append(shortcut)

    def uninstallKeyboardShortcuts(self) -> None:  # noqa: N802
        for shortcut in self._shortcuts:
            shortcut.deleteLater()
        self._shortcuts = []

    def setupViewObservations(self) -> None:  # noqa: N802
        """The stand-in has no mouse to observe in the views."""

    def removeViewObservations(self) -> None:  # noqa: N802
        """See :meth:`setupViewObservations`."""

    def rotateSliceViewsToSegmentation(self) -> None:  # noqa: N802
        import slicer

        for name in slicer.app.layoutManager().sliceViewNames():
            slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode().RotateToVolumePlane(self.sourceVolumeNode())

    def setEffectColumnCount(self, count: int) -> None:  # noqa: N802
        self._columns = count
        self._lay_out()

    effectColumnCount = QtCore.Property(int, lambda self: self._columns, setEffectColumnCount)  # noqa: N815
    maximumNumberOfUndoStates = QtCore.Property(  # noqa: N815
        int, lambda self: self._history.GetMaximumNumberOfStates(), setMaximumNumberOfUndoStates
    )


def _add_flag(name: str) -> None:
    def read(self: qMRMLSegmentEditorWidget) -> bool:
        return self._flags[name]

    def write(self: qMRMLSegmentEditorWidget, value: bool) -> None:
        if name == "maskingSectionVisible" and self._node is None:
            # Slicer's logs it as critical and goes on (updateEffectsSectionFromMRML).
            raise RuntimeError("Invalid segment editor parameter set node")
        self._flags[name] = bool(value)
        self._undo.setVisible(self._flags["undoEnabled"])
        self._redo.setVisible(self._flags["undoEnabled"])
        self._lay_out()

    setattr(qMRMLSegmentEditorWidget, name, QtCore.Property(bool, read, write))
    setattr(qMRMLSegmentEditorWidget, "set" + name[0].upper() + name[1:], write)


for _flag in (
    "readOnly",
    "undoEnabled",
    "unorderedEffectsVisible",
    "segmentationNodeSelectorVisible",
    "sourceVolumeNodeSelectorVisible",
    "switchToSegmentationsButtonVisible",
    "maskingSectionVisible",
    "addRemoveSegmentButtonsVisible",
    "specifyGeometryButtonVisible",
    "show3DButtonVisible",
    "autoShowSourceVolumeNode",
):
    _add_flag(_flag)
