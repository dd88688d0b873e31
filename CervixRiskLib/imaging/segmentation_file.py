"""Segments of a 3D Slicer ``.seg.nrrd`` file.

The keys are those of Slicer's vtkMRMLSegmentationStorageNode: ``Segment<n>_ID``, ``_Name``, ``_LabelValue`` and
``_Layer``; ``Segmentation_ReferenceImageExtentOffset`` tells where a cropped file lies on the reference image.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import RoiError
from .segment_words import elsewhere, listed, shown_name
from .slice_geometry import SliceGeometry
from .slice_image import SliceImage
from .volume_header import VolumeHeader
from .volume_reader import cut_slice, slice_axis, slice_in_patient

_OFFSET_KEY = "Segmentation_ReferenceImageExtentOffset"


@dataclass(frozen=True)
class _Segment:
    identifier: str
    name: str
    label: int
    layer: int


def is_segmentation(metadata: Mapping[str, str]) -> bool:
    """Whether an NRRD file's keys describe segments."""
    return "Segment0_ID" in metadata or "Segment0_Name" in metadata


def read_segment(
    path: Path,
    header: VolumeHeader,
    image: SliceImage,
    segment: str | None,
    label: int | None,
    slice_index: int | None,
) -> tuple[np.ndarray, tuple[float, float] | None, SliceGeometry | None]:
    """One segment on the image's grid: ``(rows, columns)`` bool, and the grid the file claims.

    Raises
    ------
    RoiError
        Several segments and none named, none of that name, or the segment does not reach this slice.
    """
    name = path.name
    chosen = _choose(name, _segments(name, header), segment, label)
    offset = _offset(name, header.metadata)
    axis = _axis_like(header, image)
    row_axis, column_axis = (axis_ for axis_ in (2, 1, 0) if axis_ != axis)
    slice_here = _slice_on_image(name, header, image, offset, axis, slice_index)
    if not 0 <= slice_here < header.sizes[axis]:
        raise elsewhere(chosen.name)
    raw = cut_slice(path, header, axis, slice_here)
    layers = raw.values if raw.values.ndim == 3 else raw.values[..., None]
    part = layers[..., chosen.layer] == chosen.label

    row0, column0 = offset[row_axis], offset[column_axis]
    if offset == (0, 0, 0) and _OFFSET_KEY not in header.metadata:
        mask = part
    else:
        rows, columns = image.shape
        if row0 < 0 or column0 < 0 or row0 + part.shape[0] > rows or column0 + part.shape[1] > columns:
            raise RoiError(f"“{name}” reaches beyond the image: it was drawn on another image.")
        mask = np.zeros(image.shape, dtype=bool)
        mask[row0 : row0 + part.shape[0], column0 : column0 + part.shape[1]] = part
    if not mask.any():
        raise elsewhere(chosen.name)
    geometry = raw.geometry
    if geometry is not None and raw.spacing_mm is not None and mask is not part:
        geometry = geometry.shifted(-row0, -column0, raw.spacing_mm)
    return mask, raw.spacing_mm, geometry


def _segments(name: str, header: VolumeHeader) -> list[_Segment]:
    keys = header.metadata
    numbers = sorted({int(match[1]) for key in keys if (match := re.match(r"Segment(\d{1,6})_(?:ID|Name)$", key))})
    segments = []
    for position, number in enumerate(numbers):
        prefix = f"Segment{number}_"
        identifier = keys.get(prefix + "ID", "")
        # Files older than Slicer 4.11 have a layer of ones for each segment and say neither label nor layer.
        layer = keys.get(prefix + "Layer", str(position if header.components > 1 else 0))
        label = keys.get(prefix + "LabelValue", "1")
        if not (layer.isdecimal() and int(layer) < header.components and label.isdecimal()):
            raise RoiError(f"“{name}” describes its segments wrongly: save the segmentation again.")
        segments.append(_Segment(identifier, keys.get(prefix + "Name", identifier), int(label), int(layer)))
    return segments


def _choose(name: str, segments: list[_Segment], segment: str | None, label: int | None) -> _Segment:
    known = listed([f"“{shown_name(item.name)}”" for item in segments])
    matching = segments
    if segment is not None:
        matching = [item for item in segments if item.identifier == segment] or [
            item for item in segments if item.name == segment
        ]
    if label is not None:
        matching = [item for item in matching if item.label == label]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        raise RoiError(f"“{name}” has no such segment: it has {known}.")
    raise RoiError(
        f"“{name}” has {len(segments)} segments ({known}): say which one is the tumour by its name (--segment)."
    )


def _offset(name: str, metadata: Mapping[str, str]) -> tuple[int, int, int]:
    """Where the file's first voxel lies on the reference image, along i, j, k."""
    text = metadata.get(_OFFSET_KEY, "0 0 0").split()
    try:
        i, j, k = (int(part) for part in text)
    except ValueError as error:
        raise RoiError(f"“{name}” describes its place on the image wrongly: save the segmentation again.") from error
    return i, j, k


def _axis_like(header: VolumeHeader, image: SliceImage) -> int:
    """The axis across which the image was cut: a cropped file may be thin along another one by chance."""
    if image.geometry is None or header.directions is None:
        return 2
    normal = np.cross(image.geometry.column_direction, image.geometry.row_direction)
    axis = int(np.abs(header.directions @ normal).argmax())
    return axis if header.sizes[axis] == 1 or axis == 2 else slice_axis(header)


def _slice_on_image(
    name: str,
    header: VolumeHeader,
    image: SliceImage,
    offset: tuple[int, int, int],
    axis: int,
    slice_index: int | None,
) -> int:
    """The file's own index of the slice the image shows; outside the file where the segments do not reach it."""
    if slice_index is not None:
        return slice_index - offset[axis]
    in_plane = slice_in_patient(header, axis, image.geometry)
    if in_plane is not None:
        return in_plane
    if _reference_slices(header.metadata, axis) == 1:
        return 0
    if _OFFSET_KEY in header.metadata or header.sizes[axis] == image.slice_count:
        return image.slice_index - offset[axis]
    if header.sizes[axis] == 1:
        return 0
    raise RoiError(f"“{name}” has {header.sizes[axis]} slices: say on which one the region was drawn.")


def _reference_slices(metadata: Mapping[str, str], axis: int) -> int | None:
    """How many slices the image had on which the segments were drawn; Slicer shows a frame of a film as one slice.

    The geometry is a 4 × 4 matrix by rows, then the first and last index along i, j and k.
    """
    match = re.search(r"Reference image geometry\|([^|]*)\|", metadata.get("Segmentation_ConversionParameters", ""))
    numbers = [] if match is None else match[1].rstrip(";").split(";")
    try:
        first, last = (int(numbers[16 + 2 * axis + end]) for end in (0, 1))
    except (IndexError, ValueError):
        return None
    return last - first + 1
