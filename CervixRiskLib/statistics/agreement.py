"""Intraclass correlation: how far the raters' measurements of the same targets agree.

With ``n`` targets and ``k`` raters, the two-way table of ratings gives the mean squares between targets ``MSB``,
between raters ``MSJ``, within targets ``MSW`` and of the residual ``MSE``:

    ICC(1,1) = (MSB - MSW) / (MSB + (k - 1) MSW)
    ICC(2,1) = (MSB - MSE) / (MSB + (k - 1) MSE + k (MSJ - MSE) / n)
    ICC(3,1) = (MSB - MSE) / (MSB + (k - 1) MSE)
    ICC(1,k) = (MSB - MSW) / MSB
    ICC(2,k) = (MSB - MSE) / (MSB + (MSJ - MSE) / n)
    ICC(3,k) = (MSB - MSE) / MSB

Source: Shrout & Fleiss, Psychological Bulletin 1979;86:420-428. Intervals: the same and McGraw & Wong, Psychological
Methods 1996;1:30-46 (the degrees of freedom of ICC(2,.) are Satterthwaite's), as R's ``psych::ICC`` prints them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtri

from ..errors import TrainingError
from .outcome import check_confidence

#: A feature whose ratings span less than this share of their size differs by rounding only, and counts as constant.
ROUNDING_SHARE = 1e-12

#: Value, lower and upper limit, ``(features,)`` each.
Triple = tuple[np.ndarray, np.ndarray, np.ndarray]


class IccForm(str, Enum):
    """Shrout & Fleiss's six forms: model (1 one-way, 2 two-way random, 3 two-way mixed), one rater or the mean of k."""

    ICC_1_1 = "ICC(1,1)"
    ICC_2_1 = "ICC(2,1)"
    ICC_3_1 = "ICC(3,1)"
    ICC_1_K = "ICC(1,k)"
    ICC_2_K = "ICC(2,k)"
    ICC_3_K = "ICC(3,k)"


@dataclass(frozen=True, eq=False)
class IccResult:
    """An intraclass correlation with its confidence interval.

    ``value``, ``lower`` and ``upper`` are floats for one table of ratings and ``(features,)`` arrays for many.
    """

    form: IccForm
    value: float | np.ndarray
    lower: float | np.ndarray
    upper: float | np.ndarray
    confidence: float


def icc(ratings: ArrayLike, form: str | IccForm = IccForm.ICC_2_1, confidence: float = 0.95) -> IccResult:
    """Intraclass correlation of every feature at once, in one form; see :func:`icc_forms`."""
    form = IccForm(form)
    return icc_forms(ratings, (form,), confidence)[form]


def icc_forms(
    ratings: ArrayLike, forms: Iterable[str | IccForm] = tuple(IccForm), confidence: float = 0.95
) -> Mapping[IccForm, IccResult]:
    """Intraclass correlations of every feature at once, in several forms from one computation of the mean squares.

    Parameters
    ----------
    ratings
        ``(targets, raters)`` or ``(targets, raters, features)``, at least two of each of the first two.
    forms
        Of :class:`IccForm`, for instance ``("ICC(2,1)", "ICC(3,1)")``; all six by default.
    confidence
        Level of the two-sided intervals.

    Notes
    -----
    Where the correlation is not defined, value and interval are NaN: a feature that is constant over all targets and
    raters (also one that varies by rounding alone), one with a rating that is not finite, and one whose estimated
    total variance is not positive. NaN is not a pass: ``value >= 0.75`` is then false. Raters who agree exactly on
    targets that differ give 1 (1 to 1). The mean-of-k forms have no lower bound.

    Raises
    ------
    TrainingError
        Fewer than two targets or two raters.
    """
    wanted = [IccForm(form) for form in forms]
    confidence = check_confidence(confidence)
    table = np.asarray(ratings, dtype=float)
    if table.ndim not in (2, 3):
        raise ValueError("Ratings must be (targets, raters) or (targets, raters, features).")
    one_table = table.ndim == 2
    if one_table:
        table = table[:, :, np.newaxis]
    targets, raters, _ = table.shape
    if targets < 2 or raters < 2:
        raise TrainingError(
            f"Agreement needs at least two targets and two raters: there are {targets} targets and {raters} raters."
        )
    table, defined = _standardised(table)
    layout = _Layout(_mean_squares(table), targets, raters, 1.0 - (1.0 - confidence) / 2.0)
    results = {}
    for form in wanted:
        with np.errstate(divide="ignore", invalid="ignore"):
            value, lower, upper = layout.estimate(form)
        usable = defined & ~np.isnan(value)
        value, lower, upper = (np.where(usable, part, np.nan) for part in (value, lower, upper))
        results[form] = (
            IccResult(form, float(value[0]), float(lower[0]), float(upper[0]), confidence)
            if one_table
            else IccResult(form, value, lower, upper, confidence)
        )
    return MappingProxyType(results)


@dataclass(frozen=True, eq=False)
class _MeanSquares:
    between: np.ndarray
    raters: np.ndarray
    within: np.ndarray
    residual: np.ndarray


def _standardised(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ratings shifted and scaled feature by feature (no ICC changes by it), and where a feature can be used."""
    finite = np.isfinite(table).all(axis=(0, 1))
    table = np.where(finite, table, 0.0)
    size = np.abs(table).max(axis=(0, 1))
    # Divided first, so that the span of huge numbers does not overflow.
    table = table / np.where(size > 0, size, 1.0)
    table = table - table.mean(axis=(0, 1))
    span = table.max(axis=(0, 1)) - table.min(axis=(0, 1))
    defined = finite & (span > ROUNDING_SHARE)
    return table / np.where(defined, span, 1.0), defined


def _mean_squares(table: np.ndarray) -> _MeanSquares:
    """Mean squares of the two-way layout, each summed from its own deviations so that none turns negative."""
    targets, raters, _ = table.shape
    target_means = table.mean(axis=1)
    rater_means = table.mean(axis=0)
    grand = table.mean(axis=(0, 1))
    within = ((table - target_means[:, np.newaxis]) ** 2).sum(axis=(0, 1))
    residual = ((table - target_means[:, np.newaxis] - rater_means + grand) ** 2).sum(axis=(0, 1))
    squares = _MeanSquares(
        between=raters * ((target_means - grand) ** 2).sum(axis=0) / (targets - 1),
        raters=targets * ((rater_means - grand) ** 2).sum(axis=0) / (raters - 1),
        within=within / (targets * (raters - 1)),
        residual=residual / ((targets - 1) * (raters - 1)),
    )
    # What rounding leaves of a sum that is zero: ratings are of order 1 here.
    for part in (squares.between, squares.raters, squares.within, squares.residual):
        part[part < 1e-28] = 0.0
    return squares


class _Layout:
    """The two-way layout of one table of ratings; ``level`` is the one-sided level of either limit."""

    def __init__(self, squares: _MeanSquares, targets: int, raters: int, level: float) -> None:
        self.squares, self.targets, self.raters, self.level = squares, targets, raters, level

    def estimate(self, form: IccForm) -> Triple:
        """Value, lower and upper limit."""
        if form in (IccForm.ICC_2_1, IccForm.ICC_2_K):
            return self._two_way_random(form)
        n, k = self.targets, self.raters
        one_way = form in (IccForm.ICC_1_1, IccForm.ICC_1_K)
        error = self.squares.within if one_way else self.squares.residual
        error_freedom = n * (k - 1) if one_way else (n - 1) * (k - 1)
        below = fdtri(n - 1, error_freedom, self.level)
        above = fdtri(error_freedom, n - 1, self.level)
        single = form in (IccForm.ICC_1_1, IccForm.ICC_3_1)

        def correlation(between: np.ndarray, noise: np.ndarray) -> np.ndarray:
            return (between - noise) / (between + (k - 1) * noise if single else between)

        between = self.squares.between
        return correlation(between, error), correlation(between, below * error), correlation(above * between, error)

    def _two_way_random(self, form: IccForm) -> Triple:
        n, k = self.targets, self.raters
        between, judges, error = self.squares.between, self.squares.raters, self.squares.residual
        single, lower, upper = self._single_two_way_random
        if form is IccForm.ICC_2_1:
            return single, lower, upper
        total = between + (judges - error) / n
        value = np.where(total > 0, (between - error) / total, np.nan)
        return value, lower * k / (1 + lower * (k - 1)), upper * k / (1 + upper * (k - 1))

    @cached_property
    def _single_two_way_random(self) -> Triple:
        """ICC(2,1); its limits serve ICC(2,k) too, and their F quantiles are what takes the time."""
        n, k = self.targets, self.raters
        between, judges, error = self.squares.between, self.squares.raters, self.squares.residual
        total = between + (k - 1) * error + k * (judges - error) / n
        single = np.where(total > 0, (between - error) / total, np.nan)
        # Satterthwaite's degrees of freedom, multiplied through by MSE^2: raters who agree but for an offset have
        # MSE = 0.
        share = n * (1 + (k - 1) * single) - k * single
        above = (k - 1) * (n - 1) * (k * single * judges + share * error) ** 2
        below = (n - 1) * (k * single * judges) ** 2 + (share * error) ** 2
        freedom = np.where(below > 0, above / np.where(below > 0, below, 1.0), (k - 1) * (n - 1))
        # The F distribution needs some freedom; the limits are flat in it long before this bound.
        freedom = np.maximum(np.nan_to_num(freedom, nan=1.0), 1e-3)
        f_lower = fdtri(n - 1, freedom, self.level)
        f_upper = fdtri(freedom, n - 1, self.level)
        rest = k * judges + (k * n - k - n) * error
        lower = n * (between - f_lower * error) / (f_lower * rest + n * between)
        upper = n * (f_upper * between - error) / (rest + n * f_upper * between)
        return single, lower, upper
