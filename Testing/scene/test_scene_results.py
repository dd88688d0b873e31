"""Answers as tables and charts, cases as folders, scenes as files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

import slicer
import vtk

from CervixRiskLib.bundle.contracts import ClassProbability, Contribution, PredictorPoints
from CervixRiskLib.errors import ImageError, SettingsError, StorageError
from CervixRiskLib.scene import CaseScene
from CervixRiskLib.scene.case_answer import add_answer
from CervixRiskLib.scene.case_folder import CaseFolder, CaseRole, case_ids
from CervixRiskLib.scene.heat_map import read_heat_map
from CervixRiskLib.scene.pixel_size import can_undo_pixel_size, read_pixel_size, set_pixel_size_by_hand
from CervixRiskLib.scene.reader_segmentation import Reading, find_reading, read_contour, start_reading
from CervixRiskLib.scene.result_plots import LARGEST_NUMBER_OF_BARS, add_contribution_chart, add_points_chart
from CervixRiskLib.scene.results_table import COLUMNS, read_results_table, results_rows, results_text
from CervixRiskLib.scene.scene_file import load_scene, save_scene
from CervixRiskLib.scene.slice_volume import add_slice_volume, read_slice_volume

pytestmark = pytest.mark.slicer


@pytest.fixture(scope="module")
def full(prediction):
    """With contributions of both signs, a second predictor, groups and a label full of traps for text files."""
    return replace(
        prediction,
        points=(*prediction.points, PredictorPoints("d", 'Maximum\tdiameter "long"; a,b', 38.2, "mm", 22.0)),
        contributions=(
            Contribution("wavelet-LLH_glcm_Contrast", "radiomics", 12.5, 0.8),
            Contribution("deep_17", "deep", -0.25, -0.5),
        ),
        class_probabilities=(ClassProbability("no metastasis", 0.69), ClassProbability("metastasis", 0.31)),
        bundle_hash="b" * 64,
    )


def column(table, name):
    values = table.GetTable().GetColumnByName(name)
    return [values.GetValue(row) for row in range(values.GetNumberOfValues())]


def node_ids(scene):
    return sorted(scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes()))


def test_rows_say_all_of_the_answer(full):
    rows = results_rows(full)
    said = {(row[0], row[1]): row[2:] for row in rows}
    assert said["answer", "probability of metastasis"] == ("0.3100", "31 %", "", "")
    assert said["answer", "95 % interval, lower"][0] == "0.2200"
    assert said["answer", "95 % interval, upper"][0] == "0.4200"
    assert said["answer", "class"][0] == "no metastasis"
    assert said["answer", "threshold"][0] == "0.3500"
    assert said["points", "RBC count"] == ("3.9", "10¹²/L", "8.0", "")
    assert said["points", "total"][2] == "71.4"
    assert said["contribution", "deep_17"] == ("-0.25", "deep", "", "-0.5000")
    assert said["group", "metastasis"][0] == "0.3100"
    assert said["warning", "small_roi"][0] == "The region is small."
    assert said["origin", "bundle"][0] == "b" * 64
    assert said["notice", "use"][0] == "For research use. Not a medical device."
    assert ("notice", "bundle") in said
    lines = results_text(full).splitlines()
    assert lines[0].split("\t") == list(COLUMNS)
    assert all(line.count("\t") == len(COLUMNS) - 1 for line in lines)


def test_contribution_bars(full):
    scene = CaseScene().scene
    many = [Contribution(f"feature {number}", "deep", 0.0, 1 / (number + 1)) for number in range(30)]
    nodes = add_contribution_chart(scene, full, "chart")
    assert column(nodes.table, "raises the risk") == [0.8, 0.0]
    assert column(nodes.table, "lowers the risk") == [0.0, -0.5]
    assert column(nodes.table, "label") == ["wavelet-LLH_glcm_Contrast", "deep_17"]
    assert nodes.chart.GetNumberOfPlotSeriesNodes() == 2
    for index, series in enumerate(nodes.series):
        assert nodes.chart.GetNthPlotSeriesNode(index) is series
        assert series.GetPlotType() == series.PlotTypeBar
        assert nodes.table.GetTable().GetColumnByName(series.GetYColumnName()) is not None
        assert series.GetTableNode() is nodes.table
    shown = add_contribution_chart(scene, replace(full, contributions=tuple(many)), "chart")
    assert shown.table.GetNumberOfRows() == LARGEST_NUMBER_OF_BARS
    assert add_contribution_chart(scene, replace(full, contributions=()), "chart") is None


def test_points_bars(full):
    scene = CaseScene().scene
    nodes = add_points_chart(scene, full, "chart")
    assert column(nodes.table, "points") == [8.0, 22.0]
    assert column(nodes.table, "label")[0] == "RBC count 3.9 10¹²/L"
    assert "71 in total" in nodes.chart.GetTitle()
    assert add_points_chart(scene, replace(full, points=()), "chart") is None


def test_a_new_answer_replaces_the_old_one_and_no_contour(image, roi, full):
    case_scene = CaseScene()
    scene, folder = case_scene.scene, CaseFolder(case_scene.scene, "M027")
    volume = folder.add(add_slice_volume(scene, image, "slice"), CaseRole.IMAGE)
    contour = folder.add(start_reading(scene, volume, Reading("M027", "A"), roi), CaseRole.CONTOUR)
    first = add_answer(folder, volume, full)
    before = len(node_ids(scene))
    second = add_answer(folder, volume, replace(full, probability=0.9))
    assert len(node_ids(scene)) == before
    assert not any(scene.IsNodePresent(node) for node in first.nodes())
    assert folder.node(CaseRole.ANSWER) is second.text
    assert folder.nodes(CaseRole.CONTOUR) == [contour]
    with pytest.raises(ImageError, match="another size"):
        add_answer(folder, volume, replace(full, heatmap=np.ones((3, 3), np.float32)))
    assert folder.node(CaseRole.ANSWER) is second.text


def test_removing_a_folder_leaves_the_others(image, roi, full):
    case_scene = CaseScene()
    case_scene.add(image, roi, full, name="kept")
    before = node_ids(case_scene.scene)
    case_scene.add(image, roi, full, name="gone")
    assert case_ids(case_scene.scene) == ("kept", "gone")
    CaseFolder(case_scene.scene, "gone").remove()
    assert case_ids(case_scene.scene) == ("kept",)
    assert node_ids(case_scene.scene) == before
    CaseFolder(case_scene.scene, "never there").remove()


def test_a_persons_own_node_keeps_the_folder(image):
    case_scene = CaseScene()
    nodes = case_scene.add(image, name="case")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(case_scene.scene)
    own = case_scene.scene.AddNewNodeByClass("vtkMRMLTextNode", "own notes")
    hierarchy.CreateItem(nodes.folder, own)
    case_scene.remove(nodes)
    assert case_ids(case_scene.scene) == ("case",)
    assert hierarchy.GetItemDataNode(hierarchy.GetItemChildWithName(nodes.folder, "own notes")) is own


def test_all_of_a_scene_is_found_again(image, roi, full, tmp_path):
    from CervixRiskLib.imaging.slice_geometry import SliceGeometry

    case_id, path = "M027: left; 100 %", tmp_path / "scene.mrb"
    case_scene = CaseScene()
    scene, folder = case_scene.scene, CaseFolder(case_scene.scene, case_id)
    geometry = SliceGeometry((10.0, -20.0, 30.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
    whole = replace(image, geometry=geometry, notes=('Colour; "lost": a=b', "100 %"), slice_index=3, slice_count=9)
    volume = folder.add(add_slice_volume(scene, whole, "slice"), CaseRole.IMAGE)
    folder.add(add_slice_volume(scene, whole, "another weighting"), CaseRole.FURTHER_IMAGE)
    set_pixel_size_by_hand(volume, (0.3, 0.2))
    readings = [Reading(case_id, reader, "2") for reader in ("A", "B")]
    for reading in readings:
        folder.add(start_reading(scene, volume, reading, roi), CaseRole.CONTOUR)
    line = folder.add(scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "ruler"), CaseRole.RULER)
    for column_ in (0, 7):
        line.AddControlPoint(vtk.vtkVector3d(column_, 1, 2))
    made = add_answer(folder, volume, full)
    assert save_scene(scene, path) == path
    assert [left.name for left in tmp_path.iterdir()] == ["scene.mrb"]

    other = CaseScene()
    load_scene(other.scene, path)
    assert case_ids(other.scene) == (case_id,)
    again = CaseFolder(other.scene, case_id)
    # The answer's record is put there by the workflow, which knows the model too.
    # A heat map's frame is made again when the answer is taken up.
    for role in set(CaseRole) - {CaseRole.ANSWER_RECORD, CaseRole.MAP_FRAME}:
        assert len(again.nodes(role)) == len(folder.nodes(role)) > 0, role
    back = again.node(CaseRole.IMAGE)
    found = read_slice_volume(back)
    np.testing.assert_array_equal(found.pixels, image.pixels)
    assert found.geometry.agrees_with(geometry, 1e-5)
    assert (found.notes, found.slice_index, found.slice_count) == (whole.notes, 3, 9)
    assert (found.modality, found.spacing_source) == ("US", "given by hand")
    assert read_pixel_size(back).spacing_mm == pytest.approx((0.3, 0.2))
    assert can_undo_pixel_size(back)
    for reading in readings:
        node = find_reading(other.scene, reading)
        np.testing.assert_array_equal(read_contour(node, "tumour", back)[1].mask, roi.mask)
    assert read_results_table(again.node(CaseRole.TABLE)) == results_rows(full)
    np.testing.assert_allclose(read_heat_map(again.node(CaseRole.HEAT_MAP)), read_heat_map(made.heat_map))
    assert again.node(CaseRole.LEGEND).GetPrimaryDisplayNode() is again.node(CaseRole.HEAT_MAP).GetDisplayNode()
    assert again.node(CaseRole.HEAT_MAP).GetDisplayNode().GetColorNode().GetName() == "CervixRisk heat"
    assert again.node(CaseRole.ANSWER).GetText() == made.text.GetText()
    assert again.node(CaseRole.RULER).GetLineLengthWorld() == pytest.approx(7)
    for chart in again.nodes(CaseRole.PLOT_CHART):
        for index in range(chart.GetNumberOfPlotSeriesNodes()):
            series = chart.GetNthPlotSeriesNode(index)
            assert series.GetTableNode() in again.nodes(CaseRole.PLOT_TABLE)
    tables = {column(node, node.GetColumnName(1))[0] for node in again.nodes(CaseRole.PLOT_TABLE)}
    assert tables == {0.8, 8.0}
    # The pixel size can still be undone, and everything follows.
    set_pixel_size_by_hand(back, (1.0, 1.0))
    assert again.node(CaseRole.HEAT_MAP).GetSpacing() == pytest.approx((1, 1, 1))
    again.remove()
    assert case_ids(other.scene) == ()


def test_scene_files_that_are_none(tmp_path):
    scene = CaseScene().scene
    with pytest.raises(SettingsError, match=r"\.mrb"):
        save_scene(scene, tmp_path / "scene.mrml")
    with pytest.raises(StorageError, match="no such"):
        load_scene(scene, tmp_path / "nothing.mrb")
    damaged = tmp_path / "damaged.mrb"
    damaged.write_bytes(b"PK\x03\x04 not a scene")
    with pytest.raises(StorageError, match="completely"):
        load_scene(scene, damaged)
