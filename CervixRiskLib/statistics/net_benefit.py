"""Decision curves: is acting on the model better than treating everyone or no one, and by how much?

Vickers & Elkin, Medical Decision Making 2006;26:565-574; Vickers, van Calster & Steyerberg, Diagnostic and Prognostic
Research 2019;3:18.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TrainingError
from .outcome import binary_outcome, check_confidence
from .patient_weights import patient_weights, percentile_bounds
from .repeated_scores import repeated_probabilities

#: 0 to 99 %, as the decision curve of Wang et al. 2025 is drawn; at 100 % the net benefit has no value.
PERCENT_THRESHOLDS = tuple(percent / 100 for percent in range(100))


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """Net benefit at each threshold probability, ``(thresholds,)`` an array.

    ``net_benefit``, ``lower``, ``upper``, ``advantage``, ``advantage_lower``, ``advantage_upper`` and
    ``interventions_avoided`` hold one array a model. ``advantage`` is the net benefit beyond that of the better of
    treating everyone and no one. ``interventions_avoided`` counts unneeded treatments spared among 100 patients beside
    treating everyone, without a positive case more going untreated; it is NaN at threshold 0, where sparing a
    treatment is worth nothing. Treating no one has net benefit 0.
    """

    thresholds: np.ndarray
    net_benefit: dict[str, np.ndarray]
    lower: dict[str, np.ndarray]
    upper: dict[str, np.ndarray]
    treat_all: np.ndarray
    advantage: dict[str, np.ndarray]
    advantage_lower: dict[str, np.ndarray]
    advantage_upper: dict[str, np.ndarray]
    interventions_avoided: dict[str, np.ndarray]
    prevalence: float
    confidence: float

    def useful_ranges(self, model: str, *, certain: bool = False) -> tuple[tuple[float, float], ...]:
        """Thresholds from-to at which the model is better than treating everyone and than treating no one.

        ``certain``: where the lower bound of its advantage is above 0, pointwise.
        """
        above = (self.advantage_lower if certain else self.advantage)[model] > 1e-12
        edges = np.flatnonzero(np.diff(np.concatenate([[False], above, [False]])))
        return tuple(
            (float(self.thresholds[first]), float(self.thresholds[past - 1]))
            for first, past in zip(edges[::2], edges[1::2], strict=True)
        )


def decision_curve(
    y: ArrayLike,
    models: Mapping[str, ArrayLike],
    thresholds: ArrayLike = PERCENT_THRESHOLDS,
    patients: Sequence[Any] | np.ndarray | None = None,
    *,
    resamples: int = 1000,
    seed: np.random.Generator | int = 42,
    confidence: float = 0.95,
) -> DecisionCurve:
    """Net benefit ``TP / n - FP / n * t / (1 - t)`` of treating who has a risk of ``t`` or more.

    Intervals: percentile bootstrap over patients, pointwise, with the prevalence varying as in a new cohort (Vickers,
    Cronin, Elkin & Gonen, BMC Medical Informatics and Decision Making 2008;8:53). Repeats are judged one by one; values
    and bounds are averaged.

    Parameters
    ----------
    y
        ``(n,)`` outcome 0/1.
    models
        Name to probabilities ``(n,)`` or ``(repeats, n)``.
    thresholds
        ``(t,)``, at least 0 and below 1.
    patients
        ``(n,)`` identifiers; without them every case is a patient.

    Raises
    ------
    TrainingError
        One class only, or a probability is missing or outside 0 to 1.
    """
    confidence = check_confidence(confidence)
    positive = binary_outcome(y)
    levels = np.asarray(thresholds, dtype=float)
    if levels.ndim != 1 or levels.size == 0 or not ((levels >= 0) & (levels < 1)).all():
        raise TrainingError("Threshold probabilities must be at least 0 and below 1.")
    odds = levels / (1 - levels)
    gain = np.where(positive[:, np.newaxis], 1.0, -odds)
    treat_all = gain.mean(axis=0)
    weights = patient_weights(patients, positive.size, resamples, seed)
    weights /= weights.sum(axis=1, keepdims=True)
    all_draws = weights @ gain
    parts: dict[str, dict[str, np.ndarray]] = {
        part: {} for part in ("value", "lower", "upper", "advantage", "advantage_lower", "advantage_upper", "avoided")
    }
    for name, probabilities in models.items():
        found = []
        for repeat in repeated_probabilities(positive, probabilities):
            of_cases = np.where(repeat[:, np.newaxis] >= levels, gain, 0.0)
            value = of_cases.mean(axis=0)
            draws = weights @ of_cases
            beyond = percentile_bounds(draws - np.maximum(all_draws, 0.0), confidence)
            best = value - np.maximum(treat_all, 0.0)
            found.append((value, *percentile_bounds(draws, confidence), best, *beyond))
        averaged = np.mean(found, axis=0)
        for part, numbers in zip(parts, averaged, strict=False):
            parts[part][name] = numbers
        spared = 100.0 * (averaged[0] - treat_all)
        parts["avoided"][name] = np.divide(spared, odds, out=np.full(levels.size, np.nan), where=odds > 0)
    return DecisionCurve(
        levels,
        parts["value"],
        parts["lower"],
        parts["upper"],
        treat_all,
        parts["advantage"],
        parts["advantage_lower"],
        parts["advantage_upper"],
        parts["avoided"],
        float(positive.mean()),
        confidence,
    )
