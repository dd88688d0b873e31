"""Shape against geometry that can be worked out, and diameters against all pairs of mesh vertices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from CervixRiskLib.radiomics.roi_grid import RoiGrid
from CervixRiskLib.radiomics.shape2d import shape2d_features
from CervixRiskLib.radiomics.shape3d import shape_features

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9))
spacings = st.tuples(st.floats(0.05, 3), st.floats(0.05, 3))


def _vertices(mask, spacing, thickness):
    """The middle of every grid edge between inside and outside, as (slice, row, column) in mm."""
    volume = np.pad(mask[None], 1)
    found = []
    for axis in range(3):
        lower = np.take(volume, range(volume.shape[axis] - 1), axis=axis)
        upper = np.take(volume, range(1, volume.shape[axis]), axis=axis)
        middles = np.argwhere(lower != upper).astype(float)
        middles[:, axis] += 0.5
        found.append(middles)
    return np.concatenate(found) * (thickness, *spacing)


@given(masks, spacings, st.floats(0.1, 5))
@settings(deadline=None, max_examples=120)
def test_diameters_are_those_of_all_pairs(mask, spacing, thickness):
    assume(mask.any())
    vertices = _vertices(mask, spacing, thickness)
    apart = vertices[:, None] - vertices[None]
    squared = (apart**2).sum(axis=-1)
    features, _ = shape_features(RoiGrid.of(mask), spacing, thickness)
    for name, axis in (("Slice", 0), ("Column", 1), ("Row", 2)):
        same = np.abs(apart[:, :, axis]) < 1e-9
        assert features[f"Maximum2DDiameter{name}"] == pytest.approx(np.sqrt(squared[same].max()), rel=1e-12)
    assert features["Maximum3DDiameter"] == pytest.approx(np.sqrt(squared.max()), rel=1e-12)
    in_plane = np.abs(vertices[:, 0] - thickness) < 1e-9
    flat, _ = shape2d_features(RoiGrid.of(mask), spacing)
    assert flat["MaximumDiameter"] == pytest.approx(np.sqrt(squared[np.ix_(in_plane, in_plane)].max()), rel=1e-12)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.3, 0.7)])
def test_rectangle(spacing):
    a, b = spacing
    mask = np.zeros((20, 30), dtype=bool)
    mask[5:11, 8:17] = True
    features, by_convention = shape_features(RoiGrid.of(mask), spacing, 1.0)
    assert not by_convention
    # A roof over 5 × 8 cells, slopes along the sides, tetrahedra at the corners; above and below.
    volume = 2 * 0.5 * a * b * (5 * 8 + (5 + 8) * 2 / 4 + 4 / 24)
    assert features["MeshVolume"] == pytest.approx(volume)
    assert features["VoxelVolume"] == pytest.approx(54 * a * b)
    # Evenly spaced points: variance (n² - 1) / 12.
    assert features["MajorAxisLength"] == pytest.approx(4 * max(a * np.sqrt(35 / 12), b * np.sqrt(80 / 12)))
    assert features["LeastAxisLength"] == features["Flatness"] == 0
    flat, _ = shape2d_features(RoiGrid.of(mask), spacing)
    # Corners cut off at half a pixel.
    assert flat["MeshSurface"] == pytest.approx((6 * 9 - 4 / 8) * a * b)
    assert flat["Perimeter"] == pytest.approx(2 * (5 * a + 8 * b) + 4 * np.hypot(a / 2, b / 2))


@given(masks, spacings)
@settings(deadline=None, max_examples=60)
def test_shape_follows_the_region_when_it_moves_or_turns(mask, spacing):
    assume(mask.any())
    first, _ = shape2d_features(RoiGrid.of(mask), spacing)
    moved, _ = shape2d_features(RoiGrid.of(np.pad(mask, ((3, 1), (0, 4)))), spacing)
    turned, _ = shape2d_features(RoiGrid.of(mask.T), spacing[::-1])
    assert first == moved
    assert first == pytest.approx(turned, abs=1e-6)


def test_one_pixel_has_conventions():
    mask = np.zeros((5, 5), dtype=bool)
    mask[2, 2] = True
    features, by_convention = shape_features(RoiGrid.of(mask), (1.0, 1.0), 1.0)
    assert by_convention == {"Elongation", "Flatness"}
    assert features["Elongation"] == 0
    assert features["Maximum3DDiameter"] == pytest.approx(1.0)
