"""Calls of several groups: against R, scikit-learn and the table that was published."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from sklearn.metrics import confusion_matrix as sklearn_matrix

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.staging.published_table import PUBLISHED_TABLE_2
from CervixRiskLib.statistics import (
    classification_intervals,
    classification_summary,
    confusion_matrix,
    mcnemar_test,
    patient_bootstrap,
)

FOLDER = Path(__file__).parents[1] / "reference" / "statistics"

# Dai et al. 2025, Table 2 as printed, and the correct calls (of 15, of 18) that the brute-force search below confirms.
TABLE_2 = {
    "densenet": ("0.6061", "0.5833", "0.5662", "0.6125", 5, 15),
    "FBNet": ("0.6364", "0.6389", "0.6360", "0.6379", 10, 11),
    "vit": ("0.5455", "0.5000", "0.3529", "0.2727", 0, 18),
    "regnet": ("0.6364", "0.6278", "0.6278", "0.6327", 8, 13),
    "resnet50": ("0.6364", "0.6278", "0.6278", "0.6327", 8, 13),
    "shufflenet": ("0.6667", "0.6500", "0.6459", "0.6761", 7, 15),
    "HRNet": ("0.6970", "0.6889", "0.6898", "0.6962", 9, 14),
}


@pytest.fixture(scope="module")
def groups_reference() -> dict:
    return json.loads((FOLDER / "classification.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cases() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "logits.csv")


def _printed(matrix: object) -> tuple[str, str, str, str]:
    found = classification_summary(matrix)  # type: ignore[arg-type]
    numbers = (found.accuracy, found.macro_recall, found.macro_f1, found.macro_precision)
    return tuple(f"{number:.4f}" for number in numbers)  # type: ignore[return-value]


@pytest.mark.parametrize("name", TABLE_2)
def test_table_2_of_the_paper_exactly(name: str) -> None:
    *printed, first, second = TABLE_2[name]
    truth = np.repeat([0, 1], [15, 18])
    predicted = np.concatenate([np.repeat([0, 1], [first, 15 - first]), np.repeat([1, 0], [second, 18 - second])])
    assert _printed(confusion_matrix(truth, predicted, 2)) == tuple(printed)


def test_no_other_counts_give_table_2() -> None:
    for name, (*printed, first, second) in TABLE_2.items():
        found = {
            (size, a, b)
            for size in range(1, 33)
            for a in range(size + 1)
            for b in [round(33 * float(printed[0])) - a]
            if 0 <= b <= 33 - size and _printed([[a, size - a], [33 - size - b, b]]) == tuple(printed)
        }
        assert found == {(15, first, second), (18, second, first)}, name


def test_the_published_table_is_the_papers() -> None:
    assert len(PUBLISHED_TABLE_2) == 7
    for row in PUBLISHED_TABLE_2:
        numbers = (row.accuracy, row.recall, row.f1, row.precision)
        assert (*(f"{number:.4f}" for number in numbers), *row.correct) == TABLE_2[row.printed_name]
        assert _printed(row.confusion_matrix) == TABLE_2[row.printed_name][:4]
    assert {row.printed_name: row.auc for row in PUBLISHED_TABLE_2 if row.auc is None} == {"resnet50": None}


def test_summary_against_r(groups_reference: dict, cases: pd.DataFrame) -> None:
    expected = groups_reference["summary"]
    called = cases[["a", "b", "c"]].to_numpy().argmax(axis=1)
    matrix = confusion_matrix(cases["truth"], called, 3)
    assert matrix.tolist() == expected["matrix"]
    assert matrix.dtype == np.int64
    found = classification_summary(matrix)
    for name in ("accuracy", "macro_precision", "macro_recall", "macro_f1"):
        assert getattr(found, name) == pytest.approx(expected[name], abs=1e-12)
    accuracy = classification_intervals(cases["truth"], called, n_classes=3, resamples=50).accuracy
    assert (accuracy.lower, accuracy.upper) == pytest.approx(expected["accuracy_interval"], abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(2, 5).flatmap(
        lambda k: st.tuples(
            st.just(k), st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=30)
        )
    )
)
def test_summary_against_scikit_learn(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    k, pairs = drawn
    truth, predicted = np.array(pairs).T
    matrix = confusion_matrix(truth, predicted, k)
    np.testing.assert_array_equal(matrix, sklearn_matrix(truth, predicted, labels=range(k)))
    found = classification_summary(matrix)
    expected = precision_recall_fscore_support(
        truth, predicted, labels=list(range(k)), average="macro", zero_division=0
    )
    assert (found.macro_precision, found.macro_recall, found.macro_f1) == pytest.approx(expected[:3], abs=1e-12)
    assert found.accuracy == pytest.approx(accuracy_score(truth, predicted))


def test_codes_that_are_none() -> None:
    for bad in ([0, 2], [0, -1], [0.5, 1], [np.nan, 1], ["0", "1"]):
        with pytest.raises(TrainingError, match="0 to 1"):
            confusion_matrix([0, 1], bad, 2)
    with pytest.raises(TrainingError, match="no cases"):
        confusion_matrix([], [], 2)
    with pytest.raises(TrainingError, match="no cases"):
        classification_summary(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="do not fit"):
        confusion_matrix([0, 1], [0], 2)
    with pytest.raises(ValueError, match="square"):
        classification_summary(np.zeros((2, 3)))


def test_intervals_near_the_normal_ones_of_recall() -> None:
    """With the group sizes fixed the macro recall is a mean of independent proportions: its error is known."""
    truth = np.repeat([0, 1, 2], [120, 80, 60])
    called = np.where(np.arange(260) % 4 == 0, (truth + 1) % 3, truth)
    found = classification_intervals(truth, called, n_classes=3, resamples=1500, seed=1).macro_recall
    shares = np.array([np.mean(called[truth == code] == code) for code in range(3)])
    error = np.sqrt((shares * (1 - shares) / [120, 80, 60]).sum()) / 3
    assert found.value == pytest.approx(shares.mean())
    assert (found.lower, found.upper) == pytest.approx(
        (shares.mean() - 1.96 * error, shares.mean() + 1.96 * error), abs=0.12 * error * 3.92
    )


def test_patients_are_drawn_not_cases() -> None:
    """Ten equal cases a patient carry as much as one: the interval is that of the patients."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 40)
    called = np.where(rng.random(80) < 0.7, truth, 1 - truth)
    patients = np.arange(80)
    single = classification_intervals(truth, called, patients, n_classes=2, resamples=800)
    tenfold = classification_intervals(
        np.repeat(truth, 10), np.repeat(called, 10), np.repeat(patients, 10), n_classes=2, resamples=800
    )
    blind = classification_intervals(np.repeat(truth, 10), np.repeat(called, 10), n_classes=2, resamples=200)
    assert tenfold.macro_recall == single.macro_recall  # the same patients are drawn
    assert tenfold.macro_f1 == single.macro_f1
    width = tenfold.accuracy.upper - tenfold.accuracy.lower
    assert width == pytest.approx(single.accuracy.upper - single.accuracy.lower, rel=0.15)
    assert width > 2.5 * (blind.accuracy.upper - blind.accuracy.lower)


def test_patient_bootstrap_keeps_patients_whole_and_groups_in_number() -> None:
    truth = np.array([0, 1, 1, 0, 0, 0, 1, 1])
    patients = list("aabbccdd")  # a, b and d are of group 1, c of group 0
    places = np.arange(8)

    def check(some: np.ndarray) -> float:
        names = [patients[place] for place in some]
        assert len(names) == 8
        assert names.count("c") == 2
        assert all(names.count(name) % 2 == 0 for name in "abd")
        return float(some.mean())

    found = patient_bootstrap(check, [places], truth, patients, resamples=60)
    assert found == patient_bootstrap(check, [places], truth, np.array(patients), resamples=60)
    assert found.lower < found.value < found.upper
    with pytest.raises(ValueError, match="do not fit"):
        patient_bootstrap(check, [places], truth, ["a"])


def test_same_seed_same_intervals() -> None:
    rng = np.random.default_rng(3)
    truth, called = rng.integers(0, 3, (2, 50))
    first = classification_intervals(truth, called, n_classes=3, resamples=60, seed=5)
    assert first == classification_intervals(truth, called, n_classes=3, resamples=60, seed=5)
    assert first != classification_intervals(truth, called, n_classes=3, resamples=60, seed=6)


def test_mcnemar_against_r(groups_reference: dict, cases: pd.DataFrame) -> None:
    for row in groups_reference["mcnemar"]:
        only_a, only_b = row["only_a"], row["only_b"]
        a = np.repeat([True, False, True, False], [only_a, only_b, 4, 2])
        b = np.repeat([False, True, True, False], [only_a, only_b, 4, 2])
        found = mcnemar_test(a, b)
        assert (found.only_a, found.only_b, found.exact) == (only_a, only_b, True)
        assert found.p_value == pytest.approx(row["exact"], rel=1e-10)
        assert mcnemar_test(b, a).p_value == found.p_value
        assert mcnemar_test(a, b, exact=False).p_value == pytest.approx(row["corrected"], rel=1e-10)
    truth = cases["truth"].to_numpy()
    found = mcnemar_test(cases[["a", "b", "c"]].to_numpy().argmax(axis=1) == truth, cases["rival"] == truth)
    drawn = groups_reference["mcnemar_drawn"]
    assert (found.only_a, found.only_b) == (drawn["only_a"], drawn["only_b"])
    assert found.p_value == pytest.approx(drawn["exact"], rel=1e-10)


def test_the_papers_best_two_networks_cannot_be_told_apart() -> None:
    """HRNet has 23 of 33 right and ShuffleNet 22: whichever cases these are, p is 1."""
    for overlap in range(12, 23):
        hrnet = np.repeat([True, False], [23, 10])
        shufflenet = np.zeros(33, dtype=bool)
        shufflenet[:overlap] = shufflenet[23 : 23 + 22 - overlap] = True
        assert mcnemar_test(hrnet, shufflenet).p_value == 1.0


def test_mcnemar_asks_for_the_same_cases() -> None:
    with pytest.raises(ValueError, match="must be the same"):
        mcnemar_test([True, False], [True])
    with pytest.raises(ValueError, match="true or false"):
        mcnemar_test([2, 0], [1, 0])
