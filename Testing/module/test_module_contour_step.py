"""Step 2 on the stand-in: an own case, and a reader study by keys alone."""

from __future__ import annotations

import importlib.util
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

from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.imaging.image_writer import write_roi

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


def test_the_facts_follow_the_contour_and_warn(step: Any, open_case: Callable[..., Any]) -> None:
    open_case()
    step.ui.drawButton.click()
    run_for(0.2)
    assert step.ui.factsLabel.text == "The contour is empty on this image. Draw around the lesion first."
    paint(step, at=0)
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
    paint(step)
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
    paint(step)
    run_until(lambda: list((tmp_path / "CervixRisk" / "drafts").glob("*.draft")), time_limit=3)
    slicer_app.dialogs.choose_files(tmp_path / "one.seg.nrrd")
    press(slicer_app.window, "Ctrl+S")
    assert (tmp_path / "one.seg.nrrd").is_file()
    assert step.ui.toldLabel.text == "Saved as one.seg.nrrd."
    assert not list((tmp_path / "CervixRisk" / "drafts").glob("*.draft"))
    # The second time there is nothing to ask.
    paint(step, 5, 40)
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
    paint(step)
    slicer_app.dialogs.choose_files(tmp_path / "b.seg.nrrd")
    step.ui.saveButton.click()
    step.session.drop_contour()
    step.session.set_reading("A", "1")
    step.ui.drawButton.click()
    paint(step, 10)
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
    paint(step)
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
    paint(step)
    (tmp_path / "bad.seg.nrrd").write_bytes(b"NRRD0004\nnonsense\n\n")
    slicer_app.dialogs.choose_files(tmp_path / "bad.seg.nrrd")
    step.ui.openButton.click()
    assert step.ui.toldLabel.text
    assert step.session.contour().n_pixels == 400
    # Mine, but of another image.
    other = SliceImage(np.zeros((ROWS * 2, COLUMNS), dtype=np.float32), (0.3, 0.2))
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
    paint(step)
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
    paint(step)
    step.session.open_volume(None)
    slicer_app.close_scene()
    assert not step.ui.editorFrame.visible
    open_case()
    step.ui.drawButton.click()
    paint(step, 10)
    assert step.editor.widget.activeEffect().name == "Draw"


@pytest.fixture
def study(tmp_path: Path) -> Any:
    """Three cases for "Dr. A", two for "Dr. B"."""
    from CervixRiskLib.reading import assign, create_study

    (tmp_path / "images").mkdir()
    lines = ["case_id,image,outcome"]
    for index in range(3):
        pixels = np.random.default_rng(index).integers(0, 255, (ROWS, COLUMNS)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{index}.png")
        lines.append(f"Schmidt {index},images/{index}.png,{index % 2}")
    (tmp_path / "cohort.csv").write_text("\n".join(lines) + "\n")
    study = create_study(tmp_path / "study", tmp_path / "cohort.csv")
    assign(study, primary="Dr. A", seconds=["Dr. B"], reviewer="Dr. C", second_cases=2)
    return study


@pytest.fixture
def start(step: Any, study: Any) -> Callable[[], None]:
    """Choose the study and the reader, and start."""

    def make() -> None:
        step.ui.studyButton.click()
        step.ui.folderEdit.currentPath = str(study.folder)
        run_until(lambda: step.ui.whoBox.count == 2)
        step.ui.whoBox.setCurrentIndex(step.ui.whoBox.findText("Dr. A"))
        step.ui.startButton.click()

    return make


def test_a_study_is_read_by_keys_alone(
    slicer_app: Any, step: Any, start: Callable[[], None], study: Any, tmp_path: Path
) -> None:
    from CervixRiskLib.reading import all_contours

    start()
    assert step.summary() == "Dr. A · round 1 · 1 of 3"
    assert step.session.blinded
    for position in (1, 2, 3):
        assert step.summary() == f"Dr. A · round 1 · {position} of 3"
        assert step.editor.widget.activeEffect().name == "Draw"
        assert step.editor.widget.segmentationNode() is step.session.segmentation
        paint(step, 15 + position)
        press(slicer_app.window, "Ctrl+Return")
    assert step.summary() == "Dr. A · done for today"
    assert "That was all for today" in step.ui.toldLabel.text
    assert "2 repeats wait until" in step.ui.toldLabel.text
    assert step.ui.progressLabel.text == "3 of 3 drawn"
    for widget in (step.ui.submitButton, step.ui.saveButton, step.ui.editorFrame):
        assert not widget.visible
    assert step.session.blinded
    stored = all_contours(study)
    assert sorted(one.pixel_count for one in stored) == [16**2, 17**2, 18**2]
    assert all(one.duration_source == "given" and one.software.startswith("3D Slicer") for one in stored)
    step.ui.leaveButton.click()
    assert not step.session.blinded
    assert step.ui.startButton.visible
    assert not (tmp_path / "CervixRisk" / "drafts").exists() or not list((tmp_path / "CervixRisk" / "drafts").iterdir())


def test_an_empty_contour_is_not_submitted(slicer_app: Any, step: Any, start: Callable[[], None]) -> None:
    start()
    press(slicer_app.window, "Ctrl+Return")
    assert step.ui.toldLabel.text == (
        "The contour was not submitted. The contour is empty on this image. Draw around the lesion first."
    )
    assert step.summary().endswith("1 of 3")
    paint(step)
    assert not step.ui.toldLabel.visible


def test_the_study_of_last_time_is_offered(slicer_app: Any, step: Any, start: Callable[[], None], study: Any) -> None:
    from CervixRiskPanel.contour_step import ContourStep

    start()
    step.ui.leaveButton.click()
    again = ContourStep(step.context)
    again.ui.studyButton.click()
    assert again.ui.folderEdit.currentPath == str(study.folder)
    assert again.ui.whoBox.currentText == "Dr. A"
    assert again.ui.startButton.enabled
    again.close()


def test_what_is_not_saved_is_asked_about_before_it_goes(
    slicer_app: Any, step: Any, start: Callable[[], None], open_case: Callable[..., Any]
) -> None:
    import qt

    volume = open_case()
    slicer_app.dialogs.answer("This is not saved: 1 image.", qt.QMessageBox.Cancel)
    start()
    assert not step.in_study
    assert step.session.volume is volume
    slicer_app.dialogs.answer("This is not saved: 1 image.", qt.QMessageBox.Ok)
    step.ui.startButton.click()
    assert step.in_study
    assert step.session.volume is not volume


def test_a_colleagues_contour_dropped_onto_slicer_vanishes(
    step: Any, start: Callable[[], None], study: Any, tmp_path: Path
) -> None:
    import slicer

    from CervixRiskLib.workflow.work_list import WorkList

    other = WorkList(study.folder, "Dr. B")
    opened = other.next()
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    mask[5:30, 5:30] = True
    other.submit(Roi.from_mask(mask, opened.image))
    (file,) = (study.folder / "contours").rglob("*.seg.nrrd")
    start()
    slicer.util.loadSegmentation(str(file))
    run_for(0.05)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    assert "taken out of the scene" in step.ui.toldLabel.text
    assert step.session.other_readings() == ()


def test_a_closed_scene_brings_the_case_back_with_the_drawing(
    slicer_app: Any, step: Any, start: Callable[[], None]
) -> None:
    start()
    paint(step)
    step.session.open_volume(None)
    slicer_app.close_scene()
    run_until(lambda: step.session.segmentation is not None)
    assert step.session.contour().n_pixels == 400
    assert step.session.blinded
    assert "still open" in step.ui.toldLabel.text
    assert step.editor.widget.activeEffect().name == "Draw"


def test_a_drive_that_goes_away_loses_nothing(
    slicer_app: Any, step: Any, start: Callable[[], None], study: Any, tmp_path: Path
) -> None:
    start()
    paint(step)
    study.folder.rename(tmp_path / "unplugged")
    press(slicer_app.window, "Ctrl+Return")
    assert step.ui.toldLabel.text.startswith("The contour was not submitted.")
    assert step.session.contour().n_pixels == 400
    (tmp_path / "unplugged").rename(study.folder)
    press(slicer_app.window, "Ctrl+Return")
    assert step.ui.toldLabel.text.endswith("submitted, version 1.")
    assert step.summary().endswith("2 of 3")


def test_leaving_the_module_keeps_the_drawing_and_stops_the_time(
    step: Any, start: Callable[[], None], tmp_path: Path
) -> None:
    start()
    paint(step)
    step.exit()
    watch = step.study.round.work_list.drawing_time
    before = watch.seconds
    assert len(list((tmp_path / "CervixRisk" / "drafts").iterdir())) == 1
    run_for(0.05)
    assert watch.seconds == before
    assert step.session.blinded
    step.enter()
    run_for(0.05)
    assert watch.seconds > before


def test_a_returned_contour_is_shown_with_the_reviewers_words(
    step: Any, start: Callable[[], None], study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CervixRiskLib.reading import ReviewDesk
    from CervixRiskLib.workflow import study_round
    from CervixRiskLib.workflow.work_list import WorkList

    monkeypatch.setattr(study_round, "LEAST_LOOK_S", 0.0)
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    mask[5:30, 5:30] = True
    number = 0
    for reader in ("Dr. B", "Dr. A"):
        work = WorkList(study.folder, reader)
        while (opened := work.next()) is not None:
            work.submit(Roi.from_mask(mask, opened.image))
            number = opened.task.number
    ReviewDesk(study, "Dr. C").return_to_reader(number, "Dr. A", reason="The posterior margin is cut off.")
    start()
    assert step.ui.remarkLabel.text == "Returned to you: “The posterior margin is cut off.”"
    assert step.ui.remarkLabel.visible
    assert step.session.contour().n_pixels == 625
    step.ui.submitButton.click()
    assert "correct it" in step.ui.toldLabel.text
    paint(step, 30)
    step.ui.submitButton.click()
    assert step.summary() == "Dr. A · done for today"


def test_a_contour_deleted_elsewhere_is_gone_here_too(
    slicer_app: Any, step: Any, open_case: Callable[..., Any], start: Callable[[], None]
) -> None:
    import slicer

    open_case()
    step.ui.drawButton.click()
    paint(step)
    slicer.mrmlScene.RemoveNode(step.session.segmentation)
    assert step.session.segmentation is None
    assert step.ui.drawButton.visible
    step.session.open_volume(None)
    slicer_app.close_scene()
    start()
    paint(step)
    run_for(1.2)
    slicer.mrmlScene.RemoveNode(step.session.segmentation)
    assert step.ui.submitButton.text == "Open the case again"
    press(slicer_app.window, "Ctrl+Return")
    assert step.session.contour().n_pixels == 400
    assert step.ui.submitButton.text == "Submit, next case"


def test_who_opens_an_image_draws_on_an_own_case(
    step: Any, start: Callable[[], None], open_case: Callable[..., Any]
) -> None:
    start()
    paint(step)
    step.ui.leaveButton.click()
    assert step.ui.toldLabel.text == "What you have drawn is kept for the next time."
    step.start_drawing()
    assert step.session.segmentation is None
    open_case()
    assert step.ui.ownButton.checked
    assert step.ui.drawButton.visible
    # Looking for a study meanwhile is no other image.
    step.ui.studyButton.click()
    step.session.touch_image()
    assert step.ui.studyButton.checked


def test_a_tool_stays_in_the_hand_when_nothing_was_submitted(
    slicer_app: Any, step: Any, start: Callable[[], None]
) -> None:
    start()
    press(slicer_app.window, "P")
    press(slicer_app.window, "Ctrl+Return")
    assert step.editor.widget.activeEffect().name == "Paint"


def test_a_key_pressed_twice_submits_one_case(
    slicer_app: Any, step: Any, start: Callable[[], None], study: Any
) -> None:
    from CervixRiskLib.reading import all_contours

    # An earlier sitting has left something on the second case.
    start()
    paint(step)
    press(slicer_app.window, "Ctrl+Return")
    paint(step, 12)
    step.ui.leaveButton.click()
    assert len(all_contours(study)) == 1
    step.ui.startButton.click()
    assert step.session.contour().n_pixels == 144
    press(slicer_app.window, "Ctrl+Return")
    assert "just been opened" in step.ui.toldLabel.text
    assert len(all_contours(study)) == 1
    # Events that the wait cursor lets through do not submit again.
    paint(step, 15)
    pressed = []

    def press_again(*_: Any) -> None:
        pressed.append(1)
        step.study.submit_and_next()

    step.session.image_changed.connect(press_again)
    press(slicer_app.window, "Ctrl+Return")
    step.session.image_changed.disconnect(press_again)
    assert pressed
    assert len(all_contours(study)) == 2
    assert step.summary().endswith("3 of 3")


def test_starting_anew_asks_first(slicer_app: Any, step: Any, start: Callable[[], None]) -> None:
    import qt

    start()
    paint(step)
    slicer_app.dialogs.answer("Throw away", qt.QMessageBox.Cancel)
    step.ui.deleteButton.click()
    assert step.session.contour().n_pixels == 400
    slicer_app.dialogs.answer("Throw away", qt.QMessageBox.Ok)
    step.ui.deleteButton.click()
    run_for(0.2)
    assert "empty" in step.ui.factsLabel.text
    assert step.editor.widget.activeEffect().name == "Draw"


def test_a_folder_that_is_no_study_is_a_sentence(step: Any, tmp_path: Path) -> None:
    step.ui.studyButton.click()
    step.ui.folderEdit.currentPath = str(tmp_path)
    run_until(lambda: bool(step.ui.toldLabel.text))
    assert step.ui.toldLabel.text.startswith("This folder is no reader study")
    assert not step.ui.startButton.enabled
    assert "folder" in step.ui.startButton.toolTip


def test_the_database_s_library_is_offered_when_it_is_needed(
    slicer_app: Any, step: Any, study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import qt

    from CervixRiskLib.workflow import work_list

    find = importlib.util.find_spec

    def without(name: str, *rest: Any) -> Any:
        return None if name == "sqlalchemy" and not slicer_app.installed else find(name, *rest)

    monkeypatch.setattr(work_list.importlib.util, "find_spec", without)
    slicer_app.dialogs.answer("Install it now?", qt.QMessageBox.Cancel)
    step.ui.studyButton.click()
    step.ui.folderEdit.currentPath = str(study.folder)
    run_until(lambda: "SQLAlchemy" in step.ui.toldLabel.text)
    assert not slicer_app.installed
    assert not step.ui.startButton.enabled
    # Asked for again by the person.
    slicer_app.dialogs.answer("Install it now?", qt.QMessageBox.Ok)
    step.ui.studyButton.click()
    assert slicer_app.installed == [["SQLAlchemy>=2.0"]]
    assert step.ui.whoBox.count == 2


def test_a_segment_deleted_elsewhere_can_be_drawn_anew(step: Any, open_case: Callable[..., Any]) -> None:
    open_case()
    step.ui.drawButton.click()
    paint(step)
    step.session.segmentation.GetSegmentation().RemoveAllSegments()
    run_for(0.2)
    assert step.ui.factsLabel.text == "The contour is gone from the segmentation. Choose or draw one."
    # Brought back half-way; asking Slicer for its pixels at this moment ended the program.
    step.editor.widget.undo()
    step.session.segmentation.GetSegmentation().RemoveAllSegments()
    run_for(0.2)
    step.ui.drawButton.click()
    paint(step, size=10)
    assert step.session.contour().n_pixels == 100


def test_what_was_wrong_with_one_image_is_not_said_of_the_next(
    step: Any, open_case: Callable[..., Any], picture: SliceImage
) -> None:
    from CervixRiskLib.scene.volume_slice import set_voxels

    broken = open_case("broken")
    set_voxels(broken, np.full(picture.shape, np.nan, dtype=np.float32), np.eye(4))
    step.ui.drawButton.click()
    assert "not numbers" in step.ui.toldLabel.text
    open_case("sound")
    assert not step.ui.toldLabel.text


def test_a_scene_added_in_a_round_leaves_the_pencil_in_the_hand(
    step: Any, start: Callable[[], None], tmp_path: Path
) -> None:
    import slicer

    from CervixRiskLib.scene import load_scene, save_scene

    start()
    paint(step)
    path = save_scene(slicer.mrmlScene, tmp_path / "kept.mrb")
    load_scene(slicer.mrmlScene, path, clear=False)
    run_for(0.1)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    assert step.editor.widget.segmentationNode() is step.session.segmentation
    paint(step, size=30)
    assert step.session.contour().n_pixels == 900
