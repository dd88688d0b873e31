"""What the files of a cohort say of themselves, for the bundle that is trained on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from CervixRiskLib.cohort import load_cohort
from CervixRiskLib.cohort.stated_series import stated_series


def write_dicom(path: Path, modality: str, description: str) -> None:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = MRImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.Modality, dataset.SeriesDescription = modality, description
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 4, 5, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = bytes(range(20))
    dataset.save_as(path, enforce_file_format=True)


def cohort_of(folder: Path, images: dict[str, str]) -> Path:
    rows = ["case_id,image,image_t1,outcome", *(f"{case},{files},{case == 'B':d}" for case, files in images.items())]
    (folder / "cohort.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder / "cohort.csv"


def test_what_occurs_by_channel(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 5), dtype=np.uint8)).save(tmp_path / "a.png")
    write_dicom(tmp_path / "a.dcm", "MR", "t2_tse")
    write_dicom(tmp_path / "b.dcm", "MR", "sag")
    write_dicom(tmp_path / "c.dcm", "MR", "t1_tse")
    table = cohort_of(tmp_path, {"A": "a.dcm,a.png", "B": "b.dcm,c.dcm"})
    assert stated_series(load_cohort(table, require_roi=False)) == {
        "image": {"modalities": ["MR"], "weightings": ["T2"]},
        "image_t1": {"modalities": ["MR"], "weightings": ["T1"]},
    }


def test_pictures_state_nothing(tmp_path: Path) -> None:
    for name in "ab":
        Image.fromarray(np.full((4, 5), ord(name), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    table = cohort_of(tmp_path, {"A": "a.png,b.png", "B": "b.png,a.png"})
    assert stated_series(load_cohort(table, require_roi=False)) == {}
