"""Dividing cases into training and test, and into folds, stratified by outcome, never dividing a patient.

The patient is the unit that is drawn: a patient's outcome is the largest of its cases' (with outcomes 0 and 1: positive
if any case is), and all cases follow. With one case a patient this is ordinary stratified sampling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SettingsError, TrainingError

if TYPE_CHECKING:
    import pandas as pd

    from .table import Cohort

Indices = tuple[np.ndarray, np.ndarray]


def patient_split(
    cases: Cohort | pd.DataFrame | Sequence[Any] | np.ndarray,
    groups: Sequence[Any] | np.ndarray | None = None,
    *,
    test_fraction: float = 0.3,
    seed: int = 42,
) -> Indices:
    """Positions of the training and of the test cases, each ascending.

    Parameters
    ----------
    cases
        A cohort or its table: a complete ``split`` column is followed (the test may then be empty), else patients are
        drawn. Or ``(n,)`` outcomes: 0 and 1, or the codes 0 … k - 1 of k groups.
    groups
        ``(n,)`` patient identifiers beside outcomes; without them every case is a patient.
    test_fraction
        Part of the patients that goes into the test, in (0, 1), rounded up: 127 of 421 at 0.3, as in Wang et al. 2025.
    seed
        For NumPy; the paper's is 42.

    Raises
    ------
    TrainingError
        An outcome has fewer than two patients.
    SettingsError
        ``test_fraction`` is out of range.
    """
    if not 0.0 < test_fraction < 1.0:
        raise SettingsError("The test fraction lies between 0 and 1, 0.3 for instance.")
    table: Any = getattr(cases, "table", cases)
    if hasattr(table, "columns"):
        if "split" in table.columns and table["split"].isin(["train", "test"]).all():
            test = (table["split"] == "test").to_numpy(dtype=bool)
            return np.flatnonzero(~test), np.flatnonzero(test)
        cases, groups = table["outcome"].to_numpy(), table["patient_id"].to_numpy(dtype=object)
    patient_of_case, outcomes = _patients(cases, groups)
    counts = _class_counts(outcomes, fewest=2, purpose="A split into training and test")
    random = np.random.default_rng(seed)
    in_test = np.zeros(len(outcomes), dtype=bool)
    for outcome, size in enumerate(_test_sizes(counts, test_fraction)):
        in_test[random.permutation(np.flatnonzero(outcomes == outcome))[:size]] = True
    test = in_test[patient_of_case]
    return np.flatnonzero(~test), np.flatnonzero(test)


def patient_folds(
    y: Sequence[Any] | np.ndarray,
    groups: Sequence[Any] | np.ndarray | None = None,
    n_splits: int = 5,
    seed: int = 42,
    repeats: int = 1,
) -> list[Indices]:
    """Folds of a repeated stratified cross-validation: ``repeats * n_splits`` pairs of (training, test) positions.

    In each repeat every case is in the test once; the folds' numbers of patients of one outcome differ by at most one.

    Parameters
    ----------
    y
        ``(n,)`` outcomes: 0 and 1, or the codes 0 … k - 1 of k groups.
    groups
        ``(n,)`` patient identifiers; without them every case is a patient.

    Raises
    ------
    TrainingError
        An outcome has fewer patients than there are folds; the sentence gives the largest number that works.
    SettingsError
        Fewer than two folds or no repeat.
    """
    if n_splits < 2 or repeats < 1:
        raise SettingsError("Cross-validation needs at least two folds and one repeat.")
    patient_of_case, outcomes = _patients(y, groups)
    counts = _class_counts(outcomes, fewest=n_splits, purpose=f"{n_splits}-fold cross-validation")
    folds: list[Indices] = []
    for repeat_seed in np.random.SeedSequence(seed).spawn(repeats):
        random = np.random.default_rng(repeat_seed)
        # Each outcome is dealt on from where the one before stopped, so that fold sizes stay even.
        order = np.concatenate([random.permutation(np.flatnonzero(outcomes == code)) for code in range(len(counts))])
        fold_of_patient = np.empty(len(outcomes), dtype=np.intp)
        fold_of_patient[order] = np.arange(len(order)) % n_splits
        fold_of_case = fold_of_patient[patient_of_case]
        folds += [
            (np.flatnonzero(fold_of_case != fold), np.flatnonzero(fold_of_case == fold)) for fold in range(n_splits)
        ]
    return folds


def _test_sizes(counts: np.ndarray, test_fraction: float) -> list[int]:
    """How many patients of each outcome go into the test: in proportion, at least one, at least one left."""
    classes, total = len(counts), int(counts.sum())
    n_test = min(max(math.ceil(round(test_fraction * total, 9)), classes), total - classes)
    if classes == 2:
        positive = min(max(round(n_test * counts[1] / total), 1), counts[1] - 1)
        return [int(min(max(n_test - positive, 1), counts[0] - 1)), int(positive)]
    # Largest remainders: whole shares first, then one each to whom rounding down took the most.
    shares = n_test * counts / total
    sizes = np.clip(np.floor(shares).astype(int), 1, counts - 1)
    while (left := n_test - int(sizes.sum())) != 0:
        step = 1 if left > 0 else -1
        movable = sizes < counts - 1 if step > 0 else sizes > 1
        sizes[np.argmax(np.where(movable, step * (shares - sizes), -np.inf))] += step
    return [int(size) for size in sizes]


def _patients(y: Any, groups: Any) -> tuple[np.ndarray, np.ndarray]:
    """``(n,)`` patient number of each case and ``(patients,)`` outcome of each patient, numbered by appearance."""
    codes = _codes(y)
    if groups is None:
        return np.arange(len(codes)), codes
    names = list(groups)
    if len(names) != len(codes):
        raise TrainingError("There must be one patient identifier a case.")
    numbers: dict[Any, int] = {}
    patient_of_case = np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.intp)
    outcomes = np.zeros(len(numbers), dtype=np.intp)
    np.maximum.at(outcomes, patient_of_case, codes)
    return patient_of_case, outcomes


def _codes(y: Any) -> np.ndarray:
    values = np.asarray(y)
    # A code beyond the number of cases cannot be one of 0 … k - 1 groups that all have cases.
    if values.ndim != 1 or not np.isin(values, np.arange(max(len(values), 2))).all():
        raise TrainingError("Every case needs an outcome of 0 or 1, or the number of its group, from 0.")
    return values.astype(np.intp)


def _class_counts(outcomes: np.ndarray, fewest: int, purpose: str) -> np.ndarray:
    counts = np.bincount(outcomes, minlength=2)
    rarer = int(counts.argmin())
    have = int(counts[rarer])
    if have >= fewest:
        return counts
    sentence = f"{purpose} needs at least {fewest} patients of each outcome; outcome {rarer} has {have}."
    if fewest > 2 and have >= 2:
        sentence += f" Use at most {have} folds."
    raise TrainingError(sentence)
