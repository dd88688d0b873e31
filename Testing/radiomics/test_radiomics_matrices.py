"""The texture classes against loops written from their definitions, on small random regions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from CervixRiskLib.radiomics.glcm import glcm_features
from CervixRiskLib.radiomics.gldm import gldm_features
from CervixRiskLib.radiomics.glrlm import glrlm_features
from CervixRiskLib.radiomics.glszm import glszm_features
from CervixRiskLib.radiomics.grey_levels import LevelStack, grey_levels
from CervixRiskLib.radiomics.ngtdm import ngtdm_features
from CervixRiskLib.radiomics.roi_grid import RoiGrid

DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
NEIGHBOURS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]

# Level 0 is outside the region.
regions = hnp.arrays(
    np.int64, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=7), elements=st.integers(0, 4)
)


def _stack(levels):
    grid = RoiGrid.of(levels > 0)
    box = levels[grid.top : grid.bottom, grid.left : grid.right]
    inside = box.ravel()[grid.inside]
    # A second, different image, so that nothing may leak from one to the other.
    return LevelStack.of([inside, inside[::-1] * 2], grid.box, grid.inside), grid


def _at(levels, y, x):
    inside = 0 <= y < levels.shape[0] and 0 <= x < levels.shape[1]
    return int(levels[y, x]) if inside else 0


def _pixels(levels):
    return [(int(y), int(x)) for y, x in np.argwhere(levels > 0)]


def _expect(cells, f):
    n = sum(cells.values())
    return sum(count * f(i, j) for (i, j), count in cells.items()) / n


@given(regions)
@settings(deadline=None, max_examples=80)
def test_cooccurrence(levels):
    assume((levels > 0).any())
    stack, _ = _stack(levels)
    features, _ = glcm_features(stack, with_mcc=False)
    contrast, correlation, energy = [], [], []
    for dy, dx in DIRECTIONS:
        cells = Counter()
        for y, x in _pixels(levels):
            other = _at(levels, y + dy, x + dx)
            if other:
                cells[int(levels[y, x]), other] += 1
                cells[other, int(levels[y, x])] += 1
        if not cells:
            continue
        n = sum(cells.values())
        contrast.append(_expect(cells, lambda i, j: (i - j) ** 2))
        energy.append(sum((count / n) ** 2 for count in cells.values()))
        mean = _expect(cells, lambda i, j: i)
        variance = _expect(cells, lambda i, j, mean=mean: (i - mean) ** 2)
        covariance = _expect(cells, lambda i, j, mean=mean: (i - mean) * (j - mean))
        correlation.append(covariance / variance if variance else 1)
    for name, expected in (("Contrast", contrast), ("Correlation", correlation), ("JointEnergy", energy)):
        assert features[name][0] == pytest.approx(np.mean(expected) if expected else 0, abs=1e-12)


@given(regions)
@settings(deadline=None, max_examples=80)
def test_runs(levels):
    assume((levels > 0).any())
    stack, grid = _stack(levels)
    features, by_convention = glrlm_features(stack, grid)
    long_run, share, high = [], [], []
    for dy, dx in DIRECTIONS:
        cells = Counter()
        for y, x in _pixels(levels):
            level = int(levels[y, x])
            if _at(levels, y - dy, x - dx) == level:
                continue
            length = 1
            while _at(levels, y + length * dy, x + length * dx) == level:
                length += 1
            cells[level, length] += 1
        lines = Counter(dx * y - dy * x for y, x in _pixels(levels))
        if max(lines.values()) == 1:
            continue
        long_run.append(_expect(cells, lambda i, j: j**2))
        high.append(_expect(cells, lambda i, j: i**2))
        share.append(1 / _expect(cells, lambda i, j: j))
    if not long_run:
        assert by_convention["LongRunEmphasis"].all()
    for name, expected in (("LongRunEmphasis", long_run), ("HighGrayLevelRunEmphasis", high), ("RunPercentage", share)):
        assert features[name][0] == pytest.approx(np.mean(expected) if expected else 0, rel=1e-12)


@given(regions)
@settings(deadline=None, max_examples=80)
def test_zones(levels):
    assume((levels > 0).any())
    stack, _ = _stack(levels)
    features = glszm_features(stack)
    cells, left = Counter(), set(_pixels(levels))
    while left:
        zone = [left.pop()]
        for y, x in zone:
            for dy, dx in NEIGHBOURS:
                near = (y + dy, x + dx)
                if near in left and levels[near] == levels[y, x]:
                    left.remove(near)
                    zone.append(near)
        cells[int(levels[zone[0]]), len(zone)] += 1
    n = sum(cells.values())
    assert features["LargeAreaHighGrayLevelEmphasis"][0] == pytest.approx(_expect(cells, lambda i, j: i**2 * j**2))
    assert features["SmallAreaEmphasis"][0] == pytest.approx(_expect(cells, lambda i, j: 1 / j**2))
    assert features["ZonePercentage"][0] == pytest.approx(n / (levels > 0).sum())
    entropy = -sum(count / n * np.log2(count / n) for count in cells.values())
    assert features["ZoneEntropy"][0] == pytest.approx(entropy, abs=1e-12)


@given(regions, st.integers(0, 2))
@settings(deadline=None, max_examples=80)
def test_dependence(levels, tolerance):
    assume((levels > 0).any())
    stack, _ = _stack(levels)
    features = gldm_features(stack, tolerance)
    cells = Counter()
    for y, x in _pixels(levels):
        near = [_at(levels, y + dy, x + dx) for dy, dx in NEIGHBOURS]
        alike = sum(1 for level in near if level and abs(level - levels[y, x]) <= tolerance)
        cells[int(levels[y, x]), alike + 1] += 1
    assert features["LargeDependenceEmphasis"][0] == pytest.approx(_expect(cells, lambda i, j: j**2))
    assert features["SmallDependenceLowGrayLevelEmphasis"][0] == pytest.approx(
        _expect(cells, lambda i, j: (i * j) ** -2)
    )
    mean = _expect(cells, lambda i, j: j)
    variance = _expect(cells, lambda i, j: (j - mean) ** 2)
    assert features["DependenceVariance"][0] == pytest.approx(variance, abs=1e-12)


@given(regions)
@settings(deadline=None, max_examples=80)
def test_tone_difference(levels):
    assume((levels > 0).any())
    stack, _ = _stack(levels)
    features, by_convention = ngtdm_features(stack)
    n, s = Counter(), Counter()
    for y, x in _pixels(levels):
        level = int(levels[y, x])
        near = [value for dy, dx in NEIGHBOURS if (value := _at(levels, y + dy, x + dx))]
        n[level] += 1
        s[level] += abs(level - sum(near) / len(near)) if near else 0
    total = sum(n.values())
    coarse = sum(n[i] / total * s[i] for i in n)
    assert by_convention["Coarseness"][0] == (coarse == 0)
    assert features["Coarseness"][0] == pytest.approx(1 / coarse if coarse else 1e6)
    complexity = sum(abs(i - j) * (n[i] * s[i] + n[j] * s[j]) / (n[i] + n[j]) for i in n for j in n) / total
    assert features["Complexity"][0] == pytest.approx(complexity, abs=1e-12)
    contrast = sum(n[i] * n[j] * (i - j) ** 2 for i in n for j in n) / total**2 * sum(s.values()) / total
    assert features["Contrast"][0] == pytest.approx(contrast / (len(n) * (len(n) - 1)) if len(n) > 1 else 0, abs=1e-12)


@given(
    hnp.arrays(
        np.float32,
        st.integers(1, 40),
        elements=st.floats(-2000, 2000, width=32) | st.integers(-4, 4).map(lambda k: 25.0 * k),
    ),
    st.sampled_from([25, 10, 0.5]),
)
@settings(deadline=None, max_examples=150)
def test_levels_are_bins_from_a_multiple_of_the_width(values, width):
    levels = grey_levels(values, width, None)
    lowest = values.min()
    edges = np.arange(lowest - np.mod(lowest, np.float32(width)), np.float64(values.max()) + 2 * width, width)
    np.testing.assert_array_equal(levels, np.digitize(values, edges))
    assert levels.min() == 1
