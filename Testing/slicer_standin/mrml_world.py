"""The scene, the application logic and the module logics: all Slicer's own, from slicer-core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# The name under which Slicer registers the logic, and its class.
MODULE_LOGICS = {
    "Colors": "vtkSlicerColorLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Units": "vtkSlicerUnitsLogic",
    "Volumes": "vtkSlicerVolumesLogic",
}


class MrmlWorld:
    """One scene with its logics. Module logics are found by name only while Python holds them, hence ``logics``."""

    def __init__(self) -> None:
        import slicer
        import vtk

        self.scene = slicer.vtkMRMLScene()
        self.application = slicer.vtkSlicerApplicationLogic()
        self.application.SetMRMLScene(self.scene)
        self.application.SetSliceLogics(vtk.vtkCollection())
        self.application.SetViewLogics(vtk.vtkCollection())
        self.logics: dict[str, Any] = {}
        # Otherwise the colour logic would register it.
        self.scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
        for name, class_name in MODULE_LOGICS.items():
            logic = getattr(slicer, class_name)()
            logic.SetMRMLApplicationLogic(self.application)
            if name == "Colors":
                # Slicer's own table-making reads files that slicer-core does not ship; the plain logic makes grey etc.
                self.colours = slicer.vtkMRMLColorLogic()
                self.colours.SetMRMLApplicationLogic(self.application)
                self.colours.SetMRMLScene(self.scene)
                self.application.SetModuleLogic(name, self.colours)
            else:
                logic.SetMRMLScene(self.scene)
                self.application.SetModuleLogic(name, logic)
            self.logics[name] = logic
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        self.layout = slicer.vtkMRMLLayoutNode()
        self.layout.SetSingletonTag("Singleton")
        self.scene.AddNode(self.layout)

    def keep_files_in(self, cache: Path) -> None:
        """Where the scene unpacks what it reads."""
        import slicer

        cache_manager, self._data_manager = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
        cache_manager.SetRemoteCacheDirectory(str(cache))
        self._data_manager.SetCacheManager(cache_manager)
        self.scene.SetCacheManager(cache_manager)
        self.scene.SetDataIOManager(self._data_manager)

    def close(self) -> None:
        """Empty the scene and let go of the logics."""
        self.scene.Clear(True)
        self.logics.clear()
