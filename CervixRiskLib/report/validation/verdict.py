"""What a validation on further patients found, in words for a clinician."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import TrainingError
from ...statistics import CalibrationSummary, ValidationCases, decision_curve, validation_cases
from ..study.cells import Estimate, cell_text, interval_text
from ..study.headline import auc_2, shuffled
from ..study.performance import Judged, informative
from .external_validation import ExternalValidation
from .internal_estimate import (
    AUC,
    STAGING,
    InternalEstimate,
    calibration_of,
    class_measures,
    difference,
    measures_of,
)

_NOT_HERE = "Do not use it for patients like these."
_RECALIBRATE = "Do not use them before recalibration, judged on further patients."


@dataclass(frozen=True, eq=False)
class Findings:
    """What sentences and sections share, computed once.

    Parameters
    ----------
    judged
        The model on the further patients; ``None`` with more than two classes.
    measures
        What it is judged by, under the names of the internal ones; the AUC is of all classes where there are more.
    internal
        As :func:`.internal_estimate.internal_estimates` gives them.
    calibration
        ``None`` with more than two classes, or where it is undefined.
    size
        ``None`` with more than two classes, or where there is no case of one.
    """

    validation: ExternalValidation
    judged: Judged | None
    measures: Mapping[str, Estimate]
    internal: tuple[InternalEstimate, ...]
    calibration: CalibrationSummary | None
    size: ValidationCases | None

    @property
    def auc(self) -> Estimate:
        return self.measures[AUC]

    @property
    def patients_text(self) -> str:
        cases = self.validation.cases
        count, patients = len(cases.outcomes), len(set(cases.patients))
        who = "one patient" if patients == 1 else f"{patients} patients"
        return f"these {who}".replace("these one", "this one") if count == patients else f"these {count} cases of {who}"


def findings(validation: ExternalValidation, internal: tuple[InternalEstimate, ...]) -> Findings:
    """Judge the answers."""
    cases = validation.cases
    if len(validation.manifest.class_names) > 2:
        several = class_measures(cases.outcomes, cases.called, cases.probabilities, cases.patients)
        return Findings(validation, None, several, internal, None, None)
    judged = validation.judged()
    measures = measures_of(judged, staging=validation.manifest.task == STAGING)
    return Findings(validation, judged, measures, internal, calibration_of(judged), _size(validation, internal))


def _size(validation: ExternalValidation, internal: tuple[InternalEstimate, ...]) -> ValidationCases | None:
    cases = validation.cases
    share = float(np.mean(cases.outcomes == 1))
    if not 0.0 < share < 1.0:
        return None
    expected = internal[0].measures[AUC].value if internal else validation.judged().auc().value
    return validation_cases(
        share,
        cases.probabilities[:, 1],
        c_statistic=expected,
        patients=len(set(cases.patients)),
        events=validation.patients_with(1),
    )


def headline(found: Findings) -> str:
    """The finding in two or three sentences."""
    study = found.validation.study
    sentences = [discrimination_words(found), *(() if found.judged is None else (calibration_words(found),))]
    if study is not None and shuffled(study):
        sentences.insert(0, "The outcomes were shuffled before training, as a check: this model is meaningless.")
    return " ".join(sentences)


def discrimination_words(found: Findings) -> str:
    """How well the model tells the patients apart, and whether that is what it promised."""
    auc, who = found.auc, found.patients_text
    if auc.value is None:
        return f"How well the model tells {who} apart is undefined: a class has fewer than two of them."
    text = cell_text(auc_2(auc))
    if auc.lower is None and auc.value > 0.5:
        return f"On {who} the model's AUC is {text}, with an interval that they cannot tell."
    if auc.upper is not None and auc.upper < 0.5:
        return f"On {who} the model is worse than chance: AUC {text}. Check how the outcome is coded. {_NOT_HERE}"
    if not informative(auc):
        return f"On {who} nothing shows that the model tells the outcomes apart: AUC {text}. {_NOT_HERE}"
    return f"On {who} the model's AUC is {text}{_beside_internal(found)}."


def _beside_internal(found: Findings) -> str:
    if not found.internal:
        return ""
    own = found.internal[0].measures[AUC]
    gap = difference(found.auc, own)
    if own.value is None or gap.value is None or gap.lower is None or gap.upper is None:
        return ""
    told = f"the {own.value:.2f} of its own validation (difference {cell_text(auc_2(gap))})"
    if gap.upper < 0:
        return f", lower than {told}"
    if gap.lower > 0:
        return f", higher than {told}"
    return f"; these patients do not show that it differs from {told}"


def calibration_words(found: Findings) -> str:
    """Whether the probabilities can be taken at their word here."""
    judged, summary = found.judged, found.calibration
    if judged is None or summary is None:
        return "Whether its probabilities are right cannot be told: all of these patients have one outcome."
    given, seen = float(judged.scores.mean()), float(judged.outcomes.mean())
    faults = []
    large, slope = summary.in_the_large, summary.slope
    if large.upper < 0 or large.lower > 0:
        way = "high" if large.upper < 0 else "low"
        points = 100 * abs(given - seen)
        faults.append(
            f"too {way} by {points:.0f} percentage points on average ({_percent(given)} predicted, {_percent(seen)} "
            "observed)"
        )
    if slope.upper < 1:
        faults.append(f"too extreme (calibration slope {_two(slope.value, slope.lower, slope.upper)})")
    elif slope.lower > 1:
        faults.append(f"too close to each other (calibration slope {_two(slope.value, slope.lower, slope.upper)})")
    if faults:
        # No recalibration makes a model tell patients apart.
        advice = f" {_RECALIBRATE}" if informative(found.auc) else ""
        return f"Its probabilities are {' and '.join(faults)}.{advice}"
    words = (
        f"No miscalibration is shown ({_percent(given)} predicted, {_percent(seen)} observed"
        f"{'' if math.isnan(slope.value) else f'; slope {_two(slope.value, slope.lower, slope.upper)}'})"
    )
    if found.size is not None and found.size.is_tiny:
        return f"{words}, which so few patients cannot rule out."
    return f"{words}, as far as the width of these intervals tells."


def threshold_words(found: Findings) -> str:
    """Is acting at the bundle's own threshold better than treating everyone or no one? Empty where it is undefined."""
    judged, threshold = found.judged, found.validation.manifest.threshold
    if judged is None or threshold is None or not 0.0 < threshold < 1.0:
        return ""
    try:
        curve = decision_curve(judged.outcomes, {"model": judged.scores}, [threshold], judged.patients)
    except TrainingError:
        return ""
    value, lower, upper = (
        float(part["model"][0]) for part in (curve.advantage, curve.advantage_lower, curve.advantage_upper)
    )
    if lower > 0:
        verdict = "is better than"
    elif upper < 0:
        verdict = "is worse than the better of"
    else:
        verdict = "is not shown to be better than"
    text = cell_text(Estimate(value, lower, upper))
    return (
        f"At the model's threshold, {100 * threshold:.1f} %, acting on it {verdict} treating everyone or no one (net "
        f"benefit beyond the better of the two {text})."
    )


def alike_words(found: Findings) -> str:
    """Whether every case was called alike; empty otherwise."""
    called = np.unique(found.validation.cases.called)
    if called.size > 1:
        return ""
    return f"The model called every one of these cases {found.validation.manifest.class_names[int(called[0])]}."


def spectrum_words(found: Findings) -> str:
    """How frequent the outcome is here and was in training."""
    training, cases = found.validation.manifest.training, found.validation.cases
    if found.judged is None or not training.cases:
        return ""
    here, there = float(np.mean(cases.outcomes == 1)), training.positives / training.cases
    return (
        f"{_percent(here)} of these cases have the outcome ({found.validation.positive_name}); in the training cohort "
        f"it was {_percent(there)}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _two(value: float, lower: float, upper: float) -> str:
    text = Estimate(value, lower, upper, digits=2)
    return f"{value:.2f}, {interval_text(text)}"
