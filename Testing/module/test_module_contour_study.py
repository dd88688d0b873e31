"""Step 2 on the stand-in: a reader study by keys alone."""

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
from slicer_standin.painting import paint_square

from CervixRiskLib.imaging import Roi

ROWS, COLUMNS = 60, 80


@pytest.fixture
def step(contour_step: Any) -> Any:
    return contour_step


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
        paint_square(step.editor.widget, 15 + position)
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
    paint_square(step.editor.widget)
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
    paint_square(step.editor.widget)
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
    paint_square(step.editor.widget)
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
    paint_square(step.editor.widget)
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
    paint_square(step.editor.widget, 30)
    step.ui.submitButton.click()
    assert step.summary() == "Dr. A · done for today"


def test_a_contour_deleted_elsewhere_is_gone_here_too(
    slicer_app: Any, step: Any, open_case: Callable[..., Any], start: Callable[[], None]
) -> None:
    import slicer

    open_case()
    step.ui.drawButton.click()
    paint_square(step.editor.widget)
    slicer.mrmlScene.RemoveNode(step.session.segmentation)
    assert step.session.segmentation is None
    assert step.ui.drawButton.visible
    step.session.open_volume(None)
    slicer_app.close_scene()
    start()
    paint_square(step.editor.widget)
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
    paint_square(step.editor.widget)
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
    paint_square(step.editor.widget)
    press(slicer_app.window, "Ctrl+Return")
    paint_square(step.editor.widget, 12)
    step.ui.leaveButton.click()
    assert len(all_contours(study)) == 1
    step.ui.startButton.click()
    assert step.session.contour().n_pixels == 144
    press(slicer_app.window, "Ctrl+Return")
    assert "just been opened" in step.ui.toldLabel.text
    assert len(all_contours(study)) == 1
    # Events that the wait cursor lets through do not submit again.
    paint_square(step.editor.widget, 15)
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
    paint_square(step.editor.widget)
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


def test_a_scene_added_in_a_round_leaves_the_pencil_in_the_hand(
    step: Any, start: Callable[[], None], tmp_path: Path
) -> None:
    import slicer

    from CervixRiskLib.scene import load_scene, save_scene

    start()
    paint_square(step.editor.widget)
    path = save_scene(slicer.mrmlScene, tmp_path / "kept.mrb")
    load_scene(slicer.mrmlScene, path, clear=False)
    run_for(0.1)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    assert step.editor.widget.segmentationNode() is step.session.segmentation
    paint_square(step.editor.widget, 30)
    assert step.session.contour().n_pixels == 900
