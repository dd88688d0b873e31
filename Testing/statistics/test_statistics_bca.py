"""The BCa interval: SciPy's own, with and without strata, and where it does not exist."""

import numpy as np
import pytest
from scipy import stats

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import BootstrapMethod, bootstrap_interval, patient_bootstrap


def test_equals_scipy_for_a_skewed_statistic():
    x = np.random.default_rng(0).gamma(1, 1, 40)
    found = bootstrap_interval(np.var, [x], 1, repeats=8000, method="bca")
    expected = stats.bootstrap((x,), np.var, method="BCa", n_resamples=8000, random_state=np.random.default_rng(2))
    assert (found.lower, found.upper) == pytest.approx(tuple(expected.confidence_interval), rel=0.06)
    percentile = bootstrap_interval(np.var, [x], 1, repeats=8000)
    assert found.upper > 1.2 * percentile.upper
    assert (found.method, percentile.method) == (BootstrapMethod.BCA, BootstrapMethod.PERCENTILE)
    assert found.standard_error == percentile.standard_error


def test_equals_scipys_two_samples_with_strata():
    rng = np.random.default_rng(4)
    ours, theirs = rng.gamma(0.3, 1, 15), rng.gamma(2, 1, 25)
    label = np.repeat([0, 1], [15, 25])

    def ratio(values, labels):
        return float(values[labels == 0].mean() / values[labels == 1].mean())

    both = [np.r_[ours, theirs], label]
    found = bootstrap_interval(ratio, both, 1, strata=label, repeats=12000, method="bca")
    expected = stats.bootstrap(
        (ours, theirs),
        lambda a, b, axis=-1: a.mean(axis=-1) / b.mean(axis=-1),
        method="BCa",
        n_resamples=12000,
        random_state=np.random.default_rng(2),
    )
    assert (found.lower, found.upper) == pytest.approx(tuple(expected.confidence_interval), rel=0.03)
    percentile = bootstrap_interval(ratio, both, 1, strata=label, repeats=12000)
    assert found.lower > 1.1 * percentile.lower


def test_patients_are_left_out_whole():
    x = np.random.default_rng(0).gamma(1, 1, 30)
    single = patient_bootstrap(np.mean, [x], np.zeros(30, dtype=int), resamples=500, method="bca")
    doubled = patient_bootstrap(
        np.mean,
        [np.repeat(x, 2)],
        np.zeros(60, dtype=int),
        np.repeat(np.arange(30), 2),
        resamples=500,
        method="bca",
    )
    assert (doubled.lower, doubled.upper) == pytest.approx((single.lower, single.upper))


def test_where_it_does_not_exist():
    constant = bootstrap_interval(np.mean, [np.ones(9)], 1, repeats=50, method="bca")
    assert (constant.lower, constant.upper) == (1.0, 1.0)
    with pytest.raises(TrainingError, match="outside all of its resamples"):
        bootstrap_interval(lambda v: float(len(set(v))), [np.arange(30)], 1, repeats=100, method="bca")
    x = np.r_[np.zeros(20), 1.0]
    with pytest.raises(TrainingError, match="undefined without one"):
        bootstrap_interval(lambda v: np.nan if len(v) < 21 else v.mean(), [x], 1, repeats=100, method="bca")
    with pytest.raises(ValueError, match="studentised"):
        bootstrap_interval(np.mean, [x], 1, method="studentised")
