"""STAPLE against an expectation-maximisation written out here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from CervixRiskLib.errors import RoiError
from CervixRiskLib.imaging import Roi, staple_consensus


def disc(shape, row, column, radius):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def readers(count, seed, shape=(90, 110)):
    rng = np.random.default_rng(seed)
    return [disc(shape, 45 + rng.normal(0, 2), 55 + rng.normal(0, 2), 22 + rng.normal(0, 2)) for _ in range(count)]


def expectation_maximisation(masks, rounds):
    """Warfield 2004, equations 14, 15, 18 and 19; prior: the share of all marks; begun with the share of contours."""
    decisions = np.array(masks, float).reshape(len(masks), -1)
    prior, weight = decisions.mean(), decisions.mean(axis=0)
    for _ in range(rounds):
        sensitivity = (decisions * weight).sum(axis=1) / weight.sum()
        specificity = ((1 - decisions) * (1 - weight)).sum(axis=1) / (1 - weight).sum()
        tumour = prior * np.prod(np.where(decisions == 1, sensitivity[:, None], 1 - sensitivity[:, None]), axis=0)
        other = (1 - prior) * np.prod(np.where(decisions == 0, specificity[:, None], 1 - specificity[:, None]), axis=0)
        weight = tumour / (tumour + other)
    return weight.reshape(masks[0].shape), sensitivity, specificity


def field(masks, margin=0.25):
    union = np.any(masks, axis=0)
    rows, columns = np.flatnonzero(union.any(axis=1)), np.flatnonzero(union.any(axis=0))
    width = int(np.ceil(max(np.ptp(rows) + 1, np.ptp(columns) + 1) * margin))
    return np.s_[
        max(0, rows[0] - width) : rows[-1] + 1 + width,
        max(0, columns[0] - width) : columns[-1] + 1 + width,
    ]


@pytest.mark.parametrize(("count", "seed"), [(2, 0), (3, 1), (4, 2), (7, 3)])
def test_against_an_own_expectation_maximisation(count, seed):
    masks = readers(count, seed)
    result = staple_consensus([Roi(mask, (0.3, 0.5)) for mask in masks])
    inside = field(masks)
    weight, sensitivity, specificity = expectation_maximisation([mask[inside] for mask in masks], result.iterations)
    np.testing.assert_allclose(result.probability[inside], weight, atol=1e-6)
    np.testing.assert_allclose(result.sensitivity, sensitivity, atol=1e-9)
    np.testing.assert_allclose(result.specificity, specificity, atol=1e-9)
    np.testing.assert_array_equal(result.roi.mask[inside], weight >= 0.5)
    # More rounds change nothing that matters.
    further, _, _ = expectation_maximisation([mask[inside] for mask in masks], result.iterations + 50)
    np.testing.assert_allclose(result.probability[inside], further, atol=5e-3)
    assert result.roi.spacing_mm == (0.3, 0.5)
    assert result.probability.dtype == np.float32
    assert result.probability.shape == masks[0].shape
    assert not result.probability.flags.writeable
    outside = np.ones(masks[0].shape, bool)
    outside[inside] = False
    assert not result.probability[outside].any()


def test_a_poor_contour_is_outvoted():
    masks = [disc((100, 100), 50, 50, 20), disc((100, 100), 50, 51, 20), disc((100, 100), 51, 50, 20)]
    poor = disc((100, 100), 62, 62, 26)
    result = staple_consensus([Roi(mask) for mask in [*masks, poor]])
    assert (result.roi.mask & ~np.any(masks, axis=0)).sum() == 0
    assert np.argmin(result.sensitivity) == 3
    assert np.argmin(result.specificity) == 3


def test_identical_contours_are_their_own_consensus():
    mask = disc((40, 40), 20, 20, 9)
    result = staple_consensus([Roi(mask, (0.5, 0.5))] * 3)
    np.testing.assert_array_equal(result.roi.mask, mask)
    np.testing.assert_array_equal(result.probability, mask.astype(np.float32))
    assert result.sensitivity == result.specificity == (1.0, 1.0, 1.0)
    assert result.iterations == 0


def test_two_contours_keep_what_both_marked():
    first, second = disc((90, 90), 45, 42, 20), disc((90, 90), 45, 47, 20)
    mask = staple_consensus([Roi(first), Roi(second)]).roi.mask
    assert not (mask & ~(first | second)).any()
    assert not (first & second & ~mask).any()


def test_the_size_of_the_image_does_not_matter():
    masks = readers(3, 4)
    larger = [np.pad(mask, 80) for mask in masks]
    small, large = staple_consensus([Roi(mask) for mask in masks]), staple_consensus([Roi(mask) for mask in larger])
    np.testing.assert_array_equal(large.roi.mask[80:-80, 80:-80], small.roi.mask)
    assert small.sensitivity == large.sensitivity


def test_what_cannot_be_decided_is_said():
    mask = disc((60, 60), 30, 30, 10)
    with pytest.raises(RoiError, match="at least two"):
        staple_consensus([Roi(mask)])
    with pytest.raises(RoiError, match="at least two"):
        staple_consensus([])
    with pytest.raises(RoiError, match="no pixel in common"):
        staple_consensus([Roi(disc((60, 60), 12, 12, 6)), Roi(disc((60, 60), 45, 45, 6))])
    with pytest.raises(RoiError, match="different size"):
        staple_consensus([Roi(mask), Roi(mask[:50])])
    with pytest.raises(RoiError, match="different pixel sizes"):
        staple_consensus([Roi(mask, (1.0, 1.0)), Roi(mask, (1.0, 2.0))])


def test_contours_as_large_as_the_image():
    full = np.ones((20, 20), bool)
    part = full.copy()
    part[0, 0] = False
    result = staple_consensus([Roi(full), Roi(part)])
    assert np.isfinite(result.probability).all()
    assert np.isfinite([*result.sensitivity, *result.specificity]).all()
    assert result.roi.mask[1:].all()


def test_contours_that_hardly_overlap_have_no_consensus():
    """The estimate would deny the one pixel that both marked."""
    first, second = np.zeros((60, 60), bool), np.zeros((60, 60), bool)
    first[10:30, 10:30] = True
    second[29:50, 29:50] = True
    with pytest.raises(RoiError, match="agree too little"):
        staple_consensus([Roi(first), Roi(second)])


@settings(deadline=None, max_examples=60)
@given(st.lists(arrays(bool, (7, 8)).filter(np.any), min_size=2, max_size=4))
def test_a_consensus_keeps_what_all_marked_and_nothing_else_than_was_marked(masks):
    try:
        result = staple_consensus([Roi(mask) for mask in masks])
    except RoiError:
        return
    assert result.roi.mask[np.all(masks, axis=0)].all()
    assert np.any(masks, axis=0)[result.roi.mask].all()
    assert 0 <= result.probability.min() <= result.probability.max() <= 1
