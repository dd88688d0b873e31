"""A proportion with its confidence interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from scipy.special import betaincinv, ndtri

from .outcome import check_confidence


class ProportionMethod(str, Enum):
    """How a proportion's interval is made.

    Clopper-Pearson (Biometrika 1934;26:404-413) is exact and never too narrow; Wilson (JASA 1927;22:209-212) is
    nearer to its nominal level on average.
    """

    CLOPPER_PEARSON = "clopper-pearson"
    WILSON = "wilson"


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Proportion:
    """``numerator`` of ``denominator`` with its interval; of none at all the value is NaN and the interval 0 to 1."""

    value: float
    lower: float
    upper: float
    numerator: int
    denominator: int


def proportion(
    numerator: int,
    denominator: int,
    confidence: float = 0.95,
    method: str | ProportionMethod = ProportionMethod.CLOPPER_PEARSON,
) -> Proportion:
    """``numerator`` of ``denominator`` with a two-sided interval.

    With a denominator of zero nothing is known: the value is NaN, the interval 0 to 1.
    """
    method = ProportionMethod(method)
    alpha = 1.0 - check_confidence(confidence)
    k, n = int(numerator), int(denominator)
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is not a proportion.")
    if n == 0:
        return Proportion(math.nan, 0.0, 1.0, 0, 0)
    if method is ProportionMethod.CLOPPER_PEARSON:
        lower = float(betaincinv(k, n - k + 1, alpha / 2)) if k > 0 else 0.0
        upper = float(betaincinv(k + 1, n - k, 1 - alpha / 2)) if k < n else 1.0
    else:
        z2 = float(ndtri(1 - alpha / 2)) ** 2
        centre = (k + z2 / 2) / (n + z2)
        half = math.sqrt(z2) / (n + z2) * math.sqrt(k * (n - k) / n + z2 / 4)
        lower = max(0.0, centre - half) if k > 0 else 0.0
        upper = min(1.0, centre + half) if k < n else 1.0
    return Proportion(k / n, lower, upper, k, n)
