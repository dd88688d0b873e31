"""Regions from pictures, label images, Slicer segmentations and point lists, and back to files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its usual name
from PIL import Image

from CervixRiskLib.errors import CervixRiskError, ImageError, RoiError, SettingsError, StorageError
from CervixRiskLib.imaging import (
    Roi,
    SliceGeometry,
    SliceImage,
    read_image,
    read_roi,
    write_image_png,
    write_map,
    write_roi,
)

DATA = Path(__file__).parent / "data"
SEGMENTATION = DATA / "slicer_two_layers.seg.nrrd"
VOLUME = DATA / "slicer_volume.nrrd"


@pytest.fixture
def image():
    return SliceImage(np.zeros((30, 40)), (0.7, 0.4), "file header")


@pytest.fixture
def mask():
    mask = np.zeros((30, 40), bool)
    mask[5:20, 8:30] = True
    mask[8:10, 12:14] = False
    return mask


def picture(path, values, **options):
    Image.fromarray(values).save(path, **options)
    return path


def label_image(path, values, spacing=(0.4, 0.7), origin=None, direction=None):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((*spacing, 3.0)[: values.ndim])
    if origin is not None:
        image.SetOrigin(origin)
    if direction is not None:
        image.SetDirection(direction)
    sitk.WriteImage(image, str(path))
    return path


# --- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extension", ["png", "tif", "bmp"])
@pytest.mark.parametrize("value", [1, 128, 255])
def test_picture_mask(tmp_path, image, mask, extension, value):
    roi = read_roi(picture(tmp_path / f"m.{extension}", mask.astype(np.uint8) * np.uint8(value)), image)
    np.testing.assert_array_equal(roi.mask, mask)
    assert roi.spacing_mm == image.spacing_mm


def test_picture_is_cut_at_half_range(tmp_path, image, mask):
    values = np.where(mask, 128, 127).astype(np.uint8)
    np.testing.assert_array_equal(read_roi(picture(tmp_path / "a.png", values), image).mask, mask)
    values = np.where(mask, 32768, 32767).astype(np.uint16)
    np.testing.assert_array_equal(read_roi(picture(tmp_path / "b.png", values), image).mask, mask)
    values = np.where(mask, 0.9, 0.2).astype(np.float32)
    np.testing.assert_array_equal(read_roi(picture(tmp_path / "c.tif", values), image).mask, mask)
    with pytest.raises(RoiError, match="half"):
        read_roi(picture(tmp_path / "d.png", mask.astype(np.uint8) * np.uint8(100)), image)


def test_jpeg_mask_survives_its_compression(tmp_path, image, mask):
    roi = read_roi(picture(tmp_path / "a.jpg", mask.astype(np.uint8) * np.uint8(255), quality=60), image)
    assert (roi.mask != mask).sum() < 20


def test_coloured_and_transparent_masks(tmp_path, image, mask):
    red = np.zeros((30, 40, 3), np.uint8)
    red[mask, 0] = 255
    np.testing.assert_array_equal(read_roi(picture(tmp_path / "a.png", red), image).mask, mask)
    white_where_drawn = np.full((30, 40, 4), 255, np.uint8)
    white_where_drawn[..., 3] = np.where(mask, 255, 0)
    np.testing.assert_array_equal(read_roi(picture(tmp_path / "b.png", white_where_drawn), image).mask, mask)


def test_an_image_chosen_as_contour_is_refused(tmp_path, image):
    rng = np.random.default_rng(0)
    grey = np.clip(90 * rng.gamma(4, 0.3, (30, 40)), 0, 255).astype(np.uint8)
    grey[:, :10] = 0
    for values in (grey, np.repeat(grey[..., np.newaxis], 3, axis=2)):
        with pytest.raises(RoiError, match="shades of grey and no contour"):
            read_roi(picture(tmp_path / "image.png", values), image)
    level = int(np.bincount(grey[grey > 0]).argmax())
    assert read_roi(picture(tmp_path / "image.png", grey), image, label=level).n_pixels > 0


def test_an_image_of_which_half_is_grey_is_refused(tmp_path, image):
    """Of what is not dark; no real image had less than 53 %."""
    values = np.zeros((30, 40), np.uint8)
    values[10:20] = 255
    values[10:20, :22] = np.linspace(60, 180, 220).reshape(10, 22)
    with pytest.raises(RoiError, match="shades of grey"):
        read_roi(picture(tmp_path / "image.png", values), image)
    values[10:20, 14:22] = 255  # 35 %: a small disc's soft edge
    assert read_roi(picture(tmp_path / "mask.png", values), image).n_pixels > 0


@pytest.mark.parametrize("value", [160, 255])
def test_a_mask_with_soft_edges_is_a_contour(tmp_path, value):
    rows, columns = np.mgrid[:120, :160]
    soft = np.clip(20.5 - np.hypot(rows - 60.2, columns - 71.7), 0, 1) * value
    image = SliceImage(np.zeros((120, 160)), (0.5, 0.5), "file header")
    for name, options in (("a.png", {}), ("b.jpg", {"quality": 75})):
        found = read_roi(picture(tmp_path / name, soft.astype(np.uint8), **options), image)
        assert found.n_pixels == pytest.approx(np.pi * 20**2, rel=0.05)


def test_picture_of_labels(tmp_path, image, mask):
    labels = mask.astype(np.uint8)
    labels[0, 0] = 2
    path = picture(tmp_path / "a.png", labels)
    with pytest.raises(RoiError, match=r"2 labels \(1, 2\)"):
        read_roi(path, image)
    np.testing.assert_array_equal(read_roi(path, image, label=1).mask, mask)
    assert read_roi(path, image, label=2).n_pixels == 1
    with pytest.raises(RoiError, match="no label 3"):
        read_roi(path, image, label=3)


# --- label images --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extension", [".nrrd", ".nii.gz", ".mha"])
def test_label_image(tmp_path, image, mask, extension):
    path = label_image(tmp_path / f"m{extension}", mask.astype(np.uint8) * 7)
    np.testing.assert_array_equal(read_roi(path, image).mask, mask)
    np.testing.assert_array_equal(read_roi(path, image, label=7).mask, mask)
    with pytest.raises(RoiError, match="no label 1"):
        read_roi(path, image, label=1)
    with pytest.raises(RoiError, match="background"):
        read_roi(path, image, label=0)
    with pytest.raises(RoiError, match="no named segments"):
        read_roi(path, image, segment="tumour")


@pytest.mark.parametrize("extension", [".nrrd", ".nii.gz", ".mha", ".png"])
def test_empty_and_other_size(tmp_path, image, extension):
    def write(name, values):
        path = tmp_path / f"{name}{extension}"
        return picture(path, values) if extension == ".png" else label_image(path, values)

    with pytest.raises(RoiError, match="empty"):
        read_roi(write("empty", np.zeros((30, 40), np.uint8)), image)
    with pytest.raises(RoiError, match="40 × 30 pixels but the image has 30 × 40"):
        read_roi(write("turned", np.ones((40, 30), np.uint8)), image)


def test_pixel_size_must_agree(tmp_path, image, mask):
    values = mask.astype(np.uint8)
    with pytest.raises(RoiError, match="another pixel size"):
        read_roi(label_image(tmp_path / "a.nrrd", values, spacing=(0.7, 0.4)), image)
    # 1 mm is what writers put where they know none; a size given by hand replaces the file's.
    assert read_roi(label_image(tmp_path / "b.nrrd", values, spacing=(1.0, 1.0)), image).n_pixels == mask.sum()
    by_hand = image.with_spacing((0.1, 0.1))
    assert read_roi(label_image(tmp_path / "c.nrrd", values), by_hand).spacing_mm == (0.1, 0.1)
    unknown = SliceImage(image.pixels)
    assert read_roi(label_image(tmp_path / "d.nrrd", values), unknown).spacing_mm is None


def test_place_must_agree_and_chooses_the_slice(tmp_path, mask):
    labels = np.zeros((4, 30, 40), np.uint8)
    labels[1], labels[2] = mask, np.roll(mask, 5, axis=1)
    path = label_image(tmp_path / "a.nrrd", labels, origin=(1.0, 2.0, 3.0))
    # A single slice, as from one DICOM file, in the plane of slice 2.
    here = SliceGeometry((1.0, 2.0, 9.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    image = SliceImage(np.zeros((30, 40)), (0.7, 0.4), "PixelSpacing", geometry=here)
    np.testing.assert_array_equal(read_roi(path, image).mask, labels[2] > 0)
    shifted = dataclasses.replace(image, geometry=dataclasses.replace(here, origin_mm=(1.0, 2.5, 9.0)))
    with pytest.raises(RoiError, match="elsewhere"):
        read_roi(path, shifted)
    flipped = dataclasses.replace(image, geometry=dataclasses.replace(here, row_direction=(0.0, -1.0, 0.0)))
    with pytest.raises(RoiError, match="elsewhere"):
        read_roi(path, flipped)
    elsewhere = dataclasses.replace(image, geometry=dataclasses.replace(here, origin_mm=(1.0, 2.0, 99.0)))
    with pytest.raises(RoiError, match="4 slices"):
        read_roi(path, elsewhere)
    with pytest.raises(RoiError, match="elsewhere"):
        read_roi(path, image, slice_index=1)


def test_slice_of_a_label_volume_without_place(tmp_path, mask):
    labels = np.zeros((4, 30, 40), np.uint8)
    labels[2] = mask
    path = label_image(tmp_path / "a.nrrd", labels)
    single = SliceImage(np.zeros((30, 40)))
    with pytest.raises(RoiError, match="4 slices"):
        read_roi(path, single)
    assert read_roi(path, single, slice_index=2).n_pixels == mask.sum()
    assert read_roi(path, SliceImage(np.zeros((30, 40)), slice_index=2, slice_count=4)).n_pixels == mask.sum()
    with pytest.raises(RoiError, match="empty"):
        read_roi(path, single, slice_index=0)
    with pytest.raises(RoiError, match="no slice 4"):
        read_roi(path, single, slice_index=4)


def test_many_labels_and_numbers_that_are_none(tmp_path, image):
    many = np.arange(1200, dtype=np.int16).reshape(30, 40)
    with pytest.raises(RoiError, match="1199 labels"):
        read_roi(label_image(tmp_path / "a.nrrd", many), image)
    values = np.zeros((30, 40), np.float32)
    values[3, 3] = np.nan
    with pytest.raises(RoiError, match="not numbers"):
        read_roi(label_image(tmp_path / "b.nrrd", values), image)
    colour = sitk.GetImageFromArray(np.ones((30, 40, 3), np.uint8), isVector=True)
    sitk.WriteImage(colour, str(tmp_path / "c.nrrd"))
    with pytest.raises(RoiError, match="3 values per pixel"):
        read_roi(tmp_path / "c.nrrd", image)


# --- segmentations of 3D Slicer: files written by Slicer's own code ---------------------------------------------


def rectangle(row0, column0, row1, column1):
    mask = np.zeros((60, 80), bool)
    mask[row0:row1, column0:column1] = True
    return mask


@pytest.mark.parametrize(
    ("index", "segment", "expected"),
    [
        (2, "tumour", rectangle(10, 20, 30, 50)),
        (3, "tumour", rectangle(12, 22, 28, 40)),
        (2, "uterus", rectangle(20, 40, 40, 60)),
    ],
)
@pytest.mark.parametrize("with_place", [True, False])
def test_cropped_layered_segmentation(index, segment, expected, with_place):
    image = read_image(VOLUME, slice_index=index)
    if not with_place:
        image = dataclasses.replace(image, geometry=None)
    np.testing.assert_array_equal(read_roi(SEGMENTATION, image, segment=segment).mask, expected)


def test_segment_by_identifier_and_by_slice():
    image = read_image(VOLUME, slice_index=2)
    assert read_roi(SEGMENTATION, image, segment="S_zI0XbodA6J0IZdxc").n_pixels == 400
    bare = SliceImage(np.zeros((60, 80)))
    assert read_roi(SEGMENTATION, bare, segment="tumour", slice_index=3).n_pixels == 16 * 18


@pytest.mark.parametrize("index", [0, 1, 4])
def test_segment_that_is_not_on_the_slice(index):
    with pytest.raises(RoiError, match="does not reach"):
        read_roi(SEGMENTATION, read_image(VOLUME, slice_index=index), segment="tumour")


def test_segment_must_be_named():
    image = read_image(VOLUME, slice_index=2)
    with pytest.raises(RoiError, match=r"2 segments .*tumour.*uterus"):
        read_roi(SEGMENTATION, image)
    with pytest.raises(RoiError, match="no such segment"):
        read_roi(SEGMENTATION, image, segment="Tumour 2")
    with pytest.raises(RoiError, match="2 segments"):
        read_roi(SEGMENTATION, image, label=1)


def test_segmentation_of_another_image():
    image = read_image(VOLUME, slice_index=2)
    small = SliceImage(image.pixels[:25], image.spacing_mm, "file header", slice_index=2, slice_count=5)
    with pytest.raises(RoiError, match="beyond"):
        read_roi(SEGMENTATION, small, segment="tumour")
    moved = dataclasses.replace(image.geometry, origin_mm=(0.0, 20.0, 36.0))
    with pytest.raises(RoiError, match="elsewhere"):
        read_roi(SEGMENTATION, dataclasses.replace(image, geometry=moved), segment="tumour")


def segmentation(path, values, keys):
    header = ["NRRD0004", "type: uchar", f"dimension: {values.ndim}", "encoding: raw"]
    header.append("sizes: " + " ".join(map(str, values.shape[::-1])))
    if values.ndim == 4:
        header.append("kinds: list domain domain domain")
    header += [f"{key}:={value}" for key, value in keys.items()]
    path.write_bytes(("\n".join(header) + "\n\n").encode() + values.astype(np.uint8).tobytes())
    return path


def test_shared_layer(tmp_path, image, mask):
    values = np.where(mask, 1, 0)[None] + 2 * np.where(np.roll(mask, -5, axis=0) & ~mask, 1, 0)[None]
    keys = {
        "Segment0_ID": "a", "Segment0_Name": "rim", "Segment0_LabelValue": "1", "Segment0_Layer": "0",
        "Segment1_ID": "b", "Segment1_Name": "core", "Segment1_LabelValue": "2", "Segment1_Layer": "0",
    }  # fmt: skip
    path = segmentation(tmp_path / "s.seg.nrrd", values, keys)
    np.testing.assert_array_equal(read_roi(path, image, segment="rim").mask, mask)
    np.testing.assert_array_equal(read_roi(path, image, segment="b").mask, values[0] == 2)
    np.testing.assert_array_equal(read_roi(path, image, label=2).mask, values[0] == 2)


def test_old_segmentation_has_a_layer_for_each_segment(tmp_path, image, mask):
    values = np.stack([mask, ~mask], axis=-1)[None]
    path = segmentation(tmp_path / "s.seg.nrrd", values, {"Segment0_Name": "in", "Segment1_Name": "out"})
    np.testing.assert_array_equal(read_roi(path, image, segment="out").mask, ~mask)


def test_frame_of_a_film_is_one_slice_in_slicer(tmp_path, mask):
    geometry = "1;0;0;0;0;1;0;0;0;0;1;0;0;0;0;1;0;39;0;29;0;0;"
    keys = {
        "Segment0_ID": "a", "Segment0_Name": "tumour", "Segment0_LabelValue": "1", "Segment0_Layer": "0",
        "Segmentation_ConversionParameters": f"Reference image geometry|{geometry}|&",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }  # fmt: skip
    frame = SliceImage(np.zeros((30, 40)), modality="US", slice_index=12, slice_count=30)
    path = segmentation(tmp_path / "s.seg.nrrd", mask[None], keys)
    np.testing.assert_array_equal(read_roi(path, frame).mask, mask)


@pytest.mark.parametrize(
    "keys",
    [
        {"Segment0_Layer": "5"}, {"Segment0_Layer": "-1"}, {"Segment0_LabelValue": "x"},
        {"Segmentation_ReferenceImageExtentOffset": "a b c"}, {"Segmentation_ReferenceImageExtentOffset": "1 2"},
        {"Segmentation_ReferenceImageExtentOffset": "-1 0 0"}, {"Segmentation_ReferenceImageExtentOffset": "9 0 0"},
    ],
)  # fmt: skip
def test_segmentation_that_lies(tmp_path, image, mask, keys):
    path = segmentation(tmp_path / "s.seg.nrrd", mask[None], {"Segment0_ID": "a"} | keys)
    with pytest.raises(RoiError):
        read_roi(path, image)


# --- points --------------------------------------------------------------------------------------------------------


def test_points(tmp_path, image):
    path = tmp_path / "contour.json"
    path.write_text("\ufeff \n[[2, 3], [2, 9], [7, 9], [7, 3]]", encoding="utf-8")
    assert read_roi(path, image).bounding_box == (2, 3, 8, 10)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "[[1,2],[3,4]]",
        "[[NaN,1],[2,2],[3,1]]",
        "{}",
        "[1,2,3]",
        '[["a",1],[2,2],[3,1]]',
        "[[1,2],",
        "[" * 100_000,
    ],
)
def test_points_refused(tmp_path, image, text):
    path = tmp_path / "contour.json"
    path.write_text(text)
    with pytest.raises(RoiError):
        read_roi(path, image)
    with pytest.raises(ImageError, match="JSON"):
        read_image(path)


def test_contour_file_round_trip(tmp_path, image):
    points = [[3.5, 4.25], [20.0, 8.5], [12.0, 30.75]]
    path = tmp_path / "contour.json"
    path.write_text(json.dumps(points))
    assert read_roi(path, image).mask_hash == Roi.from_polygon(points, image).mask_hash


# --- writing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.nrrd", "a.seg.nrrd", "a.png", "A.NRRD"])
@pytest.mark.parametrize("index", [0, 3])
@pytest.mark.parametrize("kind", ["bare", "spacing", "place"])
def test_written_region_comes_back(tmp_path, mask, name, index, kind):
    place = SliceGeometry((-10.0, 20.5, 30.25), (0.8, 0.6, 0.0), (0.0, 0.0, -1.0))
    image = SliceImage(
        np.zeros((30, 40)),
        None if kind == "bare" else (0.7, 0.4),
        None if kind == "bare" else "file header",
        slice_index=index,
        slice_count=5,
        geometry=place if kind == "place" else None,
    )
    roi = Roi.from_mask(mask, image)
    write_roi(tmp_path / name, roi, image)
    assert read_roi(tmp_path / name, image).mask_hash == roi.mask_hash
    written = sitk.ReadImage(str(tmp_path / name))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written).squeeze() > 0, mask)
    if kind == "place" and not name.endswith("png"):
        assert written.GetOrigin() == pytest.approx(place.origin_mm)
        assert written.GetSpacing()[:2] == pytest.approx((0.4, 0.7))
        assert written.GetDirection()[0::3] == pytest.approx(place.column_direction)
        assert written.GetDirection()[1::3] == pytest.approx(place.row_direction)
    if not name.endswith("png"):
        back = read_image(tmp_path / name)
        assert back.spacing_mm == (None if kind == "bare" else pytest.approx((0.7, 0.4)))


def test_same_region_gives_the_same_bytes(tmp_path, image, mask):
    roi = Roi.from_mask(mask, image)
    for name in ("a.nrrd", "a.png"):
        write_roi(tmp_path / name, roi, image)
        write_roi(tmp_path / f"again_{name}", roi, image)
        assert (tmp_path / name).read_bytes() == (tmp_path / f"again_{name}").read_bytes()


def test_map(tmp_path, image):
    values = np.linspace(0, 1, 1200, dtype=np.float32).reshape(30, 40)
    values[:5] = np.nan
    write_map(tmp_path / "map.nrrd", values, image)
    written = sitk.ReadImage(str(tmp_path / "map.nrrd"))
    assert written.GetPixelID() == sitk.sitkFloat32
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written)[0], values)
    assert written.GetSpacing()[:2] == pytest.approx((0.4, 0.7))


def test_writing_refuses(tmp_path, image, mask):
    roi = Roi.from_mask(mask, image)
    other = SliceImage(np.zeros((5, 5)))
    with pytest.raises(SettingsError, match=r"\.nrrd or \.png"):
        write_roi(tmp_path / "a.jpg", roi, image)
    with pytest.raises(SettingsError):
        write_map(tmp_path / "a.png", np.zeros((30, 40)), image)
    with pytest.raises(RoiError):
        write_roi(tmp_path / "a.nrrd", roi, other)
    with pytest.raises(ImageError):
        write_map(tmp_path / "a.nrrd", np.zeros((30, 40)), other)
    (tmp_path / "file").touch()
    for write in (
        lambda path: write_roi(path / "a.nrrd", roi, image),
        lambda path: write_map(path / "a.nrrd", mask, image),
        lambda path: write_image_png(path / "a.png", image),
    ):
        with pytest.raises(StorageError):
            write(tmp_path / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_missing_and_foreign_files(tmp_path, image):
    with pytest.raises(CervixRiskError, match="no file"):
        read_roi(tmp_path / "a.nrrd", image)
    (tmp_path / "b.nrrd").write_text("hello")
    with pytest.raises(CervixRiskError, match="not an image"):
        read_roi(tmp_path / "b.nrrd", image)
