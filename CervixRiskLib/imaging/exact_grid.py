"""The exact grid of a slice beside an NRRD header, which cannot hold all of it.

A header keeps pixel size and direction as one product, from which neither comes back to the last digit; it cannot say
that a position is known in two dimensions only, nor give a position where the pixel size is unknown. A key of our own
says it all in JSON. It counts only where it agrees with the header: software that resamples or moves the image passes
foreign keys on unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .slice_geometry import SliceGeometry
from .slice_image import SliceImage

_KEY = "CervixRisk_SliceGrid"
_RELATIVE_TOLERANCE = 1e-9
_ORIGIN_TOLERANCE_MM = 1e-9
# DICOM's direction cosines are rounded and so no exact unit vectors; the header's are.
_DIRECTION_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class ExactGrid:
    """Voxel sizes, origin and directions as :class:`VolumeHeader` has them, for one slice across k."""

    spacing: tuple[float, float, float] | None
    origin: np.ndarray
    directions: np.ndarray
    planar: bool


def exact_grid_metadata(image: SliceImage) -> dict[str, str]:
    """The key to write beside the header, none where the slice has no position."""
    if image.geometry is None:
        return {}
    grid = {
        "spacing_mm": image.spacing_mm,
        "origin_mm": image.geometry.origin_mm,
        "column_direction": image.geometry.column_direction,
        "row_direction": image.geometry.row_direction,
        "planar": image.geometry.planar,
    }
    return {_KEY: json.dumps(grid)}


def read_exact_grid(
    metadata: Mapping[str, str],
    spacing: tuple[float, float, float] | None,
    origin: np.ndarray | None,
    directions: np.ndarray | None,
) -> ExactGrid | None:
    """The grid that the key gives, ``None`` where there is none or it contradicts the header's values."""
    if _KEY not in metadata:
        return None
    try:
        grid = json.loads(metadata[_KEY])
        geometry = SliceGeometry(
            _numbers(grid["origin_mm"], 3),
            _numbers(grid["column_direction"], 3),
            _numbers(grid["row_direction"], 3),
            grid["planar"] is True,
        )
        sizes = None if grid["spacing_mm"] is None else _numbers(grid["spacing_mm"], 2)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    right, down = np.array(geometry.column_direction), np.array(geometry.row_direction)
    exact = ExactGrid(
        None if sizes is None or spacing is None else (sizes[1], sizes[0], spacing[2]),
        np.array(geometry.origin_mm),
        np.array([right, down, np.cross(right, down)]),
        geometry.planar,
    )
    return exact if _agrees(exact, sizes, spacing, origin, directions) else None


def _agrees(
    exact: ExactGrid,
    sizes: tuple[float, ...] | None,
    spacing: tuple[float, float, float] | None,
    origin: np.ndarray | None,
    directions: np.ndarray | None,
) -> bool:
    if (sizes is None) != (spacing is None) or (spacing is None) != (origin is None or directions is None):
        return False
    lengths = np.linalg.norm(exact.directions, axis=1)
    if not np.allclose(lengths, 1.0, rtol=0, atol=_DIRECTION_TOLERANCE):
        return False
    if sizes is None or spacing is None or origin is None or directions is None:
        return True
    return bool(
        np.allclose((sizes[1], sizes[0]), spacing[:2], rtol=_RELATIVE_TOLERANCE, atol=0)
        and np.allclose(exact.origin, origin, rtol=_RELATIVE_TOLERANCE, atol=_ORIGIN_TOLERANCE_MM)
        and np.allclose(exact.directions, directions, rtol=0, atol=_DIRECTION_TOLERANCE)
    )


def _numbers(values: object, count: int) -> tuple:
    if not isinstance(values, list) or len(values) != count:
        raise ValueError("numbers")
    numbers = tuple(float(value) for value in values)
    if not np.isfinite(numbers).all():
        raise ValueError("numbers")
    return numbers
