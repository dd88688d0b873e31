"""Tables of features from other hands: what is taken, what is left out and said, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from CervixRiskLib.cohort import load_cohort, load_features_cohort, load_given_features, read_feature_rows
from CervixRiskLib.cohort.cohort_checks import check_split_outcomes
from CervixRiskLib.errors import CohortError


@pytest.fixture
def frame():
    """Twelve cases with four features; the outcome alternates."""
    rng = np.random.default_rng(3)
    values = pd.DataFrame(rng.normal(size=(12, 4)), columns=[f"original_glcm_{name}" for name in "abcd"])
    values.insert(0, "outcome", [0, 1] * 6)
    values.index = [f"P{place}" for place in range(12)]
    return values


@pytest.fixture
def written(tmp_path):
    def write(table, name="features.csv", **more):
        path = tmp_path / name
        if name.endswith(".parquet"):
            table.reset_index(names="case_id").to_parquet(path)
        else:
            table.to_csv(path, **more)
        return path

    return write


@pytest.mark.parametrize("name", ["features.csv", "features.parquet"])
def test_a_table_is_its_own_cohort(frame, written, name):
    cohort, given = load_features_cohort(written(frame, name))
    assert cohort.case_ids == tuple(frame.index)
    assert cohort.outcomes.tolist() == frame["outcome"].tolist()
    assert cohort.clinical_names == ()
    np.testing.assert_array_equal(given.values.to_numpy(), frame.drop(columns="outcome").to_numpy())
    assert given.notes == ()
    assert not cohort.simulated


def test_identifiers_stand_first_or_are_called_case_id(frame, written):
    unnamed = load_features_cohort(written(frame))[0]
    named = load_features_cohort(written(frame.rename_axis("Patient")))[0]
    moved = frame.reset_index(names="case_id")[["original_glcm_a", "case_id", "outcome", "original_glcm_b"]]
    elsewhere, given = load_features_cohort(written(moved, index=False))
    assert unnamed.case_ids == named.case_ids == elsewhere.case_ids
    assert list(given.values) == ["original_glcm_a", "original_glcm_b"]
    with pytest.raises(CohortError, match="holds measurements"):
        load_features_cohort(written(frame.set_index("original_glcm_a")))


def test_excels_export_of_another_country_is_read(frame, written):
    path = written(frame.rename_axis("id"), sep=";", decimal=",", encoding="cp1252")
    np.testing.assert_allclose(load_features_cohort(path)[1].values, frame.drop(columns="outcome"))


def test_columns_of_a_cohort_table_keep_their_meaning(frame, written):
    frame["patient_id"] = [f"Q{place // 2}" for place in range(12)]
    frame["Center"] = ["north"] * 6 + ["south"] * 6
    frame["figo_stage"] = "IB1"
    cohort, given = load_features_cohort(written(frame))
    assert len(set(cohort.patients)) == 6
    assert set(cohort.table["center"]) == {"north", "south"}
    assert given.values.shape == (12, 4)
    assert any("figo_stage" in note for note in given.notes)


def test_what_is_no_number_is_left_out_and_said(frame, written):
    frame.insert(1, "Mask", "a/b.nrrd")
    frame["diagnostics_Versions_Numpy"] = 1.0
    frame["gaps"] = [np.nan, *range(11)]
    frame["endless"] = [np.inf, *range(11)]
    frame["typed"] = ["n.d.!", *range(11)]
    frame["huge"] = [1e200, *range(11)]
    frame["constant"] = 2.5
    _, given = load_features_cohort(written(frame))
    assert list(given.values) == [*(f"original_glcm_{name}" for name in "abcd"), "constant"]
    notes = " ".join(given.notes)
    for words in (
        "in most cases: 1 (Mask)",
        "(diagnostics_…): 1.",
        "in some case: 4 (gaps, endless, typed and 1 more)",
    ):
        assert words in notes


def test_a_damaged_row_does_not_cost_the_features(frame, written):
    frame.iloc[3, 2:] = np.nan
    path = written(frame)
    with pytest.raises(CohortError, match=r"(?s)1 of 12 rows of the feature table.*row 5 \(P3\)"):
        load_features_cohort(path)
    cohort, given = load_features_cohort(path, skip_invalid=True)
    assert "P3" not in cohort.case_ids
    assert given.values.shape == (11, 4)
    assert len(cohort.excluded) == 1


def test_rows_that_cannot_be_used_are_named(frame, written):
    frame.index = ["P0", "p0", *frame.index[2:]]
    frame["outcome"] = frame["outcome"].astype(object)
    frame.iloc[4, 0] = ""
    frame.iloc[5, 0] = "maybe"
    path = written(frame)
    with pytest.raises(CohortError, match=r"(?s)4 of 12 rows.*used again.*outcome is missing.*'maybe'"):
        load_features_cohort(path)
    assert len(load_features_cohort(path, skip_invalid=True)[0]) == 8


def test_the_outcome_is_no_feature_under_any_name(frame, written):
    frame["y"] = 1 - 2 * frame["outcome"]
    with pytest.raises(CohortError, match="repeats the outcome in y"):
        load_features_cohort(written(frame))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.drop(columns="outcome"), "no column 'outcome'"),
        (lambda table: table.assign(outcome=1), "All 12 cases have outcome 1"),
        (lambda table: table[["outcome"]], "no column of numbers"),
        (lambda table: table.mask(np.eye(12, 5, k=1, dtype=bool)), "every column misses some"),
        (lambda table: table.iloc[:0], "holds no case"),
        (lambda table: table.set_index("outcome"), "first column of the feature table is the outcome"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(frame, written, change, words):
    with pytest.raises(CohortError, match=words):
        load_features_cohort(written(change(frame)))


def test_a_file_that_is_no_table_says_so(tmp_path):
    with pytest.raises(CohortError, match="feature table does not exist"):
        load_features_cohort(tmp_path / "none.csv")
    with pytest.raises(CohortError, match="feature table does not exist"):
        load_features_cohort(tmp_path / "none.parquet")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 or not")
    with pytest.raises(CohortError, match="not a readable Parquet"):
        load_features_cohort(tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_bytes(b"")
    with pytest.raises(CohortError, match="The feature table is empty"):
        load_features_cohort(tmp_path / "a.csv")


# -- beside a cohort --------------------------------------------------------------------------------------------------


@pytest.fixture
def cohort(tmp_path):
    table = pd.DataFrame(
        {"case_id": [f"P{place}" for place in range(11, 1, -1)], "plnm": [1, 0] * 5, "age": range(40, 50)}
    )
    table.to_csv(tmp_path / "cohort.csv", index=False)
    return load_cohort(tmp_path / "cohort.csv", outcome="plnm", require_image=False)


def test_features_join_a_cohort_without_images(frame, written, cohort):
    frame["age"] = 1.0
    frame["PLNM"] = frame.pop("outcome")
    joined, given = load_given_features(written(frame), cohort, outcome="plnm")
    assert joined.case_ids == cohort.case_ids
    np.testing.assert_array_equal(given.values["original_glcm_a"], frame["original_glcm_a"].loc[list(cohort.case_ids)])
    assert list(given.values) == [f"original_glcm_{name}" for name in "abcd"]
    assert any("not in the cohort: 2." in note for note in given.notes)
    assert joined.clinical_names == ("age",)


def test_cases_without_features_are_named(frame, written, cohort):
    path = written(frame.drop(index=["P5", "P6"]))
    with pytest.raises(CohortError, match=r"(?s)2 of 10 rows.*P6: it has no features"):
        load_given_features(path, cohort, outcome="plnm")
    joined, given = load_given_features(path, cohort, outcome="plnm", skip_invalid=True)
    assert len(joined) == len(given.values) == 8
    assert [problem.case_id for problem in joined.excluded] == ["P6", "P5"]


def test_identifiers_of_another_kind_are_told(frame, written, cohort):
    frame.index = range(12)
    with pytest.raises(CohortError, match=r"No case of the cohort is in the feature table.*0, 1, 2 and 9 more"):
        load_given_features(written(frame), cohort, outcome="plnm")


def test_images_are_still_asked_for_without_features(tmp_path, cohort):
    with pytest.raises(CohortError, match="no columns image, roi"):
        load_cohort(tmp_path / "cohort.csv", outcome="plnm")


def test_rows_to_answer_keep_their_gaps(frame, written):
    frame.iloc[2, 1] = np.nan
    frame["rbc_count"] = "4.1"
    rows = read_feature_rows(written(frame), ["original_glcm_b", "original_glcm_a"], ["rbc_count"])
    assert list(rows.values) == ["original_glcm_b", "original_glcm_a"]
    assert np.isnan(rows.values.loc["P2", "original_glcm_a"])
    assert rows.clinical[0] == {"rbc_count": "4.1"}
    with pytest.raises(CohortError, match="lacks what the model needs: other"):
        read_feature_rows(written(frame), ["other"])


def test_a_table_in_which_nothing_varies_is_refused_as_such(frame, written):
    frame.iloc[:, 1:] = 1.5
    with pytest.raises(CohortError, match="there is nothing to learn"):
        load_features_cohort(written(frame))


def test_a_part_of_the_tables_own_split_needs_both_outcomes(frame, written):
    frame["split"] = ["train"] * 11 + ["test"]
    with pytest.raises(CohortError, match="only cases with outcome 1 into test"):
        check_split_outcomes(load_features_cohort(written(frame))[0].table)
    frame["split"] = ["train"] * 10 + ["test"] * 2
    check_split_outcomes(load_features_cohort(written(frame))[0].table)


def test_outcomes_with_a_decimal_comma(frame, written):
    frame["outcome"] = frame["outcome"].astype(float)
    cohort = load_features_cohort(written(frame.rename_axis("id"), sep=";", decimal=","))[0]
    assert cohort.outcomes.tolist() == frame["outcome"].tolist()


def test_rows_that_cannot_be_used_are_told_before_columns(frame, written):
    frame["outcome"] = frame["outcome"].map({0: "benign", 1: "malignant"})
    with pytest.raises(CohortError, match="12 of 12 rows of the feature table cannot be used") as caught:
        load_features_cohort(written(frame))
    # Going on without them would go on with nothing.
    assert str(caught.value).endswith("Mend them: none is left.")
