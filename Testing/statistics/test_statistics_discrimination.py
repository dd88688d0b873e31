"""AUC and DeLong: pROC, scikit-learn, brute force over pairs, and invariances."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import AucInterval, auc, auc_many, delong_interval, delong_test, midranks


def brute_force_delong(y, a, b=None):
    """AUCs and their covariance from every pair of cases, as the paper writes them (no ranks)."""
    y = np.asarray(y)
    tables = []
    for score in (a, b) if b is not None else (a,):
        score = np.asarray(score, dtype=float)
        x, z = score[y == 1], score[y == 0]
        tables.append((x[:, None] > z[None]) + 0.5 * (x[:, None] == z[None]))
    tables = np.array(tables)
    m, n = tables.shape[1:]
    covariance = np.cov(tables.mean(axis=2)) / m + np.cov(tables.mean(axis=1)) / n
    return tables.mean(axis=(1, 2)), np.atleast_2d(covariance)


@pytest.mark.parametrize("name", ["fine", "coarse", "useless"])
def test_delong_interval_equals_proc(name, reference, scores):
    expected = reference["delong"][name]
    found = delong_interval(scores["outcome"], scores[name])
    np.testing.assert_allclose(
        [found.auc, found.lower, found.upper, found.standard_error**2],
        [expected["auc"], expected["lower"], expected["upper"], expected["variance"]],
        rtol=1e-9,
    )


def test_delong_test_equals_proc(reference, scores):
    for expected in reference["delong_test"]:
        found = delong_test(scores["outcome"], scores[expected["a"]], scores[expected["b"]])
        assert found.z == pytest.approx(expected["z"], rel=1e-9)
        assert found.p == pytest.approx(expected["p"], rel=1e-9)


def test_delong_equals_the_sum_over_pairs():
    rng = np.random.default_rng(5)
    for _ in range(20):
        y = np.r_[0, 0, 1, 1, rng.integers(0, 2, 30)]
        a, b = rng.integers(0, 6, (2, 34)).astype(float)
        areas, covariance = brute_force_delong(y, a, b)
        found = delong_test(y, a, b)
        assert found.difference == pytest.approx(areas[0] - areas[1])
        variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
        assert found.standard_error == pytest.approx(np.sqrt(variance))
        assert found.lower <= found.difference <= found.upper
        assert delong_interval(y, a).standard_error == pytest.approx(np.sqrt(covariance[0, 0]))


cases = st.lists(st.tuples(st.integers(0, 1), st.integers(-8, 8), st.integers(-3, 3)), min_size=6, max_size=40)


def split(drawn):
    y, a, b = (np.array(column) for column in zip(*drawn, strict=True))
    assume(2 <= y.sum() <= len(y) - 2)
    return y, a.astype(float), b.astype(float)


@given(cases)
@settings(deadline=None, max_examples=100)
def test_auc_properties(drawn):
    y, a, b = split(drawn)
    value = auc(y, a)
    assert value == pytest.approx(roc_auc_score(y, a))
    assert 0 <= value <= 1
    assert auc(y, np.exp(a / 3) + 7) == value
    assert auc(1 - y, a) == pytest.approx(1 - value)
    assert auc(y, -a) == pytest.approx(1 - value)
    np.testing.assert_array_equal(auc_many(np.column_stack([a, b, a]), y), [value, auc(y, b), value])


@given(cases)
@settings(deadline=None, max_examples=100)
def test_delong_properties(drawn):
    y, a, b = split(drawn)
    interval = delong_interval(y, a)
    assert 0 <= interval.lower <= interval.auc <= interval.upper <= 1
    same = delong_test(y, a, a)
    assert (same.z, same.p, same.difference) == (0.0, 1.0, 0.0)
    assert delong_test(y, a, np.arctan(a) * 1e-3).p == 1.0
    forth, back = delong_test(y, a, b), delong_test(y, b, a)
    np.testing.assert_allclose([forth.z, forth.p], [-back.z, back.p])
    if np.isfinite(forth.p):
        assert 0 <= forth.p <= 1
    narrow, wide = delong_interval(y, a, 0.5), delong_interval(y, a, 0.99)
    assert wide.lower <= narrow.lower <= narrow.upper <= wide.upper


def test_perfect_separation_has_no_width_and_no_test_against_chance():
    y, perfect = np.array([0, 0, 0, 1, 1]), np.array([1.0, 2, 3, 4, 5])
    assert delong_interval(y, perfect) == AucInterval(auc=1.0, lower=1.0, upper=1.0, standard_error=0.0)
    against = delong_test(y, perfect, np.zeros(5))
    assert against.difference == 0.5
    assert np.isnan(against.p)
    assert np.isnan(against.z)


def test_midranks_against_scipy():
    from scipy.stats import rankdata

    X = np.random.default_rng(2).integers(0, 7, (31, 9)).astype(float)
    ranks, ties = midranks(X)
    np.testing.assert_array_equal(ranks.T, rankdata(X, axis=0))
    for column in range(9):
        counts = np.unique(X[:, column], return_counts=True)[1]
        assert ties[column] == (counts**3 - counts).sum()


def test_infinite_scores_rank_and_missing_ones_are_refused():
    assert auc([0, 1, 1], [-np.inf, 0.0, np.inf]) == 1.0
    with pytest.raises(TrainingError, match="1 of 3 scores are missing"):
        auc([0, 1, 1], [0.0, np.nan, 1.0])


@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1], [0, 1, 2], ["a", "b", "a"], []])
def test_outcomes_that_cannot_be_judged(y):
    with pytest.raises(TrainingError):
        auc(y, np.arange(len(y), dtype=float))


def test_one_case_of_a_class_has_no_variance():
    with pytest.raises(TrainingError, match="at least 2 of each"):
        delong_interval([0, 0, 1], [1.0, 2.0, 3.0])


def test_shapes_must_fit():
    with pytest.raises(ValueError, match="do not fit"):
        auc([0, 1], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="do not fit"):
        auc_many(np.ones((3, 2)), [0, 1])
