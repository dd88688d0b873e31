"""The step that shows an answer, on the stand-in of Slicer."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from fake_study.answers import FakeWorker, answer, box
from slicer_standin.event_loop import run_for, run_until

from CervixRiskLib.bundle import ClassProbability


@pytest.fixture
def context(answer_context: Any) -> Any:
    return answer_context


@pytest.fixture
def step(answer_step: Any) -> Any:
    return answer_step


def let_checks_end(step: Any) -> None:
    run_until(lambda: step.checks.sensitivity is not None)
    for _ in range(20):
        step.context.questions.poll()


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
    told = step.ui.readersLabel.text
    assert told.replace("\N{NO-BREAK SPACE}", " ") == "Reader B, round 1: 36 % (Dice 0.77, 95 % Hausdorff 3.0 mm)"
    assert " %" not in told
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


def test_every_control_teaches(step: Any) -> None:
    import qt

    kinds = (qt.QPushButton, qt.QCheckBox, qt.QSlider)
    controls = [control for kind in kinds for control in step.widget.findChildren(kind)]
    named = [control for control in controls if not control.objectName.startswith("qt_")]
    assert named
    missing = [control.objectName for control in named if not control.toolTip and not control.parent().toolTip]
    assert missing == []
