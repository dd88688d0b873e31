"""Rank tests and rank correlations of all columns at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from .outcome import binary_outcome
from .ranks import midranks


@dataclass(frozen=True, eq=False)
class MannWhitneyResult:
    """``(p,)`` arrays: U of the positive cases, the two-sided p-value, and the AUC (U over the number of pairs)."""

    u: np.ndarray
    p_value: np.ndarray
    auc: np.ndarray


def mann_whitney(X: ArrayLike, y: ArrayLike) -> MannWhitneyResult:
    """Mann-Whitney U test of every column of ``X`` ``(n, p)`` between the classes of ``y`` ``(n,)``.

    Normal approximation with correction for ties and continuity, two-sided: what
    ``scipy.stats.mannwhitneyu(positives, negatives, method="asymptotic")`` gives. A constant column has p = 1.

    Raises
    ------
    TrainingError
        One class only, or a value is missing.
    """
    positive = binary_outcome(y)
    ranks, tie_sums = midranks(X)
    n = positive.size
    if ranks.shape[1] != n:
        raise ValueError(f"{ranks.shape[1]} rows do not fit {n} outcomes.")
    positives = int(positive.sum())
    pairs = positives * (n - positives)
    u = ranks[:, positive].sum(axis=1) - positives * (positives + 1) / 2.0
    variance = pairs / 12.0 * ((n + 1) - tie_sums / (n * (n - 1)))
    distance = np.maximum(u, pairs - u) - pairs / 2.0 - 0.5
    # All values tied: no variance, no evidence.
    tied = tie_sums >= n**3 - n
    z = distance / np.sqrt(np.where(tied, 1.0, variance))
    p_value = np.where(tied, 1.0, np.minimum(1.0, 2.0 * ndtr(-z)))
    return MannWhitneyResult(u, p_value, u / pairs)


def spearman_matrix(X: ArrayLike) -> np.ndarray:
    """Spearman's rank correlation of every pair of columns of ``X`` ``(n, p)``: ``(p, p)``, symmetric, in -1..1.

    The diagonal is 1; a constant column correlates 0 with every other.

    Raises
    ------
    TrainingError
        A value is missing.
    """
    ranks, _ = midranks(X)
    length = ranks.shape[1]
    ranks -= (length + 1) / 2.0
    size = np.sqrt(np.einsum("ij,ij->i", ranks, ranks))
    ranks /= np.where(size > 0, size, 1.0)[:, np.newaxis]
    matrix = ranks @ ranks.T
    np.clip(matrix, -1.0, 1.0, out=matrix)
    np.fill_diagonal(matrix, 1.0)
    return matrix
