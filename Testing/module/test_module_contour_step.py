"""Step 2 on the stand-in: an own case, and a reader study by keys alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import run_for, run_until
from slicer_standin.keyboard import press
from slicer_standin.painting import paint_polygon

from CervixRiskLib.imaging import SliceImage

ROWS, COLUMNS = 60, 80


@pytest.fixture
def picture() -> SliceImage:
    return SliceImage(np.random.default_rng(1).integers(0, 255, (ROWS, COLUMNS)).astype(np.float32), (0.5, 0.5))


@pytest.fixture
def step(slicer_app: Any, step_context: Any) -> Any:
    """The step in the main window, entered."""
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
def open_case(step: Any, picture: SliceImage) -> Callable[..., Any]:
    def make(name: str = "M027") -> Any:
        import slicer

        from CervixRiskLib.scene import add_slice_volume

        volume = add_slice_volume(slicer.mrmlScene, picture, name)
        step.session.open_volume(volume, name)
        return volume

    return make


def paint(step: Any, size: int = 20, at: int = 10) -> None:
    corners = [(at, at), (at, at + size - 1), (at + size - 1, at + size - 1), (at + size - 1, at)]
    paint_polygon(step.editor.widget, corners)


def test_an_own_case_is_drawn(step: Any, open_case: Callable[..., Any]) -> None:
    ui = step.ui
    assert not ui.drawButton.enabled
    open_case()
    assert ui.drawButton.enabled
    assert not ui.editorFrame.visible
    ui.drawButton.click()
    assert ui.editorFrame.visible
    assert step.editor.widget.activeEffect().name == "Draw"
    paint(step)
    run_for(0.3)
    assert ui.factsLabel.text == "1.0 cm² · 400 pixels · 14 mm across · does not touch the border"
