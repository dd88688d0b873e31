"""Net reclassification and integrated discrimination: secondary numbers, given because readers ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TrainingError
from .outcome import binary_outcome, check_confidence
from .patient_weights import patient_weights, percentile_bounds
from .proportions import Estimate
from .repeated_scores import repeated_probabilities


@dataclass(frozen=True, eq=False)
class Reclassification:
    """What changes when the new risks replace the old ones; above 0 for the better.

    Parameters
    ----------
    nri, nri_positive, nri_negative
        Net reclassification between risk categories, and its parts: cases that moved the right way less those that
        moved the wrong way, of the positive and of the negative cases. ``None`` without thresholds.
    continuous_nri, continuous_nri_positive, continuous_nri_negative
        The same for any rise or fall of the risk.
    idi
        Integrated discrimination improvement: gain in mean risk among the positive less that among the negative cases.
    positive_table, negative_table
        ``(categories, categories)`` numbers of cases, old category by row and new one by column, averaged over the
        repeats; ``None`` without thresholds.
    """

    nri: Estimate | None
    nri_positive: Estimate | None
    nri_negative: Estimate | None
    continuous_nri: Estimate
    continuous_nri_positive: Estimate
    continuous_nri_negative: Estimate
    idi: Estimate
    positive_table: np.ndarray | None
    negative_table: np.ndarray | None
    thresholds: tuple[float, ...]
    repeats: int
    confidence: float


def reclassification(
    y: ArrayLike,
    p_old: ArrayLike,
    p_new: ArrayLike,
    thresholds: Sequence[float] = (),
    patients: Sequence[Any] | np.ndarray | None = None,
    *,
    resamples: int = 1000,
    seed: np.random.Generator | int = 42,
    confidence: float = 0.95,
) -> Reclassification:
    """Net reclassification improvement, categorical and continuous, and integrated discrimination improvement.

    Pencina et al., Statistics in Medicine 2008;27:157-172 and 2011;30:11-21.

    Secondary measures, never the evidence for a new predictor: both can rise with an uninformative predictor when
    risks are miscalibrated (Hilden & Gerds, Statistics in Medicine 2014;33:3405-3414; Pepe, Fan, Feng, Gerds & Hilden,
    Statistics in Biosciences 2015;7:282-295), the two parts of the NRI weigh missed and false alarms as if the
    prevalence did not matter (Kerr et al., Epidemiology 2014;25:114-121), and the published tests and standard errors
    are wrong for nested models. Therefore no p value is given, and the intervals are percentile bootstraps over
    patients within the outcomes. Compare models by AUC, calibration and net benefit.

    Parameters
    ----------
    y, p_old, p_new
        ``(n,)`` outcome 0/1, and probabilities ``(n,)`` or ``(repeats, n)``, as many repeats of both; averaged.
    thresholds
        Rising cut-offs between risk categories; a risk equal to one belongs to the higher category.
    patients
        ``(n,)`` identifiers; without them every case is a patient.

    Raises
    ------
    TrainingError
        One class only, a probability is missing or outside 0 to 1, or thresholds that do not rise within 0 to 1.
    """
    confidence = check_confidence(confidence)
    positive = binary_outcome(y)
    old, new = repeated_probabilities(positive, p_old), repeated_probabilities(positive, p_new)
    if len(old) != len(new):
        raise ValueError(f"{len(old)} repeats cannot be held against {len(new)}.")
    cuts = np.asarray(thresholds, dtype=float)
    if cuts.size and not (((cuts > 0) & (cuts < 1)).all() and (np.diff(cuts) > 0).all()):
        raise TrainingError("The cut-offs of risk categories must rise and lie between 0 and 1.")
    weights = patient_weights(patients, positive.size, resamples, seed, outcome=positive)
    before, after = np.searchsorted(cuts, old, side="right"), np.searchsorted(cuts, new, side="right")
    in_categories = _net(positive, np.sign(after - before), weights, confidence) if cuts.size else (None, None, None)
    by_any_change = _net(positive, np.sign(new - old), weights, confidence)
    return Reclassification(
        nri=in_categories[0],
        nri_positive=in_categories[1],
        nri_negative=in_categories[2],
        continuous_nri=by_any_change[0],
        continuous_nri_positive=by_any_change[1],
        continuous_nri_negative=by_any_change[2],
        idi=_net(positive, new - old, weights, confidence)[0],
        positive_table=_table(before[:, positive], after[:, positive], cuts.size + 1) if cuts.size else None,
        negative_table=_table(before[:, ~positive], after[:, ~positive], cuts.size + 1) if cuts.size else None,
        thresholds=tuple(float(cut) for cut in cuts),
        repeats=len(old),
        confidence=confidence,
    )


def _net(
    positive: np.ndarray, moves: np.ndarray, weights: np.ndarray, confidence: float
) -> tuple[Estimate, Estimate, Estimate]:
    """Mean move up of the positive and down of the negative cases: their sum, then each. ``moves``: (repeats, n)."""
    rise, fall = moves[:, positive], -moves[:, ~positive]
    values = rise.mean(axis=1), fall.mean(axis=1)
    draws = _weighted_mean(rise, weights[:, positive]), _weighted_mean(fall, weights[:, ~positive])

    def estimate(value: np.ndarray, drawn: np.ndarray) -> Estimate:
        lower, upper = percentile_bounds(drawn, confidence)
        return Estimate(float(value.mean()), float(np.mean(lower)), float(np.mean(upper)))

    return (
        estimate(values[0] + values[1], draws[0] + draws[1]),
        estimate(values[0], draws[0]),
        estimate(values[1], draws[1]),
    )


def _weighted_mean(moves: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """``(resamples, repeats)``; NaN in a resample without such cases."""
    total = weights.sum(axis=1, keepdims=True)
    undefined = np.full((len(weights), len(moves)), np.nan)
    return np.divide(weights @ moves.T, total, out=undefined, where=total > 0)


def _table(before: np.ndarray, after: np.ndarray, categories: int) -> np.ndarray:
    counts = np.bincount((before * categories + after).ravel(), minlength=categories**2)
    return counts.reshape(categories, categories) / len(before)
