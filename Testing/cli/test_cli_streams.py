"""Output on any code page, on a full disk, and where there is none."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from CervixRiskLib.cli import main
from CervixRiskLib.cli.output import print_lines
from CervixRiskLib.cli.streams import prepare_streams

_FULL = Path("/dev/full")


def _paged(code_page: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=code_page)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode(stream.encoding)  # type: ignore[attr-defined]


@pytest.mark.parametrize("code_page", ["ascii", "cp850", "cp1252"])
def test_help_on_every_code_page(monkeypatch: pytest.MonkeyPatch, code_page: str) -> None:
    """The help of train staging says ``1<=x`` of numbers and ``…`` of lists."""
    monkeypatch.setattr(sys, "stdout", _paged(code_page))
    assert main(["train", "staging", "--help"]) == 0
    assert "0, 1, " in _text(sys.stdout)  # type: ignore[arg-type]


def test_signs_of_sentences_are_written_plainly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stderr", _paged("ascii"))
    (tmp_path / "cohort.csv").write_text("case_id,image,roi\nü≥1,nothing.png,nothing.png\n", encoding="utf-8")
    assert main(["extract", str(tmp_path / "cohort.csv"), "--output", str(tmp_path / "features.csv")]) == 2
    assert "(?>=1)" in _text(sys.stderr)  # type: ignore[arg-type]


def test_a_file_s_name_of_another_code_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Python hands over the byte E9 of a name on a disk of names in UTF-8."""
    monkeypatch.setattr(sys, "stdout", _paged("utf-8"))
    prepare_streams()
    print_lines(["Report: \udce9tude ≥ 1"])
    assert _text(sys.stdout) == "Report: ?tude ≥ 1\n"  # type: ignore[arg-type]


@pytest.mark.parametrize("code_page", ["ascii", "cp1252"])
def test_json_is_whole_on_every_code_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code_page: str
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "stdout", _paged(code_page))
    (tmp_path / "cohort.csv").write_text("case_id,image,roi\nü≥1,nothing.png,nothing.png\n", encoding="utf-8")
    assert main(["extract", str(tmp_path / "cohort.csv"), "--output", str(tmp_path / "features.csv"), "--json"]) == 2
    assert "ü≥1" in json.loads(_text(sys.stdout))["error"]["message"]  # type: ignore[arg-type]


def test_without_stdout_and_stderr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["bundle", "verify", str(tmp_path / "nothing")]) == 2
    assert main(["--version"]) == 0


@pytest.mark.skipif(not _FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [("--version",), ("bundle", "verify", "nothing", "--json")])
def test_a_full_disk_behind_stdout(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    """Neither a traceback nor silence, and nothing left that fails when the interpreter ends."""
    monkeypatch.setattr(sys, "stdout", os.fdopen(os.open(_FULL, os.O_WRONLY), "w", encoding="utf-8"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert main(arguments) == 2
    assert "disk is full" in sys.stderr.getvalue() or "no bundle" in sys.stderr.getvalue()  # type: ignore[attr-defined]
    if "--json" in arguments:
        sys.stdout.flush()


@pytest.mark.skipif(not _FULL.exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_before_the_command_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lines stay in the buffer until the very end, where nobody could tell of them any more."""
    monkeypatch.setattr(sys, "stdout", os.fdopen(os.open(_FULL, os.O_WRONLY), "w", encoding="utf-8"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr("CervixRiskLib.cli.app.app", lambda **_: print_lines(["3 cases answered: answers.csv"]))
    assert main([]) == 2
    assert "disk is full" in sys.stderr.getvalue()  # type: ignore[attr-defined]
