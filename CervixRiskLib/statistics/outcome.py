"""The checks that every function on an outcome and a score begins with."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TrainingError


def binary_outcome(y: ArrayLike, *, both_classes: bool = True, least: int = 1) -> np.ndarray:
    """The outcome as ``(n,)`` booleans, ``True`` for the positive class.

    Parameters
    ----------
    y
        ``(n,)`` of 0 and 1 (or booleans).
    both_classes
        Refuse an outcome without cases of either class.
    least
        The fewest cases each class must have.

    Raises
    ------
    TrainingError
        The outcome is empty, holds other values, or lacks cases of a class.
    """
    values = np.asarray(y)
    if values.ndim != 1:
        raise ValueError(f"The outcome must have one dimension, not {values.ndim}.")
    if values.size == 0:
        raise TrainingError("There are no cases: the outcome is empty.")
    if values.dtype == bool:
        positive = values
    else:
        try:
            numbers = values.astype(float)
        except (TypeError, ValueError):
            numbers = np.full(values.shape, np.nan)
        if not np.isin(numbers, (0.0, 1.0)).all():
            raise TrainingError("The outcome must hold only 0 (negative) and 1 (positive): correct the outcome column.")
        positive = numbers == 1.0
    if both_classes:
        count = int(positive.sum())
        if count in (0, positive.size):
            raise TrainingError("All cases have the same outcome: cases of both classes are needed.")
        if min(count, positive.size - count) < least:
            raise TrainingError(
                f"There are {count} positive and {positive.size - count} negative cases: "
                f"at least {least} of each are needed."
            )
    return positive


def group_codes(y: ArrayLike, n_classes: int) -> np.ndarray:
    """The outcome of several groups as ``(n,)`` int64 codes 0 … ``n_classes`` - 1; a group may have no case.

    Raises
    ------
    TrainingError
        The outcome is empty or holds other values.
    """
    values = np.asarray(y)
    if values.ndim != 1:
        raise ValueError(f"The outcome must have one dimension, not {values.ndim}.")
    if n_classes < 2:
        raise ValueError(f"There must be two groups at least, not {n_classes}.")
    if values.size == 0:
        raise TrainingError("There are no cases: the outcome is empty.")
    if values.dtype.kind not in "biuf" or not np.isin(values, np.arange(n_classes)).all():
        raise TrainingError(f"The outcome must hold only the groups' numbers, 0 to {n_classes - 1}.")
    return values.astype(np.int64)


def scores_for(positive: np.ndarray, score: ArrayLike, *, finite: bool = False) -> np.ndarray:
    """The scores as ``(n,)`` float64, one for each case of ``positive``.

    Raises
    ------
    TrainingError
        A score is missing (NaN), or infinite where ``finite`` numbers are asked for.
    """
    values = np.asarray(score, dtype=float)
    if values.shape != positive.shape:
        raise ValueError(f"Scores of shape {values.shape} do not fit an outcome of shape {positive.shape}.")
    if np.isnan(values).any():
        raise TrainingError(f"{int(np.isnan(values).sum())} of {values.size} scores are missing (NaN).")
    if finite and not np.isfinite(values).all():
        raise TrainingError(f"{int((~np.isfinite(values)).sum())} of {values.size} scores are infinite.")
    return values


def check_confidence(confidence: float) -> float:
    """A confidence level strictly between 0 and 1."""
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"The confidence level must lie between 0 and 1, not {confidence}.")
    return float(confidence)
