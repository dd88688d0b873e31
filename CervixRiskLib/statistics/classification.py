"""Confusion matrix of two or more groups, and the numbers Dai et al. 2025 print for each network.

With ``M[t, p]`` cases of group ``t`` called ``p``, precision of a group is ``M[c, c] / sum(M[:, c])``, recall
``M[c, c] / sum(M[c, :])``, F1 their harmonic mean; "macro" is the plain mean over the groups. Where a denominator is
zero (a group that is never called) the value is 0, as in scikit-learn with ``zero_division=0``; the paper's ViT row,
precision .2727 and F1 .3529 with all cases called alike, shows that it counts so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TrainingError
from .outcome import group_codes
from .patient_resampling import patient_bootstrap, shares_patients
from .proportions import Estimate, proportion


@dataclass(frozen=True)
class ClassificationSummary:
    """Share of correct calls, and precision, recall and F1 averaged over the groups, each in 0-1."""

    accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float


@dataclass(frozen=True)
class ClassificationIntervals:
    """The numbers of :class:`ClassificationSummary` with intervals."""

    accuracy: Estimate
    macro_precision: Estimate
    macro_recall: Estimate
    macro_f1: Estimate


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, n_classes: int) -> np.ndarray:
    """``(n_classes, n_classes)`` int64 counts; rows are the truth, columns what was called.

    Parameters
    ----------
    truth, predicted
        ``(n,)`` codes 0 … ``n_classes`` - 1.

    Raises
    ------
    TrainingError
        There are no cases, or a code is out of range.
    """
    actual, called = group_codes(truth, n_classes), group_codes(predicted, n_classes)
    if actual.shape != called.shape:
        raise ValueError(f"{called.size} predictions do not fit {actual.size} outcomes.")
    flat = np.bincount(actual * n_classes + called, minlength=n_classes * n_classes)
    return flat.reshape(n_classes, n_classes).astype(np.int64)


def classification_summary(matrix: ArrayLike) -> ClassificationSummary:
    """Accuracy and macro precision, recall and F1 of a confusion matrix (rows truth).

    Raises
    ------
    TrainingError
        The matrix holds no case.
    """
    counts = np.asarray(matrix, dtype=float)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"A confusion matrix is square, not {counts.shape}.")
    total = counts.sum()
    if total == 0:
        raise TrainingError("There are no cases: the confusion matrix is empty.")
    correct, actual, called = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)

    def mean_share(part: np.ndarray, whole: np.ndarray) -> float:
        return float(np.divide(part, whole, out=np.zeros(part.size), where=whole > 0).mean())

    return ClassificationSummary(
        accuracy=float(correct.sum() / total),
        macro_precision=mean_share(correct, called),
        macro_recall=mean_share(correct, actual),
        macro_f1=mean_share(2 * correct, actual + called),
    )


def classification_intervals(
    truth: ArrayLike,
    predicted: ArrayLike,
    groups: Sequence[Any] | np.ndarray | None = None,
    *,
    n_classes: int,
    resamples: int = 2000,
    seed: int = 42,
    confidence: float = 0.95,
) -> ClassificationIntervals:
    """The summary of a held-out set with intervals.

    Accuracy: Clopper-Pearson where every case is a patient of its own. The macro numbers, and accuracy where patients
    have several cases: percentile bootstrap over patients within the groups (:func:`.patient_bootstrap`). A bootstrap
    sees no error where none was made: a faultless set gives 1 (1 to 1) for the macro numbers.

    Parameters
    ----------
    truth, predicted
        ``(n,)`` codes.
    groups
        ``(n,)`` patient identifiers; without them every case is a patient.

    Raises
    ------
    TrainingError
        There are no cases, or a code is out of range.
    """
    summary = classification_summary(confusion_matrix(truth, predicted, n_classes))
    actual, called = group_codes(truth, n_classes), group_codes(predicted, n_classes)

    def resampled(name: str) -> Estimate:
        def statistic(some_truth: np.ndarray, some_calls: np.ndarray) -> float:
            value: float = getattr(classification_summary(confusion_matrix(some_truth, some_calls, n_classes)), name)
            return value

        found = patient_bootstrap(
            statistic, [actual, called], actual, groups, resamples=resamples, seed=seed, confidence=confidence
        )
        return Estimate(getattr(summary, name), found.lower, found.upper)

    if shares_patients(groups, actual.size):
        accuracy = resampled("accuracy")
    else:
        exact = proportion(int((actual == called).sum()), actual.size, confidence)
        accuracy = Estimate(exact.value, exact.lower, exact.upper)
    return ClassificationIntervals(
        accuracy, resampled("macro_precision"), resampled("macro_recall"), resampled("macro_f1")
    )
