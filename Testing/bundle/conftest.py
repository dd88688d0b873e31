"""A small bundle, written once, and a way to write it again with something changed."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from CervixRiskLib.bundle import (
    BundleManifest,
    Calibration,
    ClinicalPredictor,
    IntervalInfo,
    Metric,
    RadiomicsInfo,
    TrainingSummary,
    write_bundle,
)


@pytest.fixture(scope="session")
def manifest() -> BundleManifest:
    return BundleManifest(
        task="plnm",
        created="2025-03-01T12:00:00+00:00",
        library_versions={"numpy": "2.0.0", "scikit-learn": "1.6.0"},
        simulated=True,
        positive_class="metastasis",
        class_names=("no metastasis", "metastasis"),
        threshold=0.37,
        calibration=Calibration("platt", 1.1, -0.2),
        training=TrainingSummary(80, 21, "ab" * 32, 0.5, patients=80, excluded=2),
        preprocessing={"crop_size": 128, "networks": ["densenet121"], "note": None},
        radiomics=RadiomicsInfo("wang2025", "cd" * 32, "cervixrisk"),
        selected_features=("original_shape_Elongation", "deep_0"),
        clinical=(
            ClinicalPredictor("rbc_count", "RBC count", "10^12/L", "continuous", 3.1, 5.2, 0.5, 10.0),
            ClinicalPredictor("histology", "Histology", kind="category", levels=("squamous", "adenocarcinoma")),
        ),
        nomogram={"axes": [{"name": "score", "points": [0, 100]}]},
        interval=IntervalInfo("delta", 0.95, {"covariance": [[1.0, 0.0], [0.0, 1.0]]}),
        metrics=(
            Metric("auc", 0.81, 0.7, 0.9, "honest", 80, "fusion"),
            Metric("ppv", None, None, None, "paper", 24, "nomogram"),
        ),
        seeds={"numpy": 42, "torch": 3407},
        deviations=("Selection saw all cases.",),
        details={"anything": {"nested": [1, 2.5, "three", None, True]}},
    )


@pytest.fixture(scope="session")
def estimator() -> object:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(0)
    X = random.normal(size=(60, 3))
    y = (X[:, 0] + 0.3 * random.normal(size=60) > 0).astype(int)
    return Pipeline([("scale", StandardScaler()), ("classify", LogisticRegression())]).fit(X, y)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory, manifest: BundleManifest, estimator: object) -> Path:
    """A bundle's folder that no test changes."""
    return write_bundle(
        tmp_path_factory.mktemp("pristine") / "model",
        manifest,
        files={"notes.txt": b"hello", "deep/weights.bin": bytes(range(256)) * 8},
        estimators={"score": estimator},
    )


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """A bundle's folder to spoil."""
    return Path(shutil.copytree(pristine, tmp_path / "model"))


@pytest.fixture
def rewrite() -> Callable[[Path, Callable[[dict[str, object]], None]], None]:
    """Change a folder's ``bundle.json`` in place."""

    def change(folder: Path, edit: Callable[[dict[str, object]], None]) -> None:
        path = folder / "bundle.json"
        content = json.loads(path.read_text())
        edit(content)
        path.write_text(json.dumps(content))

    return change


@pytest.fixture
def zipped(pristine: Path, tmp_path: Path) -> Callable[..., Path]:
    """The bundle as a zip, with entries of the test's own added before or after."""

    def build(*extra: tuple[zipfile.ZipInfo | str, bytes], leave_out: tuple[str, ...] = ()) -> Path:
        path = tmp_path / "model.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(pristine.rglob("*")):
                name = file.relative_to(pristine).as_posix()
                if file.is_file() and name not in leave_out:
                    archive.write(file, name)
            for entry, content in extra:
                archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
        return path

    return build
