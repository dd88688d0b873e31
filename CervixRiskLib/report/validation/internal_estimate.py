"""How good the model was in its own validation, told in the measures that the further patients are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, softmax

from ...bundle.manifest import Calibration
from ...errors import TrainingError
from ...statistics import (
    CalibrationSummary,
    calibration_summary,
    classification_intervals,
    independent_difference,
    macro_auc_interval,
)
from ...statistics.proportions import Estimate as Interval
from ..study.cells import Estimate
from ..study.performance import Judged, main_model, tested
from ..study.staging_networks import own_network, validation_words
from .external_validation import ExternalValidation

AUC = "AUC"
STAGING = "staging"
_CUT_OFF = {"Accuracy": "accuracy", "Sensitivity": "sensitivity", "Specificity": "specificity"}
_TABLE_2 = {"Accuracy": "accuracy", "Precision": "macro_precision", "Recall": "macro_recall", "F1": "macro_f1"}
_CALIBRATION = {
    "Calibration in the large": "in_the_large",
    "Calibration slope": "slope",
    "Brier score": "brier",
    "Scaled Brier score": "scaled_brier",
}


@dataclass(frozen=True, eq=False)
class InternalEstimate:
    """One honest validation that the bundle tells of.

    Parameters
    ----------
    title
        How it was made and on whom: "cross-validated, 300 patients".
    measures
        Name to value and interval.
    judged
        Its answers as the bundle's probabilities; ``None`` with more than two classes.
    """

    title: str
    measures: Mapping[str, Estimate]
    judged: Judged | None = None


def internal_estimates(validation: ExternalValidation) -> tuple[InternalEstimate, ...]:
    """The validations in the bundle, the one on most patients first; empty where it holds none."""
    study = validation.study
    if study is None:
        return ()
    if validation.manifest.task == STAGING:
        title, network = own_network(study)
        found = f"{validation_words(study)}, {_patients(network)}"
        if len(validation.manifest.class_names) > 2:
            logits = study.record.details.get("logits")
            if not isinstance(logits, dict) or title not in logits:
                return ()
            shares = softmax(np.array(logits[title]) / (validation.manifest.calibration.temperature or 1.0), axis=1)
            called = np.asarray(network.model.predicted[0])
            return (InternalEstimate(found, class_measures(network.outcomes, called, shares, network.patients)),)
        calibrated = with_bundle_calibration(network, validation.manifest.calibration)
        return (InternalEstimate(found, measures_of(calibrated, staging=True, calibrated=False), calibrated),)
    pairs = (("cross-validated", main_model(study.record)), ("held out and opened once", tested(study.record)))
    return tuple(
        InternalEstimate(f"{how}, {_patients(judged)}", measures_of(judged, staging=False), judged)
        for how, judged in pairs
        if judged is not None
    )


def with_bundle_calibration(network: Judged, calibration: Calibration) -> Judged:
    """A network's log-odds as the probabilities that the bundle would have answered."""
    slope = 1.0 if calibration.slope is None else calibration.slope
    intercept = 0.0 if calibration.intercept is None else calibration.intercept
    scores = tuple(tuple(float(value) for value in row) for row in expit(intercept + slope * network.scores))
    return replace(network, model=replace(network.model, scores=scores, probability=True))


def measures_of(judged: Judged, *, staging: bool, calibrated: bool = True) -> dict[str, Estimate]:
    """What a model of two classes is judged by.

    Parameters
    ----------
    staging
        Beside sensitivity and specificity stand the measures of Table 2 of Dai et al. 2025.
    calibrated
        The scores are probabilities that were not calibrated on these very cases.
    """
    found = {AUC: judged.auc()}
    for title, name in _CUT_OFF.items():
        share = judged.at_cut_off(name)
        if share is not None:
            found[title] = share
    if staging and judged.model.predicted:
        called = np.asarray(judged.model.predicted[0])
        found |= _table_2(judged.outcomes, called, judged.patients, 2)
    summary = calibration_of(judged) if calibrated and judged.model.probability else None
    if summary is not None:
        found |= {title: cell_of(getattr(summary, name)) for title, name in _CALIBRATION.items()}
    return found


def class_measures(
    outcomes: np.ndarray, called: np.ndarray, probabilities: np.ndarray, patients: np.ndarray
) -> dict[str, Estimate]:
    """What a model of several classes is judged by; ``probabilities`` ``(cases, classes)``."""
    try:
        auc = cell_of(macro_auc_interval(outcomes, probabilities, patients))
    except TrainingError:
        # A class has too few of these cases; the table says "undefined".
        auc = Estimate(None)
    return {AUC: auc} | _table_2(outcomes, called, patients, probabilities.shape[1])


def calibration_of(judged: Judged) -> CalibrationSummary | None:
    """``None`` where all cases have one outcome."""
    try:
        return calibration_summary(judged.outcomes, judged.scores, judged.patients)
    except TrainingError:
        return None


def difference(here: Estimate, there: Estimate) -> Estimate:
    """How far the further patients' number lies from the model's own; they have nobody in common."""
    a, b = _interval(here), _interval(there)
    return cell_of(independent_difference(a, b))


def cell_of(found: Interval) -> Estimate:
    """A cell of what the statistics give; without an interval where all resamples gave the same: no certainty."""
    if not np.isfinite(found.value):
        return Estimate(None)
    return Estimate(found.value) if found.lower == found.upper else Estimate(found.value, found.lower, found.upper)


def _interval(cell: Estimate) -> Interval:
    parts = (cell.value, cell.lower, cell.upper)
    return Interval(*(float("nan") if part is None else part for part in parts))


def _table_2(outcomes: np.ndarray, called: np.ndarray, patients: np.ndarray, classes: int) -> dict[str, Estimate]:
    found = classification_intervals(outcomes, called, patients, n_classes=classes)
    return {title: cell_of(getattr(found, name)) for title, name in _TABLE_2.items()}


def _patients(judged: Judged) -> str:
    return f"{judged.counts()[1]} patients"
