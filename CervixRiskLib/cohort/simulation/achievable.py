"""The best AUC that any reader or model can reach on a simulated cohort.

The likelihood ratio orders cases optimally (Neyman and Pearson 1933), and all densities of the simulation are known, so
the AUC of its logarithm is the ceiling: from the image's latent parameters (what a perfect reading of the picture would
give), from the fifteen clinical columns, and from both. Estimated on a fixed Monte Carlo sample; its standard error is
below 0.002. Rounding of the recorded values is neglected: it can only lower the ceiling, by less than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .latents import APPEARANCE_SHIFT, CALLIPER_SD_MM, DIAMETER_RANGE_MM, diameter_distribution
from .table_one import TABLE_ONE, histology_probabilities, log_likelihood_ratio

_SAMPLE_PER_CLASS = 60_000
_MONTE_CARLO_SEED = 42


@dataclass(frozen=True)
class AchievableAuc:
    """Bayes-optimal areas under the ROC curve.

    Parameters
    ----------
    image
        Echogenicity, heterogeneity, margin and diameter of the lesion, known without error.
    clinical
        The fifteen columns, the measured diameter among them.
    both
        Image and clinical columns together.
    """

    image: float
    clinical: float
    both: float


def achievable_auc(effect: float = 1.0) -> AchievableAuc:
    """The ceiling for cohorts of this ``effect``; the prevalence does not matter."""
    rng = np.random.default_rng(_MONTE_CARLO_SEED)
    image, laboratory, measured = [], [], []
    distances = effect * np.array(APPEARANCE_SHIFT)
    for positive in (False, True):
        appearance = rng.standard_normal((_SAMPLE_PER_CLASS, len(distances))) + (0.5 if positive else -0.5) * distances
        diameter = diameter_distribution(positive, effect).draw(rng, _SAMPLE_PER_CLASS)
        # Normal densities with unit variance and means at ± half the distance: the log ratio is linear.
        image.append(appearance @ distances + _diameter_log_ratio(diameter, effect))
        callipers = diameter + CALLIPER_SD_MM * rng.standard_normal(_SAMPLE_PER_CLASS)
        measured.append(_measured_diameter_log_ratio(callipers, effect))
        columns = {column.name: column.distribution(positive).draw(rng, _SAMPLE_PER_CLASS) for column in TABLE_ONE}
        columns["histology"] = rng.choice(3, _SAMPLE_PER_CLASS, p=histology_probabilities(positive))
        laboratory.append(log_likelihood_ratio(columns))
    negative, positive_ = range(2)

    def auc(*parts: list[np.ndarray]) -> float:
        scores = [sum(part[index] for part in parts) for index in (negative, positive_)]
        return round(area_under_curve(np.asarray(scores[0]), np.asarray(scores[1])), 3)

    # Given the true diameter the measured one tells nothing more, so "both" leaves the callipers out.
    return AchievableAuc(image=auc(image), clinical=auc(laboratory, measured), both=auc(image, laboratory))


def _diameter_log_ratio(diameter: np.ndarray, effect: float) -> np.ndarray:
    return diameter_distribution(True, effect).log_density(diameter) - diameter_distribution(False, effect).log_density(
        diameter
    )


def _measured_diameter_log_ratio(measured: np.ndarray, effect: float) -> np.ndarray:
    """Log ratio of the diameter's density convolved with the callipers' error, tabulated and interpolated."""
    low, high = DIAMETER_RANGE_MM
    step = CALLIPER_SD_MM / 16
    margin = 6 * CALLIPER_SD_MM
    true = np.arange(low, high, step) + step / 2
    grid = np.arange(low - margin, high + margin, step)
    kernel = np.exp(-0.5 * (np.arange(-6, 6 + 1e-9, 1 / 16)) ** 2)
    ratio = np.zeros_like(grid)
    for positive, sign in ((True, 1), (False, -1)):
        density = np.exp(diameter_distribution(positive, effect).log_density(true))
        convolved = np.convolve(density, kernel)
        at = low - margin + step / 2 + step * np.arange(len(convolved))
        ratio += sign * np.log(np.maximum(np.interp(grid, at, convolved), 1e-300))
    return np.interp(measured, grid, ratio)


def area_under_curve(negative: np.ndarray, positive: np.ndarray) -> float:
    """Mann-Whitney's U over all pairs, ties count half."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([negative, positive]))
    wins = ranks[len(negative) :].sum() - len(positive) * (len(positive) + 1) / 2
    return float(wins / (len(negative) * len(positive)))
