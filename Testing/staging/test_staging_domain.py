"""The domain tells slices of another kind from new slices of the same kind."""

from __future__ import annotations

import numpy as np

from CervixRiskLib.staging.domain import NetworkDomain


def _pooled(rng, n, shift=0.0, off=0.0):
    basis = np.random.default_rng(0).normal(size=(4, 200))
    along = rng.normal(size=(n, 4)) + shift
    return (along @ basis + 0.1 * rng.normal(size=(n, 200)) + off * np.random.default_rng(1).normal(size=200)).astype(
        np.float32
    )


def test_new_cases_of_the_same_kind_stay_inside_and_others_do_not():
    rng = np.random.default_rng(3)
    found = NetworkDomain.fit(_pooled(rng, 100))
    found = found.with_limit(found.distances(_pooled(rng, 100)))
    assert np.mean(found.distances(_pooled(rng, 200)) > found.domain.limit) < 0.06
    assert (found.distances(_pooled(rng, 50, shift=8.0)) > found.domain.limit).all()
    # Off the plane of the training cases: no coordinate along the axes says anything.
    assert (found.distances(_pooled(rng, 50, off=1.0)) > found.domain.limit).all()


def test_few_cases_and_cases_without_spread_are_no_error():
    rng = np.random.default_rng(3)
    assert np.isfinite(NetworkDomain.fit(_pooled(rng, 4)).distances(_pooled(rng, 3))).all()
    flat = np.ones((10, 30), dtype=np.float32)
    assert np.isfinite(NetworkDomain.fit(flat).distances(flat)).all()
