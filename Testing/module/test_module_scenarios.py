"""The module's self-test on the stand-in: the same scenarios that Slicer runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6", reason="Qt is missing: pip install PySide6-Essentials")
pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

pytestmark = pytest.mark.slicer
_MODULE = Path(__file__).resolve().parents[2] / "CervixRisk" / "CervixRisk.py"
NAMES = (
    "ultrasound_to_lymph_nodes",
    "mr_to_treatment_group",
    "scene_keeps_the_case",
    "cancelled_question",
    "killed_program",
    "two_readers",
    "missing_packages",
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module in a stand-in, opened once: its warm program serves all scenarios, as in Slicer."""
    from slicer_standin.session import slicer_session

    with slicer_session(tmp_path_factory.mktemp("slicer"), torch_installed=True) as session:
        session.load(_MODULE)
        session.startup_completed()
        session.open("CervixRisk")
        yield session


@pytest.mark.parametrize("name", NAMES)
def test_scenario(running: Any, name: str) -> None:
    from CervixRiskPanel.self_test.bench import PICTURES_VARIABLE, Bench
    from CervixRiskPanel.self_test.scenarios import SCENARIOS

    running.close_scene()
    folder = os.environ.get(PICTURES_VARIABLE)
    picture = (lambda look: running.grab(Path(folder) / f"{look}.png", size=(1360, 1100))) if folder else (lambda _: None)
    SCENARIOS[name](Bench(picture))
    errors, running.errors[:] = list(running.errors), []
    assert not errors
    assert not running.dialogs.unexpected


def test_every_scenario_is_played_here() -> None:
    from CervixRiskPanel.self_test.scenarios import SCENARIOS

    assert tuple(SCENARIOS) == NAMES
