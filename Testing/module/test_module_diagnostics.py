"""The diagnostics page on the stand-in of Slicer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import measured_block, run_for, run_until

import CervixRiskLib
from CervixRiskLib.imaging import Roi

SHAPE = (40, 60)
RESULT = {
    "n_features": 924,
    "largest_difference": 6.4e-13,
    "feature": "original_shape_SurfaceArea",
    "own_seconds": 0.04,
    "their_seconds": 1.57,
    "their_version": "3.0.1",
}


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Callable[[], tuple[str, ...]]]:
    """A comparing program made of the given lines, run by this Python."""

    def make(lines: str) -> Callable[[], tuple[str, ...]]:
        path = tmp_path / "program.py"
        path.write_text(f"import json, pathlib, sys, time\nfolder = pathlib.Path(sys.argv[1])\n{lines}\n")
        return lambda: (sys.executable, str(path))

    return make


@pytest.fixture
def make_page(step_context: Any) -> Iterator[Callable[..., Any]]:
    from CervixRiskPanel.diagnostics import DiagnosticsPage

    pages = []

    def make(*, has_pyradiomics: bool = True, command: Any = None) -> Any:
        pages.append(DiagnosticsPage(step_context, lambda: has_pyradiomics, command))
        return pages[-1]

    yield make
    for page in pages:
        page.close()


def open_case(context: Any) -> None:
    """A slice with a contour."""
    import slicer

    pixels = np.random.default_rng(42).normal(100, 20, (1, *SHAPE)).astype(np.float32)
    volume = slicer.util.addVolumeFromArray(pixels, ijkToRAS=np.diag([-1.0, -1.0, 1.0, 1.0]), name="Slice")
    volume.CreateDefaultDisplayNodes()
    context.session.open_volume(volume)
    context.slices.show_case()
    mask = np.zeros(SHAPE, dtype=bool)
    mask[10:30, 20:45] = True
    context.session.start_contour(Roi(mask))


def test_what_a_report_needs_is_shown_and_copied(make_page: Callable[..., Any]) -> None:
    import slicer

    page = make_page()
    page.open()
    told = page.text.plainText
    assert told.startswith(f"CervixRisk {CervixRiskLib.__version__}\nFor research use. Not a medical device.")
    assert "Slicer 5.10.0 (revision stand-in, linux-amd64), Python 3." in told
    assert "Answer shown: none" in told
    assert f"  Settings: {slicer.app.slicerUserSettingsFilePath}" in told
    assert "Last failures\nnone" in told
    page.copy_button.click()
    assert slicer.app.clipboard().text() == told
    assert page.text.readOnly


def test_the_last_failure_is_there_when_it_is_opened_again(
    make_page: Callable[..., Any], step_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = make_page()
    page.open()
    monkeypatch.setattr(step_context.questions, "last_log", lambda: "12:31 crashed PredictionProgramError")
    page.open()
    assert "Last failures\n12:31 crashed PredictionProgramError" in page.text.plainText


def test_the_button_says_why_it_cannot_compare(make_page: Callable[..., Any], step_context: Any) -> None:
    page = make_page(has_pyradiomics=False)
    page.open()
    assert not page.compare_button.enabled
    assert "SlicerRadiomics" in page.compare_button.toolTip
    page = make_page()
    page.open()
    assert not page.compare_button.enabled
    assert "Choose one in step 1" in page.compare_button.toolTip
    open_case(step_context)
    assert page.compare_button.enabled
    assert "PyRadiomics" in page.compare_button.toolTip
    step_context.session.drop_contour()
    assert not page.compare_button.enabled
    assert "step 2" in page.compare_button.toolTip


def test_engines_are_compared_without_holding_the_panel_up(
    make_page: Callable[..., Any], step_context: Any, program: Any
) -> None:
    open_case(step_context)
    lines = f"time.sleep(0.4)\n(folder / 'result.json').write_text(json.dumps({RESULT!r}))"
    page = make_page(command=program(lines))
    page.open()
    run_for(0.05)
    page.compare_button.click()
    assert page.result.text == "Comparing…"
    assert not page.compare_button.enabled
    with measured_block() as block:
        run_until(lambda: page.compare_button.enabled)
    assert block.longest_ms < 50
    assert page.result.text == (
        "Both engines agree. Largest relative difference of 924 features: 6.4e-13 (original_shape_SurfaceArea). "
        "CervixRisk took 0.04 s, PyRadiomics 3.0.1 took 1.57 s."
    )
    page.copy_button.click()
    import slicer

    assert slicer.app.clipboard().text().endswith(f"{page.result.text}\n")


def test_a_difference_is_called_one(make_page: Callable[..., Any], step_context: Any, program: Any) -> None:
    open_case(step_context)
    told = {**RESULT, "largest_difference": 0.012}
    page = make_page(command=program(f"(folder / 'result.json').write_text(json.dumps({told!r}))"))
    page.open()
    page.compare_button.click()
    run_until(lambda: page.compare_button.enabled)
    assert page.result.text.startswith("The engines differ. Largest relative difference of 924 features: 1.2e-02")


def test_a_crash_is_told_and_its_details_can_be_copied(
    make_page: Callable[..., Any], step_context: Any, program: Any
) -> None:
    open_case(step_context)
    page = make_page(command=program("raise RuntimeError('a fault')"))
    page.open()
    page.compare_button.click()
    run_until(lambda: page.compare_button.enabled)
    assert "ended unexpectedly (exit code 1)" in page.result.text
    assert "RuntimeError: a fault" in page.text.plainText


def test_closing_the_window_stops_the_comparison(
    make_page: Callable[..., Any], step_context: Any, program: Any, tmp_path: Path
) -> None:
    open_case(step_context)
    ended = tmp_path / "ended.txt"
    page = make_page(command=program(f"time.sleep(1)\npathlib.Path({str(ended)!r}).write_text('x')"))
    page.open()
    page.compare_button.click()
    page.close_button.click()
    assert not page.widget.visible
    run_for(1.2)
    assert not ended.exists()
    page.open()
    assert page.compare_button.enabled
    assert page.result.text == ""


def test_the_page_as_a_picture(
    make_page: Callable[..., Any], step_context: Any, slicer_app: Any, program: Any, tmp_path: Path
) -> None:
    from PIL import Image

    open_case(step_context)
    page = make_page(command=program(f"(folder / 'result.json').write_text(json.dumps({RESULT!r}))"))
    page.open()
    page.compare_button.click()
    run_until(lambda: page.compare_button.enabled)
    with Image.open(slicer_app.grab(tmp_path / "diagnostics.png", widget=page.widget)) as picture:
        assert picture.size == (600, 640)
    for button in (page.copy_button, page.compare_button, page.close_button):
        assert button.toolTip
        assert button.fontMetrics().horizontalAdvance(button.text) < button.width
