"""A model that is asked about another kind of image than it knows: a warning, or where it is certain no answer."""

from __future__ import annotations

import numpy as np
import pytest

from CervixRiskLib.bundle import WarningCode
from CervixRiskLib.bundle.trained_series import SERIES, TrainedSeries, check_not_exchanged, weightings_named
from CervixRiskLib.errors import ImageError
from CervixRiskLib.imaging import SliceImage

CHANNELS = ("image", "image_t1")


def slice_of(modality: str | None = None, weighting: str | None = None, frame: str | None = None) -> SliceImage:
    return SliceImage(np.eye(4), modality=modality, weighting=weighting, frame_of_reference=frame)


def told(trained: TrainedSeries, *images: SliceImage) -> list[tuple[WarningCode, str]]:
    return [(warning.code, warning.text) for warning in trained.warnings(images)]


def test_another_modality_is_told_and_silence_is_not():
    trained = TrainedSeries.of({}, ("image",), "US")
    assert told(trained, slice_of()) == []
    assert told(trained, slice_of("US")) == []
    assert told(trained, slice_of("MR")) == [
        (WarningCode.OTHER_MODALITY, "This is MR, the model is for ultrasound: its answer means nothing.")
    ]


def test_what_the_training_files_said_goes_before_what_is_usual():
    trained = TrainedSeries.of({SERIES: {"image": {"modalities": ["CT", "MR"]}}}, ("image",), "US")
    assert told(trained, slice_of("MR")) == []
    assert told(trained, slice_of("US"))[0][1].startswith("This is ultrasound, the model is for CT or MR")


def test_each_image_has_its_own_name():
    trained = TrainedSeries.of({}, CHANNELS, "MR")
    warnings = told(trained, slice_of("MR"), slice_of("US"))
    assert warnings == [
        (WarningCode.OTHER_MODALITY, "image_t1: This is ultrasound, the model is for MR: its answer means nothing.")
    ]


def test_t2_in_the_place_of_t1():
    trained = TrainedSeries.of({}, CHANNELS, "MR")
    assert told(trained, slice_of("MR", "T2"), slice_of("MR", "T1")) == []
    assert told(trained, slice_of("MR"), slice_of("MR", "T2")) == [
        (WarningCode.OTHER_WEIGHTING, "image_t1: By its file this image is T2-weighted, the model expects T1 here.")
    ]
    # Nobody has said what the first one is to be, unless the training files did.
    assert told(trained, slice_of("MR", "T1"), slice_of("MR")) == []
    recorded = TrainedSeries.of({SERIES: {"image": {"weightings": ["T2"]}}}, CHANNELS, "MR")
    assert [code for code, _ in told(recorded, slice_of("MR", "T1"), slice_of("MR", "T1"))] == [
        WarningCode.OTHER_WEIGHTING
    ]


def test_exchanged_images_are_refused():
    trained = TrainedSeries.of({}, CHANNELS, "MR")
    with pytest.raises(ImageError, match="the image is T1-weighted and image_t1 is T2-weighted: the two are exchanged"):
        trained.warnings((slice_of("MR", "T1"), slice_of("MR", "T2")))
    check_not_exchanged(slice_of("MR", "T1"), slice_of("MR", "T2"), (), "DWI")
    check_not_exchanged(slice_of("MR", "T2"), slice_of("MR", "T2"), ("T1",), "T1")


def test_two_frames_of_reference_are_told():
    trained = TrainedSeries.of({}, CHANNELS, "MR")
    assert told(trained, slice_of(frame="a"), slice_of(frame="a")) == []
    assert told(trained, slice_of(frame="a"), slice_of()) == []
    code, text = told(trained, slice_of(frame="a"), slice_of(frame="b"))[0]
    assert code is WarningCode.OTHER_SECTION
    assert "different frames of reference" in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("image_t1", ("T1",)),
        ("image_T2w_fs", ("T2",)),
        ("t1_t2", ()),
        ("image", ()),
        ("image_post1", ()),
        ("image_t10", ()),
    ],
)
def test_channels_are_named_for_what_they_are(name, said):
    assert weightings_named(name) == said


@pytest.mark.parametrize(
    "damaged", ["MR", {"image": "MR"}, {"image": {"modalities": "MR"}}, {"image": {"modalities": [3]}}]
)
def test_a_stranger_s_record_does_no_harm(damaged):
    assert TrainedSeries.of({SERIES: damaged}, ("image",), "US").modalities == {"image": ("US",)}
    long = TrainedSeries.of({SERIES: {"image": {"modalities": ["M\x1b" * 99]}}}, ("image",), "US")
    assert len(long.modalities["image"][0]) < 20
    assert "\x1b" not in long.modalities["image"][0]
