"""The calibration curve: rms with restricted cubic splines, robcov, scikit-learn's groups, cases without a curve."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn import calibration as scikit

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import calibration_curve, proportion


@pytest.mark.parametrize(("knots", "name"), [(0, "straight"), (3, "three"), (4, "four"), (5, "five")])
def test_equals_rms(performance, clinical, paired_cases, knots, name):
    p, expected = np.array(performance["probabilities"]["new"]), performance["calibration"]
    found = calibration_curve(clinical["outcome"], p, knots=knots, points=21)
    np.testing.assert_allclose(found.grid, expected["grid"], atol=1e-12)
    for part in ("observed", "lower", "upper"):
        np.testing.assert_allclose(getattr(found, part), expected[name]["independent"][part], atol=1e-6)
    clustered = calibration_curve(clinical["outcome"], p, paired_cases, knots=knots, points=21)
    np.testing.assert_allclose(clustered.observed, found.observed)
    # robcov leaves out the factor m / (m - 1) of m patients.
    half = (logit(clustered.upper) - logit(clustered.lower)) / 2 / np.sqrt(80 / 79) / 1.959963984540054
    np.testing.assert_allclose(half, expected[name]["clustered"]["error"], rtol=1e-4)
    assert ("spline" in found.method) == (knots > 0)


def test_groups_are_scikit_learns(performance, clinical):
    p, y = np.array(performance["probabilities"]["new"]), clinical["outcome"].to_numpy()
    found = calibration_curve(y, p, groups=8).groups
    observed, predicted = scikit.calibration_curve(y, p, n_bins=8, strategy="quantile")
    np.testing.assert_allclose(found.observed, observed)
    np.testing.assert_allclose(found.predicted, predicted)
    assert (found.cases == 20).all()
    wilson = proportion(round(found.observed[2] * 20), 20, method="wilson")
    assert (found.lower[2], found.upper[2]) == pytest.approx((wilson.lower, wilson.upper))


def test_knots_follow_the_rarer_class():
    rng = np.random.default_rng(0)

    def method(n):
        x = rng.normal(size=n)
        return calibration_curve(rng.random(n) < expit(x), expit(x)).method

    assert method(60) == "logistic recalibration"
    assert method(200) == "restricted cubic spline, 3 knots"
    assert method(1000) == "restricted cubic spline, 4 knots"


def test_the_band_covers_the_diagonal_of_perfect_probabilities():
    rng = np.random.default_rng(1)
    within = []
    for _ in range(60):
        x = rng.normal(0, 1.5, 300)
        found = calibration_curve(rng.random(300) < expit(x), expit(x), points=21)
        within.append((found.lower <= found.grid) & (found.grid <= found.upper))
    assert 0.92 < np.mean(within) < 0.98


def test_bent_probabilities_show_their_bend():
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1.5, 4000)
    bent = calibration_curve(rng.random(4000) < expit(x), expit(x) ** 2)
    np.testing.assert_allclose(bent.observed, np.sqrt(bent.grid), atol=0.06)


def test_repeats_are_averaged(performance, clinical):
    p, y = np.array(performance["probabilities"]["new"]), clinical["outcome"].to_numpy()
    one = calibration_curve(y, p)
    three = calibration_curve(y, np.stack([p] * 3))
    for part in ("grid", "observed", "lower", "upper"):
        np.testing.assert_allclose(getattr(three, part), getattr(one, part))
    np.testing.assert_allclose(three.groups.upper, one.groups.upper)
    assert three.repeats == 3


def test_wilsons_interval_counts_a_groups_patients(performance, clinical):
    p, y = np.array(performance["probabilities"]["new"]), clinical["outcome"].to_numpy()
    doubled = calibration_curve(np.repeat(y, 2), np.repeat(p, 2), np.repeat(np.arange(160), 2), groups=8).groups
    single = calibration_curve(y, p, groups=8).groups
    np.testing.assert_allclose(doubled.lower, single.lower)
    assert (doubled.cases == 40).all()


@pytest.mark.parametrize("p", [[0.3] * 20, [0.2] * 10 + [0.9] * 10, [0.0] * 10 + [1.0] * 10])
def test_cases_without_a_curve_have_groups(p):
    found = calibration_curve([0] * 10 + [1] * 10, p)
    assert found.grid.size == found.observed.size == 0
    assert "no curve" in found.method
    assert found.groups.cases.tolist() == [5, 5, 5, 5]
    assert np.isfinite([found.groups.lower, found.groups.upper]).all()


def test_few_cases_ties_and_certain_probabilities():
    y = np.array([0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 1])
    tied = calibration_curve(y, np.tile([0.2, 0.4], 10), knots=5)
    assert tied.method == "logistic recalibration"
    certain = calibration_curve(y, np.tile([0.0, 0.4, 1.0, 0.6], 5))
    assert np.isfinite(certain.observed).all()
    assert calibration_curve([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.2]).groups.cases.tolist() == [4]
    with pytest.raises(TrainingError, match="between 0 and 1"):
        calibration_curve(y, np.full(20, 1.2))
    with pytest.raises(ValueError, match="not 2"):
        calibration_curve(y, np.full(20, 0.2), knots=2)
    with pytest.raises(ValueError, match="one group"):
        calibration_curve(y, np.full(20, 0.2), groups=0)
