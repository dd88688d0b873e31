"""Percentile bootstrap within strata."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TrainingError
from .outcome import check_confidence


@dataclass(frozen=True)
class BootstrapInterval:
    """A statistic with its bootstrap interval; ``undefined`` resamples of ``repeats`` gave NaN and were left out."""

    value: float
    lower: float
    upper: float
    standard_error: float
    repeats: int
    undefined: int


def bootstrap_interval(
    statistic: Callable[..., float],
    arrays: Sequence[ArrayLike],
    rng: np.random.Generator | int = 42,
    *,
    strata: ArrayLike | None = None,
    repeats: int = 2000,
    confidence: float = 0.95,
) -> BootstrapInterval:
    """Percentile interval of ``statistic(*arrays)`` over resamples of the cases.

    Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.

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

    Raises
    ------
    TrainingError
        There are no cases, or more than a tenth of the resamples leave the statistic undefined.
    """
    confidence = check_confidence(confidence)
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
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail])
    error = float(draws.std(ddof=1)) if draws.size > 1 else math.nan
    return BootstrapInterval(float(statistic(*data)), float(lower), float(upper), error, repeats, undefined)
