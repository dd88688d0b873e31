"""What a DICOM file says of its series: modality, T1 or T2, frame of reference."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from CervixRiskLib.imaging import read_image, read_slices
from CervixRiskLib.imaging.dicom_series import DicomSeries, read_series, series_of, weighting


def mr(**tags: object) -> Dataset:
    dataset = Dataset()
    dataset.Modality = "MR"
    for name, value in tags.items():
        setattr(dataset, name, value)
    return dataset


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("t2_tse_sag", "T2"),
        ("AX T1W", "T1"),
        ("Sag T2-weighted FRFSE", "T2"),
        ("T1+C", "T1"),
        # Neither, both, and what is no such picture.
        ("localizer", None),
        ("T1_T2 pair", None),
        ("T2* gre", None),
        ("t2star", None),
        ("T2 map", None),
        ("st2", None),
    ],
)
def test_the_name_of_the_series(name, said):
    assert weighting(mr(SeriesDescription=name)) == said
    assert weighting(mr(ProtocolName=name)) == said


@pytest.mark.parametrize(
    ("echo", "repetition", "sequence", "said"),
    [
        (100, 4000, "SE", "T2"),
        (12, 600, "SE", "T1"),
        (30, 3000, "SE", None),  # proton density
        (80, 800, "SE", None),
        (80, 4000, ["EP", "SE"], None),  # diffusion
        (None, 600, "SE", None),
        ([10, 90], 4000, "SE", None),
    ],
)
def test_times_speak_where_the_name_does_not(echo, repetition, sequence, said):
    tags = {"RepetitionTime": repetition, "ScanningSequence": sequence, "SeriesDescription": "sag 3 mm"}
    assert weighting(mr(**tags, **({} if echo is None else {"EchoTime": echo}))) == said


def test_a_name_is_believed_before_times_and_contrast_before_both():
    dataset = mr(SeriesDescription="t1_vibe", EchoTime=100, RepetitionTime=4000)
    assert weighting(dataset) == "T1"
    macro, frame_type = Dataset(), Dataset()
    frame_type.AcquisitionContrast = "T2"
    macro.MRImageFrameTypeSequence = Sequence([frame_type])
    dataset.SharedFunctionalGroupsSequence = Sequence([macro])
    assert weighting(dataset) == "T2"


def test_only_mr_is_weighted():
    dataset = mr(SeriesDescription="T2 like", FrameOfReferenceUID="1.2.3")
    assert series_of(dataset).weighting == "T2"
    dataset.Modality = "US"
    assert series_of(dataset).weighting is None
    assert series_of(Dataset()) == DicomSeries()


def test_an_image_knows_it(tmp_path):
    path = get_testdata_file("MR_small.dcm")
    image = read_image(path)
    series = read_series(type(tmp_path)(path))
    assert (image.modality, image.weighting) == (series.modality, series.weighting) == ("MR", "T2")
    assert image.frame_of_reference == series.frame_of_reference
    # A hash: the number itself leads to the patient.
    assert len(image.frame_of_reference) == 16
    assert "." not in image.frame_of_reference
    assert read_slices(path)[0].weighting == "T2"
    from PIL import Image

    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(tmp_path / "picture.png")
    assert read_series(tmp_path / "picture.png") == DicomSeries()
    assert read_image(tmp_path / "picture.png").weighting is None
