"""Image files in the scene, and the names proposed for cases."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its usual name
from PIL import Image
from pydicom.data import get_testdata_file

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

import vtk

from CervixRiskLib.errors import ImageError, MissingComponentError
from CervixRiskLib.imaging import SliceGeometry, SliceImage, read_image
from CervixRiskLib.scene import (
    CaseFolder,
    CaseRole,
    PixelSizeState,
    SliceChoice,
    add_slice_map,
    add_slice_volume,
    read_pixel_size,
    read_volume_slice,
)
from CervixRiskLib.scene.volume_slice import set_voxels
from CervixRiskLib.workflow.open_image import (
    check_pixel_size,
    file_case_name,
    is_case_image,
    open_image_file,
    volume_case_name,
)
from CervixRiskLib.workflow.slice_stack import add_slice_stack

pytestmark = pytest.mark.slicer
ULTRASOUND = "examples_palette.dcm"


def shipped(name: str) -> str:
    path = get_testdata_file(name, download=False)
    assert path, f"pydicom no longer ships {name}"
    return path


@pytest.fixture
def mr_file(tmp_path: Path) -> Path:
    """Five tilted slices of 6 rows x 7 columns, 4 mm apart."""
    image = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 900, (5, 6, 7)).astype(np.int16))
    image.SetSpacing((0.4, 0.7, 4.0))
    image.SetOrigin((-12.0, 34.0, 5.5))
    cosine, sine = np.cos(0.3), np.sin(0.3)
    image.SetDirection((1, 0, 0, 0, cosine, -sine, 0, sine, cosine))
    path = tmp_path / "M027.nii.gz"
    sitk.WriteImage(image, str(path))
    return path


def test_a_picture(scene, tmp_path):
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    Image.fromarray(pixels).save(tmp_path / "B001.png")
    volume = open_image_file(scene, tmp_path / "B001.png")
    assert volume.GetName() == "B001"
    assert read_pixel_size(volume).state is PixelSizeState.UNKNOWN
    np.testing.assert_array_equal(read_volume_slice(volume).pixels, pixels)


def test_dicom_keeps_its_pixel_size_and_tells_nothing_of_the_patient(scene):
    volume = open_image_file(scene, shipped(ULTRASOUND))
    size = read_pixel_size(volume)
    assert (size.state, size.source) == (PixelSizeState.FILE, "SequenceOfUltrasoundRegions")
    assert size.spacing_mm == pytest.approx((0.2622878766, 0.2622878766))
    assert all(name.startswith("CervixRisk.") for name in volume.GetAttributeNames())


def test_a_volume_lies_where_the_file_says(scene, mr_file):
    volume = open_image_file(scene, mr_file)
    assert volume.GetImageData().GetDimensions() == (7, 6, 5)
    truth = sitk.ReadImage(str(mr_file))
    to_ras = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(to_ras)
    for voxel in ((0, 0, 0), (6, 0, 0), (0, 5, 0), (0, 0, 4), (6, 5, 4)):
        x, y, z = truth.TransformIndexToPhysicalPoint(voxel)
        assert to_ras.MultiplyPoint([*voxel, 1.0])[:3] == pytest.approx((-x, -y, z), abs=1e-3)
    for index in range(5):
        alone = read_image(mr_file, slice_index=index)
        here = read_volume_slice(volume, SliceChoice(2, index))
        np.testing.assert_array_equal(here.pixels, alone.pixels)
        assert (here.slice_index, here.slice_count) == (index, 5)
        assert here.spacing_mm == pytest.approx(alone.spacing_mm)
        assert here.geometry.agrees_with(alone.geometry, 1e-3)


def test_a_film_becomes_a_volume_of_frames(scene):
    path = shipped("examples_ybr_color.dcm")
    volume = open_image_file(scene, path)
    assert volume.GetImageData().GetDimensions()[2] == 30
    frame = read_volume_slice(volume, SliceChoice(2, 7))
    alone = read_image(path, slice_index=7)
    np.testing.assert_array_equal(frame.pixels, alone.pixels)
    assert (frame.modality, frame.notes, frame.geometry) == ("US", alone.notes, None)


def slices_at(*places: float, turned: float = 0.0, shear: float = 0.0) -> list[SliceImage]:
    """Slices at these z, 2 x 3 pixels of 1 x 2 mm; the last one turned by ``turned`` radians."""
    made = []
    for number, z in enumerate(places):
        angle = turned if number == len(places) - 1 else 0.0
        column = (float(np.cos(angle)), float(np.sin(angle)), 0.0)
        row = (-float(np.sin(angle)), float(np.cos(angle)), 0.0)
        geometry = SliceGeometry((shear * z, 0.0, z), column, row)
        made.append(SliceImage(np.full((2, 3), number, np.float32), (1.0, 2.0), "PixelSpacing", geometry=geometry))
    return made


@pytest.mark.parametrize(
    ("slices", "kept"),
    [
        (slices_at(0, 3, 6), True),
        (slices_at(6, 3, 0), True),
        (slices_at(0, 3, 7), False),
        (slices_at(0, 3, 6, turned=0.2), False),
        (slices_at(0, 3, 6, shear=0.5), False),
        (slices_at(2, 2, 2), False),
    ],
)
def test_only_an_even_stack_keeps_its_place(scene, slices, kept):
    volume = add_slice_stack(scene, slices, "stack")
    image = read_volume_slice(volume, SliceChoice(2, 1))
    assert image.spacing_mm == (1.0, 2.0)
    assert (image.pixels == 1).all()
    assert (image.geometry is not None) == kept
    if kept:
        assert image.geometry.origin_mm == pytest.approx(slices[1].geometry.origin_mm)
    else:
        told = any("do not lie evenly" in note for note in image.notes)
        # Frames at one place are a film, not an uneven stack.
        assert told == (slices[0].geometry != slices[1].geometry)


def test_pages_of_different_sizes_are_refused(scene):
    small = SliceImage(np.zeros((2, 3), np.float32))
    large = SliceImage(np.zeros((3, 3), np.float32))
    with pytest.raises(ImageError, match="different sizes"):
        add_slice_stack(scene, [small, large], "pages")
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


def test_what_cannot_be_read_leaves_nothing_behind(scene, tmp_path):
    with pytest.raises(ImageError, match="no file"):
        open_image_file(scene, tmp_path / "missing.png")
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


def test_a_missing_package_is_named(scene, tmp_path, monkeypatch):
    Image.fromarray(np.zeros((4, 6), dtype=np.uint8)).save(tmp_path / "B001.png")

    def lacking(path: Any) -> Any:
        raise ModuleNotFoundError("No module named 'PIL'", name="PIL")

    monkeypatch.setattr("CervixRiskLib.workflow.open_image.read_slices", lacking)
    with pytest.raises(MissingComponentError, match="“PIL”"):
        open_image_file(scene, tmp_path / "B001.png")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/M027.png", "M027"),
        ("M027.nii.gz", "M027"),
        ("M027.T2.nrrd", "M027.T2"),
        ("IM0001", "IM0001"),
        ("left|right\n.png", "left-right-"),
        (".nii.gz", ".nii.gz"),
    ],
)
def test_the_name_of_a_file_that_was_picked(path, name):
    assert file_case_name(path) == name


def test_a_node_is_never_named_after_what_dicom_called_it(scene, ultrasound):
    first = add_slice_volume(scene, ultrasound, "4: DOE^JANE")
    assert volume_case_name(scene, first) == "Case 1"
    CaseFolder(scene, "Case 1").add(first, CaseRole.IMAGE)
    assert volume_case_name(scene, first) == "Case 1"
    assert volume_case_name(scene, add_slice_volume(scene, ultrasound, "x")) == "Case 2"


def test_what_may_be_chosen(scene, ultrasound):
    volume = add_slice_volume(scene, ultrasound, "slice")
    colour = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "colour")
    heat_map = add_slice_map(scene, volume, np.zeros(ultrasound.shape), "heat map")
    labels = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    set_voxels(labels, np.zeros(ultrasound.shape, np.uint8), np.eye(4))
    assert [is_case_image(node) for node in (volume, colour, heat_map, labels)] == [True, True, False, False]
    assert not is_case_image(scene.AddNewNodeByClass("vtkMRMLSegmentationNode"))


def slicers_own(scene: Any, spacing_mm: float) -> Any:
    """As Slicer loads :data:`ULTRASOUND` from its database, with a pixel size of its own making."""
    volume = add_slice_volume(scene, read_image(shipped(ULTRASOUND)), "slice")
    for name in ("CervixRisk.pixelSizeState", "CervixRisk.pixelSizeSource"):
        volume.RemoveAttribute(name)
    volume.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    volume.SetSpacing(spacing_mm, spacing_mm, 1)
    return volume


def test_the_file_is_believed_over_slicer(scene):
    asked: list[str] = []

    def instance_file(uid: str) -> str:
        asked.append(uid)
        return shipped(ULTRASOUND)

    volume = slicers_own(scene, 0.5)
    assert "corrected" in check_pixel_size(volume, instance_file)
    assert read_pixel_size(volume).spacing_mm == pytest.approx((0.2622878766, 0.2622878766))
    assert check_pixel_size(volume, instance_file) == ""
    assert asked == ["1.2.3"]
    assert check_pixel_size(slicers_own(scene, 0.2622878766), instance_file) == ""


def test_a_volume_without_a_dicom_file_is_not_compared(scene, ultrasound, tmp_path):
    volume = slicers_own(scene, 0.5)
    assert check_pixel_size(volume) == ""
    assert read_pixel_size(volume).spacing_mm == (0.5, 0.5)
    # Loaded with "Add data": the storage node knows the file.
    shutil.copy(shipped(ULTRASOUND), tmp_path / "image.dcm")
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(tmp_path / "image.dcm"))
    volume.SetAndObserveStorageNodeID(storage.GetID())
    assert "corrected" in check_pixel_size(volume)
