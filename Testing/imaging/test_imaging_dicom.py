"""DICOM: the files that pydicom ships, and files written here."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import get_decoder
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
    UltrasoundImageStorage,
    generate_uid,
)

from CervixRiskLib.errors import CervixRiskError, ImageError, MissingComponentError
from CervixRiskLib.imaging import read_image


def shipped(name):
    path = get_testdata_file(name, download=False)
    assert path, f"pydicom no longer ships {name}"
    return path


# --- shipped with pydicom ------------------------------------------------------------------------------------------


def test_ultrasound_with_a_palette_and_a_calibrated_region():
    image = read_image(shipped("examples_palette.dcm"))
    assert image.shape == (350, 800)
    assert image.modality == "US"
    assert image.spacing_mm == pytest.approx((0.2622878766, 0.2622878766))
    assert image.spacing_source == "SequenceOfUltrasoundRegions"
    assert 0 <= image.pixels.min() < image.pixels.max() <= 255
    # pydicom's file was cropped after the scanner wrote its regions (test_files/README.txt).
    assert any("cut" in note for note in image.notes)

    dataset = pydicom.dcmread(shipped("examples_palette.dcm"))
    palette = [
        np.frombuffer(dataset[f"{colour}PaletteColorLookupTableData"].value, "<u2") >> 8
        for colour in ("Red", "Green", "Blue")
    ]
    red, green, blue = (table.astype(float)[dataset.pixel_array] for table in palette)
    np.testing.assert_allclose(image.pixels, 0.299 * red + 0.587 * green + 0.114 * blue, atol=1e-3)


def test_resized_ultrasound_does_not_keep_its_calibration():
    """pydicom's file was rescaled after calibration: its regions reach beyond it in both directions."""
    image = read_image(shipped("examples_ybr_color.dcm"), slice_index=4)
    assert image.shape == (240, 320)
    assert (image.slice_index, image.slice_count) == (4, 30)
    assert image.spacing_mm is None
    assert image.spacing_source is None
    assert any("resized" in note for note in image.notes)


def test_frames_differ_and_are_chosen():
    path = shipped("examples_ybr_color.dcm")
    assert not np.array_equal(read_image(path, slice_index=0).pixels, read_image(path, slice_index=29).pixels)
    with pytest.raises(ImageError, match="30 frames"):
        read_image(path)
    for index in (-1, 30):
        with pytest.raises(ImageError, match="0 to 29"):
            read_image(path, slice_index=index)


def test_colour_becomes_luma():
    image = read_image(shipped("examples_rgb_color.dcm"))
    rgb = pydicom.dcmread(shipped("examples_rgb_color.dcm")).pixel_array.astype(float)
    np.testing.assert_allclose(image.pixels, rgb @ [0.299, 0.587, 0.114], atol=1e-3)
    assert any("BT.601" in note for note in image.notes)
    assert image.spacing_mm is None


def test_jpeg2000():
    image = read_image(shipped("examples_jpeg2k.dcm"))
    assert image.shape == (480, 640)
    assert image.modality == "US"


def test_mr_with_overlays_has_pixel_size_and_place():
    path = shipped("examples_overlay.dcm")
    image = read_image(path)
    dataset = pydicom.dcmread(path)
    np.testing.assert_array_equal(image.pixels, dataset.pixel_array)
    assert image.spacing_mm == pytest.approx((0.72314049586777,) * 2)
    assert image.spacing_source == "PixelSpacing"
    assert image.modality == "MR"
    assert image.geometry.origin_mm == pytest.approx(tuple(dataset.ImagePositionPatient))


@pytest.mark.parametrize(
    "name",
    [
        "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_expb.dcm", "MR_small_implicit.dcm",
        "MR_small_jp2klossless.dcm", "MR_small_padded.dcm",
    ],
)  # fmt: skip
def test_mr_in_every_encoding_is_the_same_slice(name):
    reference = read_image(shipped("MR_small.dcm"))
    image = read_image(shipped(name))
    np.testing.assert_array_equal(image.pixels, reference.pixels)
    assert image.spacing_mm == (0.3125, 0.3125)
    assert (image.pixels.min(), image.pixels.max()) == (127, 2145)


def test_jpeg_ls_is_read_or_says_what_to_install():
    path = shipped("MR_small_jpeg_ls_lossless.dcm")
    if get_decoder(JPEGLSLossless).is_available:
        np.testing.assert_array_equal(read_image(path).pixels, read_image(shipped("MR_small.dcm")).pixels)
    else:
        with pytest.raises(MissingComponentError, match=r"JPEG-LS: install .* `pip install"):
            read_image(path)


def test_truncated_mr_is_refused_in_one_sentence():
    with pytest.raises(ImageError, match=r"^“MR_truncated.dcm” is damaged or cut off[^.]*\.$"):
        read_image(shipped("MR_truncated.dcm"))


def test_tiff_in_disguise_is_dicom():
    """CT_small begins with a TIFF header in DICOM's free bytes."""
    image = read_image(shipped("CT_small.dcm"))
    assert image.modality == "CT"
    assert image.pixels.min() == -896  # rescaled to Hounsfield units


def test_deflated():
    assert read_image(shipped("image_dfl.dcm")).shape == (512, 512)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("rtdose.dcm", "dose"), ("liver_1frame.dcm", "segmentation"), ("rtplan.dcm", "without an image"),
        ("test-SR.dcm", "without an image"), ("waveform_ecg.dcm", "without an image"),
    ],
)  # fmt: skip
def test_dicom_that_is_no_image(name, sentence):
    with pytest.raises(ImageError, match=sentence):
        read_image(shipped(name))


def test_every_shipped_file_is_read_or_refused():
    from pathlib import Path

    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    read = 0
    for path in sorted(folder.glob("*")):
        if not path.is_file():
            continue
        try:
            try:
                read_image(path)
            except ImageError as error:
                if "frames" not in str(error):
                    raise
                read_image(path, slice_index=0)
            read += 1
        except CervixRiskError as error:
            assert str(folder) not in str(error)  # noqa: PT017 - the rule for every refusal
    assert read >= 40


# --- written here --------------------------------------------------------------------------------------------------


def region(delta_x=0.02, delta_y=0.02, box=(0, 0, 29, 19), space=1, data=1, unit=3):
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType = space, data
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = unit
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta_x, delta_y
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box
    return item


def write_dicom(path, pixels, regions=(), syntax=ExplicitVRLittleEndian, **attributes):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UltrasoundImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = syntax
    dataset = Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID, dataset.SOPInstanceUID = UltrasoundImageStorage, meta.MediaStorageSOPInstanceUID
    dataset.Modality = "US"
    dataset.PatientName = "Secret^Name"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        dataset.NumberOfFrames = pixels.shape[0]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = pixels.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    if len(regions):
        dataset.SequenceOfUltrasoundRegions = Sequence(list(regions))
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def ramp():
    return np.arange(600, dtype=np.uint16).reshape(20, 30)


@pytest.mark.parametrize(
    ("regions", "spacing"),
    [
        ([region()], (0.2, 0.2)),
        ([region(0.02, 0.05)], (0.5, 0.2)),
        ([region(-0.02, 0.02)], (0.2, 0.2)),
        ([region(), region()], (0.2, 0.2)),
        ([region(), region(0.03, 0.03)], None),
        ([region(), region(0.0096, 0.0, space=4, data=10, unit=4)], (0.2, 0.2)),
        ([region(0.03, 0.03, data=2), region()], (0.2, 0.2)),
        ([region(0.03, 0.03, data=2)], (0.3, 0.3)),
        ([region(unit=0)], None),
        ([region(space=3)], None),
        ([region(0.0, 0.02)], None),
        ([region(float("nan"), 0.02)], None),
        ([region(box=(0, 0, 30, 20))], (0.2, 0.2)),
        ([region(box=(0, 0, 29, 40))], (0.2, 0.2)),
        ([region(box=(0, 0, 59, 39))], None),
    ],
)
def test_ultrasound_regions(tmp_path, ramp, regions, spacing):
    image = read_image(write_dicom(tmp_path / "us.dcm", ramp, regions))
    assert image.spacing_mm == (None if spacing is None else pytest.approx(spacing))
    if spacing is None:
        assert image.notes
        assert image.spacing_source is None


def test_regions_win_over_pixel_spacing_and_pixel_spacing_over_the_detector(tmp_path, ramp):
    sizes = {"PixelSpacing": [0.7, 0.8], "ImagerPixelSpacing": [0.1, 0.15]}
    image = read_image(write_dicom(tmp_path / "a.dcm", ramp, [region()], **sizes))
    assert image.spacing_mm == pytest.approx((0.2, 0.2))
    image = read_image(write_dicom(tmp_path / "b.dcm", ramp, [region(unit=0)], **sizes))
    assert (image.spacing_mm, image.spacing_source) == ((0.7, 0.8), "PixelSpacing")
    image = read_image(write_dicom(tmp_path / "c.dcm", ramp, ImagerPixelSpacing=[0.1, 0.15]))
    assert (image.spacing_mm, image.spacing_source) == ((0.1, 0.15), "ImagerPixelSpacing")
    image = read_image(write_dicom(tmp_path / "d.dcm", ramp))
    assert (image.spacing_mm, image.spacing_source) == (None, None)
    image = read_image(write_dicom(tmp_path / "e.dcm", ramp, PixelSpacing=[0, 0.8]))
    assert image.spacing_mm is None
    assert image.notes


def test_spacing_by_hand_wins(tmp_path, ramp):
    image = read_image(write_dicom(tmp_path / "a.dcm", ramp, [region()]), spacing_mm=(0.3, 0.4))
    assert (image.spacing_mm, image.spacing_source) == ((0.3, 0.4), "given by hand")


def test_monochrome1_is_turned(tmp_path):
    pixels = np.array([[0, 1], [4094, 4095]], dtype=np.uint16)
    path = write_dicom(tmp_path / "m1.dcm", pixels, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11)
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, 4095 - pixels.astype(float))
    assert any("MONOCHROME1" in note for note in image.notes)
    signed = np.array([[-128, 127]], dtype=np.int8)
    image = read_image(write_dicom(tmp_path / "m1s.dcm", signed, PhotometricInterpretation="MONOCHROME1"))
    np.testing.assert_array_equal(image.pixels, [[127, -128]])


def test_rescale(tmp_path, ramp):
    image = read_image(write_dicom(tmp_path / "r.dcm", ramp, RescaleSlope=0.5, RescaleIntercept=-10))
    np.testing.assert_allclose(image.pixels, ramp * 0.5 - 10)


def test_enhanced_frames_have_their_own_size_scale_and_place(tmp_path, ramp):
    groups = []
    for frame in range(2):
        measures, values, position = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing = [0.5 + frame, 0.25]
        values.RescaleSlope, values.RescaleIntercept = 1 + frame, 7
        position.ImagePositionPatient = [1, 2, 3 + frame]
        group = Dataset()
        group.PixelMeasuresSequence = Sequence([measures])
        group.PixelValueTransformationSequence = Sequence([values])
        group.PlanePositionSequence = Sequence([position])
        groups.append(group)
    orientation, shared = Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PlaneOrientationSequence = Sequence([orientation])
    path = write_dicom(
        tmp_path / "enhanced.dcm",
        np.stack([ramp, ramp]),
        PerFrameFunctionalGroupsSequence=Sequence(groups),
        SharedFunctionalGroupsSequence=Sequence([shared]),
    )
    image = read_image(path, slice_index=1)
    assert image.spacing_mm == (1.5, 0.25)
    np.testing.assert_allclose(image.pixels, ramp * 2.0 + 7)
    assert image.geometry.origin_mm == (1, 2, 4)


def test_name_and_extension_do_not_matter(tmp_path, ramp):
    path = write_dicom(tmp_path / "IM0001", ramp)
    np.testing.assert_array_equal(read_image(path).pixels, ramp)
    path.rename(tmp_path / "picture.png")
    np.testing.assert_array_equal(read_image(tmp_path / "picture.png").pixels, ramp)


@pytest.mark.parametrize("explicit", [True, False])
def test_dicom_without_a_file_header(tmp_path, ramp, explicit):
    dataset = pydicom.dcmread(write_dicom(tmp_path / "a.dcm", ramp))
    del dataset.file_meta
    with (tmp_path / "bare").open("wb") as file:
        pydicom.filewriter.dcmwrite(file, dataset, implicit_vr=not explicit, little_endian=True)
    np.testing.assert_array_equal(read_image(tmp_path / "bare").pixels, ramp)


def test_deflate_bomb_is_refused(tmp_path, monkeypatch):
    from CervixRiskLib.imaging import dicom_reader

    path = write_dicom(tmp_path / "bomb.dcm", np.zeros((2000, 2000), np.uint8), syntax=DeflatedExplicitVRLittleEndian)
    assert path.stat().st_size < 20_000
    assert read_image(path).shape == (2000, 2000)
    monkeypatch.setattr(dicom_reader, "_MAX_DEFLATED_BYTES", 1 << 20)
    with pytest.raises(ImageError, match="unpacks to more"):
        read_image(path)


def test_size_that_lies_is_refused(tmp_path, ramp):
    with pytest.raises(ImageError, match="too many"):
        read_image(write_dicom(tmp_path / "a.dcm", ramp, Rows=65535, Columns=65535))
    with pytest.raises(ImageError, match="damaged or cut off"):
        read_image(write_dicom(tmp_path / "b.dcm", ramp, Rows=60))


def test_no_patient_data_in_what_is_said(tmp_path, ramp):
    path = write_dicom(tmp_path / "a.dcm", ramp, Rows=60)
    with pytest.raises(ImageError) as caught:
        read_image(path)
    assert "Secret" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
