"""Decision curves: dcurves, the formula written down in R, intervals, ranges of thresholds."""

import json
from pathlib import Path

import numpy as np
import pytest

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import decision_curve


@pytest.fixture(scope="module")
def models(performance):
    return {name: np.array(performance["probabilities"][name]) for name in ("new", "old")}


def test_equals_the_formula_in_r(performance, clinical, models):
    expected = performance["net_benefit"]
    found = decision_curve(clinical["outcome"], models, expected["thresholds"], resamples=50)
    np.testing.assert_allclose(found.treat_all, expected["treat_all"], atol=1e-12)
    np.testing.assert_allclose(found.net_benefit["new"], expected["new"], atol=1e-12)


def test_equals_dcurves(clinical, models):
    expected = json.loads(
        (Path(__file__).parents[1] / "reference" / "statistics" / "decision_curve.json").read_text(encoding="utf-8")
    )
    found = decision_curve(clinical["outcome"], models, resamples=50)
    np.testing.assert_allclose(found.treat_all, expected["all"]["net_benefit"], atol=1e-10)
    for name in models:
        np.testing.assert_allclose(found.net_benefit[name], expected[name]["net_benefit"], atol=1e-10)
        avoided = 100 * np.array(expected[name]["net_intervention_avoided"])
        np.testing.assert_allclose(found.interventions_avoided[name][1:], avoided, atol=1e-8)
        assert np.isnan(found.interventions_avoided[name][0])
    assert found.thresholds[[0, -1]].tolist() == [0.0, 0.99]


def test_the_interval_is_that_of_a_mean(clinical, models):
    y, p = clinical["outcome"].to_numpy(), models["new"]
    found = decision_curve(y, models, [0.25], resamples=4000)
    gain = np.where(p >= 0.25, np.where(y == 1, 1.0, -1 / 3), 0.0)
    error = gain.std(ddof=1) / np.sqrt(160)
    assert (found.upper["new"][0] - found.lower["new"][0]) / 3.92 == pytest.approx(error, rel=0.06)
    assert found.advantage["new"][0] == pytest.approx(gain.mean() - max(0, found.treat_all[0]))


def test_patients_are_drawn_whole(clinical, models):
    y, p = clinical["outcome"].to_numpy(), models["new"]
    single = decision_curve(y, {"new": p}, [0.2, 0.4], resamples=300)
    doubled = decision_curve(
        np.repeat(y, 2), {"new": np.repeat(p, 2)}, [0.2, 0.4], np.repeat(np.arange(160), 2), resamples=300
    )
    for part in ("net_benefit", "lower", "upper", "advantage_lower", "advantage_upper"):
        np.testing.assert_allclose(getattr(doubled, part)["new"], getattr(single, part)["new"], atol=1e-12)


def test_repeats_are_averaged(clinical, models):
    y = clinical["outcome"]
    both = decision_curve(y, {"model": np.stack([models["new"], models["old"]])}, resamples=100)
    each = decision_curve(y, models, resamples=100)
    for part in ("net_benefit", "lower", "upper", "interventions_avoided"):
        middle = (getattr(each, part)["new"] + getattr(each, part)["old"]) / 2
        np.testing.assert_allclose(getattr(both, part)["model"], middle, atol=1e-12)


def test_ranges_in_which_the_model_is_of_use():
    y = np.repeat([0, 1], [80, 20])
    perfect = decision_curve(y, {"m": np.where(y, 0.9, 0.05)}, resamples=200)
    # At 0 and up to .05 everyone is treated; above .9 no one.
    assert perfect.useful_ranges("m") == ((0.06, 0.9),)
    assert perfect.useful_ranges("m", certain=True) == ((0.06, 0.9),)
    np.testing.assert_allclose(perfect.interventions_avoided["m"][6:91], 80)
    useless = decision_curve(y, {"m": np.full(100, 0.2)}, resamples=200)
    assert useless.useful_ranges("m") == ()
    between = decision_curve(y, {"m": np.where(y, 0.5, 0.3)}, [0.1, 0.35, 0.45, 0.55], resamples=50)
    assert between.useful_ranges("m") == ((0.35, 0.45),)


def test_the_useless_model_is_seldom_certainly_useful():
    rng = np.random.default_rng(6)
    claimed = []
    for _ in range(60):
        y, p = rng.random(100) < 0.3, rng.uniform(0.05, 0.6, 100)
        claimed.append(decision_curve(y, {"m": p}, [0.25], resamples=200).advantage_lower["m"][0] > 0)
    assert np.mean(claimed) < 0.06


def test_refused():
    with pytest.raises(TrainingError, match="below 1"):
        decision_curve([0, 1], {"m": [0.1, 0.2]}, [0.5, 1.0])
    with pytest.raises(TrainingError, match="between 0 and 1"):
        decision_curve([0, 1], {"m": [0.1, 1.2]})
    with pytest.raises(TrainingError, match="both classes"):
        decision_curve([0, 0], {"m": [0.1, 0.2]})
