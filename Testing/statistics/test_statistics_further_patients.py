"""What judging a model on other patients takes: the patients needed, differences, and coverage that may fail."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, ndtri

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.statistics import independent_difference, proportion, repeated_auc, validation_cases
from CervixRiskLib.statistics.proportions import Estimate

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "statistics"


@pytest.fixture(scope="module")
def values():
    return json.loads((REFERENCE / "validation.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("place", range(3))
def test_as_many_patients_are_needed_as_r_says(values, place) -> None:
    expected = values["needed"][place]
    # A normal linear predictor by its quantiles, so that nothing is drawn.
    quantiles = ndtri((np.arange(200_000) + 0.5) / 200_000)
    found = validation_cases(
        expected["prevalence"],
        expit(expected["mean"] + expected["sd"] * quantiles),
        c_statistic=expected["c_statistic"],
        patients=500,
        events=99,
    )
    assert (found.for_ratio, found.for_c_statistic) == (expected["ratio"], expected["c"])
    assert found.for_slope == pytest.approx(expected["slope"], abs=2)
    assert found.needed == max(found.for_ratio, found.for_slope, found.for_c_statistic)
    assert found.is_tiny


def test_the_published_example_of_a_c_statistic() -> None:
    # Riley et al. 2021, the heart valve example: C-statistic 0.80, 1.8 % with the outcome, an interval 0.1 wide.
    assert validation_cases(0.018, [0.02, 0.03], c_statistic=0.8, patients=1, events=0).for_c_statistic == 4252


def test_what_cannot_be_said_is_left_out() -> None:
    found = validation_cases(0.3, np.full(50, 0.3), c_statistic=0.5, patients=400, events=120)
    assert found.for_slope is None
    assert found.for_c_statistic is None
    assert found.c_statistic is None
    assert found.needed == found.for_ratio
    assert not found.is_tiny
    assert "fewer than 100" not in found.sentence()
    enough = validation_cases(0.5, np.full(50, 0.3), c_statistic=None, patients=4000, events=2000)
    assert enough.is_enough
    assert "not shown" not in enough.sentence()
    with pytest.raises(SettingsError, match="prevalence"):
        validation_cases(0.0, [0.1, 0.2], c_statistic=0.7, patients=2, events=0)


def test_a_difference_of_proportions_is_newcombes_method_10() -> None:
    # Newcombe 1998, Table II: 56/70 less 48/80 lies within 0.0524 to 0.3339.
    found = independent_difference(proportion(56, 70, method="wilson"), proportion(48, 80, method="wilson"))
    assert (found.value, found.lower, found.upper) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_a_difference_of_areas_is_that_of_r(values) -> None:
    table = np.genfromtxt(REFERENCE / "scores.csv", delimiter=",", names=True)
    half = np.arange(len(table)) % 2 == 1  # R counts from 1
    one, two = (repeated_auc(table["outcome"][side].astype(int), table["fine"][side]) for side in (half, ~half))
    found = independent_difference(*(Estimate(one.auc, one.lower, one.upper) for one in (one, two)))
    expected = values["areas"]
    assert found.value == pytest.approx(expected["difference"], abs=1e-12)
    # Ours are cut off at 1, where an area ends; R's normal interval is not.
    assert found.lower == pytest.approx(expected["lower"], abs=0.02)
    assert found.upper == pytest.approx(expected["upper"], abs=0.02)


def test_an_undefined_number_has_no_difference() -> None:
    assert math.isnan(independent_difference(Estimate(math.nan, math.nan, math.nan), Estimate(1, 0, 2)).lower)


@pytest.mark.parametrize("by_class", [False, True])
def test_coverage_holds_for_patients_of_one_kind_and_fails_for_others(by_class) -> None:
    pytest.importorskip("mapie")
    from CervixRiskLib.statistics import transferred_sets

    rng = np.random.default_rng(3)

    def draw(cases: int, shift: float, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        score = rng.normal(0, 1.5, cases)
        return (rng.random(cases) < expit(slope * score + shift)).astype(int), expit(score)

    known_y, known_p = draw(1500, 0.0)
    alike_y, alike_p = draw(4000, 0.0)
    other_y, other_p = draw(4000, -2.0, 0.4)
    kept = {"known_y": known_y, "known_probability": known_p, "class_conditional": by_class}
    alike = transferred_sets(alike_y, alike_p, **kept).summary
    other = transferred_sets(other_y, other_p, **kept).summary
    assert alike.coverage.value == pytest.approx(0.9, abs=0.02)
    assert alike.cases == 4000
    assert other.coverage.upper < 0.9


def test_patients_with_several_cases_widen_the_coverages_interval() -> None:
    pytest.importorskip("mapie")
    from CervixRiskLib.statistics import transferred_sets

    rng = np.random.default_rng(4)
    p = expit(rng.normal(0, 1.2, 60))
    y = (rng.random(60) < p).astype(int)
    kept = {"known_y": np.tile([0, 1], 100), "known_probability": np.linspace(0.02, 0.98, 200), "coverage": 0.7}
    alone = transferred_sets(y, p, **kept).summary.coverage
    copied = transferred_sets(np.repeat(y, 4), np.repeat(p, 4), np.repeat(np.arange(60), 4), **kept).summary.coverage
    assert copied.value == alone.value
    assert copied.upper - copied.lower > 0.75 * (alone.upper - alone.lower)
    with pytest.raises(SettingsError, match="between 0 and 1"):
        transferred_sets(y, p, known_y=y, known_probability=p, coverage=1.0)
