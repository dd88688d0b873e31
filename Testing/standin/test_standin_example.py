"""A scripted module lives on the stand-in as it would in Slicer."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import measured_block, run_for, run_until
from slicer_standin.painting import paint_polygon

from CervixRiskLib.errors import MissingComponentError

EXAMPLE = Path(__file__).resolve().parents[1] / "slicer_standin" / "example" / "StandInExample.py"


@pytest.fixture
def widget(slicer_app: Any) -> Any:
    slicer_app.load(EXAMPLE)
    return slicer_app.open("StandInExample")


def add_volume(value: int = 120) -> Any:
    """40 rows x 60 columns of 1 mm, brighter to the right."""
    import slicer

    pixels = np.tile(np.linspace(0, value, 60), (1, 40, 1)).astype(np.uint8)
    volume = slicer.util.addVolumeFromArray(pixels, ijkToRAS=np.diag([-1.0, -1.0, 1.0, 1.0]), name="Slice")
    volume.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    return volume


def contour(widget: Any, volume: Any) -> tuple[Any, str]:
    """An empty segment, chosen in the editor."""
    import slicer

    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Contour")
    segmentation.CreateDefaultDisplayNodes()
    segment = segmentation.GetSegmentation().AddEmptySegment("", "Lesion")
    widget.ui.editor.setSegmentationNode(segmentation)
    widget.ui.editor.setSourceVolumeNode(volume)
    widget.ui.editor.setCurrentSegmentID(segment)
    return segmentation, segment


def test_parameters_are_bound_both_ways(widget: Any) -> None:
    parameters = widget._parameterNode
    widget.ui.countBox.value = 12
    widget.ui.readerEdit.text = "Reader B"
    widget.ui.blindedBox.click()
    widget.ui.opacitySlider.value = 0.7
    assert (parameters.count, parameters.reader, parameters.blinded, parameters.opacity) == (12, "Reader B", False, 0.7)
    parameters.count = 30
    parameters.opacity = 0.2
    assert (widget.ui.countBox.value, widget.ui.opacitySlider.value) == (30, 0.2)
    assert (widget.ui.countBox.minimum, widget.ui.countBox.maximum) == (1, 50)
    with pytest.raises(ValueError, match="within 1 and 50"):
        parameters.count = 51
    assert parameters.parameterNode.GetParameter("count") == "30"


def test_a_node_is_chosen_and_lost(widget: Any) -> None:
    import slicer

    assert not widget.ui.askButton.enabled
    assert widget.ui.askButton.toolTip == "Choose an image first."
    volume = add_volume()
    widget.ui.imageSelector.setCurrentNode(volume)
    assert widget._parameterNode.volume is volume
    assert widget.ui.askButton.enabled
    slicer.mrmlScene.RemoveNode(volume)
    assert widget._parameterNode.volume is None
    assert widget.ui.imageSelector.currentNode() is None
    assert not widget.ui.askButton.enabled


def test_left_alone_while_another_module_is_open(slicer_app: Any, widget: Any) -> None:
    slicer_app.leave()
    assert widget._parameterNode is None
    widget.ui.countBox.value = 9
    assert widget.logic.getParameterNode().count == 3
    assert slicer_app.open("StandInExample") is widget
    assert widget.ui.countBox.value == 3


def test_the_scene_is_closed(slicer_app: Any, widget: Any) -> None:
    import slicer

    widget.ui.imageSelector.setCurrentNode(add_volume())
    widget.ui.countBox.value = 7
    slicer_app.close_scene()
    assert widget._parameterNode.volume is None
    assert widget.ui.countBox.value == widget._parameterNode.count == 3
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


def test_reloading_makes_a_new_panel(slicer_app: Any, widget: Any) -> None:
    import slicer

    widget.ui.countBox.value = 7
    widget.onReload()
    new = slicer.modules.StandInExampleWidget
    assert new is not widget
    assert new.ui.countBox.value == 7
    new.ui.countBox.value = 8
    assert new._parameterNode.count == 8
    assert widget._parameterNode is None


def test_painting_undo_and_redo(widget: Any) -> None:
    import slicer

    volume = add_volume()
    segmentation, segment = contour(widget, volume)
    editor = widget.ui.editor

    def pixels() -> int:
        return int(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume).sum())

    paint_polygon(editor, [(5, 5), (5, 14), (14, 14), (14, 5)])
    assert pixels() == 100
    mask = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume)
    assert mask[0, 5:15, 5:15].all()
    paint_polygon(editor, [(5, 5), (5, 14), (9, 14), (9, 5)], erase=True)
    assert pixels() == 50
    editor.undo()
    assert pixels() == 100
    editor.redo()
    assert pixels() == 50
    editor.readOnly = True
    with pytest.raises(RuntimeError, match="read-only"):
        paint_polygon(editor, [(0, 0), (0, 5), (5, 5)])


def test_effects_by_keyboard(slicer_app: Any, widget: Any) -> None:
    contour(widget, add_volume())
    editor = widget.ui.editor
    assert editor.effectNameOrder() == ["Draw", "Paint", "Erase", "Smoothing"]
    editor.setActiveEffectByName("Erase")
    assert editor.activeEffect().name == "Erase"
    slicer_app.leave()
    assert editor.activeEffect() is None


def test_an_error_is_shown_with_its_details(slicer_app: Any, widget: Any) -> None:
    widget.ui.imageSelector.setCurrentNode(add_volume(0))
    widget.ui.askButton.click()
    shown = slicer_app.dialogs.last()
    assert shown.text == "The question could not be answered.\n\nThe image is empty."
    assert "ValueError" in shown.detailed_text
    # The error goes on to Slicer's console.
    assert isinstance(slicer_app.errors.pop(), ValueError)


def test_a_question_is_answered_as_told(slicer_app: Any, widget: Any) -> None:
    import qt

    widget.ui.imageSelector.setCurrentNode(add_volume())
    widget.ui.askButton.click()
    slicer_app.dialogs.answer("Stop the question?", qt.QMessageBox.Cancel)
    widget.ui.cancelButton.click()
    assert widget.timer.isActive()
    slicer_app.dialogs.answer("Stop the question?", qt.QMessageBox.Ok)
    widget.ui.cancelButton.click()
    assert not widget.timer.isActive()


def test_a_question_nobody_expected_is_kept(slicer_app: Any, widget: Any) -> None:
    widget.ui.cancelButton.click()
    assert slicer_app.dialogs.unexpected.pop().answer == "Cancel"


def test_timers_run_and_the_loop_is_measured(widget: Any) -> None:
    widget.ui.imageSelector.setCurrentNode(add_volume())
    with measured_block() as block:
        widget.ui.askButton.click()
        run_until(lambda: widget.ui.progress.value == 100)
    assert widget.ui.answer.plainText.startswith("Done.")
    assert block.turns > 50


def test_a_blocking_call_is_measured() -> None:
    import time

    from PySide6 import QtCore

    with measured_block() as block:
        QtCore.QTimer.singleShot(10, lambda: time.sleep(0.12))
        run_for(0.2)
    assert 115 <= block.longest_ms < 1000


def test_a_sample_is_loaded_and_its_checksum_compared(
    slicer_app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    Image.fromarray(pixels).save(tmp_path / "slice.png")
    digest = hashlib.sha256((tmp_path / "slice.png").read_bytes()).hexdigest()
    monkeypatch.setenv("STANDIN_EXAMPLE_SAMPLES", str(tmp_path))
    monkeypatch.setenv("STANDIN_EXAMPLE_CHECKSUM", f"SHA256:{digest}")
    slicer_app.load(EXAMPLE)
    slicer_app.startup_completed()
    import SampleData
    import slicer

    volume = SampleData.SampleDataLogic().downloadSample("StandInSlice")
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(volume)[0], pixels)
    (tmp_path / "slice.png").write_bytes((tmp_path / "slice.png").read_bytes() + b" ")
    with pytest.raises(ValueError, match="checksum"):
        SampleData.SampleDataLogic().downloadSample("StandInSlice")


def test_the_scene_is_saved_and_read_again(slicer_app: Any, widget: Any, tmp_path: Path) -> None:
    import slicer
    import vtk

    volume = add_volume()
    segmentation, segment = contour(widget, volume)
    segmentation.GetSegmentation().GetSegment(segment).SetTag("CervixRisk.reader", "R1")
    paint_polygon(widget.ui.editor, [(5, 5), (5, 14), (14, 14), (14, 5)])
    widget.ui.imageSelector.setCurrentNode(volume)
    widget.ui.countBox.value = 21
    assert slicer.util.saveScene(str(tmp_path / "case.mrb"))
    slicer_app.close_scene()
    assert slicer.util.loadScene(str(tmp_path / "case.mrb"))
    run_for(0.02)
    assert widget.logic.getParameterNode().count == 21
    again = slicer.util.getNode("Contour")
    read = again.GetSegmentation().GetNthSegment(0)
    tag = vtk.reference("")
    assert read.GetTag("CervixRisk.reader", tag)
    assert (read.GetName(), str(tag)) == ("Lesion", "R1")


def test_the_self_test_runs(slicer_app: Any) -> None:
    import slicer

    slicer_app.load(EXAMPLE)
    slicer.selfTests["StandInExample"]()


@pytest.mark.slicer
def test_the_window_as_a_picture(slicer_app: Any, widget: Any, tmp_path: Path) -> None:
    from CervixRiskLib.scene.offscreen import offscreen_window_class

    try:
        offscreen_window_class()
    except MissingComponentError as error:
        pytest.skip(str(error))
    volume = add_volume(200)
    segmentation, segment = contour(widget, volume)
    segmentation.GetSegmentation().GetSegment(segment).SetColor(1.0, 0.0, 0.0)
    paint_polygon(widget.ui.editor, [(10, 20), (10, 40), (30, 40), (30, 20)])
    picture = np.asarray(Image.open(slicer_app.grab(tmp_path / "window.png")).convert("RGB")).astype(int)
    assert picture.shape == (860, 1280, 3)
    panel, view = picture[:, :400], picture[:, 400:]
    assert panel.mean() > 200
    # The slice: darker on the left, brighter on the right, the segment in red where it was painted.
    row = view[250]
    assert row[-30].mean() > row[30].mean() + 100
    coloured = np.ptp(view, axis=2) > 60
    rows, columns = np.nonzero(coloured)
    assert 0.2 < rows.mean() / 860 < 0.8
    assert 0.3 < columns.mean() / 880 < 0.7
    widget.ui.answerStep.collapsed = True
    folded = np.asarray(Image.open(slicer_app.grab(tmp_path / "folded.png")).convert("RGB")).astype(int)
    assert np.abs(folded[:, :400] - panel).max() > 50
    assert not widget.ui.opacitySlider.visible
