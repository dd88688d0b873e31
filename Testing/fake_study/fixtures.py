"""Models for the fake program, and a maker of workers that ask it."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from CervixRiskLib.bundle import BundleManifest, Calibration, ClinicalPredictor, Metric, TrainingSummary
from CervixRiskLib.worker import PredictionWorker

PROGRAM = Path(__file__).with_name("program.py")


@pytest.fixture
def write_model(tmp_path: Path) -> Callable[..., Path]:
    """``write_model("name", task="staging", clinical=("rbc_count",))``: a zip with a ``bundle.json``."""

    def write(
        name: str = "model",
        *,
        task: str = "plnm",
        clinical: tuple[str, ...] = (),
        simulated: bool = True,
        files: tuple[str, ...] = (),
        folder: str = "models",
        **changes: Any,
    ) -> Path:
        names = ("negative", "positive") if task == "plnm" else ("surgery", "chemoradiotherapy")
        manifest = BundleManifest(
            task=task,
            created="2026-01-01T00:00:00+00:00",
            library_versions={},
            simulated=simulated,
            positive_class=names[1],
            class_names=names,
            threshold=0.35,
            calibration=Calibration("none"),
            training=TrainingSummary(168, 52, "0" * 64, 1.0),
            clinical=tuple(
                ClinicalPredictor(column, column.replace("_", " ").capitalize(), "unit") for column in clinical
            ),
            metrics=(Metric("auc", 0.712, 0.63, 0.79, "honest", 168, "nomogram"),),
            **changes,
        )
        listed = {file: {"sha256": "0" * 64, "size": 1} for file in files}
        path = tmp_path / folder / f"{name}.zip"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("bundle.json", json.dumps({**manifest.to_json(), "files": listed}))
        return path

    return write


@pytest.fixture
def fake_worker() -> Callable[[bool], PredictionWorker]:
    """What ``Questions`` takes; the workers ask the fake program."""
    return lambda force_cpu: PredictionWorker(
        (sys.executable, str(PROGRAM)), force_cpu=force_cpu, grace_seconds=0.3, threads=1
    )
