"""Mann-Whitney and Spearman over all columns at once: R, SciPy, degenerate columns."""

import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import mannwhitneyu, spearmanr

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import auc, mann_whitney, spearman_matrix

COLUMNS = ["fine", "coarse", "useless"]


def test_equal_to_r(reference, scores):
    found = mann_whitney(scores[COLUMNS], scores["outcome"])
    for place, name in enumerate(COLUMNS):
        expected = reference["wilcoxon"][name]
        assert found.u[place] == expected["u"]
        assert found.p_value[place] == pytest.approx(expected["p"], rel=1e-9)
        assert found.auc[place] == auc(scores["outcome"], scores[name])
    np.testing.assert_allclose(spearman_matrix(scores[COLUMNS]), reference["spearman"], atol=1e-12)


@given(
    arrays(float, st.tuples(st.integers(4, 30), st.integers(1, 4)), elements=st.integers(-5, 5).map(float)),
    st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=80)
def test_mann_whitney_equals_scipy(X, seed):
    y = np.random.default_rng(seed).integers(0, 2, len(X))
    assume(0 < y.sum() < len(y))
    found = mann_whitney(X, y)
    for column in range(X.shape[1]):
        if np.ptp(X[:, column]) == 0:
            assert found.p_value[column] == 1.0
            continue
        expected = mannwhitneyu(X[y == 1, column], X[y == 0, column], method="asymptotic")
        assert found.u[column] == expected.statistic
        assert found.p_value[column] == pytest.approx(expected.pvalue, rel=1e-9)


def test_spearman_equals_scipy():
    rng = np.random.default_rng(4)
    X = np.column_stack([rng.normal(size=(40, 5)), rng.integers(0, 3, (40, 3))])
    np.testing.assert_allclose(spearman_matrix(X), spearmanr(X).statistic, atol=1e-12)


def test_degenerate_columns():
    X = np.column_stack([np.arange(6.0), np.full(6, 7.0), -(np.arange(6.0) ** 3)])
    matrix = spearman_matrix(X)
    np.testing.assert_array_equal(matrix[1], [0.0, 1.0, 0.0])
    assert matrix[0, 2] == pytest.approx(-1.0)
    assert (np.abs(matrix) <= 1).all()
    found = mann_whitney(X, [0, 1, 0, 1, 0, 1])
    assert (found.p_value[1], found.auc[1]) == (1.0, 0.5)


def test_missing_values_are_refused_by_column():
    X = np.ones((4, 3))
    X[2, 1] = np.nan
    with pytest.raises(TrainingError, match="column 1"):
        mann_whitney(X, [0, 1, 0, 1])
    with pytest.raises(ValueError, match="do not fit"):
        mann_whitney(np.ones((4, 3)), [0, 1])


def test_a_cohort_of_features_takes_milliseconds():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(300, 1561)), rng.integers(0, 2, 300)
    mann_whitney(X, y)
    started = time.perf_counter()
    mann_whitney(X, y)
    # Measured 23 ms; the margin is for a machine busy with other things.
    assert time.perf_counter() - started < 1.0
