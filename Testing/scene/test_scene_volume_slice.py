"""Slices of volume nodes as images, and maps back onto their grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

import SimpleITK
import slicer
import vtk
from vtk.util import numpy_support

from CervixRiskLib.errors import ImageError
from CervixRiskLib.imaging import read_image
from CervixRiskLib.imaging.slice_geometry import SliceGeometry
from CervixRiskLib.scene import CaseScene
from CervixRiskLib.scene.slice_grid import SliceChoice, choose_slice
from CervixRiskLib.scene.slice_volume import add_slice_volume, read_slice_volume
from CervixRiskLib.scene.volume_slice import add_slice_map, read_volume_slice, voxel_array

pytestmark = pytest.mark.slicer


@pytest.fixture(scope="module")
def case_scene() -> CaseScene:
    return CaseScene()


def add_volume(scene, voxels: np.ndarray, spacing=(0.5, 0.6, 2.0), class_name="vtkMRMLScalarVolumeNode"):
    """``voxels`` (k, j, i) or (k, j, i, components) as a node at the origin with LPS axes."""
    node = scene.AddNewNodeByClass(class_name)
    k, j, i = voxels.shape[:3]
    picture = vtk.vtkImageData()
    picture.SetDimensions(i, j, k)
    flat = np.ascontiguousarray(voxels).reshape(i * j * k, -1)
    picture.GetPointData().SetScalars(numpy_support.numpy_to_vtk(flat.squeeze(), deep=True))
    node.SetAndObserveImageData(picture)
    node.SetSpacing(*spacing)
    node.SetIJKToRASDirections(-1, 0, 0, 0, -1, 0, 0, 0, 1)
    return node


@pytest.fixture
def voxels() -> np.ndarray:
    return np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)


def aim(axis: str, place) -> object:
    node = slicer.vtkMRMLSliceNode()
    preset = {"axial": node.GetAxialSliceToRASMatrix, "coronal": node.GetCoronalSliceToRASMatrix}[axis]
    axes = vtk.vtkMatrix3x3()
    preset(axes)
    for row in range(3):
        for column in range(3):
            node.GetSliceToRAS().SetElement(row, column, axes.GetElement(row, column))
        node.GetSliceToRAS().SetElement(row, 3, place[row])
    node.UpdateMatrices()
    return node


@settings(deadline=None, max_examples=25)
@given(
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    origin=st.tuples(*[st.floats(-300, 300)] * 3),
    spacing=st.tuples(st.floats(0.05, 3), st.floats(0.05, 3)),
    planar=st.booleans(),
)
def test_geometry_and_notes_come_back(case_scene, image, angles, origin, spacing, planar):
    from scipy.spatial.transform import Rotation

    right, down, _ = Rotation.from_euler("xyz", angles).as_matrix()
    geometry = SliceGeometry(origin, tuple(right), tuple(down), planar)
    whole = replace(
        image,
        spacing_mm=spacing,
        geometry=geometry,
        notes=("Colour; “lost”: a|b", "100 %"),
        slice_index=3,
        slice_count=9,
    )
    node = add_slice_volume(case_scene.scene, whole, "slice")
    back = read_slice_volume(node)
    case_scene.scene.RemoveNode(node)
    assert back.geometry is not None
    assert back.geometry.agrees_with(geometry, 1e-6)
    assert back.geometry.planar == planar
    assert back.spacing_mm == pytest.approx(spacing)
    assert (back.notes, back.slice_index, back.slice_count) == (whole.notes, 3, 9)
    assert (back.spacing_source, back.modality) == ("PixelSpacing", "US")


def test_no_place_stays_no_place(case_scene, image):
    assert read_slice_volume(add_slice_volume(case_scene.scene, image, "slice")).geometry is None


def test_a_slice_equals_the_one_read_from_the_file(case_scene, voxels, tmp_path):
    """SimpleITK writes, imaging reads the file, Slicer's own reader makes the node."""
    picture = SimpleITK.GetImageFromArray(voxels)
    picture.SetSpacing((0.4, 0.7, 3.0))
    picture.SetOrigin((10.0, -20.0, 30.0))
    c, s = np.cos(0.3), np.sin(0.3)
    picture.SetDirection((c, -s, 0, s, c, 0, 0, 0, 1))
    path = tmp_path / "volume.nrrd"
    SimpleITK.WriteImage(picture, str(path))
    node = case_scene.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    storage = case_scene.scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(path))
    assert storage.ReadData(node)
    node.SetAndObserveStorageNodeID(storage.GetID())
    for index in range(4):
        expected = read_image(path, slice_index=index)
        found = read_volume_slice(node, SliceChoice(2, index))
        np.testing.assert_array_equal(found.pixels, expected.pixels)
        assert found.geometry.agrees_with(expected.geometry, 1e-5)
        assert found.spacing_mm == pytest.approx(expected.spacing_mm)
        assert (found.slice_index, found.slice_count) == (index, 4)
        assert (found.spacing_source, found.modality) == ("file header", None)


def test_slices_across_all_axes(case_scene, voxels):
    node = add_volume(case_scene.scene, voxels)
    for axis, expected, spacing in (
        (0, voxels[:, :, 2], (2.0, 0.6)),
        (1, voxels[:, 2, :], (2.0, 0.5)),
        (2, voxels[2], (0.6, 0.5)),
    ):
        image = read_volume_slice(node, SliceChoice(axis, 2))
        np.testing.assert_array_equal(image.pixels, expected)
        assert image.spacing_mm == pytest.approx(spacing)


def test_the_view_chooses_axis_and_slice(case_scene, voxels):
    node = add_volume(case_scene.scene, voxels)
    assert choose_slice(node, aim("axial", (-1, -1, 4.4))) == SliceChoice(2, 2)
    assert choose_slice(node, aim("coronal", (-1, -1.3, 2))) == SliceChoice(1, 2)
    with pytest.raises(ImageError, match="outside"):
        choose_slice(node, aim("axial", (0, 0, 20)))
    with pytest.raises(ImageError, match="4 slices"):
        choose_slice(node)
    tilted = aim("axial", (-1, -1, 4))
    turn = vtk.vtkTransform()
    turn.RotateX(20)
    tilted.GetSliceToRAS().DeepCopy(turn.GetMatrix())
    with pytest.raises(ImageError, match="tilted"):
        choose_slice(node, tilted)


def test_the_view_looks_at_a_transformed_volume(case_scene, voxels):
    node = add_volume(case_scene.scene, voxels)
    transform = case_scene.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(2, 3, 100)
    transform.SetMatrixTransformToParent(matrix)
    node.SetAndObserveTransformNodeID(transform.GetID())
    assert choose_slice(node, aim("axial", (0, 0, 106))) == SliceChoice(2, 3)


def test_colour_becomes_grey_with_a_note(case_scene):
    colour = np.zeros((1, 2, 3, 3), dtype=np.uint8)
    colour[0, 0, 1] = (200, 100, 50)
    node = add_volume(case_scene.scene, colour, class_name="vtkMRMLVectorVolumeNode")
    image = read_volume_slice(node)
    assert image.pixels[0, 1] == pytest.approx(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    assert len(image.notes) == 1
    grey = np.repeat(np.arange(6, dtype=np.uint8).reshape(1, 2, 3, 1), 3, axis=3)
    plain = read_volume_slice(add_volume(case_scene.scene, grey, class_name="vtkMRMLVectorVolumeNode"))
    np.testing.assert_array_equal(plain.pixels, grey[0, ..., 0])
    assert plain.notes == ()


def test_what_is_no_image_is_refused(case_scene, voxels):
    with pytest.raises(ImageError, match="no image"):
        read_volume_slice(case_scene.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode"))
    labels = add_volume(case_scene.scene, voxels, class_name="vtkMRMLLabelMapVolumeNode")
    with pytest.raises(ImageError, match="label map"):
        read_volume_slice(labels)
    two = add_volume(case_scene.scene, np.zeros((1, 2, 3, 2), np.uint8), class_name="vtkMRMLVectorVolumeNode")
    with pytest.raises(ImageError, match="2 values"):
        read_volume_slice(two)
    with pytest.raises(ImageError, match="no such slice"):
        read_volume_slice(add_volume(case_scene.scene, voxels), SliceChoice(2, 4))


def test_the_frame_that_a_film_shows(case_scene):
    scene, logic = case_scene.scene, case_scene.runtime.logics["Sequences"]
    film = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "film")
    for frame in range(3):
        node = add_volume(scene, np.full((1, 2, 3), frame, dtype=np.uint8), (0.3, 0.3, 1))
        film.SetDataNodeAtValue(node, str(frame))
        scene.RemoveNode(node)
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(film.GetID())
    browser.SetSelectedItemNumber(2)
    logic.UpdateProxyNodesFromSequences(browser)
    image = read_volume_slice(browser.GetProxyNode(film))
    assert image.pixels.max() == image.pixels.min() == 2
    assert (image.slice_index, image.slice_count) == (2, 3)


@pytest.mark.parametrize("choice", [SliceChoice(0, 1), SliceChoice(1, 3), SliceChoice(2, 0)])
def test_maps_lie_on_their_slice(case_scene, voxels, choice):
    """The map's voxel (column, row) has the RAS place of the volume's voxel, told by the volume's own matrix."""
    node = add_volume(case_scene.scene, voxels)
    values = read_volume_slice(node, choice).pixels
    before, after = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(before)
    made = add_slice_map(case_scene.scene, node, values, "map", choice)
    made.GetIJKToRASMatrix(after)
    np.testing.assert_array_equal(voxel_array(made)[0], values)
    for row, column in ((0, 0), (1, 3), (3, 2)):
        where = np.argwhere(voxels == values[row, column])[0][::-1]
        expected = before.MultiplyPoint([*map(float, where), 1.0])
        assert after.MultiplyPoint([column, row, 0, 1]) == pytest.approx(expected)


def test_maps_of_another_size_are_refused(case_scene, voxels):
    node = add_volume(case_scene.scene, voxels)
    with pytest.raises(ImageError, match="5 × 6"):
        add_slice_map(case_scene.scene, node, np.zeros((6, 5)), "map", SliceChoice(2, 0))
