"""Midranks of many columns at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TrainingError


def midranks(X: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Ranks 1..n within each column, equal values sharing their mean rank, and each column's tie sum.

    Parameters
    ----------
    X
        ``(n, p)`` numbers without NaN.

    Returns
    -------
    ranks, tie_sums
        ``(p, n)`` float64, column by column of ``X`` (transposed, as sorting wants it), and ``(p,)`` float64:
        the sum of ``t^3 - t`` over the column's groups of ``t`` equal values.

    Raises
    ------
    TrainingError
        A value is missing (NaN).
    """
    columns = np.ascontiguousarray(np.asarray(X, dtype=float).T)
    if columns.ndim != 2:
        raise ValueError(f"Ranks are taken of a matrix (cases, columns), not of {columns.ndim} dimensions.")
    if np.isnan(columns).any():
        bad = np.flatnonzero(np.isnan(columns).any(axis=1))
        raise TrainingError(
            f"{bad.size} of {columns.shape[0]} columns have missing values; the first is column {bad[0]}."
        )
    count, length = columns.shape
    if length == 0:
        return np.zeros((count, 0)), np.zeros(count)
    order = np.argsort(columns, axis=1)
    in_order = np.take_along_axis(columns, order, axis=1)
    first = np.ones((count, length), dtype=bool)
    np.not_equal(in_order[:, 1:], in_order[:, :-1], out=first[:, 1:])
    starts = np.flatnonzero(first.ravel())
    sizes = np.diff(starts, append=count * length)
    middle = starts % length + (sizes + 1) / 2.0
    ranks = np.empty((count, length))
    np.put_along_axis(ranks, order, np.repeat(middle, sizes).reshape(count, length), axis=1)
    tied = sizes > 1
    cubes = sizes[tied].astype(float) ** 3 - sizes[tied]
    return ranks, np.bincount(starts[tied] // length, weights=cubes, minlength=count).astype(float)
