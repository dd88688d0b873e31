"""A case as MRML nodes and back. No drawing here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

from CervixRiskLib.errors import ImageError, RoiError, SettingsError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.scene import CaseScene, HeatMapDisplay
from CervixRiskLib.scene.heat_map import read_heat_map
from CervixRiskLib.scene.segmentation import READER_TAG, ROUND_TAG, add_segmentation, read_mask
from CervixRiskLib.scene.slice_volume import add_slice_volume, read_slice_volume, window_and_level

pytestmark = pytest.mark.slicer


@pytest.fixture(scope="module")
def case_scene() -> CaseScene:
    return CaseScene()


def test_slice_round_trip(case_scene, image):
    uneven = replace(image, spacing_mm=(0.2, 0.7))
    volume = add_slice_volume(case_scene.scene, uneven, "slice")
    back = read_slice_volume(volume)
    np.testing.assert_array_equal(back.pixels, image.pixels)
    assert back.spacing_mm == pytest.approx((0.2, 0.7))
    assert (back.spacing_source, back.modality) == ("PixelSpacing", "US")


def test_unknown_pixel_size_stays_unknown(case_scene, image):
    volume = add_slice_volume(case_scene.scene, replace(image, spacing_mm=None), "slice")
    back = read_slice_volume(volume)
    assert back.spacing_mm is None
    assert back.spacing_source is None


def test_columns_run_left_and_rows_posterior(case_scene, image):
    import vtk

    volume = add_slice_volume(case_scene.scene, replace(image, spacing_mm=(0.2, 0.7)), "slice")
    to_ras = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(to_ras)
    assert to_ras.MultiplyPoint((10, 0, 0, 1))[:3] == pytest.approx((-7, 0, 0))
    assert to_ras.MultiplyPoint((0, 10, 0, 1))[:3] == pytest.approx((0, -2, 0))


def test_contour_round_trip(case_scene, image):
    mask = np.zeros(image.shape, dtype=bool)
    mask[5, 7:30] = True
    mask[6:20, 11] = True
    mask[59, 79] = True
    volume = add_slice_volume(case_scene.scene, image, "slice")
    node = add_segmentation(case_scene.scene, volume, Roi.from_mask(mask, image), "contour")
    segment = node.GetSegmentation().GetNthSegmentID(0)
    before = case_scene.scene.GetNumberOfNodes()
    np.testing.assert_array_equal(read_mask(node, segment, volume), mask)
    assert case_scene.scene.GetNumberOfNodes() == before
    # A hidden segment is still the one asked for.
    node.GetDisplayNode().SetSegmentVisibility(segment, False)
    np.testing.assert_array_equal(read_mask(node, segment, volume), mask)


def test_missing_segment(case_scene, image, roi):
    volume = add_slice_volume(case_scene.scene, image, "slice")
    node = add_segmentation(case_scene.scene, volume, roi, "contour")
    with pytest.raises(RoiError, match="gone"):
        read_mask(node, "nobody", volume)


def test_reader_and_round_survive_the_disk(case_scene, image, roi, tmp_path):
    volume = add_slice_volume(case_scene.scene, image, "slice")
    node = add_segmentation(case_scene.scene, volume, roi, "contour", reader="R: 1", reading_round="2")
    node.AddDefaultStorageNode()
    path = tmp_path / "contour.seg.nrrd"
    node.GetStorageNode().SetFileName(str(path))
    assert node.GetStorageNode().WriteData(node)
    other = CaseScene().scene
    back = other.AddNewNodeByClass("vtkMRMLSegmentationNode")
    back.AddDefaultStorageNode()
    back.GetStorageNode().SetFileName(str(path))
    assert back.GetStorageNode().ReadData(back)
    segment = back.GetSegmentation().GetNthSegment(0)
    import vtk

    for tag, value in ((READER_TAG, "R: 1"), (ROUND_TAG, "2")):
        stored = vtk.reference("")
        assert segment.GetTag(tag, stored)
        assert stored.get() == value


def test_reserved_sign_in_a_reader_is_refused(case_scene, image, roi):
    volume = add_slice_volume(case_scene.scene, image, "slice")
    with pytest.raises(RoiError, match="character"):
        add_segmentation(case_scene.scene, volume, roi, "contour", reader="a|b")


def test_only_the_outline_is_shown(case_scene, image, roi):
    volume = add_slice_volume(case_scene.scene, image, "slice")
    display = add_segmentation(case_scene.scene, volume, roi, "contour").GetDisplayNode()
    assert not display.GetVisibility2DFill()
    assert display.GetVisibility2DOutline()
    assert display.GetSliceIntersectionThickness() == 2


def test_case_has_all_parts_in_one_folder(image, roi, prediction):
    import slicer
    import vtk

    case_scene = CaseScene()
    nodes = case_scene.add(image, roi, prediction, name="case 7", reader="A", reading_round="1")
    assert nodes.text.GetText().splitlines()[0] == "PLNM 31 %"
    back = read_heat_map(nodes.heat_map)
    np.testing.assert_array_equal(np.isnan(back), np.isnan(prediction.heatmap))
    np.testing.assert_allclose(back[:, :45], prediction.heatmap[:, :45])
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(case_scene.scene)
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(nodes.folder, children)
    inside = {hierarchy.GetItemDataNode(children.GetId(index)) for index in range(children.GetNumberOfIds())}
    assert inside == set(nodes.nodes()) - {nodes.legend, nodes.results.frame}
    assert {nodes.volume, nodes.segmentation, nodes.heat_map, nodes.text, nodes.results.table} < inside
    assert hierarchy.GetItemName(nodes.folder) == "case 7"


def test_removing_a_case_leaves_the_scene_as_it_was(image, roi, prediction):
    case_scene = CaseScene()
    kept = case_scene.add(image, roi, prediction, name="kept")

    def state():
        return sorted(
            case_scene.scene.GetNthNode(index).GetID() for index in range(case_scene.scene.GetNumberOfNodes())
        )

    before = state()
    case_scene.remove(case_scene.add(image, roi, prediction, name="gone"))
    assert state() == before
    assert case_scene.scene.IsNodePresent(kept.volume)


def test_case_without_contour_and_answer(image):
    nodes = CaseScene().add(image)
    assert nodes.segmentation is None
    assert nodes.heat_map is None
    assert nodes.text.GetText() == "For research use. Not a medical device."


def test_all_of_a_heat_map_may_be_undefined(image, prediction):
    nothing = replace(prediction, heatmap=np.full(image.shape, np.nan, dtype=np.float32))
    assert CaseScene().add(image, None, nothing).heat_map is None


def test_sizes_must_agree(case_scene, image, roi, prediction):
    smaller = SliceImage(image.pixels[:50], image.spacing_mm)
    with pytest.raises(RoiError, match="60 × 80"):
        case_scene.add(smaller, roi)
    with pytest.raises(ImageError, match="heat map"):
        case_scene.add(smaller, None, prediction)


def test_existing_scene_is_used(image):
    own = CaseScene()
    other = CaseScene(own.scene)
    nodes = other.add(image)
    assert nodes.volume.GetScene() is own.scene


@pytest.mark.parametrize(("threshold", "opacity"), [(-0.1, 0.4), (0.3, 1.2), (float("nan"), 0.4)])
def test_display_settings_are_checked(threshold, opacity):
    with pytest.raises(SettingsError, match="between 0 and 1"):
        HeatMapDisplay(threshold, opacity)


def test_window_and_level():
    eight_bit = SliceImage(np.arange(256, dtype=np.float32).reshape(16, 16) * 0.5, modality="US")
    assert window_and_level(eight_bit) == (255.0, 127.5)
    magnetic = SliceImage(np.linspace(0, 2000, 10000).reshape(100, 100), modality="MR")
    window, level = window_and_level(magnetic)
    assert window == pytest.approx(1980, abs=1)
    assert level == pytest.approx(1000, abs=1)
    flat = SliceImage(np.full((5, 5), 700.0))
    assert window_and_level(flat)[0] > 0


def test_a_dark_mr_image_is_not_taken_for_an_eight_bit_picture():
    pixels = np.round(np.linspace(0, 120, 10000)).reshape(100, 100)
    assert window_and_level(SliceImage(pixels, modality="MR"))[0] == pytest.approx(119, abs=1.1)
    assert window_and_level(SliceImage(pixels))[0] == 255.0


def test_the_legend_leaves_the_view_to_the_slice(case_scene, image, prediction):
    nodes = case_scene.add(image, None, prediction)
    width, _ = nodes.legend.GetSize()
    # Slicer fits the letters to the box: a longer title would be larger or unreadable.
    assert width <= 0.05
    assert nodes.legend.GetTitleText() == "Heat map"
    assert "Heat map: Grad-CAM of the fusion score" in nodes.text.GetText()
