"""The functions of ``slicer.util`` that ask the application's C++ for files and panels; the rest is Slicer's own."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_STORAGE = {
    "vtkMRMLScalarVolumeNode": "vtkMRMLVolumeArchetypeStorageNode",
    "vtkMRMLSegmentationNode": "vtkMRMLSegmentationStorageNode",
}
_PICTURES = (".png", ".jpg", ".jpeg")


def overrides(installed: list[Any]) -> dict[str, Callable[..., Any]]:
    """The functions by name. ``installed`` takes down what ``pip_install`` was asked for; nothing is installed."""

    def pip_install(requirements: Any) -> None:
        installed.append(requirements)

    return {
        "childWidgetVariables": child_widget_variables,
        "delayDisplay": delay_display,
        "loadScene": load_scene,
        "loadSegmentation": load_segmentation,
        "loadVolume": load_volume,
        "mainWindow": main_window,
        "modulePath": module_path,
        "pip_install": pip_install,
        "reloadScriptedModule": reload_scripted_module,
        "saveNode": save_node,
        "saveScene": save_scene,
    }


def main_window() -> Any:
    import slicer

    return slicer.app.mainWindow()


def module_path(module_name: str) -> str:
    import slicer

    return slicer.app.moduleManager().module(module_name).path


def delay_display(message: str, *_: Any, **__: Any) -> None:
    import slicer

    slicer.app.processEvents()


def child_widget_variables(widget: Any) -> types.SimpleNamespace:
    """Every named widget below ``widget`` as an attribute."""
    from PySide6 import QtCore

    found = {child.property("objectName"): child for child in widget.findChildren(QtCore.QObject)}
    return types.SimpleNamespace(**{name: child for name, child in found.items() if name.isidentifier()})


def reload_scripted_module(module_name: str) -> Any:
    """Run the module's file again, clean the old panel up, make a new one in its place."""
    import importlib.util
    import sys

    import slicer
    from PySide6 import QtCore, QtWidgets

    from .mrml_widgets import forget_scene

    module = slicer.app.moduleManager().module(module_name)
    spec = importlib.util.spec_from_file_location(module_name, module.path)
    reloaded = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = reloaded
    spec.loader.exec_module(reloaded)
    panel = module.widgetRepresentation()
    panel.self().cleanup()
    layout = panel.layout()
    while layout.count():
        layout.takeAt(0)
    for child in panel.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindChildOption.FindDirectChildrenOnly):
        forget_scene(child)
        child.hide()
    panel.reload()
    return reloaded


def load_volume(filename: str, properties: dict[str, Any] | None = None) -> Any:
    """NRRD and NIfTI as Slicer reads them; PNG and JPEG (which slicer-core cannot read) as Slicer gives them.

    A grey picture is a ``vtkMRMLScalarVolumeNode``, a colour picture a ``vtkMRMLVectorVolumeNode``; pixels are 1 mm,
    because the file does not say.
    """
    import slicer

    path = Path(filename)
    name = (properties or {}).get("name", path.name.split(".")[0])
    if not path.is_file():
        raise RuntimeError(f"Failed to load node from file: {path.name}")
    if path.suffix.lower() in _PICTURES:
        from PIL import Image

        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("L" if picture.mode in ("L", "1") else "RGB"))
        kind = "vtkMRMLVectorVolumeNode" if pixels.ndim == 3 else "vtkMRMLScalarVolumeNode"
        # Rows run to posterior, columns to left, as for every picture without orientation.
        to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])
        volume = slicer.util.addVolumeFromArray(pixels[np.newaxis], ijkToRAS=to_ras, name=name, nodeClassName=kind)
        volume.CreateDefaultDisplayNodes()
    else:
        volume = _read("vtkMRMLScalarVolumeNode", path, name)
        volume.CreateDefaultDisplayNodes()
    if (properties or {}).get("show", True):
        slicer.util.setSliceViewerLayers(background=volume, fit=True)
    return volume


def load_segmentation(filename: str, properties: dict[str, Any] | None = None) -> Any:
    path = Path(filename)
    node = _read("vtkMRMLSegmentationNode", path, (properties or {}).get("name", path.name.split(".")[0]))
    node.CreateDefaultDisplayNodes()
    return node


def _read(node_class: str, path: Path, name: str) -> Any:
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass(node_class, name)
    storage = slicer.mrmlScene.AddNewNodeByClass(_STORAGE[node_class])
    storage.SetFileName(str(path))
    node.SetAndObserveStorageNodeID(storage.GetID())
    if not storage.ReadData(node):
        slicer.mrmlScene.RemoveNode(storage)
        slicer.mrmlScene.RemoveNode(node)
        raise RuntimeError(f"Failed to load node from file: {path.name}")
    return node


def save_node(node: Any, filename: str, properties: dict[str, Any] | None = None) -> bool:
    if node.GetStorageNode() is None:
        node.AddDefaultStorageNode(str(filename))
    storage = node.GetStorageNode()
    storage.SetFileName(str(filename))
    return bool(storage.WriteData(node))


def save_scene(filename: str, properties: dict[str, Any] | None = None) -> bool:
    """A scene as ``.mrb``, with all data in it."""
    import slicer

    if Path(filename).suffix != ".mrb":
        raise ValueError("The stand-in saves scenes as .mrb.")
    return bool(slicer.mrmlScene.WriteToMRB(str(filename), None))


def load_scene(filename: str, properties: dict[str, Any] | None = None) -> bool:
    """Read an ``.mrb``, in place of what is open unless ``properties["clear"]`` is false."""
    import slicer

    clear = bool((properties or {}).get("clear", True))
    return bool(slicer.mrmlScene.ReadFromMRB(str(filename), clear))
