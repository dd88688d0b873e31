"""The bootstrap interval: coverage, strata, reproducibility."""

import numpy as np
import pytest

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import auc, bootstrap_interval, delong_interval


def test_near_the_normal_interval_of_a_mean():
    x = np.random.default_rng(0).normal(10, 2, 200)
    found = bootstrap_interval(lambda v: float(v.mean()), [x], 1, repeats=4000)
    error = x.std(ddof=1) / np.sqrt(200)
    assert found.value == x.mean()
    assert found.standard_error == pytest.approx(error, rel=0.05)
    np.testing.assert_allclose(
        [found.lower, found.upper], [x.mean() - 1.96 * error, x.mean() + 1.96 * error], atol=0.04
    )


def test_near_delong_on_a_real_score(scores):
    y, score = scores["outcome"].to_numpy(), scores["fine"].to_numpy()
    found = bootstrap_interval(auc, [y, score], 42, strata=y, repeats=1000)
    expected = delong_interval(y, score)
    assert found.standard_error == pytest.approx(expected.standard_error, rel=0.1)
    assert found.lower == pytest.approx(expected.lower, abs=0.03)
    assert found.undefined == 0


def test_strata_keep_their_sizes_and_rows_stay_together():
    y = np.r_[np.zeros(9), np.ones(2)]
    rows = np.arange(11)
    seen = []

    def statistic(labels, places):
        assert labels.sum() == 2
        assert (labels == y[places]).all()
        seen.append(tuple(places))
        return float(places.mean())

    bootstrap_interval(statistic, [y, rows], 3, strata=y, repeats=50)
    assert len(set(seen)) > 40


def test_same_seed_same_interval():
    x = np.random.default_rng(0).normal(size=30)
    first = bootstrap_interval(np.median, [x], 5, repeats=100)
    assert first == bootstrap_interval(np.median, [x], np.random.default_rng(5), repeats=100)
    assert first != bootstrap_interval(np.median, [x], 6, repeats=100)


def test_undefined_resamples_are_counted_and_too_many_refused():
    x = np.r_[np.zeros(20), 1.0]
    found = bootstrap_interval(lambda v: float("nan") if v.sum() >= 4 else 1.0, [x], 1, repeats=400)
    assert 0 < found.undefined < 40
    with pytest.raises(TrainingError, match="undefined in"):
        bootstrap_interval(lambda v: float("nan") if v.sum() == 0 else 1.0, [x], 1, repeats=200)
    with pytest.raises(TrainingError, match="no cases"):
        bootstrap_interval(np.mean, [[]], 1)
    with pytest.raises(ValueError, match="same number"):
        bootstrap_interval(np.mean, [[1, 2], [1]], 1)
    with pytest.raises(ValueError, match="stratum for each"):
        bootstrap_interval(np.mean, [[1, 2]], 1, strata=[1])
    with pytest.raises(ValueError, match="one resample"):
        bootstrap_interval(np.mean, [[1, 2]], 1, repeats=0)
