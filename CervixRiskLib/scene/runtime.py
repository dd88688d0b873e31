"""An MRML scene with the module logics a case needs, outside the Slicer application."""

from __future__ import annotations

import importlib.util
from typing import Any

from ..errors import MissingComponentError

# Keyed by the name under which Slicer registers the logic; the value is the class in slicer-core.
_MODULE_LOGICS = {
    "Colors": "vtkMRMLColorLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Units": "vtkSlicerUnitsLogic",
}


def require_slicer_core() -> None:
    """Raise ``MissingComponentError`` when neither Slicer nor slicer-core is there."""
    if importlib.util.find_spec("slicer") is None:
        raise MissingComponentError(
            'Drawing the slice needs Slicer\'s core. Install it with: pip install "cervixrisk[slicer]"'
        )


class SceneRuntime:
    """Scene, application logic and module logics, kept alive together.

    Module logics are found by name through the application logic only while Python holds them, hence ``logics``.
    Inside Slicer all of this exists already: there use ``slicer.mrmlScene`` and no runtime.
    """

    def __init__(self) -> None:
        require_slicer_core()
        import slicer
        import vtk

        self.scene = slicer.vtkMRMLScene()
        self.application = slicer.vtkSlicerApplicationLogic()
        self.application.SetMRMLScene(self.scene)
        self.application.SetSliceLogics(vtk.vtkCollection())
        self.application.SetViewLogics(vtk.vtkCollection())
        self.logics: dict[str, Any] = {}
        for name, class_name in _MODULE_LOGICS.items():
            logic = getattr(slicer, class_name)()
            logic.SetMRMLApplicationLogic(self.application)
            logic.SetMRMLScene(self.scene)
            self.application.SetModuleLogic(name, logic)
            self.logics[name] = logic
        # vtkSlicerColorLogic would register it, but looks for colour files that slicer-core does not ship.
        self.scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
