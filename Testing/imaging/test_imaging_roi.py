"""Regions measured against brute force, textbook figures and second implementations."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from CervixRiskLib.errors import RoiError
from CervixRiskLib.imaging import Roi, SliceImage

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)).filter(lambda mask: mask.any())
SPACINGS = st.tuples(st.floats(0.05, 4.0), st.floats(0.05, 4.0))


def blank(shape=(40, 50), spacing=(0.5, 0.25)):
    return SliceImage(np.zeros(shape), spacing)


def ellipse(shape, row_radius, column_radius):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    row0, column0 = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    return ((rows - row0) / row_radius) ** 2 + ((columns - column0) / column_radius) ** 2 <= 1


def brute_force_diameter(mask, spacing):
    corners = {
        ((row + down) * spacing[0], (column + right) * spacing[1])
        for row, column in np.argwhere(mask)
        for down, right in itertools.product((0, 1), repeat=2)
    }
    return max(math.dist(first, second) for first in corners for second in corners)


@given(MASKS, SPACINGS)
@settings(deadline=None, max_examples=80)
def test_diameter_equals_brute_force_over_pixel_corners(mask, spacing):
    roi = Roi(mask, spacing)
    assert roi.max_diameter_mm == pytest.approx(brute_force_diameter(mask, spacing), rel=1e-12)
    assert roi.max_diameter_px == pytest.approx(brute_force_diameter(mask, (1, 1)), rel=1e-12)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.1, 0.3), (2.0, 0.5)])
def test_diameter_of_a_rectangle_is_its_diagonal(spacing):
    mask = np.zeros((60, 70), bool)
    mask[5:45, 10:40] = True
    roi = Roi(mask, spacing)
    assert roi.max_diameter_mm == pytest.approx(math.hypot(40 * spacing[0], 30 * spacing[1]), rel=1e-12)
    assert roi.area_mm2 == pytest.approx(1200 * spacing[0] * spacing[1], rel=1e-12)


def test_diameter_and_area_of_an_ellipse_in_anisotropic_pixels():
    roi = Roi(ellipse((301, 201), 120.0, 60.0), (0.1, 0.4))
    # Half axes 12 mm along rows and 24 mm along columns; half a pixel more on either side at most.
    assert 48.0 - 0.4 <= roi.max_diameter_mm <= 48.0 + 0.45
    assert roi.area_mm2 == pytest.approx(math.pi * 12 * 24, rel=0.005)


def test_single_pixel():
    mask = np.zeros((3, 3), bool)
    mask[1, 2] = True
    roi = Roi(mask, (1.0, 1.0))
    assert roi.max_diameter_mm == pytest.approx(math.sqrt(2))
    assert roi.bounding_box == (1, 2, 2, 3)
    assert (roi.component_count, roi.hole_count, roi.touches_border) == (1, 0, True)


def test_large_region_is_measured_quickly():
    mask = ellipse((512, 512), 180.0, 177.0)
    assert mask.sum() > 100_000
    durations = []
    for _ in range(5):
        roi = Roi(mask, (0.1, 0.1))
        start = time.perf_counter()
        assert roi.max_diameter_mm > 35
        durations.append(time.perf_counter() - start)
    assert min(durations) < 0.003


def test_unknown_pixel_size_gives_no_millimetres():
    roi = Roi(np.ones((4, 4), bool))
    assert roi.area_mm2 is None
    assert roi.max_diameter_mm is None
    assert roi.max_diameter_px == pytest.approx(math.hypot(4, 4))


@given(MASKS)
@settings(deadline=None, max_examples=80)
def test_components_and_holes_equal_a_flood_fill(mask):
    roi = Roi(mask)

    def parts(pixels, steps):
        left, found = set(map(tuple, np.argwhere(pixels))), []
        while left:
            stack, part = [left.pop()], set()
            while stack:
                row, column = stack.pop()
                part.add((row, column))
                for down, right in steps:
                    other = (row + down, column + right)
                    if other in left:
                        left.remove(other)
                        stack.append(other)
            found.append(part)
        return found

    eight = [step for step in itertools.product((-1, 0, 1), repeat=2) if step != (0, 0)]
    components = parts(mask, eight)
    holes = parts(np.pad(~mask, 1, constant_values=True), [(0, 1), (0, -1), (1, 0), (-1, 0)])
    assert roi.component_count == len(components)
    assert roi.hole_count == len(holes) - 1


@given(MASKS)
@settings(deadline=None, max_examples=60)
def test_box_and_border(mask):
    roi = Roi(mask)
    rows, columns = np.nonzero(mask)
    assert roi.bounding_box == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
    edge = np.ones(mask.shape, bool)
    edge[1:-1, 1:-1] = False
    assert roi.touches_border == bool((mask & edge).any())


def test_hash_tells_masks_apart_and_nothing_else():
    mask = np.zeros((4, 6), bool)
    mask[1, 2] = True
    assert Roi(mask).mask_hash == Roi(mask.astype(float) * 7, (1.0, 2.0)).mask_hash
    assert Roi(mask).mask_hash != Roi(mask.reshape(6, 4)).mask_hash
    assert Roi(mask).mask_hash != Roi(~mask).mask_hash
    assert len(Roi(mask).mask_hash) == 64


def test_roi_is_frozen_and_owns_its_mask():
    mask = np.ones((2, 2), bool)
    roi = Roi(mask)
    mask[:] = False
    assert roi.n_pixels == 4
    with pytest.raises(ValueError, match="read-only"):
        roi.mask[0, 0] = False
    with pytest.raises(dataclasses.FrozenInstanceError):
        roi.spacing_mm = (1.0, 1.0)


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (np.zeros((40, 50)), "empty"),
        (np.ones((40, 51)), "40 × 51"),
        (np.ones((50, 40)), "50 × 40"),
        (np.full((40, 50), np.nan), "not numbers"),
        (np.ones(2000), "2000"),
    ],
)
def test_from_mask_refuses(mask, sentence):
    with pytest.raises(RoiError, match=sentence):
        Roi.from_mask(mask, blank())


def test_from_mask_takes_the_spacing_of_the_image():
    roi = Roi.from_mask(np.full((40, 50), 3, np.uint16), blank())
    assert roi.spacing_mm == (0.5, 0.25)
    assert roi.n_pixels == 2000


# --- polygons -----------------------------------------------------------------------------------------------------


def test_polygon_takes_pixels_on_its_outline():
    roi = Roi.from_polygon([(2, 3), (2, 9), (7, 9), (7, 3)], blank())
    expected = np.zeros((40, 50), bool)
    expected[2:8, 3:10] = True
    np.testing.assert_array_equal(roi.mask, expected)


def test_polygon_around_pixel_corners_gives_back_the_pixels():
    roi = Roi.from_polygon([(1.5, 2.5), (1.5, 9.5), (7.5, 9.5), (7.5, 2.5)], blank())
    expected = np.zeros((40, 50), bool)
    expected[2:8, 3:10] = True
    np.testing.assert_array_equal(roi.mask, expected)


@given(st.lists(st.tuples(st.floats(-15, 55), st.floats(-15, 65)), min_size=3, max_size=3))
@settings(deadline=None, max_examples=120)
def test_triangle_equals_the_half_plane_test(points):
    corners = np.array(points)
    rows, columns = np.mgrid[:40, :50].astype(float)
    sides = []
    for (row1, column1), (row2, column2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        sides.append((row2 - row1) * (columns - column1) - (column2 - column1) * (rows - row1))
    sides = np.array(sides)
    # Leave out what rounding decides.
    clear = (np.abs(sides) > 1e-6 * (1 + np.abs(corners).max() ** 2)).all(axis=0)
    inside = (sides > 0).all(axis=0) | (sides < 0).all(axis=0)
    try:
        mask = Roi.from_polygon(points, blank()).mask
    except RoiError:
        mask = np.zeros((40, 50), bool)
    np.testing.assert_array_equal(mask[clear], inside[clear])


@given(st.integers(5, 60), st.floats(0.1, 1.0), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_star_equals_even_odd_ray_casting(count, roughness, seed):
    rng = np.random.default_rng(seed)
    angles = rng.uniform(0, 2 * np.pi, count)  # unsorted: the outline crosses itself
    radius = 18 * (1 - roughness * rng.random(count))
    points = np.c_[19.5 + radius * np.sin(angles), 24.5 + radius * np.cos(angles)] + 0.01234
    crossings = np.zeros((40, 50), int)
    rows, columns = np.mgrid[:40, :50]
    for (row1, column1), (row2, column2) in zip(points, np.roll(points, -1, axis=0), strict=True):
        spans = (row1 > rows) != (row2 > rows)
        crossings += spans & (columns < column1 + (rows - row1) / (row2 - row1) * (column2 - column1))
    try:
        mask = Roi.from_polygon(points, blank()).mask
    except RoiError:
        mask = np.zeros((40, 50), bool)
    np.testing.assert_array_equal(mask, crossings % 2 == 1)


def test_polygon_is_cut_at_the_image_edge():
    roi = Roi.from_polygon([(-100, -100), (-100, 1e9), (1e9, 1e9), (1e9, -100)], blank())
    assert roi.n_pixels == 2000


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(1, 1), (2, 2)],
        [(1, 1, 1), (2, 2, 2), (3, 3, 3)],
        [(1, 1), (2, float("nan")), (3, 3)],
        [(1, 1), (2, float("inf")), (3, 3)],
        [(1.2, 1.2), (1.4, 1.2), (1.3, 1.4)],
        [(100, 100), (100, 120), (120, 110)],
        "contour",
        [(1, 1), (2,), (3, 3)],
        {"row": 1},
        None,
    ],
)
def test_polygon_refuses(points):
    with pytest.raises(RoiError):
        Roi.from_polygon(points, blank())
