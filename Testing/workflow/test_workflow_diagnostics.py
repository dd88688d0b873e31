"""The text for a report of a problem: complete, and without a word about a patient or the person's name."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

import CervixRiskLib
from CervixRiskLib.workflow.diagnostics_text import BASE_PACKAGES, diagnostics_text, without_home

ROOT = Path(__file__).resolve().parents[2]


def test_versions_processor_and_log_are_told(tmp_path: Path) -> None:
    text = diagnostics_text(
        "Slicer 5.10.0 (revision 34045)",
        processor="OpenVINO on the CPU",
        log="12:31:02 crashed PredictionProgramError: The prediction program ended unexpectedly",
        paths={"Settings": tmp_path},
        notes=["Asked on the CPU alone: yes"],
    )
    lines = text.splitlines()
    assert lines[0] == f"CervixRisk {CervixRiskLib.__version__}"
    assert CervixRiskLib.RESEARCH_USE_NOTICE in lines
    assert lines[3].startswith("Slicer 5.10.0 (revision 34045), Python 3.")
    assert f"  numpy {version('numpy')}" in lines
    assert "Answer shown: OpenVINO on the CPU" in lines
    assert "Asked on the CPU alone: yes" in lines
    assert lines[-1].endswith("ended unexpectedly")
    assert any(line.startswith("  Free disk space: ") and line.endswith(" GB") for line in lines)


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import CervixRiskLib.workflow.diagnostics_text as module

    monkeypatch.setattr(module, "OTHER_PACKAGES", ("no-such-package-at-all",))
    text = diagnostics_text("Slicer")
    assert "  no-such-package-at-all not installed" in text
    assert "Answer shown: none" in text
    assert text.endswith("Last failures\nnone\n")


def test_the_home_folder_is_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "anna.meier"
    home.mkdir()
    monkeypatch.setattr(Path, "home", lambda: home)
    text = diagnostics_text("Slicer", paths={"Settings": home / "Slicer.ini"}, log=f"at {home}/lib/a.py:3")
    assert "anna.meier" not in text
    assert f"  Settings: {Path('~') / 'Slicer.ini'}" in text
    assert "at ~/lib/a.py:3" in text


def test_no_home_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/"))
    assert without_home("/usr/lib") == "/usr/lib"


def test_a_place_that_is_gone_does_not_matter(tmp_path: Path) -> None:
    assert "Free disk space: not known" in diagnostics_text("Slicer", paths={"Settings": tmp_path / "gone"})


def test_every_package_the_library_needs_is_listed() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = pyproject.split("\ndependencies = [")[1].split("]")[0]
    names = {line.strip().strip('",').split(">=")[0] for line in needed.splitlines() if line.strip()}
    assert {name.lower() for name in names} == {name.lower() for name in BASE_PACKAGES}
