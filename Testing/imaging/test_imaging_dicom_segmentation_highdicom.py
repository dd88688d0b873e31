"""DICOM segmentations as highdicom writes them."""

from __future__ import annotations

import copy

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless, RLELossless, generate_uid

from CervixRiskLib.errors import RoiError
from CervixRiskLib.imaging import SliceImage, read_image, read_roi


def shipped(name):
    path = get_testdata_file(name, download=False)
    assert path, f"pydicom no longer ships {name}"
    return path


def region(shape):
    mask = np.zeros(shape, bool)
    mask[10:19, 20:33] = True
    mask[10, 20] = False  # not symmetric, so that a mirrored one is noticed
    return mask


def written_by_highdicom(path, sources, pixels, kind, segments=1, syntax=ExplicitVRLittleEndian):
    highdicom = pytest.importorskip("highdicom")
    from pydicom.sr.codedict import codes

    descriptions = [
        highdicom.seg.SegmentDescription(
            segment_number=number,
            segment_label=f"reader {number}",
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.Neoplasm,
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number in range(1, segments + 1)
    ]
    written = highdicom.seg.Segmentation(
        source_images=sources,
        pixel_array=pixels.copy(),  # highdicom scales fractional ones in place
        segmentation_type=kind,
        segment_descriptions=descriptions,
        series_instance_uid=generate_uid(),
        series_number=7,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="test",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
        transfer_syntax_uid=syntax,
    )
    written.save_as(path)
    return path


def series(count):
    """MR_small.dcm repeated along its normal, 3 mm apart."""
    first = pydicom.dcmread(shipped("MR_small.dcm"))
    instances = []
    for number in range(count):
        instance = copy.deepcopy(first)
        x, y, z = (float(value) for value in first.ImagePositionPatient)
        instance.ImagePositionPatient = [x, y, z + 3 * number]
        instance.SOPInstanceUID = instance.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        instance.InstanceNumber = number + 1
        instances.append(instance)
    return instances


@pytest.mark.parametrize(
    ("kind", "syntax"),
    [
        ("BINARY", ExplicitVRLittleEndian),
        ("FRACTIONAL", ExplicitVRLittleEndian),
        ("FRACTIONAL", RLELossless),
        ("FRACTIONAL", JPEGLSLossless),
        ("LABELMAP", ExplicitVRLittleEndian),
        ("LABELMAP", RLELossless),
    ],
)
def test_highdicom_series(tmp_path, kind, syntax):
    if syntax == JPEGLSLossless:
        pytest.importorskip("jpeg_ls")
    sources = series(4)
    pixels = np.zeros((4, 64, 64), np.uint8)
    pixels[1:3] = region((64, 64))
    pixels[2, 30:40, 30:35] = 1
    path = written_by_highdicom(tmp_path / "s.dcm", sources, pixels, kind, syntax=syntax)
    for number, source in enumerate(sources):
        source.save_as(tmp_path / f"{number}.dcm")
        image = read_image(tmp_path / f"{number}.dcm")
        if number in (1, 2):
            roi = read_roi(path, image)
            np.testing.assert_array_equal(roi.mask, pixels[number] == 1)
            assert roi.spacing_mm == image.spacing_mm
        else:
            with pytest.raises(RoiError, match="does not reach this slice"):
                read_roi(path, image)


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_highdicom_segments(tmp_path, kind):
    image = read_image(shipped("MR_small.dcm"))
    pixels = np.zeros((1, 64, 64), np.uint8)
    pixels[0, 5:20, 8:30], pixels[0, 40:50, 40:44] = 1, 2
    path = written_by_highdicom(tmp_path / "s.dcm", series(1), pixels, kind, segments=2)
    with pytest.raises(RoiError, match="1 “reader 1”, 2 “reader 2”"):
        read_roi(path, image)
    for number in (1, 2):
        np.testing.assert_array_equal(read_roi(path, image, segment=f"reader {number}").mask, pixels[0] == number)
        np.testing.assert_array_equal(read_roi(path, image, label=number).mask, pixels[0] == number)


def test_highdicom_on_ultrasound(tmp_path):
    """Ultrasound has no position in the patient: the segment's only frame is taken."""
    source = pydicom.dcmread(shipped("examples_rgb_color.dcm"))
    image = read_image(shipped("examples_rgb_color.dcm"))
    pixels = region(image.shape).astype(np.uint8)[None]
    path = written_by_highdicom(tmp_path / "s.dcm", [source], pixels, "BINARY")
    np.testing.assert_array_equal(read_roi(path, image).mask, pixels[0] == 1)
    smaller = SliceImage(image.pixels[:-1])
    with pytest.raises(RoiError, match="pixels but the image has"):
        read_roi(path, smaller)
