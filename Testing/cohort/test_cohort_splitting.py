"""Splits and folds: never a patient divided, always both outcomes, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from CervixRiskLib.cohort import load_cohort, patient_folds, patient_split
from CervixRiskLib.errors import SettingsError, TrainingError

CASES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 25)), min_size=2, max_size=80)


def _patient_counts(outcomes: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Patients without and with a positive case, counted the slow way."""
    positive = {patient: max(outcomes[patients == patient]) for patient in set(patients)}
    return np.bincount(list(positive.values()), minlength=2)


@settings(deadline=None, max_examples=150)
@given(CASES, st.floats(0.05, 0.95), st.integers(0, 1000))
def test_a_split_never_divides_a_patient(cases: list[tuple[int, int]], fraction: float, seed: int) -> None:
    outcomes, patients = np.array(cases).T
    counts = _patient_counts(outcomes, patients)
    if counts.min() < 2:
        with pytest.raises(TrainingError):
            patient_split(outcomes, patients, test_fraction=fraction, seed=seed)
        return
    train, test = patient_split(outcomes, patients, test_fraction=fraction, seed=seed)
    assert sorted([*train, *test]) == list(range(len(cases)))
    assert not set(patients[train]) & set(patients[test])
    for part in (train, test):
        assert (_patient_counts(outcomes[part], patients[part]) > 0).all()
    share = _patient_counts(outcomes[test], patients[test]).sum() / counts.sum()
    assert abs(share - fraction) <= 2 / counts.sum() + 1e-9 or counts.min() < 1 / min(fraction, 1 - fraction) + 2


@settings(deadline=None, max_examples=150)
@given(CASES, st.integers(2, 4), st.integers(0, 1000), st.integers(1, 3))
def test_folds_never_divide_a_patient(cases: list[tuple[int, int]], n_splits: int, seed: int, repeats: int) -> None:
    outcomes, patients = np.array(cases).T
    counts = _patient_counts(outcomes, patients)
    if counts.min() < n_splits:
        with pytest.raises(TrainingError):
            patient_folds(outcomes, patients, n_splits, seed, repeats)
        return
    folds = patient_folds(outcomes, patients, n_splits, seed, repeats)
    assert len(folds) == n_splits * repeats
    for repeat in range(repeats):
        part = folds[repeat * n_splits : (repeat + 1) * n_splits]
        assert sorted(np.concatenate([test for _, test in part])) == list(range(len(cases)))
        per_fold = []
        for train, test in part:
            assert sorted([*train, *test]) == list(range(len(cases)))
            assert not set(patients[train]) & set(patients[test])
            per_fold.append(_patient_counts(outcomes[test], patients[test]))
        spread = np.ptp(per_fold, axis=0)
        assert (spread <= 1).all()
        assert np.ptp(np.sum(per_fold, axis=1)) <= 1


def test_folds_are_as_even_as_scikit_learns() -> None:
    outcomes = np.r_[np.zeros(218), np.ones(76)].astype(int)
    ours = sorted(int(outcomes[test].sum()) for _, test in patient_folds(outcomes, None, 10, 1))
    theirs = StratifiedKFold(10, shuffle=True, random_state=1).split(outcomes, outcomes)
    assert ours == sorted(int(outcomes[test].sum()) for _, test in theirs)


def test_the_papers_split() -> None:
    outcomes = np.r_[np.zeros(314), np.ones(107)].astype(int)
    train, test = patient_split(outcomes)
    assert (len(train), len(test)) == (294, 127)
    assert outcomes[test].sum() == 32  # the paper has 31; a stratified draw of 107 * 127 / 421 = 32.3 has 32


def test_seeds_decide() -> None:
    outcomes = np.tile([0, 1], 30)
    assert all(
        np.array_equal(one, two)
        for one, two in zip(patient_split(outcomes, seed=3), patient_split(outcomes, seed=3), strict=True)
    )
    assert not np.array_equal(patient_split(outcomes, seed=3)[1], patient_split(outcomes, seed=4)[1])
    folds = patient_folds(outcomes, n_splits=3, repeats=2)
    assert not np.array_equal(folds[0][1], folds[3][1])
    again = patient_folds(outcomes, n_splits=3, repeats=1)
    assert np.array_equal(folds[0][1], again[0][1])


def test_a_cohorts_own_split_is_followed(write_table) -> None:  # type: ignore[no-untyped-def]
    text = "case_id,image,roi,outcome,split\n" + "".join(
        f"{letter},{letter}.png,{letter}-roi.png,{number % 2},{'test' if number in (1, 2) else 'train'}\n"
        for number, letter in enumerate("abcdef")
    )
    cohort = load_cohort(write_table(text))
    for cases in (cohort, cohort.table):
        train, test = patient_split(cases)
        assert train.tolist() == [0, 3, 4, 5]
        assert test.tolist() == [1, 2]


def test_a_cohort_without_split_is_drawn_by_patient(write_table) -> None:  # type: ignore[no-untyped-def]
    text = "case_id,image,roi,outcome,patient_id\n" + "".join(
        f"{letter},{letter}.png,{letter}-roi.png,{number // 3},{number // 3}{number % 3 // 2}\n"
        for number, letter in enumerate("abcdef")
    )
    cohort = load_cohort(write_table(text))
    train, test = patient_split(cohort)
    assert not set(cohort.patients[train]) & set(cohort.patients[test])


def test_too_few_give_the_largest_number_that_works() -> None:
    outcomes = [0] * 20 + [1] * 3
    with pytest.raises(TrainingError, match=r"outcome 1 has 3\. Use at most 3 folds"):
        patient_folds(outcomes, n_splits=5)
    with pytest.raises(TrainingError, match="outcome 1 has 0"):
        patient_folds([0, 0, 0], n_splits=2)
    assert len(patient_folds(outcomes, n_splits=3)) == 3


def test_settings_out_of_range() -> None:
    for fraction in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(SettingsError):
            patient_split([0, 0, 1, 1], test_fraction=fraction)
    with pytest.raises(SettingsError):
        patient_folds([0, 1], n_splits=1)
    with pytest.raises(SettingsError):
        patient_folds([0, 1], repeats=0)
    with pytest.raises(TrainingError):
        patient_folds([0, 1, 2])
    with pytest.raises(TrainingError):
        patient_folds([0, 1, np.nan])
    with pytest.raises(TrainingError, match="one patient identifier"):
        patient_folds([0, 1], groups=["a"])
