"""All slices of a file are the same as its slices one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its usual name
from PIL import Image
from pydicom.data import get_testdata_file

from CervixRiskLib.errors import ImageError
from CervixRiskLib.imaging import read_image, read_slices


def check_same(path: Path | str) -> int:
    """Compare with :func:`read_image`; returns how many slices there are."""
    slices = read_slices(path)
    for index, image in enumerate(slices):
        alone = read_image(path, slice_index=index)
        np.testing.assert_array_equal(image.pixels, alone.pixels)
        for name in ("spacing_mm", "spacing_source", "modality", "slice_index", "slice_count", "notes", "geometry"):
            assert getattr(image, name) == getattr(alone, name), name
    return len(slices)


@pytest.mark.parametrize("extension", [".nrrd", ".nii", ".nii.gz", ".mha", ".mhd"])
def test_volumes(tmp_path, extension):
    values = np.random.default_rng(0).integers(-500, 900, (5, 6, 7)).astype(np.int16)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.4, 0.7, 3.0))
    image.SetOrigin((1.0, 2.0, 3.0))
    path = tmp_path / f"volume{extension}"
    sitk.WriteImage(image, str(path), True)
    assert check_same(path) == 5
    assert [slice_.pixels[2, 3] for slice_ in read_slices(path)] == values[:, 2, 3].tolist()


def test_a_volume_one_voxel_thick_along_another_axis(tmp_path):
    image = sitk.GetImageFromArray(np.arange(35, dtype=np.int16).reshape(5, 1, 7))
    sitk.WriteImage(image, str(tmp_path / "coronal.nrrd"))
    assert check_same(tmp_path / "coronal.nrrd") == 1


@pytest.mark.parametrize(("name", "count"), [("examples_palette.dcm", 1), ("examples_ybr_color.dcm", 30)])
def test_dicom(name, count):
    path = get_testdata_file(name, download=False)
    slices = read_slices(path)
    assert len(slices) == count
    for index in (0, count - 1):
        np.testing.assert_array_equal(slices[index].pixels, read_image(path, slice_index=index).pixels)
        assert slices[index].notes == read_image(path, slice_index=index).notes


def test_pictures(tmp_path):
    pages = [Image.fromarray(np.full((4, 5), shade, dtype=np.uint8)) for shade in (10, 20, 30)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    pages[0].save(tmp_path / "page.png")
    assert check_same(tmp_path / "pages.tif") == 3
    assert check_same(tmp_path / "page.png") == 1


def test_a_file_that_is_too_large_is_refused_before_it_is_unpacked(tmp_path):
    header = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2000 2000 100\nencoding: gzip\n\n"
    (tmp_path / "large.nrrd").write_bytes(header.encode() + b"\x1f\x8b")
    with pytest.raises(ImageError, match="too large to be opened whole"):
        read_slices(tmp_path / "large.nrrd")


def test_a_file_that_is_cut_off(tmp_path):
    header = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 20 20 3\nencoding: raw\n\n"
    (tmp_path / "short.nrrd").write_bytes(header.encode() + bytes(900))
    with pytest.raises(ImageError, match="fewer bytes"):
        read_slices(tmp_path / "short.nrrd")


def test_what_is_no_image(tmp_path):
    (tmp_path / "contour.json").write_text("{}")
    with pytest.raises(ImageError, match="JSON text"):
        read_slices(tmp_path / "contour.json")
