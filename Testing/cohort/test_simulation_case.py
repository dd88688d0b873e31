"""A single simulated case: geometry, consistency, and what the label changes in the picture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.ndimage import gaussian_filter

from CervixRiskLib.cohort.simulation import LesionLatents, SimulatedCase, simulate_ultrasound_case
from CervixRiskLib.cohort.simulation.lesion_shape import draw_outline, draw_reader_contour
from CervixRiskLib.cohort.simulation.table_one import CLINICAL_COLUMNS
from CervixRiskLib.errors import SettingsError


@pytest.fixture(scope="module")
def cases():
    """Twelve cases, the second half positive."""
    return [simulate_ultrasound_case(np.random.default_rng((1, k)), k >= 6) for k in range(12)]


def test_a_case_is_complete(cases):
    for case in cases:
        assert isinstance(case, SimulatedCase)
        assert isinstance(case.truth, LesionLatents)
        assert case.image.shape == (320, 400)
        assert case.image.modality == "US"
        assert tuple(case.clinical) == CLINICAL_COLUMNS
        grey = case.image.pixels
        assert grey.min() == 0
        assert 200 < grey.max() <= 255
        np.testing.assert_array_equal(grey, np.rint(grey))


def test_the_same_generator_gives_the_same_case():
    first, second = (simulate_ultrasound_case(np.random.default_rng(9), True) for _ in range(2))
    np.testing.assert_array_equal(first.image.pixels, second.image.pixels)
    assert first.roi.mask_hash == second.roi.mask_hash
    assert first.clinical == second.clinical
    other = simulate_ultrasound_case(np.random.default_rng(10), True)
    assert other.roi.mask_hash != first.roi.mask_hash


def test_the_diameter_is_the_contours_in_millimetres(cases):
    for case in cases:
        pixel = case.image.spacing_mm[0]
        assert case.image.spacing_mm == (pixel, pixel)
        assert case.roi.max_diameter_mm == pytest.approx(case.truth.diameter_mm, abs=2 * pixel)
        assert case.clinical["maximum_diameter"] == pytest.approx(case.truth.diameter_mm, abs=4 * 0.8)
    errors = [case.clinical["maximum_diameter"] - case.truth.diameter_mm for case in cases]
    assert 0.2 < np.std(errors) < 1.6


def test_the_contour_is_one_piece_inside_the_fan(cases):
    for case in cases:
        assert not case.roi.touches_border
        assert case.roi.component_count == 1
        assert case.roi.hole_count == 0
        assert (case.image.pixels[case.roi.mask] > 0).mean() > 0.93
        assert case.roi.n_pixels > 700


def test_the_fan_is_black_outside(cases):
    for case in cases:
        grey = case.image.pixels
        assert grey[0, 0] == grey[0, -1] == grey[-1, 0] == grey[-1, -1] == 0
        assert 0.6 < (grey > 0).mean() < 0.95


def test_any_size(cases):
    case = simulate_ultrasound_case(np.random.default_rng(2), False, size=(512, 640))
    assert case.image.shape == case.roi.shape == (512, 640)
    assert case.roi.max_diameter_mm == pytest.approx(case.truth.diameter_mm, abs=1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"size": (100, 400)}, "160 rows"), ({"effect": -0.1}, "from 0 to 2"), ({"effect": float("nan")}, "from 0 to 2")],
)
def test_impossible_settings_get_a_sentence(settings, words):
    with pytest.raises(SettingsError, match=words):
        simulate_ultrasound_case(np.random.default_rng(0), True, **settings)


def test_irregular_margins_are_longer_for_their_area():
    def roughness(irregularity, seed):
        points = draw_outline(np.random.default_rng(seed), 40.0, irregularity).points()
        x, z = points.T
        length = np.hypot(*(np.roll(points, -1, axis=0) - points).T).sum()
        area = 0.5 * abs(np.dot(x, np.roll(z, -1)) - np.dot(z, np.roll(x, -1)))
        return length**2 / (4 * np.pi * area)

    smooth, rough = ([roughness(level, seed) for seed in range(40)] for level in (-1.5, 1.5))
    assert np.median(rough) > 1.15 * np.median(smooth)
    assert stats.mannwhitneyu(rough, smooth, alternative="greater").pvalue < 1e-6


def test_a_reader_stays_close_to_the_lesion():
    rng = np.random.default_rng(4)
    for _ in range(10):
        lesion = draw_outline(rng, 35.0, 0.5)
        contour = draw_reader_contour(rng, lesion)
        assert contour.feret_mm() == pytest.approx(35.0)
        x, z = np.meshgrid(np.linspace(-25, 25, 251), np.linspace(-25, 25, 251))
        truth, drawn = lesion.depth_inside(x, z) >= 0, contour.depth_inside(x, z) >= 0
        dice = 2 * (truth & drawn).sum() / (truth.sum() + drawn.sum())
        assert 0.93 < dice < 1


def appearance(case):
    """Darkness against the surroundings, patchiness inside, roughness of the margin."""
    grey, mask = case.image.pixels, case.roi.mask
    calm = gaussian_filter(grey, 3)
    rim = gaussian_filter(mask.astype(float), 8)
    around = ~mask & (rim > 0.05) & (grey > 0)
    inside_edges = (mask[1:] != mask[:-1]).sum() + (mask[:, 1:] != mask[:, :-1]).sum()
    return calm[around].mean() - calm[mask].mean(), calm[mask].std(), inside_edges / np.sqrt(mask.sum())


def drawn_appearance(effect, seed, pairs=18):
    rows = [
        [appearance(simulate_ultrasound_case(np.random.default_rng((seed, k)), positive, effect=effect)) for k in keys]
        for positive, keys in ((False, range(pairs)), (True, range(pairs, 2 * pairs)))
    ]
    return np.array(rows)


def combined_pvalue(rows):
    """Mann-Whitney test of the sum of standardised features."""
    flat = rows.reshape(-1, 3)
    scores = ((rows - flat.mean(0)) / flat.std(0)).sum(-1)
    return stats.mannwhitneyu(scores[1], scores[0], alternative="two-sided").pvalue


def test_the_label_shows_at_full_effect_and_not_at_none():
    assert combined_pvalue(drawn_appearance(1.0, 21)) < 1e-3
    assert combined_pvalue(drawn_appearance(0.0, 22)) > 0.05
