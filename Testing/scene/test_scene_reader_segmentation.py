"""Readers' contours: tags, slices, files, and what a blinded reader never gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

import vtk

from CervixRiskLib.errors import ReadingError, RoiError
from CervixRiskLib.imaging import Roi, SliceImage, read_roi
from CervixRiskLib.imaging.image_writer import write_roi
from CervixRiskLib.imaging.slice_geometry import SliceGeometry
from CervixRiskLib.scene import CaseScene
from CervixRiskLib.scene.reader_segmentation import (
    Reading,
    find_reading,
    only_segment,
    read_contour,
    reading_of,
    segment_ids,
    start_reading,
    write_contour,
)
from CervixRiskLib.scene.reading_file import load_reading, save_reading
from CervixRiskLib.scene.segmentation import CONTOUR_COLOUR
from CervixRiskLib.scene.slice_grid import SliceChoice
from CervixRiskLib.scene.slice_volume import add_slice_volume

pytestmark = pytest.mark.slicer
A1 = Reading("M027", "A: chief", "1")


@pytest.fixture
def scene():
    case_scene = CaseScene()
    yield case_scene.scene
    del case_scene


@pytest.fixture
def volume(scene, image):
    return add_slice_volume(scene, image, "slice")


@pytest.fixture
def thick(scene):
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    picture = vtk.vtkImageData()
    picture.SetDimensions(12, 10, 8)
    picture.AllocateScalars(vtk.VTK_SHORT, 1)
    picture.GetPointData().GetScalars().Fill(7)
    node.SetAndObserveImageData(picture)
    node.SetSpacing(0.5, 0.7, 3)
    node.SetIJKToRASDirections(-1, 0, 0, 0, -1, 0, 0, 0, 1)
    return node


def test_start_find_and_read(scene, volume, image, roi):
    node = start_reading(scene, volume, A1, roi)
    assert segment_ids(node) == ("tumour",)
    assert reading_of(node, "tumour") == A1
    assert find_reading(scene, A1) is node
    assert find_reading(scene, replace(A1, reading_round="2")) is None
    found_image, found = read_contour(node, only_segment(node), volume)
    np.testing.assert_array_equal(found.mask, roi.mask)
    assert found.mask_hash == roi.mask_hash
    assert found.spacing_mm == image.spacing_mm
    np.testing.assert_array_equal(found_image.pixels, image.pixels)
    with pytest.raises(RoiError, match="already"):
        start_reading(scene, volume, A1)


def test_an_empty_contour_says_so_until_drawn(scene, volume, roi):
    node = start_reading(scene, volume, A1)
    with pytest.raises(RoiError, match="empty"):
        only_segment(node)
    with pytest.raises(RoiError, match="empty"):
        read_contour(node, "tumour", volume)
    write_contour(node, "tumour", volume, roi.mask)
    np.testing.assert_array_equal(read_contour(node, only_segment(node), volume)[1].mask, roi.mask)
    smaller = np.zeros_like(roi.mask)
    smaller[35:40, 20:25] = True
    write_contour(node, "tumour", volume, smaller)
    np.testing.assert_array_equal(read_contour(node, "tumour", volume)[1].mask, smaller)
    assert reading_of(node, "tumour") == A1


def test_several_segments_need_a_choice(scene, volume, roi):
    node = start_reading(scene, volume, A1, roi)
    second = node.GetSegmentation().AddEmptySegment("node", "lymph node")
    assert only_segment(node) == "tumour"
    mask = np.zeros_like(roi.mask)
    mask[1:4, 1:9] = True
    write_contour(node, second, volume, mask)
    with pytest.raises(RoiError, match="2 contours"):
        only_segment(node)
    # Each comes out as itself, also hidden and where both share a layer.
    node.GetDisplayNode().SetSegmentVisibility("tumour", False)
    np.testing.assert_array_equal(read_contour(node, "tumour", volume)[1].mask, roi.mask)
    np.testing.assert_array_equal(read_contour(node, second, volume)[1].mask, mask)
    node.GetSegmentation().RemoveSegment(second)
    with pytest.raises(RoiError, match="gone"):
        read_contour(node, second, volume)
    with pytest.raises(RoiError, match="gone"):
        write_contour(node, second, volume, mask)


@pytest.mark.parametrize(("axis", "index"), [(0, 11), (1, 3), (2, 4)])
def test_the_right_slice_of_a_volume(scene, thick, axis, index):
    choice = SliceChoice(axis, index)
    shape = {0: (8, 10), 1: (8, 12), 2: (10, 12)}[axis]
    mask = np.zeros(shape, dtype=bool)
    mask[2:5, 3] = True
    mask[7, 9] = True
    image = None
    node = start_reading(scene, thick, A1, Roi(mask), choice=choice)
    image, found = read_contour(node, "tumour", thick, choice)
    np.testing.assert_array_equal(found.mask, mask)
    assert image.shape == shape
    with pytest.raises(RoiError, match=f"on slice {index + 1}, not on slice 2"):
        read_contour(node, "tumour", thick, SliceChoice(axis, 1))


def test_a_contour_beside_the_image(scene, volume, roi, image):
    node = start_reading(scene, volume, A1, roi)
    elsewhere = add_slice_volume(scene, image, "elsewhere")
    elsewhere.SetOrigin(500, 0, 0)
    with pytest.raises(RoiError, match="empty on this image"):
        read_contour(node, "tumour", elsewhere)


def test_file_round_trip_keeps_the_tags(scene, volume, image, roi, tmp_path):
    path = tmp_path / "contour.seg.nrrd"
    node = start_reading(scene, volume, A1, roi)
    assert save_reading(node, path) == path
    assert [left.name for left in tmp_path.iterdir()] == ["contour.seg.nrrd"]
    other = CaseScene()
    there = add_slice_volume(other.scene, image, "slice")
    back = load_reading(other.scene, path, there, A1)
    assert reading_of(back, "tumour") == A1
    np.testing.assert_array_equal(read_contour(back, "tumour", there)[1].mask, roi.mask)
    assert back.GetSegmentation().GetSegment("tumour").GetColor() == pytest.approx(CONTOUR_COLOUR, abs=1e-4)
    # The library's own reader sees the same region in the file.
    np.testing.assert_array_equal(read_roi(path, image).mask, roi.mask)
    with pytest.raises(RoiError, match="already"):
        load_reading(other.scene, path, there, A1)


def test_the_librarys_own_file_becomes_the_readers(scene, volume, image, roi, tmp_path):
    path = tmp_path / "own.seg.nrrd"
    write_roi(path, roi, image)
    node = load_reading(scene, path, volume, A1)
    assert reading_of(node, "tumour") == A1
    np.testing.assert_array_equal(read_contour(node, "tumour", volume)[1].mask, roi.mask)


@pytest.mark.parametrize(
    "asking", [Reading("M027", "B", "1"), replace(A1, reading_round="2"), replace(A1, case_id="X")]
)
def test_a_blinded_reader_never_gets_anothers(scene, volume, image, roi, tmp_path, asking):
    path = tmp_path / "contour.seg.nrrd"
    save_reading(start_reading(scene, volume, A1, roi), path)
    other = CaseScene()
    there = add_slice_volume(other.scene, image, "slice")
    before = other.scene.GetNumberOfNodes()
    with pytest.raises(ReadingError, match="stays closed"):
        load_reading(other.scene, path, there, asking)
    assert other.scene.GetNumberOfNodes() == before
    # Comparing readers is what an open study is for: the contour keeps its own tags.
    shown = load_reading(other.scene, path, there, asking, blinded=False)
    assert reading_of(shown, "tumour") == A1


def test_names_that_files_cannot_keep():
    for bad in ("a|b", "a\nb"):
        with pytest.raises(RoiError, match="character"):
            Reading("case", bad)


def test_other_files_are_refused(scene, volume, image, roi, tmp_path):
    with pytest.raises(RoiError, match=r"\.seg\.nrrd"):
        save_reading(start_reading(scene, volume, A1, roi), tmp_path / "contour.nrrd")
    plain = tmp_path / "labels.nrrd"
    write_roi(plain, roi, image)
    with pytest.raises(RoiError, match="no segmentation"):
        load_reading(scene, plain, volume, Reading("M027", "B"))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("own_file", [True, False])
def test_a_contour_drawn_before_the_calibration(scene, image, roi, tmp_path, known, own_file):
    """Drawn and saved with one pixel size, opened on the same picture with another: the same pixels."""
    path = tmp_path / "contour.seg.nrrd"
    before = replace(image, spacing_mm=(0.5, 0.5) if known else None)
    if own_file:
        write_roi(path, Roi(roi.mask, before.spacing_mm), before)
    else:
        save_reading(start_reading(scene, add_slice_volume(scene, before, "slice"), A1, roi), path)
    other = CaseScene()
    there = add_slice_volume(other.scene, replace(image, spacing_mm=(0.13, 0.17)), "slice")
    node = load_reading(other.scene, path, there, A1)
    np.testing.assert_array_equal(read_contour(node, "tumour", there)[1].mask, roi.mask)


def test_a_contour_of_another_image_is_refused(scene, volume, image, roi, tmp_path):
    path = tmp_path / "contour.seg.nrrd"
    save_reading(start_reading(scene, volume, A1, roi), path)
    other = CaseScene()
    small = SliceImage(image.pixels[:40, :30], (0.3, 0.3))
    turned = replace(image, geometry=SliceGeometry((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)))
    for there in (small, turned):
        node = add_slice_volume(other.scene, there, "slice")
        before = other.scene.GetNumberOfNodes()
        with pytest.raises(RoiError, match="another image"):
            load_reading(other.scene, path, node, A1)
        assert find_reading(other.scene, A1) is None
        assert other.scene.GetNumberOfNodes() == before
