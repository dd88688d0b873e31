"""Table 1: R's tests and shares, standardised differences from their formulas, and cohorts with little in them."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact, hypergeom

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import Characteristic, table_one
from CervixRiskLib.statistics.fisher_exact import freeman_halton
from CervixRiskLib.statistics.group_tests import compare_counts, compare_values, looks_normal
from CervixRiskLib.statistics.standardised_difference import (
    standardised_mean_difference,
    standardised_share_difference,
)

COLUMNS = [
    Characteristic("diameter", "Maximum diameter", "mm"),
    Characteristic("red_cells", "RBC count", "10^12/L"),
    Characteristic("age", "Age", "years", kind="count"),
    Characteristic("marker", "Marker", kind="binary"),
    Characteristic("stage", "Stage", kind="category", levels=("I", "II", "III")),
]


@pytest.fixture(scope="module")
def table(clinical):
    return table_one(clinical, COLUMNS, clinical["outcome"])


def row_of(table, name, level=None):
    return next(row for row in table.rows if row.characteristic.name == name and row.level == level)


@pytest.mark.parametrize("name", ["diameter", "red_cells", "age"])
def test_numbers_equal_r(table, tables, name):
    expected, row = tables["numbers"][name], row_of(table, name)
    normal = min(expected["shapiro"]) >= 0.05
    assert row.normal == normal
    found = row.comparisons[0]
    assert found.test.name == ("Student's t" if normal else "Mann-Whitney U")
    assert found.test.p_value == pytest.approx(expected["t" if normal else "rank"], rel=1e-9)
    assert found.difference == pytest.approx(expected["difference"], rel=1e-9)
    cells = row.cells[1:]
    np.testing.assert_allclose([cell.mean for cell in cells], expected["mean"])
    np.testing.assert_allclose([cell.standard_deviation for cell in cells], expected["sd"])
    quartiles = [[cell.lower_quartile, cell.median, cell.upper_quartile] for cell in cells]
    np.testing.assert_allclose(np.ravel(quartiles), expected["quartiles"])


def test_both_kinds_of_numbers_are_in_the_data(table):
    assert {row.normal for row in table.rows} == {True, False, None}


def test_both_tests_equal_r_on_every_number(clinical, tables):
    positive = clinical["outcome"] == 1
    for name, expected in tables["numbers"].items():
        a, b = clinical[name][~positive].to_numpy(float), clinical[name][positive].to_numpy(float)
        assert compare_values([a, b], normal=True).p_value == pytest.approx(expected["t"], rel=1e-9)
        assert compare_values([a, b], normal=False).p_value == pytest.approx(expected["rank"], rel=1e-9)
        few = [a[:7] + np.arange(1, 8) / 1e4, b[:6] + np.arange(1, 7) / 3e4]
        exact = compare_values(few, normal=False)
        assert exact.name == "Mann-Whitney U (exact)"
        assert exact.p_value == pytest.approx(expected["exact"], rel=1e-9)


def test_three_groups_equal_r(clinical, tables):
    groups = [clinical[clinical["stage"] == stage] for stage in ("I", "II", "III")]
    found = compare_values([group["red_cells"].to_numpy() for group in groups], normal=True)
    assert found.name == "analysis of variance"
    assert found.p_value == pytest.approx(tables["three_groups"]["variance"], rel=1e-9)
    found = compare_values([group["diameter"].to_numpy() for group in groups], normal=False)
    assert found.name == "Kruskal-Wallis"
    assert found.p_value == pytest.approx(tables["three_groups"]["rank"], rel=1e-9)


def test_categories_equal_r(table, tables):
    stage = row_of(table, "stage").comparisons[0]
    assert stage.test.name == "chi-square"
    assert stage.test.p_value == pytest.approx(tables["categories"]["stage"], rel=1e-9)
    assert stage.difference == pytest.approx(tables["categories"]["stage_difference"], rel=1e-9)
    marker = row_of(table, "marker", "yes").comparisons[0]
    assert marker.test.p_value == pytest.approx(tables["categories"]["marker"], rel=1e-9)


def test_the_exact_test_equals_r(tables):
    for case in tables["fisher"]:
        counts = np.array(case["counts"])
        assert freeman_halton(counts).p_value == pytest.approx(case["p"], rel=1e-9)
        assert freeman_halton(counts.T[::-1]).p_value == pytest.approx(case["p"], rel=0.15)
    wide = freeman_halton(np.array(tables["fisher_wide"]["counts"]))
    expected = tables["fisher_wide"]["p"]
    assert wide.drawn == 9999
    assert abs(wide.p_value - expected) < 5 * np.sqrt(expected / 9999)


@given(st.lists(st.integers(0, 12), min_size=4, max_size=4))
@settings(deadline=None, max_examples=60)
def test_the_exact_test_of_four_cells_equals_scipy(cells):
    counts = np.reshape(cells, (2, 2))
    if (counts.sum(axis=0) == 0).any() or (counts.sum(axis=1) == 0).any():
        with pytest.raises(ValueError, match="not empty"):
            freeman_halton(counts)
        return
    assert freeman_halton(counts).p_value == pytest.approx(fisher_exact(counts).pvalue, rel=1e-6)


def test_the_exact_test_visits_every_table():
    counts = np.array([[3, 0], [1, 2], [0, 3], [2, 1]])
    sizes, first = counts.sum(axis=1), int(counts[:, 0].sum())
    weights = {}
    for taken in product(*(range(size + 1) for size in sizes)):
        if sum(taken) == first:
            weight, left, room = 1.0, first, int(sizes.sum())
            for value, size in zip(taken, sizes, strict=True):
                weight *= hypergeom(room, size, left).pmf(value)
                left, room = left - value, room - size
            weights[taken] = weight
    here = weights[tuple(counts[:, 0])]
    total = sum(weight for weight in weights.values() if weight <= here * (1 + 1e-7))
    assert sum(weights.values()) == pytest.approx(1)
    assert freeman_halton(counts).p_value == pytest.approx(total, rel=1e-9)


def test_the_papers_histology_is_tested_exactly_because_cells_are_sparse():
    training = np.array([[174, 57], [36, 12], [8, 7]])
    assert chi2_contingency(training, correction=False).pvalue == pytest.approx(0.167, abs=5e-4)
    assert compare_counts(training).name == "Fisher-Freeman-Halton"
    assert compare_counts(np.array([[0, 3], [4, 1]])).name == "Fisher's exact"


def test_normality_is_refused_by_one_group_alone():
    rng = np.random.default_rng(0)
    bell, tail = rng.normal(size=60), np.exp(rng.normal(size=60))
    assert looks_normal([bell, bell + 1])
    assert not looks_normal([bell, tail])
    assert not looks_normal([bell, np.ones(60)])
    assert not looks_normal([bell, bell[:2]])


def test_standardised_differences():
    a, b = np.array([1.0, 2, 3, 4]), np.array([2.0, 4, 6, 8])
    assert standardised_mean_difference(a, b) == pytest.approx(2.5 / np.sqrt((5 / 3 + 20 / 3) / 2))
    assert standardised_mean_difference(b, a) == -standardised_mean_difference(a, b)
    assert standardised_mean_difference([3, 3, 3], [3, 3]) == 0
    assert np.isnan(standardised_mean_difference([3, 3], [4, 4]))
    assert np.isnan(standardised_mean_difference([3], [4, 5]))
    # Shares .2 and .5: (.5 - .2) / sqrt((.16 + .25) / 2)
    assert standardised_share_difference([[8, 5], [2, 5]]) == pytest.approx(0.3 / np.sqrt(0.205))
    assert standardised_share_difference([[2, 5], [8, 5]]) == pytest.approx(-0.3 / np.sqrt(0.205))
    assert standardised_share_difference([[4, 8], [0, 0], [2, 4]]) == 0
    assert np.isnan(standardised_share_difference([[4, 0], [2, 0]]))
    assert np.isnan(standardised_share_difference([[4, 0], [0, 3]]))


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=3, max_size=5), st.randoms())
@settings(deadline=None, max_examples=40)
def test_the_order_of_levels_does_not_matter(rows, shuffler):
    before = standardised_share_difference(rows)
    shuffler.shuffle(rows)
    assert standardised_share_difference(rows) == pytest.approx(before, rel=1e-9, abs=1e-9)


def test_the_printed_table(clinical):
    side = np.where(np.arange(len(clinical)) % 3 > 0, "training", "test")
    frame = clinical.copy()
    frame.loc[[0, 1, 5], "age"] = np.nan
    frame["stage"] = frame["stage"].map({"I": 0.0, "II": 1.0, "III": 2.0})
    table = table_one(frame, COLUMNS, frame["outcome"], group_names=("N0", "N+"), split=side)
    printed = table.to_frame()
    assert list(printed["Characteristic"]) == [
        "Maximum diameter (mm)",
        "RBC count (10^12/L)",
        "Age (years)",
        "Marker: yes",
        "Stage",
        "    I",
        "    II",
        "    III",
    ]
    training = frame[side == "training"]
    heads = list(printed.columns)
    positives = int(training["outcome"].sum())
    assert heads[1:4] == [
        f"training (N = {len(training)})",
        f"training, N0 (n = {len(training) - positives})",
        f"training, N+ (n = {positives})",
    ]
    assert heads[-3:] == ["training against test p", "training against test test", "training against test SMD"]
    assert printed.map(lambda cell: isinstance(cell, str) and "nan" not in cell.lower()).to_numpy().all()
    third = int((training["stage"] == 2).sum())
    assert printed.loc[7, heads[1]] == f"{third} ({100 * third / len(training):.1f} %)"
    missing = int(training["age"].isna().sum())
    assert missing > 0
    assert printed.loc[2, "training missing"] == str(missing)
    cells = training["red_cells"]
    assert printed.loc[1, heads[1]] == f"{cells.mean():.2f} ± {cells.std():.2f}"
    values = table.to_values()
    assert len(values) == 8 * 6 + 5
    across = values[(values["group"] == "") & (values["name"] == "marker")].iloc[0]
    counts = pd.crosstab(frame["marker"], side)
    assert across["p_value"] == pytest.approx(chi2_contingency(counts, correction=False).pvalue)
    assert values.notna().sum().min() > 0
    assert not values.map(lambda cell: isinstance(cell, float) and np.isnan(cell)).to_numpy().any()


def test_decimals_follow_the_spread():
    frame = pd.DataFrame({"large": [12000.0, 15000, 90000, 11000], "small": [0.0012, 0.0015, 0.0019, 0.0011]})
    columns = [Characteristic(name, name) for name in frame]
    printed = table_one(frame, columns, [0, 1, 0, 1]).to_frame()["all patients (N = 4)"]
    assert "." not in printed[0]
    assert "0.001" in printed[1]
    assert "0.00 " not in printed[1]


@pytest.mark.filterwarnings("error")
def test_cohorts_with_little_in_them_are_described():
    nothing = np.nan
    frame = pd.DataFrame(
        {
            "constant": [2.0, 2, 2, 2, 2, 2],
            "one_group": [nothing, nothing, nothing, 1.0, 2.0, 4.0],
            "empty": [nothing] * 6,
            "apart": [1.0, 1, 1, 5, 5, 5],
            "yes": [0.0, 0, 0, 1, 1, nothing],
            "kind": [0.0, 1, 0, nothing, nothing, nothing],
            "words": ["a", "b", None, "a", "a", "c"],
        }
    )
    kinds = {"yes": "binary", "kind": "category", "words": "category"}
    columns = [Characteristic(name, name, kind=kinds.get(name, "continuous")) for name in frame]
    outcome = np.array([0, 0, 0, 1, 1, 1])
    for split in (None, ["training", "training", "test", "training", "test", "test"], ["training"] * 6):
        table = table_one(frame, columns, outcome, split=split)
        printed = table.to_frame()
        assert printed.map(lambda cell: isinstance(cell, str) and "nan" not in cell.lower()).to_numpy().all()
        table.to_values()
    whole = table_one(frame, columns, outcome)
    assert row_of(whole, "constant").comparisons[0].test.name == "none: one value throughout"
    assert row_of(whole, "one_group").comparisons[0].test.name == "none: a group has no value"
    assert row_of(whole, "one_group").cells[1].cases == 0
    apart = row_of(whole, "apart").comparisons[0]
    assert apart.test.name == "Mann-Whitney U"
    assert apart.difference is None
    assert [row.level for row in whole.rows if row.characteristic.name == "words"] == [None, "a", "b", "c"]
    for size in (1, 2, 3):
        table_one(frame[:size], columns, outcome[:size]).to_frame()
    one_sided = table_one(frame, columns, np.zeros(6, dtype=int))
    assert "none: a group has no value" in set(one_sided.to_frame()["all patients test"])


def test_what_cannot_be_described_is_told(clinical):
    with pytest.raises(TrainingError, match='"stage" is not a number in 160 of 160'):
        table_one(clinical, [Characteristic("stage", "Stage")], clinical["outcome"])
    stage = Characteristic("stage", "Stage", kind="category", levels=("I", "II"))
    with pytest.raises(TrainingError, match='"stage" holds none of its levels in'):
        table_one(clinical, [stage], clinical["outcome"])
    with pytest.raises(TrainingError, match='no column "weight"'):
        table_one(clinical, [Characteristic("weight", "Weight")], clinical["outcome"])
    with pytest.raises(TrainingError, match="from 0 to 1"):
        table_one(clinical, COLUMNS, clinical["outcome"] + 1)
    with pytest.raises(TrainingError, match="training, test"):
        table_one(clinical, COLUMNS, clinical["outcome"], split=["train"] * len(clinical))
    with pytest.raises(TrainingError, match="no cases"):
        table_one(clinical[:0], COLUMNS, [])


def test_decimals_follow_the_spread_and_not_an_outlier():
    values = {
        "alp": np.arange(47.0, 67.0),
        "eosinophils": np.r_[np.linspace(0.02, 0.12, 19), 900],
        "births": [1, 2] * 10,
    }
    kinds = {"births": "count"}
    columns = [Characteristic(name, name, kind=kinds.get(name, "continuous")) for name in values]
    printed = table_one(pd.DataFrame(values), columns, [0, 1] * 10).to_frame().iloc[:, 1]
    assert list(printed) == ["56.50 ± 5.92", "0.073 [0.046; 0.099]", "1.5 [1.0; 2.0]"]
