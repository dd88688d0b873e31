"""Filling a polygon on the pixel grid."""

from __future__ import annotations

import numpy as np

# A pixel centre this close to the outline (in pixels) lies on it.
_ON_OUTLINE = 1e-9


def fill_polygon(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The pixels whose centre lies inside the closed polygon or on its outline.

    Overlapping parts of a polygon that crosses itself follow the even-odd rule. What lies outside the image is cut off.

    Parameters
    ----------
    points
        ``(n, 2)`` vertices as (row, column), finite; the centre of the first pixel is (0, 0). The last vertex joins the
        first.
    shape
        ``(rows, columns)`` of the image.

    Returns
    -------
    numpy.ndarray
        ``(rows, columns)`` bool.
    """
    mask = np.zeros(shape, dtype=bool)
    start, end = points, np.roll(points, -1, axis=0)
    row1, column1, row2, column2 = start[:, 0], start[:, 1], end[:, 0], end[:, 1]
    low, high = np.minimum(row1, row2), np.maximum(row1, row2)
    level = row1 == row2

    first = max(0, int(np.ceil(max(points[:, 0].min(), 0.0) - _ON_OUTLINE)))
    last = int(min(points[:, 0].max() + _ON_OUTLINE, shape[0] - 1))
    for row in range(first, last + 1):
        # A scan line that meets a vertex sees the edges above it or those below it; the outline belongs to both.
        below = ~level & (low <= row) & (row < high)
        above = ~level & (low < row) & (row <= high)
        for crossed in (below, above):
            # The way along the edge first: its slope may overflow, this lies between 0 and 1.
            way = (row - row1[crossed]) / (row2 - row1)[crossed]
            columns = np.sort(column1[crossed] + way * (column2 - column1)[crossed])
            for left, right in zip(columns[0::2], columns[1::2], strict=True):
                _fill_span(mask[row], left, right)
        for edge in np.flatnonzero(level & (row1 == row)):
            left, right = sorted((column1[edge], column2[edge]))
            _fill_span(mask[row], left, right)
    return mask


def _fill_span(line: np.ndarray, left: float, right: float) -> None:
    columns = len(line)
    if right < -_ON_OUTLINE or left > columns - 1 + _ON_OUTLINE:
        return
    first = int(np.ceil(max(left, 0.0) - _ON_OUTLINE))
    last = int(np.floor(min(right, columns - 1.0) + _ON_OUTLINE))
    line[first : last + 1] = True
