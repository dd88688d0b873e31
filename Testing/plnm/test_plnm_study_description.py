"""The flow of cases and the tables of the cohort, from a table in which not every row can be used."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from CervixRiskLib.cohort import ClinicalColumn, load_cohort, load_given_features
from CervixRiskLib.plnm import TrainingSettings
from CervixRiskLib.plnm.case_table import given_case_table
from CervixRiskLib.plnm.study_description import _characteristics, _odds_ratios, _told_by_table_one, flow_of_cases


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Forty rows: one without outcome, two without features; ten of the others are for the test."""
    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(8)
    names = [f"K{place}" for place in range(40)]
    table = pd.DataFrame({"case_id": names, "outcome": np.arange(40) % 2, "age": rng.normal(50, 9, 40).round()})
    table["rbc_count"] = (4.5 - 0.8 * (np.arange(40) % 2) + rng.normal(0, 0.3, 40)).round(2)
    table.loc[5, "age"] = np.nan
    table["split"] = ["test"] * 10 + ["train"] * 30
    table["outcome"] = table["outcome"].astype(object)
    table.loc[12, "outcome"] = ""
    table.to_csv(folder / "cohort.csv", index=False)
    features = pd.DataFrame(rng.normal(size=(38, 3)), index=names[:38], columns=["x_glcm_A", "x_glcm_B", "x_shape_C"])
    features.to_csv(folder / "features.csv")
    cohort = load_cohort(folder / "cohort.csv", require_image=False, skip_invalid=True)
    joined, given = load_given_features(folder / "features.csv", cohort, skip_invalid=True)
    cases = given_case_table(joined, given, TrainingSettings(networks=()))
    test = np.flatnonzero(joined.table["split"] == "test")
    return joined, cases, np.setdiff1d(np.arange(len(cases.y)), test), test


def test_the_flow_adds_up_and_names_no_case(study):
    joined, cases, train, test = study
    flow = flow_of_cases(joined, cases, train, test)
    assert [(step.label, step.remaining, step.left) for step in flow] == [
        ("Rows of the cohort table", 40, 0), ("Usable rows", 37, 3), ("Training cases", 27, 10),
    ]  # fmt: skip
    assert flow[1].reasons == {"features missing": 2, "outcome missing or not usable": 1}
    assert flow[2].reasons == {"held out for testing": 10}
    assert "K" not in str(flow)
    assert all(sum(step.reasons.values()) == step.left for step in flow)


def test_table_one_has_both_sides(study):
    _, cases, train, test = study
    table = _characteristics(cases, train, test)
    heads = " ".join(table.columns)
    assert "training (N = 27)" in heads
    assert "test (N = 10)" in heads
    assert "test, metastasis (n = 5)" in heads
    missing = table.columns.index("test missing")
    assert {row[0]: row[missing] for row in table.rows}["Age (years)"] == "1"


def test_odds_ratios_are_the_training_cases(study):
    """Against statsmodels on the same cases."""
    statsmodels = pytest.importorskip("statsmodels.api")
    _, cases, train, _ = study
    rows = _odds_ratios(cases, train).to_frame().set_index("name")
    values = cases.cohort.table["age"].to_numpy()[train]
    plain = statsmodels.Logit(cases.y[train], statsmodels.add_constant(values)).fit(disp=0)
    assert rows.loc["age", "univariate_odds_ratio"] == pytest.approx(np.exp(plain.params[1]), rel=1e-5)
    assert rows.loc["age", "univariate_cases"] == 27
    assert rows.loc["rbc_count", "univariate_odds_ratio"] < 1


def test_table_one_shows_nothing_of_one_or_two_cases(study):
    """With one negative and one positive case held out, a median would be a patient's age."""
    _, cases, train, test = study
    kept = np.array([test[cases.y[test] == outcome][0] for outcome in (0, 1)])
    table = _characteristics(cases, train, kept)
    of_test = [place for place, head in enumerate(table.columns) if head.startswith("test") and "n = 1" in head.lower()]
    assert of_test
    age = next(row for row in table.rows if row[0] == "Age (years)")
    assert {age[place] for place in of_test} == {"< 3 cases"}


def test_the_odds_ratio_of_a_level_of_one_case_is_left_out(tmp_path):
    rng = np.random.default_rng(9)
    names = [f"K{place}" for place in range(40)]
    levels = ["common", "usual", "usual"] * 13 + ["rare"]
    table = pd.DataFrame({"case_id": names, "outcome": rng.permutation(np.arange(40) % 2), "grade": levels})
    table.to_csv(tmp_path / "cohort.csv", index=False)
    features = pd.DataFrame(rng.normal(size=(40, 2)), index=names, columns=["x_glcm_A", "x_glcm_B"])
    features.to_csv(tmp_path / "features.csv")
    cohort, given = load_given_features(
        tmp_path / "features.csv", load_cohort(tmp_path / "cohort.csv", require_image=False)
    )
    found = _odds_ratios(given_case_table(cohort, given, TrainingSettings(networks=())), np.arange(40))
    assert [row[0] for row in found.rows] == ["grade=usual"]
    assert any("rare" in note and "reference" in note for note in found.notes)


def test_what_table_one_hides_no_odds_ratio_tells():
    """Two of six adenocarcinomas have metastases: 2 follows from their odds ratio, and from that of the others."""
    column = ClinicalColumn("kind", "Kind", kind="category", levels=("squamous", "adeno", "other"))
    codes = np.repeat([0, 1, 2, 0, 1, 2], [37, 4, 3, 9, 2, 5])
    y = np.repeat([0, 1], [44, 16])
    X = pd.DataFrame({"kind=adeno": codes == 1, "kind=other": codes == 2}, dtype=float)
    assert _told_by_table_one(X, column, y) == ["kind=adeno", "kind=other"]
    assert _told_by_table_one(X, column, np.arange(60) % 2) == []
    yes = ClinicalColumn("yes", "Invasion", kind="binary")
    assert _told_by_table_one(pd.DataFrame({"yes": [1.0] * 2 + [0] * 42 + [1] * 4 + [0] * 12}), yes, y) == ["yes"]
