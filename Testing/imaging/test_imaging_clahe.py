"""Contrast-limited adaptive histogram equalisation against OpenCV's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.imaging import equalise_contrast

REFERENCE = Path(__file__).parents[1] / "reference" / "imaging" / "clahe.npz"


@pytest.mark.parametrize("number", range(6))
def test_equals_opencv_to_rounding(number):
    with np.load(REFERENCE) as reference:
        grey, expected = reference[f"slice_{number}"], reference[f"equalised_{number}"].astype(float)
        tiles, clip = reference[f"settings_{number}"]
    ours = 255 * equalise_contrast(grey / np.float32(255), clip=float(clip), tiles=int(tiles)).astype(float)
    # OpenCV rounds every mapping and every mixture to whole grey values: half a grey value each.
    assert np.abs(ours - expected).max() <= 1.0
    assert abs((ours - expected).mean()) < 0.1
    # The slices are far from equalised to begin with.
    assert np.abs(grey - expected).mean() > 3.0


def test_one_tile_without_a_limit_is_histogram_equalisation():
    grey = np.random.default_rng(42).integers(0, 256, (40, 30))
    ours = equalise_contrast(grey / np.float32(255), clip=1e6, tiles=1)
    shares = np.array([(grey <= level).mean() for level in range(256)])
    np.testing.assert_allclose(ours, shares[grey], atol=1e-6)


def test_the_smaller_the_limit_the_closer_to_the_input():
    grey = np.linspace(0, 1, 128 * 128).reshape(128, 128) ** 2
    changes = [np.abs(equalise_contrast(grey, clip=clip, tiles=4) - grey).mean() for clip in (0.1, 1.0, 2.0, 4.0, 16.0)]
    assert changes == sorted(changes)
    assert changes[0] < 0.02
    assert changes[-1] > 5 * changes[0]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.floats(0.1, 50), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_any_slice_stays_between_0_and_1(rows, columns, tiles, clip, seed):
    pixels = np.random.default_rng(seed).random((rows, columns))
    result = equalise_contrast(pixels, clip=clip, tiles=tiles)
    assert result.shape == (rows, columns)
    assert result.dtype == np.float32
    assert result.min() >= 0.0
    assert result.max() <= 1.0


@given(st.integers(0, 2**32 - 1), st.floats(1, 10))
@settings(deadline=None, max_examples=30)
def test_brighter_pixels_of_one_place_stay_brighter(seed, clip):
    """All four mappings grow with grey, so two values at one pixel keep their order."""
    rng = np.random.default_rng(seed)
    pixels = rng.random((32, 32))
    row, column = rng.integers(0, 32, 2)
    results = []
    for value in (0.2, 0.7):
        pixels[row, column] = value
        results.append(equalise_contrast(pixels, clip=clip, tiles=1)[row, column])
    assert results[0] < results[1]


def test_leaves_its_input_alone():
    pixels = np.random.default_rng(42).random((32, 32)).astype(np.float32)
    kept = pixels.copy()
    pixels.flags.writeable = False
    equalise_contrast(pixels)
    np.testing.assert_array_equal(pixels, kept)


@pytest.mark.parametrize(
    ("pixels", "choices"),
    [
        (np.full((4, 4), 1.1), {}),
        (np.full((4, 4), -0.1), {}),
        (np.full((4, 4), np.nan), {}),
        (np.zeros(4), {}),
        (np.zeros((0, 4)), {}),
        (np.zeros((4, 4)), {"clip": 0.0}),
        (np.zeros((4, 4)), {"clip": float("nan")}),
        (np.zeros((4, 4)), {"tiles": 0}),
    ],
)
def test_refuses(pixels, choices):
    with pytest.raises(SettingsError):
        equalise_contrast(pixels, **choices)
