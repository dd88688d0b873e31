"""The frame of what the network saw, as slice views show it: where, when, and that nothing else takes notice of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

import slicer
import vtk

from CervixRiskLib.scene import CaseFolder, CaseRole, CaseScene, SliceChoice, add_answer, add_slice_volume
from CervixRiskLib.scene.map_frame_model import add_map_frame, map_frames, show_map_frame
from CervixRiskLib.scene.pixel_size import set_pixel_size_by_hand
from CervixRiskLib.scene.scene_file import load_scene, save_scene
from CervixRiskLib.scene.slice_grid import matrix_array
from CervixRiskLib.scene.volume_slice import set_voxels

pytestmark = pytest.mark.slicer

# In pixels from the upper left corner of the image, as (top, left, bottom, right).
SEEN = (20, 10, 50, 70)


@pytest.fixture(scope="module")
def heat(image):
    values = np.full(image.shape, np.nan, dtype=np.float32)
    values[SEEN[0] : SEEN[2], SEEN[1] : SEEN[3]] = 0.5
    return values


@pytest.fixture
def scene():
    return CaseScene().scene


def on_slice(frame, volume, k=0.0):
    """Where the plane of slice ``k`` cuts the frame, in pixels ``(rows, columns)`` from the image's corner."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    to_ras = matrix_array(matrix)
    plane = vtk.vtkPlane()
    plane.SetOrigin(*(to_ras @ [0, 0, k, 1])[:3])
    plane.SetNormal(*np.cross(to_ras[:3, 0], to_ras[:3, 1]))
    cut = vtk.vtkCutter()
    cut.SetInputData(frame.GetPolyData())
    cut.SetCutFunction(plane)
    cut.Update()
    points = [[*cut.GetOutput().GetPoint(index), 1.0] for index in range(cut.GetOutput().GetNumberOfPoints())]
    voxels = np.array(points).reshape(-1, 4) @ np.linalg.inv(to_ras).T
    return voxels[:, 1] + 0.5, voxels[:, 0] + 0.5


def is_shown(frame):
    return {frame.GetNthDisplayNode(index).GetVisibility() for index in range(frame.GetNumberOfDisplayNodes())}


def test_it_lies_around_what_has_a_value(scene, image, heat):
    volume = add_slice_volume(scene, image, "slice")
    frame = add_map_frame(scene, heat, volume, "frame")
    rows, columns = on_slice(frame, volume)
    assert (rows.min(), columns.min(), rows.max(), columns.max()) == pytest.approx(SEEN, abs=1e-3)
    on_side = np.isclose(rows[:, None], SEEN[0::2]).any(axis=1) | np.isclose(columns[:, None], SEEN[1::2]).any(axis=1)
    assert on_side.all()
    # Dashes: of the upper side about half is drawn.
    upper = np.sort(columns[np.isclose(rows, SEEN[0]) & (columns < SEEN[3] - 0.5)])
    assert np.unique(upper.round(3)).size > 8
    # With the pixel size it stays on its pixels.
    set_pixel_size_by_hand(volume, (0.25, 1.5))
    rows, columns = on_slice(frame, volume)
    assert (rows.min(), columns.min(), rows.max(), columns.max()) == pytest.approx(SEEN, abs=1e-3)


def test_it_is_seen_on_its_own_slice_of_a_stack(scene, image, heat):
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    set_voxels(volume, np.stack([image.pixels] * 5), np.diag([-0.5, -0.5, 3.0, 1.0]))
    frame = add_map_frame(scene, heat, volume, "frame", SliceChoice(2, 3))
    assert [len(on_slice(frame, volume, k)[0]) > 0 for k in (2.0, 2.7, 3.3, 4.0)] == [False, True, True, False]


def test_a_map_of_the_whole_slice_has_none(scene, image, heat):
    volume = add_slice_volume(scene, image, "slice")
    assert add_map_frame(scene, np.ones_like(heat), volume, "frame") is None
    assert add_map_frame(scene, np.full_like(heat, np.nan), volume, "frame") is None
    assert map_frames(scene) == []


def test_it_is_a_picture_and_nothing_to_work_with(scene, image, heat):
    frame = add_map_frame(scene, heat, add_slice_volume(scene, image, "slice"), "frame")
    assert not frame.IsA("vtkMRMLMarkupsNode")
    assert frame.GetHideFromEditors()
    assert not frame.GetSelectable()
    assert is_shown(frame) == {0}
    show_map_frame(frame, True)
    assert is_shown(frame) == {1}
    lines = [frame.GetNthDisplayNode(index) for index in range(frame.GetNumberOfDisplayNodes())]
    assert all(line.GetVisibility2D() and not line.GetVisibility3D() for line in lines)
    # A dark rim under a light line.
    assert [sum(line.GetColor()) > 1.5 for line in lines] == [False, True]
    assert lines[0].GetSliceIntersectionThickness() > lines[1].GetSliceIntersectionThickness()


def test_it_is_hidden_when_slicer_hears_of_it(scene, image, heat):
    volume = add_slice_volume(scene, image, "slice")
    heard = []

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def on_added(_scene, _event, node):
        if node.IsA("vtkMRMLModelNode"):
            heard.append((bool(node.GetHideFromEditors()), bool(node.GetSaveWithScene())))

    scene.AddObserver(scene.NodeAddedEvent, on_added)
    add_map_frame(scene, heat, volume, "frame")
    assert heard == [(True, False)]


def test_it_goes_with_the_answer_and_no_file_holds_it(scene, image, heat, prediction, tmp_path):
    folder = CaseFolder(scene, "M027")
    volume = folder.add(add_slice_volume(scene, image, "slice"), CaseRole.IMAGE)
    models = scene.GetNumberOfNodesByClass("vtkMRMLModelDisplayNode")
    made = add_answer(folder, volume, replace(prediction, heatmap=heat))
    assert map_frames(scene) == [made.frame]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    assert not hierarchy.GetItemByDataNode(made.frame)
    show_map_frame(made.frame, True)
    save_scene(scene, tmp_path / "scene.mrb")
    other = CaseScene().scene
    load_scene(other, tmp_path / "scene.mrb")
    assert CaseFolder(other, "M027").node(CaseRole.HEAT_MAP) is not None
    assert other.GetNumberOfNodesByClass("vtkMRMLModelNode") == 0
    assert other.GetNumberOfNodesByClass("vtkMRMLModelDisplayNode") == 0
    again = add_answer(folder, volume, replace(prediction, heatmap=heat))
    assert map_frames(scene) == [again.frame]
    folder.remove_answer()
    assert map_frames(scene) == []
    assert scene.GetNumberOfNodesByClass("vtkMRMLModelDisplayNode") == models
