"""DICOM segmentations built by hand with pydicom alone, honest and hostile."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    RLELossless,
    SegmentationStorage,
    generate_uid,
)

from CervixRiskLib.errors import CervixRiskError, ImageError, MissingComponentError, RoiError
from CervixRiskLib.imaging import SliceGeometry, SliceImage, read_image, read_roi

LABEL_MAP_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7"
PATIENT = "Doe^Jane"


def shipped(name):
    path = get_testdata_file(name, download=False)
    assert path, f"pydicom no longer ships {name}"
    return path


def region(shape, row=10, column=20, height=9, width=13):
    mask = np.zeros(shape, bool)
    mask[row : row + height, column : column + width] = True
    mask[row, column] = False  # not symmetric, so that a mirrored one is noticed
    return mask


# --- built by hand ---------------------------------------------------------------------------------------------------


def item(**values):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def frame_item(number=1, position=None, orientation=None, spacing=None, source_frame=None):
    groups = Dataset()
    if number is not None:
        groups.SegmentIdentificationSequence = Sequence([item(ReferencedSegmentNumber=number)])
    if position is not None:
        groups.PlanePositionSequence = Sequence([item(ImagePositionPatient=list(position))])
        groups.PlaneOrientationSequence = Sequence([item(ImageOrientationPatient=orientation or [1, 0, 0, 0, 1, 0])])
        groups.PixelMeasuresSequence = Sequence([item(PixelSpacing=list(spacing or (1.0, 1.0)))])
    if source_frame is not None:
        source = item(ReferencedSOPInstanceUID="1.2.3", ReferencedFrameNumber=source_frame)
        groups.DerivationImageSequence = Sequence([item(SourceImageSequence=Sequence([source]))])
    return groups


def segmentation(masks, frames=None, labels=("tumour",)):
    """A SEG dataset: ``masks`` (frames, rows, columns), one functional group a frame, one segment a label."""
    masks = np.asarray(masks)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = SegmentationStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID, dataset.SOPInstanceUID = SegmentationStorage, dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.PatientName, dataset.PatientID = "SEG", PATIENT, "4711"
    dataset.SegmentationType = "BINARY"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = masks.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = 0
    dataset.SegmentSequence = Sequence(
        [item(SegmentNumber=number, SegmentLabel=label) for number, label in enumerate(labels, start=1)]
    )
    dataset.PerFrameFunctionalGroupsSequence = Sequence(frames or [frame_item() for _ in masks])
    if masks.dtype == bool:
        dataset.PixelData = pack_bits(masks.astype(np.uint8).ravel())
    else:
        dataset.SegmentationType, dataset.MaximumFractionalValue = "FRACTIONAL", 200
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit = 7
        dataset.PixelData = masks.astype(np.uint8).tobytes() + b"\0" * (masks.size % 2)
    dataset["PixelData"].VR = "OB"
    return dataset


def save(path, dataset):
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def image():
    """Odd sizes: frames of packed bits do not end at whole bytes."""
    return SliceImage(np.zeros((33, 47)))


@pytest.fixture
def placed():
    geometry = SliceGeometry((10.0, -20.0, 30.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    return SliceImage(np.zeros((33, 47)), (0.5, 0.25), "PixelSpacing", geometry=geometry)


def test_a_single_frame(tmp_path, image):
    mask = region(image.shape)
    roi = read_roi(save(tmp_path / "s.dcm", segmentation([mask])), image)
    np.testing.assert_array_equal(roi.mask, mask)
    assert roi.spacing_mm is None


def test_a_segment_is_chosen_by_label_or_number(tmp_path, image):
    first, second = region(image.shape), region(image.shape, 3, 4)
    frames = [frame_item(2), frame_item(1)]
    path = save(tmp_path / "s.dcm", segmentation([second, first], frames, labels=("tumour", "bladder\n\x1b[31m")))
    with pytest.raises(RoiError, match=r"2 segments \(1 “tumour”, 2 “bladder.*--segment.*--label") as refused:
        read_roi(path, image)
    assert "\x1b" not in str(refused.value)
    np.testing.assert_array_equal(read_roi(path, image, segment="tumour").mask, first)
    np.testing.assert_array_equal(read_roi(path, image, label=2).mask, second)
    for wrong in ({"segment": "uterus"}, {"label": 3}, {"label": 2, "segment": "tumour"}):
        with pytest.raises(RoiError, match="no such segment: it has 1 “tumour”"):
            read_roi(path, image, **wrong)


def test_two_segments_of_one_name_need_the_number(tmp_path, image):
    masks = [region(image.shape), region(image.shape, 3, 4)]
    path = save(tmp_path / "s.dcm", segmentation(masks, [frame_item(1), frame_item(2)], labels=("lesion", "lesion")))
    with pytest.raises(RoiError, match="2 segments"):
        read_roi(path, image, segment="lesion")
    np.testing.assert_array_equal(read_roi(path, image, segment="lesion", label=2).mask, masks[1])


def test_fractional_segments_are_cut_at_half(tmp_path, image):
    values = np.zeros((1, *image.shape), np.uint8)
    values[0, 4, 5:9] = [99, 100, 101, 200]
    roi = read_roi(save(tmp_path / "s.dcm", segmentation(values)), image)
    assert np.argwhere(roi.mask).tolist() == [[4, 6], [4, 7], [4, 8]]


def test_frames_find_their_plane_in_the_patient(tmp_path, placed):
    masks = [region(placed.shape, row) for row in (2, 10, 18)]
    frames = [frame_item(1, (10, -20, 27 + 3 * k), spacing=(0.5, 0.25)) for k in range(3)]
    path = save(tmp_path / "s.dcm", segmentation(masks, frames))
    roi = read_roi(path, placed)
    np.testing.assert_array_equal(roi.mask, masks[1])
    assert roi.spacing_mm == (0.5, 0.25)
    elsewhere = SliceImage(
        placed.pixels, (0.5, 0.25), geometry=SliceGeometry((10.0, -20.0, 31.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    )
    with pytest.raises(RoiError, match="does not reach this slice"):
        read_roi(path, elsewhere)


def test_shared_groups_place_frames_too(tmp_path, placed):
    mask = region(placed.shape)
    dataset = segmentation([mask], [frame_item(1, (10, -20, 30))])
    groups = dataset.PerFrameFunctionalGroupsSequence[0]
    shared = item(
        PlaneOrientationSequence=groups.PlaneOrientationSequence,
        PixelMeasuresSequence=Sequence([item(PixelSpacing=[0.5, 0.25])]),
        SegmentIdentificationSequence=groups.SegmentIdentificationSequence,
    )
    for keyword in ("PlaneOrientationSequence", "PixelMeasuresSequence", "SegmentIdentificationSequence"):
        delattr(groups, keyword)
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    np.testing.assert_array_equal(read_roi(save(tmp_path / "s.dcm", dataset), placed).mask, mask)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (5, 9), (-3, -4), (20, 30)])
def test_smaller_and_larger_frames_are_laid_where_they_belong(tmp_path, placed, row, column):
    mask = np.zeros((20, 25), bool)
    mask[4:9, 6:12] = True
    mask[4, 6] = False
    position = (10 + column * 0.25, -20 + row * 0.5, 30)
    path = save(tmp_path / "s.dcm", segmentation([mask], [frame_item(1, position, spacing=(0.5, 0.25))]))
    roi = read_roi(path, placed)
    np.testing.assert_array_equal(np.argwhere(roi.mask), np.argwhere(mask) + np.array([row, column]))


def test_an_oblique_plane(tmp_path):
    right = np.array([0.8, 0.36, 0.48])
    down = np.cross([0.0, 0.8, -0.6], right)
    geometry = SliceGeometry((1.0, 2.0, 3.0), tuple(right), tuple(down))
    image = SliceImage(np.zeros((30, 40)), (0.7, 0.4), "PixelSpacing", geometry=geometry)
    mask = region((20, 30), 3, 4)
    origin = np.array([1.0, 2.0, 3.0]) + down * 0.7 * 6 + right * 0.4 * 8
    frame = frame_item(1, [f"{value:.10g}" for value in origin], [f"{v:.10g}" for v in (*right, *down)], (0.7, 0.4))
    roi = read_roi(save(tmp_path / "s.dcm", segmentation([mask], [frame])), image)
    np.testing.assert_array_equal(np.argwhere(roi.mask), np.argwhere(mask) + np.array([6, 8]))


@pytest.mark.parametrize(
    ("position", "orientation", "spacing", "sentence"),
    [
        ((10, -20, 30), [-1, 0, 0, 0, 1, 0], (0.5, 0.25), "turned"),
        ((10, -20, 30), [0, 1, 0, 1, 0, 0], (0.5, 0.25), "turned"),
        ((10, -20, 30), [1, 0, 0, 0, 0, 1], (0.5, 0.25), "turned"),
        ((10, -20, 30), None, (0.5, 0.5), "another pixel size"),
        ((10.1, -20, 30), None, (0.5, 0.25), "between the image's pixels"),
        ((-5, -20, 30), None, (0.5, 0.25), "beyond the image"),
        ((1e6, -20, 30), None, (0.5, 0.25), "beyond the image"),
        ((10, -20, 33), None, (0.5, 0.25), "does not reach this slice"),
    ],
)
def test_frames_drawn_on_another_grid_are_refused(tmp_path, placed, position, orientation, spacing, sentence):
    frame = frame_item(1, position, orientation, spacing)
    path = save(tmp_path / "s.dcm", segmentation([region(placed.shape)], [frame]))
    with pytest.raises(RoiError, match=sentence):
        read_roi(path, placed)


def test_a_pixel_size_given_by_hand_is_not_compared(tmp_path, placed):
    mask = region(placed.shape)
    path = save(tmp_path / "s.dcm", segmentation([mask], [frame_item(1, (10, -20, 30), spacing=(0.5, 0.25))]))
    np.testing.assert_array_equal(read_roi(path, placed.with_spacing((0.7, 0.7))).mask, mask)


def film(index, count=30):
    return SliceImage(np.zeros((33, 47)), slice_index=index, slice_count=count)


def test_frames_of_a_film_are_found_by_the_frame_they_refer_to(tmp_path):
    masks = [region((33, 47), row) for row in (2, 10)]
    path = save(tmp_path / "s.dcm", segmentation(masks, [frame_item(1, source_frame=8), frame_item(1, source_frame=5)]))
    np.testing.assert_array_equal(read_roi(path, film(7)).mask, masks[0])
    np.testing.assert_array_equal(read_roi(path, film(4)).mask, masks[1])
    with pytest.raises(RoiError, match="does not reach this slice"):
        read_roi(path, film(5))
    # A copy of one frame no longer knows its number.
    np.testing.assert_array_equal(read_roi(path, film(0, 1), slice_index=4).mask, masks[1])
    with pytest.raises(RoiError, match="marks 2 slices"):
        read_roi(path, film(0, 1))


def test_one_frame_that_refers_to_another_of_the_film_is_not_taken(tmp_path):
    path = save(tmp_path / "s.dcm", segmentation([region((33, 47))], [frame_item(1, source_frame=8)]))
    with pytest.raises(RoiError, match="does not reach this slice"):
        read_roi(path, film(8))
    assert read_roi(path, film(0, 1)).mask.any()


def test_frames_without_any_place_count_in_their_order(tmp_path):
    masks = [region((33, 47), row) for row in (2, 10, 18)]
    path = save(tmp_path / "s.dcm", segmentation(masks))
    np.testing.assert_array_equal(read_roi(path, film(2, 3)).mask, masks[2])
    np.testing.assert_array_equal(read_roi(path, film(0, 1), slice_index=1).mask, masks[1])
    for unknown in (film(1, 4), film(0, 1)):
        with pytest.raises(RoiError, match="say on which one the region was drawn, 0 to 2"):
            read_roi(path, unknown)
    with pytest.raises(RoiError, match="does not reach"):
        read_roi(path, film(0, 1), slice_index=3)


def test_frames_of_another_size_need_a_place(tmp_path, image):
    path = save(tmp_path / "s.dcm", segmentation([region((30, 40))]))
    with pytest.raises(RoiError, match="30 × 40 pixels but the image has 33 × 47"):
        read_roi(path, image)


def test_empty_segments_are_said_to_be_empty(tmp_path, image, placed):
    empty = save(tmp_path / "a.dcm", segmentation([np.zeros(image.shape, bool)]))
    frameless = save(tmp_path / "b.dcm", segmentation([region(image.shape)], labels=("tumour", "node")))
    for path, choice in ((empty, {}), (frameless, {"segment": "node"})):
        for slice_ in (image, placed):
            with pytest.raises(RoiError, match="does not reach this slice"):
                read_roi(path, slice_, **choice)


def test_label_maps(tmp_path, image):
    values = np.zeros((1, *image.shape), np.uint8)
    values[0, 4:9, 5:9], values[0, 12:15, 5:9] = 1, 2
    dataset = segmentation(values, labels=("tumour", "node"))
    dataset.SOPClassUID, dataset.SegmentationType = LABEL_MAP_STORAGE, "LABELMAP"
    dataset.SegmentSequence.insert(0, item(SegmentNumber=0, SegmentLabel="Background"))
    del dataset.PerFrameFunctionalGroupsSequence[0].SegmentIdentificationSequence
    path = save(tmp_path / "s.dcm", dataset)
    np.testing.assert_array_equal(read_roi(path, image, segment="node").mask, values[0] == 2)
    np.testing.assert_array_equal(read_roi(path, image, label=1).mask, values[0] == 1)
    with pytest.raises(RoiError, match="2 segments"):
        read_roi(path, image)


# --- hostile and unfit files -----------------------------------------------------------------------------------------


def without(keyword):
    def change(dataset):
        delattr(dataset, keyword)

    return change


def setting(keyword, value):
    def change(dataset):
        setattr(dataset, keyword, value)

    return change


def encapsulated(syntax):
    def change(dataset):
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = pydicom.encaps.encapsulate([b"\x00\x01\x02\x03" * 5])
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit = 7

    return change


BROKEN = {
    "huge": setting("Rows", 65535),
    "no rows": without("Rows"),
    "zero rows": setting("Rows", 0),
    "a frame too many": setting("NumberOfFrames", 2),
    "a million frames": setting("NumberOfFrames", 1_000_000),
    "negative frames": setting("NumberOfFrames", -3),
    "cut pixels": setting("PixelData", b"\x01\x02"),
    "no pixels": without("PixelData"),
    "no segments": without("SegmentSequence"),
    "empty segments": setting("SegmentSequence", Sequence([])),
    "a segment without number": setting("SegmentSequence", Sequence([item(SegmentLabel="tumour")])),
    "no groups": without("PerFrameFunctionalGroupsSequence"),
    "empty groups": setting("PerFrameFunctionalGroupsSequence", Sequence([Dataset()])),
    "no type": without("SegmentationType"),
    "an odd type": setting("SegmentationType", "PLAID"),
    "fractional without a maximum": setting("SegmentationType", "FRACTIONAL"),
    "colour": setting("SamplesPerPixel", 3),
    "no bits": without("BitsAllocated"),
    "many bits": setting("BitsAllocated", 13),
    "damaged RLE": encapsulated(RLELossless),
    "damaged JPEG 2000": encapsulated(JPEG2000Lossless),
    "JPEG Extended": encapsulated(JPEGExtended12Bit),
    "no class": without("SOPClassUID"),
    "a plan's contours": setting("SOPClassUID", "1.2.840.10008.5.1.4.1.1.481.3"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_end_in_one_sentence(tmp_path, image, placed, kind):
    dataset = segmentation([region(image.shape)])
    BROKEN[kind](dataset)
    path = tmp_path / "s.dcm"
    pydicom.dcmwrite(path, dataset, enforce_file_format=False)
    for slice_ in (image, placed):
        with pytest.raises((RoiError, ImageError, MissingComponentError)) as refused:
            read_roi(path, slice_)
        sentence = str(refused.value)
        assert sentence.endswith((".", ")"))
        assert "\n" not in sentence
        assert "Doe" not in sentence
        assert "4711" not in sentence


def test_files_cut_off_anywhere(tmp_path, image):
    whole = save(tmp_path / "s.dcm", segmentation([region(image.shape)])).read_bytes()
    path = tmp_path / "cut.dcm"
    for length in range(132, len(whole), 23):
        path.write_bytes(whole[:length])
        with pytest.raises(CervixRiskError):
            read_roi(path, image)


def test_random_damage_never_ends_in_a_traceback(tmp_path, image, placed):
    whole = np.frombuffer(save(tmp_path / "s.dcm", segmentation([region(image.shape)])).read_bytes(), np.uint8)
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.dcm"
    refused = 0
    for _ in range(300):
        damaged = whole.copy()
        places = rng.integers(132, len(whole), rng.integers(1, 6))
        damaged[places] = rng.integers(0, 256, len(places))
        path.write_bytes(damaged.tobytes())
        for slice_ in (image, placed):
            try:
                roi = read_roi(path, slice_)
            except CervixRiskError:
                refused += 1
            else:
                assert roi.shape == slice_.shape
    assert refused > 20


def test_a_deflate_bomb_is_refused(tmp_path, image, monkeypatch):
    dataset = segmentation([region(image.shape)])
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = save(tmp_path / "s.dcm", dataset)
    assert read_roi(path, image).mask.any()
    monkeypatch.setattr("CervixRiskLib.imaging.dicom_reader._MAX_DEFLATED_BYTES", 500)
    with pytest.raises(ImageError, match="unpacks to more"):
        read_roi(path, image)


def test_plain_images_and_plans_are_named(tmp_path):
    image = read_image(shipped("MR_small.dcm"))
    with pytest.raises(RoiError, match="an image, not a region of interest: choose a DICOM segmentation"):
        read_roi(shipped("MR_small.dcm"), image)
    with pytest.raises(RoiError, match=r"RTSTRUCT.*3D Slicer"):
        read_roi(shipped("rtstruct.dcm"), image)


def test_rle_frames(tmp_path, image):
    values = np.zeros((2, *image.shape), np.uint8)
    values[0, 4:9, 5:9], values[1, 12:15, 5:9] = 200, 150
    dataset = segmentation(values, [frame_item(1), frame_item(2)], labels=("tumour", "node"))
    dataset.compress(RLELossless, generate_instance_uid=False)
    path = save(tmp_path / "s.dcm", dataset)
    np.testing.assert_array_equal(read_roi(path, image, label=1).mask, values[0] > 0)
    np.testing.assert_array_equal(read_roi(path, image, label=2).mask, values[1] > 0)


def test_files_without_a_header(tmp_path, image):
    """As some archives send them: no preamble, no transfer syntax."""
    dataset = segmentation([region(image.shape)])
    dataset.file_meta = FileMetaDataset()
    path = tmp_path / "s.dcm"
    pydicom.dcmwrite(path, dataset, implicit_vr=True, little_endian=True, enforce_file_format=False)
    np.testing.assert_array_equal(read_roi(path, image).mask, region(image.shape))


def test_a_long_film_stays_quick(tmp_path):
    """Only the frames of this slice are unpacked."""
    masks = np.zeros((400, 33, 47), bool)
    masks[:, 5:9, 6:12] = True
    frames = [frame_item(1, source_frame=number + 1) for number in range(400)]
    path = save(tmp_path / "s.dcm", segmentation(masks, frames))
    assert read_roi(path, film(399, 400)).n_pixels == 24
