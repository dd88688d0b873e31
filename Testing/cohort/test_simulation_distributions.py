"""Distributions with published moments, against numerical integration and SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from CervixRiskLib.cohort.simulation.distributions import (
    Family,
    Truncated,
    WithOutliers,
    matched,
    matched_with_outliers,
)


def integrated_moments(distribution, points=()):
    """Mass, mean and SD by adaptive quadrature of the density."""
    edges = sorted({distribution.low, distribution.high, *points})
    values = [
        sum(
            quad(lambda v, k=order: v**k * np.exp(distribution.log_density(v)), a, b, limit=400)[0]
            for a, b in itertools.pairwise(edges)
        )
        for order in range(3)
    ]
    return values[0], values[1], np.sqrt(values[2] - values[1] ** 2)


@pytest.mark.parametrize(
    ("family", "mean", "sd", "low", "high"),
    [
        (Family.NORMAL, 52.78, 10.69, 20, 90),
        (Family.NORMAL, 4.12, 0.8, 3.0, 7),
        (Family.LOG_NORMAL, 13.66, 9.03, 0, 300),
        (Family.LOG_NORMAL, 41.29, 14.81, 8, 80),
    ],
)
def test_moments_after_truncation_are_the_published_ones(family, mean, sd, low, high):
    distribution = matched(family, mean, sd, low, high)
    assert distribution.moments() == pytest.approx((mean, sd), rel=1e-6)
    landmarks = [value for value in (mean, mean + 5 * sd) if value < high]
    assert integrated_moments(distribution, landmarks) == pytest.approx((1, mean, sd), rel=1e-6)


@settings(deadline=None, max_examples=40)
@given(mean=st.floats(2.0, 9.0), share=st.floats(0.5, 1.0))
def test_counts_have_the_wanted_moments(mean, share):
    sd = share * np.sqrt(mean)
    counts = matched(Family.COUNT, mean, sd, 0, 30)
    values = np.arange(31)
    probabilities = np.exp(counts.log_density(values))
    assert probabilities.sum() == pytest.approx(1)
    assert probabilities @ values == pytest.approx(mean, rel=1e-5)
    assert np.sqrt(probabilities @ values**2 - (probabilities @ values) ** 2) == pytest.approx(sd, rel=1e-5)


def test_density_is_scipys_truncated_normal():
    ours = Truncated(Family.NORMAL, 2.0, 3.0, 4.0, 9.0)
    theirs = stats.truncnorm((4 - 2) / 3, (9 - 2) / 3, loc=2, scale=3)
    values = np.array([3.9, 4.0, 5.5, 9.0, 9.1])
    np.testing.assert_allclose(ours.log_density(values), theirs.logpdf(values), rtol=1e-12)
    assert ours.moments() == pytest.approx((theirs.mean(), theirs.std()), rel=1e-9)


@pytest.mark.parametrize("family", list(Family))
def test_draws_follow_the_density(family):
    distribution = matched(family, 5.0, 2.0, 1, 14)
    drawn = distribution.draw(np.random.default_rng(1), 5000)
    assert drawn.min() >= 1
    assert drawn.max() <= 14
    if family is Family.COUNT:
        expected = 5000 * np.exp(distribution.log_density(np.arange(1, 15)))
        observed = np.bincount(drawn.astype(int), minlength=15)[1:15]
        frequent = expected > 5
        assert ((observed - expected)[frequent] ** 2 / expected[frequent]).sum() < stats.chi2(frequent.sum()).ppf(0.999)
    else:
        grid = np.linspace(1, 14, 20001)
        density = np.exp(distribution.log_density(grid))
        cumulative = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(grid))])
        assert stats.kstest(drawn, lambda v: np.interp(v, grid, cumulative)).pvalue > 0.001


def test_outliers_keep_the_total_moments():
    mixture = matched_with_outliers(0.18, 1.42, 0, 25, 1 / 218, 21.0, 0.5)
    assert isinstance(mixture, WithOutliers)
    assert mixture.moments() == pytest.approx((0.18, 1.42), rel=1e-6)
    drawn = mixture.draw(np.random.default_rng(0), 200_000)
    assert (drawn > 15).mean() == pytest.approx(1 / 218, rel=0.2)
    mass = quad(lambda v: np.exp(mixture.log_density(v)), 0, 25, points=[0.05, 0.5, 2, 19, 21, 23], limit=500)[0]
    assert mass == pytest.approx(1, rel=1e-6)


def test_impossible_moments_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        matched(Family.NORMAL, 5.0, 1.0, 6.0, 9.0)
    with pytest.raises(ValueError, match="no normal distribution"):
        matched(Family.NORMAL, 5.0, 40.0, 0.0, 10.0)
    with pytest.raises(ValueError, match="leave nothing"):
        matched_with_outliers(1.0, 1.0, 0, 100, 0.5, 50.0, 1.0)
