"""The vertices of a one-slice mask's mesh, as far as diameters need them, and the largest distance between them.

The mesh has a vertex in the middle of each grid edge that joins a pixel of the region with one outside it: between
neighbours in the plane, and half a slice above and below each pixel. Positions here are in half pixels, whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Extent:
    """The outermost vertices of each line: where the line is, and its first and last vertex."""

    line: np.ndarray
    first: np.ndarray
    last: np.ndarray

    def length(self) -> np.ndarray:
        """From the first to the last vertex of each line."""
        return self.last - self.first

    def hull(self) -> np.ndarray:
        """``(n, 2)`` corners of the convex hull as (line, position)."""
        return np.array(_chain(self.line, self.first, 1) + _chain(self.line, self.last, -1), dtype=np.float64)


def pixel_centres(box: np.ndarray) -> Extent:
    """The pixels' centres, by row of ``box``: a mask cut to its bounding box."""
    lines = np.flatnonzero(box.any(axis=1))
    occupied = box[lines]
    first = occupied.argmax(axis=1)
    last = box.shape[1] - 1 - occupied[:, ::-1].argmax(axis=1)
    return Extent(2 * lines, 2 * first, 2 * last)


def edge_middles(box: np.ndarray) -> Extent:
    """The middles of the in-plane edges between inside and outside, by row and by the gap between two rows."""
    centres = pixel_centres(box)
    framed = np.pad(box, 1)
    between = pixel_centres(framed[1:] != framed[:-1])
    line = np.concatenate([centres.line, between.line - 1])
    first = np.concatenate([centres.first - 1, between.first - 2])
    last = np.concatenate([centres.last + 1, between.last - 2])
    order = np.argsort(line)
    return Extent(line[order], first[order], last[order])


def largest_distance(first: np.ndarray, second: np.ndarray, spacing: tuple[float, float]) -> float:
    """Largest squared distance from a point of ``first`` to one of ``second``, both ``(n, 2)`` in half pixels."""
    step = np.asarray(spacing, dtype=np.float64) / 2
    rows = (first[:, :1] - second[None, :, 0]) * step[0]
    columns = (first[:, 1:] - second[None, :, 1]) * step[1]
    return float((rows * rows + columns * columns).max())


def _chain(lines: np.ndarray, positions: np.ndarray, side: int) -> list[tuple[int, int]]:
    """One side of the hull by a monotone chain (Andrew 1979); ``side`` is 1 for first positions, -1 for last."""
    chain: list[tuple[int, int]] = []
    for line, position in zip(lines.tolist(), positions.tolist(), strict=True):
        while len(chain) > 1:
            (line_1, position_1), (line_2, position_2) = chain[-2:]
            turn = (line_2 - line_1) * (position - position_1) - (line - line_1) * (position_2 - position_1)
            if side * turn > 0:
                break
            chain.pop()
        chain.append((line, position))
    return chain
