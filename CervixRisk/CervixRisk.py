"""CervixRisk in 3D Slicer: delineate a cervical tumour on one slice, ask a model, see the answer on the slice.

Thin on purpose: the steps of the panel are in ``CervixRiskPanel`` beside this file, what they do in ``CervixRiskLib``.
"""

# Slicer's names.
# ruff: noqa: N802, N815

import importlib.util
import sys
from pathlib import Path

import slicer
from slicer import vtkMRMLVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

_HERE = Path(__file__).resolve().parent
# Slicer adds a module's own folder; in a checkout the library lies one further up.
for _folder in (_HERE, _HERE.parent):
    if str(_folder) not in sys.path and (_folder == _HERE or importlib.util.find_spec("CervixRiskLib") is None):
        sys.path.append(str(_folder))


class CervixRisk(ScriptedLoadableModule):
    """What the module tells Slicer of itself."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = "CervixRisk"
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        self.parent.dependencies = ["Segmentations", "SegmentEditor"]
        self.parent.contributors = ["The CervixRisk developers"]
        self.parent.helpText = _(
            "Cervical cancer on one ultrasound or MRI slice: delineate the tumour, then ask for the probability of "
            "pelvic lymph node metastasis (ultrasound) or for the treatment group (MRI). Heat map and nomogram are "
            "shown with the answer; reader studies measure how far a contour can be trusted.<br>"
            "Four steps, in the order of the work: Case, Contour, Ask, Answer. Try it with the sample slices in step 1."
            "<br><b>For research use. Not a medical device.</b> Models are trained by each hospital on its own cohort; "
            "the demo models were made on simulated images and say nothing about patients."
        )
        self.parent.helpText += self.getDefaultModuleDocumentationLink()
        self.parent.acknowledgementText = _(
            "After two studies, neither of which published its model: Wang et al., Frontiers in Oncology 2025, "
            '<a href="https://doi.org/10.3389/fonc.2025.1681029">doi 10.3389/fonc.2025.1681029</a> (ultrasound, '
            "pelvic lymph node metastasis), and Dai et al., Frontiers in Oncology 2025, "
            '<a href="https://doi.org/10.3389/fonc.2025.1557486">doi 10.3389/fonc.2025.1557486</a> (MRI, treatment '
            "group). The radiomic features are those of PyRadiomics: van Griethuysen et al., Cancer Research 2017, "
            '<a href="https://doi.org/10.1158/0008-5472.CAN-17-0339">doi 10.1158/0008-5472.CAN-17-0339</a>.'
        )
        slicer.app.connect("startupCompleted()", registerSamples)


def registerSamples():
    """Offer the sample slices in Slicer's Sample Data module."""
    from CervixRiskPanel.sample_data import register_sample_data

    register_sample_data(_HERE / "Resources")


@parameterNodeWrapper
class CervixRiskParameterNode:
    """What a saved scene keeps of the panel.

    ``clinical`` is a JSON object of the values as they were typed.
    """

    volume: vtkMRMLVolumeNode | None = None
    caseName: str = ""
    reader: str = ""
    readingRound: str = ""
    clinical: str = ""
    opacity: float = 0.4
    threshold: float = 0.35


class CervixRiskWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Hands the panel to Slicer and Slicer's events to the panel."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.panel = None

    def setup(self):
        from CervixRiskPanel.panel import Panel

        ScriptedLoadableModuleWidget.setup(self)
        self.logic = CervixRiskLogic()
        widget = slicer.util.loadUI(self.resourcePath("UI/CervixRisk.ui"))
        self.layout.addWidget(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self.panel = Panel(widget, self.resourcePath, self.logic.getParameterNode)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartImport)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        if self.parent.isEntered:
            # Made anew by a reload: Slicer does not enter an open module a second time.
            self.panel.enter()

    def enter(self):
        # None after a reload that failed.
        if self.panel is not None:
            self.panel.enter()

    def exit(self):
        if self.panel is not None:
            self.panel.exit()

    def cleanup(self):
        self.removeObservers()
        if self.panel is not None:
            self.panel.close()
            self.panel = None

    def onReload(self):
        from CervixRiskPanel.reload import forget_library

        self.cleanup()
        forget_library()
        ScriptedLoadableModuleWidget.onReload(self)

    def onSceneStartClose(self, caller=None, event=None):
        self.panel.scene_closes()

    def onSceneEndClose(self, caller=None, event=None):
        if self.parent.isEntered:
            self.panel.remember()

    def onSceneStartImport(self, caller=None, event=None):
        self.panel.scene_comes()

    def onSceneEndImport(self, caller=None, event=None):
        self.panel.restore()


class CervixRiskLogic(ScriptedLoadableModuleLogic):
    """The module's parameter node; the work itself is in ``CervixRiskLib``."""

    def getParameterNode(self):
        return CervixRiskParameterNode(super().getParameterNode())


class CervixRiskTest(ScriptedLoadableModuleTest):
    """The scenarios of ``CervixRiskPanel/self_test``, the same that the project's own tests run."""

    def runTest(self):
        from CervixRiskPanel.self_test.scenarios import run_all

        run_all(self)
