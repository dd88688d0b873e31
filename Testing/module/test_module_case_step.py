"""Step 1 on the stand-in: opening, naming, calibrating, clinical values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import run_for, run_until
from slicer_standin.keyboard import press
from slicer_standin.placing import place_point

from CervixRiskLib.bundle import BundleManifest, ClinicalPredictor
from CervixRiskLib.bundle.manifest import Calibration, TrainingSummary
from CervixRiskLib.cohort import builtin_columns
from CervixRiskLib.errors import BundleError
from CervixRiskLib.imaging import Roi, SliceGeometry, SliceImage
from CervixRiskLib.scene import CaseRole, PixelSizeState, add_slice_map, add_slice_volume
from CervixRiskLib.worker import StudyFacts
from CervixRiskLib.workflow.slice_stack import add_slice_stack

PANEL_WIDTH = 400
SEEN = {"maximum_diameter": (5.0, 80.0), "rbc_count": (2.0, 7.0), "histology": (0.0, 1.0)}


@pytest.fixture(scope="module")
def facts() -> StudyFacts:
    """A model that asks for a measured value, a number and a category."""
    columns = builtin_columns().subset(SEEN)
    manifest = BundleManifest(
        "plnm",
        "2026-01-01T00:00:00Z",
        {},
        True,
        "metastasis",
        ("no metastasis", "metastasis"),
        0.35,
        Calibration("none"),
        TrainingSummary(60, 20, "0" * 64, 1.0),
        clinical=tuple(
            ClinicalPredictor(name, name, observed_low=low, observed_high=high) for name, (low, high) in SEEN.items()
        ),
    )
    return StudyFacts("Study", True, ("image",), tuple(SEEN), "", manifest.to_json(), columns.to_mapping())


@pytest.fixture
def step(step_context: Any) -> Any:
    """The step alone, as wide as Slicer's panel, entered."""
    import qt

    from CervixRiskPanel.case_step import CaseStep

    made = CaseStep(step_context)
    host = qt.QWidget()
    layout = qt.QVBoxLayout(host)
    layout.addWidget(made.widget)
    layout.addStretch(1)
    host.setFixedWidth(PANEL_WIDTH)
    host.show()
    made.enter()
    run_for(0.01)
    yield made
    made.exit()
    made.close()
    made.widget.setMRMLScene(None)
    host.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A PNG of 60 rows x 80 columns, whose pixel size nobody knows."""
    path = tmp_path / "M027.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80)).astype(np.uint8)).save(path)
    return path


def open_case(step: Any, path: Path) -> None:
    """As the panel does: the case opens and is shown."""
    step.image_choice.open_file(str(path))
    step.context.slices.show_case()


def draw_square(step: Any, side: int = 20) -> None:
    session = step.session
    mask = np.zeros(session.image().shape, dtype=bool)
    mask[10 : 10 + side, 20 : 20 + side] = True
    session.start_contour(Roi.from_mask(mask, session.image()))


def volume_of(image: SliceImage | None = None, name: str = "slice") -> Any:
    import slicer

    return add_slice_volume(slicer.mrmlScene, image or SliceImage(np.zeros((6, 8), np.float32), (0.5, 0.5)), name)


# --- the image ------------------------------------------------------------------------------------------------------


def test_nothing_is_open(step):
    assert step.summary() == ""
    assert "Open an image" in step.ui.notesLabel.text
    assert "Choose a model in step 3" in step.ui.clinicalHint.text
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


def test_what_cannot_be_opened_is_told_in_the_panel(step, slicer_app, tmp_path, picture):
    (tmp_path / "note.txt").write_text("not an image")
    step.image_choice.open_file(str(tmp_path / "note.txt"))
    assert step.ui.problemLabel.visible
    assert "not an image that can be read" in step.ui.problemLabel.text
    assert step.session.volume is None
    assert slicer_app.dialogs.shown == []
    open_case(step, picture)
    assert not step.ui.problemLabel.visible


def test_an_image_of_the_scene_is_chosen(step):
    first, second = volume_of(name="4: DOE^JANE"), volume_of(name="5: DOE^JANE")
    step.ui.imageSelector.setCurrentNode(second)
    assert step.session.volume is second
    assert step.session.case_id == "Case 1"
    step.ui.imageSelector.setCurrentNode(first)
    assert step.session.case_id == "Case 2"
    step.ui.imageSelector.setCurrentNode(second)
    assert step.session.case_id == "Case 1"
    step.ui.imageSelector.setCurrentNode(None)
    assert step.session.volume is None


def test_an_image_of_slicers_dicom_database_is_compared_with_its_file(step, monkeypatch):
    import slicer
    from pydicom.data import get_testdata_file

    class Database:
        def fileForInstance(self, uid: str) -> str:  # noqa: N802
            return get_testdata_file("examples_palette.dcm", download=False) if uid == "1.2.3" else ""

    monkeypatch.setattr(slicer, "dicomDatabase", Database(), raising=False)
    volume = volume_of(SliceImage(np.zeros((350, 800), np.float32), (0.5, 0.5), modality="US"))
    for name in ("CervixRisk.pixelSizeState", "CervixRisk.pixelSizeSource"):
        volume.RemoveAttribute(name)
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    step.ui.imageSelector.setCurrentNode(volume)
    assert step.session.pixel_size().spacing_mm == pytest.approx((0.2622878766, 0.2622878766))
    assert "corrected to the one the file says" in step.ui.problemLabel.text


def test_the_first_image_to_arrive_is_taken(step):
    volume = volume_of()
    run_until(lambda: step.session.volume is volume)
    volume_of(name="another")
    run_for(0.02)
    assert step.session.volume is volume


def test_what_arrives_while_another_module_is_open_is_left_alone(step):
    step.exit()
    volume = volume_of()
    run_for(0.02)
    assert step.session.volume is None
    assert volume.GetAttribute("CervixRisk.case") is None
    step.enter()
    run_until(lambda: step.session.volume is volume)


def test_maps_and_labels_are_not_offered(step):
    import slicer

    volume = volume_of()
    step.ui.imageSelector.setCurrentNode(volume)
    add_slice_map(slicer.mrmlScene, volume, np.zeros((6, 8)), "heat map")
    step.session.answer_changed.emit()
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    assert step.ui.imageSelector.nodeCount() == 1


def test_the_image_is_taken_out_of_the_scene(step, picture):
    import slicer

    open_case(step, picture)
    slicer.mrmlScene.RemoveNode(step.session.volume)
    assert step.session.volume is None
    assert not step.ui.pixelSizeLabel.visible


def test_the_scene_is_closed(step, slicer_app, picture):
    open_case(step, picture)
    step.ui.calibrateButton.click()
    step.session.open_volume(None)
    slicer_app.close_scene()
    assert step.session.volume is None
    assert step.pixel_size.calibration.line is None
    open_case(step, picture)
    assert step.session.case_id == "M027"


def test_samples(step, picture):
    assert not step.ui.sampleRow.visible
    asked: list[str] = []

    def open_sample(key: str) -> None:
        asked.append(key)
        if key == "mr":
            raise BundleError("The sample's model is damaged.")
        step.session.open_volume(volume_of(), "Sample ultrasound (simulated)")

    step.context.open_sample = open_sample
    step.enter()
    assert step.ui.sampleRow.visible
    step.ui.sampleUltrasoundButton.click()
    assert step.ui.sampleRow.visible
    step.ui.sampleMrButton.click()
    assert step.ui.problemLabel.text == "The sample's model is damaged."
    assert asked == ["ultrasound", "mr"]
    open_case(step, picture)
    assert not step.ui.sampleRow.visible


def test_the_case_is_renamed(step, picture):
    open_case(step, picture)
    step.ui.nameEdit.text = " Patient 5 "
    press(step.context.panel_widget, "Return", step.ui.nameEdit)
    step.ui.nameEdit.editingFinished.emit()
    assert step.session.case_id == "Patient 5"
    assert step.ui.nameEdit.text == "Patient 5"
    step.ui.nameEdit.text = ""
    step.ui.nameEdit.editingFinished.emit()
    assert step.ui.nameEdit.text == step.session.case_id == "Patient 5"


# --- the slice ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stack(step: Any) -> Any:
    """Five slices 4 mm apart, open and shown."""
    import slicer

    slices = [
        SliceImage(
            np.full((60, 80), float(index), np.float32),
            (0.5, 0.5),
            "PixelSpacing",
            "MR",
            geometry=SliceGeometry((0.0, 0.0, 4.0 * index), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        )
        for index in range(5)
    ]
    volume = add_slice_stack(slicer.mrmlScene, slices, "T2")
    step.session.open_volume(volume, "T2")
    step.context.slices.show_case()
    return volume


def scroll(step: Any, index: int) -> None:
    step.context.slices.slice_node().JumpSliceByOffsetting(0, 0, 4.0 * index)


def test_the_slice_follows_the_view_until_a_contour_is_begun(step, stack):
    heard: list[int] = []
    step.session.image_changed.connect(lambda: heard.append(step.session.choice().index))
    scroll(step, 3)
    assert step.ui.sliceLabel.text.startswith("4 of 5")
    assert step.summary() == "MR · 80 × 60 · slice 4 of 5"
    assert heard[-1] == 3
    assert not step.ui.showSliceButton.visible
    draw_square(step)
    assert "fixed by the contour" in step.ui.sliceLabel.text
    scroll(step, 1)
    assert step.ui.sliceLabel.text.startswith("4 of 5")
    assert step.ui.showSliceButton.visible
    step.ui.showSliceButton.click()
    assert not step.ui.showSliceButton.visible


def test_scrolling_within_a_slice_changes_nothing(step, stack):
    scroll(step, 2)
    heard: list[str] = []
    step.session.image_changed.connect(lambda: heard.append("image"))
    step.context.slices.slice_node().SetFieldOfView(50, 50, 1)
    assert heard == []


def test_a_view_that_shows_no_slice_is_told(step, stack):
    scroll(step, 40)
    assert "outside the volume" in step.ui.sliceLabel.text
    assert not step.ui.calibrateButton.enabled
    assert step.summary() == ""
    scroll(step, 0)
    assert step.ui.calibrateButton.enabled


def test_frames_of_a_film(step):
    import slicer

    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "Film")
    for index in range(4):
        frame = volume_of(SliceImage(np.full((6, 8), float(index), np.float32), modality="US"), f"frame {index}")
        sequence.SetDataNodeAtValue(frame, str(index))
        slicer.mrmlScene.RemoveNode(frame)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "Browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    logic = slicer.modules.sequences.logic()
    logic.UpdateProxyNodesFromSequences(browser)
    proxy = browser.GetProxyNode(sequence)
    step.session.open_volume(proxy, "Film")
    assert step.summary() == "US · 8 × 6 · frame 1 of 4"
    browser.SetSelectedItemNumber(2)
    logic.UpdateProxyNodesFromSequences(browser)
    assert step.summary() == "US · 8 × 6 · frame 3 of 4"
    assert step.session.folder.nodes(CaseRole.IMAGE) == [proxy]
    step.session.rename_case("Another film")
    browser.SetSelectedItemNumber(1)
    logic.UpdateProxyNodesFromSequences(browser)
    assert step.session.folder.nodes(CaseRole.IMAGE) == [proxy]
    browser.SetSelectedItemNumber(2)
    logic.UpdateProxyNodesFromSequences(browser)
    assert (step.ui.sliceTitle.text, step.ui.sliceLabel.text) == ("Frame", "3 of 4 · as in the sequence browser")
    mask = np.zeros((6, 8), dtype=bool)
    mask[2:4, 3:6] = True
    step.session.start_contour(Roi(mask))
    assert not step.ui.showSliceButton.visible
    browser.SetSelectedItemNumber(0)
    logic.UpdateProxyNodesFromSequences(browser)
    assert step.ui.sliceLabel.text == "1 of 4 · the contour is on 3"
    step.ui.showSliceButton.click()
    logic.UpdateProxyNodesFromSequences(browser)
    assert step.summary().endswith("frame 3 of 4")
    assert not step.ui.showSliceButton.visible


# --- the pixel size -------------------------------------------------------------------------------------------------


def test_calibrating_with_two_clicks(step, picture):
    import slicer

    open_case(step, picture)
    step.ui.calibrateButton.click()
    assert "Click two marks" in step.ui.sizeHelp.text
    assert not step.ui.sizeEdit.enabled
    place_point(10, 10)
    assert "second mark" in step.ui.sizeHelp.text
    place_point(50, 10)
    run_for(0.02)
    assert step.pixel_size.calibration.line is not None
    assert step.ui.sizeEdit.enabled
    assert not step.ui.applyButton.enabled
    step.ui.sizeEdit.text = "2 cm"
    assert "0.5 mm per pixel" in step.ui.sizeResult.text
    assert "40 × 30 mm" in step.ui.sizeResult.text
    assert step.ui.applyButton.enabled
    step.ui.sizeEdit.text = "2000"
    assert "in mm, not cm" in step.ui.sizeWarning.text
    step.ui.sizeEdit.text = "2 in"
    assert "20 for 20 mm" in step.ui.sizeWarning.text
    assert not step.ui.applyButton.enabled
    step.ui.sizeEdit.text = "20"
    step.ui.applyButton.click()
    assert step.session.pixel_size().spacing_mm == pytest.approx((0.5, 0.5))
    assert step.ui.pixelSizeLabel.text == "0.5 mm · line on the ruler, 20 mm"
    assert not step.ui.sizeFrame.visible
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    assert interaction.GetCurrentInteractionMode() != interaction.Place
    step.ui.undoButton.click()
    assert step.session.pixel_size().state is PixelSizeState.UNKNOWN
    assert not step.ui.undoButton.enabled
    assert "Nothing to take back" in step.ui.undoButton.toolTip


def test_the_result_follows_the_line(step, picture):
    open_case(step, picture)
    step.ui.calibrateButton.click()
    place_point(10, 10)
    place_point(50, 10)
    step.ui.sizeEdit.text = "20"
    line = step.pixel_size.calibration.line
    x, y, z = line.GetNthControlPointPositionWorld(1)
    line.SetNthControlPointPositionWorld(1, x, y + 20, z)
    assert "1 mm per pixel" in step.ui.sizeResult.text
    line.SetNthControlPointPositionWorld(1, x, y + 30, z)
    assert "longer part of the ruler" in step.ui.sizeWarning.text
    assert not step.ui.applyButton.enabled


def test_calibrating_is_given_up(step, picture):
    import slicer

    interaction = slicer.app.applicationLogic().GetInteractionNode()
    open_case(step, picture)
    for leave in (
        step.ui.cancelButton.click,
        step.ui.calibrateButton.click,
        step.ui.byHandButton.click,
        step.exit,
        interaction.SwitchToViewTransformMode,
    ):
        step.ui.calibrateButton.click()
        place_point(10, 10)
        leave()
        run_for(0.02)
        assert step.pixel_size.calibration.line is None
        assert not step.ui.calibrateButton.checked
        assert interaction.GetCurrentInteractionMode() != interaction.Place
        assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 0
        step.pixel_size.give_up()
    assert step.session.pixel_size().state is PixelSizeState.UNKNOWN


def test_by_hand(step, picture):
    open_case(step, picture)
    step.ui.byHandButton.click()
    assert step.ui.sizeFrame.visible
    step.ui.sizeEdit.text = "0,25"
    assert "20 × 15 mm" in step.ui.sizeResult.text
    press(step.context.panel_widget, "Return", step.ui.sizeEdit)
    assert step.session.pixel_size().state is PixelSizeState.HAND
    assert step.ui.pixelSizeLabel.text == "0.25 mm · given by hand"
    assert not step.ui.sizeFrame.visible
    assert not step.ui.byHandButton.checked


def test_the_view_keeps_the_image_in_sight(step, stack):
    scroll(step, 4)
    node = step.context.slices.slice_node()
    before = node.GetFieldOfView()
    step.ui.byHandButton.click()
    step.ui.sizeEdit.text = "0.05"
    step.ui.applyButton.click()
    assert node.GetFieldOfView()[0] == pytest.approx(before[0] / 10, rel=0.01)
    assert step.session.choice().index == 4
    step.ui.undoButton.click()
    assert node.GetFieldOfView()[0] == pytest.approx(before[0], rel=0.01)
    assert step.session.choice().index == 4


# --- clinical values ------------------------------------------------------------------------------------------------


def test_fields_of_the_model(step, facts, picture):
    step.session.set_study(Path("model.zip"), facts)
    assert not step.ui.clinicalHint.visible
    blood = step.clinical.field("rbc_count")
    assert not blood.editor.enabled
    assert blood.editor.toolTip == "Choose an image first."
    open_case(step, picture)
    assert blood.editor.enabled
    assert blood.hint.text == "10¹²/L · 2 to 7"
    assert "Accepted: 0.5 to 10 10¹²/L." in blood.editor.toolTip
    blood.editor.text = "3,9"
    blood.editor.editingFinished.emit()
    assert step.session.clinical["rbc_count"] == blood.editor.text == "3.9"
    assert not blood.message.visible
    blood.editor.text = "39"
    assert "outside its plausible range" in blood.message.text
    blood.editor.text = "8"
    assert "Outside the training cohort's range, 2 to 7" in blood.message.text
    histology = step.clinical.field("histology")
    histology.editor.setCurrentIndex(2)
    assert step.session.clinical["histology"] == "Adenocarcinoma"
    histology.editor.setCurrentIndex(0)
    assert "histology" not in step.session.clinical
    step.session.set_clinical("histology", "0")
    assert histology.editor.currentText == "Squamous cell carcinoma"
    step.session.set_study(None, None)
    assert step.clinical.fields == []
    assert step.ui.clinicalHint.visible


def test_another_model_takes_a_measured_value_with_its_field(step, facts, picture):
    step.session.set_study(Path("model.zip"), facts)
    open_case(step, picture)
    step.session.set_clinical("rbc_count", "3.9")
    step.ui.byHandButton.click()
    step.ui.sizeEdit.text = "0.5"
    step.ui.applyButton.click()
    draw_square(step)
    assert step.session.clinical["maximum_diameter"]
    step.session.set_study(None, None)
    assert dict(step.session.clinical) == {"rbc_count": "3.9"}
    step.session.set_study(Path("model.zip"), facts)
    assert step.clinical.field("maximum_diameter").editor.text == step.session.clinical["maximum_diameter"]


def test_the_diameter_follows_the_contour(step, facts, picture):
    step.session.set_study(Path("model.zip"), facts)
    open_case(step, picture)
    diameter = step.clinical.field("maximum_diameter")
    draw_square(step)
    assert "Known once the pixel size is calibrated" in diameter.message.text
    step.ui.byHandButton.click()
    step.ui.sizeEdit.text = "0.5"
    step.ui.applyButton.click()
    assert diameter.editor.text == "14.1"
    assert diameter.hint.text == "mm · from contour"
    assert not diameter.message.visible
    diameter.editor.text = "20"
    diameter.editor.editingFinished.emit()
    assert diameter.hint.text == "mm · 5 to 80"
    diameter.editor.text = ""
    diameter.editor.editingFinished.emit()
    assert diameter.editor.text == "14.1"


def test_a_text_is_left_alone_while_it_is_typed(step, facts, picture):
    open_case(step, picture)
    step.session.set_study(Path("model.zip"), facts)
    step.session.set_clinical("rbc_count", "4")
    blood = step.clinical.field("rbc_count")
    press(step.widget.window(), "End", blood.editor)
    press(step.widget.window(), "Backspace", blood.editor)
    press(step.widget.window(), "0", blood.editor)
    press(step.widget.window(), ",", blood.editor)
    assert blood.editor.text == "0,"
    assert not blood.message.visible
    press(step.widget.window(), "3", blood.editor)
    assert blood.editor.text == "0,3"
    run_until(lambda: blood.message.visible, time_limit=3)
    assert "plausible" in blood.message.text
    assert step.session.clinical["rbc_count"] == "0.3"


def test_a_study_round_is_open(step, facts, picture):
    open_case(step, picture)
    step.session.set_study(Path("model.zip"), facts)
    step.context.open_sample = lambda key: None
    step.session.set_blinded(True)
    field = step.clinical.field("rbc_count").editor
    for widget in (step.ui.imageSelector, step.ui.openButton, step.ui.sampleMrButton, step.ui.nameEdit, field):
        assert not widget.enabled
        assert "study round is open" in widget.toolTip
    assert step.ui.calibrateButton.enabled
    volume_of(name="dropped")
    run_for(0.02)
    assert step.session.case_id == "M027"
    step.session.set_blinded(False)
    assert step.ui.imageSelector.enabled
    assert "study round" not in field.toolTip


# --- all of it ------------------------------------------------------------------------------------------------------


def test_nothing_is_wider_than_the_panel(step, facts, picture):
    import qt

    step.session.set_study(Path("model.zip"), facts)
    open_case(step, picture)
    step.clinical.field("rbc_count").editor.text = "3900"
    step.ui.calibrateButton.click()
    run_for(0.02)
    for widget in step.widget.findChildren(qt.QWidget):
        if widget.visible:
            right = widget.mapTo(step.widget, qt.QPoint(0, 0)).x() + widget.width
            assert right <= PANEL_WIDTH, widget.objectName


def test_every_control_teaches(step, facts, picture):
    import qt

    step.context.open_sample = lambda key: None
    step.session.set_study(Path("model.zip"), facts)
    open_case(step, picture)
    step.ui.calibrateButton.click()
    for widget in step.widget.findChildren(qt.QWidget):
        if isinstance(widget, (qt.QAbstractButton, qt.QLineEdit)) and widget.objectName and widget.visible:
            assert widget.toolTip, widget.objectName


def test_closing_lets_go(step, picture):
    open_case(step, picture)
    step.close()
    before = step.ui.nameEdit.text
    step.session.rename_case("other")
    assert step.ui.nameEdit.text == before
