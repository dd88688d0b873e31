"""A reader at work in a scene: alone with the case, blind, and with nothing lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from CervixRiskLib.errors import ReadingError, RoiError, StorageError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.reading import Study, assign, create_study
from CervixRiskLib.scene import (
    CaseFolder,
    CaseRole,
    HeatMapDisplay,
    Reading,
    add_slice_volume,
    case_ids,
    find_reading,
    load_scene,
    save_reading,
    save_scene,
    segment_ids,
    start_reading,
    write_contour,
)
from CervixRiskLib.scene.heat_map import add_heat_map
from CervixRiskLib.workflow import study_round
from CervixRiskLib.workflow.blind_guard import SENTENCE
from CervixRiskLib.workflow.case_session import CaseSession
from CervixRiskLib.workflow.draft_keeper import DraftKeeper
from CervixRiskLib.workflow.scene_sweep import data_nodes, sweep, unsaved_words
from CervixRiskLib.workflow.study_round import StudyRound
from CervixRiskLib.workflow.work_list import WorkList

ROWS, COLUMNS = 40, 48


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Three cases for "Dr. A" and "Dr. B"."""
    (tmp_path / "images").mkdir()
    lines = ["case_id,image,outcome"]
    for index in range(3):
        pixels = np.random.default_rng(index).integers(0, 255, (ROWS, COLUMNS)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{index}.png")
        lines.append(f"Schmidt {index},images/{index}.png,{index % 2}")
    (tmp_path / "cohort.csv").write_text("\n".join(lines) + "\n")
    study = create_study(tmp_path / "study", tmp_path / "cohort.csv")
    assign(study, primary="Dr. A", seconds=["Dr. B"], reviewer="Dr. C", second_cases=3)
    return study


class Desk:
    """A round with its session; ``deferred`` is what waits for the event to be over."""

    def __init__(self, session: CaseSession, study: Study, drafts: Path) -> None:
        self.session = session
        self.keeper = DraftKeeper(session, drafts)
        self.deferred: list[Callable[[], None]] = []
        self.told: list[str] = []
        self.round = StudyRound(session, WorkList(study.folder, "Dr. A"), self.keeper, self.deferred.append)
        self.round.told.connect(self.told.append)

    def draw(self, shift: int = 0) -> np.ndarray:
        mask = np.zeros((ROWS, COLUMNS), dtype=bool)
        mask[10:25, 10 + shift : 30 + shift] = True
        write_contour(self.session.segmentation, self.session.segment_id, self.session.volume, mask)
        return mask

    def turn(self) -> None:
        """One turn of the event loop."""
        waiting, self.deferred[:] = list(self.deferred), []
        for act in waiting:
            act()

    def segmentations(self) -> list[Any]:
        scene = self.session.scene
        count = scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
        return [scene.GetNthNodeByClass(index, "vtkMRMLSegmentationNode") for index in range(count)]


@pytest.fixture
def desk(session: CaseSession, study: Study, tmp_path: Path) -> Any:
    desk = Desk(session, study, tmp_path / "drafts")
    yield desk
    desk.keeper.close()


def foreign_contour(scene: Any, image: SliceImage, reader: str = "Dr. B", case: str = "0001") -> Any:
    volume = add_slice_volume(scene, image, "carrier")
    mask = np.zeros(image.shape, dtype=bool)
    mask[5:20, 5:20] = True
    node = start_reading(scene, volume, Reading(case, reader, "initial"), Roi.from_mask(mask, image))
    return volume, node


def put_heat_map(folder: CaseFolder, volume: Any, image: SliceImage) -> None:
    values = np.ones(image.shape, dtype=np.float32)
    folder.add(add_heat_map(folder.scene, values, volume, "heat", HeatMapDisplay()), CaseRole.HEAT_MAP)


def test_the_case_comes_alone_under_its_number_and_blind(desk: Desk, ultrasound: SliceImage) -> None:
    session, scene = desk.session, desk.session.scene
    volume = add_slice_volume(scene, ultrasound, "Schmidt^Anna")
    session.open_volume(volume, "Schmidt^Anna")
    session.set_reading("me", "1")
    session.start_contour()
    put_heat_map(CaseFolder(scene, "Schmidt^Anna"), volume, ultrasound)
    scene.AddNewNodeByClass("vtkMRMLTableNode", "values of Anna")
    opened = desk.round.start()
    assert opened is not None
    assert session.blinded
    assert case_ids(scene) == (opened.case_name,)
    assert session.case_id == opened.case_name
    assert (session.reader, session.reading_round) == ("Dr. A", "initial")
    assert {node.GetClassName() for node in data_nodes(scene)} == {
        "vtkMRMLScalarVolumeNode",
        "vtkMRMLSegmentationNode",
    }
    every = [scene.GetNthNode(index).GetName() or "" for index in range(scene.GetNumberOfNodes())]
    assert not any("Schmidt" in name or "Anna" in name for name in every)
    np.testing.assert_array_equal(session.image().pixels, opened.image.pixels)
    with pytest.raises(RoiError, match="empty"):
        desk.round.submit()


def test_case_after_case_and_out_again(desk: Desk, study: Study) -> None:
    session = desk.session
    session.set_reading("me", "1")
    opened = desk.round.start()
    seen = []
    while opened is not None:
        mask = desk.draw()
        seen.append(opened.task.number)
        receipt = desk.round.submit()
        assert receipt.number == opened.task.number
        before = opened
        opened = desk.round.next()
        assert before.case_name not in case_ids(session.scene)
        if opened is not None:
            with pytest.raises(RoiError, match="empty"):
                session.contour()
    assert sorted(seen) == [1, 2, 3]
    assert mask.any()
    assert session.blinded
    assert data_nodes(session.scene) == []
    desk.round.leave()
    assert not session.blinded
    assert (session.reader, session.reading_round) == ("me", "1")


def test_leaving_in_the_middle_takes_the_case_out_before_the_eyes_open(desk: Desk) -> None:
    desk.round.start()
    desk.draw()
    in_scene: list[int] = []
    desk.session.reading_changed.connect(lambda: in_scene.append(len(data_nodes(desk.session.scene))))
    desk.round.leave()
    assert not desk.session.blinded
    assert in_scene[-1] == 0
    foreign_contour(desk.session.scene, SliceImage(np.zeros((20, 20), dtype=np.float32)))
    desk.turn()
    assert len(desk.segmentations()) == 1
    assert desk.told == []


def test_another_readers_node_is_taken_out_at_once(desk: Desk, ultrasound: SliceImage) -> None:
    opened = desk.round.start()
    assert opened is not None
    mine = desk.session.segmentation
    _, node = foreign_contour(desk.session.scene, ultrasound, case=opened.case_name)
    assert node in desk.segmentations()
    desk.turn()
    assert desk.segmentations() == [mine]
    assert desk.told == [SENTENCE]
    assert desk.session.other_readings() == ()
    desk.turn()
    assert len(desk.told) == 1


@pytest.mark.parametrize("reader", ["Dr. A", "Dr. B", ""])
def test_a_dropped_file_is_taken_out_at_once(desk: Desk, reader: str, tmp_path: Path) -> None:
    opened = desk.round.start()
    assert opened is not None
    _, node = foreign_contour(desk.session.scene, opened.image, reader=reader or "x", case="elsewhere")
    file = save_reading(node, tmp_path / "dropped.seg.nrrd")
    desk.turn()
    assert len(desk.segmentations()) == 1
    # What Slicer does with a dropped file.
    scene = desk.session.scene
    dropped = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "dropped")
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(file))
    dropped.SetAndObserveStorageNodeID(storage.GetID())
    assert storage.ReadData(dropped)
    assert len(segment_ids(dropped)) == 1
    desk.turn()
    assert desk.segmentations() == [desk.session.segmentation]


def test_an_imported_scene_leaves_nothing(desk: Desk, ultrasound: SliceImage, tmp_path: Path) -> None:
    scene = desk.session.scene
    volume, _ = foreign_contour(scene, ultrasound)
    folder = CaseFolder(scene, "0001")
    folder.add(volume, CaseRole.IMAGE)
    put_heat_map(folder, volume, ultrasound)
    save_scene(scene, tmp_path / "colleague.mrb")
    sweep(scene)
    desk.round.start()
    mine = {desk.session.volume.GetID(), desk.session.segmentation.GetID()}
    mask = desk.draw()
    load_scene(scene, tmp_path / "colleague.mrb", clear=False)
    assert len(desk.segmentations()) == 2
    desk.turn()
    assert {node.GetID() for node in data_nodes(scene)} == mine
    assert len(desk.told) == 1
    np.testing.assert_array_equal(desk.session.contour().mask, mask)


@pytest.mark.parametrize(
    "kind",
    [
        "vtkMRMLLabelMapVolumeNode",
        "vtkMRMLScalarVolumeNode",
        "vtkMRMLModelNode",
        "vtkMRMLMarkupsClosedCurveNode",
        "vtkMRMLMarkupsCurveNode",
    ],
)
def test_a_contour_in_other_clothes_is_taken_out_too(desk: Desk, kind: str) -> None:
    desk.round.start()
    desk.session.scene.AddNewNodeByClass(kind, "outline")
    desk.turn()
    scene = desk.session.scene
    left = [scene.GetNthNodeByClass(index, kind) for index in range(scene.GetNumberOfNodesByClass(kind))]
    assert [node for node in left if node is not desk.session.volume] == []


def test_points_of_an_opened_scene_are_taken_out_and_the_readers_own_stay(desk: Desk, tmp_path: Path) -> None:
    """A colleague may have marked the tumour's border with points, or boxed it; also under the case's own number."""
    scene = desk.session.scene
    kinds = ("vtkMRMLMarkupsFiducialNode", "vtkMRMLMarkupsROINode", "vtkMRMLMarkupsLineNode", "vtkMRMLTableNode")
    for kind in kinds:
        scene.AddNewNodeByClass(kind, kind)
    closed = scene.AddNewNodeByClass("vtkMRMLMarkupsClosedCurveNode", "outline")
    closed.SetAttribute("CervixRisk.case", "0001")
    save_scene(scene, tmp_path / "colleague.mrb")
    sweep(scene)
    desk.round.start()
    own = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "own")
    desk.turn()
    before = data_nodes(scene)
    assert any(node is own for node in before)
    closed = scene.AddNewNodeByClass("vtkMRMLMarkupsClosedCurveNode", "outline")
    closed.SetAttribute("CervixRisk.case", desk.session.case_id)
    desk.turn()
    assert not scene.IsNodePresent(closed)
    load_scene(scene, tmp_path / "colleague.mrb", clear=False)
    assert len(data_nodes(scene)) > len(before)
    desk.turn()
    assert [node.GetID() for node in data_nodes(scene)] == [node.GetID() for node in before]
    assert len(desk.told) == 2


def test_nothing_is_taken_out_while_a_scene_is_being_read(desk: Desk, ultrasound: SliceImage) -> None:
    desk.round.start()
    scene = desk.session.scene
    scene.StartState(scene.ImportState)
    _, node = foreign_contour(scene, ultrasound)
    desk.turn()
    assert scene.IsNodePresent(node)
    scene.EndState(scene.ImportState)
    desk.turn()
    assert not scene.IsNodePresent(node)


def test_a_ruler_of_the_readers_own_stays(desk: Desk) -> None:
    opened = desk.round.start()
    assert opened is not None
    ruler = desk.session.scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "ruler")
    CaseFolder(desk.session.scene, opened.case_name).add(ruler, CaseRole.RULER)
    desk.session.scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "another")
    desk.turn()
    assert desk.session.scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 2
    assert desk.told == []


def test_a_killed_program_brings_the_contour_back_with_its_time(
    desk: Desk, study: Study, scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = desk.round.start()
    behind: list[bool] = []
    desk.keeper.fell_behind.connect(lambda: behind.append(True))
    mask = desk.draw(3)
    assert behind
    desk.round.work_list.drawing_time.start(100)
    assert desk.keeper.save()
    # Killed: nothing is closed, the next program starts with an empty scene.
    desk.keeper.close()
    desk.session.close()
    scene.Clear(True)
    again = Desk(CaseSession(scene), study, tmp_path / "drafts")
    reopened = again.round.start()
    assert opened is not None
    assert reopened is not None
    assert reopened.task.number == opened.task.number
    np.testing.assert_array_equal(again.session.contour().mask, mask)
    assert again.round.work_list.drawing_time.seconds >= 100
    assert again.told == ["What you had drawn on this case before is back."]
    # A key pressed twice hands nothing in.
    with pytest.raises(ReadingError, match="just been opened"):
        again.round.submit()
    monkeypatch.setattr(study_round, "LEAST_LOOK_S", 0.0)
    again.round.submit()
    assert list((tmp_path / "drafts").iterdir()) == []
    again.keeper.close()
    again.session.close()


def test_starting_anew_throws_the_draft_away(desk: Desk, tmp_path: Path) -> None:
    desk.round.start()
    desk.draw()
    desk.round.keep()
    desk.round.start_anew()
    with pytest.raises(RoiError, match="empty"):
        desk.session.contour()
    assert list((tmp_path / "drafts").iterdir()) == []
    desk.draw(2)
    assert desk.round.submit().version == 1


def test_a_scene_that_is_closed_comes_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_round, "LEAST_LOOK_S", 0.0)
    opened = desk.round.start()
    mask = desk.draw()
    # What the panel does before a scene closes.
    desk.session.open_volume(None)
    desk.session.scene.Clear(False)
    desk.turn()
    assert not desk.round.is_in_scene
    assert desk.session.blinded
    with pytest.raises(ReadingError, match="Open it again"):
        desk.round.submit()
    desk.round.reopen()
    assert desk.round.is_in_scene
    assert desk.round.opened is opened
    np.testing.assert_array_equal(desk.session.contour().mask, mask)
    desk.round.submit()


def test_a_contour_that_was_removed_from_the_scene_comes_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_round, "LEAST_LOOK_S", 0.0)
    desk.round.start()
    mask = desk.draw()
    desk.round.keep()
    desk.session.scene.RemoveNode(desk.session.segmentation)
    assert not desk.round.is_in_scene
    with pytest.raises(ReadingError, match="not in the scene"):
        desk.round.submit()
    desk.session.drop_contour()
    desk.round.reopen()
    np.testing.assert_array_equal(desk.session.contour().mask, mask)
    assert desk.round.submit().version == 1


def test_another_image_cannot_be_handed_in_as_the_case(desk: Desk) -> None:
    opened = desk.round.start()
    assert opened is not None
    mask = desk.draw()
    other = add_slice_volume(desk.session.scene, opened.image, "other")
    desk.session.open_volume(other, "other")
    desk.session.start_contour(Roi(np.ones((ROWS, COLUMNS), dtype=bool)))
    with pytest.raises(ReadingError, match="not in the scene"):
        desk.round.submit()
    desk.round.reopen()
    np.testing.assert_array_equal(desk.session.contour().mask, mask)
    assert case_ids(desk.session.scene) == (opened.case_name,)


def test_a_lost_drive_loses_nothing(desk: Desk, study: Study, tmp_path: Path) -> None:
    opened = desk.round.start()
    mask = desk.draw()
    os.rename(study.folder, tmp_path / "unplugged")
    with pytest.raises((StorageError, ReadingError)):
        desk.round.submit()
    assert not desk.round.handed_in
    assert len(list((tmp_path / "drafts").iterdir())) == 1
    np.testing.assert_array_equal(desk.session.contour().mask, mask)
    os.rename(tmp_path / "unplugged", study.folder)
    receipt = desk.round.submit()
    assert opened is not None
    assert (receipt.number, receipt.version) == (opened.task.number, 1)
    assert desk.round.handed_in
    # Lost between the hand-in and the next case.
    os.rename(study.folder, tmp_path / "unplugged")
    with pytest.raises((StorageError, ReadingError)):
        desk.round.next()
    assert desk.round.handed_in
    os.rename(tmp_path / "unplugged", study.folder)
    following = desk.round.next()
    assert following is not None
    assert following.task.number != opened.task.number
    assert not desk.round.handed_in


def test_a_full_disk_of_the_drafts_does_not_stop_the_reader(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("a file where the folder should be")
    desk.round.start()
    desk.draw()
    desk.round.keep()
    assert desk.told[0].startswith("Your contour could not be kept as a draft.")
    assert desk.round.submit().version == 1


def test_a_study_that_cannot_be_read_leaves_the_scene_alone(
    desk: Desk, study: Study, ultrasound: SliceImage, tmp_path: Path
) -> None:
    volume = add_slice_volume(desk.session.scene, ultrasound, "own")
    desk.session.open_volume(volume, "own")
    os.rename(study.folder, tmp_path / "unplugged")
    with pytest.raises((StorageError, ReadingError)):
        desk.round.start()
    assert not desk.session.blinded
    assert desk.session.volume is volume


def test_what_is_not_saved_is_counted_in_words(scene: Any, ultrasound: SliceImage, tmp_path: Path) -> None:
    assert unsaved_words(scene) == ""
    volume, node = foreign_contour(scene, ultrasound)
    scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "ruler")
    scene.AddNewNodeByClass("vtkMRMLTextNode", "note")
    assert unsaved_words(scene) == "1 image, 1 contour, 1 marking, 1 other thing"
    save_reading(node, tmp_path / "a.seg.nrrd")
    assert "contour" not in unsaved_words(scene)
    mask = np.zeros(ultrasound.shape, dtype=bool)
    mask[:9] = True
    write_contour(node, segment_ids(node)[0], volume, mask)
    assert "1 contour" in unsaved_words(scene)


def test_a_sweep_leaves_slicers_own_things(scene: Any, ultrasound: SliceImage) -> None:
    import slicer

    own = scene.AddNewNodeByClass("vtkMRMLModelNode", "Red Volume Slice")
    own.SetSaveWithScene(False)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Schmidt^Anna")
    volume = add_slice_volume(scene, ultrasound, "image")
    hierarchy.CreateItem(patient, volume)
    sweep(scene)
    assert scene.IsNodePresent(own)
    assert data_nodes(scene) == []
    assert hierarchy.GetItemByName("Schmidt^Anna") == 0
    assert find_reading(scene, Reading("", "", "")) is None


def test_undo_and_redo_are_changes_of_the_contour(session: CaseSession, ultrasound: SliceImage) -> None:
    import slicer

    session.open_volume(add_slice_volume(session.scene, ultrasound, "image"), "case")
    node = session.start_contour()
    history = slicer.vtkSegmentationHistory()
    history.SetSegmentation(node.GetSegmentation())
    mask = np.zeros(ultrasound.shape, dtype=bool)
    for rows in (5, 10):
        history.SaveState()
        mask[:rows] = True
        write_contour(node, session.segment_id, session.volume, mask)
    pixels: list[int] = []
    session.contour_changed.connect(lambda: pixels.append(session.contour().n_pixels))
    history.RestorePreviousState()
    assert pixels[-1] == 5 * 80
    history.RestoreNextState()
    assert pixels[-1] == 10 * 80
