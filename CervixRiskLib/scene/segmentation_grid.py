"""The label maps inside a segmentation, and the grid they lie on."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import RoiError
from .slice_grid import SliceChoice, matrix_array, volume_matrix, volume_sizes, vtk_matrix

# Far below a pixel, far above what a file's decimals lose over a whole image.
_SAME_PLACE_PIXELS = 0.01


def label_maps(segmentation_node: Any) -> list[Any]:
    """The ``vtkOrientedImageData`` of all segments; segments that share a layer share one, which comes once."""
    import slicer

    segmentation = segmentation_node.GetSegmentation()
    name = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    found: list[Any] = []
    for index in range(segmentation.GetNumberOfSegments()):
        labels = segmentation.GetNthSegment(index).GetRepresentation(name)
        if labels is not None and not any(labels is known for known in found):
            found.append(labels)
    return found


def label_map_matrix(labels: Any) -> np.ndarray:
    """``(4, 4)``: voxel to RAS mm."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    labels.GetImageToWorldMatrix(matrix)
    return matrix_array(matrix)


def place_label_map(labels: Any, matrix: np.ndarray) -> None:
    """Put the voxels where ``matrix`` says."""
    labels.SetImageToWorldMatrix(vtk_matrix(matrix))
    labels.Modified()


def lay_on_grid(segmentation_node: Any, volume: Any) -> None:
    """Put segments that were drawn on ``volume`` when it had another pixel size back onto its pixels.

    Segments of the same voxel size stay where they are, also beside the volume.

    Raises
    ------
    RoiError
        They were drawn on another image: turned against this one, or larger than it.
    """
    grid = volume_matrix(volume)
    sizes = volume_sizes(volume)
    for labels in label_maps(segmentation_node):
        if labels.IsEmpty():
            continue
        step = np.linalg.inv(grid)[:3, :3] @ label_map_matrix(labels)[:3, :3]
        if np.abs((step - np.eye(3)) * max(sizes)).max() < _SAME_PLACE_PIXELS:
            continue
        turned = np.abs(step - np.diag(np.diag(step))).max() > 1e-3
        extent = labels.GetExtent()
        outside = any(extent[2 * axis] < 0 or extent[2 * axis + 1] >= size for axis, size in enumerate(sizes))
        if turned or outside or (np.diag(step) <= 0).any():
            raise RoiError("The contour was drawn on another image. Choose the contour of this one.")
        place_label_map(labels, grid)


def mask_on_grid(segmentation_node: Any, segment_id: str, volume: Any, choice: SliceChoice) -> np.ndarray | None:
    """The segment as a bool mask ``(rows, columns)`` on one slice of ``volume``, without touching the scene.

    For whoever looks often. ``None`` where the segment's voxels do not lie on the volume's own grid, or one of the two
    stands under a transform: :func:`~.segmentation.read_mask` brings it there.
    """
    import slicer
    from vtk.util import numpy_support

    if segmentation_node.GetParentTransformNode() is not None or volume.GetParentTransformNode() is not None:
        return None
    labels = slicer.vtkOrientedImageData()
    if segmentation_node.GetSegmentation().GetSegment(segment_id) is None:
        return None
    if not segmentation_node.GetBinaryLabelmapRepresentation(segment_id, labels):
        return None
    sizes = volume_sizes(volume)
    mask = np.zeros((sizes[choice.row_axis], sizes[choice.column_axis]), dtype=bool)
    if labels.IsEmpty():
        return mask
    shift = np.linalg.inv(volume_matrix(volume)) @ label_map_matrix(labels) - np.eye(4)
    if (np.abs(shift[:3]) @ [*sizes, 1]).max() > _SAME_PLACE_PIXELS:
        return None
    extent = labels.GetExtent()
    first, last = extent[::2], extent[1::2]
    if any(low < 0 or high >= size for low, high, size in zip(first, last, sizes, strict=True)):
        return None
    if not first[choice.axis] <= choice.index <= last[choice.axis]:
        return mask
    counts = [high - low + 1 for low, high in zip(first, last, strict=True)]
    values = numpy_support.vtk_to_numpy(labels.GetPointData().GetScalars()).reshape(counts[::-1])
    drawn = np.take(values, choice.index - first[choice.axis], axis=2 - choice.axis) != 0
    row, column = first[choice.row_axis], first[choice.column_axis]
    mask[row : row + drawn.shape[0], column : column + drawn.shape[1]] = drawn
    return mask
