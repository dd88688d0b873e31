"""Changing a volume's pixel size together with everything that lies on its grid.

Contours, heat maps and rulers were made on pixels, not on millimetres: when the millimetres change they stay on their
pixels. The first voxel keeps its place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .segmentation_grid import label_map_matrix, label_maps, place_label_map
from .slice_grid import SliceChoice, volume_matrix, vtk_matrix

# Role of the node reference from a map or a map's frame to the volume on whose slice it was made.
GRID_ROLE = "CervixRisk.grid"


def set_slice_spacing(volume: Any, choice: SliceChoice, spacing_mm: tuple[float, float]) -> None:
    """Set ``(row_mm, column_mm)`` in the plane of ``choice``; segmentations, maps and markups of the volume follow."""
    before = volume_matrix(volume)
    spacing = list(volume.GetSpacing())
    spacing[choice.row_axis], spacing[choice.column_axis] = spacing_mm
    if tuple(spacing) == tuple(volume.GetSpacing()):
        return
    volume.SetSpacing(*spacing)
    change = volume_matrix(volume) @ np.linalg.inv(before)
    scene = volume.GetScene()
    for node in _nodes(scene, "vtkMRMLSegmentationNode"):
        if _reference_volume(node) is volume:
            _move_segments(node, volume, change)
    for node in _nodes(scene, "vtkMRMLScalarVolumeNode"):
        if node.GetNodeReference(GRID_ROLE) is volume:
            node.SetIJKToRASMatrix(vtk_matrix(change @ volume_matrix(node)))
    for node in _nodes(scene, "vtkMRMLModelNode"):
        if node.GetNodeReference(GRID_ROLE) is volume:
            _move_mesh(node, change)
    for node in _nodes(scene, "vtkMRMLMarkupsNode"):
        if drawn_on(node, volume):
            _move_points(node, change)


def drawn_on(markups: Any, volume: Any) -> bool:
    """Whether every point was placed on ``volume``: Slicer notes it when a person places one in a slice view."""
    count = markups.GetNumberOfControlPoints()
    names = {markups.GetNthControlPointAssociatedNodeID(index) for index in range(count)}
    return names == {volume.GetID()}


def _reference_volume(segmentation_node: Any) -> Any:
    return segmentation_node.GetNodeReference(segmentation_node.GetReferenceImageGeometryReferenceRole())


def _move_segments(segmentation_node: Any, volume: Any, change: np.ndarray) -> None:
    for label_map in label_maps(segmentation_node):
        place_label_map(label_map, change @ label_map_matrix(label_map))
    segmentation_node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segmentation_node.GetSegmentation().InvalidateNonSourceRepresentations()
    segmentation_node.Modified()


def _move_points(markups: Any, change: np.ndarray) -> None:
    for index in range(markups.GetNumberOfControlPoints()):
        place = np.array([*markups.GetNthControlPointPosition(index), 1.0])
        x, y, z, _ = change @ place
        markups.SetNthControlPointPosition(index, x, y, z)


def _move_mesh(model: Any, change: np.ndarray) -> None:
    import vtk

    matrix = vtk.vtkTransform()
    matrix.SetMatrix(vtk_matrix(change))
    moved = vtk.vtkTransformPolyDataFilter()
    moved.SetTransform(matrix)
    moved.SetInputData(model.GetPolyData())
    moved.Update()
    model.SetAndObservePolyData(moved.GetOutput())


def _nodes(scene: Any, class_name: str) -> list[Any]:
    if scene is None:
        return []
    return [scene.GetNthNodeByClass(index, class_name) for index in range(scene.GetNumberOfNodesByClass(class_name))]
