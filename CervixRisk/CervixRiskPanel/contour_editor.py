"""Slicer's segment editor with what serves a lesion on one slice."""

import qt
import slicer

# Slicer's own names, in the order in which a reader needs them.
EFFECTS = ("Draw", "Paint", "Erase", "Threshold", "Level tracing", "Scissors", "Smoothing", "Margin", "Islands")
_SINGLETON_TAG = "CervixRisk.SegmentEditor"
_UNDO_STEPS = 30
# The list of segments: there is only one.
_SEGMENT_LIST = "SegmentsTableResizableFrame"


class ContourEditor:
    """The embedded ``qMRMLSegmentEditorWidget``, with an editor node of its own.

    Parameters
    ----------
    session
        The :class:`~CervixRiskLib.workflow.case_session.CaseSession` whose contour is edited.
    layout
        Where the widget goes.
    """

    def __init__(self, session, layout) -> None:
        self._session = session
        self._is_entered = False
        self.widget = slicer.qMRMLSegmentEditorWidget()
        self.widget.setMaximumNumberOfUndoStates(_UNDO_STEPS)
        self.widget.setEffectNameOrder(list(EFFECTS))
        self.widget.unorderedEffectsVisible = False
        self.widget.setEffectColumnCount(3)
        self.widget.segmentationNodeSelectorVisible = False
        self.widget.sourceVolumeNodeSelectorVisible = False
        self.widget.switchToSegmentationsButtonVisible = False
        self.widget.addRemoveSegmentButtonsVisible = False
        self.widget.specifyGeometryButtonVisible = False
        self.widget.show3DButtonVisible = False
        for child in slicer.util.findChildren(self.widget, name=_SEGMENT_LIST):
            child.visible = False
        # The node first, then the scene, as the widget wants it.
        self._take_node()
        self.widget.setMRMLScene(slicer.mrmlScene)
        # Without a node it would log a fault.
        self.widget.maskingSectionVisible = False
        layout.addWidget(self.widget)
        self._is_closed = False
        self._imports = session.scene.AddObserver(session.scene.EndImportEvent, self._on_import)
        self.show()

    def show(self) -> None:
        """Edit the session's contour; without one the editor is empty and hidden."""
        node = self._session.segmentation
        self._take_node()
        if self.widget.segmentationNode() is not node:
            if node is None:
                self.widget.setActiveEffectByName("")
            self.widget.setSegmentationNode(node)
        if node is not None:
            if self.widget.sourceVolumeNode() is not self._session.volume:
                self.widget.setSourceVolumeNode(self._session.volume)
            if self.widget.currentSegmentID() != self._session.segment_id:
                self.widget.setCurrentSegmentID(self._session.segment_id)
        self.widget.visible = node is not None

    def use(self, effect: str) -> None:
        """Take an effect into the hand, by Slicer's name."""
        self.widget.setActiveEffectByName(effect)

    def enter(self) -> None:
        if not self._is_entered:
            self._is_entered = True
            self.widget.setupViewObservations()
            self.widget.installKeyboardShortcuts()
        self.show()

    def exit(self) -> None:
        """Put the tool down and leave the views alone."""
        self._is_entered = False
        self.widget.setActiveEffectByName("")
        self.widget.uninstallKeyboardShortcuts()
        self.widget.removeViewObservations()

    def close(self) -> None:
        self._is_closed = True
        self._session.scene.RemoveObserver(self._imports)
        if self._is_entered:
            self.exit()
        self.widget.setMRMLScene(None)

    def _on_import(self, *_args) -> None:
        """A loaded scene brings our editor as it was when that scene was saved."""
        # Once all others have heard of the scene.
        qt.QTimer.singleShot(0, self._after_import)

    def _after_import(self) -> None:
        if not self._is_closed:
            self.show()

    def _take_node(self) -> None:
        """A scene that was closed or loaded has another editor node, or none."""
        scene = slicer.mrmlScene
        node = scene.GetSingletonNode(_SINGLETON_TAG, "vtkMRMLSegmentEditorNode")
        if node is None:
            made = slicer.vtkMRMLSegmentEditorNode()
            made.SetSingletonTag(_SINGLETON_TAG)
            node = scene.AddNode(made)
        if self.widget.mrmlSegmentEditorNode() is not node:
            self.widget.setMRMLSegmentEditorNode(node)
