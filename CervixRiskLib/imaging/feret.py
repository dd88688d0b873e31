"""The largest calliper (Feret) diameter of a mask."""

from __future__ import annotations

import numpy as np


def max_feret_diameter(mask: np.ndarray, spacing: tuple[float, float] = (1.0, 1.0)) -> float:
    """Largest distance between two points of the area that the mask's pixels cover.

    A pixel covers its whole square, so the calliper lies on pixel corners: a single pixel of 1 mm measures 1.41 mm, and
    a row of ten measures ``sqrt(10² + 1²)`` mm.

    Parameters
    ----------
    mask
        ``(rows, columns)`` bool with at least one pixel set.
    spacing
        ``(row, column)`` pixel size; the result has its unit.
    """
    corners = _hull_of_corners(mask) * np.asarray(spacing, dtype=np.float64)
    # Relative to the first corner, so that the squares lose no digits in large images.
    corners -= corners[0]
    squared_norm = (corners**2).sum(axis=1)
    squared = squared_norm[:, None] + squared_norm[None, :] - 2.0 * (corners @ corners.T)
    first, second = np.unravel_index(int(squared.argmax()), squared.shape)
    return float(np.hypot(*(corners[first] - corners[second])))


def _hull_of_corners(mask: np.ndarray) -> np.ndarray:
    """Convex hull of the set pixels' corners, ``(n, 2)`` as (row, column), pixel (0, 0) covering 0-1.

    On each horizontal grid line only the leftmost and the rightmost corner can lie on the hull; a monotone chain on
    either side keeps the convex ones (Andrew, Information Processing Letters 9:216-219, 1979).
    """
    rows = np.flatnonzero(mask.any(axis=1))
    columns = mask.shape[1]
    occupied = mask[rows]
    first = occupied.argmax(axis=1)
    last = columns - occupied[:, ::-1].argmax(axis=1)
    left = np.full(mask.shape[0] + 1, columns + 1)
    right = np.full(mask.shape[0] + 1, -1)
    for shift in (0, 1):
        left[rows + shift] = np.minimum(left[rows + shift], first)
        right[rows + shift] = np.maximum(right[rows + shift], last)
    lines = np.flatnonzero(right >= 0)
    outline = _convex_chain(lines, left[lines], 1) + _convex_chain(lines, right[lines], -1)
    return np.array(outline, dtype=np.float64)


def _convex_chain(lines: np.ndarray, columns: np.ndarray, sign: int) -> list[tuple[int, int]]:
    """The points of one side that are convex towards it; ``sign`` is 1 for the left side, -1 for the right."""
    chain: list[tuple[int, int]] = []
    for row, column in zip(lines.tolist(), columns.tolist(), strict=True):
        while len(chain) > 1:
            (row1, column1), (row2, column2) = chain[-2], chain[-1]
            if sign * ((row2 - row1) * (column - column1) - (row - row1) * (column2 - column1)) > 0:
                break
            chain.pop()
        chain.append((row, column))
    return chain
