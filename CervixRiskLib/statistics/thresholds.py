"""A cut-off on a score, and what it does to the cases."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .outcome import binary_outcome, scores_for
from .proportions import Estimate, Proportion, ProportionMethod, proportion


@dataclass(frozen=True)
class OperatingPoint:
    """Counts and proportions at a threshold; ``score >= threshold`` is called positive.

    A proportion without cases (the PPV when nobody is called positive) has the value NaN and the interval 0 to 1.
    """

    threshold: float
    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int
    accuracy: Proportion
    sensitivity: Proportion
    specificity: Proportion
    ppv: Proportion
    npv: Proportion
    balanced_accuracy: Estimate


def youden_threshold(y: ArrayLike, score: ArrayLike) -> float:
    """The threshold with the largest Youden index, sensitivity + specificity - 1.

    Candidates are the midpoints between neighbouring distinct scores, and the lowest score (everyone positive, index
    0: what remains when the score is no better than chance). Of equally good thresholds the lowest is taken, the one
    with the highest sensitivity. Youden, Cancer 1950;3:32-35.

    Raises
    ------
    TrainingError
        One class only, or a score is missing or infinite.
    """
    positive = binary_outcome(y)
    values = scores_for(positive, score, finite=True)
    levels, place = np.unique(values, return_inverse=True)
    positives = np.bincount(place[positive], minlength=levels.size)
    negatives = np.bincount(place[~positive], minlength=levels.size)
    # Cases of each class at or above every level, so that entry i belongs to a threshold between levels i - 1 and i.
    hits = np.cumsum(positives[::-1])[::-1]
    alarms = np.cumsum(negatives[::-1])[::-1]
    # The Youden index times positives times negatives: whole numbers, so ties are exact.
    best = int(np.argmax(hits * negatives.sum() - alarms * positives.sum()))
    if best == 0:
        return float(levels[0])
    below, above = float(levels[best - 1]), float(levels[best])
    middle = below / 2 + above / 2
    # Between adjacent floating-point numbers there is no midpoint.
    return middle if below < middle <= above else above


def operating_point(
    y: ArrayLike,
    score: ArrayLike,
    threshold: float,
    confidence: float = 0.95,
    method: str | ProportionMethod = ProportionMethod.CLOPPER_PEARSON,
) -> OperatingPoint:
    """Counts and proportions with intervals when ``score >= threshold`` is called positive.

    ``y`` and ``score`` are ``(n,)``; one class alone is allowed. The interval of the balanced accuracy joins those of
    sensitivity and specificity by the square-and-add rule (Newcombe, Statistics in Medicine 1998;17:873-890).

    Raises
    ------
    TrainingError
        The outcome is not 0/1, or a score is missing.
    """
    positive = binary_outcome(y, both_classes=False)
    values = scores_for(positive, score)
    if math.isnan(threshold):
        raise ValueError("The threshold is not a number.")
    called = values >= threshold
    tp, fp = int((called & positive).sum()), int((called & ~positive).sum())
    fn, tn = int((~called & positive).sum()), int((~called & ~positive).sum())

    def of(numerator: int, denominator: int) -> Proportion:
        return proportion(numerator, denominator, confidence, method)

    sensitivity, specificity = of(tp, tp + fn), of(tn, tn + fp)
    return OperatingPoint(
        threshold=float(threshold),
        true_positive=tp,
        false_positive=fp,
        true_negative=tn,
        false_negative=fn,
        accuracy=of(tp + tn, positive.size),
        sensitivity=sensitivity,
        specificity=specificity,
        ppv=of(tp, tp + fp),
        npv=of(tn, tn + fn),
        balanced_accuracy=_mean(sensitivity, specificity),
    )


def _mean(a: Proportion, b: Proportion) -> Estimate:
    """Mean of two independent proportions, with an interval by the square-and-add rule."""
    value = (a.value + b.value) / 2
    if math.isnan(value):
        return Estimate(math.nan, 0.0, 1.0)
    lower = value - math.hypot(a.value - a.lower, b.value - b.lower) / 2
    upper = value + math.hypot(a.upper - a.value, b.upper - b.value) / 2
    return Estimate(value, max(0.0, lower), min(1.0, upper))
