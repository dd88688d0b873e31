"""The folder of a study report: what is replaced, what is left alone, what a stopped or killed writer leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from drawn_report.study_document import DOCUMENT, TINY, draw, figure
from matplotlib.figure import Figure

from CervixRiskLib.errors import Cancelled, SettingsError, StorageError
from CervixRiskLib.progress import Progress, Task
from CervixRiskLib.report.study.document import Section
from CervixRiskLib.report.study.writer import check_study_folder, write_document


class Stopping(Progress):
    """Cancels when a task of this name begins."""

    def __init__(self, name: str) -> None:
        self.name, self.stopped = name, False

    def cancelled(self) -> bool:
        return self.stopped

    def _begin(self, task: Task) -> None:
        self.stopped = self.stopped or task.description == self.name


def test_an_earlier_report_is_replaced_and_other_files_stay(tmp_path: Path) -> None:
    calls: list[int] = []

    def counted() -> Figure:
        calls.append(1)
        return draw()

    folder = tmp_path / "report"
    with_two = replace(TINY, sections=(Section("A", (figure("roc", make=counted), figure("gone"))),))
    write_document(with_two, folder, "# Card")
    assert len(calls) == 1
    (folder / "mine.txt").write_text("mine")
    (folder / "figures" / "mine.svg").write_text("mine")
    files = write_document(TINY, folder, "# New", formats=("html", "figures"))
    assert {str(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file()} == {
        "index.html", "report.json", "MODEL_CARD.md", "figures/roc.svg", "figures/roc.png", "mine.txt",
        "figures/mine.svg",
    }  # fmt: skip
    assert all(path.is_file() for path in files)
    assert (folder / "MODEL_CARD.md").read_text() == "# New"
    assert not list(tmp_path.rglob("*.partial*"))


@pytest.mark.parametrize("name", ["index.html", "report.json", "MODEL_CARD.md", "figures"])
def test_what_is_not_a_report_is_not_written_over(tmp_path: Path, name: str) -> None:
    if name == "figures":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_text('{"format": "other", "files": ["index.html"]}')
    with pytest.raises(StorageError, match=name):
        write_document(TINY, tmp_path, "# Card")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_report_that_lists_foreign_files_removes_none(tmp_path: Path) -> None:
    outside = tmp_path / "precious.svg"
    outside.write_text("mine")
    folder = tmp_path / "report"
    folder.mkdir()
    listed = ["../precious.svg", "figures/../../precious.svg", str(outside), "report.json", 7]
    (folder / "report.json").write_text(json.dumps({"format": "cervixrisk-study-report", "files": listed}))
    write_document(TINY, folder, "# Card", formats=())
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("when", ["Drawing the report's figures", "Writing the report", "Writing the PDF"])
def test_a_stopped_report_leaves_nothing(tmp_path: Path, when: str) -> None:
    with pytest.raises(Cancelled):
        write_document(TINY, tmp_path / "report", "# Card", progress=Stopping(when))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file stands"):
        check_study_folder(tmp_path / "file")
    with pytest.raises(SettingsError, match="docx"):
        check_study_folder(tmp_path, ("docx",))


def test_the_same_document_gives_the_same_files(tmp_path: Path) -> None:
    for place in ("first", "second"):
        write_document(TINY, tmp_path / place, "# Card")
    for path in (tmp_path / "first").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "second" / path.relative_to(tmp_path / "first")).read_bytes()


def test_what_a_killed_writer_leaves_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / ".roc.svg.1.x.partial.svg").touch()
    check_study_folder(tmp_path)
    (tmp_path / "figures" / "roc.svg").touch()
    with pytest.raises(StorageError, match="figures"):
        check_study_folder(tmp_path)
    # Killed while the files are put into place: the first one tells that the others are a report's.
    import CervixRiskLib.atomic as atomic

    placed: list[str] = []
    whole = atomic.os.replace
    monkeypatch.setattr(atomic.os, "replace", lambda old, new: (placed.append(Path(new).name), whole(old, new)))
    write_document(replace(DOCUMENT, sections=()), tmp_path / "report", "# The card", formats=("html",))
    assert placed[0] == "report.json"
    assert set(placed) == {"report.json", "index.html", "MODEL_CARD.md"}
