"""The module in the stand-in of Slicer; skipped where Qt or slicer-core is missing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_ROOT = Path(__file__).resolve().parents[2]
# Last: the folders beside them have names of the standard library's.
for _folder in (_ROOT / "Testing", _ROOT / "CervixRisk"):
    if str(_folder) not in sys.path:
        sys.path.append(str(_folder))

from fake_study.fixtures import fake_worker, write_model  # noqa: E402, F401
from slicer_standin.fixtures import slicer_app  # noqa: E402, F401

RESOURCES = _ROOT / "CervixRisk" / "Resources"


@pytest.fixture
def resource() -> Callable[[str], str]:
    """Path of a file below the module's ``Resources``."""
    return lambda name: str(RESOURCES / name)


@pytest.fixture
def no_worker() -> Callable[[bool], Any]:
    """For panels whose test asks nothing: no program is started."""

    def make(force_cpu: bool) -> Any:
        raise AssertionError("this test asks nothing")

    return make


@pytest.fixture
def step_context(slicer_app: Any, resource: Callable[[str], str], no_worker: Any) -> Iterator[Any]:  # noqa: F811
    """A ``PanelContext`` on a running stand-in, without the other steps; ``context.panel_widget`` is empty."""
    import qt
    import slicer

    from CervixRiskLib.workflow.case_session import CaseSession
    from CervixRiskLib.workflow.questions import Questions
    from CervixRiskPanel.context import PanelContext
    from CervixRiskPanel.settings import PanelSettings
    from CervixRiskPanel.slice_display import SliceDisplay

    display: list[Any] = []
    session = CaseSession(slicer.mrmlScene, slice_node=lambda: display[0].slice_node())
    display.append(SliceDisplay(session))
    questions = Questions(no_worker)
    yield PanelContext(session, questions, display[0], PanelSettings(), resource, qt.QWidget())
    questions.close()
    session.close()
