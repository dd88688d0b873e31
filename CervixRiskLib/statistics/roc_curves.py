"""The ROC curve with its pointwise confidence band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .outcome import binary_outcome, check_confidence
from .patient_weights import patient_weights, percentile_bounds
from .repeated_scores import repeated_scores


@dataclass(frozen=True, eq=False)
class RocBand:
    """Sensitivity with its pointwise interval at false-positive rates: ``(points,)`` each.

    At a rate where the curve rises vertically the top of the rise is given. ``band`` says how it was made.
    """

    false_positive_rate: np.ndarray
    sensitivity: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    repeats: int
    confidence: float
    band: str


def roc_band(
    y: ArrayLike,
    score: ArrayLike,
    patients: Sequence[Any] | np.ndarray | None = None,
    *,
    points: int = 101,
    resamples: int = 1000,
    seed: np.random.Generator | int = 42,
    confidence: float = 0.95,
) -> RocBand:
    """ROC curve and a pointwise band from the stratified percentile bootstrap.

    At each false-positive rate of an even grid, sensitivity is read off the straight lines between the curve's points,
    in the data and in each resample of the patients within the outcomes (Carpenter & Bithell, Statistics in Medicine
    2000;19:1141-1164; as ``ci.se`` of pROC, Robin et al., BMC Bioinformatics 2011;12:77). Pointwise: the whole curve
    leaves the band more often than each of its points. Curves of several repeats are averaged vertically (Fawcett,
    Pattern Recognition Letters 2006;27:861-874), and so are their bounds.

    Parameters
    ----------
    y, score
        ``(n,)`` outcome 0/1, and ``(n,)`` or ``(repeats, n)`` scores, higher for the positive class.
    patients
        ``(n,)`` identifiers; without them every case is a patient.

    Raises
    ------
    TrainingError
        One class only, or a score is missing.
    """
    confidence = check_confidence(confidence)
    if points < 2:
        raise ValueError("A curve needs two points at least.")
    positive = binary_outcome(y)
    scores = repeated_scores(positive, score)
    # Whole numbers divided once, so that a rate that the cases can have is met exactly.
    rates = np.arange(points) / (points - 1)
    weights = patient_weights(patients, positive.size, resamples, seed, outcome=positive)
    every_case = np.ones((1, positive.size))
    curves, lowers, uppers = [], [], []
    for repeat in scores:
        curves.append(_sensitivities(positive, repeat, every_case, rates)[0])
        lower, upper = percentile_bounds(_sensitivities(positive, repeat, weights, rates), confidence)
        lowers.append(lower)
        uppers.append(upper)
    return RocBand(
        rates,
        np.mean(curves, axis=0),
        np.mean(lowers, axis=0),
        np.mean(uppers, axis=0),
        len(scores),
        confidence,
        f"pointwise, percentile bootstrap of {resamples} resamples of the patients within the outcomes",
    )


def _sensitivities(positive: np.ndarray, score: np.ndarray, weights: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Sensitivity at each rate in each resample, ``(resamples, rates)``; NaN where a class is missing."""
    order = np.argsort(-score, kind="stable")
    descending = score[order]
    last = np.flatnonzero(np.append(descending[1:] != descending[:-1], True))
    hits = np.cumsum(np.where(positive[order], weights[:, order], 0.0), axis=1)[:, last]
    alarms = np.cumsum(np.where(positive[order], 0.0, weights[:, order]), axis=1)[:, last]
    found = np.full((len(weights), rates.size), np.nan)
    for place, (hit, alarm) in enumerate(zip(hits, alarms, strict=True)):
        if hit[-1] > 0 and alarm[-1] > 0:
            found[place] = np.interp(rates, np.append(0.0, alarm / alarm[-1]), np.append(0.0, hit / hit[-1]))
    return found
