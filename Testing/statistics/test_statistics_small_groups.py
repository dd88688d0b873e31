"""Table 1 for readers who do not hold the cohort: no cell tells what a single patient was like."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from CervixRiskLib.statistics import Characteristic, hide_small_groups, table_one
from CervixRiskLib.statistics.suppression import complementary_suppression

COLUMNS = (Characteristic("age", "Age", "years"), Characteristic("type", "Type", "", "category", ("a", "b", "rare")))


@pytest.fixture
def table():
    """Nine negative cases, and of two positive ones a single one has an age: 77.25."""
    rng = np.random.default_rng(1)
    ages = [*rng.normal(50, 5, 9).round(2), 77.25, np.nan]
    frame = pd.DataFrame({"age": ages, "type": [0, 0, 0, 0, 1, 1, 1, 1, 2, 0, 1]})
    return table_one(frame, COLUMNS, [0] * 9 + [1] * 2)


def test_the_value_of_a_single_case_is_told(table):
    """What has to be hidden is there."""
    assert "77.25" in table.to_frame().to_string()


def test_neither_a_cell_nor_a_subtraction_gives_the_value(table):
    hidden = hide_small_groups(table)
    row = hidden.to_frame().set_index("Characteristic").loc["Age (years)"]
    assert row["all patients, positive (n = 2)"] == "< 3 cases"
    assert row["all patients, negative (n = 9)"] == "not shown"
    assert row["all patients (N = 11)"] == table.to_frame().iloc[0, 1]
    assert list(row[["all patients p", "all patients test", "all patients SMD"]]) == ["", "", ""]
    assert row["all patients missing"] == "1"
    assert "77.25" not in hidden.to_frame().to_string()
    values = hidden.to_values()
    groups = values[(values["name"] == "age") & (values["group"] != "all")]
    assert groups[["mean", "median", "lower_quartile", "upper_quartile", "difference"]].isna().all().all()


def test_a_rare_level_is_not_counted(table):
    printed = hide_small_groups(table).to_frame().set_index("Characteristic")
    rare = printed.loc["    rare"]
    assert rare["all patients (N = 11)"] == rare["all patients, negative (n = 9)"] == "< 3 cases"
    a = printed.loc["    a"]
    assert a["all patients, positive (n = 2)"] == "< 3 cases"
    # 5 less 4 would be the hidden 1, and the 5 and the 5 of a and b, taken from 11, the 1 of the rare ones.
    assert a["all patients, negative (n = 9)"] == "not shown"
    assert "not shown" in set(printed.loc[["    a", "    b"], "all patients (N = 11)"])
    assert printed.loc["Type", "all patients p"] == ""


def test_a_binary_rows_sum_is_kept_and_its_counts_are_not():
    frame = pd.DataFrame({"yes": [0] * 18 + [1] * 2 + [0] * 16 + [1] * 4})
    found = hide_small_groups(table_one(frame, [Characteristic("yes", "Invasion", "", "binary")], [0] * 20 + [1] * 20))
    row = found.to_frame().set_index("Characteristic").loc["Invasion: yes"]
    assert row["all patients (N = 40)"] == "6 (15.0 %)"
    assert row["all patients, negative (n = 20)"] == "< 3 cases"
    assert row["all patients, positive (n = 20)"] == "not shown"
    assert list(row[["all patients p", "all patients test", "all patients SMD"]]) == ["", "", ""]


def test_who_lacks_what_nearly_all_have_is_hidden_too():
    frame = pd.DataFrame({"yes": [1] * 19 + [0] + [1] * 12 + [0] * 8})
    found = hide_small_groups(table_one(frame, [Characteristic("yes", "Invasion", "", "binary")], [0] * 20 + [1] * 20))
    row = found.to_frame().iloc[0]
    assert row["all patients, negative (n = 20)"] == row["all patients, positive (n = 20)"] == "not shown"


@pytest.mark.parametrize("seed", range(40))
def test_no_small_count_follows_from_the_sums(seed):
    """Independent of the graph: the sums as linear equations, whose solutions must differ in every small cell."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(2, 6), rng.integers(2, 5)
    counts = rng.poisson(rng.choice([1.0, 2.0, 4.0]), (rows, columns))
    counts[0, 0] = 2
    counts = np.column_stack([counts.sum(axis=1), counts])
    small = (counts > 0) & (counts < 3)
    hidden = complementary_suppression(counts, small)
    assert (hidden | ~small).all()
    places = np.argwhere(hidden)
    # Each row: its total less its groups; each column: its levels.
    of_rows = [[(1 if c == 0 else -1) * (r == row) for r, c in places] for row in range(rows)]
    of_columns = [[int(c == column) for _, c in places] for column in range(columns + 1)]
    _, sizes, directions = np.linalg.svd(np.array(of_rows + of_columns, dtype=float))
    free = directions[(sizes > 1e-9).sum() :]
    for number, (row, column) in enumerate(places):
        if small[row, column]:
            assert np.abs(free[:, number]).max(initial=0) > 1e-9


def test_a_small_side_of_the_split_hides_the_comparison_with_the_other(table):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"age": rng.normal(50, 5, 22)})
    sides = ["training"] * 20 + ["test"] * 2
    found = hide_small_groups(table_one(frame, COLUMNS[:1], [0, 1] * 11, split=sides)).to_frame().iloc[0]
    assert found["test (N = 2)"] == found["test, positive (n = 1)"] == "< 3 cases"
    assert found["training against test SMD"] == ""
    assert found["training SMD"] != ""
    assert "cases" not in found["training (N = 20)"]


def test_large_groups_are_left_as_they_are():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"age": rng.normal(50, 5, 40), "type": np.arange(40) % 3})
    table = table_one(frame, COLUMNS, np.arange(40) % 2)
    assert hide_small_groups(table) is table
