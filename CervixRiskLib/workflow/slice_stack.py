"""All slices of a file as one volume node."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ImageError
from ..imaging import SliceGeometry, SliceImage
from ..scene import add_slice_volume
from ..scene.pixel_size import pixel_size_of, write_pixel_size
from ..scene.slice_grid import matrix_of
from ..scene.slice_volume import show_grey
from ..scene.volume_origin import MODALITY, write_series
from ..scene.volume_slice import GEOMETRY, NOTES, set_voxels

# A volume node has one grid: its slices lie one behind the other, within this share of their distance.
_EVEN = 0.02
_UNEVEN = "The file's slices do not lie evenly one behind the other; their places in the patient were left out."


def add_slice_stack(scene: Any, slices: Sequence[SliceImage], name: str) -> Any:
    """Put ``slices`` into ``scene`` as one scalar volume across k, its attributes as those of ``add_slice_volume``.

    A single slice keeps its number of how many. Slices of a film, or uneven ones, have no place in the patient: they
    lie 1 mm apart at the origin.

    Raises
    ------
    ImageError
        They have different sizes or pixel sizes.
    """
    first = slices[0]
    if len(slices) == 1:
        return add_slice_volume(scene, first, name)
    if any(image.shape != first.shape or image.spacing_mm != first.spacing_mm for image in slices):
        raise ImageError("The file's slices have different sizes. Save the one to use as a file of its own.")
    places = [image.geometry for image in slices]
    step = _even_step(places)
    notes = list(dict.fromkeys(note for image in slices for note in image.notes))
    if step is None and any(place is not None for place in places) and len(set(places)) > 1:
        notes.append(_UNEVEN)
    geometry = first.geometry if step is not None else None
    matrix = matrix_of(geometry, first.spacing_mm)
    if step is not None:
        matrix[:3, 2] = step * [-1.0, -1.0, 1.0]
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    set_voxels(volume, np.stack([image.pixels for image in slices]), matrix)
    write_pixel_size(volume, pixel_size_of(first))
    volume.SetAttribute(MODALITY, first.modality or "")
    write_series(volume, first.weighting, first.frame_of_reference)
    volume.SetAttribute(GEOMETRY, "none" if geometry is None else "patient")
    volume.SetAttribute(NOTES, json.dumps(notes))
    show_grey(volume, slices[len(slices) // 2])
    return volume


def _even_step(places: Sequence[SliceGeometry | None]) -> np.ndarray | None:
    """From one slice to the next, LPS mm; ``None`` where the slices make no grid."""
    known = [place for place in places if place is not None and not place.planar]
    if len(known) < len(places):
        return None
    first = known[0]
    origins = np.array([place.origin_mm for place in known])
    step: np.ndarray = (origins[-1] - origins[0]) / (len(known) - 1)
    length = float(np.linalg.norm(step))
    if length == 0 or any(not _parallel(first, place) for place in known):
        return None
    expected = origins[0] + np.arange(len(known))[:, None] * step
    across = np.cross(first.column_direction, first.row_direction)
    # A stack that is sheared is no grid that a volume node and its contours can share.
    if np.abs(origins - expected).max() > _EVEN * length or abs(float(across @ step)) < (1 - _EVEN) * length:
        return None
    return step


def _parallel(one: SliceGeometry, other: SliceGeometry) -> bool:
    return bool(
        np.allclose(one.column_direction, other.column_direction, rtol=0, atol=1e-3)
        and np.allclose(one.row_direction, other.row_direction, rtol=0, atol=1e-3)
    )
