"""A contour as a segment, with who drew it and when, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import RoiError
from ..imaging import Roi
from .node_removal import remove_with_display

READER_TAG = "CervixRisk.reader"
ROUND_TAG = "CervixRisk.round"
# Far from every colour of the heat map and from grey, also in red-green blindness.
CONTOUR_COLOUR = (0.16, 0.94, 0.86)
LINE_WIDTH_PIXELS = 2


def add_segmentation(
    scene: Any,
    volume: Any,
    roi: Roi,
    name: str,
    *,
    segment_name: str = "Lesion",
    reader: str = "",
    reading_round: str = "",
) -> Any:
    """Put ``roi`` into ``scene`` as a ``vtkMRMLSegmentationNode`` with one segment on the grid of ``volume``.

    The segment carries the tags ``CervixRisk.reader`` and ``CervixRisk.round``. Only its outline is shown, 2 pixels
    wide, so that the tissue under it stays readable.

    Raises
    ------
    RoiError
        The mask has another size than the volume, or a reader's name holds ``|``, which ``.seg.nrrd`` cannot keep.
    """
    segmentation_node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    segmentation_node.CreateDefaultDisplayNodes()
    segmentation_node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segment_id = segmentation_node.AddSegmentFromBinaryLabelmapRepresentation(
        _labelmap(volume, roi.mask), segment_name, list(CONTOUR_COLOUR)
    )
    tag_reader(segmentation_node, segment_id, reader=reader, reading_round=reading_round)
    show_outline_only(segmentation_node)
    return segmentation_node


def show_outline_only(segmentation_node: Any) -> None:
    """A 2-pixel line, no fill."""
    display = segmentation_node.GetDisplayNode()
    display.SetVisibility2DFill(False)
    display.SetVisibility2DOutline(True)
    display.SetOpacity2DOutline(1.0)
    display.SetSliceIntersectionThickness(LINE_WIDTH_PIXELS)


def tag_reader(segmentation_node: Any, segment_id: str, *, reader: str, reading_round: str) -> None:
    """Write who drew the segment and in which round; an empty string leaves the tag out."""
    segment = segmentation_node.GetSegmentation().GetSegment(segment_id)
    for tag, value in ((READER_TAG, reader), (ROUND_TAG, reading_round)):
        if "|" in value:
            raise RoiError("A reader or round may not contain the character |. Choose another name.")
        if value:
            segment.SetTag(tag, value)


def read_mask(segmentation_node: Any, segment_id: str, volume: Any) -> np.ndarray:
    """The segment as a bool mask ``(rows, columns)`` on the grid of a single-slice ``volume``.

    Raises
    ------
    RoiError
        There is no such segment, or it is empty.
    """
    import slicer
    import vtk

    from .volume_slice import voxel_array

    if segmentation_node.GetSegmentation().GetSegment(segment_id) is None:
        raise RoiError("The contour is gone from the segmentation. Choose or draw one.")
    ids = vtk.vtkStringArray()
    ids.InsertNextValue(segment_id)
    scene = segmentation_node.GetScene()
    tables = _colour_tables(scene)
    labelmap = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "CervixRisk export")
    try:
        # Exporting by identifier, never the "visible segments" variant: a hidden segment is still the one asked for.
        done = slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode(
            segmentation_node, ids, labelmap, volume
        )
        mask = voxel_array(labelmap)[0] > 0 if done and labelmap.GetImageData() is not None else None
    finally:
        remove_with_display(scene, labelmap)
        # The export gives the label map a colour table of its own.
        for identifier in _colour_tables(scene) - tables:
            scene.RemoveNode(scene.GetNodeByID(identifier))
    if mask is None or not mask.any():
        raise RoiError("The contour is empty. Draw around the lesion first.")
    return mask


def _colour_tables(scene: Any) -> set[str]:
    count = scene.GetNumberOfNodesByClass("vtkMRMLColorTableNode")
    return {scene.GetNthNodeByClass(index, "vtkMRMLColorTableNode").GetID() for index in range(count)}


def _labelmap(volume: Any, mask: np.ndarray) -> Any:
    """``mask`` as a ``vtkOrientedImageData`` on the grid of ``volume``."""
    import slicer
    import vtk
    from vtk.util import numpy_support

    columns, rows, _ = volume.GetImageData().GetDimensions()
    if mask.shape != (rows, columns):
        raise RoiError(
            f"The contour is drawn on {mask.shape[0]} x {mask.shape[1]} pixels, the image has {rows} x {columns}."
        )
    labelmap = slicer.vtkOrientedImageData()
    labelmap.SetDimensions(columns, rows, 1)
    values = np.ascontiguousarray(mask, dtype=np.uint8).ravel()
    labelmap.GetPointData().SetScalars(numpy_support.numpy_to_vtk(values, deep=True, array_type=vtk.VTK_UNSIGNED_CHAR))
    to_world = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(to_world)
    labelmap.SetGeometryFromImageToWorldMatrix(to_world)
    return labelmap
