"""What an answer draws: layers over the slice, bars and the nomogram in the panel."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from fake_study.answers import NOMOGRAM, SHAPE, VALUES, answer
from slicer_standin.event_loop import run_for


@pytest.fixture
def context(answer_context: Any) -> Any:
    return answer_context


@pytest.fixture
def step(answer_step: Any) -> Any:
    return answer_step


def composite() -> Any:
    import slicer

    return slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()


def test_a_map_that_is_made_in_one_way_has_no_choice(context: Any, step: Any) -> None:
    answer(context)
    assert step.ui.heatMapMethodBox.visible
    answer(context, task="staging")
    assert not step.ui.heatMapMethodBox.visible
    assert not step.ui.heatMapMethodTitle.visible
    answer(context, heatmap_target="A map of another version")
    assert not step.ui.heatMapMethodBox.visible


def test_heat_map_controls_work_live(slicer_app: Any, context: Any, step: Any) -> None:
    import qt
    from PySide6.QtTest import QTest

    answer(context)
    heat_map = context.session.answer_nodes.heat_map
    assert composite().GetForegroundVolumeID() == heat_map.GetID()
    step.ui.opacitySlider.value = 80
    assert composite().GetForegroundOpacity() == pytest.approx(0.8)
    step.ui.thresholdSlider.value = 60
    assert heat_map.GetDisplayNode().GetLowerThreshold() == pytest.approx(0.6)
    step.ui.heatMapShownBox.click()
    assert composite().GetForegroundVolumeID() is None
    QTest.keyClick(slicer_app.window, qt.Qt.Key_H)
    assert composite().GetForegroundVolumeID() == heat_map.GetID()
    # While somebody types, H is a letter.
    field = qt.QLineEdit(step.widget)
    field.show()
    field.setFocus()
    run_for(0.02)
    QTest.keyClick(field, qt.Qt.Key_H)
    assert field.text == "h"
    assert step.ui.heatMapShownBox.checked
    field.deleteLater()
    # In another module the key is not ours.
    step.exit()
    QTest.keyClick(slicer_app.window, qt.Qt.Key_H)
    assert step.ui.heatMapShownBox.checked


def frames_shown() -> list[bool]:
    import slicer

    from CervixRiskLib.scene.map_frame_model import map_frames

    return [bool(frame.GetDisplayNode().GetVisibility()) for frame in map_frames(slicer.mrmlScene)]


def test_the_frame_is_seen_with_its_heat_map_alone(slicer_app: Any, context: Any, step: Any) -> None:
    import slicer

    from CervixRiskLib.scene import add_slice_volume

    heat = np.full(SHAPE, np.nan, dtype=np.float32)
    heat[10:50, 20:60] = 0.9
    answer(context, heatmap=heat)
    assert frames_shown() == [True]
    step.ui.heatMapShownBox.click()
    assert frames_shown() == [False]
    step.ui.heatMapShownBox.click()
    context.session.set_clinical("rbc_count", "3.9")
    assert frames_shown() == [False]
    answer(context, heatmap=heat)
    assert frames_shown() == [True]
    # Another case lies in the same place; the answer stays with the first one.
    first, contour = context.session.volume, context.session.segmentation
    context.session.open_volume(add_slice_volume(slicer.mrmlScene, context.session.image(), "another"), "another")
    context.slices.show_case()
    assert frames_shown() == [False]
    assert not contour.GetDisplayVisibility()
    context.session.open_volume(first)
    context.slices.show_case()
    assert contour.GetDisplayVisibility()
    answer(context, heatmap=heat)
    context.slices.clear()
    assert frames_shown() == [False]
    context.session.set_blinded(True)
    assert frames_shown() == []


def test_a_legend_does_not_outlive_its_heat_map(context: Any, step: Any) -> None:
    answer(context)
    nodes = context.session.answer_nodes
    assert nodes.legend.GetVisibility()
    context.session.scene.RemoveNode(nodes.heat_map)
    context.slices.show_answer()
    assert not nodes.legend.GetVisibility()


def test_the_frame_is_drawn_into_the_view(slicer_app: Any, context: Any, step: Any) -> None:
    from CervixRiskLib.errors import MissingComponentError
    from CervixRiskLib.scene.offscreen import offscreen_window_class

    try:
        offscreen_window_class()
    except MissingComponentError as error:
        pytest.skip(str(error))
    import slicer

    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()

    def picture() -> np.ndarray:
        drawn = view.picture()
        size = drawn.height(), drawn.width(), 3
        lines = np.frombuffer(drawn.constBits(), np.uint8).reshape(size[0], drawn.bytesPerLine())
        return lines[:, : 3 * size[1]].reshape(size).astype(int)

    heat = np.full(SHAPE, np.nan, dtype=np.float32)
    heat[10:50, 20:60] = 0.9
    answer(context, heatmap=heat)
    context.slices.set_opacity(0.0)
    with_frame = picture()
    context.slices._show_parts(None, context.session.answer_nodes.legend)
    rows, columns = np.nonzero(np.abs(with_frame - picture()).max(axis=2))
    # A square of 40 by 40 of 60 by 80 pixels, and dashes, not lines.
    assert len(rows)
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert tall == pytest.approx(wide, abs=3)
    assert 0.3 < len(rows) / (2 * 4 * (tall + wide)) < 0.8


def test_layers_deleted_elsewhere_are_gone_here_too(slicer_app: Any, context: Any, step: Any) -> None:
    import slicer

    answer(context)
    nodes = context.session.answer_nodes
    for node in (nodes.heat_map, nodes.table, nodes.contributions.chart):
        slicer.mrmlScene.RemoveNode(node)
    step.ui.opacitySlider.value = 70
    step.ui.thresholdSlider.value = 60
    assert not slicer_app.errors
    assert composite().GetForegroundVolumeID() is None
    step.ui.chartsButton.click()
    assert not step.ui.chartsButton.checked
    assert step.ui.headlineLabel.text == "31 %"


def test_the_nomogram_in_a_window_of_its_own(context: Any, step: Any) -> None:
    import qt
    from PySide6.QtTest import QTest

    answer(context)
    run_for(0.02)
    QTest.mouseDClick(step.ui.nomogramLabel, qt.Qt.LeftButton)
    run_for(0.02)
    window = step._window._dialog
    assert window.visible
    texts = [label.text for label in window.findChildren(qt.QLabel)]
    assert "Demo bundle: trained on simulated data. For research use. Not a medical device." in texts
    context.session.drop_answer()
    assert not window.visible


def test_an_answer_is_shown_within_a_blink(context: Any, step: Any) -> None:
    answer(context)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        step.enter()
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05


@pytest.mark.parametrize("ratio", [1, 2])
def test_drawings_are_sharp_and_stay_inside(context: Any, step: Any, ratio: int) -> None:
    """On a display of twice the density the picture has twice the pixels; nothing is drawn over its edge."""
    from CervixRiskPanel.nomogram_chart import NomogramChart
    from CervixRiskPanel.painted_label import picture_of
    from CervixRiskPanel.points_chart import ShareChart
    from CervixRiskPanel.probability_bar import ProbabilityBar

    answer(context, probability=0.995, interval=(0.0, 1.0), threshold=0.99)
    view = step.view
    drawings = (
        ProbabilityBar(view),
        ShareChart(view.points),
        ShareChart(view.contributions, signed=True),
        NomogramChart(NOMOGRAM, VALUES, "PLNM"),
    )
    for drawing in drawings:
        for width in (250, 380, 800):
            image = picture_of(drawing, width, ratio, step.widget).toImage()
            assert image.width() == width * ratio
            rows, columns = image.height(), image.width()
            alpha = np.array([[image.pixelColor(x, y).alpha() for x in (0, columns - 1)] for y in range(rows)])
            feet = np.array([image.pixelColor(x, rows - 1).alpha() for x in range(0, columns, 3)])
            assert not alpha[:, 1].any()
            assert not feet.any()


@pytest.mark.parametrize("ground", ["#efefef", "#353535"])
def test_colours_can_be_read_on_light_and_dark(slicer_app: Any, ground: str) -> None:
    """WCAG 2.1: 4.5 to 1 for text, 3 to 1 for what is drawn."""
    import qt

    from CervixRiskPanel.inks import inks

    def luminance(colour: Any) -> float:
        parts = [part / 255 for part in (colour.red(), colour.green(), colour.blue())]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: Any, other: Any) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    palette = qt.QPalette()
    palette.setColor(qt.QPalette.Window, qt.QColor(ground))
    palette.setColor(qt.QPalette.WindowText, qt.QColor("#ffffff" if ground == "#353535" else "#000000"))
    found = inks(palette)
    for colour in (found.text, found.faint, found.patient):
        assert contrast(colour, found.ground) >= 4.5
    assert contrast(found.raises, found.ground) >= 3


def test_a_value_beyond_its_axis_is_explained(context: Any, step: Any) -> None:
    from CervixRiskPanel.nomogram_chart import NomogramChart

    assert "Open mark" not in NomogramChart(NOMOGRAM, VALUES, "PLNM").words()
    beyond = NomogramChart(NOMOGRAM, {**VALUES, "maximum_diameter": 120.0}, "PLNM")
    assert beyond.words().endswith("Open mark: beyond the range of the training cases.")
