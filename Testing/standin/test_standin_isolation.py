"""Nothing of the stand-in is left when its session ends."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.session import slicer_session

EXAMPLE = Path(__file__).resolve().parents[1] / "slicer_standin" / "example" / "StandInExample.py"


def test_modules_names_and_qt_classes_are_as_before(tmp_path: Path) -> None:
    import slicer
    import slicer.util
    from PySide6 import QtWidgets

    names, functions, path = set(vars(slicer)), dict(vars(slicer.util)), list(sys.path)
    for _ in range(2):
        with slicer_session(tmp_path, torch_installed=False) as session:
            session.load(EXAMPLE)
            session.open("StandInExample")
            import qt

            assert qt.QLabel("words").text == "words"
            assert slicer.mrmlScene is slicer.app.mrmlScene()
        assert set(vars(slicer)) == names
        assert dict(vars(slicer.util)) == functions
        assert sys.path == path
        for name in ("qt", "ctk", "SampleData", "StandInExample", "PyTorchUtils", "slicer.i18n"):
            assert name not in sys.modules
        assert importlib.util.find_spec("qt") is None
        assert QtWidgets.QLabel("words").text() == "words"


def test_a_session_that_fails_is_cleared_too(tmp_path: Path) -> None:
    def fail() -> None:
        with slicer_session(tmp_path):
            raise KeyError("in the test")

    with pytest.raises(KeyError):
        fail()
    assert "qt" not in sys.modules


def test_packaging_is_there_from_5_12_on(tmp_path: Path) -> None:
    import slicer

    with slicer_session(tmp_path, version="5.10.0"):
        assert not hasattr(slicer, "packaging")
    with slicer_session(tmp_path, version="5.12.1") as session:
        (tmp_path / "requirements.txt").write_text("# why\nskops>=0.11  # reads bundles\n\n")
        wanted = slicer.packaging.load_requirements(tmp_path / "requirements.txt")
        slicer.packaging.pip_ensure(wanted, requester="CervixRisk")
        assert session.installed == [{"requirements": ["skops>=0.11"], "requester": "CervixRisk"}]


def test_torch_is_there_after_it_was_asked_for(tmp_path: Path) -> None:
    with slicer_session(tmp_path, torch_installed=False) as session:
        import PyTorchUtils

        logic = PyTorchUtils.PyTorchUtilsLogic()
        assert not logic.torchInstalled()
        logic.installTorch(askConfirmation=True)
        assert logic.torchInstalled()
        assert session.installed == [{"requirements": ["torch"], "askConfirmation": True}]


def test_text_that_was_not_translated_is_found(tmp_path: Path) -> None:
    with slicer_session(tmp_path, translation_mark="§") as session:
        session.load(EXAMPLE)
        widget = session.open("StandInExample")
        assert widget.ui.askButton.toolTip == "§Choose an image first."
