"""The ROC curve's band: pROC's ci.se, repeats, patients, scores that say nothing or everything."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import auc, roc_band


@pytest.mark.parametrize("name", ["fine", "coarse"])
def test_equals_proc(performance, scores, name):
    expected = performance["roc_band"][name]
    found = roc_band(scores["outcome"], scores[name], points=21, resamples=4000)
    np.testing.assert_allclose(found.false_positive_rate, expected["rates"], atol=1e-15)
    np.testing.assert_allclose(found.sensitivity, expected["sensitivity"], atol=1e-12)
    # Two bootstraps: their bounds agree within the error of drawing, at places by one of the 32 positive cases.
    for bound in ("lower", "upper"):
        gap = np.abs(getattr(found, bound) - expected[bound])
        assert gap.max() < 1 / 32 + 1e-9
        assert gap.mean() < 0.006
    assert "bootstrap of 4000" in found.band


def test_the_curve_is_scikit_learns(scores):
    found = roc_band(scores["outcome"], scores["coarse"], points=1001, resamples=10)
    rate, sensitivity, _ = roc_curve(scores["outcome"], scores["coarse"], drop_intermediate=False)
    np.testing.assert_allclose(found.sensitivity, np.interp(found.false_positive_rate, rate, sensitivity), atol=1e-12)
    area = np.trapezoid(found.sensitivity, found.false_positive_rate) if hasattr(np, "trapezoid") else None
    assert area is None or area == pytest.approx(auc(scores["outcome"], scores["coarse"]), abs=1e-3)


def test_the_band_covers_the_true_curve():
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], [60, 40])
    truth = 0.8413447460685429  # Phi(1 - 0): sensitivity at rate 0.5 of two normal classes one apart
    within = 0
    for seed in range(60):
        found = roc_band(y, rng.normal(size=100) + y, points=3, resamples=200, seed=seed)
        within += found.lower[1] <= truth <= found.upper[1]
    assert within >= 52


def test_repeats_are_averaged_and_do_not_narrow_the_band(scores):
    y, score = scores["outcome"].to_numpy(), scores["fine"].to_numpy()
    one = roc_band(y, score, points=11, resamples=200)
    five = roc_band(y, np.stack([score] * 5), points=11, resamples=200)
    for part in ("sensitivity", "lower", "upper"):
        np.testing.assert_allclose(getattr(five, part), getattr(one, part), atol=1e-12)
    assert five.repeats == 5
    mixed = roc_band(y, np.stack([score, scores["useless"]]), points=11, resamples=200)
    other = roc_band(y, scores["useless"], points=11, resamples=200)
    np.testing.assert_allclose(mixed.upper, (one.upper + other.upper) / 2, atol=1e-12)


def test_a_patient_with_two_cases_is_not_two_patients(scores):
    y, score = scores["outcome"].to_numpy(), scores["fine"].to_numpy()
    doubled = roc_band(np.tile(y, 2), np.tile(score, 2), np.tile(np.arange(90), 2), points=11, resamples=300)
    single = roc_band(y, score, points=11, resamples=300)
    np.testing.assert_allclose(doubled.sensitivity, single.sensitivity, atol=1e-12)
    np.testing.assert_allclose(doubled.lower, single.lower, atol=1e-12)
    unaware = roc_band(np.tile(y, 2), np.tile(score, 2), points=11, resamples=300)
    assert (unaware.upper - unaware.lower)[5] < 0.85 * (single.upper - single.lower)[5]


def test_scores_that_say_nothing_or_everything():
    y = [0, 0, 0, 1, 1]
    nothing = roc_band(y, [1.0] * 5, points=5, resamples=20)
    np.testing.assert_allclose(nothing.sensitivity, [0, 0.25, 0.5, 0.75, 1])
    everything = roc_band(y, [1.0, 2, 3, 4, 5], points=5, resamples=20)
    np.testing.assert_array_equal(everything.lower, np.ones(5))
    with pytest.raises(TrainingError, match="both classes"):
        roc_band([1, 1], [0.1, 0.2])
    with pytest.raises(TrainingError, match="missing"):
        roc_band(y, [1.0, 2, 3, 4, np.nan])
    with pytest.raises(ValueError, match=r"\(repeats, cases\)"):
        roc_band(y, np.zeros((1, 1, 5)))
    with pytest.raises(ValueError, match="two points"):
        roc_band(y, [1.0, 2, 3, 4, 5], points=1)
