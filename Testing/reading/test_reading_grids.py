"""Contours find their slice: every kind of grid and format, into a study and out of it again."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.uid import ExplicitVRLittleEndian, SegmentationStorage, generate_uid
from study_tables import write_table

from CervixRiskLib.cohort import load_case, load_cohort
from CervixRiskLib.errors import ReadingError, RoiError
from CervixRiskLib.imaging import Roi, read_image, read_roi, write_roi
from CervixRiskLib.reading import (
    Consensus,
    Origin,
    all_contours,
    assign,
    check_integrity,
    create_study,
    export_cohort,
    import_contour,
    import_contours,
)


def masks(study) -> dict[tuple[str, str, str, int], np.ndarray]:
    """Every contour's pixels as they are on the disk."""
    cases = {case.number: case for case in study.cases()}
    return {
        (contour.case_id, contour.reader, contour.round.value, contour.version): study.roi(
            contour, study.image(cases[contour.number])
        ).mask
        for contour in all_contours(study)
    }


# --- a cohort of every kind of grid ----------------------------------------------------------------------------------


def blob(shape, seed) -> np.ndarray:
    random = np.random.default_rng(seed)
    mask = np.zeros(shape, bool)
    row, column = random.integers(3, 9, 2)
    mask[row : row + 11, column : column + 14] = True
    mask[row, column] = False  # not symmetric, so that a mirrored one is noticed
    return mask


def volume(path: Path, slices: int, seed: int, *, oblique: bool, label_slice: int, label: int) -> Path:
    """A 3-D image and a label volume with another region on every slice; returns the label's path."""
    random = np.random.default_rng(seed)
    shape = (slices, 34, 41)
    labels = np.zeros(shape, np.uint8)
    for index in range(slices):
        labels[index] = blob(shape[1:], 100 * seed + index) * np.uint8(label if index == label_slice else 9)
    for pixels, name in ((random.normal(100, 20, shape).astype(np.float32), path), (labels, label_path(path))):
        image = sitk.GetImageFromArray(pixels)
        image.SetSpacing((0.7, 0.6, 4.0))
        if oblique:
            cosine, sine = np.cos(0.3), np.sin(0.3)
            image.SetOrigin((12.5, -40.25, 7.75))
            image.SetDirection((cosine, -sine, 0, sine, cosine, 0, 0, 0, 1))
        sitk.WriteImage(image, str(name))
    return label_path(path)


def label_path(path: Path) -> Path:
    name = path.name
    stem = name.split(".", 1)[0]
    return path.with_name(f"{stem}-label{name.removeprefix(stem)}")


def bare_nrrd(path: Path, values: np.ndarray) -> None:
    """An NRRD volume that knows sizes but no place in a patient."""
    kind = {"uint8": "uchar", "float32": "float"}[values.dtype.name]
    sizes = " ".join(str(size) for size in values.shape[::-1])
    header = (
        f"NRRD0004\ntype: {kind}\ndimension: 3\nsizes: {sizes}\nspacings: 0.5 0.4 1\nencoding: raw\nendian: little\n\n"
    )
    path.write_bytes(header.encode() + values.tobytes())


def dicom_segmentation(path: Path, source: pydicom.Dataset, mask: np.ndarray) -> Path:
    """A SEG of two frames on the source's grid: one 10 mm away that marks everything, and the mask."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = SegmentationStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID, dataset.SOPInstanceUID = SegmentationStorage, dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.SegmentationType = "SEG", "BINARY"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = 2, *mask.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 1, 0
    segment = Dataset()
    segment.SegmentNumber, segment.SegmentLabel = 1, "tumour"
    dataset.SegmentSequence = [segment]
    frames = []
    orientation = [float(value) for value in source.ImageOrientationPatient]
    normal = np.cross(orientation[:3], orientation[3:])
    for away in (10.0, 0.0):
        frame, number, place, turned, pixel = Dataset(), Dataset(), Dataset(), Dataset(), Dataset()
        number.ReferencedSegmentNumber = 1
        place.ImagePositionPatient = [float(v) for v in np.array(source.ImagePositionPatient, float) + away * normal]
        turned.ImageOrientationPatient = orientation
        pixel.PixelSpacing = list(source.PixelSpacing)
        frame.SegmentIdentificationSequence, frame.PlanePositionSequence = [number], [place]
        frame.PlaneOrientationSequence, frame.PixelMeasuresSequence = [turned], [pixel]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames
    bits = np.stack([np.ones(mask.shape), mask]).astype(np.uint8)
    dataset.PixelData = pack_bits(bits.ravel())
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def grids(tmp_path) -> Path:
    """``cohort.csv`` with a case of every kind of grid."""
    folder = tmp_path / "grids"
    folder.mkdir()
    rows = []
    random = np.random.default_rng(5)
    for name, spacing in (("by hand", "0.2 x 0.3"), ("unknown", "")):
        Image.fromarray(random.integers(0, 255, (30, 44), dtype=np.uint8)).save(folder / f"{name}.png")
        Image.fromarray(blob((30, 44), len(name)).astype(np.uint8) * 255).save(folder / f"{name}-roi.png")
        rows.append({"case_id": name, "image": f"{name}.png", "roi": f"{name}-roi.png", "spacing_mm": spacing})
    for name, file, oblique in (("volume", "v.nrrd", True), ("upright", "u.nrrd", False), ("nifti", "n.nii.gz", True)):
        roi = volume(folder / file, 6, len(rows), oblique=oblique, label_slice=4, label=3)
        rows.append({"case_id": name, "image": file, "roi": roi.name, "slice": 4, "label": 3})
    bare_nrrd(folder / "bare.nrrd", random.normal(50, 9, (5, 30, 33)).astype(np.float32))
    labels = np.stack([blob((30, 33), index) for index in range(5)]).astype(np.uint8)
    bare_nrrd(folder / "bare-label.nrrd", labels)
    rows.append({"case_id": "bare", "image": "bare.nrrd", "roi": "bare-label.nrrd", "slice": 2})
    source = get_testdata_file("MR_small.dcm", download=False)
    dataset = pydicom.dcmread(source)
    (folder / "mr.dcm").write_bytes(Path(source).read_bytes())
    dicom_segmentation(folder / "mr-seg.dcm", dataset, blob((dataset.Rows, dataset.Columns), 77))
    rows.append({"case_id": "dicom", "image": "mr.dcm", "roi": "mr-seg.dcm"})
    for index, row in enumerate(rows):
        row["outcome"] = index % 2
    return write_table(folder / "cohort.csv", rows)


def test_a_cohort_is_the_primary_readers_first_round_on_every_grid(tmp_path, grids):
    study = create_study(tmp_path / "study", grids)
    assign(study, primary="Reader A", second_cases=2)
    summary = import_contours(study, grids, software="ITK-SNAP 4")
    cohort = load_cohort(grids)
    assert len(summary.added) == len(cohort) == 7
    stored = masks(study)
    for case_id in cohort.case_ids:
        np.testing.assert_array_equal(stored[case_id, "Reader A", "initial", 1], load_case(cohort, case_id)[1].mask)
    # The oracle does not share the reading of volumes: the region of slice 4, straight from ITK.
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(grids.with_name("n-label.nii.gz"))))
    np.testing.assert_array_equal(stored["nifti", "Reader A", "initial", 1], labels[4] == 3)
    np.testing.assert_array_equal(stored["dicom", "Reader A", "initial", 1], blob((64, 64), 77))
    contours = all_contours(study)
    assert {contour.origin for contour in contours} == {Origin.IMPORTED}
    assert {contour.software for contour in contours} == {"ITK-SNAP 4"}
    assert check_integrity(study).sound
    again = import_contours(study, grids)
    assert (again.added, again.already_there) == ((), 7)


def test_a_cohorts_slice_must_be_the_studys(tmp_path, grids):
    study = create_study(tmp_path / "study", grids)
    assign(study, primary="Reader A", second_cases=2)
    grids.write_text(grids.read_text().replace("n-label.nii.gz,,0,4,3", "n-label.nii.gz,,0,3,9"))
    with pytest.raises(ReadingError, match=r"row 6 \(nifti\): slice is 3, but the study shows slice 4"):
        import_contours(study, grids)
    assert all_contours(study) == ()


def test_a_slice_of_the_contours_own_file(tmp_path, study):
    """A label volume of another length that knows no place: its table says which slice."""
    labels = np.zeros((3, 40, 48), np.uint8)
    labels[1, 5:20, 5:20] = 1
    labels[2, 8:30, 8:30] = 1
    bare_nrrd(tmp_path / "labels.nrrd", labels)
    table = write_table(tmp_path / "t.csv", [{"case_id": "Case 1", "roi": "labels.nrrd"}])
    with pytest.raises(ReadingError, match="has 3 slices"):
        import_contours(study, table)
    table = write_table(tmp_path / "t.csv", [{"case_id": "Case 1", "roi": "labels.nrrd", "slice": "2"}])
    import_contours(study, table)
    np.testing.assert_array_equal(masks(study)["Case 1", "Reader A", "initial", 1], labels[2] > 0)


@pytest.mark.parametrize("ending", [".png", ".nrrd", ".seg.nrrd", ".json", ".nii"])
def test_formats(tmp_path, study, cohort_table, ending):
    cohort = load_cohort(cohort_table)
    image, _ = load_case(cohort, "Case 3")
    mask = np.zeros(image.shape, bool)
    mask[7:21, 9:33] = True
    path = tmp_path / f"contour{ending}"
    if ending == ".json":
        path.write_text(json.dumps([[7, 9], [7, 32], [20, 32], [20, 9]]))
    elif ending == ".nii":
        sitk.WriteImage(sitk.GetImageFromArray(mask[None].astype(np.uint8)), str(path))
    else:
        write_roi(path, Roi.from_mask(mask, image), image)
    summary = import_contour(study, "Case 3", path, duration_s=61, drawn_on=date(2025, 12, 1))
    assert [receipt.version for receipt in summary.added] == [1]
    np.testing.assert_array_equal(masks(study)["Case 3", "Reader A", "initial", 1], mask)
    (contour,) = all_contours(study)
    assert (contour.drawn_at, contour.duration_s) == (datetime(2025, 12, 1, tzinfo=timezone.utc), 61)


def test_what_is_exported_lies_on_the_same_images(tmp_path, grids):
    """The way back: pixels, pixel sizes and regions as the original cohort has them."""
    study = create_study(tmp_path / "study", grids)
    assign(study, primary="Reader A", second_cases=2)
    import_contours(study, grids)
    made = export_cohort(study, grids, tmp_path / "elsewhere" / "out", Consensus.PRIMARY)
    assert (made.cases, made.left_out) == (7, ())
    before, after = load_cohort(grids), load_cohort(tmp_path / "elsewhere" / "out" / "cohort.csv")
    assert after.case_ids == before.case_ids
    assert "label" not in (tmp_path / "elsewhere" / "out" / "cohort.csv").read_text().splitlines()[0].split(",")
    for case_id in before.case_ids:
        (old, old_roi), (new, new_roi) = load_case(before, case_id), load_case(after, case_id)
        np.testing.assert_array_equal(new.pixels, old.pixels)
        np.testing.assert_array_equal(new_roi.mask, old_roi.mask)
        assert (new.spacing_mm, new.spacing_source, new.slice_index, new.geometry) == (
            old.spacing_mm, old.spacing_source, old.slice_index, old.geometry,
        )  # fmt: skip
        assert new_roi.spacing_mm == old_roi.spacing_mm
        assert not Path(after.table.loc[case_id, "image"]).is_absolute()
    assert after.outcomes.tolist() == before.outcomes.tolist()


@pytest.mark.parametrize("case_id", ["volume", "nifti", "bare"])
def test_an_exported_contour_belongs_to_its_slice_alone(tmp_path, grids, case_id):
    """The written file says which slice it is of: on another slice of the same volume it is refused."""
    study = create_study(tmp_path / "study", grids)
    assign(study, primary="Reader A", second_cases=2)
    import_contours(study, grids)
    export_cohort(study, grids, tmp_path / "out", Consensus.PRIMARY)
    cohort = load_cohort(tmp_path / "out" / "cohort.csv")
    other = read_image(cohort.image_path(case_id), slice_index=1)
    with pytest.raises(RoiError):
        read_roi(cohort.roi_path(case_id), other)


def test_a_contour_from_the_study_fits_the_film(tmp_path):
    """One frame of an ultrasound film, as DICOM has them: many frames, no place in the patient."""
    folder = tmp_path / "film"
    folder.mkdir()
    film = get_testdata_file("examples_ybr_color.dcm", download=False)
    (folder / "film.dcm").write_bytes(Path(film).read_bytes())
    image = read_image(folder / "film.dcm", slice_index=7)
    mask = np.zeros(image.shape, bool)
    mask[40:90, 60:130] = True
    write_roi(folder / "roi.png", Roi.from_mask(mask, image), image)
    rows = [
        {"case_id": f"frame {index}", "image": "film.dcm", "roi": "roi.png", "slice": index, "outcome": index % 2}
        for index in (7, 12)
    ]
    table = write_table(folder / "cohort.csv", rows)
    study = create_study(tmp_path / "study", table)
    assign(study, primary="Reader A", second_cases=2)
    import_contours(study, table)
    export_cohort(study, table, tmp_path / "out", Consensus.PRIMARY)
    cohort = load_cohort(tmp_path / "out" / "cohort.csv")
    for case_id, index in (("frame 7", 7), ("frame 12", 12)):
        new, roi = load_case(cohort, case_id)
        np.testing.assert_array_equal(roi.mask, mask)
        np.testing.assert_array_equal(new.pixels, read_image(folder / "film.dcm", slice_index=index).pixels)
