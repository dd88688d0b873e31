"""What is read is never overwritten, and a place that cannot be written is told before the work."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from CervixRiskLib.cli.destinations import check_destinations
from CervixRiskLib.errors import SettingsError, StorageError


@pytest.fixture
def copied(case: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The sound case's slice as ``case.png``, which a report called ``case.pdf`` would replace."""
    shutil.copy(case["--image"], tmp_path / "case.png")
    return {**case, "--image": str(tmp_path / "case.png")}


@pytest.mark.parametrize("command", [("predict", "--report"), ("report", "case", "--output")], ids=" ".join)
def test_a_report_beside_a_slice_of_its_name(call: Any, copied: dict[str, str], command: tuple[str, ...]) -> None:
    image = Path(copied["--image"])
    before = image.read_bytes()
    options = [word for pair in copied.items() for word in pair]
    sentence = call(*command[:-1], *options, command[-1], image.with_suffix(".pdf")).sentence()
    assert "case.png is read here and would be overwritten" in sentence
    assert image.read_bytes() == before
    assert [path.name for path in image.parent.iterdir()] == ["case.png"]


def test_a_picture_over_its_own_slice(call: Any, copied: dict[str, str]) -> None:
    options = [word for pair in copied.items() for word in pair]
    assert "overwritten" in call("predict", *options, "--picture", copied["--image"]).sentence()


@pytest.mark.parametrize("command", ["extract", "predict"])
def test_a_table_over_its_own_cohort(call: Any, cohort: Path, bundle: Path, tmp_path: Path, command: str) -> None:
    table = tmp_path / "cohort.csv"
    shutil.copy(cohort, table)
    read = ("--bundle", bundle, "--cohort", table) if command == "predict" else (table,)
    assert "overwritten" in call(command, *read, "--output", table).sentence()
    assert table.read_bytes() == cohort.read_bytes()


def test_the_same_file_by_another_name(tmp_path: Path) -> None:
    (tmp_path / "slice.png").touch()
    (tmp_path / "link.png").symlink_to("slice.png")
    with pytest.raises(SettingsError, match=r"link\.png is read here"):
        check_destinations([tmp_path / "link.png"], [None, tmp_path / "slice.png"])


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="is a folder"):
        check_destinations([tmp_path], [])
    with pytest.raises(StorageError, match="below a file"):
        check_destinations([tmp_path / "file" / "answers.csv"], [])
    check_destinations([None, tmp_path / "new" / "folder" / "answers.csv"], [tmp_path / "nothing"])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_answers_that_could_not_be_written_are_not_computed(
    call: Any, cohort: Path, bundle: Path, tmp_path: Path
) -> None:
    outcome = call("predict", "--bundle", bundle, "--cohort", cohort, "--output", tmp_path)
    assert "is a folder" in outcome.sentence()
    assert "Answering" not in outcome.err


def test_a_place_that_the_system_denies_is_a_sentence(tmp_path, monkeypatch):
    """Below /proc the system answers that the folder it has just shown is not there."""

    def deny(**_):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(tempfile, "TemporaryFile", deny)
    with pytest.raises(StorageError, match="Nothing can be made"):
        check_destinations([tmp_path / "x.pdf"], [])


@pytest.mark.parametrize("command", [("predict", "--report"), ("report", "case", "--output")], ids=" ".join)
def test_a_picture_that_is_of_no_report_stays(call: Any, case: dict[str, str], tmp_path: Path, command: Any) -> None:
    (tmp_path / "other.png").write_bytes(b"another patient's slice")
    options = [word for pair in case.items() for word in pair]
    sentence = call(*command[:-1], *options, command[-1], tmp_path / "other.pdf").sentence()
    assert sentence.startswith("other.png is there already and belongs to no earlier report")
    assert [path.name for path in tmp_path.iterdir()] == ["other.png"]


def test_two_outputs_are_two_files(call: Any, case: dict[str, str], tmp_path: Path) -> None:
    options = [word for pair in case.items() for word in pair]
    sentence = call("predict", *options, "--picture", tmp_path / "one.png", "--report", tmp_path / "one.pdf").sentence()
    assert sentence == "one.png would be written twice: give each output a name of its own."


def test_nothing_is_written_into_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "bundle.json").touch()
    with pytest.raises(StorageError, match=r"map\.nrrd would lie in a bundle"):
        check_destinations([tmp_path / "maps" / "map.nrrd"], [])
    # A run's folder takes what people put there.
    (tmp_path / "run.json").touch()
    check_destinations([tmp_path / "maps" / "map.nrrd"], [])
