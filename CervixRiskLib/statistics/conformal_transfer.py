"""Prediction sets for further patients, with the thresholds that the model's own patients gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import SettingsError
from .conformal import ConformalSets, SetShares, least_ambiguous_sets, set_summary
from .outcome import binary_outcome, check_confidence
from .patient_weights import patient_numbers, patient_weights
from .repeated_scores import repeated_probabilities


def transferred_sets(
    y: ArrayLike,
    probability: ArrayLike,
    patients: Sequence[Any] | np.ndarray | None = None,
    *,
    known_y: ArrayLike,
    known_probability: ArrayLike,
    coverage: float = 0.9,
    class_conditional: bool = False,
    resamples: int = 1000,
    seed: int = 42,
    confidence: float = 0.95,
) -> ConformalSets:
    """Does the coverage hold elsewhere? Thresholds of one set of patients, sets and coverage of another.

    Unlike :func:`.conformal.conformal_sets` nothing of the judged patients takes part in their thresholds, so a
    coverage that falls short is seen: it is promised for patients like the known ones alone.

    Parameters
    ----------
    y, probability, patients
        ``(n,)`` outcome 0/1, probabilities of the positive outcome and identifiers of the judged cases.
    known_y, known_probability
        ``(m,)`` and ``(m,)`` or ``(repeats, m)``: the cases that the model was validated on in training, answered by
        models that had not seen them. Each repeat gives a threshold of its own; shares are averaged over them.
    coverage, class_conditional
        As for :func:`.conformal.conformal_sets`.

    Raises
    ------
    MissingComponentError
        MAPIE is not installed.
    TrainingError
        One class only on a side, or a probability is missing or outside 0 to 1.
    SettingsError
        A coverage outside 0 to 1.
    """
    if not 0 < coverage < 1:
        raise SettingsError(f"The coverage of prediction sets must lie between 0 and 1, not {coverage}.")
    confidence = check_confidence(confidence)
    outcome, known = binary_outcome(y), binary_outcome(known_y)
    values = repeated_probabilities(outcome, probability)[0]
    repeats = repeated_probabilities(known, known_probability)
    includes = np.ones((len(repeats), outcome.size, 2), dtype=bool)
    for repeat, calibrating in enumerate(repeats):
        for label in (0, 1):
            taking_part = known == label if class_conditional else np.ones(known.size, dtype=bool)
            if taking_part.sum() < 1 / (1 - coverage):
                continue
            found = least_ambiguous_sets(calibrating[taking_part], known[taking_part], values, coverage)
            if class_conditional:
                includes[repeat, :, label] = found[:, label]
            else:
                includes[repeat] = found
                break
    numbers = patient_numbers(patients, outcome.size)
    shares = SetShares(numbers, confidence)
    if int(numbers.max()) + 1 < outcome.size:
        shares.weights = patient_weights(numbers, outcome.size, resamples, seed, outcome=outcome)
    summary = set_summary(outcome, includes, shares, coverage, class_conditional, 1)
    return ConformalSets(includes[:, :, 0], includes[:, :, 1], summary)
