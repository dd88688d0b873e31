"""The step that shows an answer, on the stand-in of Slicer."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import run_for, run_until

from CervixRiskLib.bundle import (
    CaseInput,
    ClassProbability,
    Contribution,
    Prediction,
    PredictionWarning,
    PredictorPoints,
    WarningCode,
)
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.statistics import Nomogram
from CervixRiskLib.worker import FailureKind, StudyFacts, WorkerAnswer, WorkerEvent, WorkerFailure
from CervixRiskLib.workflow.case_answer import CaseAnswer

BUNDLE = Path("model")
VALUES = {"fusion_score": 0.41, "maximum_diameter": 38.2}
NOMOGRAM = Nomogram.from_logistic(
    ["fusion_score", "maximum_diameter"],
    ["Fusion score", "Maximum diameter"],
    ["", "mm"],
    [4.0, 0.03],
    -3.0,
    [(0, 1), (5, 80)],
)
FACTS = StudyFacts("Lymph node metastasis", True, (), (), "CPU.", {"nomogram": NOMOGRAM.to_dict()}, {})
SHAPE = (60, 80)


class FakeWorker:
    """Answers one question a poll; more lesion is more risk."""

    def __init__(self, own: int) -> None:
        self.own = own
        self.asked: list[CaseInput] = []
        self.waiting: list[tuple[int, CaseInput]] = []
        self.ended: list[WorkerEvent] = []

    def request(self, case: CaseInput, bundle: Path, options: Any) -> int:
        self.asked.append(case)
        self.waiting.append((len(self.asked), case))
        return len(self.asked)

    def poll(self) -> list[WorkerEvent]:
        events, self.ended = self.ended, []
        if self.waiting:
            ticket, case = self.waiting.pop(0)
            probability = 0.31 + 0.001 * (case.roi.n_pixels - self.own)
            events.append(WorkerAnswer(ticket, prediction_of(case.roi, probability), 0.1, "CPU."))
        return events

    def cancel(self, ticket: int) -> None:
        self.waiting = [entry for entry in self.waiting if entry[0] != ticket]
        self.ended.append(WorkerFailure(ticket, FailureKind.CANCELLED, "Cancelled", "Stopped."))

    def close(self) -> None:
        pass


def prediction_of(roi: Roi, probability: float = 0.31, **changes: Any) -> Prediction:
    points = tuple(
        PredictorPoints(
            axis.name, axis.label, VALUES[axis.name], axis.unit, NOMOGRAM.points(axis.name, VALUES[axis.name])
        )
        for axis in NOMOGRAM.axes
    )
    heat = np.zeros(SHAPE, dtype=np.float32)
    heat[20:40, 20:40] = 0.9
    made = Prediction(
        case_id="case",
        task="plnm",
        probability=probability,
        interval=(0.22, 0.42),
        threshold=0.35,
        label="metastasis" if probability >= 0.35 else "no metastasis",
        positive_class="metastasis",
        score=0.41,
        points=points,
        total_points=NOMOGRAM.total(VALUES),
        contributions=tuple(Contribution(f"feature_{n}", "deep", 1.0, (-1.0) ** n / (n + 1)) for n in range(8)),
        heatmap=heat,
        heatmap_target="Grad-CAM of the fusion score",
        warnings=(
            PredictionWarning(WarningCode.SMALL_ROI, "The region is small."),
            PredictionWarning(WarningCode.DEMO_BUNDLE, "Simulated."),
        ),
        simulated=True,
        mask_hash=roi.mask_hash,
    )
    return dataclasses.replace(made, **changes)


def box(rows: slice, columns: slice) -> Roi:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[rows, columns] = True
    return Roi(mask, (0.5, 0.5))


OWN = box(slice(20, 30), slice(20, 30))


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker(OWN.n_pixels)


@pytest.fixture
def context(step_context: Any, worker: FakeWorker) -> Iterator[Any]:
    """A case that reader A has drawn, without an answer."""
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
def step(slicer_app: Any, context: Any) -> Iterator[Any]:
    from CervixRiskPanel.answer_step import AnswerStep

    made = AnswerStep(context)
    slicer_app.window.panel.setWidget(made.widget)
    made.enter()
    run_for(0.02)
    yield made
    made.close()
    slicer_app.window.panel.takeWidget()


def answer(context: Any, **changes: Any) -> None:
    prediction = prediction_of(OWN, **changes)
    context.session.show_answer(CaseAnswer(prediction, FACTS, BUNDLE, context.session.choice(), "CPU.", 0.41))


def let_checks_end(step: Any) -> None:
    run_until(lambda: step.checks.sensitivity is not None)
    for _ in range(20):
        step.context.questions.poll()


def composite() -> Any:
    import slicer

    return slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()


def test_before_there_is_an_answer(step: Any) -> None:
    assert step.ui.stateLabel.text == "No answer yet. Ask a model in step 3."
    assert not step.ui.resultBox.visible
    assert not step.ui.staleRow.visible
    assert not step.ui.noticeLabel.visible
    assert step.summary() == ""


def test_the_answer_is_written(context: Any, step: Any) -> None:
    summaries: list[str] = []
    step.summary_changed.connect(lambda: summaries.append(step.summary()))
    answer(context)
    ui = step.ui
    assert ui.headlineLabel.text == "31 %"
    assert ui.outcomeLabel.text == "probability of PLNM"
    assert ui.intervalLabel.text == "95 % interval 22 to 42 %\nbelow the threshold of 35 %"
    assert summaries[-1] == "31 % · below the threshold of 35 %"
    assert ui.warningsLabel.text == "▲ The region is small."
    assert ui.simulatedLabel.text == "▲ Demo bundle: trained on simulated data."
    assert ui.computedLabel.text == "0.4 s · CPU."
    assert ui.captionLabel.text == "Grad-CAM of the fusion score"
    assert "2 more in the table" in ui.furtherLabel.text
    assert ui.pointsLabel.accessibleDescription == "Fusion score 0.41: 41 points\nMaximum diameter 38.2 mm: 29 points"
    assert "Risk of PLNM, %: " in ui.nomogramLabel.accessibleDescription
    assert "Threshold 35 %." in ui.barLabel.accessibleDescription
    assert not ui.stateLabel.visible
    assert not ui.groupsLabel.visible
    assert ui.noticeLabel.visible
    assert ui.noticeLabel.text == "For research use. Not a medical device."


def test_groups_without_nomogram_contributions_and_heat_map(context: Any, step: Any) -> None:
    answer(
        context,
        task="staging",
        label="surgery",
        positive_class="chemoradiotherapy",
        class_probabilities=(ClassProbability("surgery", 0.69), ClassProbability("chemoradiotherapy", 0.31)),
        points=(),
        total_points=None,
        contributions=(),
        heatmap=None,
        basis="Stage groups by FIGO 2018",
        warnings=(),
        simulated=False,
    )
    ui = step.ui
    assert ui.groupsLabel.accessibleDescription == "surgery: 69 %\nchemoradiotherapy: 31 %"
    assert ui.basisLabel.text == "Stage groups by FIGO 2018"
    hidden = (ui.pointsLabel, ui.contributionsBox, ui.heatMapBox, ui.warningsLabel, ui.simulatedLabel)
    assert not any(widget.visible for widget in hidden)


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
    first = context.session.volume
    context.session.open_volume(add_slice_volume(slicer.mrmlScene, context.session.image(), "another"), "another")
    context.slices.show_case()
    assert frames_shown() == [False]
    context.session.open_volume(first)
    answer(context, heatmap=heat)
    context.slices.clear()
    assert frames_shown() == [False]
    context.session.set_blinded(True)
    assert frames_shown() == []


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
    context.slices._show_frame(None)
    rows, columns = np.nonzero(np.abs(with_frame - picture()).max(axis=2))
    # A square of 40 by 40 of 60 by 80 pixels, and dashes, not lines.
    assert len(rows)
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert tall == pytest.approx(wide, abs=3)
    assert 0.3 < len(rows) / (2 * 4 * (tall + wide)) < 0.8


def test_checks_run_by_themselves(context: Any, step: Any, worker: FakeWorker) -> None:
    import slicer

    from CervixRiskLib.scene import Reading, start_reading

    worker.own += 10
    other = box(slice(20, 30), slice(20, 36))
    start_reading(slicer.mrmlScene, context.session.volume, Reading(context.session.case_id, "B", "1"), other)
    answer(context)
    assert not step.ui.sensitivityLabel.visible
    run_until(lambda: step.checks.sensitivity is not None)
    assert step.ui.readersLabel.text.startswith("Reader B, round 1: … (Dice 0.77")
    let_checks_end(step)
    assert len(worker.asked) == 7
    assert step.ui.sensitivityLabel.text == "26 to 34 %"
    assert step.ui.readersLabel.text == "Reader B, round 1: 36 % (Dice 0.77, 95 % Hausdorff 3.0 mm)"
    told = step.ui.disagreementLabel.text
    assert told.startswith("▲ The readers disagree: the contour of Reader B, round 1")
    assert "One pixel" not in told


def test_an_old_answer_is_greyed_and_asked_again(context: Any, step: Any) -> None:
    again: list[bool] = []
    context.ask_again = lambda: again.append(True)
    answer(context)
    let_checks_end(step)
    assert step.ui.disagreementLabel.text == "▲ One pixel more or less in the contour changes the class."
    step.ui.chartsButton.click()
    context.session.set_clinical("rbc_count", "3.9")
    assert step.ui.staleLabel.text == "Asked before the case changed. Ask again."
    assert step.ui.staleRow.visible
    assert not step.ui.resultBox.enabled
    assert not step.ui.sensitivityLabel.visible
    assert step.summary() == "out of date"
    assert not step.ui.chartsButton.checked
    step.ui.askAgainButton.click()
    assert again == [True]
    answer(context)
    assert step.ui.resultBox.enabled
    assert not step.ui.staleRow.visible


def test_nothing_is_shown_while_a_study_round_is_open(context: Any, step: Any, worker: FakeWorker) -> None:
    answer(context)
    context.session.set_blinded(True)
    assert "study round is open" in step.ui.stateLabel.text
    assert not step.ui.resultBox.visible
    assert step.summary() == ""
    run_for(0.1)
    assert worker.asked == []


def test_values_are_copied_for_a_spreadsheet(context: Any, step: Any) -> None:
    import slicer

    answer(context)
    step.ui.copyButton.click()
    lines = slicer.app.clipboard().text().splitlines()
    assert lines[0].split("\t")[:3] == ["part", "name", "value"]
    assert lines[1].split("\t")[:3] == ["answer", "probability of metastasis", "0.3100"]


def test_charts_beside_the_slice_and_back(context: Any, step: Any) -> None:
    import slicer

    manager = slicer.app.layoutManager()
    before = manager.layout
    answer(context)
    step.ui.chartsButton.click()
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView
    selection = slicer.app.applicationLogic().GetSelectionNode()
    nodes = context.session.answer_nodes
    assert selection.GetActiveTableID() == nodes.table.GetID()
    assert selection.GetActivePlotChartID() == nodes.contributions.chart.GetID()
    assert step.ui.chartsButton.text == "Hide charts"
    step.ui.chartsButton.click()
    assert manager.layout == before
    # A layout that the person has chosen meanwhile stays.
    step.ui.chartsButton.click()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    step.exit()
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    assert step.ui.chartsButton.text == "Show charts"


def test_a_report_that_cannot_be_made_says_why_below_its_button(slicer_app: Any, context: Any, step: Any) -> None:
    """This answer's model does not say what it was trained on. How reports are made is tested elsewhere."""
    import qt

    line = step.ui.reportRow.findChildren(qt.QLabel)[0]
    answer(context)
    assert not line.visible
    step.ui.reportButton.click()
    assert line.visible
    assert line.text.startswith("This is not a CervixRisk bundle")
    assert slicer_app.dialogs.shown == []


def test_what_was_folded_stays_folded(context: Any, step: Any) -> None:
    from CervixRiskPanel.answer_step import AnswerStep

    assert (step.ui.nomogramBox.collapsed, step.ui.contributionsBox.collapsed) == (False, True)
    step.ui.contributionsBox.collapsed = False
    step.ui.nomogramBox.collapsed = True
    answer(context)
    assert step.ui.contributionsLabel.visible
    assert not step.ui.nomogramLabel.visible
    later = AnswerStep(context)
    assert (later.ui.nomogramBox.collapsed, later.ui.contributionsBox.collapsed) == (True, False)
    later.close()


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


def test_every_control_teaches(step: Any) -> None:
    import qt

    kinds = (qt.QPushButton, qt.QCheckBox, qt.QSlider)
    controls = [control for kind in kinds for control in step.widget.findChildren(kind)]
    named = [control for control in controls if not control.objectName.startswith("qt_")]
    assert named
    missing = [control.objectName for control in named if not control.toolTip and not control.parent().toolTip]
    assert missing == []


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
