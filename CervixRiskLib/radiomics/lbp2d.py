"""Rotation-invariant uniform local binary patterns (Ojala et al. 2002, doi 10.1109/TPAMI.2002.1017623).

The code of a pixel is the number of samples on the circle that are not less than it when the circle has at most two
changes, else the number of samples plus one. Samples are bilinear, zero outside the image. Flat areas are ties that
rounding decides, so the sample positions are computed as scikit-image computes them (rounded to five decimals).
"""

from __future__ import annotations

import numpy as np

from .roi_grid import RoiGrid


def lbp2d(pixels: np.ndarray, grid: RoiGrid, radius: float, samples: int) -> np.ndarray:
    """The codes in the region, ``(n_pixels,)`` float64, whole numbers from 0 to ``samples + 1``.

    Parameters
    ----------
    pixels
        ``(rows, columns)`` float32, the whole image.
    radius
        In pixels.
    samples
        How many samples on the circle.
    """
    angles = 2 * np.pi * np.arange(samples, dtype=np.float64) / samples
    row_offsets = np.round(-radius * np.sin(angles), 5)
    column_offsets = np.round(radius * np.cos(angles), 5)
    centre = pixels[grid.top : grid.bottom, grid.left : grid.right].astype(np.float64)
    not_less = np.empty((samples, *centre.shape), dtype=bool)
    for sample, (row, column) in enumerate(zip(row_offsets, column_offsets, strict=True)):
        value = _bilinear(pixels, np.arange(grid.top, grid.bottom) + row, np.arange(grid.left, grid.right) + column)
        not_less[sample] = value - centre >= 0
    ones = not_less.sum(axis=0)
    # Pairs of samples along the circle, the last with the first left out, as scikit-image counts them.
    changes = (not_less[1:] != not_less[:-1]).sum(axis=0)
    return grid.take(np.where(changes <= 2, ones, samples + 1)).astype(np.float64)


def _bilinear(pixels: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    low_rows, low_columns = np.floor(rows), np.floor(columns)
    row_part, column_part = (rows - low_rows)[:, None], (columns - low_columns)[None, :]
    high_rows, high_columns = np.ceil(rows), np.ceil(columns)
    above = (1 - column_part) * _or_zero(pixels, low_rows, low_columns) + column_part * _or_zero(
        pixels, low_rows, high_columns
    )
    below = (1 - column_part) * _or_zero(pixels, high_rows, low_columns) + column_part * _or_zero(
        pixels, high_rows, high_columns
    )
    return (1 - row_part) * above + row_part * below


def _or_zero(pixels: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Pixels at whole positions, float64, zero outside the image."""
    inside_rows = (rows >= 0) & (rows < pixels.shape[0])
    inside_columns = (columns >= 0) & (columns < pixels.shape[1])
    row_index = np.clip(rows, 0, pixels.shape[0] - 1).astype(np.intp)
    column_index = np.clip(columns, 0, pixels.shape[1] - 1).astype(np.intp)
    values = pixels[np.ix_(row_index, column_index)].astype(np.float64)
    values[~inside_rows, :] = 0
    values[:, ~inside_columns] = 0
    return values
