"""AUC of two or more groups: each against the rest, averaged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TrainingError
from .discrimination import auc, delong_interval
from .outcome import group_codes
from .patient_resampling import patient_bootstrap, shares_patients
from .proportions import Estimate


def macro_auc(truth: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean over the groups of the AUC of a group's probability for telling it from the rest.

    Each group counts alike, however rare (Fawcett, Pattern Recognition Letters 2006;27:861-874, section 10; equal
    weights). With two groups it is the AUC of the second column.

    Parameters
    ----------
    truth
        ``(n,)`` codes 0 … k - 1.
    probabilities
        ``(n, k)``, k at least 2.

    Raises
    ------
    TrainingError
        A group has no case, or a probability is missing.
    """
    codes, scores = _checked(truth, probabilities)
    empty = np.flatnonzero(np.bincount(codes, minlength=scores.shape[1]) == 0)
    if empty.size:
        raise TrainingError(f"Group {empty[0]} has no case: the AUC needs cases of every group.")
    return _mean_auc(codes, scores)


def macro_auc_interval(
    truth: ArrayLike,
    probabilities: ArrayLike,
    groups: Sequence[Any] | np.ndarray | None = None,
    *,
    resamples: int = 2000,
    seed: int = 42,
    confidence: float = 0.95,
) -> Estimate:
    """:func:`macro_auc` with its interval.

    Two groups and one case a patient: DeLong (:func:`.delong_interval`). Otherwise the percentile bootstrap over
    patients within the groups (:func:`.patient_bootstrap`).

    Parameters
    ----------
    truth, probabilities
        ``(n,)`` codes and ``(n, k)``.
    groups
        ``(n,)`` patient identifiers; without them every case is a patient.

    Raises
    ------
    TrainingError
        A group has no case (for DeLong: fewer than two), a probability is missing, or the AUC is undefined in more
        than a tenth of the resamples.
    """
    codes, scores = _checked(truth, probabilities)
    if scores.shape[1] == 2 and not shares_patients(groups, codes.size):
        analytic = delong_interval(codes, scores[:, 1], confidence)
        return Estimate(analytic.auc, analytic.lower, analytic.upper)
    value = macro_auc(codes, scores)
    found = patient_bootstrap(
        _mean_auc, [codes, scores], codes, groups, resamples=resamples, seed=seed, confidence=confidence
    )
    return Estimate(value, found.lower, found.upper)


def _checked(truth: ArrayLike, probabilities: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    scores = np.asarray(probabilities, dtype=float)
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise ValueError(f"Probabilities must be (cases, groups) with two groups at least, not {scores.shape}.")
    codes = group_codes(truth, scores.shape[1])
    if len(codes) != len(scores):
        raise ValueError(f"Probabilities of {len(scores)} cases do not fit {len(codes)} outcomes.")
    if np.isnan(scores).any():
        raise TrainingError(f"{int(np.isnan(scores).any(axis=1).sum())} of {len(scores)} cases lack a probability.")
    return codes, scores


def _mean_auc(codes: np.ndarray, scores: np.ndarray) -> float:
    """NaN where a group has no case, which a resample of patients with several cases can lose."""
    classes = scores.shape[1]
    if (np.bincount(codes, minlength=classes) == 0).any():
        return math.nan
    if classes == 2:
        return auc(codes == 1, scores[:, 1])
    return float(np.mean([auc(codes == code, scores[:, code]) for code in range(classes)]))
