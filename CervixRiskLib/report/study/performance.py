"""A judged model's numbers, computed from its scores: what the tables and the headline of a report are filled with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...bundle.study_record import TEST, TRAINING, CaseSet, JudgedModel, ModelTable, StudyRecord
from ...errors import TrainingError
from ...statistics import PairedTest, patient_proportion, repeated_auc, repeated_delong_test
from .cells import Estimate

HONEST = "honest"
PAPER = "paper"
NOMOGRAM = "nomogram"
AT_THE_CUT_OFF = ("accuracy", "sensitivity", "specificity", "ppv", "npv")
"""The measures of Tables 3 to 6 of Wang et al. 2025 beside the AUC."""

_BEST_FIRST = (NOMOGRAM, "fusion", "radiomics", "network")


@dataclass(frozen=True, eq=False)
class Judged:
    """A model beside the cases it was judged on."""

    model: JudgedModel
    cases: CaseSet

    @property
    def outcomes(self) -> np.ndarray:
        """``(cases,)`` codes."""
        return np.asarray(self.cases.outcomes)

    @property
    def scores(self) -> np.ndarray:
        """``(repeats, cases)``."""
        return np.asarray(self.model.scores, dtype=float)

    @property
    def patients(self) -> np.ndarray:
        """``(cases,)`` numbers."""
        return np.asarray(self.cases.patients)

    def auc(self) -> Estimate:
        """With its 95 % interval; undefined with fewer than two cases of an outcome."""
        return auc_of(self.outcomes, self.scores, self.patients)

    def at_cut_off(self, measure: str) -> Estimate | None:
        """One of :data:`AT_THE_CUT_OFF`, mean over the repeats, with its interval; ``None`` without a cut-off.

        Intervals are Clopper and Pearson's, of the effective number of cases where patients have several.
        """
        if not self.model.predicted:
            return None
        positive = self.outcomes == 1
        shares = []
        for row in self.model.predicted:
            called = np.asarray(row) == 1
            among = _among(measure, positive, called)
            shares.append(patient_proportion((called == positive)[among], self.patients[among]))
        value, lower, upper = (
            float(np.mean([getattr(share, part) for share in shares])) for part in ("value", "lower", "upper")
        )
        return Estimate(value, lower, upper) if np.isfinite(value) else Estimate(None)

    def counts(self) -> tuple[int, int]:
        """Cases and patients."""
        return len(self.cases.outcomes), len(set(self.cases.patients))


def _among(measure: str, positive: np.ndarray, called: np.ndarray) -> np.ndarray:
    """The cases ``(cases,)`` among which the right answers are counted."""
    return {
        "accuracy": np.ones(positive.size, dtype=bool),
        "sensitivity": positive,
        "specificity": ~positive,
        "ppv": called,
        "npv": ~called,
    }[measure]


def judged(record: StudyRecord, model: JudgedModel) -> Judged:
    """``model`` beside its cases."""
    return Judged(model, record.case_set(model.cases))


def models_of(record: StudyRecord, table: ModelTable, protocol: str, cases: str) -> dict[str, Judged]:
    """The models of a table by their names, in the order in which they were judged."""
    return {model.name: judged(record, model) for model in record.models_of(table, protocol, cases)}


def main_model(record: StudyRecord, cases: str = TRAINING, protocol: str = HONEST) -> Judged | None:
    """What the study is about: the nomogram, and where there is none the next model below it; ``None`` without any."""
    models = models_of(record, ModelTable.MODELS, protocol, cases)
    for name in (*_BEST_FIRST, *models):
        if name in models:
            return models[name]
    return None


def tested(record: StudyRecord) -> Judged | None:
    """The main model on the held-out cases, ``None`` without any."""
    return main_model(record, TEST)


def compare(a: Judged, b: Judged) -> PairedTest | None:
    """Do two models of the same cases differ in AUC? ``None`` where that is undefined."""
    if a.cases.name != b.cases.name:
        return None
    try:
        return repeated_delong_test(a.outcomes, a.scores, b.scores, a.patients)
    except TrainingError:
        return None


def auc_of(outcomes: np.ndarray, scores: np.ndarray, patients: np.ndarray | None = None) -> Estimate:
    """AUC with its 95 % interval; undefined with fewer than two cases of an outcome.

    Parameters
    ----------
    outcomes, scores, patients
        ``(cases,)``, ``(repeats, cases)``, ``(cases,)``.
    """
    try:
        found = repeated_auc(outcomes, scores, patients)
    except TrainingError:
        return Estimate(None)
    return Estimate(found.auc, found.lower, found.upper)


def informative(auc: Estimate) -> bool | None:
    """Whether the interval of an AUC lies above 0.5; ``None`` where it is undefined."""
    if auc.value is None or auc.lower is None or auc.upper is None:
        return None
    return auc.lower > 0.5
