"""Slices that are blank, clipped, noisy, blurred or ghosted, beside good ones."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.imaging import QualityLimits, SliceImage, SliceQuality, assess_slice, quality_problems
from CervixRiskLib.imaging.body_region import body_region

LIMITS = QualityLimits()
GOOD = SliceQuality(1.0, 256, 0.5, 0.02, 0.0, 0.01, 0.4, 0.02)


def gaussian(pixels, sigma):
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(np.asarray(pixels, float), sigma)


def body_mask(rows, columns):
    row, column = np.mgrid[:rows, :columns]
    return ((row - rows / 2) / (0.36 * rows)) ** 2 + ((column - columns / 2) / (0.4 * columns)) ** 2 < 1


def phantom(rows=240, columns=256, seed=42):
    """A bright body with organs and texture in black air with a little noise, from 0 to about 1000."""
    rng = np.random.default_rng(seed)
    row, column = np.mgrid[:rows, :columns]
    inside = body_mask(rows, columns)
    pixels = np.where(inside, 400.0, 0.0)
    for _ in range(14):
        r, c = rng.uniform(0.3, 0.7) * rows, rng.uniform(0.3, 0.7) * columns
        disc = np.hypot((row - r) / rows, (column - c) / columns) < rng.uniform(0.02, 0.08)
        pixels[disc & inside] = rng.uniform(150, 1000)
    pixels += inside * 40 * gaussian(rng.normal(size=inside.shape), 1.0) / 0.28
    return np.abs(gaussian(pixels, 0.5) + rng.normal(0, 4, inside.shape))


def sentences(pixels):
    return quality_problems(assess_slice(SliceImage(pixels)), LIMITS)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(240, 256), (512, 480), (150, 200), (1000, 700)])
def test_a_good_slice_has_no_problem(shape, seed):
    assert sentences(phantom(*shape, seed=seed)) == ()


def letters(shape):
    pixels = np.zeros(shape)
    pixels[4:14, 4:7] = pixels[4:14, 10:13] = 255
    return pixels


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((200, 200)),
        np.full((200, 200), 7.0),
        100 + np.random.default_rng(42).normal(0, 0.5, (200, 200)),
        letters((200, 200)),
        np.round(phantom() / 200),
        np.zeros((1, 1)),
    ],
)
def test_blank(pixels):
    (sentence,) = sentences(pixels)
    assert sentence.startswith("The slice is almost blank")


def test_noise_alone_is_noisy():
    air = np.hypot(*np.random.default_rng(42).normal(0, 10, (2, 200, 200)))
    assert any("noisy" in sentence for sentence in sentences(air))


@pytest.mark.parametrize("share", [0.15, 0.3, 0.6])
def test_clipped(share):
    pixels = phantom()
    inside = body_mask(*pixels.shape)
    bright = np.minimum(pixels, np.quantile(pixels[inside], 1 - share))
    # A little more, for some tissue was at the limit before.
    assert share - 0.03 < assess_slice(SliceImage(bright)).clipped_bright < share + 0.15
    (sentence,) = (sentence for sentence in sentences(bright) if "brightest" in sentence)
    assert sentence.endswith("of the tissue is at the brightest grey value (clipped).")


def test_clipped_below_a_burnt_in_letter_and_by_jpeg():
    pixels = phantom()
    top = np.quantile(pixels[body_mask(*pixels.shape)], 0.8)
    pixels = np.minimum(pixels, top) + np.random.default_rng(42).uniform(0, 0.01 * top, pixels.shape)
    pixels[3:10, 3:6] = 1.3 * top
    assert any("brightest" in sentence for sentence in sentences(pixels))


def test_clipped_at_the_dark_end():
    pixels = phantom()
    row, column = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    hollow = np.hypot(row - 120, column - 128) < 50
    pixels = np.where(hollow, np.random.default_rng(42).uniform(20, 100, pixels.shape), pixels)
    assert sentences(pixels) == ()
    clipped = assess_slice(SliceImage(np.maximum(pixels - 110, 0)))
    assert clipped.clipped_dark == pytest.approx(hollow.sum() / body_mask(*pixels.shape).sum(), abs=0.05)
    assert any("darkest" in sentence for sentence in sentences(np.maximum(pixels - 110, 0)))


@given(st.floats(2.0, 40.0), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=15)
def test_noise_is_its_standard_deviation(sigma, seed):
    """Even tissue, so that all there is to see is the noise; relative to the tissue's brightness over air."""
    inside = body_mask(200, 220)
    pixels = 500.0 * inside + np.random.default_rng(seed).normal(0, sigma, inside.shape)
    quality = assess_slice(SliceImage(pixels))
    low, high = np.percentile(pixels, (1, 99))
    assert quality.noise == pytest.approx(sigma / (high - low), rel=0.1)


def test_blurred():
    pixels = phantom()
    blurs = [assess_slice(SliceImage(gaussian(pixels, sigma))).blur for sigma in (0.3, 1, 2, 4, 8)]
    assert blurs == sorted(blurs)
    assert any("blurred" in sentence for sentence in sentences(gaussian(pixels, 4)))
    noise = np.random.default_rng(42).normal(0, 8, pixels.shape)
    assert any("blurred" in sentence for sentence in sentences(gaussian(pixels, 4) + noise))


def test_blur_by_its_formula():
    """Crété-Roffet's sums written out row by row and column by column."""
    pixels = phantom()
    body, smooth = body_region(pixels), gaussian(pixels, 1.0)
    remaining = []
    for values, inside in ((smooth, body), (smooth.T, body.T)):
        total = varied = 0.0
        for line, within in zip(values, inside, strict=True):
            strip = np.convolve(np.pad(line, 4, mode="edge"), np.ones(9) / 9, mode="valid")
            before, after = np.abs(np.diff(line))[within[1:]], np.abs(np.diff(strip))[within[1:]]
            total += before.sum()
            varied += np.maximum(0, before - after).sum()
        remaining.append((total - varied) / total)
    assert assess_slice(SliceImage(pixels)).blur == pytest.approx(max(remaining), abs=1e-4)


def ghosted(pixels, amplitude, axis):
    """Every other line of k-space a little out of phase, as after motion: a ghost half a field away."""
    k_space = np.fft.fft(pixels, axis=axis)
    phase = np.arcsin(amplitude) * np.where(np.arange(pixels.shape[axis]) % 2, -1, 1)
    return np.abs(np.fft.ifft(k_space * np.exp(1j * np.expand_dims(phase, 1 - axis)), axis=axis))


@pytest.mark.parametrize("axis", [0, 1])
def test_ghosted(axis):
    pixels = phantom()
    scores = [assess_slice(SliceImage(ghosted(pixels, amount, axis))).ghosting for amount in (0, 0.1, 0.2, 0.3, 0.4)]
    assert scores == sorted(scores)
    assert scores[0] < 0.05
    # The ghost has the amplitude times the body's brightness.
    assert scores[3] == pytest.approx(0.3, abs=0.12)
    assert any("ghosts" in sentence for sentence in sentences(ghosted(pixels, 0.3, axis)))


def test_a_coil_s_haze_is_no_ghost():
    pixels = phantom()
    row, column = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    haze = 150 * (row / pixels.shape[0]) ** 2 + 50 * column / pixels.shape[1]
    assert sentences(np.maximum(pixels, haze)) == ()


def test_without_air_ghosts_are_unknown():
    pixels = phantom()[70:170, 70:180]
    quality = assess_slice(SliceImage(pixels))
    assert quality.ghosting is None
    assert quality.noise is not None
    assert quality.blur is not None


def test_the_body_is_filled_and_frames_and_letters_are_not_part_of_it():
    pixels = phantom()
    pixels[110:130, 100:140] = 0
    pixels[[0, 1, -2, -1]] = 1000
    pixels[:, [0, 1, -2, -1]] = 1000
    pixels[6:16, 6:9] = 1000
    body, expected = body_region(pixels), body_mask(*pixels.shape)
    assert (body & expected).sum() / (body | expected).sum() > 0.97


def test_dim_muscle_at_a_border_that_cuts_the_body_off_is_body():
    """A pelvis wider than the slice: fat above and below, dim muscle with structure towards both sides."""
    rows, columns = np.mgrid[:200, :240]
    pixels = np.where((rows > 50) & (rows < 170), 900.0, 5.0)
    muscle = (np.abs(columns - 120) > 80) & (rows > 80) & (rows < 140)
    pixels[muscle] = 200 + 80 * np.sin(columns[muscle] / 5)
    pixels += np.random.default_rng(42).normal(0, 4, pixels.shape)
    assert body_region(pixels)[85:135].all()
    assert not body_region(pixels)[:48].any()
    assert assess_slice(SliceImage(pixels)).ghosting < 0.05
    assert assess_slice(SliceImage(ghosted(pixels, 0.2, 0))).ghosting > 0.14


@given(st.floats(1e-3, 1e4))
@settings(deadline=None, max_examples=15)
def test_the_scanner_s_unit_does_not_matter(gain):
    expected, found = assess_slice(SliceImage(phantom())), assess_slice(SliceImage(phantom() * gain))
    for name in SliceQuality.__dataclass_fields__:
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=0.02, abs=1e-3)


@given(
    st.tuples(st.integers(1, 30), st.integers(1, 30)) | st.sampled_from([(3, 500), (500, 3), (1, 4000)]),
    st.integers(0, 2**32 - 1), st.sampled_from(["normal", "dots", "ramp"]),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_any_slice_can_be_judged(shape, seed, kind):
    rng = np.random.default_rng(seed)
    pixels = {
        "normal": rng.normal(size=shape),
        "dots": (rng.random(shape) < 0.1).astype(float),
        "ramp": np.arange(shape[0] * shape[1], dtype=float).reshape(shape),
    }[kind]
    scaled = pixels / max(np.abs(pixels).max(), 1e-9) * 10.0 ** rng.integers(-20, 38)
    quality = assess_slice(SliceImage(scaled))
    for name in SliceQuality.__dataclass_fields__:
        value = getattr(quality, name)
        assert value is None or np.isfinite(value)
    assert all(sentence.endswith(".") for sentence in quality_problems(quality, LIMITS))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, None),
        ({"contrast": 0.04}, "differ by no more than 4 %"),
        ({"foreground_share": 0.031}, "covers 3.1 %"),
        ({"grey_levels": 5}, "only 5 grey values"),
        ({"clipped_bright": 0.18}, "18 % of the tissue is at the brightest grey value (clipped)."),
        ({"clipped_dark": 0.4}, "40 % of the body is at the darkest"),
        ({"noise": 0.2}, "the noise is 20 %"),
        ({"blur": 0.8}, "blurred"),
        ({"ghosting": 0.3}, "30 % of the tissue's brightness"),
        ({"noise": None, "blur": None, "ghosting": None}, None),
    ],
)
def test_sentences(change, words):
    from dataclasses import replace

    problems = quality_problems(replace(GOOD, **change), LIMITS)
    if words is None:
        assert problems == ()
    else:
        (sentence,) = problems
        assert words in sentence


def test_limits_survive_json_and_are_strict():
    limits = QualityLimits(least_grey_levels=32, most_blur=0.6)
    assert QualityLimits.from_json(json.loads(json.dumps(limits.to_json(), allow_nan=False))) == limits
    for wrong in ({"sharpness": 1.0}, {"most_blur": 1.5}, {"most_blur": None}, {"least_grey_levels": 2.5}):
        with pytest.raises(SettingsError):
            QualityLimits.from_json(wrong)


def test_is_quick():
    image = SliceImage(phantom(512, 512))
    assess_slice(image)
    durations = []
    for _ in range(9):
        start = time.process_time()
        assess_slice(image)
        durations.append(time.process_time() - start)
    assert min(durations) < 0.02
