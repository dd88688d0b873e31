"""A single simulated MRI section: geometry, contrasts, the ring, noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from CervixRiskLib.cohort.simulation import SectionLatents, simulate_mri_case
from CervixRiskLib.cohort.simulation.figo_table import STAGES
from CervixRiskLib.cohort.simulation.mri_case import plan_section, render_section
from CervixRiskLib.cohort.simulation.mri_cervix import draw_cervix_section, paint_cervix
from CervixRiskLib.cohort.simulation.mri_scanner import acquire, coil_sensitivity, draw_mr_scanner
from CervixRiskLib.cohort.simulation.mri_tissue import FAT, STROMA, blank_canvas
from CervixRiskLib.cohort.simulation.smooth_field import smooth_field_on_grid
from CervixRiskLib.errors import SettingsError


@pytest.fixture(scope="module")
def cases():
    return [simulate_mri_case(np.random.default_rng((1, k)), stage, t1=True) for k, stage in enumerate(STAGES)]


def test_a_case_is_complete(cases):
    for case, stage in zip(cases, STAGES, strict=True):
        assert case.figo_stage == stage
        assert case.image.modality == case.image_t1.modality == "MR"
        assert case.image.shape == case.image_t1.shape == case.roi.shape
        assert case.image.shape in {(256, 256), (288, 288), (320, 320)}
        assert 0.6 < case.image.spacing_mm[0] == case.image.spacing_mm[1] <= 1.0
        for image in (case.image, case.image_t1):
            assert image.pixels.min() >= 0
            assert 120 < image.pixels.max() <= 255
            np.testing.assert_array_equal(image.pixels, np.rint(image.pixels))


def test_contours_are_one_piece_of_the_sections_diameter(cases):
    for case in cases:
        pixel = case.image.spacing_mm[0]
        expected = max(case.truth.section_diameter_mm, 6.0)
        assert case.roi.max_diameter_mm == pytest.approx(expected, abs=2 * pixel)
        assert case.roi.component_count == 1
        assert not case.roi.touches_border
        assert case.roi.n_pixels * pixel**2 > 10


def test_the_same_generator_gives_the_same_case_with_or_without_t1():
    first, second = (simulate_mri_case(np.random.default_rng(9), "IIB", t1=t1) for t1 in (False, True))
    np.testing.assert_array_equal(first.image.pixels, second.image.pixels)
    assert first.roi.mask_hash == second.roi.mask_hash
    assert first.image_t1 is None
    other = simulate_mri_case(np.random.default_rng(10), "IIB")
    assert other.roi.mask_hash != first.roi.mask_hash


def test_t2_shows_the_tumour_and_t1_hardly_does():
    """Contrast between the tumour and what remains of the stroma around it, in units of the fat's signal."""
    contrasts = []
    for seed in range(6):
        plan = plan_section(np.random.default_rng(seed), "IB3", effect=2.0)
        plan = replace(plan, scanner=replace(plan.scanner, coil_strength=0.0, white=1.2, gamma=1.0))
        pictures, mask = render_section(np.random.default_rng(seed), plan, t1=True)
        pixel = plan.scanner.pixel_mm
        around = distance_transform_edt(~mask) * pixel
        ring = (around > 0.8) & (around < 2.5)
        contrasts.append([np.median(picture[mask]) - np.percentile(picture[ring], 30) for picture in pictures])
    t2, t1 = np.mean(contrasts, axis=0)
    assert t2 > 35
    assert abs(t1) < 0.4 * t2


def latents(diameter, gap, organ=False):
    return SectionLatents("IIB", diameter, diameter, gap, 0.0, organ)


def darkest_on_each_ray(diameter, gap, seed, organ=False):
    """The lowest signal that rays from the tumour's middle meet between its margin and 8 mm beyond."""
    rng = np.random.default_rng(seed)
    section = draw_cervix_section(rng, latents(diameter, gap, organ))
    x = np.arange(-70, 70.1, 0.5)
    canvas = blank_canvas(rng, x, x, 1)
    canvas.signal[:] = FAT.t2
    paint_cervix(rng, canvas, section, latents(diameter, gap, organ))
    points = section.lesion.points() - section.lesion.center_mm
    radius = np.hypot(*points.T)
    lowest = np.full(len(points), np.inf)
    for beyond in np.arange(0, 8, 0.5):
        place = section.lesion.center_mm + points * ((radius + beyond) / radius)[:, None]
        column, row = np.rint((place + 70) / 0.5).astype(int).T
        lowest = np.minimum(lowest, canvas.signal[0, row, column])
    return section, lowest


@pytest.mark.parametrize("diameter", [35.0, 50.0, 70.0])
def test_a_closed_ring_is_dark_all_around(diameter):
    for seed in range(4):
        section, lowest = darkest_on_each_ray(diameter, 0.0, seed)
        assert (lowest < 0.5 * (STROMA.t2 + 0.475)).mean() > 0.99
        assert section.lesion.feret_mm() == pytest.approx(diameter)


@pytest.mark.parametrize("gap", [0.2, 0.8])
def test_a_broken_ring_has_a_gap_that_grows(gap):
    open_share = []
    for seed in range(6):
        section, lowest = darkest_on_each_ray(45.0, gap, seed)
        open_share.append((lowest > 0.5 * (STROMA.t2 + 0.475)).mean())
        assert section.extension_mm > 3
    half_width = 24 + 80 * gap
    assert np.mean(open_share) == pytest.approx(half_width / 180, abs=0.14)


def test_growth_into_an_organ_opens_the_ring_towards_it():
    organs = set()
    for seed in range(8):
        section, _ = darkest_on_each_ray(50.0, 0.0, seed, organ=True)
        organs.add(section.invades)
        angle = np.angle(np.exp(1j * np.arange(512) * 2 * np.pi / 512)[section.gap > 0.9]).mean()
        assert np.sign(angle) == {"bladder": -1, "rectum": 1}[section.invades]
    assert organs == {"bladder", "rectum"}


def test_microscopic_tumours_hardly_show():
    def shown(diameter):
        differences = []
        for seed in range(4):
            pictures = []
            for size in (0.01, diameter):
                rng = np.random.default_rng(seed)
                section = draw_cervix_section(rng, latents(diameter, 0.0))
                x = np.arange(-40, 40.1, 0.5)
                canvas = blank_canvas(rng, x, x, 1)
                paint_cervix(rng, canvas, section, latents(size, 0.0))
                pictures.append(canvas.signal[0])
            inside = section.lesion.depth_inside(*np.meshgrid(x, x)) > 0.5
            differences.append(np.abs(pictures[1] - pictures[0])[inside].mean())
        return np.mean(differences)

    assert shown(4.0) < 0.4 * shown(16.0)


def test_noise_without_signal_is_rayleigh_distributed():
    scanner = replace(draw_mr_scanner(np.random.default_rng(2), 256), ghost=(0.0, 7.0, 0.0))
    air = acquire(np.random.default_rng(3), scanner, np.zeros((scanner.matrix,) * 2, dtype=np.float32))
    # Rayleigh: mean / SD = sqrt(pi / (4 - pi)).
    assert air.mean() / air.std() == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), rel=0.03)


def test_noise_scales_and_strong_signal_keeps_its_level():
    scanner = replace(draw_mr_scanner(np.random.default_rng(2), 256), ghost=(0.0, 7.0, 0.0), coil_strength=0.0)
    even = np.ones((scanner.matrix,) * 2, dtype=np.float32)
    spread = [acquire(np.random.default_rng(1), replace(scanner, noise=noise), even).std() for noise in (0.01, 0.02)]
    assert spread[1] == pytest.approx(2 * spread[0], rel=0.05)
    assert acquire(np.random.default_rng(1), scanner, even).mean() == pytest.approx(1, abs=0.02)


def test_ghosts_spread_along_the_phase_direction_only():
    scanner = replace(draw_mr_scanner(np.random.default_rng(4), 256), noise=0.0, acquired=(1.0, 1.0))
    scanner = replace(scanner, ghost=(0.05, 8.0, 0.0), phase_along_rows=True, coil_strength=0.0)
    signal = np.zeros((scanner.matrix,) * 2, dtype=np.float32)
    middle = scanner.matrix // 2
    signal[middle - 4 : middle + 4, middle - 4 : middle + 4] = 1
    seen = acquire(np.random.default_rng(1), scanner, signal)
    rows, columns = seen.max(axis=1), seen.max(axis=0)
    assert rows[middle + 8] == pytest.approx(0.05, abs=0.03)
    assert columns[middle + 12 : middle + 30].max() < 0.01


def test_coils_are_uneven_and_one_in_the_middle():
    scanner = replace(draw_mr_scanner(np.random.default_rng(5), 256), coil_strength=1.0, offset_mm=(0.0, 0.0))
    field = coil_sensitivity(scanner)
    assert field[scanner.matrix // 2, scanner.matrix // 2] == pytest.approx(1, abs=0.02)
    assert field.max() > 1.2
    assert np.abs(np.diff(field, axis=0)).max() < 0.05
    np.testing.assert_allclose(coil_sensitivity(replace(scanner, coil_strength=0.0)), 1)


def test_fields_on_a_grid_are_standardised_and_as_smooth_as_asked():
    positions = np.arange(0, 300, 0.5, dtype=np.float32)
    field = smooth_field_on_grid(np.random.default_rng(2), positions, positions[:500], (2.0, 4.0))
    assert field.shape == (500, 600)
    assert field.mean() == pytest.approx(0, abs=0.12)
    assert field.std() == pytest.approx(1, abs=0.1)
    for axis, length in ((1, 2.0), (0, 4.0)):
        lag = int(2 * length)
        first, second = np.split(field, [lag], axis=axis)[1], np.split(field, [field.shape[axis] - lag], axis=axis)[0]
        assert np.corrcoef(first.ravel(), second.ravel())[0, 1] == pytest.approx(np.exp(-0.25), abs=0.07)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"size": 100}, "from 192 to 1024"),
        ({"effect": -0.1}, "from 0 to 2"),
        ({"figo_stage": "IB"}, "knows the stages"),
    ],
)
def test_impossible_settings_get_a_sentence(arguments, words):
    with pytest.raises(SettingsError, match=words):
        simulate_mri_case(np.random.default_rng(0), **{"figo_stage": "IB2", **arguments})


def test_any_size():
    case = simulate_mri_case(np.random.default_rng(2), "IIIB", size=400)
    assert case.image.shape in {(400, 400), (450, 450), (500, 500)}
    assert case.roi.max_diameter_mm == pytest.approx(case.truth.section_diameter_mm, abs=1.2)
