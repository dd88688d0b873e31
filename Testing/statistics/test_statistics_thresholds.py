"""Proportions, Youden's threshold and the operating point: R, brute force, hand-worked counts."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import balanced_accuracy_score

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import operating_point, proportion, youden_threshold


def test_intervals_equal_r(reference):
    for case in reference["proportions"]:
        k, n = case["numerator"], case["denominator"]
        exact, ninety, wilson = proportion(k, n), proportion(k, n, 0.9), proportion(k, n, method="wilson")
        np.testing.assert_allclose([exact.lower, exact.upper], case["clopper_pearson"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose([ninety.lower, ninety.upper], case["clopper_pearson_90"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose([wilson.lower, wilson.upper], case["wilson"], rtol=1e-9, atol=1e-12)


def test_twenty_three_of_thirty_three():
    found = proportion(23, 33)
    assert (round(found.lower, 2), round(found.upper, 2)) == (0.51, 0.84)


@given(st.integers(0, 300), st.integers(1, 300), st.sampled_from(["clopper-pearson", "wilson"]))
@settings(deadline=None, max_examples=150)
def test_interval_holds_the_value_and_mirrors(k, n, method):
    assume(k <= n)
    found, mirror = proportion(k, n, method=method), proportion(n - k, n, method=method)
    assert 0 <= found.lower <= found.value <= found.upper <= 1
    assert found.lower == pytest.approx(1 - mirror.upper, abs=1e-9)


def test_nothing_of_nothing():
    found = proportion(0, 0)
    assert math.isnan(found.value)
    assert (found.lower, found.upper, found.denominator) == (0.0, 1.0, 0)
    with pytest.raises(ValueError, match="not a proportion"):
        proportion(3, 2)


@pytest.mark.parametrize("name", ["fine", "coarse", "useless"])
def test_youden_equals_proc(name, reference, scores):
    expected = reference["youden"][name]
    threshold = youden_threshold(scores["outcome"], scores[name])
    assert threshold == pytest.approx(expected["threshold"], abs=1e-12)
    found = operating_point(scores["outcome"], scores[name], threshold)
    assert found.sensitivity.value == pytest.approx(expected["sensitivity"])
    assert found.specificity.value == pytest.approx(expected["specificity"])


def test_of_equally_good_thresholds_the_lowest():
    # Cutting at 1.5 or at 3.5 both give an index of one half.
    y, score = [0, 1, 0, 1], [1.0, 2.0, 3.0, 4.0]
    assert youden_threshold(y, score) == 1.5
    assert operating_point(y, score, 1.5).sensitivity.value == 1.0


def test_a_score_that_is_no_better_than_chance_calls_everyone_positive():
    assert youden_threshold([1, 1, 0, 0], [1.0, 2.0, 3.0, 4.0]) == 1.0
    assert youden_threshold([1, 0, 1], [5.0, 5.0, 5.0]) == 5.0


def test_no_midpoint_between_adjacent_numbers():
    low = 0.3
    # Halfway rounds down for one of two neighbouring pairs and up for the other.
    for _ in range(2):
        high = np.nextafter(low, 1)
        threshold = youden_threshold([0, 1], [low, high])
        assert low < threshold <= high
        low = high
    assert youden_threshold([0, 1], [-1e308, 1.7e308]) == pytest.approx(3.5e307)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-6, 6)), min_size=2, max_size=40))
@settings(deadline=None, max_examples=120)
def test_no_threshold_beats_youdens(drawn):
    y, score = (np.array(column) for column in zip(*drawn, strict=True))
    assume(0 < y.sum() < len(y))

    def index(threshold):
        called = score >= threshold
        return called[y == 1].mean() - called[y == 0].mean()

    best = index(youden_threshold(y, score))
    assert best >= max(index(threshold) for threshold in np.arange(-7, 8, 0.5)) - 1e-12
    assert best >= 0


def test_operating_point_by_hand():
    y = [1] * 8 + [0] * 12
    score = [0.9] * 6 + [0.1] * 2 + [0.8] * 3 + [0.2] * 9
    found = operating_point(y, score, 0.8)
    counts = (found.true_positive, found.false_negative, found.false_positive, found.true_negative)
    assert counts == (6, 2, 3, 9)
    assert found.accuracy.value == 15 / 20
    assert found.sensitivity.value == 6 / 8
    assert found.specificity.value == 9 / 12
    assert (found.ppv.numerator, found.ppv.denominator) == (6, 9)
    assert (found.npv.numerator, found.npv.denominator) == (9, 11)
    assert found.balanced_accuracy.value == pytest.approx(
        balanced_accuracy_score(y, (np.array(score) >= 0.8).astype(int))
    )
    assert found.sensitivity == proportion(6, 8)
    assert operating_point(y, score, 0.8, method="wilson").sensitivity == proportion(6, 8, method="wilson")


def test_nobody_called_positive():
    found = operating_point([0, 1, 0], [0.1, 0.2, 0.3], 0.9)
    assert math.isnan(found.ppv.value)
    assert (found.ppv.lower, found.ppv.upper) == (0.0, 1.0)
    assert found.npv.value == pytest.approx(2 / 3)


def test_one_class_alone_can_be_described():
    found = operating_point([0, 0], [0.1, 0.9], 0.5)
    assert math.isnan(found.sensitivity.value)
    assert found.specificity.value == 0.5
    assert math.isnan(found.balanced_accuracy.value)
    with pytest.raises(TrainingError):
        operating_point([0, 0], [0.1, np.nan], 0.5)
    with pytest.raises(ValueError, match="threshold"):
        operating_point([0, 1], [0.1, 0.2], math.nan)


def test_balanced_accuracy_interval_covers_about_as_often_as_it_says():
    rng = np.random.default_rng(11)
    y = np.r_[np.ones(40), np.zeros(60)].astype(int)
    truth = norm.cdf(0.5)
    covered = 0
    for _ in range(300):
        score = rng.normal(y - 0.5, 1.0)
        found = operating_point(y, score, 0.0, method="wilson").balanced_accuracy
        covered += found.lower <= truth <= found.upper
    assert 0.90 <= covered / 300 <= 0.99
