"""Contrast-limited adaptive histogram equalisation (CLAHE).

K. Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV (1994), 474-485.

The slice is divided into tiles. Each tile's histogram, with its peaks cut at a limit and what was cut spread evenly,
gives a mapping of grey values; every pixel takes the bilinear mixture of the mappings of the four tiles around it.
Counting, cutting and mixing follow OpenCV's ``createCLAHE`` step by step, so that both give the same picture to within
the rounding of OpenCV's whole grey values. SimpleITK's filter has no limit and takes a hundred times as long.
"""

from __future__ import annotations

import numpy as np

from ..errors import SettingsError

LEVELS = 256


def equalise_contrast(pixels: np.ndarray, *, clip: float = 2.0, tiles: int = 8) -> np.ndarray:
    """Equalise local contrast.

    Parameters
    ----------
    pixels
        ``(rows, columns)``, values from 0 to 1; they are counted and mapped at 256 grey values.
    clip
        A grey value's count in a tile is cut at ``clip`` times the count it would have were all values equally
        frequent, rounded down to whole pixels and at least one; > 0. The smaller, the closer to the input; 2 to 4 are
        usual.
    tiles
        Tiles along each axis, >= 1. Where the slice cannot be divided, it is mirrored beyond its last row and column.

    Returns
    -------
    numpy.ndarray
        ``(rows, columns)`` float32 from 0 to 1.

    Raises
    ------
    SettingsError
        Not rows and columns of values from 0 to 1, or ``clip`` or ``tiles`` out of range.
    """
    pixels = np.asarray(pixels)
    if pixels.ndim != 2 or pixels.size == 0:
        raise SettingsError(f"Contrast is equalised on rows and columns; these values have the shape {pixels.shape}.")
    if not (pixels.min() >= 0.0 and pixels.max() <= 1.0):
        raise SettingsError("Contrast is equalised on values from 0 to 1: scale the slice first.")
    if not (0.0 < clip <= 1e6 and 1 <= tiles <= 256):
        raise SettingsError("Equalising contrast takes a limit above 0 and 1 to 256 tiles along each axis.")
    rows, columns = pixels.shape
    levels = (pixels * np.float32(LEVELS - 1) + np.float32(0.5)).astype(np.intp)
    padded = np.pad(levels, ((0, -rows % tiles), (0, -columns % tiles)), mode="reflect")
    height, width = padded.shape[0] // tiles, padded.shape[1] // tiles
    mappings = _mappings(padded, height, width, tiles, clip).ravel()

    row_above, row_below, row_fraction = _neighbours(rows, height, tiles)
    column_left, column_right, column_fraction = _neighbours(columns, width, tiles)
    above = (row_above * (tiles * LEVELS))[:, np.newaxis] + levels
    below = (row_below * (tiles * LEVELS))[:, np.newaxis] + levels
    left, right = column_left * LEVELS, column_right * LEVELS
    upper = mappings.take(above + left)
    upper += (mappings.take(above + right) - upper) * column_fraction
    lower = mappings.take(below + left)
    lower += (mappings.take(below + right) - lower) * column_fraction
    upper += (lower - upper) * row_fraction[:, np.newaxis]
    return np.clip(upper, 0.0, 1.0, out=upper)


def _mappings(levels: np.ndarray, height: int, width: int, tiles: int, clip: float) -> np.ndarray:
    """``(tiles * tiles, LEVELS)`` float32: the grey value from 0 to 1 that each tile gives to each level."""
    area = height * width
    tile = (np.arange(levels.shape[0]) // height * tiles)[:, np.newaxis] + np.arange(levels.shape[1]) // width
    counts = np.bincount((tile * LEVELS + levels).ravel(), minlength=tiles * tiles * LEVELS).reshape(-1, LEVELS)

    limit = max(int(clip * area / LEVELS), 1)
    excess = np.maximum(counts - limit, 0).sum(axis=1, keepdims=True)
    counts = np.minimum(counts, limit) + excess // LEVELS
    # What is left after an equal share for every level goes one by one to levels at an equal distance.
    remainder = excess % LEVELS
    step = np.maximum(LEVELS // np.maximum(remainder, 1), 1)
    level = np.arange(LEVELS)
    counts += (level % step == 0) & (level // step < remainder)
    return (counts.cumsum(axis=1) * (1.0 / area)).astype(np.float32)


def _neighbours(length: int, tile_length: int, tiles: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every pixel along one axis: the tile before, the tile behind, and how far it is on the way."""
    position = np.arange(length) / tile_length - 0.5
    before = np.floor(position).astype(np.intp)
    fraction = (position - before).astype(np.float32)
    return np.maximum(before, 0), np.minimum(before + 1, tiles - 1), fraction
