"""The calibration curve: how often the outcome came true among those who were given a risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from .calibration_smoothing import common_smoothing, smoothing_name
from .outcome import binary_outcome, check_confidence
from .patient_weights import patient_numbers
from .repeated_scores import repeated_probabilities

#: A group with fewer cases says nothing.
LEAST_CASES_A_GROUP = 5


@dataclass(frozen=True, eq=False)
class CalibrationGroups:
    """Cases in order of their probability, in groups of equal size; ``(groups,)`` an array.

    Mean predicted risk, observed share with its Wilson interval, and the number of cases.
    """

    predicted: np.ndarray
    observed: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    cases: np.ndarray


@dataclass(frozen=True, eq=False)
class CalibrationCurve:
    """Observed against predicted risk.

    ``grid``, ``observed``, ``lower``, ``upper`` ``(points,)``: the smooth curve with its pointwise band. They are empty
    where there is no curve (the probabilities hardly vary, or part the classes); ``method`` says how the curve was
    made, or why there is none.
    """

    grid: np.ndarray
    observed: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    groups: CalibrationGroups
    method: str
    repeats: int
    confidence: float


def calibration_curve(
    y: ArrayLike,
    p: ArrayLike,
    patients: Sequence[Any] | np.ndarray | None = None,
    *,
    knots: int | None = None,
    groups: int = 10,
    points: int = 101,
    confidence: float = 0.95,
) -> CalibrationCurve:
    """Smooth calibration curve with its band, and grouped points with Wilson intervals.

    The curve is the logistic regression of the outcome on a restricted cubic spline of ``logit p`` (Austin &
    Steyerberg, Statistics in Medicine 2014;33:517-535; van Calster et al., BMC Medicine 2019;17:230), drawn between the
    1st and the 99th percentile of the probabilities. Repeats are judged one by one; curves and bounds are averaged.

    Parameters
    ----------
    y, p
        ``(n,)`` outcome 0/1, and ``(n,)`` or ``(repeats, n)`` probabilities.
    patients
        ``(n,)`` identifiers. Where a patient has several cases, the band is the sandwich's over patients, and Wilson's
        interval counts a group's patients instead of its cases (as if a patient's cases always agreed).
    knots
        0 (logistic recalibration: a straight line on the log-odds), 3, 4 or 5; ``None``: by the number of cases
        (:func:`.calibration_smoothing.suitable_knots`). Fewer are taken where the probabilities do not bear them.
    groups
        Groups asked for; fewer are made so that each has five cases.

    Raises
    ------
    TrainingError
        One class only, or a probability is missing or outside 0 to 1.
    """
    confidence = check_confidence(confidence)
    if knots not in (None, 0, 3, 4, 5):
        raise ValueError(f"A calibration curve has 0, 3, 4 or 5 knots, not {knots}.")
    if groups < 1 or points < 2:
        raise ValueError("At least one group and two points are needed.")
    positive = binary_outcome(y)
    probabilities = repeated_probabilities(positive, p)
    numbers = patient_numbers(patients, positive.size)
    grouped = _grouped(positive, probabilities, numbers, groups, confidence)
    smooth = common_smoothing(positive, probabilities, knots, numbers)
    if not smooth:
        nothing = np.empty(0)
        reason = "no curve: the probabilities hardly vary, or part the classes"
        return CalibrationCurve(nothing, nothing, nothing, nothing, grouped, reason, len(probabilities), confidence)
    first, last = np.quantile(probabilities, [0.01, 0.99], axis=1).mean(axis=1)
    grid = np.linspace(float(first), float(last), points)
    observed, lower, upper = np.mean([one.observed(grid, confidence) for one in smooth], axis=0)
    method = smoothing_name(smooth[0].knots.size)
    return CalibrationCurve(grid, observed, lower, upper, grouped, method, len(probabilities), confidence)


def _grouped(
    positive: np.ndarray, probabilities: np.ndarray, patients: np.ndarray, groups: int, confidence: float
) -> CalibrationGroups:
    count = max(1, min(groups, positive.size // LEAST_CASES_A_GROUP))
    place = np.arange(positive.size) * count // positive.size
    sizes = np.bincount(place)
    found = []
    for repeat in probabilities:
        order = np.argsort(repeat, kind="stable")
        predicted = np.bincount(place, weights=repeat[order]) / sizes
        observed = np.bincount(place, weights=positive[order]) / sizes
        members = np.unique(np.column_stack([place, patients[order]]), axis=0)[:, 0]
        found.append((predicted, observed, *_wilson(observed, np.bincount(members), confidence)))
    predicted, observed, lower, upper = np.mean(found, axis=0)
    return CalibrationGroups(predicted, observed, lower, upper, sizes)


def _wilson(share: np.ndarray, n: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval as :func:`.proportions.proportion` has it, for shares that need not be whole counts of n."""
    z2 = float(ndtri(1 - (1 - confidence) / 2)) ** 2
    centre = (share * n + z2 / 2) / (n + z2)
    half = np.sqrt(z2) / (n + z2) * np.sqrt(share * (1 - share) * n + z2 / 4)
    return np.where(share > 0, np.maximum(centre - half, 0), 0.0), np.where(
        share < 1, np.minimum(centre + half, 1), 1.0
    )
