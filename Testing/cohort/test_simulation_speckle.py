"""Speckle statistics and the point-spread function, against theory and SciPy's Hilbert transform."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.signal import hilbert

from CervixRiskLib.cohort.simulation.scanner import BeamGrid, beam_grid, draw_scanner
from CervixRiskLib.cohort.simulation.smooth_field import smooth_field
from CervixRiskLib.cohort.simulation.speckle import OVERSAMPLING, analytic_echo, draw_scatterers, log_compress

SAMPLES, LINES = 600, 200
PULSE = {"sample_mm": 0.105, "wavelength_mm": 0.24, "fractional_bandwidth": 0.6}


@pytest.fixture(scope="module")
def homogeneous():
    reflection = draw_scatterers(np.random.default_rng(5), np.ones((SAMPLES, LINES)))
    return np.abs(analytic_echo(reflection, lateral_sd_lines=np.full(SAMPLES, 1.2), **PULSE))


def test_fully_developed_speckle_has_the_rayleigh_signal_to_noise_ratio(homogeneous):
    assert homogeneous.mean() / homogeneous.std() == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), abs=0.04)


def test_the_envelope_is_rayleigh_distributed_with_unit_power(homogeneous):
    assert (homogeneous**2).mean() == pytest.approx(1, abs=0.04)
    independent = homogeneous[::8, ::8].ravel()
    assert stats.kstest(independent, stats.rayleigh(scale=np.sqrt(0.5)).cdf).pvalue > 0.01


def test_amplitude_scales_the_echo():
    quiet = draw_scatterers(np.random.default_rng(5), np.full((SAMPLES, LINES), 0.1))
    loud = draw_scatterers(np.random.default_rng(5), np.ones((SAMPLES, LINES)))
    np.testing.assert_allclose(quiet, 0.1 * loud, rtol=1e-5)


def test_the_beam_widens_where_it_is_told_to():
    reflection = draw_scatterers(np.random.default_rng(6), np.ones((SAMPLES, LINES)))
    narrow = np.abs(analytic_echo(reflection, lateral_sd_lines=np.linspace(0.8, 4.0, SAMPLES), **PULSE)) ** 2

    def neighbour_correlation(part):
        return np.corrcoef(part[:, :-3].ravel(), part[:, 3:].ravel())[0, 1]

    assert neighbour_correlation(narrow[:100]) < 0.1
    assert neighbour_correlation(narrow[-100:]) > 0.4


def test_one_scatterer_gives_the_envelope_of_the_hilbert_transform():
    reflection = np.zeros((SAMPLES * OVERSAMPLING, 33), dtype=np.float32)
    reflection[900, 16] = 1
    sd = 1.5
    pulse_of_a_narrow_band = {**PULSE, "fractional_bandwidth": 0.3}
    echo = np.abs(analytic_echo(reflection, lateral_sd_lines=np.full(SAMPLES, sd), **pulse_of_a_narrow_band))

    # The same pulse in the time domain, real valued, then SciPy's analytic signal.
    step = PULSE["sample_mm"] / OVERSAMPLING
    center = 2 / PULSE["wavelength_mm"]
    spectral_sd = 0.3 * center / np.sqrt(8 * np.log(2))
    depth = (np.arange(SAMPLES * OVERSAMPLING) - 900) * step
    pulse = np.exp(-0.5 * (2 * np.pi * spectral_sd * depth) ** 2) * np.cos(2 * np.pi * center * depth)
    expected = np.abs(hilbert(pulse))[::OVERSAMPLING]
    along = echo[:, 16] / echo[:, 16].max()
    np.testing.assert_allclose(along, expected / expected.max(), atol=0.02)
    across = echo[300] / echo[300].max()
    np.testing.assert_allclose(across, np.exp(-0.5 * ((np.arange(33) - 16) / sd) ** 2), atol=2e-3)


def test_a_short_pulse_does_not_ring():
    reflection = np.zeros((SAMPLES * OVERSAMPLING, 33), dtype=np.float32)
    reflection[900, 16] = 1
    along = np.abs(analytic_echo(reflection, lateral_sd_lines=np.full(SAMPLES, 1.0), **PULSE))[:, 16]
    far = np.abs(np.arange(SAMPLES) - 300) * PULSE["sample_mm"] > 2.5
    assert along[far].max() < 1e-3 * along.max(), "below -60 dB, so that fluid stays black"


def test_log_compression():
    grey = log_compress(np.array([[1.0, 10.0, 100.0, 1e-9, 0.0]]), top_db=20, dynamic_range_db=60)
    np.testing.assert_allclose(grey, [[1 - 20 / 60, 1, 1, 0, 0]], atol=1e-6)


def test_smooth_fields_are_standardised_and_as_smooth_as_asked():
    x, z = np.meshgrid(np.arange(0, 400, 0.5, dtype=np.float32), np.arange(0, 400, 0.5, dtype=np.float32))
    field = smooth_field(np.random.default_rng(2), x, z, (2.0, 4.0))
    # Some 1,600 independent patches: standard error 0.025.
    assert field.mean() == pytest.approx(0, abs=0.1)
    assert field.std() == pytest.approx(1, abs=0.08)
    # White noise through a Gaussian of SD s has the autocorrelation exp(-lag² / (4 s²)).
    for axis, length in ((1, 2.0), (0, 4.0)):
        lag = int(2 * length)
        shifted = np.roll(field, -lag, axis=axis)
        inner = (slice(None), slice(0, -lag)) if axis else (slice(0, -lag), slice(None))
        assert np.corrcoef(field[inner].ravel(), shifted[inner].ravel())[0, 1] == pytest.approx(np.exp(-0.25), abs=0.06)


def test_the_beams_cover_the_fan():
    scanner = draw_scanner(np.random.default_rng(1), 30.0)
    grid = beam_grid(scanner)
    assert isinstance(grid, BeamGrid)
    assert grid.x_mm.shape == grid.z_mm.shape == (len(grid.depth_mm), len(grid.angle))
    assert grid.depth_mm[-1] >= scanner.depth_mm - 0.11
    from_center = np.hypot(grid.x_mm, grid.z_mm + scanner.probe_radius_mm)
    np.testing.assert_allclose(from_center, scanner.probe_radius_mm + grid.depth_mm[:, None] * np.ones(240), rtol=1e-5)
    width = scanner.lateral_sd_mm(np.array([scanner.focus_mm, scanner.depth_mm]))
    assert 0.1 < width[0] < width[1] < 3
