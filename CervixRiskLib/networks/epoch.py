"""What one pass over the training cases gave."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Epoch:
    """One pass over the training cases.

    Losses are cross-entropies; the validation's weighs the classes alike when the training does. Areas under the ROC
    curve are macro averages of one class against the rest (with two classes: the AUC), over the classes that have
    cases, and NaN when only one has.

    Parameters
    ----------
    number
        Counted from 1.
    learning_rate
        That of its steps.
    training_loss, training_auc
        Over the augmented batches as they came, each before its step.
    validation_loss, validation_auc
        Of the cases held out, after the last step; ``None`` when none are.
    """

    number: int
    learning_rate: float
    training_loss: float
    training_auc: float
    validation_loss: float | None = None
    validation_auc: float | None = None


def macro_auc(labels: np.ndarray, logits: np.ndarray) -> float:
    """Macro one-versus-rest AUC of ``(n,)`` labels and ``(n, classes)`` logits; NaN for one class or logits not finite.

    A class's score is its share (softmax) among the classes that have cases. Two classes have one ranking, so the
    logits' difference is taken, which does not saturate.
    """
    present = np.unique(labels)
    if len(present) < 2 or not np.isfinite(logits).all():
        return math.nan
    scores = logits[:, present].astype(np.float64)
    if len(present) == 2:
        return _auc(labels == present[1], scores[:, 1] - scores[:, 0])
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return float(np.mean([_auc(labels == label, shares[:, column]) for column, label in enumerate(present)]))


def _auc(positive: np.ndarray, scores: np.ndarray) -> float:
    """Mann-Whitney's U as a share of all pairs, ties counted half."""
    _, place, ties = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(ties) - (ties - 1) / 2)[place]
    n = int(positive.sum())
    return float((rank[positive].sum() - n * (n + 1) / 2) / (n * (len(scores) - n)))
