"""Emptying a scene for a reader study: what is in it, what of it is saved nowhere, and out with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..scene.case_folder import CASE, ROLE, CaseFolder, CaseRole, case_ids
from ..scene.node_removal import remove_with_display

# What people and modules put into a scene. Views, layouts, units, tools and the like are Slicer's own.
_DATA_CLASSES = (
    "vtkMRMLDisplayableNode",
    "vtkMRMLTransformNode",
    "vtkMRMLTableNode",
    "vtkMRMLTextNode",
    "vtkMRMLPlotSeriesNode",
    "vtkMRMLPlotChartNode",
    "vtkMRMLSequenceNode",
    "vtkMRMLSequenceBrowserNode",
)
# Never Slicer's own, whatever their flags say.
_PICTURES = ("vtkMRMLSegmentationNode", "vtkMRMLVolumeNode")
_WORDS = (
    ("vtkMRMLVolumeNode", "image", "images"),
    ("vtkMRMLSegmentationNode", "contour", "contours"),
    ("vtkMRMLMarkupsNode", "marking", "markings"),
    ("vtkMRMLTableNode", "table", "tables"),
    ("vtkMRMLNode", "other thing", "other things"),
)


def data_nodes(scene: Any) -> list[Any]:
    """Every node of ``scene`` that holds data, in its order."""
    every = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    return [node for node in every if _is_data(node)]


def unsaved_words(scene: Any) -> str:
    """What would be lost: "1 image, 2 contours"; empty where everything is on the disk as it is here."""
    counts: Counter[tuple[str, str]] = Counter()
    for node in data_nodes(scene):
        if _is_unsaved(node):
            counts[next((one, many) for kind, one, many in _WORDS if node.IsA(kind))] += 1
    told = [(one, many) for _, one, many in _WORDS if (one, many) in counts]
    return ", ".join(f"{counts[words]} {words[0] if counts[words] == 1 else words[1]}" for words in told)


def sweep(scene: Any) -> None:
    """Take every node that holds data out of ``scene``, and the folders they lay in."""
    for case_id in case_ids(scene):
        CaseFolder(scene, case_id).remove()
    take_out(scene, data_nodes(scene))
    _remove_empty_folders(scene)


def take_out(scene: Any, nodes: Iterable[Any]) -> None:
    """Take ``nodes`` out; one that left with another is gone already."""
    for node in list(nodes):
        if scene.IsNodePresent(node):
            remove_with_display(scene, node)


def _is_data(node: Any) -> bool:
    if node.GetAttribute(CASE) is not None or any(node.IsA(kind) for kind in _PICTURES):
        return True
    slicers_own = node.GetSingletonTag() is not None or not node.GetSaveWithScene()
    return not slicers_own and any(node.IsA(kind) for kind in _DATA_CLASSES)


def _is_unsaved(node: Any) -> bool:
    # A heat map's frame is never saved: it is made again from the map.
    if not node.IsA("vtkMRMLStorableNode") or node.GetAttribute(ROLE) == CaseRole.MAP_FRAME.value:
        return False
    storage = node.GetStorageNode()
    return storage is None or not storage.GetFileName() or bool(node.GetModifiedSinceRead())


def _remove_empty_folders(scene: Any) -> None:
    """Patients and studies stay in Slicer's data tree when their images have gone, with their names."""
    import slicer
    import vtk

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if hierarchy is None:
        return
    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, False)
    for index in range(items.GetNumberOfIds()):
        if hierarchy.GetItemDataNode(items.GetId(index)) is None:
            hierarchy.RemoveItem(items.GetId(index))
