"""``predict --cohort`` asks a program of its own: what becomes of a case that brings it down."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.usefixtures("fake_program")


@pytest.fixture
def ask(call: Any, write_model: Callable[..., Path], tmp_path: Path) -> Callable[..., Any]:
    """``ask("one", "killed")``: a table of these cases, each with the same slice."""
    Image.fromarray(np.full((20, 30), 90, np.uint8)).save(tmp_path / "slice.png")
    model = write_model(task="staging", simulated=False)

    def run(*cases: str, more: tuple[str, ...] = (), outcome: str = "") -> Any:
        lines = ["case_id,image,outcome", *(f"{case},slice.png,{outcome}" for case in cases)]
        (tmp_path / "cohort.csv").write_text("\n".join(lines) + "\n")
        base = ("--cohort", tmp_path / "cohort.csv", "--output", tmp_path / "answers.csv")
        return call("predict", "--bundle", model, *base, *more)

    return run


def test_a_case_that_ends_the_program_costs_its_own_answer_alone(ask: Callable[..., Any], tmp_path: Path) -> None:
    outcome = ask("one", "killed", "two", "fault", "refuse", "three", more=("--skip-invalid", "--json"))
    assert outcome.code == 0, outcome.err
    with (tmp_path / "answers.csv").open(encoding="utf-8") as handle:
        assert [row["case_id"] for row in csv.DictReader(handle)] == ["one", "two", "three"]
    killed, fault, refused = outcome.json["left_out"]
    assert killed.startswith("killed: The prediction program was ended")
    assert fault.startswith("fault: Something went wrong inside CervixRisk (KeyError)")
    assert refused == "refuse: The contour is too small to measure."


@pytest.mark.parametrize("outcome", ["surgery", "2", "not yet known"])
def test_whatever_outcome_the_table_has_is_not_read(ask: Callable[..., Any], tmp_path: Path, outcome: str) -> None:
    found = ask("one", outcome=outcome)
    assert found.code == 0, found.err
    assert (tmp_path / "answers.csv").exists()


@pytest.mark.parametrize(
    ("case", "code", "said"),
    [
        ("killed", 2, "ended (SIGKILL)"),
        ("fault", 1, "Something went wrong inside CervixRisk (KeyError)"),
        ("refuse", 2, "Case refuse: The contour is too small"),
    ],
)
def test_without_leave_the_first_failure_ends_the_command(
    ask: Callable[..., Any], tmp_path: Path, case: str, code: int, said: str
) -> None:
    outcome = ask("one", case, "two")
    assert outcome.code == code
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    assert not (tmp_path / "answers.csv").exists()


def test_debug_shows_where_the_program_failed(ask: Callable[..., Any]) -> None:
    outcome = ask("fault", more=("--debug",))
    assert outcome.code == 1
    assert "in do_fault" in outcome.err
    assert "'patient'" not in outcome.err
