"""Reloading the module reads its panel and the library again, and leaves other tests' library alone."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.session import slicer_session

import CervixRiskLib
from CervixRiskLib import errors

PANEL = Path(__file__).resolve().parents[2] / "CervixRisk" / "CervixRiskPanel"

MODULE = """
import sys
import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleWidget
HERE = __file__.rsplit("Renewed.py", 1)[0]
if HERE not in sys.path:
    sys.path.insert(0, HERE)

class Renewed(ScriptedLoadableModule):
    pass

class RenewedWidget(ScriptedLoadableModuleWidget):
    def setup(self):
        from CervixRiskPanel.words import WORDS
        import CervixRiskLib
        self.words, self.library = WORDS, CervixRiskLib

    def onReload(self):
        from CervixRiskPanel.reload import forget_library

        forget_library()
        ScriptedLoadableModuleWidget.onReload(self)
"""


@pytest.fixture
def module_file(tmp_path: Path) -> Path:
    package = tmp_path / "module" / "CervixRiskPanel"
    package.mkdir(parents=True)
    shutil.copy(PANEL / "reload.py", package)
    (package / "__init__.py").write_text("")
    (package / "words.py").write_text("import qt\nWORDS = 'before'\n")
    path = tmp_path / "module" / "Renewed.py"
    path.write_text(MODULE)
    return path


def test_a_changed_file_is_picked_up(module_file: Path, tmp_path: Path) -> None:
    with slicer_session(tmp_path) as session:
        session.load(module_file)
        widget = session.open("Renewed")
        assert widget.words == "before"
        (module_file.parent / "CervixRiskPanel" / "words.py").write_text("import qt\nWORDS = 'after it was changed'\n")
        widget.onReload()
        import slicer

        new = slicer.modules.RenewedWidget
        assert new.words == "after it was changed"
        assert new.library is not CervixRiskLib
        assert not session.errors
    # Tests that come later have the library that they imported, and no panel of this session.
    assert sys.modules["CervixRiskLib"] is CervixRiskLib
    assert sys.modules["CervixRiskLib.errors"] is errors
    assert not [name for name in sys.modules if name.startswith("CervixRiskPanel")]


def test_the_next_session_reads_the_panel_again(module_file: Path, tmp_path: Path) -> None:
    for words in ("first", "the second"):
        (module_file.parent / "CervixRiskPanel" / "words.py").write_text(f"import qt\nWORDS = '{words}'\n")
        with slicer_session(tmp_path) as session:
            session.load(module_file)
            assert session.open("Renewed").words == words


def test_the_module_itself_is_reloaded(tmp_path: Path) -> None:
    with slicer_session(tmp_path) as session:
        session.load(PANEL.parent / "CervixRisk.py")
        widget = session.open("CervixRisk")
        old = widget.panel
        widget.onReload()
        import slicer

        new = slicer.modules.CervixRiskWidget
        assert new is not widget
        assert new.panel is not None
        assert type(new.panel) is not type(old)
        assert type(new.panel.session) is not type(old.session)
        # The old panel has let go of everything, the new one is at work.
        assert widget.panel is None
        new.panel.session.set_reading("R2", "2")
        # Slicer does not enter the open module again: the new panel has to see that it is open.
        assert new.panel.steps["ask"]._entered
        assert new.panel.steps["contour"].shortcuts._shortcuts
        assert not session.errors
        assert not session.dialogs.unexpected


def test_a_panel_that_was_replaced_ignores_the_scene(tmp_path: Path) -> None:
    """Slicer hides the old widgets and leaves them on the scene."""
    with slicer_session(tmp_path) as session:
        session.load(PANEL.parent / "CervixRisk.py")
        widget = session.open("CervixRisk")
        step = widget.panel.steps["case"]
        selector = step.ui.imageSelector
        widget.cleanup()
        assert step.widget.mrmlScene() is None
        assert selector.mrmlScene() is None
        # A module whose panel has gone, because its file could not be read again, can still be left and entered.
        widget.exit()
        widget.enter()
        assert not session.errors


def test_the_panel_is_made_without_a_main_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So do the tests that Slicer makes for every module: ``--no-main-window``, hence no views either."""
    with slicer_session(tmp_path) as session:
        import slicer

        with monkeypatch.context() as patch:
            patch.setattr(slicer.app, "layoutManager", lambda: None)
            patch.setattr(slicer.app, "mainWindow", lambda: None)
            session.load(PANEL.parent / "CervixRisk.py")
            session.startup_completed()
            widget = session.manager.module("CervixRisk").widgetRepresentation()
            panel = widget.self().panel
            panel.context.open_sample("ultrasound")
            assert panel.session.volume is not None
            slicer.mrmlScene.Clear(False)
            assert panel.session.volume is None
            widget.self().cleanup()
        assert not session.errors
        assert not session.dialogs.unexpected
