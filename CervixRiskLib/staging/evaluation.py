"""How good a network is on the cases it had not seen, and whether the best is better than the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from ..bundle import Metric
from ..errors import TrainingError
from ..statistics import (
    classification_intervals,
    confusion_matrix,
    macro_auc_interval,
    mcnemar_test,
    repeated_auc,
    repeated_delong_test,
)

HONEST = "honest"
MEASURES = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "auc")


@dataclass(frozen=True, eq=False)
class NetworkEvaluation:
    """One network on the held-out cases.

    Parameters
    ----------
    network
        Its name.
    truth, predicted
        ``(cases,)`` group codes; predicted is the most probable group.
    logits
        ``(cases, groups)`` of the network, not calibrated.
    matrix
        ``(groups, groups)`` counts, rows are the truth.
    metrics
        The measures of the paper's Table 2 with 95 % intervals; without where all resamples give the same, as they do
        when a network calls every case alike.
    """

    network: str
    truth: np.ndarray
    predicted: np.ndarray
    logits: np.ndarray
    matrix: np.ndarray
    metrics: tuple[Metric, ...]

    @property
    def probabilities(self) -> np.ndarray:
        """``(cases, groups)``: softmax of the logits."""
        return softmax(self.logits, axis=1)

    def metric(self, name: str) -> Metric:
        """The measure of that name."""
        return next(metric for metric in self.metrics if metric.name == name)


@dataclass(frozen=True)
class PairedComparison:
    """The two best networks on the same cases.

    Parameters
    ----------
    first, second
        By AUC on the held-out cases, the better first.
    only_first, only_second
        Cases that only one of them placed rightly.
    accuracy_p
        McNemar's exact test, of whole patients where these have several cases.
    auc_difference, auc_p
        DeLong's test, over resamples of the patients where these have several cases; ``None`` with more than two
        groups.
    cases_independent
        Every case is a patient of its own.
    """

    first: str
    second: str
    only_first: int
    only_second: int
    accuracy_p: float
    auc_difference: float | None
    auc_p: float | None
    cases_independent: bool = True
    tried: int = 2

    def sentence(self) -> str:
        """For people."""
        method, test = "DeLong", "McNemar"
        if not self.cases_independent:
            # Patients have several cases, so both go by patients.
            method, test = "bootstrap over patients,", "exchanging whole patients' answers,"
        text = (
            f"{self.first} and {self.second} on the same held-out cases: {self.only_first} were placed rightly by the "
            f"first alone and {self.only_second} by the second alone ({test} p = {self.accuracy_p:.2f})"
        )
        if self.auc_difference is not None and self.auc_p is not None:
            text += f"; their AUCs differ by {self.auc_difference:.3f} ({method} p = {self.auc_p:.2f})"
        if self.tried == 2:
            return f"{text}."
        picked = f"They are the two best of {self.tried} tried"
        return f"{text}. {picked}, so these p values are too small rather than too large."


def evaluate(
    network: str, truth: np.ndarray, logits: np.ndarray, patients: np.ndarray, *, seed: int
) -> NetworkEvaluation:
    """Judge one network.

    With cross-validation the logits come from several networks. They are pooled: an AUC that also compares cases of
    different networks, and so is rather too low than too high.

    Parameters
    ----------
    truth, logits, patients
        ``(cases,)`` codes, ``(cases, groups)`` and ``(cases,)`` of the held-out cases.
    seed
        Of the bootstrap.

    Raises
    ------
    TrainingError
        The logits are not finite.
    """
    groups = logits.shape[1]
    if not np.isfinite(logits).all():
        raise TrainingError(f"The answers of {network} are not finite: its training had failed.")
    predicted = np.argmax(logits, axis=1)
    found = classification_intervals(truth, predicted, patients, n_classes=groups, seed=seed)
    metrics = []
    for name in MEASURES[:-1]:
        estimate = getattr(found, name)
        # A bootstrap sees no error where every resample gives the same: that is no certainty, but no interval.
        lower, upper = (estimate.lower, estimate.upper) if estimate.lower < estimate.upper else (math.nan, math.nan)
        metrics.append(_metric(name, estimate.value, lower, upper, len(truth), network))
    if groups == 2 and len(np.unique(patients.astype(str))) == len(truth):
        area = repeated_auc(truth, _log_odds(logits))
        metrics.append(_metric("auc", area.auc, area.lower, area.upper, len(truth), network))
    else:
        # DeLong's variance takes every case for a patient of its own; the bootstrap draws patients.
        several = macro_auc_interval(truth, softmax(logits, axis=1), patients, seed=seed)
        metrics.append(_metric("auc", several.value, several.lower, several.upper, len(truth), network))
    return NetworkEvaluation(
        network, truth, predicted, logits, confusion_matrix(truth, predicted, groups), tuple(metrics)
    )


def compare_best_two(
    evaluations: Sequence[NetworkEvaluation], patients: np.ndarray | None = None
) -> PairedComparison | None:
    """The paired tests between the two networks with the highest AUC; ``None`` with fewer than two.

    Parameters
    ----------
    patients
        ``(cases,)``; without them every case is a patient.
    """
    if len(evaluations) < 2:
        return None
    ordered = sorted(evaluations, key=lambda item: -(item.metric("auc").value or 0.0))
    first, second = ordered[:2]
    test = mcnemar_test(first.predicted == first.truth, second.predicted == second.truth, patients)
    difference = p_value = None
    if first.logits.shape[1] == 2:
        paired = repeated_delong_test(first.truth, _log_odds(first.logits), _log_odds(second.logits), patients)
        difference, p_value = float(paired.difference), float(paired.p)
    return PairedComparison(
        first.network,
        second.network,
        int(test.only_a),
        int(test.only_b),
        float(test.p_value),
        difference,
        p_value,
        patients is None or len(np.unique(patients.astype(str))) == len(first.truth),
        len(evaluations),
    )


def _log_odds(logits: np.ndarray) -> np.ndarray:
    """The second group's log-odds: unlike probabilities they never tie at 1."""
    return logits[:, 1] - logits[:, 0]


def _metric(name: str, value: float, lower: float, upper: float, n: int, network: str) -> Metric:
    known, low, high = (float(number) if np.isfinite(number) else None for number in (value, lower, upper))
    return Metric(name, known, low, high, HONEST, n, network)
