"""Scores of repeated cross-validation, as every function that judges a model takes them.

Each repeat is judged by itself; values and interval bounds are averaged over the repeats. So averaging many models does
not pass for the performance of one, and repeating the cross-validation does not pass for more cases.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TrainingError
from .outcome import scores_for


def repeated_scores(positive: np.ndarray, scores: ArrayLike) -> np.ndarray:
    """The scores as ``(repeats, n)`` float64; ``(n,)`` is one repeat.

    Raises
    ------
    TrainingError
        A score is missing (NaN).
    """
    values = np.asarray(scores, dtype=float)
    if values.ndim == 1:
        values = values[np.newaxis]
    if values.ndim != 2 or len(values) == 0:
        raise ValueError(f"Scores must be (cases,) or (repeats, cases), not {values.shape}.")
    return np.stack([scores_for(positive, repeat) for repeat in values])


def repeated_probabilities(positive: np.ndarray, probabilities: ArrayLike) -> np.ndarray:
    """The probabilities as ``(repeats, n)`` float64; ``(n,)`` is one repeat.

    Raises
    ------
    TrainingError
        A probability is missing (NaN) or outside 0 to 1.
    """
    values = repeated_scores(positive, probabilities)
    if ((values < 0) | (values > 1)).any():
        raise TrainingError("Probabilities must lie between 0 and 1.")
    return values
