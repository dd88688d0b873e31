"""What models say of themselves before they are loaded, and which are offered."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from CervixRiskLib.cohort.case_groups import MAXIMUM_DIAMETER
from CervixRiskLib.worker.predictors import STUDIES
from CervixRiskLib.workflow.ask_readiness import MEASURED_ON_CONTOUR
from CervixRiskLib.workflow.model_entry import read_entry
from CervixRiskLib.workflow.model_shelf import MOST_RECENT, ModelShelf
from CervixRiskLib.workflow.study_questions import QUESTIONS


def unzipped(path: Path) -> Path:
    folder = path.with_suffix("")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


def test_what_the_room_repeats_is_what_it_repeats() -> None:
    assert set(QUESTIONS) == set(STUDIES)
    assert MEASURED_ON_CONTOUR == MAXIMUM_DIAMETER


def test_a_zip_and_a_folder_say_the_same(write_model: Any) -> None:
    path = write_model("demo", clinical=("rbc_count",), files=("network.safetensors", "network.onnx"))
    entry, other = read_entry(path), read_entry(unzipped(path))
    assert entry.title == "demo (simulated)"
    assert (entry.task, entry.simulated, entry.needs_contour, entry.problem) == ("plnm", True, True, "")
    assert entry.clinical == (("rbc_count", "Rbc count"),)
    assert (entry.has_network, entry.has_graph, entry.channels) == (True, True, ("image",))
    assert {**vars(other), "path": None} == {**vars(entry), "path": None}


def test_a_staging_model_says_whether_it_wants_a_contour(write_model: Any) -> None:
    whole = read_entry(write_model("whole", task="staging", simulated=False, preprocessing={"centre": "slice"}))
    around = read_entry(
        write_model("around", task="staging", preprocessing={"centre": "roi"}, details={"channels": ["image", "t1"]})
    )
    assert (whole.title, whole.needs_contour, whole.has_network) == ("whole", False, False)
    assert (around.needs_contour, around.channels) == (True, ("image", "t1"))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def _rewrite(path: Path, **changes: Any) -> None:
    with zipfile.ZipFile(path) as archive:
        content = json.loads(archive.read("bundle.json"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bundle.json", json.dumps({**content, **changes}))


def _empty(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.txt", "x")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_cut, "damaged"),
        (_empty, "holds no bundle.json"),
        (Path.unlink, "not there any more"),
        (lambda path: _rewrite(path, schema_version=99), "newer CervixRisk"),
        (lambda path: _rewrite(path, task="other"), "does not know"),
        (lambda path: _rewrite(path, threshold="high"), "must be a number"),
        (lambda path: _rewrite(path, details={"channels": []}), "lacks what a staging model needs"),
    ],
)
def test_a_damaged_model_says_why(write_model: Any, spoil: Any, words: str) -> None:
    path = write_model()
    spoil(path)
    entry = read_entry(path)
    assert words in entry.problem
    assert entry.problem.endswith(".")
    assert (entry.task, entry.title) == ("", "model (cannot be used)")


def test_models_of_folders_and_recent_ones(write_model: Any, tmp_path: Path) -> None:
    write_model("b")
    write_model("a", task="staging")
    unzipped(write_model("c"))
    away = write_model("away", folder="elsewhere")
    (tmp_path / "models" / "notes.txt").write_text("x")
    (tmp_path / "models" / "empty").mkdir()
    shelf = ModelShelf([tmp_path / "models", tmp_path / "none"])
    assert [entry.path.name for entry in shelf.entries()] == ["a.zip", "b.zip", "c", "c.zip"]
    shelf.remember(away)
    shelf.remember(tmp_path / "models" / "b.zip")
    assert [entry.path.name for entry in shelf.entries()] == ["b.zip", "away.zip", "a.zip", "c", "c.zip"]
    assert [entry.path.name for entry in shelf.of_task("staging")] == ["a.zip"]
    again = ModelShelf([tmp_path / "models"], shelf.recent)
    assert [entry.path for entry in again.entries()] == [entry.path for entry in shelf.entries()]
    away.unlink()
    again.look_again()
    assert "away.zip" not in [entry.path.name for entry in again.entries()]


def test_a_damaged_model_is_shown_and_not_remembered(write_model: Any, tmp_path: Path) -> None:
    path = write_model()
    _cut(path)
    shelf = ModelShelf([tmp_path / "models"])
    assert [entry.title for entry in shelf.entries()] == ["model (cannot be used)"]
    assert shelf.remember(path).problem
    assert shelf.recent == ()
    assert shelf.of_task("plnm") == ()


def test_a_changed_model_is_read_again(write_model: Any, tmp_path: Path) -> None:
    path = write_model()
    os.utime(path, (1e9, 1e9))
    shelf = ModelShelf([tmp_path / "models"])
    first = shelf.entry(path)
    assert shelf.entry(path) is first
    write_model(simulated=False)
    assert not shelf.entry(path).simulated


def test_only_the_last_ones_are_remembered(write_model: Any, tmp_path: Path) -> None:
    path = write_model()
    copies = [Path(shutil.copy(path, tmp_path / f"{number}.zip")) for number in range(MOST_RECENT + 2)]
    shelf = ModelShelf()
    for copy in copies:
        shelf.remember(copy)
    assert shelf.recent == tuple(str(copy) for copy in reversed(copies[2:]))
