"""Calibration and overall performance in numbers, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, ndtri

from ..errors import TrainingError
from .calibration import Grouping, HosmerLemeshow, brier, hosmer_lemeshow, scaled_brier
from .calibration_smoothing import (
    clustered_covariance,
    common_smoothing,
    log_odds,
    smooth_calibration,
    smoothing_name,
)
from .outcome import binary_outcome, check_confidence
from .patient_weights import MOST_UNDEFINED, patient_numbers, patient_weights, percentile_bounds
from .proportions import Estimate
from .repeated_scores import repeated_probabilities

UNDEFINED = Estimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class CalibrationSummary:
    """Perfect probabilities have slope 1, intercept 0, calibration in the large 0, expected:observed 1.

    Parameters
    ----------
    slope, intercept
        Logistic recalibration; ``slope`` below 1: risks too extreme. NaN where the probabilities hardly vary
        (:data:`.calibration_smoothing.LEAST_SPREAD`) or part the classes.
    in_the_large
        Intercept with the slope held at 1; above 0: risks too low on average.
    expected_observed
        Expected over observed number of positive cases.
    brier, scaled_brier
        With percentile bootstrap intervals over patients; bounds are NaN where more than a tenth of the resamples have
        one class only.
    integrated_calibration_index, largest_deviation
        Mean and maximum distance between the risks given and the smooth curve's (``smoothing``) over the cases; NaN
        without a curve.
    hosmer_lemeshow
        One test a repeat; empty where it cannot be done, and ``hosmer_lemeshow_undefined`` says why.
    """

    slope: Estimate
    intercept: Estimate
    in_the_large: Estimate
    expected_observed: Estimate
    brier: Estimate
    scaled_brier: Estimate
    integrated_calibration_index: float
    largest_deviation: float
    smoothing: str
    hosmer_lemeshow: tuple[HosmerLemeshow, ...]
    hosmer_lemeshow_undefined: str
    repeats: int
    confidence: float

    @property
    def hosmer_lemeshow_p(self) -> float:
        """The test's p; with several repeats their median, which describes and does not test. NaN without a test."""
        return float(np.median([test.p for test in self.hosmer_lemeshow])) if self.hosmer_lemeshow else math.nan


def calibration_summary(
    y: ArrayLike,
    p: ArrayLike,
    patients: Sequence[Any] | np.ndarray | None = None,
    *,
    knots: int | None = None,
    groups: int = 10,
    grouping: str | Grouping = Grouping.RANK,
    validation: bool = True,
    resamples: int = 1000,
    seed: np.random.Generator | int = 42,
    confidence: float = 0.95,
) -> CalibrationSummary:
    """Slope and intercept, expected:observed, Brier, scaled Brier, integrated calibration index, Hosmer-Lemeshow.

    Slope, intercept and calibration in the large: Cox, Biometrika 1958;45:562-565; Wald intervals. Expected:observed:
    log-normal interval with standard error ``sqrt((1 - o) / (n o))``, ``o`` the observed share (Debray et al., BMJ
    2017;356:i6460). Integrated calibration index: Austin & Steyerberg, Statistics in Medicine 2019;38:4051-4065.
    Where patients have several cases, all standard errors are sandwiches over patients. Repeats are judged one by one;
    values and bounds are averaged.

    Parameters
    ----------
    y, p
        ``(n,)`` outcome 0/1, and ``(n,)`` or ``(repeats, n)`` probabilities.
    patients
        ``(n,)`` identifiers; without them every case is a patient.
    knots
        As for :func:`.calibration_curves.calibration_curve`.
    groups, grouping, validation
        As for :func:`.calibration.hosmer_lemeshow`; ``validation`` is true for out-of-fold and held-out probabilities.

    Raises
    ------
    TrainingError
        One class only, or a probability is missing or outside 0 to 1.
    """
    confidence = check_confidence(confidence)
    positive = binary_outcome(y)
    probabilities = repeated_probabilities(positive, p)
    numbers = patient_numbers(patients, positive.size)
    z = float(ndtri(1 - (1 - confidence) / 2))
    slopes, intercepts, large, ratios = [], [], [], []
    for repeat in probabilities:
        line = smooth_calibration(positive, repeat, 0, numbers)
        if line is None:
            slopes.append(UNDEFINED)
            intercepts.append(UNDEFINED)
        else:
            errors = np.sqrt(np.diag(line.covariance))
            intercepts.append(_wald(line.coefficients[0], errors[0], z))
            slopes.append(_wald(line.coefficients[1], errors[1], z))
        large.append(_in_the_large(positive, repeat, numbers, z))
        ratios.append(_expected_observed(positive, repeat, numbers, z))
    smooth = common_smoothing(positive, probabilities, knots, numbers)
    gaps = [np.abs(repeat - curve.observed(repeat)[0]) for repeat, curve in zip(probabilities, smooth, strict=False)]
    weights = patient_weights(patients, positive.size, resamples, seed)
    tests, undefined = _hosmer_lemeshow(positive, probabilities, groups, Grouping(grouping), validation)
    return CalibrationSummary(
        _mean(slopes),
        _mean(intercepts),
        _mean(large),
        _mean(ratios),
        _bootstrapped(brier, _weighted_brier, positive, probabilities, weights, confidence),
        _bootstrapped(scaled_brier, _weighted_scaled_brier, positive, probabilities, weights, confidence),
        float(np.mean([gap.mean() for gap in gaps])) if gaps else math.nan,
        float(np.mean([gap.max() for gap in gaps])) if gaps else math.nan,
        smoothing_name(smooth[0].knots.size) if smooth else "",
        tests,
        undefined,
        len(probabilities),
        confidence,
    )


def _wald(value: float, error: float, z: float) -> Estimate:
    return Estimate(float(value), float(value - z * error), float(value + z * error))


def _mean(estimates: Sequence[Estimate]) -> Estimate:
    return Estimate(
        *(float(np.mean([getattr(one, part) for one in estimates])) for part in ("value", "lower", "upper"))
    )


def _in_the_large(positive: np.ndarray, p: np.ndarray, patients: np.ndarray, z: float) -> Estimate:
    """The shift of the log-odds at which as many positive cases are expected as there are: the maximum likelihood."""
    from scipy.optimize import brentq

    shift = log_odds(p)
    # Newton's method overshoots where most risks are all but certain; the expected number only ever rises.
    reach = float(np.abs(shift).max()) + math.log(positive.size) + 1.0
    value = float(brentq(lambda a: expit(a + shift).sum() - positive.sum(), -reach, reach, xtol=1e-12))
    expected = expit(value + shift)
    information = np.array([[expected @ expit(-value - shift)]])
    variance = clustered_covariance(1 / information, (positive - expected)[:, np.newaxis], patients)[0, 0]
    return _wald(value, math.sqrt(variance), z)


def _expected_observed(positive: np.ndarray, p: np.ndarray, patients: np.ndarray, z: float) -> Estimate:
    share, count = positive.mean(), int(patients.max()) + 1
    if count == positive.size:
        variance = (1 - share) / (positive.size * share)
    else:
        totals = np.bincount(patients, weights=positive - share)
        variance = float(totals @ totals) / (positive.size * share) ** 2 * count / max(count - 1, 1)
    ratio, error = float(p.mean() / share), math.sqrt(variance)
    return Estimate(ratio, ratio * math.exp(-z * error), ratio * math.exp(z * error))


def _bootstrapped(
    statistic: Callable[[np.ndarray, np.ndarray], float],
    weighted: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    positive: np.ndarray,
    probabilities: np.ndarray,
    weights: np.ndarray,
    confidence: float,
) -> Estimate:
    draws = np.stack([weighted(positive, repeat, weights) for repeat in probabilities], axis=1)
    value = float(np.mean([statistic(positive, repeat) for repeat in probabilities]))
    if np.isnan(draws).mean(axis=0).max() > MOST_UNDEFINED:
        return Estimate(value, math.nan, math.nan)
    lower, upper = percentile_bounds(draws, confidence)
    return Estimate(value, float(np.mean(lower)), float(np.mean(upper)))


def _weighted_brier(positive: np.ndarray, p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return weights @ (p - positive) ** 2 / weights.sum(axis=1)


def _weighted_scaled_brier(positive: np.ndarray, p: np.ndarray, weights: np.ndarray) -> np.ndarray:
    share = weights @ positive / weights.sum(axis=1)
    reference = share * (1 - share)
    worst = np.full(len(weights), np.nan)
    return 1.0 - np.divide(_weighted_brier(positive, p, weights), reference, out=worst, where=reference > 0)


def _hosmer_lemeshow(
    positive: np.ndarray, probabilities: np.ndarray, groups: int, grouping: Grouping, validation: bool
) -> tuple[tuple[HosmerLemeshow, ...], str]:
    try:
        return tuple(
            hosmer_lemeshow(positive, repeat, groups, grouping, validation=validation) for repeat in probabilities
        ), ""
    except TrainingError as error:
        return (), str(error)
