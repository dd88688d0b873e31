"""The optimism bootstrap: Harrell's rms, patients with several cases, and resamples without a number."""

import numpy as np
import pytest

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import (
    LogisticModel,
    auc,
    optimism_bootstrap,
    optimism_resamples,
    optimism_summary,
)

PREDICTORS = ["diameter", "red_cells", "age", "marker"]


def fit(X, y, groups):
    return LogisticModel(penalty="auto").fit(X, y)


def somers_d(model, X, y):
    return 2 * auc(y, model.decision_function(X)) - 1


def test_equals_rms_within_the_error_of_resampling(clinical, tables):
    expected = tables["optimism"]
    X, y = clinical[PREDICTORS].astype(float), clinical["outcome"].to_numpy()
    found = optimism_bootstrap(fit, somers_d, X, y, repeats=150, stratified=False)
    assert found.apparent == pytest.approx(expected["index.orig"], abs=1e-9)
    assert abs(found.optimism - expected["optimism"]) < 4 * found.standard_error
    # An optimism of nothing would not pass.
    assert found.optimism > 4 * found.standard_error
    assert found.corrected == pytest.approx(found.apparent - found.optimism)
    difference = found.on_resample - found.on_all
    assert found.spread == pytest.approx(difference.std(ddof=1))
    assert (found.repeats, found.undefined) == (150, 0)


def test_a_model_that_learns_noise_by_heart_is_brought_down_to_chance():
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(60, 20)), np.arange(60) % 2

    def nearest_means(X, y, groups):
        return X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)

    found = optimism_bootstrap(nearest_means, lambda w, X, y: auc(y, X @ w), X, y, repeats=60)
    assert found.apparent > 0.75
    assert found.corrected < found.apparent - 0.1


def test_patients_are_drawn_with_all_their_cases():
    patients = np.array(["p", "q", "r", "q", "s", "r", "r", "t"])
    y = np.array([0, 1, 0, 0, 1, 0, 0, 0])
    sizes = {name: int((patients == name).sum()) for name in "pqrst"}
    draws = list(optimism_resamples(y, patients, 50, 7))
    assert len(draws) == 50
    for chosen in draws:
        drawn = {name: int((patients[chosen] == name).sum()) // size for name, size in sizes.items()}
        assert sum(drawn.values()) == 5
        # q and s have a positive case: as many positive patients as there are.
        assert drawn["q"] + drawn["s"] == 2
        for name, times in drawn.items():
            places = np.sort(chosen[patients[chosen] == name])
            np.testing.assert_array_equal(places, np.sort(np.tile(np.flatnonzero(patients == name), times)))
    again = list(optimism_resamples(y, patients, 50, 7))
    assert all((a == b).all() for a, b in zip(draws, again, strict=True))
    assert any(y[chosen].sum() == 0 for chosen in optimism_resamples([0, 0, 0, 1], None, 50, 7, stratified=False))


def test_the_model_is_told_the_drawn_patients():
    told = []

    def look(X, y, groups):
        told.append((len(X), len(groups), set(groups)))
        return None

    patients = np.repeat(np.arange(6), 2)
    optimism_bootstrap(look, lambda m, X, y: 0.5, np.zeros((12, 1)), np.tile([0, 1], 6), patients, repeats=5)
    assert [sizes[:2] for sizes in told] == [(12, 12)] * 6
    assert told[0][2] == set(range(6))
    assert any(len(seen) < 6 for *_, seen in told[1:])


def test_resamples_without_a_number():
    inside, outside = np.full(20, 0.8), np.full(20, 0.7)
    inside[3] = np.nan
    found = optimism_summary(0.9, inside, outside)
    assert (found.repeats, found.undefined) == (20, 1)
    assert found.corrected == pytest.approx(0.8)
    inside[:4] = np.nan
    with pytest.raises(TrainingError, match="undefined in 4 of 20"):
        optimism_summary(0.9, inside, outside)
    with pytest.raises(TrainingError, match="apparent performance"):
        optimism_summary(np.nan, outside, outside)
    assert np.isnan(optimism_summary(0.9, [0.8], [0.7]).spread)
    with pytest.raises(TrainingError, match="no cases"):
        list(optimism_resamples([], None, 5))
