"""A contour as a segment, with who drew it and when, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import RoiError
from ..imaging import Roi
from .named_contour import contour_colour
from .node_removal import remove_with_display
from .slice_grid import SliceChoice, checked_choice, slice_shape, volume_sizes
from .volume_slice import voxel_array

READER_TAG = "CervixRisk.reader"
ROUND_TAG = "CervixRisk.round"
CASE_TAG = "CervixRisk.case"
# As in the .seg.nrrd files that the library writes itself.
SEGMENT_NAME = "tumour"
CONTOUR_COLOUR = contour_colour(0)
LINE_WIDTH_PIXELS = 2


def add_segmentation(
    scene: Any,
    volume: Any,
    roi: Roi,
    name: str,
    *,
    segment_name: str = SEGMENT_NAME,
    reader: str = "",
    reading_round: str = "",
    choice: SliceChoice | None = None,
    colour: tuple[float, float, float] = CONTOUR_COLOUR,
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
        label_map(volume, roi.mask, choice), segment_name, list(colour)
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


def read_mask(segmentation_node: Any, segment_id: str, volume: Any, choice: SliceChoice | None = None) -> np.ndarray:
    """The segment as a bool mask ``(rows, columns)`` on that slice of ``volume``; a volume of one slice needs none.

    Raises
    ------
    RoiError
        There is no such segment, it is empty, lies beside this image, or on another slice.
    """
    choice = checked_choice(volume, choice)
    labels = _export(segmentation_node, segment_id, volume)
    if labels is None or not labels.any():
        raise RoiError("The contour is empty on this image. Draw around the lesion first.")
    axis = 2 - choice.axis
    mask: np.ndarray = np.take(labels, choice.index, axis=axis)
    if not mask.any():
        others = np.flatnonzero(labels.any(axis=tuple(other for other in range(3) if other != axis)))
        where = f"slice {others[0] + 1}" if len(others) == 1 else f"slices {others[0] + 1} to {others[-1] + 1}"
        raise RoiError(f"The contour lies on {where}, not on slice {choice.index + 1}. Scroll there, or draw it here.")
    return mask


def _export(segmentation_node: Any, segment_id: str, volume: Any) -> np.ndarray | None:
    """The segment on the whole grid of ``volume``: bool ``(k, j, i)``, ``None`` where nothing could be exported."""
    import slicer
    import vtk

    segmentation = segmentation_node.GetSegmentation()
    segment = segmentation.GetSegment(segment_id)
    if segment is None:
        raise RoiError("The contour is gone from the segmentation. Choose or draw one.")
    drawn = segment.GetRepresentation(segmentation.GetSourceRepresentationName())
    if drawn is None or (drawn.IsA("vtkOrientedImageData") and drawn.IsEmpty()):
        # Undone to before the first stroke: Slicer's export writes an error into its log, or ends the program.
        return None
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
        return voxel_array(labelmap) > 0 if done and labelmap.GetImageData() is not None else None
    finally:
        remove_with_display(scene, labelmap)
        # The export gives the label map a colour table of its own.
        for identifier in _colour_tables(scene) - tables:
            scene.RemoveNode(scene.GetNodeByID(identifier))


def _colour_tables(scene: Any) -> set[str]:
    count = scene.GetNumberOfNodesByClass("vtkMRMLColorTableNode")
    return {scene.GetNthNodeByClass(index, "vtkMRMLColorTableNode").GetID() for index in range(count)}


def label_map(volume: Any, mask: np.ndarray, choice: SliceChoice | None = None) -> Any:
    """``mask`` ``(rows, columns)`` as a ``vtkOrientedImageData``: that slice of the grid of ``volume``.

    Raises
    ------
    RoiError
        The mask has another size than the slice.
    """
    import slicer
    import vtk
    from vtk.util import numpy_support

    choice = checked_choice(volume, choice)
    rows, columns = slice_shape(volume, choice)
    if mask.shape != (rows, columns):
        raise RoiError(
            f"The contour is drawn on {mask.shape[0]} × {mask.shape[1]} pixels, the image has {rows} × {columns}. "
            "Draw it on this image."
        )
    labels = slicer.vtkOrientedImageData()
    extent = [bound for size in volume_sizes(volume) for bound in (0, size - 1)]
    extent[2 * choice.axis : 2 * choice.axis + 2] = [choice.index, choice.index]
    labels.SetExtent(extent)
    values = np.ascontiguousarray(mask, dtype=np.uint8).ravel()
    labels.GetPointData().SetScalars(numpy_support.numpy_to_vtk(values, deep=True, array_type=vtk.VTK_UNSIGNED_CHAR))
    to_world = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(to_world)
    labels.SetImageToWorldMatrix(to_world)
    return labels
