"""The record that a training leaves for its report: the same numbers, and nobody's name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from CervixRiskLib.bundle.acquisition_record import recording_words
from CervixRiskLib.bundle.study_file import load_study, study_bytes
from CervixRiskLib.bundle.study_record import TEST, TRAINING, ModelTable
from CervixRiskLib.imaging import SlicePreprocessing
from CervixRiskLib.networks import TrainingPlan
from CervixRiskLib.staging import StagingSettings, load_staging_cohort, train
from CervixRiskLib.statistics import auc

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

SETTINGS = StagingSettings(
    networks=("shufflenet_v2_x1_0", "densenet121"),
    weights="none",
    plan=replace(TrainingPlan.published(), epochs=1, batch_size=8, learning_rate=0.02),
    preprocessing=SlicePreprocessing(size=32, clahe_clip=0.0),
    field_of_view_mm=60.0,
    device="cpu",
    skip_invalid=True,
)


@pytest.fixture(scope="module")
def result(tmp_path_factory, write_disc_cohort):
    folder = tmp_path_factory.mktemp("record")
    table = write_disc_cohort(folder / "cohort", 24)
    lines = table.read_text(encoding="utf-8").splitlines()
    added = ["center,age,histology"] + [
        f"{'Nord' if row % 2 else 'West'},{40 + row},{0 if row < 14 else 1}" for row in range(24)
    ]
    lines = [f"{line},{more}" for line, more in zip(lines, added, strict=True)]
    lines.append("lost,gone.png,1,,1.0,Nord,50,1")
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return train(load_staging_cohort(table, SETTINGS), SETTINGS, folder / "model.zip")


def test_the_bundle_holds_the_record(result):
    stored = load_study(result.bundle_path).record
    assert study_bytes(stored) == study_bytes(result.record)


def test_the_recording_is_looked_at_in_the_cases_that_are_trained_on(result):
    found = result.record.acquisition
    assert found.cases == 24 - len(result.record.case_set(TEST).outcomes)
    assert found.sentence() in result.record.notes
    assert recording_words(result.manifest)[0].removeprefix("Warning: ") == found.sentence()


def test_every_network_is_there_with_the_auc_that_was_reported(result):
    record = result.record
    truth = np.array(record.case_set(TEST).outcomes)
    models = record.models_of(ModelTable.NETWORKS, "honest", TEST)
    assert [record.details["networks"][model.name] for model in models] == list(SETTINGS.networks)
    for model, network in zip(models, result.networks, strict=True):
        assert auc(truth, np.array(model.scores[0])) == pytest.approx(network.evaluation.metric("auc").value)
        accuracy = np.mean(np.array(model.predicted[0]) == truth)
        assert accuracy == pytest.approx(network.evaluation.metric("accuracy").value)
        logits = np.array(record.details["logits"][model.name])
        assert np.array_equal(logits.argmax(axis=1), model.predicted[0])
        assert len(record.training_curves[model.name]) == SETTINGS.plan.epochs


def test_the_order_is_not_the_tables_and_no_name_is_told(result):
    truth = result.record.case_set(TEST).outcomes
    assert sorted(truth) == sorted(result.networks[0].evaluation.truth)
    assert list(truth) != list(result.networks[0].evaluation.truth)
    text = study_bytes(result.record).decode()
    for told in ("c00", "Nord", "West", "gone.png", "lost"):
        assert told not in text


def test_the_flow_adds_up_to_the_cases(result):
    first, *steps = result.record.flow
    assert first.remaining == 25
    for before, step in zip(result.record.flow, steps, strict=False):
        assert before.remaining - step.left == step.remaining
        assert sum(step.reasons.values()) == step.left
    assert steps[0].reasons == {"image or contour missing": 1}
    assert steps[-1].left == len(result.record.case_set(TEST).outcomes)


def test_the_cohort_is_described_by_group_and_side(result):
    frame = result.record.table_one.to_frame()
    text = frame.to_string()
    assert "Age" in text or "age" in text
    assert "Squamous" in text
    heads = " ".join(frame.columns)
    assert "surgery" in heads
    assert "test" in heads


def test_cross_validated_cases_are_called_training(tmp_path, write_disc_cohort):
    table = write_disc_cohort(tmp_path / "cohort", 20)
    settings = replace(SETTINGS, networks=SETTINGS.networks[:1], validation="cv", folds=2)
    record = train(load_staging_cohort(table, settings), settings, tmp_path / "model.zip").record
    assert [cases.name for cases in record.case_sets] == [TRAINING]
    assert len(record.case_sets[0].outcomes) == 20
    assert [name.rsplit(", ", 1)[1] for name in record.training_curves] == ["fold 1", "fold 2"]
    assert record.table_one is None
    assert record.acquisition.cases == 20
