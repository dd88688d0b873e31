"""Agreement of two contours against SimpleITK, brute force, and what must hold of any two."""

from __future__ import annotations

import time

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its usual name
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from CervixRiskLib.errors import RoiError
from CervixRiskLib.imaging import Roi, compare_contours

NUMBERS = ("dice", "jaccard", "hausdorff95", "hausdorff", "mean_surface_distance")
SPACINGS = st.sampled_from([None, (1.0, 1.0), (0.5, 0.5), (0.3, 0.8), (2.0, 0.25)])
MASKS = arrays(bool, (9, 12), elements=st.booleans()).filter(np.any)


def disc(shape, row, column, radius):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def boundary(mask):
    """The definition written out pixel by pixel."""
    points = []
    for row, column in np.argwhere(mask):
        for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if not (0 <= r < mask.shape[0] and 0 <= c < mask.shape[1] and mask[r, c]):
                points.append((row, column))
                break
    return np.array(points, float)


def percentile(values, share):
    """Linear interpolation between the neighbouring ranks."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def brute_force(first, second, spacing):
    spacing = np.array(spacing or (1.0, 1.0))
    a, b = boundary(first) * spacing, boundary(second) * spacing
    distances = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))
    forth, back = distances.min(axis=1), distances.min(axis=0)
    return {
        "hausdorff": max(forth.max(), back.max()),
        "hausdorff95": max(percentile(forth, 0.95), percentile(back, 0.95)),
        "mean_surface_distance": (forth.sum() + back.sum()) / (len(a) + len(b)),
    }


def itk(mask, spacing):
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    row, column = spacing or (1.0, 1.0)
    image.SetSpacing((column, row))
    return image


def itk_hausdorff(first, second, spacing):
    measure = sitk.HausdorffDistanceImageFilter()
    measure.Execute(itk(first, spacing), itk(second, spacing))
    return measure.GetHausdorffDistance()


def outline(mask):
    points = boundary(mask).astype(int)
    drawn = np.zeros_like(mask)
    drawn[points[:, 0], points[:, 1]] = True
    return drawn


@settings(deadline=None, max_examples=80)
@given(MASKS, MASKS, SPACINGS)
def test_any_two_masks_match_itk_and_brute_force(first, second, spacing):
    result = compare_contours(Roi(first, spacing), Roi(second, spacing))
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(itk(first, spacing), itk(second, spacing))
    assert result.dice == pytest.approx(overlap.GetDiceCoefficient(), abs=1e-12)
    assert result.jaccard == pytest.approx(overlap.GetJaccardCoefficient(), abs=1e-12)
    for name, expected in brute_force(first, second, spacing).items():
        assert getattr(result, name) == pytest.approx(expected, abs=1e-9), name
    assert result.hausdorff == pytest.approx(itk_hausdorff(outline(first), outline(second), spacing), abs=1e-5)


@pytest.mark.parametrize("spacing", [None, (0.4, 0.4), (0.25, 0.9)])
def test_filled_regions_match_itk_too(spacing):
    first = disc((120, 140), 60, 60, 25)
    second = disc((120, 140), 66, 71, 31) | disc((120, 140), 90, 95, 12)
    result = compare_contours(Roi(first, spacing), Roi(second, spacing))
    assert result.hausdorff == pytest.approx(itk_hausdorff(first, second, spacing), abs=1e-5)
    for name, expected in brute_force(first, second, spacing).items():
        assert getattr(result, name) == pytest.approx(expected, abs=1e-9), name


@settings(deadline=None, max_examples=60)
@given(MASKS, MASKS, SPACINGS)
def test_symmetry_and_range(first, second, spacing):
    one, other = Roi(first, spacing), Roi(second, spacing)
    result, turned = compare_contours(one, other), compare_contours(other, one)
    for name in NUMBERS:
        assert getattr(result, name) == pytest.approx(getattr(turned, name), abs=1e-12)
    assert (result.first_area, result.first_diameter) == (turned.second_area, turned.second_diameter)
    assert 0 <= result.jaccard <= result.dice <= 1
    assert result.jaccard == pytest.approx(result.dice / (2 - result.dice))
    assert 0 <= result.mean_surface_distance <= result.hausdorff
    assert 0 <= result.hausdorff95 <= result.hausdorff
    assert (result.dice == 1) == np.array_equal(first, second)


@settings(deadline=None, max_examples=40)
@given(MASKS, SPACINGS)
def test_the_same_contour_agrees_perfectly(mask, spacing):
    result = compare_contours(Roi(mask, spacing), Roi(mask.copy(), spacing))
    assert (result.dice, result.jaccard) == (1, 1)
    assert (result.hausdorff95, result.hausdorff, result.mean_surface_distance) == (0, 0, 0)


@settings(deadline=None, max_examples=30)
@given(st.integers(3, 15), st.integers(-12, 12), st.integers(-12, 12), SPACINGS)
def test_a_disc_moved_by_d_has_hausdorff_d(radius, rows, columns, spacing):
    first, second = disc((70, 70), 35, 35, radius), disc((70, 70), 35 + rows, 35 + columns, radius)
    result = compare_contours(Roi(first, spacing), Roi(second, spacing))
    row_mm, column_mm = spacing or (1.0, 1.0)
    moved = np.hypot(rows * row_mm, columns * column_mm)
    assert result.hausdorff <= moved + 1e-9
    if row_mm == column_mm:
        # Exactly, along the axes; the outermost pixel need not lie in any other direction.
        tolerance = 1e-9 if rows == 0 or columns == 0 else 1.0 * row_mm
        assert result.hausdorff == pytest.approx(moved, abs=tolerance)


def test_pixels_that_are_not_square_count_as_long_as_they_are():
    first, second = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    first[5:8, 5:8] = True
    second[9:12, 5:8] = True
    assert compare_contours(Roi(first, (0.5, 2.0)), Roi(second, (0.5, 2.0))).hausdorff == 2.0
    assert compare_contours(Roi(first.T, (0.5, 2.0)), Roi(second.T, (0.5, 2.0))).hausdorff == 8.0


def test_the_percentile_is_the_larger_direction_not_the_pooled_one():
    """A short outline against a long one: pooled, the long one's distances would hide what the short one misses."""
    first, second = np.zeros((60, 200), bool), np.zeros((60, 200), bool)
    first[30, 0:180] = True
    second[30, 0:10] = True
    result = compare_contours(Roi(first), Roi(second))
    forth = [max(0, column - 9) for column in range(180)]
    assert result.hausdorff95 == pytest.approx(percentile(forth, 0.95))
    assert result.hausdorff95 > percentile([*forth, *[0.0] * 10], 0.95)


def test_outlines_count_holes_where_filled_regions_do_not():
    full = disc((80, 80), 40, 40, 30)
    holed = full & ~disc((80, 80), 40, 40, 2)
    result = compare_contours(Roi(full), Roi(holed))
    assert itk_hausdorff(full, holed, None) < 4
    assert result.hausdorff == pytest.approx(brute_force(full, holed, None)["hausdorff"])
    assert result.hausdorff > 25


def test_sizes_and_unit():
    mask = np.zeros((30, 30), bool)
    mask[4:14, 3:9] = True
    known = compare_contours(Roi(mask, (0.5, 0.2)), Roi(mask[::-1], (0.5, 0.2)))
    assert known.unit == "mm"
    assert known.first_area == pytest.approx(60 * 0.1)
    assert known.second_diameter == pytest.approx(np.hypot(5.0, 1.2))
    unknown = compare_contours(Roi(mask), Roi(mask))
    assert unknown.unit == "px"
    assert unknown.first_area == 60
    assert unknown.first_diameter == pytest.approx(np.hypot(10, 6))


def test_contours_on_other_grids_are_refused():
    mask = np.ones((4, 5), bool)
    with pytest.raises(RoiError, match="different size"):
        compare_contours(Roi(mask), Roi(mask.T))
    with pytest.raises(RoiError, match="different pixel sizes"):
        compare_contours(Roi(mask, (1.0, 1.0)), Roi(mask, (1.0, 1.1)))
    with pytest.raises(RoiError, match="one contour only"):
        compare_contours(Roi(mask, (1.0, 1.0)), Roi(mask))
    rounded = compare_contours(Roi(mask, (0.123456, 0.123456)), Roi(mask, (0.12346, 0.12346)))
    assert rounded.dice == 1


def test_a_large_image_is_fast():
    """A pass over all pairs of boundary pixels, or a distance map of the image, would take far longer."""
    first = Roi(disc((1000, 1000), 500, 500, 150), (0.1, 0.1))
    second = Roi(disc((1000, 1000), 510, 492, 140), (0.1, 0.1))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        compare_contours(first, second)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05
