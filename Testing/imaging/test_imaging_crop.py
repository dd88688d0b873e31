"""The square around the tumour and the way back."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import RoiError, SettingsError
from CervixRiskLib.imaging import Roi, SliceImage, crop_around_roi


def case(box, shape=(100, 120), pixels=None):
    row0, column0, row1, column1 = box
    mask = np.zeros(shape, bool)
    mask[row0:row1, column0:column1] = True
    image = SliceImage(np.zeros(shape) if pixels is None else pixels)
    return image, Roi(mask)


def test_square_is_centred_with_margin():
    crop = crop_around_roi(*case((20, 30, 40, 70)), size=64, margin=0.1)
    assert crop.side == pytest.approx(48.0)
    # Box covers rows 19.5-39.5 and columns 29.5-69.5 in pixel-centre coordinates.
    assert crop.row0 == pytest.approx(29.5 - 24.0)
    assert crop.column0 == pytest.approx(49.5 - 24.0)
    assert crop.pixels.shape == (64, 64)
    assert crop.pixels.dtype == np.float32
    assert not crop.pixels.flags.writeable


def test_crop_at_the_image_scale_is_the_image():
    rng = np.random.default_rng(42)
    pixels = rng.random((100, 120)).astype(np.float32)
    crop = crop_around_roi(*case((20, 30, 52, 62), pixels=pixels), size=32, margin=0.0)
    np.testing.assert_allclose(crop.pixels, pixels[20:52, 30:62], atol=1e-6)


def test_shrinking_by_a_whole_factor_equals_the_triangle_filter():
    rng = np.random.default_rng(42)
    pixels = rng.random((200, 200)).astype(np.float32)
    crop = crop_around_roi(*case((40, 40, 120, 120), (200, 200), pixels), size=20, margin=0.0)
    factor = 4
    offsets = np.arange(-factor + 0.5, factor)
    weights = 1 - np.abs(offsets) / factor
    kernel = np.outer(weights, weights) / weights.sum() ** 2
    for row, column in ((0, 0), (7, 11), (19, 19)):
        top, left = 40 + row * factor - factor // 2, 40 + column * factor - factor // 2
        expected = (pixels[top : top + 2 * factor, left : left + 2 * factor] * kernel).sum()
        assert crop.pixels[row, column] == pytest.approx(expected, abs=1e-5)


def test_beyond_the_image_the_edge_is_repeated():
    columns = np.mgrid[:100, :120][1].astype(np.float32)
    crop = crop_around_roi(*case((0, 0, 20, 20), pixels=columns), size=60, margin=1.0)
    assert crop.row0 == pytest.approx(-20.5)
    np.testing.assert_allclose(crop.pixels[:, :20], 0.0, atol=1e-5)
    np.testing.assert_allclose(crop.pixels[0], crop.pixels[-1], atol=1e-5)
    np.testing.assert_allclose(crop.pixels[5, 21:], np.arange(1, 40), atol=1e-4)


@given(
    st.integers(0, 90), st.integers(0, 110), st.integers(1, 60), st.integers(1, 60),
    st.sampled_from([16, 33, 128]), st.floats(0, 0.5),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_a_gradient_comes_back_in_its_place(row0, column0, height, width, size, margin):
    rows, columns = np.mgrid[:100, :120].astype(np.float32)
    box = (row0, column0, min(row0 + height, 100), min(column0 + width, 120))
    image, roi = case(box, pixels=3 * rows + columns)
    crop = crop_around_roi(image, roi, size=size, margin=margin)
    back = crop.to_image_grid(crop.pixels, image.shape)
    inside = np.isfinite(back)
    assert inside[roi.mask].all()
    # Away from the edges of crop and image a plane comes back, to the tenth of a pixel by which a widened kernel
    # on whole pixels may shift it; half a pixel would be 2 in value.
    border = max(1.0, crop.side / size) * 1.5
    inner = (
        (rows > max(crop.row0, -0.5) + border) & (rows < min(crop.row0 + crop.side, 99.5) - border)
        & (columns > max(crop.column0, -0.5) + border) & (columns < min(crop.column0 + crop.side, 119.5) - border)
    )  # fmt: skip
    np.testing.assert_allclose(back[inner], image.pixels[inner], atol=0.6)


def test_coarse_map_lies_over_the_crop():
    image, roi = case((20, 30, 60, 70))
    crop = crop_around_roi(image, roi, size=128, margin=0.0)
    values = np.arange(16, dtype=float).reshape(4, 4)
    back = crop.to_image_grid(values, image.shape)
    expected = np.zeros(image.shape, bool)
    expected[20:60, 30:70] = True
    np.testing.assert_array_equal(np.isfinite(back), expected)
    assert back.dtype == np.float32
    assert back[20, 30] == pytest.approx(0.0)
    assert back[59, 69] == pytest.approx(15.0)
    # A cell is 10 pixels wide: its centre lies between pixels 4 and 5 of the crop.
    assert back[24, 34] == pytest.approx(0.0)
    assert back[34:36, 44:46].mean() == pytest.approx(5.0)
    assert back[29:31, 39:41].mean() == pytest.approx(2.5)


def test_one_cell_map_is_constant_and_nan_outside():
    image, roi = case((20, 30, 60, 70))
    back = crop_around_roi(image, roi).to_image_grid(np.array([[7.0]]), image.shape)
    assert np.nanmin(back) == np.nanmax(back) == 7.0
    assert np.isnan(back[0, 0])


def test_crop_and_map_are_quick():
    image, roi = case((100, 100, 400, 420), (512, 512))
    crop_around_roi(image, roi)
    durations = []
    for _ in range(7):
        start = time.perf_counter()
        crop = crop_around_roi(image, roi)
        crop.to_image_grid(np.ones((4, 4)), image.shape)
        durations.append(time.perf_counter() - start)
    assert min(durations) < 0.006


def test_refuses():
    image, roi = case((20, 30, 60, 70))
    with pytest.raises(RoiError, match=r"10 × 10 .*Save it on the grid of this image"):
        crop_around_roi(SliceImage(np.zeros((10, 10))), roi)
    with pytest.raises(SettingsError):
        crop_around_roi(image, roi, size=0)
    with pytest.raises(SettingsError):
        crop_around_roi(image, roi, margin=-0.1)
    with pytest.raises(SettingsError):
        crop_around_roi(image, roi).to_image_grid(np.zeros(4), image.shape)
