"""The study record: in the bundle and in the run's folder, whole or refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from CervixRiskLib.bundle import BundleManifest, load_bundle, write_bundle
from CervixRiskLib.bundle.study_file import load_study, study_bytes, write_run
from CervixRiskLib.bundle.study_record import (
    STUDY_NAME,
    TRAINING,
    CaseSet,
    FlowStep,
    JudgedModel,
    ModelTable,
    RecordTable,
    StudyRecord,
)
from CervixRiskLib.errors import BundleError


@pytest.fixture(scope="module")
def record() -> StudyRecord:
    frame = pd.DataFrame({"variable": ["Age", "Diameter"], "p": [0.123456789, np.nan], "n": [3, 4]})
    scores = ((0.1234567891, 0.5, 1.0),)
    return StudyRecord(
        "plnm",
        (CaseSet(TRAINING, (0, 1, 1), (0, 1, 2), {"Centre": ("A", "B", "")}),),
        (
            JudgedModel("nomogram", ModelTable.MODELS.value, "honest", TRAINING, scores, ((0, 1, 1),)),
            JudgedModel("MLP", ModelTable.FUSION_CLASSIFIERS.value, "honest", TRAINING, ((0.0, 1e-12, 1.0),)),
        ),
        (FlowStep("Rows in the table", 5), FlowStep("Usable", 3, 2, {"no contour": 2})),
        table_one=RecordTable.from_frame(frame, ("a note",)),
    )  # fmt: skip


@pytest.fixture
def bundle_path(tmp_path: Path, manifest: BundleManifest, record: StudyRecord) -> Path:
    return write_bundle(tmp_path / "model.zip", manifest, files={STUDY_NAME: study_bytes(record)})


def test_a_bundle_gives_its_record_back(bundle_path, manifest, record):
    study = load_study(bundle_path)
    assert study.manifest == manifest
    assert study.run is None
    found = study.record
    nomogram = found.models_of(ModelTable.MODELS, "honest", TRAINING)
    assert [model.name for model in nomogram] == ["nomogram"]
    assert nomogram[0].scores == ((0.123457, 0.5, 1.0),)
    assert found.case_set(TRAINING) == record.case_sets[0]
    assert found.flow == record.flow
    with pytest.raises(KeyError):
        found.case_set("test")


def test_a_table_survives_with_its_gaps(bundle_path):
    table = load_study(bundle_path).record.table_one
    assert table.notes == ("a note",)
    frame = table.to_frame()
    assert list(frame.columns) == ["variable", "p", "n"]
    assert frame["variable"].tolist() == ["Age", "Diameter"]
    assert frame["p"].iloc[0] == pytest.approx(0.123457)
    assert pd.isna(frame["p"].iloc[1])
    assert frame["n"].tolist() == [3, 4]


def test_a_run_folder_tells_the_same_study(bundle_path, tmp_path):
    bundle = load_bundle(bundle_path)
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "index.html").write_text("here before")
    folder = write_run(tmp_path / "report", bundle)
    study = load_study(folder)
    assert study.record == load_study(bundle_path).record
    assert study.bundle_hash == bundle.hash
    assert study.run == folder
    assert (folder / "index.html").read_text() == "here before"


def test_a_run_whose_record_was_changed_is_refused(bundle_path, tmp_path):
    folder = write_run(tmp_path / "report", load_bundle(bundle_path))
    path = folder / STUDY_NAME
    path.write_bytes(path.read_bytes().replace(b"0.123457", b"0.923457"))
    with pytest.raises(BundleError, match=r"study\.json does not belong"):
        load_study(folder)


@pytest.mark.parametrize("name", ["bundle.json", "study.json"])
def test_a_run_that_lacks_a_file_is_refused_in_a_sentence(bundle_path, tmp_path, name):
    folder = write_run(tmp_path / "report", load_bundle(bundle_path))
    (folder / name).unlink()
    with pytest.raises(BundleError, match=rf"lacks {name}"):
        load_study(folder)


def test_a_run_of_a_later_version_is_refused(bundle_path, tmp_path):
    folder = write_run(tmp_path / "report", load_bundle(bundle_path))
    (folder / "run.json").write_text('{"cervixrisk_run": 2}')
    with pytest.raises(BundleError, match="newer version"):
        load_study(folder)


def test_a_bundle_without_a_record_says_so(tmp_path, manifest):
    path = write_bundle(tmp_path / "old.zip", manifest)
    with pytest.raises(BundleError, match="no study record"):
        load_study(path)
    with pytest.raises(BundleError, match="no study record"):
        write_run(tmp_path / "report", load_bundle(path))
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: content.update(version=99), "newer version"),
        (lambda content: content.update(surprise=1), "damaged"),
        (lambda content: content["models"][0].update(cases="nobody"), "do not match its cases"),
        (lambda content: content["models"][0]["scores"][0].pop(), "do not match its cases"),
        (lambda content: content["case_sets"][0]["patients"].pop(), "differ in length"),
        (lambda content: content["models"][0].update(scores=[["high", 1, 2]]), "damaged"),
        (lambda content: content["models"][0].update(probability=True, scores=[[0.1, 0.5, 1.5]]), "outside 0 to 1"),
        (lambda content: content["models"][0].update(probability=True, scores=[[-0.1, 0.5, 1]]), "outside 0 to 1"),
        (lambda content: content["models"][0].update(scores=[[float("nan"), 0.5, 1]]), "not valid JSON"),
        (lambda content: content["models"][0].update(scores=[[1e400, 0.5, 1]]), "not valid JSON"),
        (lambda content: content["models"][0].update(scores=[]), "lacks the answers of a repeat"),
        (lambda content: content["models"][0]["scores"].append([0, 0.5, 1]), "lacks the answers of a repeat"),
        (lambda content: content["models"][0].update(predicted=[[0, 1, 2]]), "a group that it does not know"),
        (lambda content: content["case_sets"][0].update(outcomes=[0, 1, 7]), "of no group"),
        (lambda content: content["case_sets"].append(content["case_sets"][0]), "twice"),
        (lambda content: content.update(feature_frequency={"Age": 1.2}), "outside 0 to 1"),
    ],
)
def test_a_damaged_record_is_refused(tmp_path, manifest, record, change, sentence):
    content = json.loads(study_bytes(record))
    change(content)
    path = write_bundle(tmp_path / "model.zip", manifest, files={STUDY_NAME: json.dumps(content).encode()})
    with pytest.raises(BundleError, match=sentence):
        load_study(path)


def test_a_score_that_is_not_a_number_is_not_written(record):
    broken = dataclasses.replace(record.models[0], scores=((float("nan"), 0.5, 1.0),))
    with pytest.raises(BundleError, match="damaged"):
        study_bytes(dataclasses.replace(record, models=(broken,)))
