"""Step 1 with a model of two images: the selector of T1, what it offers, what it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import run_for

from CervixRiskLib.imaging import SliceImage
from CervixRiskLib.scene import CaseFolder, CaseRole, add_slice_map
from CervixRiskLib.worker import StudyFacts

FACTS = StudyFacts("Treatment group", False, ("image", "image_t1"), (), "", {}, {"columns": {}})
ONE = replace(FACTS, channels=("image",))
MR = SliceImage(np.arange(4800, dtype=np.float32).reshape(60, 80), (0.5, 0.5), "file header", "MR")
T1 = replace(MR, pixels=MR.pixels + 1)


@pytest.fixture
def step(case_step: Any, add_volume: Callable[..., Any]) -> Any:
    """Step 1 with an image and a model of two."""
    case_step.session.open_volume(add_volume(MR, "T2"), "one")
    case_step.context.slices.show_case()
    case_step.session.set_study(Path("model.zip"), FACTS)
    return case_step


@pytest.fixture
def add(add_volume: Callable[..., Any]) -> Callable[..., Any]:
    """``add(image, name)``: T1 by itself."""
    return lambda image=T1, name="T1": add_volume(image, name)


def background() -> str:
    import slicer

    return slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode().GetBackgroundVolumeID()


def test_a_row_for_each_further_image_of_the_chosen_model(step: Any) -> None:
    row = step.further.row("image_t1")
    assert row.label.text == "T1 (image_t1)"
    assert row.selector.noneDisplay == "Choose T1"
    assert "T1 of the section that the image shows, on the same grid" in row.selector.toolTip
    assert "as T1 of this case" in row.open_button.toolTip
    assert step.ui.furtherFrame.visible
    # Known before the model is loaded.
    step.session.set_study(None, None)
    step.session.set_channels(("image", "image_t1", "image_dwi"))
    assert [row.channel for row in step.further.rows] == ["image_t1", "image_dwi"]
    step.session.set_study(Path("one.zip"), ONE)
    assert step.further.rows == []
    assert not step.ui.furtherFrame.visible


def test_choosing_it_and_taking_it_back(step: Any, add: Callable[..., Any]) -> None:
    row = step.further.row("image_t1")
    node, mapped = add(), add_slice_map(step.session.scene, step.session.volume, np.zeros((60, 80)), "map")
    step.session.image_changed.emit()
    hidden = row.selector.sortFilterProxyModel().hiddenNodeIDs
    assert set(hidden) == {step.session.volume.GetID(), mapped.GetID()}
    row.selector.setCurrentNode(node)
    assert step.session.further_volume("image_t1") is node
    assert CaseFolder(step.session.scene, "one").nodes(CaseRole.FURTHER_IMAGE) == [node]
    assert not row.message.visible
    step.session.set_study(Path("one.zip"), ONE)
    step.session.set_study(Path("model.zip"), FACTS)
    assert step.further.row("image_t1").selector.currentNode() is node
    step.further.row("image_t1").selector.setCurrentNode(None)
    assert step.session.further_volume("image_t1") is None


def test_what_does_not_belong_to_the_section_is_told_beside_it(step: Any, add: Callable[..., Any]) -> None:
    row = step.further.row("image_t1")
    node = add(replace(MR, pixels=MR.pixels[:50]))
    row.selector.setCurrentNode(node)
    assert row.message.visible
    assert "T1 has 50 rows and 80 columns of pixels and the image has 60 and 80" in row.message.text
    row.selector.setCurrentNode(add())
    assert not row.message.visible
    assert step.session.case_input().further_images


def test_it_leaves_the_scene(step: Any, add: Callable[..., Any]) -> None:
    row = step.further.row("image_t1")
    node = add()
    row.selector.setCurrentNode(node)
    step.session.scene.RemoveNode(node)
    assert row.selector.currentNode() is None
    assert step.session.further_volume("image_t1") is None


def test_the_case_stays_in_the_views(step: Any, slicer_app: Any, add: Callable[..., Any]) -> None:
    import slicer

    node = add()
    # As Slicer does with what was dropped last.
    slicer.util.setSliceViewerLayers(background=node)
    step.further.row("image_t1").selector.setCurrentNode(node)
    assert background() == step.session.volume.GetID()


def test_a_file_is_opened_as_t1(step: Any, slicer_app: Any, tmp_path: Path) -> None:
    row = step.further.row("image_t1")
    damaged, picture = tmp_path / "damaged.png", tmp_path / "M027-t1.png"
    damaged.write_bytes(b"no picture")
    Image.fromarray(np.zeros((60, 80), np.uint8)).save(picture)
    slicer_app.dialogs.choose_files(damaged)
    row.open_button.click()
    assert "damaged.png" in row.message.text
    assert step.session.further_volume("image_t1") is None
    slicer_app.dialogs.choose_files(picture)
    row.open_button.click()
    assert step.session.case_id == "one"
    assert row.selector.currentNode().GetName() == "M027-t1"
    assert "pixel size of T1 is unknown" in row.message.text
    step.ui.byHandButton.click()
    step.ui.sizeEdit.text = "0.5"
    step.ui.applyButton.click()
    assert not row.message.visible


def test_without_an_image_and_in_a_study_round_it_is_off(step: Any) -> None:
    row = step.further.row("image_t1")
    for change, sentence in (
        (lambda: step.session.set_blinded(True), "A study round is open"),
        (lambda: step.session.set_blinded(False), ""),
        (lambda: step.session.open_volume(None), "Choose the case's image first"),
    ):
        change()
        assert row.selector.enabled == row.open_button.enabled == (not sentence)
        assert sentence in row.selector.toolTip


def test_nothing_is_wider_than_the_panel_and_everything_teaches(step: Any, add: Callable[..., Any]) -> None:
    import qt

    step.session.set_channels(("image", "image_t1", "image_a_very_long_name_of_a_sequence_of_a_scanner"))
    step.further.rows[1].selector.setCurrentNode(add(replace(MR, pixels=MR.pixels[:9]), "a long name of an image " * 4))
    run_for(0.02)
    for widget in step.widget.findChildren(qt.QWidget):
        if widget.visible:
            right = widget.mapTo(step.widget, qt.QPoint(0, 0)).x() + widget.width
            assert right <= step.widget.window().width, widget.objectName
    for row in step.further.rows:
        for widget in (row.label, row.selector, row.open_button):
            assert widget.toolTip


def test_closing_lets_go(step: Any, add: Callable[..., Any]) -> None:
    rows = step.further.rows
    step.further.row("image_t1").selector.setCurrentNode(add())
    step.close()
    assert step.session.further_volume("image_t1") is not None
    step.session.set_channels(("image", "image_t1", "image_dwi"))
    assert step.further.rows is rows
