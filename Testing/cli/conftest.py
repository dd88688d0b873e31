"""A simulated cohort, a bundle trained on it once, and the command line called in this process."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_study.fixtures import PROGRAM, write_model  # noqa: F401

from CervixRiskLib.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a call of ``cervixrisk`` gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def sentence(self) -> str:
        """The one sentence of a mistake; anything else fails the test."""
        assert self.code == 2, f"exit code {self.code}\n{self.out}\n{self.err}"
        assert self.out == ""
        assert "Traceback" not in self.err
        lines = [line for line in self.err.splitlines() if not line.endswith("…")]  # progress lines end so
        assert len(lines) == 1, self.err
        assert 15 < len(lines[0]) < 500, lines[0]
        assert lines[0][-1] in ".)", lines[0]
        return lines[0]


Call = Callable[..., Outcome]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """``call("predict", "--json", …)`` as a person would type it."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture
def fake_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """``predict --cohort`` asks a program that does what a case is called: ``killed``, ``fault``, ``refuse``, ..."""
    from CervixRiskLib.worker import prediction_worker

    monkeypatch.setattr(prediction_worker, "worker_command", lambda _python: (sys.executable, str(PROGRAM)))


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """``predict --cohort`` and ``validate`` ask here, not in a program of their own: for stand-ins, and many calls."""
    from contextlib import contextmanager

    from CervixRiskLib.cli import predict as command
    from CervixRiskLib.cli import validate as validation
    from CervixRiskLib.cli.asked_program import AskedProgram
    from CervixRiskLib.worker.predictors import open_predictor

    @contextmanager
    def here(bundle: Path, *, device: str, runtime: str) -> Any:
        _, predictor = open_predictor(bundle, device=device, runtime=runtime)
        yield AskedProgram(
            predictor.needs_roi,
            predictor.channels,
            predictor.columns,
            lambda case: predictor.predict(case, heatmap=False),
        )

    monkeypatch.setattr(command, "asked_program", here)
    monkeypatch.setattr(validation, "asked_program", here)


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of 24 simulated cases that no test changes."""
    from CervixRiskLib.cohort.simulation import simulate_ultrasound

    return simulate_ultrasound(tmp_path_factory.mktemp("cli") / "cohort", 24, 4, prevalence=0.5, effect=2.0, jobs=1)


@contextmanager
def _few_folds() -> Iterator[None]:
    from CervixRiskLib.plnm.settings import EFFORT_PLANS, Effort

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EFFORT_PLANS, Effort.QUICK, replace(EFFORT_PLANS[Effort.QUICK], outer_folds=3, inner_folds=2))
        yield


@pytest.fixture(scope="module")
def few_folds() -> Iterator[None]:
    """Quick trainings in this process take three folds of two, where the number of folds is not what is tested."""
    with _few_folds():
        yield


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, cohort: Path) -> Path:
    """A bundle without network, with two clinical predictors."""
    from CervixRiskLib.cohort import load_cohort
    from CervixRiskLib.plnm import TrainingSettings, train

    settings = TrainingSettings(
        networks=(),
        effort="quick",  # type: ignore[arg-type]
        classifiers=("logistic_regression",),
        clinical=("rbc_count", "maximum_diameter"),
        jobs=1,
    )
    with _few_folds():
        return train(load_cohort(cohort), settings, tmp_path_factory.mktemp("cli") / "model").bundle_path


@pytest.fixture
def spoiled(bundle: Path, tmp_path: Path) -> Path:
    """A copy of the bundle to spoil."""
    return Path(shutil.copytree(bundle, tmp_path / "spoiled"))


@pytest.fixture
def case(cohort: Path, bundle: Path) -> dict[str, str]:
    """The options of one sound case; tests replace one and see what is said."""
    return {
        "--bundle": str(bundle),
        "--image": str(cohort.parent / "images" / "sim-00001.png"),
        "--roi": str(cohort.parent / "rois" / "sim-00001.png"),
        "--spacing-mm": "0.2",
    }


CLINICAL = ("--clinical", "rbc_count=4.1", "--clinical", "maximum_diameter=31")


@pytest.fixture
def predict(call: Call, case: dict[str, str]) -> Call:
    """``predict("--json", image=path)``: the sound case with something replaced (``None``: left out)."""

    def run(*more: object, clinical: tuple[str, ...] = CLINICAL, **replaced: object) -> Outcome:
        options = {**case, **{f"--{name.replace('_', '-')}": value for name, value in replaced.items()}}
        given = [item for name, value in options.items() if value is not None for item in (name, value)]
        return call("predict", *given, *clinical, *more)

    return run


@pytest.fixture
def write_volume(tmp_path: Path) -> Callable[..., Path]:
    """An array as a NRRD file."""

    def write(name: str, array: np.ndarray) -> Path:
        import SimpleITK

        path = tmp_path / name
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(path))
        return path

    return write
