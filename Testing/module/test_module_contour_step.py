"""Step 2 on the stand-in: an own case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import run_for, run_until
from slicer_standin.keyboard import press
from slicer_standin.painting import paint_polygon, paint_square

from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.imaging.image_writer import write_roi


@pytest.fixture
def step(contour_step: Any) -> Any:
    return contour_step


def test_an_own_case_is_drawn(step: Any, open_case: Callable[..., Any]) -> None:
    ui = step.ui
    assert not ui.drawButton.enabled
    open_case()
    assert ui.drawButton.enabled
    assert not ui.editorFrame.visible
    ui.drawButton.click()
    assert ui.editorFrame.visible
    assert step.editor.widget.activeEffect().name == "Draw"
    paint_square(step.editor.widget)
    run_for(0.3)
    assert ui.factsLabel.text == "1.0 cm² · 400 pixels · 14 mm across · does not touch the border"


def test_the_facts_follow_the_contour_and_warn(step: Any, open_case: Callable[..., Any]) -> None:
    open_case()
    step.ui.drawButton.click()
    run_for(0.2)
    assert step.ui.factsLabel.text == "The contour is empty on this image. Draw around the lesion first."
    paint_square(step.editor.widget, at=0)
    paint_polygon(step.editor.widget, [(40, 40), (40, 45), (45, 45), (45, 40)])
    run_for(0.3)
    assert step.ui.factsLabel.text.endswith("touches the border")
    assert step.ui.warningsLabel.visible
    border, parts = step.ui.warningsLabel.text.split("\n")
    assert border.startswith("▲ The contour touches the border")
    assert "2 separate parts" in parts
    step.editor.widget.undo()
    run_for(0.3)
    assert "parts" not in step.ui.warningsLabel.text
    step.editor.widget.undo()
    run_for(0.3)
    assert not step.ui.warningsLabel.visible


def test_thirty_steps_can_be_undone_one_by_one(step: Any, open_case: Callable[..., Any]) -> None:
    open_case()
    step.ui.drawButton.click()
    for row in range(12):
        paint_polygon(step.editor.widget, [(row, 0), (row, 9), (row, 9)])
    for row in reversed(range(1, 12)):
        step.editor.widget.undo()
        assert step.session.contour().n_pixels == 10 * row


def test_keys_choose_tools_and_letters_stay_letters_in_a_field(
    slicer_app: Any, step: Any, open_case: Callable[..., Any]
) -> None:
    open_case()
    press(slicer_app.window, "D")
    assert step.session.segmentation is not None
    editor = step.editor.widget
    for keys, effect in (("P", "Paint"), ("E", "Erase"), ("D", "Draw")):
        press(slicer_app.window, keys)
        assert editor.activeEffect().name == effect
    step.ui.readerEdit.text = ""
    for letter in "PE":
        press(slicer_app.window, letter, step.ui.readerEdit)
    assert step.ui.readerEdit.text.lower() == "pe"
    assert editor.activeEffect().name == "Draw"
    step.exit()
    assert editor.activeEffect() is None
    press(slicer_app.window, "P")
    assert editor.activeEffect() is None
    step.enter()


def test_a_menus_key_rests_while_the_module_is_open(slicer_app: Any, step: Any) -> None:
    import qt

    step.exit()
    pressed: list[str] = []
    save_data = qt.QAction("Save Data", slicer_app.window)
    save_data.setShortcut(qt.QKeySequence("Ctrl+S"))
    other = qt.QAction("Other", slicer_app.window)
    other.setShortcut(qt.QKeySequence("Ctrl+O"))
    for action in (save_data, other):
        slicer_app.window.addAction(action)
        action.triggered.connect(lambda *_: pressed.append("menu"))
    step.shortcuts._actions["Ctrl+S"] = lambda: pressed.append("ours")
    step.enter()
    press(slicer_app.window, "Ctrl+S")
    press(slicer_app.window, "Ctrl+S")
    assert pressed == ["ours", "ours"]
    step.exit()
    press(slicer_app.window, "Ctrl+S")
    assert pressed == ["ours", "ours", "menu"]
    assert other.shortcut.toString() == "Ctrl+O"
    step.enter()


def test_reader_and_round_are_remembered_and_kept_with_the_contour(step: Any, open_case: Callable[..., Any]) -> None:
    from CervixRiskLib.scene import reading_of

    step.ui.readerEdit.text = "reader A"
    step.ui.readerEdit.editingFinished.emit()
    step.ui.roundBox.value = 2
    assert step.summary() == "reader A · round 2"
    assert step.context.settings.text("reader") == "reader A"
    open_case()
    step.ui.drawButton.click()
    reading = reading_of(step.session.segmentation, step.session.segment_id)
    assert (reading.case_id, reading.reader, reading.reading_round) == ("M027", "reader A", "2")
    paint_square(step.editor.widget)
    # Another round is another contour.
    step.ui.roundBox.value = 1
    assert step.session.segmentation is None
    assert step.ui.drawButton.visible
    step.ui.roundBox.value = 2
    assert step.session.contour().n_pixels == 400
    assert step.editor.widget.segmentationNode() is step.session.segmentation
    step.ui.readerEdit.text = "a|b"
    step.ui.readerEdit.editingFinished.emit()
    assert "may not contain" in step.ui.toldLabel.text


def test_a_contour_is_saved_deleted_and_opened_again(
    slicer_app: Any, step: Any, open_case: Callable[..., Any], tmp_path: Path
) -> None:
    import qt

    open_case()
    step.ui.readerEdit.text = "A"
    step.ui.readerEdit.editingFinished.emit()
    step.ui.drawButton.click()
    paint_square(step.editor.widget)
    run_until(lambda: list((tmp_path / "CervixRisk" / "drafts").glob("*.draft")), time_limit=3)
    slicer_app.dialogs.choose_files(tmp_path / "one.seg.nrrd")
    press(slicer_app.window, "Ctrl+S")
    assert (tmp_path / "one.seg.nrrd").is_file()
    assert step.ui.toldLabel.text == "Saved as one.seg.nrrd."
    assert not list((tmp_path / "CervixRisk" / "drafts").glob("*.draft"))
    # The second time there is nothing to ask.
    paint_square(step.editor.widget, 5, 40)
    step.ui.saveButton.click()
    assert [entry.kind for entry in slicer_app.dialogs.shown] == ["file"]
    # A name without an ending gets it, and nothing is overwritten without a question.
    step.own._path = None
    slicer_app.dialogs.choose_files(tmp_path / "one")
    slicer_app.dialogs.answer("one.seg.nrrd is there already", qt.QMessageBox.Cancel)
    before = (tmp_path / "one.seg.nrrd").read_bytes()
    step.ui.saveButton.click()
    assert (tmp_path / "one.seg.nrrd").read_bytes() == before
    slicer_app.dialogs.answer("Delete this contour?", qt.QMessageBox.Ok)
    step.ui.deleteButton.click()
    assert step.session.segmentation is None
    assert step.ui.drawButton.visible
    slicer_app.dialogs.choose_files(tmp_path / "one.seg.nrrd")
    step.ui.openButton.click()
    assert step.session.contour().n_pixels == 425
    assert step.ui.editorFrame.visible


def test_another_readers_file_is_opened_beside_ones_own(
    slicer_app: Any, step: Any, open_case: Callable[..., Any], tmp_path: Path
) -> None:
    import qt

    open_case()
    step.session.set_reading("B", "1")
    step.ui.drawButton.click()
    paint_square(step.editor.widget)
    slicer_app.dialogs.choose_files(tmp_path / "b.seg.nrrd")
    step.ui.saveButton.click()
    step.session.drop_contour()
    step.session.set_reading("A", "1")
    step.ui.drawButton.click()
    paint_square(step.editor.widget, 10)
    slicer_app.dialogs.answer("the contour of B, round 1", qt.QMessageBox.Cancel)
    slicer_app.dialogs.choose_files(tmp_path / "b.seg.nrrd")
    step.ui.openButton.click()
    assert step.session.other_readings() == ()
    slicer_app.dialogs.answer("the contour of B, round 1", qt.QMessageBox.Ok)
    slicer_app.dialogs.choose_files(tmp_path / "b.seg.nrrd")
    step.ui.openButton.click()
    ((reading, node, _),) = step.session.other_readings()
    assert (reading.case_id, reading.reader) == ("M027", "B")
    colours = {one.GetSegmentation().GetNthSegment(0).GetColor() for one in (node, step.session.segmentation)}
    assert len(colours) == 2
    assert step.session.contour().n_pixels == 100
    assert step.editor.widget.segmentationNode() is step.session.segmentation
    # A second time it is there already.
    slicer_app.dialogs.answer("the contour of B, round 1", qt.QMessageBox.Ok)
    slicer_app.dialogs.choose_files(tmp_path / "b.seg.nrrd")
    step.ui.openButton.click()
    assert "in the scene already" in step.ui.toldLabel.text


def test_ones_own_file_of_another_case_is_asked_about(
    slicer_app: Any, step: Any, open_case: Callable[..., Any], tmp_path: Path
) -> None:
    import qt

    open_case("first")
    step.ui.drawButton.click()
    paint_square(step.editor.widget)
    slicer_app.dialogs.choose_files(tmp_path / "first.seg.nrrd")
    step.ui.saveButton.click()
    open_case("second")
    for answer, pixels in ((qt.QMessageBox.Cancel, 0), (qt.QMessageBox.Ok, 400)):
        slicer_app.dialogs.answer("of the case “first”", answer)
        slicer_app.dialogs.choose_files(tmp_path / "first.seg.nrrd")
        step.ui.openButton.click()
        assert (0 if step.session.segmentation is None else step.session.contour().n_pixels) == pixels
    assert step.session.reading.case_id == "second"


def test_a_file_that_cannot_be_opened_leaves_the_contour(
    slicer_app: Any, step: Any, open_case: Callable[..., Any], tmp_path: Path
) -> None:
    import qt

    open_case()
    step.ui.drawButton.click()
    paint_square(step.editor.widget)
    (tmp_path / "bad.seg.nrrd").write_bytes(b"NRRD0004\nnonsense\n\n")
    slicer_app.dialogs.choose_files(tmp_path / "bad.seg.nrrd")
    step.ui.openButton.click()
    assert step.ui.toldLabel.text
    assert step.session.contour().n_pixels == 400
    # Mine, but of another image.
    other = SliceImage(np.zeros((120, 80), dtype=np.float32), (0.3, 0.2))
    write_roi(tmp_path / "large.seg.nrrd", Roi(np.ones(other.shape, dtype=bool)), other)
    slicer_app.dialogs.answer("is replaced", qt.QMessageBox.Ok)
    slicer_app.dialogs.choose_files(tmp_path / "large.seg.nrrd")
    step.ui.openButton.click()
    assert "another image" in step.ui.toldLabel.text
    assert step.session.contour().n_pixels == 400


def test_an_unsaved_own_contour_comes_back(step: Any, open_case: Callable[..., Any]) -> None:
    import slicer

    open_case()
    step.ui.drawButton.click()
    paint_square(step.editor.widget)
    run_for(1.3)
    # Killed: the scene is gone, nothing was closed.
    step.session.open_volume(None)
    slicer.mrmlScene.Clear(False)
    open_case()
    assert step.session.segmentation is None
    step.ui.drawButton.click()
    assert step.session.contour().n_pixels == 400
    assert step.ui.toldLabel.text == "What you had drawn on this image before is back."


def test_the_scene_is_closed_over_an_own_case(slicer_app: Any, step: Any, open_case: Callable[..., Any]) -> None:
    open_case()
    step.ui.drawButton.click()
    paint_square(step.editor.widget)
    step.session.open_volume(None)
    slicer_app.close_scene()
    assert not step.ui.editorFrame.visible
    open_case()
    step.ui.drawButton.click()
    paint_square(step.editor.widget, 10)
    assert step.editor.widget.activeEffect().name == "Draw"


def test_a_segment_deleted_elsewhere_can_be_drawn_anew(step: Any, open_case: Callable[..., Any]) -> None:
    open_case()
    step.ui.drawButton.click()
    paint_square(step.editor.widget)
    step.session.segmentation.GetSegmentation().RemoveAllSegments()
    run_for(0.2)
    assert step.ui.factsLabel.text == "The contour is gone from the segmentation. Choose or draw one."
    # Brought back half-way; asking Slicer for its pixels at this moment ended the program.
    step.editor.widget.undo()
    step.session.segmentation.GetSegmentation().RemoveAllSegments()
    run_for(0.2)
    step.ui.drawButton.click()
    paint_square(step.editor.widget, 10)
    assert step.session.contour().n_pixels == 100


def test_what_was_wrong_with_one_image_is_not_said_of_the_next(step: Any, open_case: Callable[..., Any]) -> None:
    from CervixRiskLib.scene.volume_slice import set_voxels

    broken = open_case("broken")
    set_voxels(broken, np.full((60, 80), np.nan, dtype=np.float32), np.eye(4))
    step.ui.drawButton.click()
    assert "not numbers" in step.ui.toldLabel.text
    open_case("sound")
    assert not step.ui.toldLabel.text
