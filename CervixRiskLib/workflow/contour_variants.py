"""A contour moved by one pixel in every way, to see how far an answer hangs on where exactly it was drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..imaging import Roi

_SHIFTS = (("up", -1, 0), ("down", 1, 0), ("left", 0, -1), ("right", 0, 1))


@dataclass(frozen=True)
class ContourVariants:
    """Name and contour; and a sentence for each one that there is not."""

    variants: tuple[tuple[str, Roi], ...]
    left_out: tuple[str, ...] = ()


def contour_variants(roi: Roi) -> ContourVariants:
    """``roi`` one pixel larger, smaller, and shifted up, down, left and right.

    Larger and smaller by the four neighbours of a pixel. Where the contour touches the image's border the tumour is
    taken to go on behind it: it does not shrink away from there, and is not shifted over it. What would vanish or be
    the contour itself is left out.
    """
    from scipy.ndimage import binary_dilation, binary_erosion

    made: list[tuple[str, Roi]] = []
    left_out: list[str] = []
    larger = _around(roi, binary_dilation)
    smaller = _around(roi, lambda mask: binary_erosion(mask, border_value=1))
    if np.array_equal(larger, roi.mask):
        left_out.append("larger: it fills the image")
    else:
        made.append(("larger", Roi(larger, roi.spacing_mm)))
    if not smaller.any():
        left_out.append("smaller: nothing would be left")
    elif not np.array_equal(smaller, roi.mask):
        made.append(("smaller", Roi(smaller, roi.spacing_mm)))
    for name, rows, columns in _SHIFTS:
        if _leaves(roi, rows, columns):
            left_out.append(f"{name}: it would leave the image")
        else:
            made.append((name, Roi(np.roll(roi.mask, (rows, columns), axis=(0, 1)), roi.spacing_mm)))
    return ContourVariants(tuple(made), tuple(left_out))


def _around(roi: Roi, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """``change`` of the mask, worked out on the contour and one pixel around it: large images cost no time."""
    row0, column0, row1, column1 = roi.bounding_box
    near = np.s_[max(row0 - 1, 0) : row1 + 1, max(column0 - 1, 0) : column1 + 1]
    changed = np.zeros_like(roi.mask)
    changed[near] = change(roi.mask[near])
    return changed


def _leaves(roi: Roi, rows: int, columns: int) -> bool:
    row0, column0, row1, column1 = roi.bounding_box
    height, width = roi.shape
    return row0 + rows < 0 or column0 + columns < 0 or row1 + rows > height or column1 + columns > width
