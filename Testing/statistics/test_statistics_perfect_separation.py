"""An AUC of 1 from few cases is not known to be 1."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from CervixRiskLib.statistics import delong_interval, repeated_auc
from CervixRiskLib.statistics.perfect_separation import perfect_auc_bound


@pytest.mark.parametrize(("positives", "negatives"), [(3, 17), (10, 10), (30, 90)])
def test_the_limit_lies_z_standard_errors_below_one(positives, negatives):
    """With Hanley and McNeil's variance written as they do: Q1 and Q2."""
    area = perfect_auc_bound(positives, negatives)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    each = (positives + negatives) / 2 - 1
    variance = (area * (1 - area) + each * (q1 - area**2) + each * (q2 - area**2)) / (positives * negatives)
    assert (1 - area) / np.sqrt(variance) == pytest.approx(norm.ppf(0.975), rel=1e-9)


@pytest.mark.parametrize(("positives", "negatives"), [(3, 17), (10, 30)])
def test_samples_with_that_auc_are_seldom_separated(positives, negatives):
    rng = np.random.default_rng(1)
    shift = norm.ppf(perfect_auc_bound(positives, negatives)) * np.sqrt(2)
    ours = rng.normal(shift, 1, (20_000, positives)).min(axis=1)
    theirs = rng.normal(0, 1, (20_000, negatives)).max(axis=1)
    assert 0.0005 < np.mean(ours > theirs) < 0.05


def test_three_positive_cases_above_all_others_prove_little():
    y, score = np.repeat([0, 1], (17, 3)), np.arange(20.0)
    assert delong_interval(y, score).lower == 1.0
    found = repeated_auc(y, score)
    assert (found.auc, found.upper) == (1.0, 1.0)
    assert 0.5 < found.lower < 0.9
    turned = repeated_auc(y, -score)
    assert (turned.auc, turned.lower) == (0.0, 0.0)
    assert turned.upper == pytest.approx(1 - found.lower)


def test_cases_of_one_patient_count_once():
    y, score = np.repeat([0, 1], (17, 3)), np.arange(20.0)
    thrice = repeated_auc(np.repeat(y, 3), np.repeat(score, 3), np.repeat(np.arange(20), 3))
    assert thrice.lower == pytest.approx(repeated_auc(y, score).lower)


def test_only_separated_repeats_are_widened():
    y = np.repeat([0, 1], (17, 3))
    separated, mixed = np.arange(20.0), np.arange(20.0)[::-1] + np.repeat([0, 12], (17, 3))
    both = repeated_auc(y, [separated, mixed])
    apart = [repeated_auc(y, separated).lower, delong_interval(y, mixed).lower]
    assert both.lower == pytest.approx(np.mean(apart))
