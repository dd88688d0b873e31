"""Outcomes with names, stages for outcomes, and several images a case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CervixRiskLib.cohort import load_cohort, patient_folds, patient_split
from CervixRiskLib.errors import CohortError, SettingsError, TrainingError
from CervixRiskLib.staging import GROUP_NAMES, treatment_group

Write = Callable[..., Path]
HEADER = "case_id,image,roi,outcome"
LETTERS = "abcdef"


def _table(outcomes: list[str], header: str = HEADER, extra: list[str] | None = None) -> str:
    rows = [
        f"{letter.upper()},{letter}.png,{letter}-roi.png,{outcome}" + (f",{extra[place]}" if extra else "")
        for place, (letter, outcome) in enumerate(zip(LETTERS, outcomes, strict=False))
    ]
    return "\n".join([header, *rows]) + "\n"


def _two_groups(text: str) -> str:
    """A stage to a group, in a room that knows nothing of FIGO."""
    groups = {"I": "early", "IV": "late"}
    if text not in groups:
        raise ValueError(f"stage '{text}' cannot be placed")
    return groups[text]


# Named groups ---------------------------------------------------------------------------------------------------------


def test_names_are_sorted_and_coded(write_table: Write) -> None:
    cohort = load_cohort(write_table(_table(["late", "early", "Early", "mid", "late", "mid"])), outcome_kind="group")
    assert cohort.class_names == ("early", "late", "mid")
    assert cohort.outcomes.tolist() == [1, 0, 0, 2, 1, 2]
    assert cohort.outcomes.dtype == np.int64
    assert cohort.channels == ("image",)


def test_an_order_that_is_given_comes_first(write_table: Write) -> None:
    path = write_table(_table(["late", "early", "Early", "mid", "late", "mid"]))
    cohort = load_cohort(path, outcome_kind="group", group_order=("EARLY", "mid", "late"))
    assert cohort.class_names == ("EARLY", "mid", "late")
    assert cohort.outcomes.tolist() == [2, 0, 0, 1, 2, 1]
    assert cohort.notes == ()
    cohort = load_cohort(path, outcome_kind="group", group_order=("mid", "none"))
    assert cohort.class_names == ("mid", "early", "late")
    assert cohort.notes == ("The outcome column has groups beside mid, none: 'early', 'late'.",)


def test_numbers_are_ordered_as_numbers(write_table: Write) -> None:
    cohort = load_cohort(write_table(_table(["10", "2.0", "2", "1", "10", "01"])), outcome_kind="group")
    assert cohort.class_names == ("1", "2", "10")
    assert cohort.outcomes.tolist() == [2, 1, 1, 0, 2, 0]


def test_numbers_are_positions_in_the_order(write_table: Write) -> None:
    path = write_table(_table(["0", "1", "0", "1"]))
    cohort = load_cohort(path, outcome_kind="group", group_order=GROUP_NAMES)
    assert cohort.class_names == GROUP_NAMES
    assert cohort.outcomes.tolist() == [0, 1, 0, 1]
    # A number beyond its end shows that the numbers mean something else.
    cohort = load_cohort(write_table(_table(["1", "2", "1", "2"])), outcome_kind="group", group_order=GROUP_NAMES)
    assert cohort.class_names == ("1", "2")
    assert "beside surgery, chemoradiotherapy: '1', '2'" in cohort.notes[0]


def test_two_numbered_groups_are_the_binary_cohort(write_table: Write) -> None:
    path = write_table(_table(["0", "1", "0", "1"]))
    binary, groups = load_cohort(path), load_cohort(path, outcome_kind="group")
    assert binary.class_names == groups.class_names == ("0", "1")
    assert binary.outcomes.tolist() == groups.outcomes.tolist()
    assert binary.content_hash == groups.content_hash
    named = load_cohort(path, outcome_kind="group", group_order=GROUP_NAMES)
    assert named.content_hash != binary.content_hash


def test_hashes_of_tables_from_before_stay(write_table: Write) -> None:
    """The value this library gave before groups and channels could be had."""
    cohort = load_cohort(write_table(_table(["0", "1"], f"{HEADER},age", ["50.5", "51"])))
    assert cohort.content_hash == "98c827e236efdd9dca10e2da49ef3772afcdd0b46da8c314d49007e4a7174494"


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        (["a", "a", "a"], "All 3 cases belong to the group 'a'"),
        (["a", "a", "b"], "The group 'b' has one case only"),
        (["a", "a", "-1", "b", "b"], r"row 4 \(C\): outcome is '-1'; it must be a whole number from 0"),
        (["a", "a", "1.5", "b", "b"], r"row 4 \(C\): outcome is '1.5'; it must be a whole number"),
        (["a", "a", "x" * 41, "b", "b"], r"row 4 \(C\): outcome is 'x+'; it must be .* at most 40 characters"),
        (["a", "a", "", "b", "b"], r"row 4 \(C\): outcome is missing"),
        (["a", "a", "n/a", "b", "b"], r"row 4 \(C\): outcome is missing"),
    ],
)
def test_outcomes_that_are_no_groups(write_table: Write, outcomes: list[str], sentence: str) -> None:
    path = write_table(_table(outcomes))
    with pytest.raises(CohortError, match=sentence):
        load_cohort(path, outcome_kind="group")
    if "row" in sentence:
        cohort = load_cohort(path, outcome_kind="group", skip_invalid=True)
        assert cohort.class_names == ("a", "b")
        assert [problem.case_id for problem in cohort.excluded] == ["C"]


def test_settings_that_do_not_go_together(write_table: Write) -> None:
    path = write_table(_table(["0", "1"]))
    with pytest.raises(SettingsError, match="choose binary or group"):
        load_cohort(path, outcome_kind="several")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="kind group"):
        load_cohort(path, stage_group=_two_groups)
    with pytest.raises(SettingsError, match="kind group"):
        load_cohort(path, group_order=("a", "b"))
    with pytest.raises(SettingsError, match="same name"):
        load_cohort(path, outcome_kind="group", group_order=("a", "A"))


# Stages ---------------------------------------------------------------------------------------------------------------


def test_stages_give_the_outcome(write_table: Write) -> None:
    text = _table(["IB3", "ib1", "FIGO IIA-1", "IVB"], "case_id,image,roi,figo_stage")
    cohort = load_cohort(write_table(text), outcome_kind="group", stage_group=treatment_group, group_order=GROUP_NAMES)
    assert cohort.class_names == ("surgery", "chemoradiotherapy")
    assert cohort.outcomes.tolist() == [1, 0, 0, 1]
    assert cohort.table["figo_stage"].tolist() == ["IB3", "ib1", "FIGO IIA-1", "IVB"]
    with pytest.raises(CohortError, match="no column outcome"):
        load_cohort(write_table(text), outcome_kind="group")
    with pytest.raises(CohortError, match="no column outcome"):
        load_cohort(
            write_table(_table(["x", "x"], "case_id,image,roi,age")), outcome_kind="group", stage_group=_two_groups
        )


def test_stages_fill_gaps_and_check_the_rest(write_table: Write) -> None:
    header = f"{HEADER},figo_stage"
    good = _table(["early", "", "LATE", "late", "early"], header, ["I", "I", "IV", "?", "II"])
    cohort = load_cohort(write_table(good), outcome_kind="group", stage_group=_two_groups)
    assert cohort.class_names == ("early", "late")
    # A stage that says nothing leaves the outcome alone: it does not contradict it.
    assert cohort.outcomes.tolist() == [0, 0, 1, 1, 0]

    bad = _table(["early", "", "late", "", "", "late"], header, ["I", "I", "I", "II", "", "IV"])
    with pytest.raises(CohortError) as caught:
        load_cohort(write_table(bad), outcome_kind="group", stage_group=_two_groups)
    assert "row 4 (C): outcome is 'late' but FIGO stage 'I' belongs to 'early'" in str(caught.value)
    assert "row 5 (D): stage 'II' cannot be placed" in str(caught.value)
    assert "row 6 (E): outcome and stage are missing" in str(caught.value)
    assert str(caught.value).startswith("3 of 6 rows")
    with pytest.raises(CohortError, match="The group 'late' has one case"):
        load_cohort(write_table(bad), outcome_kind="group", stage_group=_two_groups, skip_invalid=True)


def test_numbers_are_checked_against_stages_by_the_order(write_table: Write) -> None:
    path = write_table(_table(["0", "1", "", "0", "1"], f"{HEADER},figo_stage", ["I", "IV", "IV", "IV", ""]))
    with pytest.raises(
        CohortError, match=r"(?s)1 of 5 rows.*\(D\): outcome is 'early' but FIGO stage 'IV' belongs to 'late'"
    ):
        load_cohort(path, outcome_kind="group", stage_group=_two_groups, group_order=("early", "late"))


def test_prediction_takes_what_it_can(write_table: Write) -> None:
    text = _table(["", "late", ""], f"{HEADER},figo_stage", ["II", "IV", ""])
    cohort = load_cohort(
        write_table(text),
        outcome_kind="group",
        stage_group=_two_groups,
        group_order=("early", "late"),
        require_outcome=False,
    )
    # The codes are those of the model, although no case is of the first group.
    assert cohort.class_names == ("early", "late")
    np.testing.assert_array_equal(cohort.outcomes, [np.nan, 1, np.nan])


# Splits ---------------------------------------------------------------------------------------------------------------

CASES = st.integers(2, 5).flatmap(
    lambda k: st.tuples(
        st.just(k), st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, 30)), min_size=2 * k, max_size=90)
    )
)


def _group_of_patient(outcomes: np.ndarray, patients: np.ndarray) -> dict[int, int]:
    return {patient: max(outcomes[patients == patient]) for patient in set(patients.tolist())}


@settings(deadline=None, max_examples=100)
@given(CASES, st.floats(0.05, 0.95), st.integers(0, 1000))
def test_splits_of_several_groups(drawn: tuple[int, list[tuple[int, int]]], fraction: float, seed: int) -> None:
    _, rows = drawn
    outcomes, patients = np.array(rows).T
    counts = np.bincount(list(_group_of_patient(outcomes, patients).values()), minlength=outcomes.max() + 1)
    if len(counts) < 2 or counts.min() < 2:
        with pytest.raises(TrainingError):
            patient_split(outcomes, patients, test_fraction=fraction, seed=seed)
        return
    train, test = patient_split(outcomes, patients, test_fraction=fraction, seed=seed)
    assert sorted([*train, *test]) == list(range(len(rows)))
    assert not set(patients[train]) & set(patients[test])
    drawn_counts = np.bincount(list(_group_of_patient(outcomes[test], patients[test]).values()), minlength=len(counts))
    assert (drawn_counts >= 1).all()
    assert (drawn_counts <= counts - 1).all()
    total = int(np.ceil(round(fraction * counts.sum(), 9)))
    if len(counts) > 2:
        assert drawn_counts.sum() == min(max(total, len(counts)), counts.sum() - len(counts))
        # In proportion: no group is more than one patient off, unless it had to be kept in both parts.
        free = (drawn_counts > 1) & (drawn_counts < counts - 1)
        if free.all():
            assert (np.abs(drawn_counts - drawn_counts.sum() * counts / counts.sum()) < 1).all()


@settings(deadline=None, max_examples=100)
@given(CASES, st.integers(2, 4), st.integers(0, 1000))
def test_folds_of_several_groups(drawn: tuple[int, list[tuple[int, int]]], n_splits: int, seed: int) -> None:
    _, rows = drawn
    outcomes, patients = np.array(rows).T
    counts = np.bincount(list(_group_of_patient(outcomes, patients).values()), minlength=max(outcomes.max() + 1, 2))
    if counts.min() < n_splits:
        with pytest.raises(TrainingError):
            patient_folds(outcomes, patients, n_splits, seed)
        return
    folds = patient_folds(outcomes, patients, n_splits, seed)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(rows)))
    per_fold = [
        np.bincount(list(_group_of_patient(outcomes[test], patients[test]).values()), minlength=len(counts))
        for _, test in folds
    ]
    assert not any(set(patients[train]) & set(patients[test]) for train, test in folds)
    assert (np.ptp(per_fold, axis=0) <= 1).all()
    assert np.ptp(np.sum(per_fold, axis=1)) <= 1


def test_two_groups_are_drawn_as_they_always_were() -> None:
    """Positions this library drew before it knew more than two groups."""
    outcomes = np.array([0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1])
    patients = [0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 9]
    assert patient_split(outcomes, patients)[1].tolist() == [1, 8, 10]
    assert [test.tolist() for _, test in patient_folds(outcomes, patients, 3, 7)] == [
        [1, 2, 3, 4, 6, 7],
        [0, 10, 11],
        [5, 8, 9],
    ]


def test_a_cohort_with_groups_is_split_by_them(write_table: Write) -> None:
    cohort = load_cohort(write_table(_table(["a", "b", "c", "a", "b", "c"])), outcome_kind="group")
    train, test = patient_split(cohort, test_fraction=0.5)
    assert sorted(cohort.outcomes[train]) == sorted(cohort.outcomes[test]) == [0, 1, 2]


# Whatever the table ---------------------------------------------------------------------------------------------------

CELL = st.text(max_size=8) | st.sampled_from(["a", "A", "0", "1", "2", "I", "IV", "a.png", "b.png", "nan", "x" * 50])


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(CELL, min_size=4, max_size=6), max_size=6),
    st.sampled_from(["outcome,figo_stage,image_t1", "figo_stage,outcome,x", "image_a,image_b,outcome"]),
    st.booleans(),
    st.booleans(),
)
def test_any_cells_give_a_cohort_or_a_sentence(
    write_table: Write, rows: list[list[str]], columns: str, skip_invalid: bool, required: bool
) -> None:
    lines = [f"case_id,image,{columns}"] + [",".join([str(place), *row]) for place, row in enumerate(rows)]
    path = write_table("\n".join(lines).encode("utf-8", "replace"))
    try:
        cohort = load_cohort(
            path,
            outcome_kind="group",
            stage_group=_two_groups,
            group_order=("early", "late"),
            skip_invalid=skip_invalid,
            require_roi=False,
            require_outcome=required,
        )
    except CohortError:
        return
    known = cohort.outcomes[~np.isnan(cohort.outcomes.astype(float))].astype(int)
    assert (known < len(cohort.class_names)).all()
    if required:
        assert len(cohort.class_names) >= 2
        assert (np.bincount(known, minlength=len(cohort.class_names)) >= 2).all()
