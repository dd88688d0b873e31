"""Texture matrices as lists of their occupied cells.

A matrix of grey level by run length has thousands of cells and a few hundred that are not zero. Every feature here is a
sum over cells to which an empty cell adds nothing, so the matrices of all images and directions are kept as one list of
(matrix, row, column, count), and each feature is one weighted ``bincount``. It adds in the order of the list: row by
row, as the reference adds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Up to this many possible keys, counting beats sorting.
_SMALL_TABLE = 500_000
EPSILON = np.spacing(1)


@dataclass(frozen=True, eq=False)
class Cells:
    """The occupied cells of ``n_matrices`` matrices, ordered by matrix, row and column.

    Parameters
    ----------
    matrix
        Which matrix a cell belongs to, from 0.
    i, j
        Its row and column (a grey level; a run length, a zone size, …), from 1.
    count
        What stands in it, float64.
    """

    n_matrices: int
    matrix: np.ndarray
    i: np.ndarray
    j: np.ndarray
    count: np.ndarray

    @classmethod
    def counted(
        cls, n_matrices: int, matrix: np.ndarray, i: np.ndarray, j: np.ndarray, times: np.ndarray | None = None
    ) -> Cells:
        """Cells from one (matrix, i, j) per occurrence, or per ``times`` occurrences, in any order; integers all."""
        rows = int(i.max(initial=0)) + 1
        columns = int(j.max(initial=0)) + 1
        keys = matrix.astype(np.int64) * rows
        keys += i
        keys *= columns
        keys += j
        found, count = count_keys(keys, n_matrices * rows * columns, times)
        rest, found_j = np.divmod(found, columns)
        found_matrix, found_i = np.divmod(rest, rows)
        return cls(n_matrices, found_matrix, found_i, found_j, count.astype(np.float64))

    def sum(self, weights: np.ndarray) -> np.ndarray:
        """Σ over the cells of each matrix, ``(n_matrices,)``."""
        return _sum_per_matrix(self.matrix, weights, self.n_matrices)

    def marginal(self, values: np.ndarray) -> Marginal:
        """Counts summed over all cells of a matrix that share one of ``values`` (``i``, ``j``, ``i + j``, …)."""
        size = int(values.max(initial=0)) + 1
        keys = self.matrix * size + values
        if self.n_matrices * size <= _SMALL_TABLE:
            totals = np.bincount(keys, self.count, minlength=self.n_matrices * size)
            found = np.flatnonzero(totals)
            totals = totals[found]
        else:
            found, position = np.unique(keys, return_inverse=True)
            totals = np.bincount(position, self.count)
        matrix, value = np.divmod(found, size)
        return Marginal(self.n_matrices, matrix, value.astype(np.float64), totals)


@dataclass(frozen=True, eq=False)
class Marginal:
    """Totals per matrix and value, ordered by matrix and value."""

    n_matrices: int
    matrix: np.ndarray
    value: np.ndarray
    total: np.ndarray

    def sum(self, weights: np.ndarray) -> np.ndarray:
        """Σ over the totals of each matrix, ``(n_matrices,)``."""
        return _sum_per_matrix(self.matrix, weights, self.n_matrices)

    def entropy(self) -> np.ndarray:
        """-Σ p log₂(p + ε) with p = ``total``, ``(n_matrices,)``."""
        return -self.sum(self.total * np.log2(self.total + EPSILON))


def _sum_per_matrix(matrix: np.ndarray, weights: np.ndarray, n_matrices: int) -> np.ndarray:
    # Without any cell, bincount forgets that weights are not whole numbers.
    return np.bincount(matrix, weights, minlength=n_matrices).astype(np.float64, copy=False)


def count_keys(keys: np.ndarray, n_keys: int, times: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The keys that occur, ascending, and how often; ``keys`` are integers from 0 to below ``n_keys``."""
    if n_keys <= max(_SMALL_TABLE, 4 * len(keys)):
        counts = np.bincount(keys, times, minlength=1)
        found = np.flatnonzero(counts)
        return found, counts[found]
    if times is None:
        found, counts = np.unique(keys, return_counts=True)
        return found, counts
    found, position = np.unique(keys, return_inverse=True)
    return found, np.bincount(position, times)


def mean_over_directions(values: np.ndarray, image: np.ndarray, n_images: int) -> np.ndarray:
    """Mean of a per-matrix value over the directions of each image; NaN entries and absent directions are left out.

    Parameters
    ----------
    values
        ``(n_matrices,)``.
    image
        ``(n_matrices,)``: which image a matrix belongs to.

    Returns
    -------
    numpy.ndarray
        ``(n_images,)``, NaN for an image without any direction.
    """
    defined = ~np.isnan(values)
    totals = np.bincount(image[defined], values[defined], minlength=n_images)
    n_directions = np.bincount(image[defined], minlength=n_images)
    with np.errstate(invalid="ignore", divide="ignore"):
        return totals / n_directions
