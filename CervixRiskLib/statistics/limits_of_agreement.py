"""Bland-Altman analysis: by how much two readings of the same size differ, in the size's own unit.

Bias and limits of agreement (bias ± 1.96 standard deviations of the differences): Bland & Altman, Lancet
1986;327:307-310. The intervals of the limits are exact under normal differences, from the non-central t distribution:
Carkeet, Optometry and Vision Science 2015;92:e71-e80 (each limit by itself); Bland and Altman's own, bias ± 1.96 sd
± t sd √(3/n), are too wide on the inside and too narrow on the outside in small samples. Differences in per cent of
the mean and the slope of difference on mean: Bland & Altman, Statistical Methods in Medical Research 1999;8:135-160.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import nctdtrit, stdtr, stdtrit

from ..errors import TrainingError
from .outcome import check_confidence

#: Standard deviations between bias and limit: 95 % of normal differences lie within.
LIMIT_DEVIATIONS = 1.96

#: Differences that span less than this share of the readings' size differ by rounding only.
ROUNDING_SHARE = 1e-12


@dataclass(frozen=True, eq=False)
class BlandAltman:
    """Bias and limits of agreement of ``n`` pairs of readings, with confidence intervals.

    All numbers have the readings' unit, or are per cent of the pair's mean where ``relative``; ``means`` always has
    the unit.

    Parameters
    ----------
    bias
        Mean of the differences, first minus second reading.
    sd
        Standard deviation of the differences (n - 1).
    lower_limit, upper_limit
        Limits of agreement, bias ∓ 1.96 ``sd``.
    slope
        Of the difference on the mean, by least squares: a difference that grows with the size (proportional bias). It
        is zero where both readings vary alike over the cases; NaN where all means are the same.
    slope_p
        Two-sided p of a slope of zero (t test, n - 2 degrees of freedom); NaN where it is not defined.
    differences, means
        ``(n,)``, in the order given; read-only.
    """

    bias: float
    bias_interval: tuple[float, float]
    sd: float
    lower_limit: float
    lower_limit_interval: tuple[float, float]
    upper_limit: float
    upper_limit_interval: tuple[float, float]
    n: int
    differences: np.ndarray
    means: np.ndarray
    slope: float
    slope_p: float
    confidence: float
    relative: bool

    @property
    def outside(self) -> np.ndarray:
        """``(n,)`` bool: the difference lies beyond a limit of agreement."""
        return (self.differences < self.lower_limit) | (self.differences > self.upper_limit)


def bland_altman(
    first: ArrayLike, second: ArrayLike, confidence: float = 0.95, *, relative: bool = False
) -> BlandAltman:
    """Compare two readings of the same cases.

    Parameters
    ----------
    first, second
        ``(n,)`` readings, paired by place; at least three pairs.
    confidence
        Level of the two-sided intervals of bias and limits. The limits themselves are always those of 95 %.
    relative
        Differences in per cent of the pair's mean, for sizes whose error grows with them.

    Raises
    ------
    TrainingError
        Fewer than three pairs, a reading that is missing or infinite, or a mean that is not positive where
        differences are relative.
    """
    confidence = check_confidence(confidence)
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.ndim != 1 or one.shape != two.shape:
        raise ValueError(f"Readings of the shapes {one.shape} and {two.shape} are no pairs.")
    n = len(one)
    if n < 3:
        raise TrainingError(f"Limits of agreement need at least three pairs of readings: there are {n}.")
    unusable = int((~(np.isfinite(one) & np.isfinite(two))).sum())
    if unusable:
        raise TrainingError(f"{unusable} of {n} pairs of readings are missing or infinite: leave those cases out.")
    means = one / 2 + two / 2
    differences = one - two
    if relative:
        if (means <= 0).any():
            raise TrainingError("Differences in per cent need sizes above zero: use differences in the unit instead.")
        differences = 100.0 * differences / means
    size = 100.0 if relative else float(max(np.abs(one).max(), np.abs(two).max()))
    bias = float(differences.mean())
    # What subtraction leaves of a constant difference is rounding, no spread.
    sd = 0.0 if np.ptp(differences) <= ROUNDING_SHARE * size else float(differences.std(ddof=1))
    level = 1.0 - (1.0 - confidence) / 2.0
    error = sd / np.sqrt(n)
    half = float(stdtrit(n - 1, level)) * error
    shift = LIMIT_DEVIATIONS * np.sqrt(n)
    near, far = (float(nctdtrit(n - 1, shift, p)) * error for p in (1.0 - level, level))
    slope, slope_p = _slope(means, differences, spread=sd > 0)
    for values in (means, differences):
        values.flags.writeable = False
    return BlandAltman(
        bias=bias,
        bias_interval=(bias - half, bias + half),
        sd=sd,
        lower_limit=bias - LIMIT_DEVIATIONS * sd,
        lower_limit_interval=(bias - far, bias - near),
        upper_limit=bias + LIMIT_DEVIATIONS * sd,
        upper_limit_interval=(bias + near, bias + far),
        n=n,
        differences=differences,
        means=means,
        slope=slope,
        slope_p=slope_p,
        confidence=confidence,
        relative=relative,
    )


def _slope(means: np.ndarray, differences: np.ndarray, *, spread: bool) -> tuple[float, float]:
    """Least-squares slope and its p."""
    x, y = means - means.mean(), differences - differences.mean()
    if np.ptp(means) <= ROUNDING_SHARE * float(np.abs(means).max()):
        return float("nan"), float("nan")
    if not spread:
        return 0.0, float("nan")
    slope = float(x @ y / (x @ x))
    freedom = len(x) - 2
    residual = y - slope * x
    error = float(np.sqrt(residual @ residual / freedom / (x @ x)))
    if error == 0.0:
        return slope, 0.0
    return slope, float(2.0 * stdtr(freedom, -abs(slope) / error))
