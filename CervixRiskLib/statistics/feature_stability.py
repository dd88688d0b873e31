"""Does a selection choose the same features again? Nogueira, Sechidis & Brown, JMLR 2018;18(174):1-54."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from .outcome import check_confidence


@dataclass(frozen=True)
class SelectionStability:
    """Stability of ``resamples`` selections among ``features``: 1 always the same, 0 as by chance.

    ``value``, ``lower`` and ``upper`` are ``None`` where the measure is not defined: fewer than two resamples, or
    every resample chose nothing, or everything.
    """

    value: float | None
    lower: float | None
    upper: float | None
    resamples: int
    features: int
    mean_selected: float

    def sentence(self) -> str:
        """What a report says; below 0.40 is poor, above 0.75 excellent (the authors' reading after Fleiss)."""
        if self.value is None:
            return "The stability of the selection is undefined: it needs two resamples that chose some features."
        reading = "poor" if self.value < 0.40 else "intermediate to good" if self.value <= 0.75 else "excellent"
        return (
            f"Stability of the selection over {self.resamples} resamples: {self.value:.2f} "
            f"({self.lower:.2f} to {self.upper:.2f}), {reading} (Nogueira et al. 2018)."
        )


def selection_stability(
    selected: Sequence[Collection[Hashable]], total: int, confidence: float = 0.95
) -> SelectionStability:
    """Stability of feature sets of any size, corrected for chance, with its asymptotic interval.

    With z ``(M, d)`` the selections, p the features' frequencies and k̄ the mean number chosen:
    ``1 - mean(M / (M - 1) p (1 - p)) / (k̄ / d (1 - k̄ / d))`` (definition 4); the variance is theorem 7's.

    Resamples overlap, so the interval describes the measure over such resamples, not over new cohorts.

    Parameters
    ----------
    selected
        What each of the ``M`` resamples chose.
    total
        ``d``: the features there were to choose from.

    Raises
    ------
    ValueError
        More different features were chosen than there are.
    """
    sets = [set(chosen) for chosen in selected]
    names = {name: place for place, name in enumerate(dict.fromkeys(name for chosen in selected for name in chosen))}
    if len(names) > total:
        raise ValueError(f"{len(names)} different features were chosen of {total}.")
    quantile = float(ndtri(1 - (1 - check_confidence(confidence)) / 2))
    # Features that were never chosen add nothing to the sums over features.
    chosen = np.zeros((len(sets), len(names)))
    for row, members in enumerate(sets):
        chosen[row, [names[name] for name in members]] = 1.0
    repeats = len(sets)
    sizes = chosen.sum(axis=1)
    mean_size = float(sizes.mean()) if repeats else 0.0
    if repeats < 2 or not 0.0 < mean_size < total:
        return SelectionStability(None, None, None, repeats, total, mean_size)
    share = mean_size / total
    chance = share * (1.0 - share)
    frequency = chosen.mean(axis=0)
    variation = repeats / (repeats - 1) * float((frequency * (1.0 - frequency)).sum()) / total
    value = 1.0 - variation / chance
    of_each = (
        chosen @ frequency / total
        - sizes * mean_size / total**2
        + value / 2.0 * (2.0 * mean_size * sizes / total**2 - sizes / total - share + 1.0)
    ) / chance
    error = math.sqrt(4.0 / repeats**2 * float(((of_each - of_each.mean()) ** 2).sum()))
    # Tails reach beyond 1, which no selection does.
    return SelectionStability(
        value, value - quantile * error, min(1.0, value + quantile * error), repeats, total, mean_size
    )
