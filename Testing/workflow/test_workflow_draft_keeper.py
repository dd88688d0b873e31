"""Drafts follow the session's contour, and look at it without touching the scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

import slicer
import vtk

from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.scene import (
    Reading,
    SliceChoice,
    add_slice_volume,
    set_pixel_size_by_hand,
    start_reading,
    write_contour,
)
from CervixRiskLib.scene.segmentation import read_mask
from CervixRiskLib.scene.segmentation_grid import mask_on_grid
from CervixRiskLib.scene.slice_grid import slice_shape
from CervixRiskLib.workflow.case_session import CaseSession
from CervixRiskLib.workflow.draft_keeper import DraftKeeper


def ragged(shape: tuple[int, int]) -> np.ndarray:
    """Some pixels away from the middle, one of them in a corner."""
    mask = np.zeros(shape, dtype=bool)
    mask[1:4, 2:5] = mask[0, 0] = True
    mask[2, 3] = False
    return mask


@pytest.fixture
def thick(scene: Any) -> Any:
    """12 × 10 × 8 voxels of three sizes, patient's axes turned."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    picture = vtk.vtkImageData()
    picture.SetDimensions(12, 10, 8)
    picture.AllocateScalars(vtk.VTK_SHORT, 1)
    picture.GetPointData().GetScalars().Fill(7)
    node.SetAndObserveImageData(picture)
    node.SetSpacing(0.5, 0.7, 3)
    node.SetOrigin(11, -20, 5)
    node.SetIJKToRASDirections(-1, 0, 0, 0, -0.8, 0.6, 0, 0.6, 0.8)
    return node


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_looking_gives_what_reading_gives(scene: Any, thick: Any, axis: int) -> None:
    choice = SliceChoice(axis, 3)
    shape = slice_shape(thick, choice)
    node = start_reading(scene, thick, Reading("a", "b"), Roi(ragged(shape)), choice=choice)
    mask = mask_on_grid(node, "tumour", thick, choice)
    assert mask is not None
    np.testing.assert_array_equal(mask, ragged(shape))
    np.testing.assert_array_equal(mask, read_mask(node, "tumour", thick, choice))
    beside = mask_on_grid(node, "tumour", thick, SliceChoice(axis, 4))
    assert beside is not None
    assert beside.shape == shape
    assert not beside.any()


def test_looking_follows_a_calibration(scene: Any, ultrasound: SliceImage) -> None:
    volume = add_slice_volume(scene, ultrasound, "slice")
    node = start_reading(scene, volume, Reading("a", "b"), Roi(ragged(ultrasound.shape)))
    set_pixel_size_by_hand(volume, (0.31, 0.29))
    mask = mask_on_grid(node, "tumour", volume, SliceChoice(2, 0))
    assert mask is not None
    np.testing.assert_array_equal(mask, ragged(ultrasound.shape))


def test_looking_leaves_other_grids_and_transforms_to_reading(scene: Any, ultrasound: SliceImage) -> None:
    volume = add_slice_volume(scene, ultrasound, "slice")
    node = start_reading(scene, volume, Reading("a", "b"), Roi(ragged(ultrasound.shape)))
    choice = SliceChoice(2, 0)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetAndObserveTransformNodeID(transform.GetID())
    assert mask_on_grid(node, "tumour", volume, choice) is None
    node.SetAndObserveTransformNodeID(None)
    moved = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(moved)
    moved.SetElement(0, 3, 5.0)
    volume.SetIJKToRASMatrix(moved)
    assert mask_on_grid(node, "tumour", volume, choice) is None
    assert mask_on_grid(node, "gone", volume, choice) is None


def test_looking_at_an_empty_contour_sees_nothing(scene: Any, ultrasound: SliceImage) -> None:
    volume = add_slice_volume(scene, ultrasound, "slice")
    node = start_reading(scene, volume, Reading("a", "b"))
    mask = mask_on_grid(node, "tumour", volume, SliceChoice(2, 0))
    assert mask is not None
    assert not mask.any()


def test_a_draft_follows_the_session(session: CaseSession, ultrasound: SliceImage, tmp_path: Path) -> None:
    keeper = DraftKeeper(session, tmp_path)
    behind: list[bool] = []
    keeper.fell_behind.connect(lambda: behind.append(True))
    session.open_volume(add_slice_volume(session.scene, ultrasound, "image"), "case")
    session.set_reading("A", "1")
    assert not keeper.save()
    session.start_contour()
    keeper.follow()
    assert keeper.is_following
    assert not keeper.is_drawn
    nodes = session.scene.GetNumberOfNodes()
    added: list[int] = []
    session.scene.AddObserver(session.scene.NodeAddedEvent, lambda *_: added.append(1))
    write_contour(session.segmentation, session.segment_id, session.volume, ragged(ultrasound.shape))
    assert behind
    assert keeper.is_drawn
    assert keeper.save()
    assert (session.scene.GetNumberOfNodes(), added) == (nodes, [])
    found = keeper.look(session.reading, session.image())
    assert found is not None
    np.testing.assert_array_equal(found.mask, ragged(ultrasound.shape))
    # Another reader's contour is another draft; what was begun is kept before.
    write_contour(session.segmentation, session.segment_id, session.volume, ~ragged(ultrasound.shape))
    session.set_reading("B", "1")
    assert not keeper.is_following
    found = keeper.look(Reading("case", "A", "1"), session.image())
    assert found is not None
    np.testing.assert_array_equal(found.mask, ~ragged(ultrasound.shape))
    keeper.close()
    heard = len(behind)
    session.start_contour()
    assert len(behind) == heard
    assert isinstance(session.segmentation, slicer.vtkMRMLSegmentationNode)


def test_a_draft_that_cannot_be_kept_keeps_nobody_from_the_next_case(
    session: CaseSession, ultrasound: SliceImage, tmp_path: Path
) -> None:
    (tmp_path / "drafts").touch()
    keeper = DraftKeeper(session, tmp_path / "drafts")
    failures: list[str] = []
    cleared: list[bool] = []
    keeper.failed.connect(failures.append)
    session.clinical_changed.connect(lambda: cleared.append(True))
    session.open_volume(add_slice_volume(session.scene, ultrasound, "image"), "case")
    session.start_contour()
    keeper.follow()
    write_contour(session.segmentation, session.segment_id, session.volume, ragged(ultrasound.shape))
    cleared.clear()
    session.open_volume(add_slice_volume(session.scene, ultrasound, "next"), "next")
    assert session.case_id == "next"
    # Those who show the case are told after the draft.
    assert cleared == [True]
    assert len(failures) == 1


def test_a_contour_whose_image_has_lost_its_pixels_keeps_its_draft(
    session: CaseSession, ultrasound: SliceImage, tmp_path: Path
) -> None:
    keeper = DraftKeeper(session, tmp_path)
    session.open_volume(add_slice_volume(session.scene, ultrasound, "image"), "case")
    session.start_contour()
    keeper.follow()
    write_contour(session.segmentation, session.segment_id, session.volume, ragged(ultrasound.shape))
    assert keeper.save()
    (draft,) = tmp_path.iterdir()
    kept = draft.read_bytes()
    write_contour(session.segmentation, session.segment_id, session.volume, ~ragged(ultrasound.shape))
    # Another module has emptied it.
    session.volume.SetAndObserveImageData(None)
    assert not keeper.save()
    session.open_volume(None)
    assert draft.read_bytes() == kept
