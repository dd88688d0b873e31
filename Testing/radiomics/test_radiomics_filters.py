"""The filters against SciPy, PyWavelets and SimpleITK on the whole image."""

from __future__ import annotations

import numpy as np
import pytest

from CervixRiskLib.radiomics.gradient import gradient_magnitude
from CervixRiskLib.radiomics.icosphere import directions, directions_in_plane
from CervixRiskLib.radiomics.lbp2d import lbp2d
from CervixRiskLib.radiomics.lbp3d import _pattern_table, lbp3d
from CervixRiskLib.radiomics.roi_grid import RoiGrid
from CervixRiskLib.radiomics.wavelet import wavelet_bands


@pytest.fixture
def pixels():
    values = np.random.default_rng(3).integers(0, 256, (45, 58)).astype(np.float32)
    values[10:16, 20:30] = 0
    return values


def _masks(shape):
    """A region far from the edge, one at it, and one that fills the image."""
    inner, at_edge = np.zeros((2, *shape), dtype=bool)
    inner[12:30, 15:40] = True
    at_edge[:9, 30:] = True
    return [inner, at_edge, np.ones(shape, dtype=bool)]


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("wavelet", ["coif1", "haar", "bior1.3", "db4"])
def test_wavelet_bands_are_bitwise_those_of_the_volume(pixels, which, wavelet):
    import pywt

    mask = _masks(pixels.shape)[which]
    bands = wavelet_bands(pixels, RoiGrid.of(mask), wavelet, force_2d=False)
    volume = np.pad(pixels[None], [(0, 1), (0, 1), (0, 0)], mode="wrap")
    expected = pywt.swtn(volume, wavelet, level=1, axes=(2, 1, 0))[0]
    assert len(bands) == 8
    for letters, values in bands.items():
        band = expected[letters.replace("L", "a").replace("H", "d")][0, :45]
        np.testing.assert_array_equal(values, band[mask], err_msg=letters)


@pytest.mark.parametrize("which", range(3))
def test_gradient_is_itk_s(pixels, which):
    sitk = pytest.importorskip("SimpleITK")
    mask = _masks(pixels.shape)[which]
    image = sitk.GetImageFromArray(pixels)
    image.SetSpacing((0.21, 0.4))
    expected = sitk.GetArrayFromImage(sitk.GradientMagnitude(image))
    np.testing.assert_array_equal(gradient_magnitude(pixels, RoiGrid.of(mask), (0.4, 0.21)), expected[mask])


@pytest.mark.parametrize("which", range(3))
def test_kurtosis_and_patterns_are_those_of_the_definition(pixels, which):
    from scipy.ndimage import map_coordinates
    from scipy.stats import kurtosis

    mask = _masks(pixels.shape)[which]
    places = np.array(np.nonzero(mask[None]))
    at = places[:, :, None] + directions().T[:, None, :]
    samples = map_coordinates(pixels[None], at, order=3)
    # In float32, in NumPy's order of adding; SciPy's own steps differ between its versions.
    squared = (samples - samples.mean(axis=1, keepdims=True)) ** 2
    expected_kurtosis = (squared**2).mean(axis=1) / squared.mean(axis=1) ** 2 - np.float32(3)
    np.testing.assert_allclose(expected_kurtosis, kurtosis(samples.astype(np.float64), axis=1), rtol=1e-4, atol=1e-4)
    bits = samples >= pixels[mask][:, None]
    code = bits[:, 0] * 256 + bits[:, directions_in_plane()] @ (1 << np.arange(7, -1, -1))
    images, flat = lbp3d(pixels, RoiGrid.of(mask))
    assert not flat
    # A sample that rounds the other way in float32 moves the kurtosis by its last digits.
    np.testing.assert_allclose(images["lbp-3D-k"], expected_kurtosis, rtol=2e-5, atol=2e-6)
    assert (images["lbp-3D-k"] == expected_kurtosis).mean() > 0.99
    m1, m2 = _pattern_table()
    np.testing.assert_array_equal(images["lbp-3D-m1"], m1[code])
    np.testing.assert_array_equal(images["lbp-3D-m2"], m2[code])


def test_kurtosis_without_variance_is_zero_and_told():
    pixels = np.zeros((90, 90), dtype=np.float32)
    mask = np.zeros((90, 90), dtype=bool)
    mask[40:50, 40:50] = True
    images, flat = lbp3d(pixels, RoiGrid.of(mask))
    assert flat
    assert (images["lbp-3D-k"] == 0).all()


def test_pattern_table_is_the_norm_of_its_spherical_harmonics():
    """Degree 0 counts the bits; degree 1 written out, in the reference's exchanged angles and without conjugation."""
    sphere = directions()
    azimuth, polar = np.arccos(sphere[:, 2]), np.arctan2(sphere[:, 1], sphere[:, 0])
    m1, m2 = _pattern_table()
    codes = np.arange(512)
    bits = np.repeat((codes >> 8)[:, None], 42, axis=1)
    bits[:, directions_in_plane()] = codes[:, None] >> np.arange(7, -1, -1) & 1
    np.testing.assert_allclose(m1, bits.sum(axis=1) / (4 * np.pi) * np.sqrt(42), rtol=1e-12)
    # The polar angle is negative for half of the directions; the Legendre function knows its cosine only.
    across = np.sqrt(3 / (8 * np.pi)) * np.abs(np.sin(polar))
    harmonics = (
        across * np.exp(-1j * azimuth),
        np.sqrt(3 / (4 * np.pi)) * np.cos(polar),
        -across * np.exp(1j * azimuth),
    )
    rebuilt = sum((bits @ harmonic)[:, None] * harmonic[None] for harmonic in harmonics)
    np.testing.assert_allclose(m2, np.real(np.sqrt((rebuilt**2).sum(axis=1))), rtol=1e-9, atol=1e-7)


def test_local_binary_pattern_by_hand():
    pixels = np.zeros((5, 5), dtype=np.float32)
    pixels[2, 2] = 10
    pixels[2, 3] = pixels[1, 3] = pixels[1, 2] = 20
    grid = RoiGrid.of(np.pad(np.ones((1, 1), dtype=bool), 2))
    # Right, up and between them: one arc of three.
    assert lbp2d(pixels, grid, 1.0, 8) == [3]
    pixels[3, 2], pixels[1, 2], pixels[1, 1] = 20, 0, 90
    # Right, its upper right, upper left, down: more than two changes.
    assert lbp2d(pixels, grid, 1.0, 8) == [9]


def test_what_lies_far_outside_the_region_changes_only_what_it_must(as_slice, disc):
    from CervixRiskLib.radiomics import extract

    random = np.random.default_rng(0)
    pixels = random.integers(1, 200, (160, 160)).astype(np.float32)
    mask = disc(160, 160, 14)
    other = pixels.copy()
    other[:20] = random.integers(1, 200, (20, 160))
    other[0, 0] = pixels.max()
    first, second = (extract(*as_slice(one, mask), "wang2025") for one in (pixels, other))
    np.testing.assert_array_equal(first.values, second.values)
