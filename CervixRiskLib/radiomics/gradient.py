"""Gradient magnitude: central differences, edges continued by their own value (ITK's GradientMagnitudeImageFilter)."""

from __future__ import annotations

import numpy as np

from .roi_grid import RoiGrid


def gradient_magnitude(pixels: np.ndarray, grid: RoiGrid, spacing: tuple[float, float]) -> np.ndarray:
    """|∇x| in the region.

    Parameters
    ----------
    pixels
        ``(rows, columns)`` float32, the whole image.
    grid
        The region.
    spacing
        ``(row, column)`` distance between pixels; ``(1, 1)`` for a gradient per pixel.

    Returns
    -------
    numpy.ndarray
        ``(n_pixels,)`` float32, computed in float64.
    """
    rows, columns, top, left = grid.window(1)
    crop = pixels[rows, columns].astype(np.float64)
    # Where the window was cut at the image's edge, repeat the edge.
    height, width = grid.box.shape
    pad_rows = (1 - top, 1 - (crop.shape[0] - top - height))
    pad_columns = (1 - left, 1 - (crop.shape[1] - left - width))
    crop = np.pad(crop, (pad_rows, pad_columns), mode="edge")
    along_rows, along_columns = 0.5 / spacing[0], 0.5 / spacing[1]
    down = along_rows * crop[2:, 1:-1] - along_rows * crop[:-2, 1:-1]
    right = along_columns * crop[1:-1, 2:] - along_columns * crop[1:-1, :-2]
    # A value that overflows float32 is found, and said in a sentence, when the features are checked.
    with np.errstate(over="ignore"):
        return grid.take(np.sqrt(right * right + down * down)).astype(np.float32)
