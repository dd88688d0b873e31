"""AUC and the comparison of two AUCs from repeated cross-validation, cases of one patient kept together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .discrimination import AucInterval, PairedTest, auc, delong_interval, delong_test
from .outcome import binary_outcome, check_confidence
from .patient_resampling import shares_patients
from .patient_weights import patient_weights, percentile_bounds
from .perfect_separation import perfect_auc_bound
from .repeated_scores import repeated_scores

DELONG = "DeLong"
PATIENT_BOOTSTRAP = "bootstrap over patients"


@dataclass(frozen=True)
class RepeatedAuc(AucInterval):
    """AUC, interval and standard error, averaged over ``repeats``; ``method`` says how the interval was made."""

    repeats: int
    method: str


def repeated_auc(
    y: ArrayLike,
    scores: ArrayLike,
    patients: Sequence[Any] | np.ndarray | None = None,
    *,
    resamples: int = 2000,
    seed: np.random.Generator | int = 42,
    confidence: float = 0.95,
) -> RepeatedAuc:
    """AUC of repeated cross-validation: each repeat by itself, value and bounds averaged over the repeats.

    One case a patient: DeLong (:func:`.delong_interval`). Otherwise the percentile bootstrap over patients within the
    outcomes. Neither sees any uncertainty in a repeat that separates the outcomes: it has the limit of
    :func:`.perfect_auc_bound`. The interval is about the cases; that another training cohort would give another model
    is not in it, so it is somewhat too narrow (Bates, Hastie & Tibshirani, JASA 2024;119:1434-1445).

    Parameters
    ----------
    y, scores
        ``(n,)`` outcome 0/1, and ``(repeats, n)`` or ``(n,)`` scores, higher for the positive class.
    patients
        ``(n,)`` identifiers; without them every case is a patient.

    Raises
    ------
    TrainingError
        Fewer than two cases of either class, or a score is missing.
    """
    confidence = check_confidence(confidence)
    positive = binary_outcome(y, least=2)
    values = repeated_scores(positive, scores)
    if not shares_patients(patients, positive.size):
        found = [delong_interval(positive, repeat, confidence) for repeat in values]
        areas = np.array([one.auc for one in found])
        lower, upper = np.array([one.lower for one in found]), np.array([one.upper for one in found])
        _widen_perfect(areas, lower, upper, int(positive.sum()), int((~positive).sum()), confidence)
        return RepeatedAuc(
            float(areas.mean()),
            float(lower.mean()),
            float(upper.mean()),
            float(np.mean([one.standard_error for one in found])),
            len(values),
            DELONG,
        )
    weights = patient_weights(patients, positive.size, resamples, seed, outcome=positive)
    draws = np.stack([_weighted_auc(positive, repeat, weights) for repeat in values], axis=1)
    lower, upper = percentile_bounds(draws, confidence)
    areas = np.array([auc(positive, repeat) for repeat in values])
    ours, theirs = (len(np.unique(np.asarray(patients)[side])) for side in (positive, ~positive))
    _widen_perfect(areas, lower, upper, ours, theirs, confidence)
    return RepeatedAuc(
        float(areas.mean()),
        float(lower.mean()),
        float(upper.mean()),
        float(np.nanstd(draws, axis=0, ddof=1).mean()),
        len(values),
        PATIENT_BOOTSTRAP,
    )


def repeated_delong_test(
    y: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    patients: Sequence[Any] | np.ndarray | None = None,
    *,
    resamples: int = 2000,
    seed: np.random.Generator | int = 42,
    confidence: float = 0.95,
) -> PairedTest:
    """Do two models differ in AUC on the same cases, over all repeats of a cross-validation?

    ``difference`` is the mean over the repeats; its standard error is the root of the mean squared standard error of
    one repeat (:func:`.delong_test`; the bootstrap over patients where patients have several cases), and z their
    ratio. Repeats are not taken for more cases: one repeat gives DeLong's test itself, and with several the test is
    the more conservative, the more the repeats differ.

    What p is: how surprising these scores' difference would be on other cases of the same kind, were both scores
    fixed. It does not know that the models were fitted to overlapping cases and would come out otherwise on another
    cohort, so it is too small for the question which way of modelling is better (Dietterich, Neural Computation
    1998;10:1895-1923; Bengio & Grandvalet, JMLR 2004;5:1089-1105). Between a model and one that contains it, fitted to
    the same cases, DeLong's test is not calibrated (Demler et al., Statistics in Medicine 2012;31:2577-2587). Not
    corrected for the number of comparisons.

    Parameters
    ----------
    y, a, b
        ``(n,)`` outcome 0/1, and scores ``(repeats, n)`` or ``(n,)``; one repeat is held against each of several.

    Raises
    ------
    TrainingError
        Fewer than two cases of either class, or a score is missing.
    """
    confidence = check_confidence(confidence)
    positive = binary_outcome(y, least=2)
    first, second = repeated_scores(positive, a), repeated_scores(positive, b)
    if len(first) != len(second) and 1 not in (len(first), len(second)):
        raise ValueError(f"{len(first)} repeats cannot be held against {len(second)}.")
    repeats = max(len(first), len(second))
    pairs = list(
        zip(
            np.broadcast_to(first, (repeats, positive.size)),
            np.broadcast_to(second, (repeats, positive.size)),
            strict=True,
        )
    )
    tests = [delong_test(positive, one, other, confidence) for one, other in pairs]
    difference = float(np.mean([test.difference for test in tests]))
    if shares_patients(patients, positive.size):
        weights = patient_weights(patients, positive.size, resamples, seed, outcome=positive)
        errors = [
            np.nanstd(_weighted_auc(positive, one, weights) - _weighted_auc(positive, other, weights), ddof=1)
            for one, other in pairs
        ]
    elif repeats == 1:
        return tests[0]
    else:
        errors = [test.standard_error for test in tests]
    error = float(np.sqrt(np.mean(np.square(errors))))
    return PairedTest.of(difference, error, confidence)


def _widen_perfect(
    areas: np.ndarray, lower: np.ndarray, upper: np.ndarray, positives: int, negatives: int, confidence: float
) -> None:
    """Give the repeats that separate the outcomes their limit, in place."""
    bound = perfect_auc_bound(positives, negatives, confidence)
    lower[areas == 1.0] = bound
    upper[areas == 0.0] = 1 - bound


def _weighted_auc(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AUC in each resample ``(resamples,)``; NaN where a class is missing."""
    ours, theirs = score[positive][:, np.newaxis], score[~positive][np.newaxis]
    wins = (ours > theirs) + 0.5 * (ours == theirs)
    of_positives, of_negatives = weights[:, positive], weights[:, ~positive]
    won = np.einsum("rj,rj->r", of_positives @ wins, of_negatives)
    pairs = of_positives.sum(axis=1) * of_negatives.sum(axis=1)
    return np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)
