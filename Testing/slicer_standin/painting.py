"""What a person's hand does in the segment editor: paint a polygon into the selected segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw


def paint_polygon(
    editor: Any, corners: Sequence[tuple[float, float]], *, slice_index: int = 0, erase: bool = False
) -> None:
    """Fill a polygon in the editor's selected segment, on one slice of its source volume, as one undo step.

    Parameters
    ----------
    corners
        ``(row, column)`` in pixels of the source volume.
    slice_index
        Which slice of the volume.
    erase
        Take the polygon away instead of adding it.

    Raises
    ------
    RuntimeError
        A person could not paint either: no segment or volume is chosen, or the editor is read-only.
    """
    import slicer
    import vtk
    from vtk.util import numpy_support

    segmentation, volume, segment_id = editor.segmentationNode(), editor.sourceVolumeNode(), editor.currentSegmentID()
    if segmentation is None or volume is None or not segment_id:
        raise RuntimeError("The editor has no segment or no volume to paint on.")
    if editor.readOnly:
        raise RuntimeError("The editor is read-only.")
    columns, rows, slices = volume.GetImageData().GetDimensions()
    picture = Image.new("L", (columns, rows))
    ImageDraw.Draw(picture).polygon([(column, row) for row, column in corners], fill=1)
    values = np.zeros((slices, rows, columns), dtype=np.uint8)
    values[slice_index] = np.asarray(picture)
    if erase:
        values = 1 - values
    labelmap = slicer.vtkOrientedImageData()
    labelmap.SetDimensions(columns, rows, slices)
    labelmap.GetPointData().SetScalars(
        numpy_support.numpy_to_vtk(values.ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    )
    to_world = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(to_world)
    labelmap.SetGeometryFromImageToWorldMatrix(to_world)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    mode = logic.MODE_MERGE_MIN if erase else logic.MODE_MERGE_MAX
    editor.saveStateForUndo()
    if not logic.SetBinaryLabelmapToSegment(labelmap, segmentation, segment_id, mode):
        raise RuntimeError("The segment could not be painted.")
    segmentation.GetSegmentation().GetSegment(segment_id).Modified()
    editor.updateWidgetFromMRML()


def paint_square(editor: Any, size: int = 20, at: int = 10) -> None:
    """Fill a square of ``size`` pixels whose first row and column are ``at``."""
    paint_polygon(editor, [(at, at), (at, at + size - 1), (at + size - 1, at + size - 1), (at + size - 1, at)])
