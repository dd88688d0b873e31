"""HiResCAM: what each place adds to a score, and where it is Grad-CAM."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.networks import CamMethod, grad_cam, hires_cam, score_cam

PAIRS = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(*[arrays.arrays(np.float64, shape, elements=st.floats(-1e3, 1e3))] * 2)
)


@settings(deadline=None, max_examples=60)
@given(PAIRS)
def test_bounded_and_one_sided(pair: tuple[np.ndarray, np.ndarray]) -> None:
    feature_map, gradient = pair
    heat = hires_cam(feature_map, gradient)
    assert heat.dtype == np.float32
    assert heat.shape == feature_map.shape[1:]
    assert heat.min() >= 0.0
    assert heat.max() in (0.0, 1.0)
    np.testing.assert_array_equal(score_cam(feature_map, gradient.ravel(), CamMethod.HIRES_CAM), heat)
    assert not np.any((heat > 0) & (hires_cam(feature_map, -gradient) > 0))


def test_the_sum_over_the_places_is_a_linear_score() -> None:
    random = np.random.default_rng(42)
    feature_map, slope = random.normal(size=(2, 6, 4, 4))
    score = float(feature_map.ravel() @ slope.ravel())
    peaks = [(slope * feature_map * sign).sum(axis=0).max() for sign in (1, -1)]
    shares = [hires_cam(feature_map, sign * slope).sum() * peak for sign, peak in zip((1, -1), peaks, strict=True)]
    assert shares[0] - shares[1] == pytest.approx(score, rel=1e-5)


def test_behind_a_global_average_both_methods_draw_one_map() -> None:
    random = np.random.default_rng(7)
    feature_map = random.gamma(2.0, size=(6, 4, 5))
    pooled = np.broadcast_to(random.normal(size=6)[:, None, None], feature_map.shape)
    np.testing.assert_allclose(hires_cam(feature_map, pooled), grad_cam(feature_map, pooled), atol=1e-6)


def test_slopes_of_opposite_places_do_not_cancel() -> None:
    # Left speaks for the score, right against it. On average the channel says nothing, and Grad-CAM shows nothing.
    feature_map, gradient = np.ones((1, 1, 2)), np.array([[[1.0, -1.0]]])
    np.testing.assert_array_equal(hires_cam(feature_map, gradient), [[1.0, 0.0]])
    np.testing.assert_array_equal(grad_cam(feature_map, gradient), [[0.0, 0.0]])


@pytest.mark.parametrize("gradient", [np.ones((1, 3, 2)), np.full((1, 2, 3), np.inf)])
def test_what_does_not_fit_is_refused(gradient: np.ndarray) -> None:
    with pytest.raises(SettingsError):
        hires_cam(np.ones((1, 2, 3)), gradient)
