"""The state of the pixel size, calibration on the image's ruler, and what follows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

import slicer
import vtk

from CervixRiskLib.errors import ImageError
from CervixRiskLib.imaging import SliceImage
from CervixRiskLib.imaging.image_writer import write_map
from CervixRiskLib.scene import CaseScene, HeatMapDisplay
from CervixRiskLib.scene.heat_map import add_heat_map
from CervixRiskLib.scene.pixel_size import (
    PixelSizeState,
    can_undo_pixel_size,
    check_against_file,
    read_pixel_size,
    set_pixel_size_by_hand,
    undo_pixel_size,
)
from CervixRiskLib.scene.ruler_calibration import calibrate_pixel_size, read_ruler
from CervixRiskLib.scene.segmentation import add_segmentation, read_mask
from CervixRiskLib.scene.slice_grid import SliceChoice
from CervixRiskLib.scene.slice_volume import add_slice_volume, read_slice_volume
from CervixRiskLib.scene.volume_slice import set_voxels

pytestmark = pytest.mark.slicer


@pytest.fixture(scope="module")
def case_scene() -> CaseScene:
    return CaseScene()


@pytest.fixture
def unknown(case_scene, image):
    """The 60 x 80 picture without a pixel size."""
    return add_slice_volume(case_scene.scene, replace(image, spacing_mm=None), "picture")


def place(volume, row, column, k=0.0):
    """RAS of a pixel, by the node's own matrix."""
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return matrix.MultiplyPoint([column, row, k, 1.0])[:3]


def draw_line(volume, start, end, k=0.0):
    line = volume.GetScene().AddNewNodeByClass("vtkMRMLMarkupsLineNode")
    for row, column in (start, end):
        line.AddControlPoint(vtk.vtkVector3d(*place(volume, row, column, k)))
    return line


def points(line) -> np.ndarray:
    return np.array([line.GetNthControlPointPositionWorld(index) for index in range(2)])


def test_states(case_scene, image, unknown):
    assert read_pixel_size(unknown).state is PixelSizeState.UNKNOWN
    known = read_pixel_size(add_slice_volume(case_scene.scene, image, "slice"))
    assert (known.state, known.spacing_mm, known.source) == (PixelSizeState.FILE, (0.5, 0.5), "PixelSpacing")
    by_hand = add_slice_volume(case_scene.scene, image.with_spacing((0.2, 0.3)), "slice")
    assert read_pixel_size(by_hand).state is PixelSizeState.HAND


@pytest.mark.parametrize(
    ("spacing", "file", "dicom", "modality", "state"),
    [
        ((0.4, 0.4, 1), "x.nrrd", False, None, PixelSizeState.FILE),
        ((1, 1, 3), "x.nrrd", False, None, PixelSizeState.UNKNOWN),
        ((0.4, 0.4, 1), "x.PNG", False, None, PixelSizeState.UNKNOWN),
        ((1, 1, 1), None, True, "US", PixelSizeState.UNKNOWN),
        ((1, 1, 1), None, True, "MR", PixelSizeState.FILE),
        ((0.1, 0.1, 1), None, True, "US", PixelSizeState.FILE),
    ],
)
def test_a_volume_that_slicer_loaded(case_scene, spacing, file, dicom, modality, state):
    scene = case_scene.scene
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    set_voxels(node, np.zeros((4, 5), dtype=np.uint8), np.eye(4))
    node.SetSpacing(*spacing)
    if file:
        storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
        storage.SetFileName(file)
        node.SetAndObserveStorageNodeID(storage.GetID())
    if dicom:
        node.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    if modality:
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
        hierarchy.SetItemAttribute(item, "DICOM.Modality", modality)
    assert read_pixel_size(node).state is state


@settings(deadline=None, max_examples=25)
@given(
    start=st.tuples(st.integers(0, 59), st.integers(0, 79)),
    end=st.tuples(st.integers(0, 59), st.integers(0, 79)),
    mm_per_px=st.floats(0.2, 5),
    spacing=st.sampled_from([None, (0.3, 0.3), (0.2, 0.7)]),
)
def test_calibration_finds_the_size(case_scene, image, start, end, mm_per_px, spacing):
    """Whatever the size was before, a line of n pixels said to be n * s mm gives s."""
    length = np.hypot(end[0] - start[0], end[1] - start[1])
    volume = add_slice_volume(case_scene.scene, replace(image, spacing_mm=spacing), "slice")
    line = draw_line(volume, start, end)
    try:
        if length < 20:
            with pytest.raises(ImageError, match="longer part"):
                calibrate_pixel_size(volume, line, max(length, 1) * mm_per_px)
            return
        reading = calibrate_pixel_size(volume, line, length * mm_per_px)
        assert reading.reading_error == pytest.approx(1 / length)
        size = read_pixel_size(volume)
        assert size.state is PixelSizeState.CALIBRATED
        assert size.spacing_mm == pytest.approx((mm_per_px, mm_per_px))
        # The line is still on the marks, and now as long as the person said.
        np.testing.assert_allclose(points(line), [place(volume, *start), place(volume, *end)], atol=1e-6)
        assert line.GetLineLengthWorld() == pytest.approx(length * mm_per_px)
    finally:
        case_scene.scene.RemoveNode(line)
        case_scene.scene.RemoveNode(volume)


def test_contours_and_maps_stay_on_their_pixels(case_scene, image, roi, unknown):
    scene = case_scene.scene
    contour = add_segmentation(scene, unknown, roi, "contour")
    segment = contour.GetSegmentation().GetNthSegmentID(0)
    assert contour.CreateClosedSurfaceRepresentation()
    heat = add_heat_map(scene, np.ones(image.shape), unknown, "map", HeatMapDisplay())
    other = add_slice_volume(scene, image, "another")
    before = contour.GetSegmentation().GetConversionParameter("Reference image geometry")
    line = draw_line(unknown, (5, 5), (5, 55))
    calibrate_pixel_size(unknown, line, 10)
    np.testing.assert_array_equal(read_mask(contour, segment, unknown), roi.mask)
    assert heat.GetSpacing() == pytest.approx((0.2, 0.2, 1))
    assert other.GetSpacing() == (0.5, 0.5, 1)
    assert contour.GetSegmentation().GetConversionParameter("Reference image geometry") != before
    bounds = [0.0] * 6
    contour.GetRASBounds(bounds)
    # The grid of 80 columns of 0.2 mm; the surface made before is gone with its old millimetres.
    assert bounds[1] - bounds[0] == pytest.approx(16.0, abs=0.25)
    assert not contour.GetSegmentation().ContainsRepresentation("Closed surface")
    undo_pixel_size(unknown)
    np.testing.assert_array_equal(read_mask(contour, segment, unknown), roi.mask)
    assert heat.GetSpacing() == pytest.approx((1, 1, 1))
    np.testing.assert_allclose(points(line), [place(unknown, 5, 5), place(unknown, 5, 55)], atol=1e-6)


def test_undo_goes_back_step_by_step(case_scene, image):
    volume = add_slice_volume(case_scene.scene, image, "slice")
    assert not can_undo_pixel_size(volume)
    set_pixel_size_by_hand(volume, (0.2, 0.3))
    calibrate_pixel_size(volume, draw_line(volume, (0, 0), (40, 0)), 4)
    assert read_slice_volume(volume).spacing_source == "line on the ruler, 4 mm"
    assert undo_pixel_size(volume).spacing_mm == pytest.approx((0.2, 0.3))
    assert read_pixel_size(volume).state is PixelSizeState.HAND
    assert volume.GetSpacing() == pytest.approx((0.3, 0.2, 1))
    undo_pixel_size(volume)
    assert read_pixel_size(volume).source == "PixelSpacing"
    assert not can_undo_pixel_size(volume)
    assert undo_pixel_size(volume).spacing_mm == (0.5, 0.5)


def test_one_axis(case_scene, image, unknown):
    volume = add_slice_volume(case_scene.scene, image, "slice")
    calibrate_pixel_size(volume, draw_line(volume, (5, 10), (6, 60)), 10, along="columns")
    assert read_pixel_size(volume).spacing_mm == pytest.approx((0.5, 0.2))
    calibrate_pixel_size(volume, draw_line(volume, (10, 5), (50, 5)), 4, along="rows")
    assert read_pixel_size(volume).spacing_mm == pytest.approx((0.1, 0.2))
    with pytest.raises(ImageError, match="leans"):
        read_ruler(volume, draw_line(volume, (10, 5), (50, 30)), 4, along="rows")
    with pytest.raises(ImageError, match="square pixels first"):
        read_ruler(unknown, draw_line(unknown, (10, 5), (50, 5)), 4, along="rows")


@pytest.mark.parametrize("length", [0, -3, float("nan"), float("inf")])
def test_a_length_that_is_none(unknown, length):
    with pytest.raises(ImageError, match="positive"):
        calibrate_pixel_size(unknown, draw_line(unknown, (5, 5), (5, 55)), length)
    assert read_pixel_size(unknown).state is PixelSizeState.UNKNOWN


def test_lines_that_are_refused(case_scene, unknown):
    with pytest.raises(ImageError, match=r"12 pixels long: one pixel misread changes the size by 8 %"):
        read_ruler(unknown, draw_line(unknown, (5, 5), (5, 17)), 10)
    with pytest.raises(ImageError, match="no length"):
        read_ruler(unknown, draw_line(unknown, (5, 5), (5, 5)), 10)
    with pytest.raises(ImageError, match="another slice"):
        read_ruler(unknown, draw_line(unknown, (5, 5), (5, 55), k=1.0), 10)
    with pytest.raises(ImageError, match="leaves the image"):
        read_ruler(unknown, draw_line(unknown, (5, 5), (5, 80)), 10)
    empty = case_scene.scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode")
    with pytest.raises(ImageError, match="two points"):
        read_ruler(unknown, empty, 10)


def test_warnings(case_scene, image, unknown):
    volume = add_slice_volume(case_scene.scene, image, "slice")
    line = draw_line(volume, (5, 5), (5, 55))
    assert read_ruler(volume, line, 25.4).warnings == ()
    (sentence,) = read_ruler(volume, line, 50).warnings
    assert "0.5 mm per pixel, the ruler 1 mm" in sentence
    (sentence,) = read_ruler(unknown, draw_line(unknown, (5, 5), (5, 55)), 1000).warnings
    assert "1.6e+03 mm across" in sentence


def test_the_slice_of_a_volume(case_scene):
    node = case_scene.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    picture = vtk.vtkImageData()
    picture.SetDimensions(60, 50, 4)
    picture.AllocateScalars(vtk.VTK_SHORT, 1)
    node.SetAndObserveImageData(picture)
    node.SetSpacing(1, 1, 7)
    line = draw_line(node, (5, 5), (5, 55), k=2)
    calibrate_pixel_size(node, line, 25, choice=SliceChoice(2, 2))
    assert node.GetSpacing() == pytest.approx((0.5, 0.5, 7))
    with pytest.raises(ImageError, match="another slice"):
        read_ruler(node, line, 25, choice=SliceChoice(2, 1))


def test_all_frames_of_a_film_learn_the_size(case_scene, image):
    scene, logic = case_scene.scene, case_scene.runtime.logics["Sequences"]
    film = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "film")
    for frame in range(3):
        node = add_slice_volume(scene, replace(image, spacing_mm=None), "frame")
        film.SetDataNodeAtValue(node, str(frame))
        scene.RemoveNode(node)
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(film.GetID())
    logic.UpdateProxyNodesFromSequences(browser)
    shown = browser.GetProxyNode(film)
    calibrate_pixel_size(shown, draw_line(shown, (5, 5), (5, 55)), 10)
    browser.SetSelectedItemNumber(2)
    logic.UpdateProxyNodesFromSequences(browser)
    assert read_pixel_size(shown).spacing_mm == pytest.approx((0.2, 0.2))
    undo_pixel_size(shown)
    browser.SetSelectedItemNumber(1)
    logic.UpdateProxyNodesFromSequences(browser)
    assert read_pixel_size(shown).state is PixelSizeState.UNKNOWN


def test_the_file_has_the_last_word_until_a_person_has(case_scene, tmp_path):
    path = tmp_path / "image.nrrd"
    truth = SliceImage(np.zeros((4, 5)), (0.3, 0.4), "file header")
    write_map(path, truth.pixels, truth)
    volume = add_slice_volume(case_scene.scene, replace(truth, spacing_mm=(0.1, 0.1)), "slice")
    assert "corrected" in check_against_file(volume, path)
    assert read_pixel_size(volume).spacing_mm == pytest.approx((0.3, 0.4))
    assert check_against_file(volume, path) == ""
    bare = tmp_path / "bare.nrrd"
    write_map(bare, truth.pixels, replace(truth, spacing_mm=None))
    assert "calibrate" in check_against_file(volume, bare)
    assert read_pixel_size(volume).state is PixelSizeState.UNKNOWN
    set_pixel_size_by_hand(volume, (0.2, 0.2))
    assert check_against_file(volume, path) == ""
    assert read_pixel_size(volume).spacing_mm == pytest.approx((0.2, 0.2))


@pytest.mark.parametrize(
    ("example", "spacing"), [("examples_palette.dcm", 0.26228787661969977), ("examples_ybr_color.dcm", None)]
)
def test_ultrasound_whose_regions_slicer_misreads(case_scene, example, spacing):
    """Slicer's own number (any) gives way to the calibrated region, or to "unknown" where it was resized since."""
    from pydicom.data import get_testdata_file

    path = get_testdata_file(example)
    volume = case_scene.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    set_voxels(volume, np.zeros((20, 30), dtype=np.uint8), np.eye(4))
    volume.SetSpacing(0.5, 0.5, 1)
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    assert read_pixel_size(volume).state is PixelSizeState.FILE
    assert check_against_file(volume, path) != ""
    size = read_pixel_size(volume)
    assert size.spacing_mm == (None if spacing is None else pytest.approx((spacing, spacing)))
    assert size.state is (PixelSizeState.UNKNOWN if spacing is None else PixelSizeState.FILE)
