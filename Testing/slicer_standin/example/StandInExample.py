"""A small scripted module, written as for Slicer; the stand-in's own tests run it."""

# Slicer's names, and unittest because Slicer runs the self-test.
# ruff: noqa: N802, PT009

import os
from typing import Annotated

import qt
import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class StandInExample(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Stand-in example")
        self.parent.categories = ["Testing"]
        self.parent.contributors = ["The CervixRisk developers"]
        self.parent.helpText = _("Shows one volume and fills a segment.")
        self.parent.acknowledgementText = ""
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData():
    import SampleData

    folder = os.environ.get("STANDIN_EXAMPLE_SAMPLES", "")
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="StandInExample",
        sampleName="StandInSlice",
        uris=f"file://{folder}/slice.png",
        fileNames="slice.png",
        nodeNames="Slice",
        checksums=os.environ.get("STANDIN_EXAMPLE_CHECKSUM"),
    )


@parameterNodeWrapper
class StandInExampleParameterNode:
    volume: vtkMRMLScalarVolumeNode | None = None
    opacity: Annotated[float, WithinRange(0, 1)] = 0.45
    count: Annotated[int, WithinRange(1, 50)] = 3
    reader: str = "Reader A"
    blinded: bool = True


class StandInExampleWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameterNode = None
        self._guiTag = None

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        panel = slicer.util.loadUI(self.resourcePath("UI/StandInExample.ui"))
        self.layout.addWidget(panel)
        self.ui = slicer.util.childWidgetVariables(panel)
        panel.setMRMLScene(slicer.mrmlScene)
        self.logic = StandInExampleLogic()
        editorNode = slicer.vtkMRMLSegmentEditorNode()
        editorNode.SetSingletonTag("StandInExample.SegmentEditor")
        self.ui.editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNode(editorNode))
        self.ui.editor.setMaximumNumberOfUndoStates(10)
        self.ui.editor.setEffectNameOrder(["Draw", "Paint", "Erase", "Smoothing"])
        self.ui.editor.unorderedEffectsVisible = False
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.ui.askButton.clicked.connect(self.onAsk)
        self.ui.cancelButton.clicked.connect(self.onCancel)
        self.timer = qt.QTimer()
        self.timer.timeout.connect(self.onTick)
        self.timer.setInterval(20)
        self.initializeParameterNode()

    def cleanup(self):
        self.timer.stop()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self):
        self.initializeParameterNode()
        self.ui.editor.installKeyboardShortcuts()

    def exit(self):
        self.setParameterNode(None)
        self.ui.editor.setActiveEffect(None)
        self.ui.editor.uninstallKeyboardShortcuts()
        self.ui.editor.removeViewObservations()

    def onSceneStartClose(self, caller=None, event=None):
        self.setParameterNode(None)

    def onSceneEndClose(self, caller=None, event=None):
        if self.parent.isEntered:
            self.initializeParameterNode()

    def initializeParameterNode(self):
        self.setParameterNode(self.logic.getParameterNode())

    def setParameterNode(self, node):
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParameters)
        self._parameterNode = node
        if node:
            self._guiTag = node.connectGui(self.ui)
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self.onParameters)
            self.onParameters()

    def onParameters(self, caller=None, event=None):
        volume = self._parameterNode.volume
        self.ui.askButton.enabled = volume is not None
        self.ui.askButton.toolTip = _("Ask") if volume else _("Choose an image first.")

    def onAsk(self):
        with slicer.util.tryWithErrorDisplay(_("The question could not be answered."), waitCursor=True):
            volume = self._parameterNode.volume
            if slicer.util.arrayFromVolume(volume).max() == 0:
                raise ValueError(_("The image is empty."))
            self.ui.progress.value = 0
            self.timer.start()

    def onCancel(self):
        if slicer.util.confirmOkCancelDisplay(_("Stop the question?")):
            self.timer.stop()
            self.ui.progress.value = 0

    def onTick(self):
        self.ui.progress.value = min(100, self.ui.progress.value + 10)
        if self.ui.progress.value == 100:
            self.timer.stop()
            view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
            view.cornerAnnotation().SetText(7, _("31 % (22 to 42)"))
            view.scheduleRender()
            self.ui.answer.plainText = _("Done. For research use. Not a medical device.")


class StandInExampleLogic(ScriptedLoadableModuleLogic):
    def getParameterNode(self):
        return StandInExampleParameterNode(super().getParameterNode())


class StandInExampleTest(ScriptedLoadableModuleTest):
    def setUp(self):
        slicer.mrmlScene.Clear(0)

    def test_defaults(self):
        self.assertEqual(StandInExampleLogic().getParameterNode().count, 3)
