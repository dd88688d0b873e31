"""Prediction sets: the promised coverage on a simulated truth, the threshold by hand, patients, too few cases."""

import sys

import numpy as np
import pytest
from scipy.special import expit

from CervixRiskLib.errors import MissingComponentError, SettingsError, TrainingError
from CervixRiskLib.statistics import conformal_sets, proportion


def _drawn(n, seed, slope=1.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(-0.6, 1.3, n)
    return (rng.random(n) < expit(x)).astype(int), expit(slope * x)


def _by_hand(y, p, coverage, judged):
    """Sets of the judged cases from the others, with the order statistic written down."""
    score = np.sort(np.where(y == 1, 1 - p, p)[~judged])
    place = int(np.ceil(coverage * (score.size + 1) - 1e-9))
    threshold = score[place - 1]
    return p[judged] <= threshold, 1 - p[judged] <= threshold


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_the_threshold_is_the_order_statistic_of_the_other_folds(coverage):
    y, p = _drawn(121, 0)
    found = conformal_sets(y, p, coverage=coverage, folds=10, seed=3)
    fold = np.random.default_rng(3).permutation(121) % 10
    for part in range(10):
        negative, positive = _by_hand(y, p, coverage, fold == part)
        np.testing.assert_array_equal(found.negative[0, fold == part], negative)
        np.testing.assert_array_equal(found.positive[0, fold == part], positive)


@pytest.mark.parametrize("slope", [1.0, 3.0])
def test_the_coverage_holds_also_for_miscalibrated_risks(slope):
    for coverage in (0.8, 0.95):
        reached = [
            conformal_sets(*_drawn(200, seed, slope), coverage=coverage, folds=5).summary.coverage.value
            for seed in range(15)
        ]
        assert np.mean(reached) == pytest.approx(coverage, abs=0.02)


def test_class_conditional_sets_cover_each_class():
    plain, conditional = [], []
    for seed in range(10):
        y, p = _drawn(300, seed)
        keep = (y == 0) | (np.random.default_rng(seed).random(300) < 0.35)
        plain.append(conformal_sets(y[keep], p[keep], folds=5).summary)
        conditional.append(conformal_sets(y[keep], p[keep], folds=5, class_conditional=True).summary)
    assert np.mean([one.coverage_positive.value for one in plain]) < 0.8
    for part in ("coverage_positive", "coverage_negative"):
        assert np.mean([getattr(one, part).value for one in conditional]) == pytest.approx(0.9, abs=0.025)
    assert conditional[0].class_conditional


def test_the_summary_counts_the_sets():
    y, p = _drawn(150, 1)
    found = conformal_sets(y, np.stack([p, p**1.2]), coverage=0.85)
    size = found.negative.astype(int) + found.positive
    summary = found.summary
    assert summary.single.value == pytest.approx((size == 1).mean())
    assert summary.both.value == pytest.approx((size == 2).mean())
    assert summary.abstains.value == pytest.approx((size != 1).mean())
    assert summary.empty.value == pytest.approx((size == 0).mean())
    right = np.where(y == 1, found.positive, found.negative)
    assert summary.coverage.value == pytest.approx(right.mean())
    assert summary.coverage_positive.value == pytest.approx(right[:, y == 1].mean())
    exact = [proportion(int(repeat.sum()), 150) for repeat in right]
    assert summary.coverage.lower == pytest.approx(np.mean([one.lower for one in exact]))
    alone = [(size[i] == 1) for i in (0, 1)]
    assert summary.right_of_single.value == pytest.approx(np.mean([right[i][alone[i]].mean() for i in (0, 1)]))
    assert (summary.asked, summary.repeats, summary.cases, summary.folds) == (0.85, 2, 150, 10)


def test_a_patient_never_helps_to_judge_itself():
    rng = np.random.default_rng(2)
    y, p = _drawn(60, 2)
    # Each patient's five cases are one case five times: its own threshold would cover it exactly.
    y, p, patients = np.repeat(y, 5), np.repeat(p, 5), np.repeat(rng.permutation(60), 5)
    found = conformal_sets(y, p, patients, coverage=0.9, folds=60, seed=1)
    for patient in range(60):
        judged = patients == patient
        negative, positive = _by_hand(y, p, 0.9, judged)
        np.testing.assert_array_equal(found.positive[0, judged], positive)
        np.testing.assert_array_equal(found.negative[0, judged], negative)
    unaware = conformal_sets(y, p, coverage=0.9, seed=1).summary.coverage
    width = found.summary.coverage.upper - found.summary.coverage.lower
    assert width > 1.5 * (unaware.upper - unaware.lower)
    assert found.summary.empty.upper == pytest.approx(proportion(0, 60).upper)


def test_too_few_cases_rule_nothing_out():
    few = conformal_sets([0, 1, 0, 1, 0, 0, 0], [0.1, 0.9, 0.2, 0.8, 0.3, 0.1, 0.2])
    assert few.negative.all()
    assert few.positive.all()
    assert few.summary.abstains.value == 1
    assert np.isnan(few.summary.right_of_single.value)
    assert (few.summary.right_of_single.lower, few.summary.right_of_single.upper) == (0, 1)
    y, p = _drawn(100, 3)
    rare = np.flatnonzero((y == 0) | (np.cumsum(y) <= 4))
    found = conformal_sets(y[rare], p[rare], class_conditional=True, folds=4)
    assert found.positive.all()
    assert not found.negative.all()


def test_constant_and_certain_probabilities():
    y = np.tile([0, 0, 1], 20)
    constant = conformal_sets(y, np.full(60, 1 / 3)).summary
    assert constant.both.value == 1
    certain = conformal_sets(y, y.astype(float)).summary
    assert (certain.single.value, certain.coverage.value) == (1, 1)


def test_refused(monkeypatch):
    with pytest.raises(SettingsError, match="between 0 and 1"):
        conformal_sets([0, 1], [0.1, 0.2], coverage=1.0)
    with pytest.raises(SettingsError, match="two folds"):
        conformal_sets([0, 1], [0.1, 0.2], folds=1)
    with pytest.raises(TrainingError, match="both classes"):
        conformal_sets([0, 0], [0.1, 0.2])
    monkeypatch.setitem(sys.modules, "mapie.classification", None)
    with pytest.raises(MissingComponentError, match=r"cervixrisk\[train\]"):
        conformal_sets(*_drawn(40, 0))
