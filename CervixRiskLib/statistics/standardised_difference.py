"""How far apart two groups are in one characteristic, whatever their size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

#: A share of the spread below which a difference is rounding.
_ROUNDING = 1e-12


def standardised_mean_difference(first: ArrayLike, second: ArrayLike) -> float:
    """``(mean₂ - mean₁) / √((s₁² + s₂²) / 2)`` of two sets of values. Austin, Stat Med 2009;28:3083-3107.

    NaN where it is not defined: fewer than two values in a set, or both sets constant at different values.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.size < 2 or b.size < 2:
        return math.nan
    difference = float(b.mean() - a.mean())
    return _ratio(difference, float((a.var(ddof=1) + b.var(ddof=1)) / 2), float(np.abs(a).max() + np.abs(b).max()))


def standardised_share_difference(counts: ArrayLike) -> float:
    """The same of a category: ``√(d' S⁻ d)`` over all levels but the first; of two levels it has a sign.

    Yang & Dalton, SAS Global Forum 2012, paper 335: d is the difference of the levels' shares, S the mean of their
    multinomial covariances. With two levels: positive where the second level is more frequent in the second group.
    NaN where it is not defined: a group without cases, or each group has one level and not the same.

    Parameters
    ----------
    counts
        ``(levels, 2)`` cases of each level in the two groups.
    """
    table = np.asarray(counts, dtype=float)
    sizes = table.sum(axis=0)
    if (sizes == 0).any():
        return math.nan
    shares = (table / sizes)[table.sum(axis=1) > 0][1:]
    difference = shares[:, 1] - shares[:, 0]
    if len(difference) == 0 or not difference.any():
        return 0.0
    if len(table) == 2 and len(difference) == 1:
        return _ratio(float(difference[0]), float((shares * (1 - shares)).sum() / 2), 1.0)
    covariance = sum(np.diag(share) - np.outer(share, share) for share in shares.T) / 2
    if np.linalg.matrix_rank(covariance) < len(difference):
        # Levels that part the groups completely lie in no direction of the covariance.
        return math.nan
    return math.sqrt(float(difference @ np.linalg.solve(covariance, difference)))


def _ratio(difference: float, variance: float, size: float) -> float:
    if abs(difference) <= _ROUNDING * size:
        return 0.0
    return difference / math.sqrt(variance) if variance > (_ROUNDING * size) ** 2 else math.nan
