"""Which cases are kept from a network to judge it on: a hold-out or folds, never dividing a patient."""

from __future__ import annotations

import numpy as np

from ..cohort import patient_folds, patient_split
from ..errors import TrainingError
from .case_crops import CaseCrops
from .choices import Search, Validation
from .plan_search import INNER_FOLDS
from .settings import StagingSettings

_FEWEST_OF_A_GROUP = 2


def draw_resamples(cases: CaseCrops, settings: StagingSettings) -> tuple[list[tuple[np.ndarray, np.ndarray]], str]:
    """Rows to train on and to judge, with the reason in a sentence.

    Raises
    ------
    TrainingError
        A group has too few patients for the validation or for the search inside it.
    """
    if settings.validation is Validation.CROSS_VALIDATION:
        folds = patient_folds(cases.labels, cases.patients, settings.folds, settings.seed)
        note = (
            f"{settings.folds}-fold cross-validation by patient: every case is judged by a network that never saw it."
        )
        if cases.cohort.has_split:
            note += " The table's own split was not used."
        _check_search(cases, folds, settings)
        return folds, note
    if cases.cohort.has_split:
        training, test = patient_split(cases.cohort)
        note = f"The table's own split was followed: {test.size} cases were held out."
    else:
        training, test = patient_split(
            cases.labels, cases.patients, test_fraction=settings.test_fraction, seed=settings.seed
        )
        note = f"{test.size} of {len(cases.labels)} cases were held out by patient and opened once."
    # Found out now, not after hours of training.
    for side, positions in (("trained on", training), ("held out", test)):
        _check_groups(
            cases, positions, f"to be {side}", _FEWEST_OF_A_GROUP, "change the split, or use cross-validation"
        )
    _check_search(cases, [(training, test)], settings)
    return [(training, test)], note


def _check_search(cases: CaseCrops, resamples: list[tuple[np.ndarray, np.ndarray]], settings: StagingSettings) -> None:
    if settings.search is not Search.NONE:
        for training, _ in resamples:
            _check_groups(cases, training, "to be searched on", INNER_FOLDS, "or train without a search")


def _check_groups(cases: CaseCrops, positions: np.ndarray, purpose: str, fewest: int, remedy: str) -> None:
    """Raise ``TrainingError`` where a group has fewer patients among some cases than are needed."""
    for code, name in enumerate(cases.cohort.class_names):
        found = len(set(cases.patients[positions][cases.labels[positions] == code]))
        if found < fewest:
            raise TrainingError(
                f"Of the cases {purpose}, {found} patient{' is' if found == 1 else 's are'} in the group {name}, and "
                f"{fewest} are needed: add cases, {remedy}."
            )
