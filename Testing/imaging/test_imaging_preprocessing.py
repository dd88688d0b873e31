"""From a slice to the network's square: where things land, how they are scaled, and what is refused."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import ImageError, RoiError, SettingsError
from CervixRiskLib.imaging import (
    Roi,
    SliceGeometry,
    SliceImage,
    SlicePreprocessing,
    crop_around_roi,
    preprocess_channels,
    preprocess_slice,
)

# The square alone: nothing filtered, grey values by their extremes.
PLAIN = SlicePreprocessing(
    size=64, denoise_sigma=0.0, edge="none", low_percentile=0.0, high_percentile=100.0, clahe_clip=0.0
)
SHAPE = (90, 120)


def blob(row, column, shape=SHAPE, sigma=1.5):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2))


def centroid(pixels):
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    return (rows * pixels).sum() / pixels.sum(), (columns * pixels).sum() / pixels.sum()


def roi_of(box, shape=SHAPE):
    mask = np.zeros(shape, bool)
    mask[box[0] : box[2], box[1] : box[3]] = True
    return Roi(mask)


def noisy(shape=SHAPE, seed=42, spacing=None):
    return SliceImage(np.random.default_rng(seed).random(shape), spacing)


# Spacings of 0.5 to 2 mm; the dot lies up to 20 mm from the centre of a field of 120 to 300 mm.
@given(
    st.floats(0.5, 2.0), st.floats(0.5, 2.0), st.floats(120.0, 300.0),
    st.floats(-20.0, 20.0), st.floats(-20.0, 20.0), st.integers(0, 80), st.integers(0, 110),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_a_dot_lands_where_its_millimetres_say(row_mm, column_mm, field, down_mm, right_mm, box_row, box_column):
    roi = roi_of((box_row, box_column, box_row + 7, box_column + 5))
    centre = box_row + 3.0, box_column + 2.0
    dot = centre[0] + down_mm / row_mm, centre[1] + right_mm / column_mm
    if not (8 < dot[0] < SHAPE[0] - 9 and 8 < dot[1] < SHAPE[1] - 9):
        return
    image = SliceImage(blob(*dot), (row_mm, column_mm))
    crop = preprocess_slice(image, roi, replace(PLAIN, centre="roi", field_of_view_mm=field))
    cell_mm = field / 64
    assert crop.height * row_mm == pytest.approx(field)
    assert crop.width * column_mm == pytest.approx(field)
    expected = 31.5 + down_mm / cell_mm, 31.5 + right_mm / cell_mm
    np.testing.assert_allclose(centroid(crop.pixels), expected, atol=0.1)

    back = crop.to_image_grid(crop.pixels, image.shape)
    found = np.unravel_index(np.nanargmax(back), back.shape)
    assert abs(found[0] - dot[0]) * row_mm <= cell_mm + row_mm
    assert abs(found[1] - dot[1]) * column_mm <= cell_mm + column_mm


@given(st.floats(0.4, 3.0), st.floats(0.4, 3.0), st.floats(15, 74), st.floats(15, 104), st.booleans())
@settings(deadline=None, max_examples=40)
def test_the_whole_slice_becomes_square_tissue(row_mm, column_mm, row, column, known):
    image = SliceImage(blob(row, column, sigma=2.5), (row_mm, column_mm) if known else None)
    crop = preprocess_slice(image, None, PLAIN)
    height, width = (90 * row_mm, 120 * column_mm) if known else (90.0, 120.0)
    cell = max(height, width) / 64
    down = (row - 44.5) * (row_mm if known else 1.0)
    right = (column - 59.5) * (column_mm if known else 1.0)
    np.testing.assert_allclose(centroid(crop.pixels), (31.5 + down / cell, 31.5 + right / cell), atol=0.1)
    assert np.isfinite(crop.to_image_grid(np.ones((4, 4)), image.shape)).all()


def test_a_circle_of_tissue_is_round_however_long_the_pixels():
    rows, columns = np.mgrid[:100, :60]
    circle = np.hypot((rows - 50) * 0.8, (columns - 30) * 2.4) < 25
    pixels = preprocess_slice(SliceImage(circle, (0.8, 2.4)), None, PLAIN).pixels
    extents = (pixels.max(axis=1) > 0.5).sum(), (pixels.max(axis=0) > 0.5).sum()
    assert abs(extents[0] - extents[1]) <= 1
    assert extents[0] == pytest.approx(50 / (2.4 * 60 / 64), abs=1)


@pytest.mark.parametrize("spacing", [None, (0.7, 0.7)])
def test_a_margin_cuts_the_square_of_crop_around_roi(spacing):
    image, roi = noisy(spacing=spacing), roi_of((20, 30, 40, 70))
    crop = preprocess_slice(image, roi, replace(PLAIN, centre="roi", margin=0.25))
    expected = crop_around_roi(image, roi, size=64, margin=0.25)
    assert (crop.row0, crop.column0, crop.side) == (expected.row0, expected.column0, expected.side)
    low, high = expected.pixels.min(), expected.pixels.max()
    np.testing.assert_allclose(crop.pixels, (expected.pixels - low) / (high - low), atol=1e-6)


def test_a_margin_counts_in_millimetres_where_pixels_are_oblong():
    # 20 × 2 mm is longer than 30 × 1 mm.
    image, roi = noisy(spacing=(2.0, 1.0)), roi_of((20, 30, 40, 60))
    crop = preprocess_slice(image, roi, replace(PLAIN, centre="roi", margin=0.5))
    assert (crop.height, crop.width) == (40.0, 80.0)
    assert (crop.row0, crop.column0) == (9.5, 4.5)


def test_without_extent_the_square_is_as_long_as_the_slice_and_centred_on_the_tumour():
    crop = preprocess_slice(noisy(), roi_of((10, 20, 20, 40)), replace(PLAIN, centre="roi"))
    assert crop.side == 120.0
    assert (crop.row0, crop.column0) == (14.5 - 60.0, 29.5 - 60.0)


def test_padding():
    image = SliceImage(np.linspace(1.0, 2.0, 64)[:, np.newaxis] * np.ones((64, 32)))
    edge = preprocess_slice(image, None, replace(PLAIN, padding="edge")).pixels
    zero = preprocess_slice(image, None, replace(PLAIN, padding="zero")).pixels
    np.testing.assert_array_equal(zero[:, 16:48], edge[:, 16:48])
    assert not zero[:, :16].any()
    assert not zero[:, 48:].any()
    np.testing.assert_array_equal(edge[:, :16], np.repeat(edge[:, 16:17], 16, axis=1))


def test_padding_does_not_move_the_scale():
    """Nine tenths of the square lie beyond the slice; its darkest and brightest cells still become 0 and 1."""
    image = SliceImage(100.0 + noisy((40, 40)).pixels, (1.0, 1.0))
    for padding in ("edge", "zero"):
        crop = preprocess_slice(image, None, replace(PLAIN, field_of_view_mm=128.0, padding=padding))
        inside = crop.pixels[22:42, 22:42]
        assert inside.min() == 0.0
        assert inside.max() == 1.0


def test_grey_values_beyond_the_percentiles_are_cut():
    # 128 cells of 4096 are 3.1 %: beyond the 96th percentile, within the 98th.
    pixels = np.tile(np.linspace(0, 1, 64), (64, 1))
    pixels[:2] = 100.0
    crop = preprocess_slice(SliceImage(pixels), None, replace(PLAIN, high_percentile=96.0))
    assert crop.pixels[:2].min() == 1.0
    assert crop.pixels[10:].std() > 0.25
    crop = preprocess_slice(SliceImage(pixels), None, replace(PLAIN, high_percentile=98.0))
    assert crop.pixels[10:].max() < 0.02


def test_denoising_and_sharpening_by_their_formulas():
    image = noisy((64, 64))
    low, high = image.pixels.min(), image.pixels.max()
    x = (image.pixels.astype(np.float64) - low) / (high - low)

    def clipped(reference, result):
        low, high = reference.min(), reference.max()
        return np.clip((result - low) / (high - low), 0, 1)

    def gaussian(values, sigma):
        index = np.arange(64)
        kernel = np.exp(-(np.arange(-int(4 * sigma + 0.5), int(4 * sigma + 0.5) + 1) ** 2) / (2 * sigma**2))
        kernel /= kernel.sum()
        reach = len(kernel) // 2
        for axis in (0, 1):
            gathered = [values.take(np.clip(index + shift, 0, 63), axis) for shift in range(-reach, reach + 1)]
            values = sum(weight * part for weight, part in zip(kernel, gathered, strict=True))
        return values

    denoised = preprocess_slice(image, None, replace(PLAIN, denoise_sigma=0.8)).pixels
    np.testing.assert_allclose(denoised, clipped(gaussian(x, 0.8), gaussian(x, 0.8)), atol=1e-5)

    unsharp = preprocess_slice(image, None, replace(PLAIN, edge="unsharp", edge_amount=0.7, edge_sigma=1.2)).pixels
    np.testing.assert_allclose(unsharp, clipped(x, x + 0.7 * (x - gaussian(x, 1.2))), atol=1e-5)

    laplacian = preprocess_slice(image, None, replace(PLAIN, edge="laplacian", edge_amount=0.7, edge_sigma=1.2)).pixels
    padded = np.pad(gaussian(x, 1.2), 1, mode="edge")
    curvature = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * padded[1:-1, 1:-1]
    np.testing.assert_allclose(laplacian, clipped(x, x - 0.7 * 1.2**2 / 2 * curvature), atol=1e-5)


def test_defaults_sharpen_an_edge_and_leave_noise_no_stronger():
    rng = np.random.default_rng(42)
    pixels = np.full((224, 224), 50.0)
    pixels[:, 112:] = 150.0
    pixels[:20, :20], pixels[:20, -20:] = 0.0, 200.0  # the ends of the grey scale, which stay put
    noise = rng.normal(0, 2, pixels.shape)
    choices = SlicePreprocessing(clahe_clip=0.0)
    off = replace(choices, denoise_sigma=0.0, edge="none")
    sharp, plain = (preprocess_slice(SliceImage(pixels), None, setting).pixels for setting in (choices, off))
    row = 120
    assert np.diff(sharp[row]).max() >= 0.9 * np.diff(plain[row]).max()
    assert sharp[row].max() > plain[row, 150] + 0.03
    flat = slice(60, 200), slice(130, 210)
    noises = [
        preprocess_slice(SliceImage(pixels + noise), None, setting).pixels[flat].std() for setting in (choices, off)
    ]
    assert 0.85 < noises[0] / noises[1] < 1.0


def test_contrast_is_equalised_last():
    from CervixRiskLib.imaging import equalise_contrast

    image = noisy()
    without = preprocess_slice(image, None, SlicePreprocessing(size=64, clahe_clip=0.0, clahe_tiles=4))
    with_it = preprocess_slice(image, None, SlicePreprocessing(size=64, clahe_clip=3.0, clahe_tiles=4))
    np.testing.assert_array_equal(with_it.pixels, equalise_contrast(without.pixels, clip=3.0, tiles=4))


@given(st.floats(1e-3, 1e4), st.floats(-1e4, 1e4))
@settings(deadline=None, max_examples=25)
def test_the_scanner_s_unit_does_not_matter(gain, offset):
    pixels = noisy((48, 48)).pixels.astype(np.float64)
    choices = SlicePreprocessing(size=32, clahe_clip=0.0)
    expected = preprocess_slice(SliceImage(pixels), None, choices).pixels
    scaled = SliceImage(pixels * gain + offset)
    # What float32 loses of a small signal on a large offset is lost before.
    tolerance = 1e-5 + 4e-7 * abs(offset) / gain
    np.testing.assert_allclose(preprocess_slice(scaled, None, choices).pixels, expected, atol=tolerance)


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)) | st.sampled_from([(1, 1), (3, 500), (500, 3), (2, 2)]),
    st.booleans(), st.sampled_from(["edge", "zero"]), st.sampled_from(["none", "unsharp", "laplacian"]),
    st.sampled_from([None, (0.5, 0.5), (3.0, 0.2)]), st.integers(0, 2**32 - 1),
)  # fmt: skip
@settings(deadline=None, max_examples=80)
def test_any_slice_becomes_a_square_from_0_to_1(shape, around_roi, padding, edge, spacing, seed):
    rng = np.random.default_rng(seed)
    image = SliceImage(rng.normal(size=shape) * 10.0 ** rng.integers(-20, 20), spacing)
    mask = rng.random(shape) < 0.1
    mask.flat[rng.integers(mask.size)] = True
    roi = Roi(mask) if around_roi else None
    choices = SlicePreprocessing(
        size=32, centre="roi" if around_roi else "slice", margin=0.5 if around_roi else None,
        padding=padding, edge=edge, clahe_tiles=4,
    )  # fmt: skip
    crop = preprocess_slice(image, roi, choices)
    assert crop.pixels.shape == (32, 32)
    assert crop.pixels.dtype == np.float32
    assert not crop.pixels.flags.writeable
    assert crop.pixels.min() >= 0.0
    assert crop.pixels.max() <= 1.0


@pytest.mark.parametrize("value", [0.0, 7.0, -3e38])
def test_a_flat_slice_is_black(value):
    crop = preprocess_slice(SliceImage(np.full((20, 30), value)), None, SlicePreprocessing(size=32))
    assert not crop.pixels.any()


def test_the_largest_numbers_do_not_overflow():
    pixels = (noisy((64, 64)).pixels - np.float32(0.5)) * np.float64(6e38)
    expected = preprocess_slice(noisy((64, 64)), None, SlicePreprocessing(size=64, clahe_clip=0.0)).pixels
    result = preprocess_slice(SliceImage(pixels), None, SlicePreprocessing(size=64, clahe_clip=0.0)).pixels
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_one_bright_dot_is_not_lost():
    pixels = np.zeros((64, 64))
    pixels[10, 20] = 1.0
    crop = preprocess_slice(SliceImage(pixels), None, SlicePreprocessing(size=64, denoise_sigma=0.0, clahe_clip=0.0))
    assert np.unravel_index(crop.pixels.argmax(), (64, 64)) == (10, 20)
    assert crop.pixels.max() == 1.0


def test_channels_share_the_square():
    t1, t2, roi = noisy(seed=1), noisy(seed=2), roi_of((20, 30, 40, 70))
    choices = replace(PLAIN, centre="roi", margin=0.1)
    crops = preprocess_channels((t1, t2), roi, choices)
    assert len(crops) == 2
    for crop, image in zip(crops, (t1, t2), strict=True):
        alone = preprocess_slice(image, roi, choices)
        np.testing.assert_array_equal(crop.pixels, alone.pixels)
        assert (crop.row0, crop.column0, crop.side) == (crops[0].row0, crops[0].column0, crops[0].side)


def test_channels_of_other_grids_are_refused():
    first = noisy(spacing=(1.0, 1.0))
    for other, words in (
        (noisy((90, 119), spacing=(1.0, 1.0)), ("Channel 2 has 90 rows and 119 columns", "the image has 90 and 120")),
        (noisy(spacing=(1.0, 1.1)), ("1 × 1 mm", "1 × 1.1 mm")),
        (noisy(spacing=(1.0, 1.002)), ("1 × 1 mm", "1 × 1.002 mm")),
        (noisy(), ("1 × 1 mm", "unknown")),
    ):
        with pytest.raises(ImageError) as error:
            preprocess_channels((first, other), None, PLAIN)
        assert all(word in str(error.value) for word in words)
    with pytest.raises(ImageError, match="at least one"):
        preprocess_channels((), None, PLAIN)


@pytest.mark.parametrize(("shift_mm", "fits"), [(0.3, True), (5.0, False)])
def test_channels_elsewhere_in_the_patient_are_refused(shift_mm, fits):
    images = [
        replace(noisy(spacing=(1.0, 1.0)), geometry=SliceGeometry((x, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
        for x in (0.0, shift_mm)
    ]
    if fits:
        assert len(preprocess_channels(images, None, PLAIN)) == 2
    else:
        with pytest.raises(ImageError, match="different places"):
            preprocess_channels(images, None, PLAIN)


def test_refuses_what_cannot_be_cut():
    with pytest.raises(RoiError, match="no region of interest"):
        preprocess_slice(noisy(), None, replace(PLAIN, centre="roi"))
    with pytest.raises(RoiError, match="50 × 50 but the image has"):
        preprocess_slice(noisy(), roi_of((0, 0, 5, 5), (50, 50)), PLAIN)
    with pytest.raises(ImageError, match="pixel size of this slice is unknown"):
        preprocess_slice(noisy(), None, replace(PLAIN, field_of_view_mm=100.0))
    with pytest.raises(ImageError, match="check the pixel size"):
        preprocess_slice(noisy(spacing=(0.001, 0.001)), None, replace(PLAIN, field_of_view_mm=100.0))


@pytest.mark.parametrize(
    "choices",
    [
        {"size": 7}, {"size": 224.0}, {"size": True}, {"centre": "tumour"}, {"centre": None},
        {"field_of_view_mm": 5.0}, {"field_of_view_mm": "200"}, {"margin": 0.1}, {"margin": -0.1, "centre": "roi"},
        {"margin": 0.1, "centre": "roi", "field_of_view_mm": 100.0}, {"denoise_sigma": -0.1},
        {"denoise_sigma": float("nan")}, {"denoise_sigma": float("inf")}, {"edge": "sobel"}, {"edge_amount": 6.0},
        {"edge_sigma": 0.0}, {"low_percentile": 11.0}, {"high_percentile": 89.0}, {"clahe_clip": -1.0},
        {"clahe_tiles": 0}, {"clahe_tiles": 8.5}, {"size": 32, "clahe_tiles": 17}, {"padding": "mirror"},
        {"brightness": 1.0},
    ],
)  # fmt: skip
def test_refuses_settings(choices):
    with pytest.raises(SettingsError):
        SlicePreprocessing.from_json(choices)


def test_refuses_settings_that_are_no_mapping():
    with pytest.raises(SettingsError):
        SlicePreprocessing.from_json([("size", 224)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "choices",
    [
        SlicePreprocessing(),
        SlicePreprocessing(size=96, centre="roi", field_of_view_mm=160, clahe_tiles=4, edge="laplacian"),
        SlicePreprocessing(centre="roi", margin=0.25, denoise_sigma=0, edge="none", clahe_clip=0, padding="edge"),
    ],
)
def test_settings_survive_json(choices):
    text = json.dumps(choices.to_json(), allow_nan=False)
    assert SlicePreprocessing.from_json(json.loads(text)) == choices
    assert type(choices.denoise_sigma) is float


def test_is_quick():
    image = noisy((512, 512))
    preprocess_slice(image, None, SlicePreprocessing())
    durations = []
    for _ in range(9):
        start = time.process_time()
        preprocess_slice(image, None, SlicePreprocessing())
        durations.append(time.process_time() - start)
    assert min(durations) < 0.015
