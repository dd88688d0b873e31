"""The module in the stand-in of Slicer; skipped where Qt or slicer-core is missing."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_ROOT = Path(__file__).resolve().parents[2]
# Last: the folders beside them have names of the standard library's.
for _folder in (_ROOT / "Testing", _ROOT / "CervixRisk"):
    if str(_folder) not in sys.path:
        sys.path.append(str(_folder))

from fake_study.answers import BUNDLE, FACTS, OWN, SHAPE, FakeWorker  # noqa: E402
from fake_study.fixtures import fake_worker, write_model  # noqa: E402, F401
from slicer_standin.fixtures import slicer_app  # noqa: E402, F401

from CervixRiskLib.imaging import SliceImage  # noqa: E402

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


@pytest.fixture
def contour_step(slicer_app: Any, step_context: Any) -> Iterator[Any]:  # noqa: F811
    """Step 2 in the main window, entered."""
    from slicer_standin.event_loop import run_for

    from CervixRiskPanel.contour_step import ContourStep

    made = ContourStep(step_context)
    slicer_app.window.panel.setWidget(made.widget)
    slicer_app.window.show()
    made.enter()
    run_for(0.02)
    yield made
    made.exit()
    made.close()
    slicer_app.window.panel.takeWidget()


@pytest.fixture
def open_case(contour_step: Any) -> Callable[..., Any]:
    """``open_case("M027")`` opens a slice of 60 x 80 pixels of 0.5 mm in step 2; returns its volume."""

    def make(name: str = "M027") -> Any:
        import slicer

        from CervixRiskLib.scene import add_slice_volume

        pixels = np.random.default_rng(1).integers(0, 255, (60, 80)).astype(np.float32)
        volume = add_slice_volume(slicer.mrmlScene, SliceImage(pixels, (0.5, 0.5)), name)
        contour_step.session.open_volume(volume, name)
        return volume

    return make


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker(OWN.n_pixels)


@pytest.fixture
def answer_context(step_context: Any, worker: FakeWorker) -> Iterator[Any]:
    """A case that reader A has drawn, without an answer; ``worker`` gives the answers."""
    import slicer

    from CervixRiskLib.scene import add_slice_volume
    from CervixRiskLib.workflow.questions import Questions

    made = dataclasses.replace(step_context, questions=Questions(lambda _cpu: worker, let_go_seconds=0.0))
    pixels = np.random.default_rng(42).integers(0, 255, SHAPE).astype(np.float32)
    image = SliceImage(pixels, (0.5, 0.5), "PixelSpacing", "US")
    made.session.open_volume(add_slice_volume(slicer.mrmlScene, image, "case"))
    made.session.set_reading("A", "1")
    made.session.start_contour(OWN)
    made.session.set_study(BUNDLE, FACTS)
    made.slices.show_case()
    made.session.answer_changed.connect(made.slices.show_answer)
    yield made
    made.questions.close()


@pytest.fixture
def answer_step(slicer_app: Any, answer_context: Any) -> Iterator[Any]:  # noqa: F811
    """Step 4 in the main window, entered."""
    from slicer_standin.event_loop import run_for

    from CervixRiskPanel.answer_step import AnswerStep

    made = AnswerStep(answer_context)
    slicer_app.window.panel.setWidget(made.widget)
    made.enter()
    run_for(0.02)
    yield made
    made.close()
    slicer_app.window.panel.takeWidget()
