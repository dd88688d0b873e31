"""Platt scaling, Brier, calibration line, Hosmer-Lemeshow: R, hand-worked values, scores that cannot be calibrated."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.base import clone

from CervixRiskLib.errors import SettingsError, TrainingError
from CervixRiskLib.statistics import (
    PlattScaling,
    auc,
    brier,
    calibration_slope_intercept,
    hosmer_lemeshow,
    scaled_brier,
)


def test_platt_equals_glm(reference, scores):
    plain = PlattScaling().fit(scores["fine"], scores["outcome"])
    np.testing.assert_allclose([plain.intercept_, plain.slope_], reference["platt"]["plain"], rtol=1e-8)
    assert not plain.smoothed_
    smoothed = PlattScaling(target_smoothing="always").fit(scores["fine"], scores["outcome"])
    np.testing.assert_allclose([smoothed.intercept_, smoothed.slope_], reference["platt"]["smoothed"], rtol=1e-8)
    np.testing.assert_allclose(
        plain.transform(scores["fine"]), expit(plain.intercept_ + plain.slope_ * scores["fine"]), rtol=1e-12
    )
    np.testing.assert_array_equal(plain.transform(scores[["fine"]].to_numpy()), plain.transform(scores["fine"]))
    lower, upper = plain.interval(scores["fine"])
    value = plain.transform(scores["fine"])
    assert ((lower < value) & (value < upper)).all()


@pytest.mark.parametrize("score", [[4.0, 3, 2, 1, 2, 1], [1.0] * 6, [1.0, 2, 3, 1, 2, 3]])
def test_a_score_without_discrimination_gives_everyone_the_prevalence(score):
    model = PlattScaling().fit(score, [0, 0, 0, 0, 1, 1] if score[0] == 4 else [0, 0, 0, 1, 1, 1])
    assert model.no_discrimination_
    assert model.slope_ == 0.0
    prevalence = 1 / 3 if score[0] == 4 else 0.5
    np.testing.assert_allclose(model.transform([-100.0, 0.0, 100.0]), prevalence)
    lower, upper = model.interval([0.0])
    assert lower[0] < prevalence < upper[0]


def test_a_score_that_separates_backwards_is_not_turned_over():
    model = PlattScaling().fit([4.0, 3, 2, 1], [0, 0, 1, 1])
    assert model.no_discrimination_
    assert model.slope_ == 0.0


def test_a_separating_score_gets_platts_targets():
    score, y = [-3.0, -2, -1, 1, 2], [0, 0, 0, 1, 1]
    model = PlattScaling().fit(score, y)
    assert model.smoothed_
    assert 0 < model.slope_ < 50
    target = np.array([0.2, 0.2, 0.2, 0.75, 0.75])
    gap = target - model.transform(score)
    np.testing.assert_allclose([gap.sum(), gap @ score], 0, atol=1e-8)
    with pytest.raises(TrainingError, match="allow target smoothing"):
        PlattScaling(target_smoothing="never").fit(score, y)
    with pytest.raises(SettingsError, match="sometimes"):
        PlattScaling(target_smoothing="sometimes").fit(score, y)
    assert clone(PlattScaling(target_smoothing="never")).target_smoothing == "never"


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(-20, 20)), min_size=4, max_size=40))
@settings(deadline=None, max_examples=100)
def test_platt_never_reverses_the_order(drawn):
    y, score = (np.array(column) for column in zip(*drawn, strict=True))
    assume(0 < y.sum() < len(y))
    model = PlattScaling().fit(score, y)
    assert model.slope_ >= 0
    assert np.isfinite(model.covariance_).all()
    p = model.transform(np.sort(score))
    assert (np.diff(p) >= 0).all()
    assert ((p >= 0) & (p <= 1)).all()
    if model.no_discrimination_:
        assert model.transform([0.0])[0] == pytest.approx(y.mean())
    elif not model.smoothed_:
        assert model.transform(score).mean() == pytest.approx(y.mean(), abs=1e-6)


def test_bad_scores():
    with pytest.raises(TrainingError, match="infinite"):
        PlattScaling().fit([0.0, np.inf], [0, 1])
    with pytest.raises(TrainingError, match="missing"):
        PlattScaling().fit([0.0, np.nan], [0, 1])
    with pytest.raises(ValueError, match="must be"):
        PlattScaling().fit(np.ones((2, 2)), [0, 1])


def test_brier_by_hand():
    y, p = [0, 1, 1, 0], [0.2, 0.7, 1.0, 0.5]
    assert brier(y, p) == pytest.approx((0.04 + 0.09 + 0 + 0.25) / 4)
    assert scaled_brier(y, p) == pytest.approx(1 - 0.095 / 0.25)
    assert scaled_brier(y, [0.5] * 4) == pytest.approx(0)
    assert scaled_brier(y, y) == 1.0
    with pytest.raises(TrainingError, match="between 0 and 1"):
        brier(y, [0.1, 0.2, 1.2, 0.3])


def test_calibration_line_equals_r(reference, clinical):
    expected = reference["calibration"]
    found = calibration_slope_intercept(clinical["outcome"], expected["distorted"])
    assert found.slope == pytest.approx(expected["slope"], rel=1e-8)
    assert found.intercept == pytest.approx(expected["intercept"], rel=1e-8)
    assert found.slope_standard_error == pytest.approx(expected["slope_error"], rel=1e-7)
    assert found.in_the_large == pytest.approx(expected["in_the_large"], rel=1e-8)
    assert found.in_the_large_standard_error == pytest.approx(expected["in_the_large_error"], rel=1e-7)
    assert found.slope == pytest.approx(expected["val_prob_slope"], rel=1e-4)
    assert found.intercept == pytest.approx(expected["val_prob_intercept"], rel=1e-3)
    assert brier(clinical["outcome"], expected["distorted"]) == pytest.approx(expected["brier"], rel=1e-10)


def test_a_models_own_probabilities_are_calibrated_and_a_distortion_is_found(reference, clinical):
    p = np.array(reference["logistic"]["probability"])
    own = calibration_slope_intercept(clinical["outcome"], p)
    np.testing.assert_allclose([own.slope, own.intercept, own.in_the_large], [1, 0, 0], atol=1e-6)
    stretched = calibration_slope_intercept(clinical["outcome"], expit(2 * logit(p) + 1))
    np.testing.assert_allclose([stretched.slope, stretched.intercept], [0.5, -0.5], atol=1e-6)


def test_calibration_lines_that_do_not_exist():
    flat = calibration_slope_intercept([0, 1, 1, 0], [0.3] * 4)
    assert np.isnan(flat.slope)
    assert flat.in_the_large == pytest.approx(logit(0.5) - logit(0.3))
    parted = calibration_slope_intercept([0, 0, 1, 1], [0.1, 0.2, 0.8, 1.0])
    assert np.isnan(parted.slope)
    assert np.isfinite(parted.in_the_large)


@pytest.mark.parametrize("grouping", ["rank", "quantile"])
def test_hosmer_lemeshow_equals_r(grouping, reference, clinical):
    expected = reference["hosmer_lemeshow"][grouping]
    p = np.array(reference["logistic"]["probability"])
    found = hosmer_lemeshow(clinical["outcome"], p, groups=12, grouping=grouping)
    assert list(found.sizes) == expected["sizes"]
    assert found.statistic == pytest.approx(expected["statistic"], rel=1e-7)
    assert found.p == pytest.approx(expected["p"], rel=1e-7)
    assert found.degrees_of_freedom == 10
    assert found.observed.sum() == clinical["outcome"].sum()
    assert hosmer_lemeshow(clinical["outcome"], p, validation=True).degrees_of_freedom == 10
    assert reference["hosmer_lemeshow"]["rank"]["sizes"] != reference["hosmer_lemeshow"]["quantile"]["sizes"]


def test_hosmer_lemeshow_with_ties_and_certain_groups():
    p = np.repeat([0.0, 0.25, 0.5, 1.0], 4)
    y = np.array([0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1])
    found = hosmer_lemeshow(y, p, groups=4)
    assert found.statistic == 0.0
    assert found.p == 1.0
    wrong = y.copy()
    wrong[0] = 1
    assert hosmer_lemeshow(wrong, p, groups=4).statistic == np.inf
    assert hosmer_lemeshow(wrong, p, groups=4).p == 0.0
    joined = hosmer_lemeshow(y, p, groups=10, grouping="quantile")
    assert joined.sizes.sum() == 16
    assert len(joined.sizes) < 10
    with pytest.raises(TrainingError, match="distinct groups"):
        hosmer_lemeshow(y, np.full(16, 0.5), grouping="quantile")
    with pytest.raises(TrainingError, match="16 cases for 20 groups"):
        hosmer_lemeshow(y, p, groups=20)
    with pytest.raises(SettingsError, match="three groups"):
        hosmer_lemeshow(y, p, groups=2)


def test_hosmer_lemeshow_p_values_are_uniform_for_a_true_model():
    rng = np.random.default_rng(12)
    p = expit(rng.normal(-0.5, 1, 400))
    values = [hosmer_lemeshow((rng.random(400) < p).astype(int), p, validation=True).p for _ in range(400)]
    assert 0.03 <= np.mean(np.array(values) < 0.05) <= 0.08
    assert 0.45 <= np.mean(values) <= 0.55
    assert auc([0, 1], [0.1, 0.2]) == 1.0
