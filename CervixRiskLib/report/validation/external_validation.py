"""What a validation on another cohort knows: a fixed model's answers to patients it was not made from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...bundle.manifest import BundleManifest
from ...bundle.study_file import Study
from ...bundle.study_record import CaseSet, JudgedModel, ModelTable, StudyRecord
from ..study.performance import HONEST, Judged

MODEL = "model"
"""What the model is called: there is one."""
FURTHER = "further patients"


@dataclass(frozen=True, eq=False)
class FurtherCases:
    """The model's answers, ``(cases,)`` where nothing else is said.

    Parameters
    ----------
    outcomes, called
        Codes in the order of the manifest's ``class_names``: what was, and what the model answered at its threshold.
    patients
        A number for each case, the same for cases of one patient.
    probabilities
        ``(cases, classes)``.
    subgroups
        As in :class:`CervixRiskLib.bundle.study_record.CaseSet`.
    """

    outcomes: np.ndarray
    called: np.ndarray
    patients: np.ndarray
    probabilities: np.ndarray
    subgroups: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class CaseFlow:
    """From the rows of the table to the cases that were answered.

    Parameters
    ----------
    rows
        Of the table.
    unusable
        Rows that could not be used, counted by what was wrong.
    failed
        Cases that the model could not answer, counted by the sentence that says why.
    """

    rows: int
    unusable: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ExternalValidation:
    """Everything the report is made of.

    Parameters
    ----------
    record
        The bundle's own study; ``None`` where it holds none.
    warnings
        Words of a warning that answers carried to the number of cases that had it.
    overlap
        Sentences on what is known of patients that the model may have been trained on.
    alarms
        Sentences that a reader must not miss.
    cohort_hash
        SHA-256 of the cohort's rows.
    cohort_simulated
        These cases are simulated, whatever the model was trained on.
    """

    manifest: BundleManifest
    record: StudyRecord | None
    bundle_hash: str
    cases: FurtherCases
    flow: CaseFlow
    warnings: dict[str, int] = field(default_factory=dict)
    overlap: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    cohort_hash: str = ""
    cohort_simulated: bool = False

    @property
    def simulated(self) -> bool:
        return self.manifest.simulated or self.cohort_simulated

    @property
    def study(self) -> Study | None:
        """The model's own study, as its report takes it."""
        return None if self.record is None else Study(self.manifest, self.record, self.bundle_hash)

    @property
    def positive_name(self) -> str:
        return self.manifest.class_names[-1]

    def judged(self, code: int = 1) -> Judged:
        """The model as one of the study report's: class ``code`` against the rest."""
        cases = self.cases
        of_class = CaseSet(
            FURTHER,
            tuple(int(outcome == code) for outcome in cases.outcomes),
            tuple(int(patient) for patient in cases.patients),
            cases.subgroups,
        )
        model = JudgedModel(
            MODEL,
            ModelTable.MODELS.value,
            HONEST,
            FURTHER,
            (tuple(float(value) for value in cases.probabilities[:, code]),),
            (tuple(int(called == code) for called in cases.called),),
            probability=True,
        )
        return Judged(model, of_class)

    def patients_with(self, code: int) -> int:
        """Patients who have a case of the class."""
        return len(set(self.cases.patients[self.cases.outcomes == code]))
