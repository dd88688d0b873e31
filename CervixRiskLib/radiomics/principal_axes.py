"""The axes of the ellipse that spreads as the region's pixels do."""

from __future__ import annotations

import numpy as np

from .roi_grid import RoiGrid


def axis_lengths(grid: RoiGrid, spacing: tuple[float, float]) -> tuple[float, float]:
    """Minor and major axis: four times the square roots of the eigenvalues of the pixel centres' covariance."""
    rows, columns = grid.rows_columns
    places = np.stack([rows, columns]) * np.asarray(spacing, dtype=np.float64)[:, None]
    places -= places.mean(axis=1, keepdims=True)
    places /= np.sqrt(grid.n_pixels)
    minor, major = np.linalg.eigvalsh(places @ places.T)
    # A region one pixel wide has no width; rounding may leave a trace of either sign.
    return 4 * float(np.sqrt(max(minor, 0.0))), 4 * float(np.sqrt(max(major, 0.0)))
