"""Where the pixels of a region lie: worked out once, used by every filter and every matrix."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class RoiGrid:
    """A region in its bounding box.

    Parameters
    ----------
    mask
        ``(rows, columns)`` bool of the whole image.
    top, left, bottom, right
        First row and column of the bounding box, and one past its last.
    """

    mask: np.ndarray
    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def of(cls, mask: np.ndarray) -> RoiGrid:
        """The grid of a mask that has at least one pixel."""
        rows = np.flatnonzero(mask.any(axis=1))
        columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
        return cls(mask, int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)

    @cached_property
    def box(self) -> np.ndarray:
        """The mask inside the bounding box."""
        return np.ascontiguousarray(self.mask[self.top : self.bottom, self.left : self.right])

    @cached_property
    def inside(self) -> np.ndarray:
        """Positions of the region's pixels in the flattened bounding box, row by row."""
        return np.flatnonzero(self.box)

    @property
    def n_pixels(self) -> int:
        return len(self.inside)

    @cached_property
    def rows_columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of each pixel inside the bounding box."""
        rows, columns = np.divmod(self.inside, self.box.shape[1])
        return rows, columns

    def margin_to_edge(self) -> int:
        """Pixels between the bounding box and the nearest edge of the image."""
        rows, columns = self.mask.shape
        return min(self.top, self.left, rows - self.bottom, columns - self.right)

    def window(self, margin: int) -> tuple[slice, slice, int, int]:
        """Rows and columns of the bounding box with ``margin``, cut at the image's edge, and the box's place in it."""
        rows, columns = self.mask.shape
        top, left = max(self.top - margin, 0), max(self.left - margin, 0)
        window = slice(top, min(self.bottom + margin, rows)), slice(left, min(self.right + margin, columns))
        return (*window, self.top - top, self.left - left)

    def take(self, box_values: np.ndarray) -> np.ndarray:
        """``(…, box rows, box columns)`` → ``(…, n_pixels)``."""
        return np.take(box_values.reshape(*box_values.shape[:-2], -1), self.inside, axis=-1)

    @cached_property
    def run_orders(self) -> tuple[tuple[np.ndarray | None, np.ndarray], ...]:
        """For each direction with two pixels on one line: the pixels' order along the lines, and where lines break.

        The order is ``None`` where it is the pixels' own (rows). A break is ``True`` at each pixel whose predecessor in
        that order is not its neighbour along the line. Directions whose every line holds a single pixel are left out,
        as the reference leaves them out of its mean.
        """
        rows, columns = self.rows_columns
        orders: list[tuple[np.ndarray | None, np.ndarray]] = []
        n_columns = self.box.shape[1]
        # (line, position on the line) for rows, columns, and both diagonals.
        for line, position, own_order in (
            (rows, columns, True),
            (columns, rows, False),
            (rows - columns + n_columns, rows, False),
            (rows + columns, rows, False),
        ):
            order = None if own_order else np.argsort(line * np.int64(self.box.shape[0]) + position, kind="stable")
            if order is not None:
                line, position = line[order], position[order]
            same_line = line[1:] == line[:-1]
            if not same_line.any():
                continue
            breaks = np.ones(len(line), dtype=bool)
            breaks[1:] = ~(same_line & (position[1:] == position[:-1] + 1))
            orders.append((order, breaks))
        return tuple(orders)
