"""The macro AUC and its interval, against R, scikit-learn and DeLong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import auc, delong_interval, macro_auc, macro_auc_interval

FOLDER = Path(__file__).parents[1] / "reference" / "statistics"


@pytest.fixture(scope="module")
def cases() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "logits.csv")


def test_against_r(cases: pd.DataFrame) -> None:
    expected = json.loads((FOLDER / "classification.json").read_text(encoding="utf-8"))["macro_auc"]
    assert macro_auc(cases["truth"], cases[["a", "b", "c"]]) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 5), st.integers(0, 10_000), st.booleans())
def test_against_scikit_learn(k: int, seed: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.concatenate([np.arange(k), rng.integers(0, k, 20)]))
    logits = rng.normal(size=(truth.size, k)) + np.eye(k)[truth]
    probabilities = softmax(logits.round(0) if tied else logits, axis=1)
    given_ = probabilities[:, 1] if k == 2 else probabilities
    expected = roc_auc_score(truth, given_, multi_class="ovr", average="macro")
    assert macro_auc(truth, probabilities) == pytest.approx(expected, abs=1e-12)
    order = rng.permutation(truth.size)
    assert macro_auc(truth[order], probabilities[order]) == pytest.approx(expected, abs=1e-12)


def test_two_groups_are_delongs() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 60)
    score = 1 / (1 + np.exp(-rng.normal(truth, 1)))
    both = np.column_stack([1 - score, score])
    found = macro_auc_interval(truth, both, [f"P{number}" for number in range(60)])
    expected = delong_interval(truth, score)
    assert (found.value, found.lower, found.upper) == (expected.auc, expected.lower, expected.upper)
    assert macro_auc(truth, both) == auc(truth, score)


def test_patients_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 50)
    score = rng.normal(truth, 1)
    fivefold = np.column_stack([-score, score]).repeat(5, axis=0)
    patients = np.repeat(np.arange(50), 5)
    found = macro_auc_interval(truth.repeat(5), fivefold, patients, resamples=800)
    expected = delong_interval(truth, score)
    blind = macro_auc_interval(truth.repeat(5), fivefold)
    assert found.value == pytest.approx(expected.auc)
    assert (found.lower, found.upper) == pytest.approx((expected.lower, expected.upper), abs=0.035)
    assert found.upper - found.lower > 1.7 * (blind.upper - blind.lower)


def test_three_groups_have_a_bootstrap_interval(cases: pd.DataFrame) -> None:
    truth, scores = cases["truth"].to_numpy(), cases[["a", "b", "c"]].to_numpy()
    found = macro_auc_interval(truth, scores, resamples=300, seed=4)
    assert found == macro_auc_interval(truth, scores, resamples=300, seed=4)
    assert found.lower < found.value == macro_auc(truth, scores) < found.upper
    # Each group's own interval after DeLong: the mean of three is known at least as well as the worst of them.
    widths = [np.ptp([own.lower, own.upper]) for own in (delong_interval(truth == c, scores[:, c]) for c in range(3))]
    assert found.upper - found.lower < 1.1 * max(widths)


def test_perfect_and_useless() -> None:
    truth = np.repeat([0, 1, 2], 10)
    assert macro_auc(truth, np.eye(3)[truth]) == 1.0
    assert macro_auc(truth, np.full((30, 3), 1 / 3)) == 0.5
    assert macro_auc(truth, -np.eye(3)[truth]) == 0.0


def test_what_cannot_be_judged() -> None:
    with pytest.raises(TrainingError, match="Group 2 has no case"):
        macro_auc([0, 1, 0, 1], np.zeros((4, 3)))
    with pytest.raises(TrainingError, match="1 of 2 cases lack"):
        macro_auc([0, 1], [[0.5, 0.5], [np.nan, 0.5]])
    with pytest.raises(ValueError, match="two groups at least"):
        macro_auc([0, 1], [0.5, 0.5])
    with pytest.raises(ValueError, match="do not fit"):
        macro_auc([0, 1, 1], np.zeros((2, 2)))
    # Group 0 has cases only in a patient of group 1 who is often not drawn.
    truth = np.array([0, 1, 1, 1, 1, 1])
    with pytest.raises(TrainingError, match="undefined in"):
        macro_auc_interval(truth, np.eye(2)[truth], list("aabcde"), resamples=200)
