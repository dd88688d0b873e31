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
from fake_study.answers import BUNDLE, FACTS, OWN, SHAPE, FakeWorker
from fake_study.fixtures import fake_worker, write_model  # noqa: F401
from PIL import Image
from slicer_standin.fixtures import slicer_app  # noqa: F401

from CervixRiskLib.bundle import BundleManifest, ClinicalPredictor
from CervixRiskLib.bundle.manifest import Calibration, TrainingSummary
from CervixRiskLib.cohort import builtin_columns
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.worker import StudyFacts

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_ROOT = Path(__file__).resolve().parents[2]
if str(_ROOT / "CervixRisk") not in sys.path:
    # Last: the folders beside it have names of the standard library's.
    sys.path.append(str(_ROOT / "CervixRisk"))

RESOURCES = _ROOT / "CervixRisk" / "Resources"
PANEL_WIDTH = 400


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
def facts() -> StudyFacts:
    """A model that asks for a measured value, a number and a category."""
    seen = {"maximum_diameter": (5.0, 80.0), "rbc_count": (2.0, 7.0), "histology": (0.0, 1.0)}
    manifest = BundleManifest(
        "plnm",
        "2026-01-01T00:00:00Z",
        {},
        True,
        "metastasis",
        ("no metastasis", "metastasis"),
        0.35,
        Calibration("none"),
        TrainingSummary(60, 20, "0" * 64, 1.0),
        clinical=tuple(
            ClinicalPredictor(name, name, observed_low=low, observed_high=high) for name, (low, high) in seen.items()
        ),
    )
    columns = builtin_columns().subset(seen).to_mapping()
    return StudyFacts("Study", True, ("image",), tuple(seen), "", manifest.to_json(), columns)


@pytest.fixture
def case_step(step_context: Any) -> Iterator[Any]:
    """Step 1 in a window as wide as Slicer's panel, entered."""
    import qt
    from slicer_standin.event_loop import run_for

    from CervixRiskPanel.case_step import CaseStep

    made = CaseStep(step_context)
    host = qt.QWidget()
    layout = qt.QVBoxLayout(host)
    layout.addWidget(made.widget)
    layout.addStretch(1)
    host.setFixedWidth(PANEL_WIDTH)
    host.show()
    made.enter()
    run_for(0.01)
    yield made
    made.exit()
    made.close()
    made.widget.setMRMLScene(None)
    host.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A PNG of 60 rows x 80 columns, whose pixel size nobody knows."""
    path = tmp_path / "M027.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80)).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def open_picture(case_step: Any) -> Callable[[Path], None]:
    """``open_picture(path)`` in step 1, as the panel does: the case opens and is shown."""

    def make(path: Path) -> None:
        case_step.image_choice.open_file(str(path))
        case_step.context.slices.show_case()

    return make


@pytest.fixture
def draw_square(step_context: Any) -> Callable[[], None]:
    """``draw_square()`` begins the case's contour with 20 x 20 pixels."""

    def make() -> None:
        session = step_context.session
        mask = np.zeros(session.image().shape, dtype=bool)
        mask[10:30, 20:40] = True
        session.start_contour(Roi.from_mask(mask, session.image()))

    return make


@pytest.fixture
def add_volume(slicer_app: Any) -> Callable[..., Any]:  # noqa: F811
    """``add_volume(image, name)`` adds a slice to the scene; by itself an empty one of 6 x 8 pixels of 0.5 mm."""

    def make(image: SliceImage | None = None, name: str = "slice") -> Any:
        import slicer

        from CervixRiskLib.scene import add_slice_volume

        empty = SliceImage(np.zeros((6, 8), np.float32), (0.5, 0.5))
        return add_slice_volume(slicer.mrmlScene, image or empty, name)

    return make


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
