"""Packages are looked for quietly and offered once; PyTorch comes through its extension."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from CervixRiskLib.errors import MissingComponentError
from CervixRiskLib.workflow.model_entry import ModelEntry

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "CervixRisk" / "Resources" / "requirements.txt"
PLAIN = ModelEntry(Path("a.zip"), "a", task="plnm")
NETWORK = ModelEntry(Path("b.zip"), "b", task="plnm", has_network=True)
GRAPH = ModelEntry(Path("c.zip"), "c", task="plnm", has_network=True, has_graph=True)


@contextmanager
def running(folder: Path, **options: Any) -> Iterator[Any]:
    from slicer_standin.session import slicer_session

    with slicer_session(folder, **options) as app:
        yield app
    assert not app.errors
    assert not app.dialogs.unexpected


def dependencies(missing: set[str]) -> Any:
    from CervixRiskPanel.dependencies import Dependencies

    return Dependencies(REQUIREMENTS, lambda package: package.name not in missing)


def ok() -> Any:
    import qt

    return qt.QMessageBox.Ok


def test_nothing_missing_nothing_asked(tmp_path: Path) -> None:
    with running(tmp_path) as app:
        found = dependencies(set())
        assert found.ensure(NETWORK)
        assert (found.sentence(NETWORK), found.obstacle(NETWORK), found.can_install(NETWORK)) == ("", "", False)
        assert app.dialogs.shown == []
        assert app.installed == []


@pytest.mark.parametrize("version", ["5.10.0", "5.12.0"])
def test_installed_after_one_dialog(tmp_path: Path, version: str) -> None:
    missing = {"pandas", "skops"}
    with running(tmp_path, version=version) as app:
        found = dependencies(missing)
        app.dialogs.answer("pandas, skops", ok())
        assert not found.ensure(PLAIN)  # the stand-in installs nothing
        assert len(app.dialogs.shown) == 1
        assert "No image leaves this computer" in app.dialogs.last().text
        assert "still not installed: pandas, skops" in found.obstacle(PLAIN)
        packages = ["pandas>=2.1", "skops>=0.11"]
        expected: Any = packages
        if version == "5.12.0":
            expected = {"requirements": packages, "requester": "CervixRisk", "prompt_install": False}
        assert app.installed == [expected]
        app.dialogs.answer("pandas, skops", ok())
        missing.clear()
        assert found.ensure(PLAIN)


def test_declined_is_remembered_unless_asked_for(tmp_path: Path) -> None:
    with running(tmp_path) as app:
        import qt

        found = dependencies({"pandas"})
        app.dialogs.answer("pandas", qt.QMessageBox.Cancel)
        assert not found.ensure(PLAIN)
        assert found.declined
        assert not found.ensure(PLAIN)
        assert len(app.dialogs.shown) == 1
        assert found.obstacle(PLAIN) == "To answer, CervixRisk needs packages that are not installed: pandas."
        app.dialogs.answer("pandas", ok())
        found.ensure(PLAIN, again=True)
        assert app.installed == [["pandas>=2.1"]]
        assert not found.declined


def test_pytorch_comes_through_its_extension(tmp_path: Path) -> None:
    missing = {"torch", "timm"}
    with running(tmp_path, torch_installed=False) as app:
        app.dialogs.answer("PyTorch, timm", ok())
        dependencies(missing).ensure(NETWORK)
        assert app.installed == [{"requirements": ["torch"], "askConfirmation": False}, ["timm>=1.0.9"]]
        assert "some gigabytes" in app.dialogs.last().text


def test_without_the_extension_it_says_how_to_get_it(tmp_path: Path) -> None:
    with running(tmp_path) as app:
        found = dependencies({"torch"})
        assert not found.ensure(NETWORK)
        assert not found.can_install(NETWORK)
        assert found.obstacle(NETWORK) == found.sentence(NETWORK)
        assert "install the extension PyTorch" in found.sentence(NETWORK)
        assert app.dialogs.shown == []
        # A model with a graph does without.
        assert dependencies({"torch", "openvino"}).ensure(GRAPH)


def test_a_failed_installation_is_a_sentence_with_details(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as app:
        import slicer

        def fail(_packages: Any) -> None:
            raise subprocess.CalledProcessError(1, "pip", output="No matching distribution")

        monkeypatch.setattr(slicer.util, "pip_install", fail)
        app.dialogs.answer("pandas", ok())
        found = dependencies({"pandas"})
        assert not found.ensure(PLAIN)
        assert found.obstacle(PLAIN).startswith("The packages could not be installed")
        assert "No matching distribution" in found.details


def test_the_python_of_the_program(slicer_app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from CervixRiskPanel.child_python import child_python, make_worker

    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert child_python() == sys.executable
    monkeypatch.setattr(sys, "executable", str(tmp_path / "SlicerApp-real"))
    with pytest.raises(MissingComponentError, match="PythonSlicer was not found"):
        make_worker(False)
    monkeypatch.setattr("shutil.which", lambda name: f"/somewhere/{name}")
    assert child_python() == "/somewhere/PythonSlicer"
    beside = tmp_path / "bin" / ("PythonSlicer.exe" if sys.platform == "win32" else "PythonSlicer")
    beside.parent.mkdir()
    beside.touch()
    assert child_python() == str(beside)


def test_looking_imports_nothing(slicer_app: Any) -> None:
    from CervixRiskPanel.dependencies import Dependencies

    before = set(sys.modules)
    assert not Dependencies(REQUIREMENTS).lacking(PLAIN)
    heavy = {"pandas", "sklearn", "matplotlib", "pyarrow", "skops", "SimpleITK", "torch"}
    assert (set(sys.modules) - before) & heavy == set()
