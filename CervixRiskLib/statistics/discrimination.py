"""Area under the ROC curve with DeLong's interval and paired test.

DeLong, DeLong & Clarke-Pearson, Biometrics 1988;44:837-845; through midranks in O(n log n) as in
Sun & Xu, IEEE Signal Processing Letters 2014;21:1389-1393.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from .outcome import binary_outcome, check_confidence, scores_for
from .ranks import midranks


@dataclass(frozen=True)
class AucInterval:
    """An AUC with DeLong's interval, cut to 0-1 as pROC does. A perfect separation has no width: 1 (1 to 1)."""

    auc: float
    lower: float
    upper: float
    standard_error: float


@dataclass(frozen=True)
class PairedTest:
    """Two-sided DeLong test of two scores on the same cases; ``difference`` is the first AUC less the second."""

    z: float
    p: float
    difference: float
    standard_error: float
    lower: float
    upper: float

    @classmethod
    def of(cls, difference: float, standard_error: float, confidence: float) -> PairedTest:
        """z and p of a difference, and its interval, cut to -1 to 1.

        Without a standard error nothing differs (z = 0, p = 1), or the test is not defined (NaN).
        """
        if standard_error == 0.0:
            if difference == 0.0:
                return cls(0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
            return cls(math.nan, math.nan, difference, 0.0, math.nan, math.nan)
        z = difference / standard_error
        half = float(ndtri(1 - (1 - confidence) / 2)) * standard_error
        lower, upper = max(-1.0, difference - half), min(1.0, difference + half)
        return cls(z, float(2.0 * ndtr(-abs(z))), difference, standard_error, lower, upper)


def auc(y: ArrayLike, score: ArrayLike) -> float:
    """Probability that a positive case scores higher than a negative one, ties counting half.

    Parameters
    ----------
    y, score
        ``(n,)`` outcome 0/1 and score; a higher score speaks for the positive class.

    Raises
    ------
    TrainingError
        One class only, or a score is missing.
    """
    positive = binary_outcome(y)
    return float(auc_many(scores_for(positive, score)[:, np.newaxis], positive)[0])


def auc_many(X: ArrayLike, y: ArrayLike) -> np.ndarray:
    """AUC of every column of ``X`` ``(n, p)`` against ``y`` ``(n,)``: ``(p,)``, not turned to lie above 0.5."""
    positive = binary_outcome(y)
    ranks, _ = midranks(X)
    if ranks.shape[1] != positive.size:
        raise ValueError(f"{ranks.shape[1]} rows do not fit {positive.size} outcomes.")
    count = int(positive.sum())
    u = ranks[:, positive].sum(axis=1) - count * (count + 1) / 2.0
    return u / (count * (positive.size - count))


def delong_interval(y: ArrayLike, score: ArrayLike, confidence: float = 0.95) -> AucInterval:
    """AUC of a score ``(n,)`` against an outcome 0/1 ``(n,)``, with its standard error and interval after DeLong.

    Raises
    ------
    TrainingError
        Fewer than two cases of either class, or a score is missing.
    """
    confidence = check_confidence(confidence)
    positive = binary_outcome(y, least=2)
    over_negatives, over_positives = _placements(positive, scores_for(positive, score))
    area = _area(over_negatives, over_positives)
    error = _standard_error(over_negatives, over_positives)
    half = float(ndtri(1 - (1 - confidence) / 2)) * error
    return AucInterval(area, max(0.0, area - half), min(1.0, area + half), error)


def delong_test(y: ArrayLike, a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> PairedTest:
    """Do two scores ``(n,)`` of the same cases differ in AUC?

    Scores that rank the cases alike (identical ones among them) give z = 0, p = 1. Where the variance of the
    difference is zero and the difference is not (a perfect score against a constant one), DeLong's test is not
    defined: z, p and the interval are NaN, never p = 0.

    Raises
    ------
    TrainingError
        Fewer than two cases of either class, or a score is missing.
    """
    confidence = check_confidence(confidence)
    positive = binary_outcome(y, least=2)
    first, second = (_placements(positive, scores_for(positive, score)) for score in (a, b))
    # Placements are whole numbers, so equality of two scores is exact and not a matter of rounding.
    over_negatives = first[0] - second[0]
    over_positives = first[1] - second[1]
    difference = _area(over_negatives, over_positives)
    error = _standard_error(over_negatives, over_positives)
    return PairedTest.of(difference, error, confidence)


def _placements(positive: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Twice the number of cases of the other class each case beats (a tie counts one): positives, then negatives.

    Whole numbers; divided by twice the other class's size these are DeLong's structural components V10 and V01.
    """
    everyone = midranks(score[:, np.newaxis])[0][0]
    among_positives = midranks(score[positive][:, np.newaxis])[0][0]
    among_negatives = midranks(score[~positive][:, np.newaxis])[0][0]
    below = 2.0 * (everyone[positive] - among_positives)
    above = 2.0 * (positive.sum() - (everyone[~positive] - among_negatives))
    return below, above


def _area(over_negatives: np.ndarray, over_positives: np.ndarray) -> float:
    return float(over_negatives.sum() / (2.0 * over_negatives.size * over_positives.size))


def _standard_error(over_negatives: np.ndarray, over_positives: np.ndarray) -> float:
    positives, negatives = over_negatives.size, over_positives.size
    variance = 0.0
    if np.ptp(over_negatives) > 0:
        variance += float((over_negatives / (2.0 * negatives)).var(ddof=1)) / positives
    if np.ptp(over_positives) > 0:
        variance += float((over_positives / (2.0 * positives)).var(ddof=1)) / negatives
    return math.sqrt(variance)
