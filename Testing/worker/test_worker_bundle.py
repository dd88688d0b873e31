"""A trained bundle asked through the child process answers as it does in this one."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from CervixRiskLib.bundle import CaseInput, Prediction
from CervixRiskLib.cohort import load_cohort, load_slices
from CervixRiskLib.cohort.simulation import simulate_ultrasound
from CervixRiskLib.errors import BundleError, ClinicalValueError, RoiError
from CervixRiskLib.worker import PredictionWorker, WorkerOptions, worker_command
from CervixRiskLib.worker.predictors import open_predictor

ROOT = Path(__file__).resolve().parents[2]
CLINICAL = {"rbc_count": 4.1, "maximum_diameter": 31}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, CaseInput]:
    """A bundle without network, and a case of its cohort."""
    from CervixRiskLib.plnm import TrainingSettings, train

    folder = tmp_path_factory.mktemp("worker")
    cohort = load_cohort(simulate_ultrasound(folder / "cohort", 24, 4, prevalence=0.5, effect=2.0, jobs=1))
    settings = TrainingSettings(
        networks=(),
        effort="quick",
        classifiers=("logistic_regression",),
        clinical=("rbc_count", "maximum_diameter"),
        jobs=1,
    )
    slices = load_slices(cohort, cohort.case_ids[0])
    case = CaseInput("case", slices.images[0], slices.roi, CLINICAL)
    return train(cohort, settings, folder / "model").bundle_path, case


@pytest.fixture(scope="module")
def real_worker():
    with PredictionWorker(worker_command(sys.executable), force_cpu=True) as worker:
        yield worker


def differences(one: Prediction, other: Prediction) -> list[str]:
    """Fields that are not the same, arrays bit by bit."""
    found = []
    for field in dataclasses.fields(Prediction):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
            same = left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
        else:
            same = repr(left) == repr(right)
        found += [] if same else [field.name]
    return found


def test_the_answer_is_that_of_this_process(trained, real_worker):
    path, case = trained
    _, predictor = open_predictor(path, device="cpu")
    for heatmap in (True, False):
        expected = predictor.predict(case, heatmap=heatmap)
        assert expected.contributions
        assert differences(real_worker.ask(case, path, WorkerOptions(heatmap=heatmap)), expected) == []
    changed = dataclasses.replace(case, clinical={**CLINICAL, "rbc_count": 3.0})
    assert "probability" in differences(real_worker.ask(changed, path), predictor.predict(case))


def test_what_the_bundle_asks_for_is_told(trained, real_worker):
    path, _ = trained
    study = real_worker.load(path)
    _, predictor = open_predictor(path)
    assert study.title == "Pelvic lymph node metastasis"
    assert study.needs_roi
    assert study.channels == ("image",)
    assert study.clinical_predictors == predictor.clinical_predictors
    assert study.processor == ""
    assert study.manifest == predictor.manifest
    assert study.columns == predictor.columns


def test_refusals_keep_class_and_sentence(trained, real_worker):
    path, case = trained
    with pytest.raises(RoiError, match="delineate it first"):
        real_worker.ask(dataclasses.replace(case, roi=None), path)
    with pytest.raises(ClinicalValueError):
        real_worker.ask(dataclasses.replace(case, clinical={**CLINICAL, "rbc_count": "many"}), path)
    with pytest.raises(BundleError, match="There is no bundle"):
        real_worker.ask(case, path.parent / "none")


def test_a_bundle_spoiled_between_two_requests_is_refused(trained, real_worker, tmp_path):
    path, case = trained
    copy = Path(shutil.copytree(path, tmp_path / "copy"))
    real_worker.ask(case, copy)
    card = copy / "MODEL_CARD.md"
    times = card.stat()
    card.write_bytes(card.read_bytes().replace(b"e", b"a", 1))
    os.utime(card, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(BundleError, match="changed after the bundle was made"):
        real_worker.ask(case, copy)
    assert real_worker.ask(case, path).case_id == "case"


def test_the_room_is_light_to_import():
    """A panel imports it at start-up."""
    code = (
        "import sys; import CervixRiskLib.worker.prediction_worker; "
        "heavy = {'torch', 'sklearn', 'scipy', 'pandas', 'matplotlib', 'SimpleITK', 'yaml'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
