"""Calibration in numbers: R's glm, rms, scikit-learn and statsmodels; undefined numbers stay undefined."""

import numpy as np
import pytest
from scipy.special import logit
from sklearn.metrics import brier_score_loss

from CervixRiskLib.statistics import calibration_summary, hosmer_lemeshow, scaled_brier


def _numbers(estimate):
    return [estimate.value, estimate.lower, estimate.upper]


@pytest.fixture(scope="module")
def distorted(performance):
    return np.array(performance["probabilities"]["new"])


def test_equals_r(performance, clinical, distorted):
    expected = performance["summary"]
    found = calibration_summary(clinical["outcome"], distorted, knots=3)
    for part in ("slope", "intercept", "in_the_large", "expected_observed"):
        np.testing.assert_allclose(_numbers(getattr(found, part)), expected[part], atol=1e-7)
    validated = expected["val_prob"]
    assert found.brier.value == pytest.approx(validated["Brier"])
    assert (found.slope.value, found.intercept.value) == pytest.approx(
        (validated["Slope"], validated["Intercept"]), abs=1e-6
    )
    assert found.integrated_calibration_index == pytest.approx(performance["calibration"]["three"]["ici"], rel=1e-6)
    assert found.largest_deviation == pytest.approx(performance["calibration"]["three"]["largest"], rel=1e-6)


def test_equals_scikit_learn_and_statsmodels(clinical, distorted):
    models = pytest.importorskip("statsmodels.api")
    y = clinical["outcome"].to_numpy()
    found = calibration_summary(y, distorted)
    assert found.brier.value == pytest.approx(brier_score_loss(y, distorted))
    assert found.scaled_brier.value == scaled_brier(y, distorted)
    fit = models.GLM(y, models.add_constant(logit(distorted)), family=models.families.Binomial()).fit(tol=1e-12)
    np.testing.assert_allclose(_numbers(found.slope), [fit.params[1], *fit.conf_int()[1]], atol=1e-6)


def test_standard_errors_over_patients_are_rms_robcovs(performance, clinical, distorted, paired_cases):
    found = calibration_summary(clinical["outcome"], distorted, paired_cases)
    half = [(e.upper - e.lower) / 2 / 1.959963984540054 / np.sqrt(80 / 79) for e in (found.intercept, found.slope)]
    np.testing.assert_allclose(half, performance["summary"]["clustered_errors"], rtol=1e-5)


def test_doubled_cases_of_the_same_patients_are_no_news(clinical, distorted):
    y = clinical["outcome"].to_numpy()
    once = calibration_summary(y, distorted, np.arange(160))
    twice = calibration_summary(np.repeat(y, 2), np.repeat(distorted, 2), np.repeat(np.arange(160), 2))
    for part in ("slope", "in_the_large", "expected_observed"):
        # Model-based and sandwich errors of the same cases differ a little.
        np.testing.assert_allclose(_numbers(getattr(twice, part)), _numbers(getattr(once, part)), atol=0.06)
    np.testing.assert_allclose(_numbers(twice.brier), _numbers(once.brier), atol=1e-12)


def test_the_brier_scores_interval_is_that_of_a_mean(clinical, distorted):
    y = clinical["outcome"].to_numpy()
    found = calibration_summary(y, distorted, resamples=4000)
    error = ((distorted - y) ** 2).std(ddof=1) / np.sqrt(160)
    assert (found.brier.upper - found.brier.lower) / 2 / 1.96 == pytest.approx(error, rel=0.06)
    assert found.scaled_brier.lower < found.scaled_brier.value < found.scaled_brier.upper


def test_hosmer_lemeshow_is_named_and_one_a_repeat(clinical, distorted):
    y = clinical["outcome"].to_numpy()
    found = calibration_summary(y, np.stack([distorted, distorted[::-1], distorted]), grouping="quantile")
    expected = hosmer_lemeshow(y, distorted, grouping="quantile", validation=True)
    assert len(found.hosmer_lemeshow) == found.repeats == 3
    assert found.hosmer_lemeshow[0].statistic == expected.statistic
    assert found.hosmer_lemeshow[0].grouping == "quantile"
    assert found.hosmer_lemeshow_p == expected.p
    fitted = calibration_summary(y, distorted, validation=False)
    assert fitted.hosmer_lemeshow[0].degrees_of_freedom == 8


def test_repeats_are_averaged(clinical, distorted):
    y = clinical["outcome"].to_numpy()
    other = distorted**1.3
    both = calibration_summary(y, np.stack([distorted, other]))
    first, second = calibration_summary(y, distorted), calibration_summary(y, other)
    for part in ("slope", "intercept", "in_the_large", "expected_observed", "brier", "scaled_brier"):
        middle = np.mean([_numbers(getattr(one, part)) for one in (first, second)], axis=0)
        np.testing.assert_allclose(_numbers(getattr(both, part)), middle)


def test_what_cannot_be_known_is_undefined():
    y = [0] * 18 + [1] * 2
    constant = calibration_summary(y, [0.1] * 20)
    assert np.isnan(constant.slope.value)
    assert np.isnan(constant.integrated_calibration_index)
    assert constant.smoothing == ""
    assert constant.in_the_large.value == pytest.approx(0, abs=1e-9)
    assert constant.expected_observed.value == pytest.approx(1)
    parted = calibration_summary(y, [0.01] * 18 + [0.99] * 2)
    assert np.isnan(parted.slope.upper)
    # In more than a tenth of the resamples neither of the two positive cases is left.
    assert np.isnan(parted.scaled_brier.lower)
    assert np.isfinite(parted.brier.upper)
    certain = calibration_summary(y, [0.0] * 9 + [1.0] * 11)
    assert certain.in_the_large.lower < certain.in_the_large.value < 0
    few = calibration_summary([0, 1, 0, 1, 0], [0.2, 0.4, 0.5, 0.3, 0.1])
    assert few.hosmer_lemeshow == ()
    assert "fewer groups" in few.hosmer_lemeshow_undefined
    assert np.isnan(few.hosmer_lemeshow_p)


@pytest.mark.parametrize("spread", [1e-3, 1e-6, 1e-10])
def test_a_slope_over_risks_that_hardly_vary_is_undefined(spread):
    """Noise over next to nothing came to slopes in the thousands."""
    y = np.repeat([0, 1], [40, 20])
    near = calibration_summary(y, 0.33 + spread * np.random.default_rng(0).standard_normal(60), resamples=20)
    assert np.isnan(_numbers(near.slope) + _numbers(near.intercept)).all()
    assert np.isnan(near.integrated_calibration_index)
    assert near.in_the_large.value == pytest.approx(0, abs=0.05)


def test_a_small_spread_that_can_be_read_has_a_slope():
    p = np.where(np.arange(400) % 2, 0.30, 0.32)
    found = calibration_summary(np.arange(400) % 3 == 0, p, resamples=20)
    assert np.isfinite(_numbers(found.slope)).all()
