"""The bootstrap within strata: percentile interval, and the bias-corrected and accelerated one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from ..errors import TrainingError
from .outcome import check_confidence


class BootstrapMethod(str, Enum):
    """How the interval is read off the resamples.

    Percentile: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13. BCa, bias-corrected and
    accelerated: chapter 14; with strata Davison & Hinkley, Bootstrap Methods and their Application, 1997, section 5.3.
    """

    PERCENTILE = "percentile"
    BCA = "bca"


@dataclass(frozen=True)
class BootstrapInterval:
    """A statistic with its bootstrap interval; ``undefined`` resamples of ``repeats`` gave NaN and were left out."""

    value: float
    lower: float
    upper: float
    standard_error: float
    repeats: int
    undefined: int
    method: BootstrapMethod = BootstrapMethod.PERCENTILE


def bootstrap_interval(
    statistic: Callable[..., float],
    arrays: Sequence[ArrayLike],
    rng: np.random.Generator | int = 42,
    *,
    strata: ArrayLike | None = None,
    repeats: int = 2000,
    confidence: float = 0.95,
    method: str | BootstrapMethod = BootstrapMethod.PERCENTILE,
) -> BootstrapInterval:
    """Interval of ``statistic(*arrays)`` over resamples of the cases.

    Parameters
    ----------
    statistic
        Takes the resampled arrays, gives a number.
    arrays
        Each ``(n, ...)``, resampled together along the first axis.
    rng
        Generator or seed.
    strata
        ``(n,)`` labels; cases are drawn within each, so every resample has as many of each as the data (pass the
        outcome to keep both classes). ``None``: all cases are one stratum.
    repeats
        Resamples.
    method
        ``"percentile"``, or ``"bca"``, which calls the statistic once more for each case left out.

    Raises
    ------
    TrainingError
        There are no cases, or more than a tenth of the resamples leave the statistic undefined. For BCa also: the
        statistic is undefined on all cases or without one of them, or lies outside all of the resamples.
    """
    confidence = check_confidence(confidence)
    method = BootstrapMethod(method)
    if repeats < 1:
        raise ValueError("At least one resample is needed.")
    data = [np.asarray(array) for array in arrays]
    size = len(data[0])
    if any(len(array) != size for array in data):
        raise ValueError("The arrays must have the same number of cases.")
    if size == 0:
        raise TrainingError("There are no cases to resample.")
    labels = np.zeros(size, dtype=int) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    if len(labels) != size:
        raise ValueError("The strata must name one stratum for each case.")
    members = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    generator = np.random.default_rng(rng)
    draws = np.empty(repeats)
    for repeat in range(repeats):
        chosen = np.concatenate([group[generator.integers(0, group.size, group.size)] for group in members])
        draws[repeat] = statistic(*(array[chosen] for array in data))
    undefined = int(np.isnan(draws).sum())
    if undefined > repeats / 10:
        raise TrainingError(
            f"The statistic is undefined in {undefined} of {repeats} resamples: there are too few cases."
        )
    draws = draws[~np.isnan(draws)]
    value = float(statistic(*data))
    tail = (1 - confidence) / 2
    ends = np.array([tail, 1 - tail])
    if method is BootstrapMethod.BCA:
        ends = _accelerated(ends, value, draws, _jackknife_acceleration(statistic, data, members))
    lower, upper = np.quantile(draws, ends)
    error = float(draws.std(ddof=1)) if draws.size > 1 else math.nan
    return BootstrapInterval(value, float(lower), float(upper), error, repeats, undefined, method)


def _accelerated(ends: np.ndarray, value: float, draws: np.ndarray, acceleration: float) -> np.ndarray:
    """The levels at which BCa reads the resamples: Efron & Tibshirani 1993, equation 14.10."""
    # Resamples that equal the value count half, so that a discrete statistic is not taken for a biased one.
    below = ((draws < value).mean() + (draws <= value).mean()) / 2
    if not 0 < below < 1:
        raise TrainingError(
            "The statistic lies outside all of its resamples, so that no BCa interval exists: use the percentile "
            "interval."
        )
    bias = ndtri(below)
    shifted = bias + ndtri(ends)
    return ndtr(bias + shifted / (1 - acceleration * shifted))


def _jackknife_acceleration(
    statistic: Callable[..., float], data: Sequence[np.ndarray], members: Sequence[np.ndarray]
) -> float:
    """Acceleration from leaving out one case at a time within each stratum; a stratum of one case adds nothing."""
    size = len(data[0])
    cubes = squares = 0.0
    for group in members:
        if group.size == 1:
            continue
        without = np.array([statistic(*(np.delete(array, case, axis=0) for array in data)) for case in group])
        if np.isnan(without).any():
            raise TrainingError(
                f"The statistic is undefined without one of the {size} cases, so that no BCa interval exists: use the "
                "percentile interval."
            )
        influence = (group.size - 1) * (without.mean() - without)
        cubes += float((influence**3).sum()) / group.size**3
        squares += float((influence**2).sum()) / group.size**2
    return cubes / (6 * squares**1.5) if squares > 0 else 0.0
