"""One-dimensional distributions that have exactly a published mean and standard deviation.

A study prints "5.00 ± 8.47"; a simulation must draw values that have this mean and this standard deviation and yet
lie in a plausible range. Cutting an ordinary distribution off at the range would shift both moments, so the
parameters are solved for after the truncation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np
from scipy.optimize import root
from scipy.special import log_ndtr, logsumexp, ndtr, ndtri


class Family(str, Enum):
    """The shape of a distribution before it is cut to its range."""

    NORMAL = "normal"
    LOG_NORMAL = "log_normal"
    COUNT = "count"


@dataclass(frozen=True)
class Truncated:
    """A distribution on ``[low, high]``.

    Parameters
    ----------
    family
        ``NORMAL``: a normal distribution; ``LOG_NORMAL``: its exponential; ``COUNT``: whole numbers with a probability
        proportional to the normal density, which has the largest entropy of all with the same mean and SD.
    location, scale
        Of the normal distribution before the truncation (of the logarithm for ``LOG_NORMAL``).
    low, high
        The range, in the unit of the value.
    """

    family: Family
    location: float
    scale: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator, size: int | None = None) -> np.ndarray:
        """Independent values, shape ``(size,)`` or a 0-d array."""
        uniform = np.asarray(rng.random(size))
        if self.family is Family.COUNT:
            counts, logarithms = self._counts()
            index = np.searchsorted(np.cumsum(np.exp(logarithms)), uniform, side="right")
            return counts[np.minimum(index, len(counts) - 1)]
        lower, upper = self._limits()
        inside = ndtr(lower) + uniform * (ndtr(upper) - ndtr(lower))
        values = self.location + self.scale * ndtri(inside)
        if self.family is Family.LOG_NORMAL:
            values = np.exp(values)
        return np.clip(values, self.low, self.high)

    def log_density(self, values: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density (of the probability for counts); ``-inf`` outside the range."""
        values = np.asarray(values, dtype=float)
        inside = (values >= self.low) & (values <= self.high)
        if self.family is Family.COUNT:
            counts, logarithms = self._counts()
            index = np.clip(np.rint(values - counts[0]).astype(int), 0, len(counts) - 1)
            return np.where(inside, logarithms[index], -np.inf)
        jacobian = np.zeros_like(values)
        normal = values
        if self.family is Family.LOG_NORMAL:
            normal = np.log(np.maximum(values, np.finfo(float).tiny))
            jacobian = -normal
        standard = (normal - self.location) / self.scale
        lower, upper = self._limits()
        logarithm = -0.5 * standard**2 - np.log(self.scale * np.sqrt(2 * np.pi)) - _log_mass(lower, upper) + jacobian
        return np.where(inside, logarithm, -np.inf)

    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation after the truncation, in closed form."""
        if self.family is Family.COUNT:
            counts, logarithms = self._counts()
            probabilities = np.exp(logarithms)
            mean = float(probabilities @ counts)
            return mean, float(np.sqrt(probabilities @ (counts - mean) ** 2))
        lower, upper = self._limits()
        mass = ndtr(upper) - ndtr(lower)
        if self.family is Family.NORMAL:
            density_low, density_high = (np.exp(-0.5 * limit**2) / np.sqrt(2 * np.pi) for limit in (lower, upper))
            shift = (density_low - density_high) / mass
            variance = 1 + (lower * density_low - upper * density_high) / mass - shift**2
            return self.location + self.scale * float(shift), self.scale * float(np.sqrt(max(variance, 0)))
        first, second = (
            np.exp(order * self.location + 0.5 * (order * self.scale) ** 2)
            * (ndtr(upper - order * self.scale) - ndtr(lower - order * self.scale))
            / mass
            for order in (1, 2)
        )
        return float(first), float(np.sqrt(max(second - first**2, 0)))

    def _limits(self) -> tuple[float, float]:
        """The range in standard deviations of the normal distribution below."""
        low, high = self.low, self.high
        if self.family is Family.LOG_NORMAL:
            low, high = float(np.log(low)) if low > 0 else -np.inf, float(np.log(high))
        return (low - self.location) / self.scale, (high - self.location) / self.scale

    def _counts(self) -> tuple[np.ndarray, np.ndarray]:
        """The counts and the logarithms of their probabilities."""
        counts = np.arange(round(self.low), round(self.high) + 1, dtype=float)
        logarithm = -0.5 * ((counts - self.location) / self.scale) ** 2
        return counts, np.asarray(logarithm - logsumexp(logarithm))


@lru_cache(maxsize=256)
def matched(family: Family, mean: float, sd: float, low: float, high: float) -> Truncated:
    """The distribution of ``family`` on ``[low, high]`` that has this mean and standard deviation.

    Raises
    ------
    ValueError
        No distribution of the family on this range has these moments.
    """
    if not (low < mean < high and sd > 0):
        raise ValueError(f"mean {mean} and SD {sd} do not fit between {low} and {high}")
    if family is Family.LOG_NORMAL:
        log_variance = np.log1p((sd / mean) ** 2)
        start = (np.log(mean) - log_variance / 2, 0.5 * np.log(log_variance))
    else:
        start = (mean, np.log(sd))

    def candidate(parameters: np.ndarray) -> Truncated:
        return Truncated(family, float(parameters[0]), float(np.exp(np.clip(parameters[1], -20, 20))), low, high)

    def distance(parameters: np.ndarray) -> list[float]:
        got_mean, got_sd = candidate(parameters).moments()
        return [(got_mean - mean) / sd, got_sd / sd - 1]

    solution = root(distance, start, tol=1e-12)
    if max(abs(value) for value in distance(solution.x)) > 1e-6:
        raise ValueError(f"no {family.value} distribution on [{low}, {high}] has mean {mean} and SD {sd}")
    return candidate(solution.x)


@dataclass(frozen=True)
class WithOutliers:
    """A mixture: most values come from ``bulk``, the share ``share`` of them from ``outliers``."""

    bulk: Truncated
    outliers: Truncated
    share: float

    def draw(self, rng: np.random.Generator, size: int | None = None) -> np.ndarray:
        """Independent values, shape ``(size,)`` or a 0-d array."""
        far = np.asarray(rng.random(size)) < self.share
        return np.where(far, self.outliers.draw(rng, size), self.bulk.draw(rng, size))

    def log_density(self, values: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density; ``-inf`` outside the range."""
        return np.logaddexp(
            np.log1p(-self.share) + self.bulk.log_density(values),
            np.log(self.share) + self.outliers.log_density(values),
        )

    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation, in closed form."""
        parts = [(1 - self.share, *self.bulk.moments()), (self.share, *self.outliers.moments())]
        mean = sum(weight * part_mean for weight, part_mean, _ in parts)
        second = sum(weight * (part_mean**2 + part_sd**2) for weight, part_mean, part_sd in parts)
        return mean, float(np.sqrt(second - mean**2))


def matched_with_outliers(
    mean: float, sd: float, low: float, high: float, share: float, outlier_mean: float, outlier_sd: float
) -> WithOutliers:
    """A log-normal bulk and normal outliers that together have this mean and standard deviation.

    Raises
    ------
    ValueError
        The outliers alone exceed these moments.
    """
    bulk_mean = (mean - share * outlier_mean) / (1 - share)
    bulk_second = (mean**2 + sd**2 - share * (outlier_mean**2 + outlier_sd**2)) / (1 - share)
    if bulk_mean <= 0 or bulk_second <= bulk_mean**2:
        raise ValueError(f"outliers of {outlier_mean} in a share of {share} leave nothing for the bulk")
    bulk_sd = float(np.sqrt(bulk_second - bulk_mean**2))
    return WithOutliers(
        matched(Family.LOG_NORMAL, bulk_mean, bulk_sd, low, high),
        matched(Family.NORMAL, outlier_mean, outlier_sd, low, high),
        share,
    )


def _log_mass(lower: float, upper: float) -> float:
    """log(ndtr(upper) - ndtr(lower)) without cancellation for ranges in the upper tail."""
    if lower > 0:
        lower, upper = -upper, -lower
    return float(log_ndtr(upper) + np.log1p(-np.exp(log_ndtr(lower) - log_ndtr(upper))))
