"""Do the probabilities mean what they say? Platt scaling, Brier score, calibration line, Hosmer-Lemeshow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, expit, logit, ndtri
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..errors import SettingsError, TrainingError
from .likelihood import fit_likelihood
from .outcome import binary_outcome, check_confidence, scores_for

#: Probabilities of exactly 0 or 1 have no log-odds; they are taken as this far from the end.
CLOSEST_TO_CERTAIN = 1e-9
#: Scores closer together than this cannot be told apart: the slope would not fit into a number.
_LEAST_SPREAD = 1e-100


class PlattScaling(BaseEstimator):
    """Calibrated probability from a score: ``expit(intercept_ + slope_ * score)``.

    Platt, in: Advances in Large Margin Classifiers, MIT Press 1999, 61-74. Fit it on out-of-fold scores only.

    Parameters
    ----------
    target_smoothing
        ``"auto"``: targets 0 and 1, and Platt's own targets when the score separates the classes (where maximum
        likelihood has no finite slope). ``"always"``: Platt's targets ``(P + 1) / (P + 2)`` and ``1 / (N + 2)`` for
        ``P`` positive and ``N`` negative cases. ``"never"``: targets 0 and 1; a separating score is an error.

    Attributes
    ----------
    slope_, intercept_ : float
        A score that ranks the cases the wrong way round (negative slope) or not at all is never turned over: the slope
        is then 0, every case gets the prevalence, and ``no_discrimination_`` is true.
    covariance_ : (2, 2) array
        Of intercept and slope, in this order.
    smoothed_, no_discrimination_ : bool
    """

    def __init__(self, target_smoothing: str = "auto") -> None:
        self.target_smoothing = target_smoothing

    def fit(self, score: ArrayLike, y: ArrayLike) -> PlattScaling:
        """Fit on ``(n,)`` scores (log-odds, or ``(n, 1)``) and the outcome 0/1.

        Raises
        ------
        TrainingError
            One class, a score that is not finite, or separation with ``target_smoothing="never"``.
        SettingsError
            Unknown ``target_smoothing``.
        """
        if self.target_smoothing not in ("auto", "always", "never"):
            raise SettingsError(
                f'There is no target smoothing "{self.target_smoothing}": choose auto, always or never.'
            )
        positive = binary_outcome(y)
        values = scores_for(positive, _one_column(score), finite=True)
        positives, negatives = int(positive.sum()), int((~positive).sum())
        smooth = np.where(positive, (positives + 1) / (positives + 2), 1 / (negatives + 2))
        self.smoothed_ = self.target_smoothing == "always"
        self.no_discrimination_ = bool(np.std(values) <= max(_LEAST_SPREAD, 1e-13 * np.abs(values).max()))
        if not self.no_discrimination_:
            target = smooth if self.smoothed_ else positive.astype(float)
            fit = fit_likelihood(values[:, np.newaxis], target, ["score"])
            self.no_discrimination_ = bool(fit.coefficients[1] <= 0)
            if fit.separated and not self.no_discrimination_:
                if self.target_smoothing == "never":
                    raise TrainingError(
                        "The score separates the classes, so no calibration slope exists: allow target smoothing."
                    )
                fit = fit_likelihood(values[:, np.newaxis], smooth, ["score"])
                self.smoothed_ = True
        if self.no_discrimination_:
            prevalence = positives / positive.size
            self.intercept_, self.slope_ = float(logit(prevalence)), 0.0
            self.covariance_ = np.zeros((2, 2))
            self.covariance_[0, 0] = 1 / (positive.size * prevalence * (1 - prevalence))
        else:
            self.intercept_, self.slope_ = (float(part) for part in fit.coefficients)
            self.covariance_ = fit.covariance
        return self

    def transform(self, score: ArrayLike) -> np.ndarray:
        """Calibrated probabilities ``(n,)`` of scores ``(n,)`` or ``(n, 1)``."""
        check_is_fitted(self)
        return expit(self.intercept_ + self.slope_ * _one_column(score))

    def interval(self, score: ArrayLike, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Wald interval of the calibrated probabilities, symmetric on the log-odds: lower and upper, ``(n,)`` each."""
        check_is_fitted(self)
        values = _one_column(score)
        design = np.column_stack([np.ones(values.size), values])
        error = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", design, self.covariance_, design), 0.0))
        half = float(ndtri(1 - (1 - check_confidence(confidence)) / 2)) * error
        centre = self.intercept_ + self.slope_ * values
        return expit(centre - half), expit(centre + half)


def _one_column(score: ArrayLike) -> np.ndarray:
    values = np.asarray(score, dtype=float)
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"Scores must be (n,) or (n, 1), not {values.shape}.")
    return values


def brier(y: ArrayLike, p: ArrayLike) -> float:
    """Mean squared distance of probability and outcome, ``(n,)`` each. Brier, Monthly Weather Review 1950;78:1-3."""
    positive, probability = _probabilities(y, p, both_classes=False)
    return float(np.mean((probability - positive) ** 2))


def scaled_brier(y: ArrayLike, p: ArrayLike) -> float:
    """1 less the Brier score over that of giving everyone the prevalence: 1 perfect, 0 no use, below 0 harmful.

    Steyerberg et al., Epidemiology 2010;21:128-138.
    """
    positive, probability = _probabilities(y, p)
    prevalence = positive.mean()
    return float(1.0 - np.mean((probability - positive) ** 2) / (prevalence * (1 - prevalence)))


@dataclass(frozen=True)
class CalibrationLine:
    """Logistic recalibration: ``logit P(y) = intercept + slope * logit(p)``; perfect probabilities give 0 and 1.

    ``in_the_large`` is the intercept with the slope held at 1: above 0, the probabilities are too low on average.
    """

    slope: float
    intercept: float
    in_the_large: float
    slope_standard_error: float
    intercept_standard_error: float
    in_the_large_standard_error: float


def calibration_slope_intercept(y: ArrayLike, p: ArrayLike) -> CalibrationLine:
    """Calibration slope and intercept (Cox, Biometrika 1958;45:562-565), and calibration in the large.

    Probabilities of 0 and 1 are taken as 1e-9 from the end. The slope and its intercept are NaN where the
    probabilities do not vary, or part the classes so that no slope exists.
    """
    positive, probability = _probabilities(y, p)
    log_odds = logit(np.clip(probability, CLOSEST_TO_CERTAIN, 1 - CLOSEST_TO_CERTAIN))
    target = positive.astype(float)
    nothing = np.zeros((positive.size, 0))
    large = fit_likelihood(nothing, target, [], offset=log_odds)
    slope = intercept = slope_error = intercept_error = math.nan
    if np.std(log_odds) > 1e-12 * (1 + np.abs(log_odds).max()):
        line = fit_likelihood(log_odds[:, np.newaxis], target, ["log-odds"])
        if not line.separated:
            intercept, slope = (float(part) for part in line.coefficients)
            intercept_error, slope_error = (float(part) for part in np.sqrt(np.diag(line.covariance)))
    return CalibrationLine(
        slope,
        intercept,
        float(large.coefficients[0]),
        slope_error,
        intercept_error,
        float(np.sqrt(large.covariance[0, 0])),
    )


class Grouping(str, Enum):
    """How Hosmer-Lemeshow's groups are made; the p-value depends on it, so it belongs beside it."""

    RANK = "rank"
    QUANTILE = "quantile"


@dataclass(frozen=True, eq=False)
class HosmerLemeshow:
    """The test with its grouping and, ``(groups,)`` each, the groups' sizes, observed and expected positives."""

    statistic: float
    degrees_of_freedom: int
    p: float
    grouping: Grouping
    sizes: np.ndarray
    observed: np.ndarray
    expected: np.ndarray


def hosmer_lemeshow(
    y: ArrayLike,
    p: ArrayLike,
    groups: int = 10,
    grouping: str | Grouping = Grouping.RANK,
    *,
    validation: bool = False,
) -> HosmerLemeshow:
    """Hosmer & Lemeshow's test: sum over groups of ``(O - E)^2 / (E (1 - E / n))``.

    Parameters
    ----------
    y, p
        ``(n,)`` outcome 0/1 and probability.
    groups
        Groups asked for.
    grouping
        ``"rank"``: cases sorted by probability (ties in the order given) and cut into groups of equal size.
        ``"quantile"``: cut at the quantiles of the probabilities (R's type 7, closed on the right); equal quantiles
        are joined, so there may be fewer groups.
    validation
        The probabilities come from a model fitted on other cases: as many degrees of freedom as groups. Otherwise two
        fewer.

    Raises
    ------
    TrainingError
        Fewer cases than groups, fewer than three groups, one class, or a probability outside 0-1.
    """
    grouping = Grouping(grouping)
    positive, probability = _probabilities(y, p)
    if groups < 3:
        raise SettingsError("Hosmer-Lemeshow needs at least three groups.")
    if positive.size < groups:
        raise TrainingError(f"There are {positive.size} cases for {groups} groups: ask for fewer groups.")
    if grouping is Grouping.RANK:
        place = np.empty(positive.size, dtype=int)
        place[np.argsort(probability, kind="stable")] = np.arange(positive.size) * groups // positive.size
    else:
        edges = np.unique(np.quantile(probability, np.linspace(0, 1, groups + 1)))
        place = np.clip(np.searchsorted(edges, probability, side="left") - 1, 0, max(0, len(edges) - 2))
    sizes = np.bincount(place)
    kept = sizes > 0
    sizes = sizes[kept]
    observed = np.bincount(place, weights=positive)[kept]
    expected = np.bincount(place, weights=probability)[kept]
    freedom = len(sizes) if validation else len(sizes) - 2
    if freedom < 1:
        raise TrainingError(f"The probabilities fall into {len(sizes)} distinct groups only: the test needs three.")
    variance = expected * (1 - expected / sizes)
    gap = (observed - expected) ** 2
    # A group that is certain (0 or 1 throughout) adds nothing when it is right and refutes the model when it is wrong.
    terms = np.where(variance > 0, gap / np.where(variance > 0, variance, 1.0), np.where(gap > 0, np.inf, 0.0))
    statistic = float(terms.sum())
    return HosmerLemeshow(
        statistic, freedom, float(chdtrc(freedom, statistic)), grouping, sizes, observed.astype(int), expected
    )


def _probabilities(y: ArrayLike, p: ArrayLike, both_classes: bool = True) -> tuple[np.ndarray, np.ndarray]:
    positive = binary_outcome(y, both_classes=both_classes)
    probability = scores_for(positive, p)
    if ((probability < 0) | (probability > 1)).any():
        raise TrainingError("Probabilities must lie between 0 and 1.")
    return positive, probability
