"""Perturbed contours: never empty, as large and as far away as asked for, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.imaging import Roi, RoiPerturbation, compare_contours, perturb_roi
from CervixRiskLib.imaging.roi_perturbation import _smooth_field

STILL = RoiPerturbation(0, 0, 0)
MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=14)).filter(np.any)
SPACINGS = st.sampled_from([None, (0.2, 0.2), (0.3, 0.9)])
SETTINGS = st.builds(
    RoiPerturbation,
    translation_sd=st.floats(0, 0.5),
    size_sd=st.floats(0, 0.3),
    noise_sd=st.floats(0, 0.1),
    noise_length=st.floats(0.2, 1),
)


def disc(shape, row, column, radius):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def centroid(mask):
    return np.argwhere(mask).mean(axis=0)


@settings(deadline=None, max_examples=120)
@given(MASKS, SPACINGS, SETTINGS, st.integers(0, 1000))
def test_any_region_stays_a_region(mask, spacing, perturbation, seed):
    roi = Roi(mask, spacing)
    result = perturb_roi(roi, np.random.default_rng(seed), perturbation)
    assert result.mask.any()
    assert (result.shape, result.spacing_mm) == (roi.shape, spacing)
    again = perturb_roi(roi, np.random.default_rng(seed), perturbation)
    np.testing.assert_array_equal(result.mask, again.mask)


@settings(deadline=None, max_examples=60)
@given(MASKS, SPACINGS)
def test_nothing_asked_nothing_changed(mask, spacing):
    np.testing.assert_array_equal(perturb_roi(Roi(mask, spacing), np.random.default_rng(0), STILL).mask, mask)


def test_defaults_agree_like_two_readers():
    rng = np.random.default_rng(42)
    shape = (300, 400)
    lesions = [
        disc(shape, 150, 200, 60),
        disc(shape, 120, 150, 25),
        disc(shape, 150, 150, 50) | disc(shape, 160, 220, 40),
    ]
    agreements = [
        compare_contours(Roi(mask), perturb_roi(Roi(mask), rng)) for mask in lesions for _ in range(12)
    ]  # fmt: skip
    dice = [agreement.dice for agreement in agreements]
    assert 0.89 < np.mean(dice) < 0.95
    assert min(dice) > 0.75
    assert len(set(dice)) > 30
    assert 0.02 < np.mean([item.hausdorff95 / item.first_diameter for item in agreements]) < 0.1


def test_size_changes_by_the_share_asked_for():
    roi = Roi(disc((300, 300), 150, 150, 60))
    rng = np.random.default_rng(1)
    shares = np.array([perturb_roi(roi, rng, RoiPerturbation(0, 0.1, 0)).n_pixels / roi.n_pixels for _ in range(150)])
    assert shares.mean() == pytest.approx(1, abs=0.03)
    assert shares.std() == pytest.approx(0.1, rel=0.2)
    assert abs(shares - 1).max() <= 0.3 + 1e-3
    # The noise moves the outline, not the area.
    noisy = perturb_roi(roi, rng, RoiPerturbation(0, 0, 0.03))
    assert noisy.n_pixels == roi.n_pixels
    assert not np.array_equal(noisy.mask, roi.mask)


def test_grown_and_shrunk_regions_are_dilations_and_erosions():
    roi = Roi(disc((200, 200), 100, 100, 50))
    rng = np.random.default_rng(2)
    seen = set()
    for _ in range(12):
        result = perturb_roi(roi, rng, RoiPerturbation(0, 0.1, 0))
        grown = result.n_pixels > roi.n_pixels
        assert not (roi.mask & ~result.mask).any() if grown else not (result.mask & ~roi.mask).any()
        distance = compare_contours(roi, result).hausdorff
        assert distance <= abs(np.sqrt(result.n_pixels / np.pi) - np.sqrt(roi.n_pixels / np.pi)) + 1.5
        seen.add(grown)
    assert seen == {True, False}


@pytest.mark.parametrize("spacing", [None, (0.5, 0.5), (0.4, 1.6)])
def test_shifts_are_finer_than_a_pixel_and_as_wide_as_asked_for(spacing):
    """In units of length: where pixels are flat, fewer columns than rows."""
    roi = Roi(disc((260, 260), 130, 130, 40), spacing)
    diameter = 2 * np.sqrt(roi.n_pixels / np.pi)
    ratio = np.sqrt(spacing[0] / spacing[1]) if spacing else 1.0
    rng = np.random.default_rng(3)
    moved = np.array(
        [
            centroid(perturb_roi(roi, rng, RoiPerturbation(0.03, 0, 0)).mask) - centroid(roi.mask)
            for _ in range(120)
        ]
    )  # fmt: skip
    np.testing.assert_allclose(moved.std(axis=0), [0.03 * diameter / ratio, 0.03 * diameter * ratio], rtol=0.25)
    assert abs(moved.mean(axis=0)).max() < 1.2
    small = np.array(
        [
            centroid(perturb_roi(roi, rng, RoiPerturbation(0.004, 0, 0)).mask) - centroid(roi.mask)
            for _ in range(40)
        ]
    )  # fmt: skip
    assert len(np.unique(small.round(3))) > 20


def test_noise_has_the_sd_and_the_correlation_length_asked_for():
    rng = np.random.default_rng(4)
    fields = np.array([_smooth_field((60, 90), np.array([12.0, 20.0]), rng) for _ in range(300)])
    assert fields.mean() == pytest.approx(0, abs=0.05)
    # At every pixel alike, the border included.
    assert fields.std(axis=0).min() > 0.8
    assert fields.std(axis=0).max() < 1.2
    assert fields.std() == pytest.approx(1, abs=0.05)
    for distance in (6, 12, 24):
        along_rows = (fields[:, distance:] * fields[:, :-distance]).mean()
        assert along_rows == pytest.approx(np.exp(-(distance**2) / (2 * 12.0**2)), abs=0.06)
        along_columns = (fields[:, :, distance:] * fields[:, :, :-distance]).mean()
        assert along_columns == pytest.approx(np.exp(-(distance**2) / (2 * 20.0**2)), abs=0.06)


def test_an_outline_stays_one_piece():
    rng = np.random.default_rng(5)
    roi = Roi(disc((200, 200), 100, 100, 45))
    for _ in range(20):
        result = perturb_roi(roi, rng)
        assert result.component_count == 1
        assert result.hole_count == 0


def test_no_part_vanishes():
    mask = disc((200, 200), 70, 70, 40)
    mask[150, 150] = True
    mask[20:23, 180:183] = True
    rng = np.random.default_rng(6)
    for _ in range(15):
        result = perturb_roi(Roi(mask), rng)
        assert result.component_count == 3
        assert result.mask[147:154, 147:154].any()
        assert result.mask[17:26, 177:186].any()


def test_a_region_at_the_border_stays_at_the_border():
    """Its end is that of the image, not one that a reader drew."""
    mask = np.zeros((120, 150), bool)
    mask[:50, :60] = True
    rng = np.random.default_rng(7)
    for _ in range(15):
        result = perturb_roi(Roi(mask), rng)
        assert result.mask[0, :40].all()
        assert result.mask[:30, 0].all()
    full = perturb_roi(Roi(np.ones((30, 40), bool)), rng)
    assert full.mask.all()


def test_global_random_state_is_left_alone():
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    perturb_roi(Roi(disc((50, 50), 25, 25, 10)), np.random.default_rng(0))
    np.testing.assert_array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize(
    "settings_",
    [
        {"translation_sd": -0.1},
        {"size_sd": float("nan")},
        {"size_sd": 0.5},
        {"noise_sd": 0.2, "noise_length": 0.3},
        {"noise_length": 0},
        {"noise_length": float("inf")},
        {"translation_sd": 50},
    ],
)
def test_settings_that_make_no_contour_are_refused(settings_):
    with pytest.raises(SettingsError, match="perturbation"):
        RoiPerturbation(**settings_)
