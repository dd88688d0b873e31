"""Bland-Altman: R's formulas, the printed example, coverage of the limits' intervals, and readings that cannot be."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import bland_altman

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "statistics" / "agreement.json").read_text(encoding="utf-8")
)["bland_altman"]

# Bland & Altman 1986, table 1: peak expiratory flow rate, first with the large and with the mini meter.
LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: f"n={len(case['first'])}")
def test_equals_r(case):
    found = bland_altman(case["first"], case["second"], case["level"], relative=case["relative"])
    assert found.n == len(case["first"])
    assert (found.confidence, found.relative) == (case["level"], case["relative"])
    assert [found.bias, found.sd] == pytest.approx([case["bias"], case["sd"]], rel=1e-9)
    assert [found.lower_limit, found.upper_limit] == pytest.approx(case["limits"], rel=1e-9)
    assert [found.slope, found.slope_p] == pytest.approx([case["slope"], case["slope_p"]], rel=1e-7)
    assert found.bias_interval == pytest.approx(case["bias_interval"], rel=1e-9)
    # R's non-central t is exact to some seven digits, SciPy's before 1.14 to six.
    scale = case["sd"] * 1e-5
    assert found.lower_limit_interval == pytest.approx(case["lower_interval"], abs=scale)
    assert found.upper_limit_interval == pytest.approx(case["upper_interval"], abs=scale)


def test_the_printed_example():
    found = bland_altman(LARGE, MINI)
    assert round(found.bias, 1) == -2.1
    assert round(found.sd, 1) == 38.8
    assert [round(end, 1) for end in found.bias_interval] == [-22.0, 17.8]
    np.testing.assert_array_equal(found.differences, np.subtract(LARGE, MINI))
    np.testing.assert_array_equal(found.means, np.add(LARGE, MINI) / 2)
    assert found.outside.tolist() == [difference < found.lower_limit for difference in found.differences]
    assert found.outside.sum() == 1


def test_intervals_cover_as_often_as_they_say_and_fail_alike_on_both_sides():
    """The approximate intervals of 1999 miss on the outside far more often than on the inside; these do not."""
    rng = np.random.default_rng(5)
    draws, n, level = 3000, 10, 0.9
    missed = np.zeros((3, 2))
    truth = (2.0 - 1.96 * 3.0, 2.0, 2.0 + 1.96 * 3.0)
    for _ in range(draws):
        base = rng.normal(40, 10, size=n)
        found = bland_altman(base + rng.normal(2.0, 3.0, size=n), base, level)
        intervals = (found.lower_limit_interval, found.bias_interval, found.upper_limit_interval)
        for row, (value, (low, high)) in enumerate(zip(truth, intervals, strict=True)):
            missed[row] += (value < low, value > high)
    # Four standard errors of a share of 5 %.
    np.testing.assert_allclose(missed / draws, 0.05, atol=4 * np.sqrt(0.05 * 0.95 / draws))


def test_a_difference_that_grows_with_the_size_is_found():
    rng = np.random.default_rng(2)
    size = rng.uniform(10, 80, size=60)
    grows = bland_altman(size * 1.1 + rng.normal(0, 1, 60), size + rng.normal(0, 1, 60))
    assert grows.slope == pytest.approx(0.095, abs=0.02)
    assert grows.slope_p < 1e-6
    relative = bland_altman(size * 1.1, size, relative=True)
    # 10 % more is 9.52 % of the mean, for every size.
    assert relative.bias == pytest.approx(200 * 0.1 / 2.1)
    assert relative.sd == pytest.approx(0.0, abs=1e-9)


readings = arrays(float, 8, elements=st.floats(1, 1000, width=32), unique=True)


@given(readings, readings, st.sampled_from([0.5, 0.9, 0.95, 0.999]), st.booleans())
@settings(deadline=None, max_examples=120)
def test_order_of_readers_mirrors_and_intervals_hold_their_number(first, second, level, relative):
    there, back = (bland_altman(*pair, level, relative=relative) for pair in ((first, second), (second, first)))
    scale = 1e-9 * max(1.0, abs(there.lower_limit), abs(there.upper_limit), float(np.abs(there.differences).max()))
    assert back.bias == pytest.approx(-there.bias, abs=scale)
    assert back.lower_limit == pytest.approx(-there.upper_limit, abs=scale)
    assert back.lower_limit_interval == pytest.approx(
        [-end for end in there.upper_limit_interval[::-1]], abs=10 * scale
    )
    assert there.bias_interval[0] <= there.bias <= there.bias_interval[1]
    assert there.lower_limit_interval[0] <= there.lower_limit_interval[1] <= there.bias
    assert there.bias <= there.upper_limit_interval[0] <= there.upper_limit_interval[1]
    np.testing.assert_array_equal(there.outside, back.outside)


@given(readings, readings, st.floats(0.01, 100))
@settings(deadline=None, max_examples=60)
def test_the_unit_does_not_matter(first, second, scale):
    one, other = bland_altman(first, second), bland_altman(first * scale, second * scale)
    tolerance = 1e-7 * scale * 1000
    assert other.upper_limit_interval == pytest.approx([end * scale for end in one.upper_limit_interval], abs=tolerance)
    assert other.slope == pytest.approx(one.slope, abs=1e-6)
    in_percent = [bland_altman(first * factor, second * factor, relative=True).bias for factor in (1.0, scale)]
    assert in_percent[0] == pytest.approx(in_percent[1], abs=1e-6)


def test_readings_without_spread():
    same = bland_altman([1.0, 2.0, 4.0], [1.0, 2.0, 4.0])
    assert (same.bias, same.sd, same.lower_limit, same.upper_limit) == (0, 0, 0, 0)
    assert same.slope == 0
    assert np.isnan(same.slope_p)
    assert not same.outside.any()
    offset = bland_altman([0.3, 0.6, 0.9], [0.2, 0.5, 0.8])
    assert offset.upper_limit_interval == (offset.bias, offset.bias)
    assert not offset.outside.any()
    constant = bland_altman([2.0, 3.0, 4.0], [4.0, 3.0, 2.0])
    assert np.isnan(constant.slope)
    assert np.isnan(constant.slope_p)
    assert constant.sd == 2


def test_an_exact_line_has_a_p_of_zero():
    found = bland_altman([0.0, 2.0, 4.0, 8.0], [0.0, 0.0, 0.0, 0.0])
    assert found.slope == pytest.approx(2.0)
    assert found.slope_p == pytest.approx(0.0, abs=1e-12)


def test_what_was_given_stays_and_what_is_returned_cannot_change():
    first, second = np.arange(5.0), np.arange(5.0) + 1
    found = bland_altman(first, second)
    first[0] = 99
    assert found.differences[0] == -1
    with pytest.raises(ValueError, match="read-only"):
        found.differences[0] = 5


def test_readings_that_cannot_be_compared():
    with pytest.raises(TrainingError, match="three pairs"):
        bland_altman([1, 2], [1, 2])
    with pytest.raises(TrainingError, match="2 of 4 pairs"):
        bland_altman([1, np.nan, 3, 4], [1, 2, np.inf, 4])
    with pytest.raises(TrainingError, match="above zero"):
        bland_altman([1, 0, 3], [1, 0, 3], relative=True)
    with pytest.raises(ValueError, match="no pairs"):
        bland_altman([1, 2, 3], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="confidence"):
        bland_altman([1, 2, 3], [1, 2, 4], 95)
