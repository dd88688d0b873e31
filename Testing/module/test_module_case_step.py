"""Step 1 on the stand-in: opening, naming, samples, and what holds for the whole step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import run_for, run_until
from slicer_standin.keyboard import press

from CervixRiskLib.errors import BundleError
from CervixRiskLib.imaging import SliceImage
from CervixRiskLib.scene import add_slice_map


@pytest.fixture
def step(case_step: Any) -> Any:
    return case_step


def test_nothing_is_open(step):
    assert step.summary() == ""
    assert "Open an image" in step.ui.notesLabel.text
    assert "the model in step 3" in step.ui.clinicalHint.text
    for name in ("nameEdit", "pixelSizeLabel", "calibrateButton", "sliceLabel", "sizeFrame", "problemLabel"):
        assert not getattr(step.ui, name).visible, name


def test_a_file_is_opened_with_the_dialog(step, slicer_app, picture):
    slicer_app.dialogs.choose_files(picture)
    step.ui.openButton.click()
    assert step.session.case_id == "M027"
    assert step.ui.imageSelector.currentNode() is step.session.volume
    assert step.ui.nameEdit.text == "M027"
    assert step.summary() == "80 × 60"
    assert "calibrate" in step.ui.pixelSizeLabel.text
    assert step.context.settings.text("imageFolder") == str(picture.parent)
    slicer_app.dialogs.choose_files()
    step.ui.openButton.click()
    assert step.session.case_id == "M027"


def test_what_cannot_be_opened_is_told_in_the_panel(step, slicer_app, tmp_path, picture, open_picture):
    (tmp_path / "note.txt").write_text("not an image")
    step.image_choice.open_file(str(tmp_path / "note.txt"))
    assert step.ui.problemLabel.visible
    assert "not an image that can be read" in step.ui.problemLabel.text
    assert step.session.volume is None
    assert slicer_app.dialogs.shown == []
    open_picture(picture)
    assert not step.ui.problemLabel.visible


def test_an_image_of_the_scene_is_chosen(step, add_volume):
    first, second = add_volume(name="4: DOE^JANE"), add_volume(name="5: DOE^JANE")
    step.ui.imageSelector.setCurrentNode(second)
    assert step.session.volume is second
    assert step.session.case_id == "Case 1"
    step.ui.imageSelector.setCurrentNode(first)
    assert step.session.case_id == "Case 2"
    step.ui.imageSelector.setCurrentNode(second)
    assert step.session.case_id == "Case 1"
    step.ui.imageSelector.setCurrentNode(None)
    assert step.session.volume is None


def test_an_image_of_slicers_dicom_database_is_compared_with_its_file(step, monkeypatch, add_volume):
    import slicer
    from pydicom.data import get_testdata_file

    class Database:
        def fileForInstance(self, uid: str) -> str:  # noqa: N802
            return get_testdata_file("examples_palette.dcm", download=False) if uid == "1.2.3" else ""

    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    volume = add_volume(SliceImage(np.zeros((350, 800), np.float32), (0.5, 0.5), modality="US"))
    for name in ("CervixRisk.pixelSizeState", "CervixRisk.pixelSizeSource"):
        volume.RemoveAttribute(name)
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    step.ui.imageSelector.setCurrentNode(volume)
    assert step.session.pixel_size().spacing_mm == pytest.approx((0.2622878766, 0.2622878766))
    assert "corrected to the one the file says" in step.ui.problemLabel.text


def test_the_first_image_to_arrive_is_taken(step, add_volume):
    volume = add_volume()
    run_until(lambda: step.session.volume is volume)
    add_volume(name="another")
    run_for(0.02)
    assert step.session.volume is volume


def test_what_arrives_while_another_module_is_open_is_left_alone(step, add_volume):
    step.exit()
    volume = add_volume()
    run_for(0.02)
    assert step.session.volume is None
    assert volume.GetAttribute("CervixRisk.case") is None
    step.enter()
    run_until(lambda: step.session.volume is volume)


def test_maps_and_labels_are_not_offered(step, add_volume):
    import slicer

    volume = add_volume()
    step.ui.imageSelector.setCurrentNode(volume)
    add_slice_map(slicer.mrmlScene, volume, np.zeros((6, 8)), "heat map")
    step.session.answer_changed.emit()
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    assert step.ui.imageSelector.nodeCount() == 1


def test_the_image_is_taken_out_of_the_scene(step, picture, open_picture):
    import slicer

    open_picture(picture)
    slicer.mrmlScene.RemoveNode(step.session.volume)
    assert step.session.volume is None
    assert not step.ui.pixelSizeLabel.visible


def test_the_scene_is_closed(step, slicer_app, picture, open_picture):
    open_picture(picture)
    step.ui.calibrateButton.click()
    step.session.open_volume(None)
    slicer_app.close_scene()
    assert step.session.volume is None
    assert step.pixel_size.calibration.line is None
    open_picture(picture)
    assert step.session.case_id == "M027"


def test_samples(step, picture, open_picture, add_volume):
    assert not step.ui.sampleRow.visible
    asked: list[str] = []

    def open_sample(key: str) -> None:
        asked.append(key)
        if key == "mr":
            raise BundleError("The sample's model is damaged.")
        step.session.open_volume(add_volume(), "Sample ultrasound (simulated)")

    step.context.open_sample = open_sample
    step.enter()
    assert step.ui.sampleRow.visible
    step.ui.sampleUltrasoundButton.click()
    assert step.ui.sampleRow.visible
    step.ui.sampleMrButton.click()
    assert step.ui.problemLabel.text == "The sample's model is damaged."
    assert asked == ["ultrasound", "mr"]
    open_picture(picture)
    assert not step.ui.sampleRow.visible


def test_the_case_is_renamed(step, picture, open_picture):
    open_picture(picture)
    step.ui.nameEdit.text = " Patient 5 "
    press(step.context.panel_widget, "Return", step.ui.nameEdit)
    step.ui.nameEdit.editingFinished.emit()
    assert step.session.case_id == "Patient 5"
    assert step.ui.nameEdit.text == "Patient 5"
    step.ui.nameEdit.text = ""
    step.ui.nameEdit.editingFinished.emit()
    assert step.ui.nameEdit.text == step.session.case_id == "Patient 5"


def test_nothing_is_wider_than_the_panel(step, facts, picture, open_picture):
    import qt

    step.session.set_study(Path("model.zip"), facts)
    open_picture(picture)
    step.clinical.field("rbc_count").editor.text = "3900"
    step.ui.calibrateButton.click()
    run_for(0.02)
    for widget in step.widget.findChildren(qt.QWidget):
        if widget.visible:
            right = widget.mapTo(step.widget, qt.QPoint(0, 0)).x() + widget.width
            assert right <= step.widget.window().width, widget.objectName


def test_every_control_teaches(step, facts, picture, open_picture):
    import qt

    step.context.open_sample = lambda key: None
    step.session.set_study(Path("model.zip"), facts)
    open_picture(picture)
    step.ui.calibrateButton.click()
    for widget in step.widget.findChildren(qt.QWidget):
        if isinstance(widget, (qt.QAbstractButton, qt.QLineEdit)) and widget.objectName and widget.visible:
            assert widget.toolTip, widget.objectName


def test_closing_lets_go(step, picture, open_picture):
    open_picture(picture)
    step.close()
    before = step.ui.nameEdit.text
    step.session.rename_case("other")
    assert step.ui.nameEdit.text == before
