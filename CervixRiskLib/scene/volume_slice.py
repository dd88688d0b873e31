"""A slice of any volume node as a ``SliceImage``, and what was made of it back onto the same grid.

Grey and colour volumes, single slices and slices of a volume, and the frame of a film that a browser shows.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..errors import ImageError
from ..imaging import SliceImage
from ..imaging.luma import to_grey
from .pixel_size import read_pixel_size
from .slice_grid import SliceChoice, checked_choice, geometry_of, slice_matrix, slice_shape, volume_sizes, vtk_matrix
from .volume_frames import frame_place
from .volume_origin import FRAME_OF_REFERENCE, WEIGHTING, node_modality, was_picture
from .volume_spacing import GRID_ROLE

GEOMETRY = "CervixRisk.geometry"
NOTES = "CervixRisk.notes"
SLICE_PLACE = "CervixRisk.slicePlace"


def read_volume_slice(volume: Any, choice: SliceChoice | None = None) -> SliceImage:
    """The slice ``choice`` of ``volume``, see :func:`~.slice_grid.choose_slice`; a volume of one slice needs none.

    Position and orientation are the node's own, without a transform it may stand under; a picture (PNG, JPEG) has none.

    Raises
    ------
    ImageError
        No image, a label map, colours other than RGB or RGBA, several slices and none chosen, values that are not
        numbers.
    """
    if volume.IsA("vtkMRMLLabelMapVolumeNode"):
        raise ImageError("This is a label map, not an image. Choose the image it was drawn on.")
    choice = checked_choice(volume, choice)
    values = np.take(voxel_array(volume), choice.index, axis=2 - choice.axis)
    stored = volume.GetAttribute(NOTES)
    notes: tuple[str, ...] = tuple(json.loads(stored)) if stored else ()
    if values.ndim == 3:
        if values.shape[2] not in (3, 4):
            raise ImageError(f"The volume has {values.shape[2]} values per pixel: one (grey) or three (colour) needed.")
        values, colour_notes = to_grey(values[..., :3])
        notes += colour_notes
    with np.errstate(over="ignore"):
        pixels = values.astype(np.float32)
    size = read_pixel_size(volume, choice)
    place = slice_place(volume, choice)
    kind = geometry_kind(volume)
    geometry = None if kind == "none" else geometry_of(slice_matrix(volume, choice), planar=kind == "planar")
    return SliceImage(
        pixels,
        size.spacing_mm,
        size.source or None,
        node_modality(volume),
        place[0],
        place[1],
        notes,
        geometry,
        volume.GetAttribute(WEIGHTING),
        volume.GetAttribute(FRAME_OF_REFERENCE),
    )


def geometry_kind(volume: Any) -> str:
    """``"patient"``, ``"planar"`` (the place along the third axis is unknown) or ``"none"``."""
    return volume.GetAttribute(GEOMETRY) or ("none" if was_picture(volume) else "patient")


def add_slice_map(scene: Any, volume: Any, values: np.ndarray, name: str, choice: SliceChoice | None = None) -> Any:
    """Put a map ``(rows, columns)`` of numbers into ``scene`` as a scalar volume on the grid of that slice.

    It keeps to the slice when the pixel size of ``volume`` changes.

    Raises
    ------
    ImageError
        The map has another size than the slice.
    """
    choice = checked_choice(volume, choice)
    rows, columns = slice_shape(volume, choice)
    values = np.asarray(values, dtype=np.float32)
    if values.shape != (rows, columns):
        raise ImageError(
            f"The slice has {rows} × {columns} pixels, what was made of it has another size. Ask for it again."
        )
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    set_voxels(node, values, slice_matrix(volume, choice))
    node.SetNodeReferenceID(GRID_ROLE, volume.GetID())
    return node


def voxel_array(volume: Any) -> np.ndarray:
    """A copy of the voxels: ``(k, j, i)``, with a fourth axis of components where there are several."""
    from vtk.util import numpy_support

    i, j, k = volume_sizes(volume)
    values = numpy_support.vtk_to_numpy(volume.GetImageData().GetPointData().GetScalars())
    components = values.shape[1:] if values.ndim == 2 and values.shape[1] > 1 else ()
    return np.array(values.reshape(k, j, i, *components))


def set_voxels(volume: Any, values: np.ndarray, matrix: np.ndarray) -> None:
    """Give ``volume`` a copy of ``values``, ``(rows, columns)`` or ``(slices, rows, columns)``, and where they lie."""
    import vtk
    from vtk.util import numpy_support

    rows, columns = values.shape[-2:]
    picture = vtk.vtkImageData()
    picture.SetDimensions(columns, rows, 1 if values.ndim == 2 else values.shape[0])
    picture.GetPointData().SetScalars(numpy_support.numpy_to_vtk(np.ascontiguousarray(values).ravel(), deep=True))
    volume.SetAndObserveImageData(picture)
    volume.SetIJKToRASMatrix(vtk_matrix(matrix))


def slice_place(volume: Any, choice: SliceChoice) -> tuple[int, int]:
    """``(slice_index, slice_count)``: the film's frame, what the file said, or the place in the volume."""
    frame = frame_place(volume)
    if frame is not None and volume_sizes(volume)[choice.axis] == 1:
        return frame
    stored = volume.GetAttribute(SLICE_PLACE)
    if stored:
        index, count = stored.split("/")
        return int(index), int(count)
    return choice.index, volume_sizes(volume)[choice.axis]
