"""A reader study of 60 cases, two readers, a repeat and a review, from its creation to a model trained on it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pandas as pd
import pytest

from CervixRiskLib.bundle import load_bundle
from CervixRiskLib.cohort import load_cohort
from CervixRiskLib.reading import Decision, Origin, Round, all_contours, open_study, reviewed_contours

_PROGRAM = Path(__file__).parents[1] / "benchmarks" / "reader_study.py"


@pytest.fixture(scope="module")
def program():
    spec = importlib.util.spec_from_file_location("reader_study", _PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def played(program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    program.run("simulate", "ultrasound", str(folder / "cohort"), "--cases", "60", "--jobs", "1")
    study = program.ReaderStudy(folder / "cohort" / "cohort.csv", folder, second_cases=50)
    options = ("--effort", "quick", "--no-deep", "--classifier", "logistic_regression", "--jobs", "1")
    return study, study.play(options)


def test_everybody_has_drawn_and_everything_is_decided(played):
    study, answers = played
    status = answers["status"]
    assert status["cases"] == status["reviewed"] == 60
    assert status["awaiting_review"] == 0
    assert {(one["role"], one["round"]): (one["drawn"], one["total"]) for one in status["lists"]} == {
        ("primary", "initial"): (60, 60),
        ("primary", "repeat"): (50, 50),
        ("second", "initial"): (50, 50),
    }
    assert not any(status["integrity"].values())
    contours = all_contours(open_study(study.study))
    assert {contour.origin for contour in contours} == set(Origin)
    corrected = [contour for contour in contours if contour.after_return]
    assert corrected
    assert all(contour.version > 1 for contour in corrected)


def test_the_exported_cohort_holds_what_the_reviewer_decided(played, program):
    study, _ = played
    exported = load_cohort(study.folder / "reviewed" / "cohort.csv")
    original = load_cohort(study.cohort)
    assert exported.simulated
    assert sorted(exported.case_ids) == sorted(original.case_ids)
    decided = {contour.case_id: contour for contour in reviewed_contours(open_study(study.study)).values()}
    for case_id in exported.case_ids:
        assert program.load_case(exported, case_id)[1].mask_hash == decided[case_id].mask_sha256
    assert {contour.round for contour in decided.values()} == {Round.INITIAL, Round.REVIEW}
    trail = pd.read_csv(study.folder / "reviewed" / "audit_trail.csv")
    assert {decision.value for decision in Decision} <= set(trail["action"])


def test_training_takes_the_features_that_the_readers_reproduce(played):
    study, answers = played
    kept = set(pd.read_csv(study.folder / "agreement" / "reproducible_features.csv")["feature"])
    table = pd.read_csv(study.folder / "agreement" / "icc.csv", index_col="feature")
    assert kept == set(table.index[(table["inter_icc"] >= 0.75) & (table["intra_icc"] >= 0.75)])
    assert 0 < len(kept) < len(table) == 1561
    bundle = load_bundle(study.folder / "model.zip")
    chosen = {name for name in bundle.manifest.selected_features if name in table.index}
    assert chosen
    assert chosen <= kept
    assert bundle.manifest.simulated
    said = json.dumps(bundle.manifest.details["reproducibility"])
    assert open_study(study.study).settings.study_id in said
    assert answers["trained"]
