"""Step 1 on the stand-in: the slice of a volume, the frame of a film, the pixel size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import run_for
from slicer_standin.keyboard import press
from slicer_standin.placing import place_point

from CervixRiskLib.imaging import Roi, SliceGeometry, SliceImage
from CervixRiskLib.scene import CaseRole, PixelSizeState
from CervixRiskLib.workflow.slice_stack import add_slice_stack


@pytest.fixture
def step(case_step: Any) -> Any:
    return case_step


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


def test_the_slice_follows_the_view_until_a_contour_is_begun(step, stack, draw_square):
    heard: list[int] = []
    step.session.image_changed.connect(lambda: heard.append(step.session.choice().index))
    scroll(step, 3)
    assert step.ui.sliceLabel.text.startswith("4 of 5")
    assert step.summary() == "MR · 80 × 60 · slice 4 of 5"
    assert heard[-1] == 3
    assert not step.ui.showSliceButton.visible
    draw_square()
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


def test_frames_of_a_film(step, add_volume):
    import slicer

    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "Film")
    for index in range(4):
        frame = add_volume(SliceImage(np.full((6, 8), float(index), np.float32), modality="US"), f"frame {index}")
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


def test_calibrating_with_two_clicks(step, picture, open_picture):
    import slicer

    open_picture(picture)
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


def test_the_result_follows_the_line(step, picture, open_picture):
    open_picture(picture)
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


def test_calibrating_is_given_up(step, picture, open_picture):
    import slicer

    interaction = slicer.app.applicationLogic().GetInteractionNode()
    open_picture(picture)
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


def test_by_hand(step, picture, open_picture):
    open_picture(picture)
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
