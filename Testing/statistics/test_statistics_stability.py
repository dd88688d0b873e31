"""Stability of a selection: the definitions written out, Kuncheva's index, and the spread over simulations."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from CervixRiskLib.statistics import selection_stability


def written_out(sets, total):
    """Definition 4 and theorem 7 of Nogueira et al. 2018, one feature and one resample at a time."""
    repeats = len(sets)
    z = [[1 if feature in chosen else 0 for feature in range(total)] for chosen in sets]
    p = [sum(row[f] for row in z) / repeats for f in range(total)]
    mean_size = sum(p)
    chance = mean_size / total * (1 - mean_size / total)
    value = 1 - sum(repeats / (repeats - 1) * p[f] * (1 - p[f]) for f in range(total)) / total / chance
    parts = []
    for row in z:
        size = sum(row)
        first = sum(row[f] * p[f] for f in range(total)) / total - size * mean_size / total**2
        second = 2 * size * mean_size / total**2 - size / total - mean_size / total + 1
        parts.append((first + value / 2 * second) / chance)
    mean = sum(parts) / repeats
    return value, 4 / repeats**2 * sum((part - mean) ** 2 for part in parts)


@given(st.lists(st.sets(st.integers(0, 7)), min_size=2, max_size=8))
@settings(deadline=None, max_examples=80)
def test_equals_the_definition(sets):
    mean_size = np.mean([len(chosen) for chosen in sets])
    assume(0 < mean_size < 8)
    value, variance = written_out(sets, 8)
    found = selection_stability(sets, 8)
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.lower == pytest.approx(value - 1.959963985 * np.sqrt(variance), abs=1e-9)
    assert found.upper == pytest.approx(min(1, value + 1.959963985 * np.sqrt(variance)), abs=1e-9)
    assert found.lower <= found.value <= 1


def test_with_one_size_it_is_kunchevas_index():
    rng = np.random.default_rng(3)
    sets = [frozenset(rng.choice(40, size=9, replace=False)) for _ in range(12)]
    indices = [(len(a & b) - 81 / 40) / (9 - 81 / 40) for a, b in combinations(sets, 2)]
    assert selection_stability(sets, 40).value == pytest.approx(np.mean(indices), abs=1e-12)


def test_the_interval_is_as_wide_as_selections_vary():
    rng = np.random.default_rng(1)
    chance = np.r_[np.full(6, 0.8), np.full(34, 0.1)]
    found = [selection_stability([np.flatnonzero(rng.random(40) < chance) for _ in range(60)], 40) for _ in range(150)]
    values = np.array([one.value for one in found])
    width = np.mean([(one.upper - one.lower) / 2 / 1.96 for one in found])
    assert width == pytest.approx(values.std(), rel=0.25)
    p = chance
    truth = 1 - (p * (1 - p)).mean() / (p.mean() * (1 - p.mean()))
    covered = np.mean([one.lower <= truth <= one.upper for one in found])
    assert 0.88 <= covered <= 1.0


def test_the_ends_of_the_scale():
    same = selection_stability([["a", "b"]] * 5, 10)
    assert (same.value, same.lower, same.upper) == (pytest.approx(1), pytest.approx(1), pytest.approx(1))
    assert "1.00 (1.00 to 1.00), excellent" in same.sentence()
    rng = np.random.default_rng(0)
    chance = selection_stability([set(rng.choice(100, 10, replace=False)) for _ in range(50)], 100)
    assert chance.value == pytest.approx(0, abs=0.03)
    assert "poor" in chance.sentence()
    assert (chance.resamples, chance.features, chance.mean_selected) == (50, 100, 10)


@pytest.mark.parametrize("sets", [[], [{"a"}], [set(), set()], [{"a", "b", "c"}] * 3])
def test_where_it_is_undefined(sets):
    found = selection_stability(sets, 3)
    assert (found.value, found.lower, found.upper) == (None, None, None)
    assert "undefined" in found.sentence()


def test_more_features_than_there_are():
    with pytest.raises(ValueError, match="3 different features were chosen of 2"):
        selection_stability([{1, 2}, {3}], 2)
