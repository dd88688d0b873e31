"""Temperature scaling: against R, a general minimiser, and what calibration means."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import TemperatureScaling, proportion

FOLDER = Path(__file__).parents[1] / "reference" / "statistics"


def _loss(logits: np.ndarray, truth: np.ndarray, temperature: float) -> float:
    return float(-log_softmax(logits / temperature, axis=1)[np.arange(truth.size), truth].sum())


def test_against_r() -> None:
    cases = pd.read_csv(FOLDER / "logits.csv")
    expected = json.loads((FOLDER / "classification.json").read_text(encoding="utf-8"))["temperature"]
    fit = TemperatureScaling().fit(cases[["a", "b", "c"]], cases["truth"])
    assert np.log(fit.temperature_) == pytest.approx(expected["log_temperature"], abs=1e-6)
    assert fit.log_temperature_variance_ == pytest.approx(expected["variance"], rel=1e-4)
    assert not fit.no_discrimination_
    assert not fit.smoothed_


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 5), st.integers(0, 10_000), st.floats(-6, 6))
def test_against_a_general_minimiser(k: int, seed: int, log_scale: float) -> None:
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(k), rng.integers(0, k, 40)])
    logits = np.exp(log_scale) * (rng.normal(size=(truth.size, k)) + rng.normal() * np.eye(k)[truth])
    fit = TemperatureScaling().fit(logits, truth)
    assume(not fit.smoothed_)
    found = minimize_scalar(
        lambda theta: _loss(logits, truth, np.exp(theta)), bounds=(log_scale - 5, log_scale + 12), method="bounded",
        options={"xatol": 1e-10},
    )  # fmt: skip
    uniform = truth.size * np.log(k)
    if fit.no_discrimination_:
        assert found.fun >= uniform - 1e-4  # no temperature beats knowing nothing
        assert fit.temperature_ == np.inf
        np.testing.assert_allclose(fit.predict_proba(logits), np.tile(np.bincount(truth) / truth.size, (len(truth), 1)))
        return
    assert _loss(logits, truth, fit.temperature_) <= found.fun + 1e-7 * abs(found.fun)
    probabilities = fit.predict_proba(logits)
    np.testing.assert_allclose(probabilities, softmax(logits / fit.temperature_, axis=1), atol=1e-12)
    # At the maximum the expected logit is the observed one.
    observed = logits[np.arange(truth.size), truth].sum()
    assert (probabilities * logits).sum() == pytest.approx(observed, rel=1e-6, abs=1e-6 * np.abs(logits).sum())


def test_a_known_temperature_is_found_within_its_error() -> None:
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(60):
        logits = rng.normal(0, 6, size=(150, 3))
        truth = np.array([rng.choice(3, p=row) for row in softmax(logits / 4.0, axis=1)])
        fit = TemperatureScaling().fit(logits, truth)
        half = 1.96 * np.sqrt(fit.log_temperature_variance_)
        inside += abs(np.log(fit.temperature_) - np.log(4.0)) < half
    assert inside >= 52  # of 60 at 95 %: fewer has a chance of under one in a hundred


def test_units_and_offsets_of_the_logits_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 3, 80)
    logits = rng.normal(size=(80, 3)) + np.eye(3)[truth]
    one = TemperatureScaling().fit(logits, truth)
    other = TemperatureScaling().fit(1e9 * logits + rng.normal(0, 1e9, size=(80, 1)), truth)
    assert other.temperature_ == pytest.approx(1e9 * one.temperature_, rel=1e-6)
    assert other.log_temperature_variance_ == pytest.approx(one.log_temperature_variance_, rel=1e-6)


def test_called_groups_stay_and_repeating_the_cases_halves_the_variance() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 4, 70)
    logits = 5 * rng.normal(size=(70, 4)) + 3 * np.eye(4)[truth]
    fit = TemperatureScaling().fit(logits, truth)
    np.testing.assert_array_equal(fit.predict_proba(logits).argmax(axis=1), logits.argmax(axis=1))
    twice = TemperatureScaling().fit(np.tile(logits, (2, 1)), np.tile(truth, 2))
    assert twice.temperature_ == pytest.approx(fit.temperature_, rel=1e-9)
    assert 2 * twice.log_temperature_variance_ == pytest.approx(fit.log_temperature_variance_, rel=1e-8)


def test_faultless_logits_get_smoothed_targets() -> None:
    truth = np.repeat([0, 1], [4, 6])
    logits = np.eye(2)[truth] * 8.0
    fit = TemperatureScaling().fit(logits, truth)
    assert fit.smoothed_
    assert not fit.no_discrimination_
    # By hand: the one probability p of the own group that all cases share is the mean of Platt's targets.
    target = (4 * 5 / 6 + 6 * 7 / 8) / 10
    np.testing.assert_allclose(fit.predict_proba(logits)[0], [target, 1 - target])
    assert np.isfinite(fit.log_temperature_variance_)


def test_without_discrimination_the_shares_are_given() -> None:
    truth = np.repeat([0, 1, 2], [10, 6, 4])
    for logits in (-np.eye(3)[truth], np.zeros((20, 3)), np.full((20, 3), 1e8)):
        fit = TemperatureScaling().fit(logits, truth)
        assert fit.no_discrimination_
        assert not fit.smoothed_
        np.testing.assert_allclose(fit.predict_proba([[50.0, 0, 0], [0, 0, 1e6]]), [[0.5, 0.3, 0.2]] * 2)
        lower, upper = fit.interval([[50.0, 0, 0]])
        for code, count in enumerate([10, 6, 4]):
            expected = proportion(count, 20)
            assert (lower[0, code], upper[0, code]) == (expected.lower, expected.upper)


def test_the_interval_is_that_of_the_temperature() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 60)
    logits = 3 * rng.normal(size=(60, 3)) + 3 * np.eye(3)[truth]
    fit = TemperatureScaling().fit(logits, truth)
    lower, upper = fit.interval(logits)
    middle = fit.predict_proba(logits)
    assert (lower <= middle).all()
    assert (middle <= upper).all()
    half = 1.959963984540054 * np.sqrt(fit.log_temperature_variance_)
    for offset in np.linspace(-half, half, 23):
        probabilities = softmax(logits / (fit.temperature_ * np.exp(offset)), axis=1)
        assert (lower - 1e-3 <= probabilities).all()
        assert (probabilities <= upper + 1e-3).all()
    narrow = fit.interval(logits, confidence=0.5)
    assert (narrow[1] - narrow[0] <= upper - lower + 1e-12).all()


def test_what_cannot_be_fitted() -> None:
    with pytest.raises(TrainingError, match="same outcome"):
        TemperatureScaling().fit(np.eye(3), [1, 1, 1])
    with pytest.raises(TrainingError, match="lack a logit"):
        TemperatureScaling().fit([[0, np.inf], [0, 1]], [0, 1])
    with pytest.raises(TrainingError, match="0 to 1"):
        TemperatureScaling().fit(np.eye(2), [0, 2])
    with pytest.raises(ValueError, match="two groups at least"):
        TemperatureScaling().fit([0.0, 1.0], [0, 1])
    with pytest.raises(ValueError, match="do not fit"):
        TemperatureScaling().fit(np.eye(2), [0, 1, 1])
    with pytest.raises(NotFittedError):
        TemperatureScaling().predict_proba(np.eye(2))
    fit = TemperatureScaling().fit([[1, 0], [0, 1], [1, 0.5]], [0, 1, 1])
    with pytest.raises(ValueError, match="do not fit"):
        fit.predict_proba(np.eye(3))
    assert not hasattr(clone(fit), "temperature_")


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.floats(-1e150, 1e150), min_size=3, max_size=3)),
        min_size=2,
        max_size=12,
    )
)
def test_any_finite_logits_give_probabilities(rows: list[tuple[int, list[float]]]) -> None:
    truth = np.array([code for code, _ in rows])
    logits = np.array([row for _, row in rows])
    assume(len(set(truth)) > 1)
    fit = TemperatureScaling().fit(logits, truth)
    assert fit.temperature_ > 0
    lower, upper = fit.interval(logits)
    probabilities = fit.predict_proba(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert ((lower <= probabilities + 1e-12) & (probabilities <= upper + 1e-12)).all()
