"""The words of an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from CervixRiskLib.bundle.contracts import ClassProbability
from CervixRiskLib.bundle.prediction_text import answer_text, percent, pixel_size_text, range_text


def test_says_everything_that_qualifies_the_probability(prediction):
    lines = answer_text(prediction).lines()
    assert lines[0] == "PLNM 31 %"
    assert "95 % interval 22 to 42 %" in lines
    assert "Class: no metastasis" in lines
    assert "Threshold: 35 %" in lines
    assert "Nomogram: 71 points" in lines
    assert "▲ The region is small." in lines
    assert lines[-1] == "For research use. Not a medical device."


def test_other_studies_are_told_by_their_class(prediction):
    staging = replace(prediction, task="staging", positive_class="chemoradiotherapy")
    assert answer_text(staging).headline == "Chemoradiotherapy 31 %"


@pytest.mark.parametrize("by_flag", [True, False])
def test_simulated_data_is_said_once(prediction, by_flag):
    told = replace(prediction, simulated=by_flag)
    assert [line for line in answer_text(told).lines() if "simulated" in line] == [
        "Demo bundle: trained on simulated data."
    ]


def test_real_bundle_is_not_called_simulated(prediction):
    real = replace(prediction, simulated=False, warnings=())
    assert not any("simulated" in line for line in answer_text(real).lines())


def test_without_prediction_only_the_notice():
    assert answer_text(None).lines() == ("For research use. Not a medical device.",)


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "< 1 %"), (0.0099, "< 1 %"), (0.01, "1 %"), (0.314, "31 %"), (0.99, "99 %"), (0.996, "> 99 %")],
)
def test_no_probability_reads_as_certain(probability, words):
    assert percent(probability) == words


def test_range():
    assert range_text(0.22, 0.42) == "22 to 42 %"
    assert range_text(0.001, 0.999) == "< 1 to > 99 %"


def test_pixel_size(image):
    assert pixel_size_text(image) == "Pixel size 0.5 mm (PixelSpacing)"
    assert pixel_size_text(image.with_spacing((0.1, 0.25))) == "Pixel size 0.1 × 0.25 mm (given by hand)"
    assert pixel_size_text(replace(image, spacing_mm=None)) == "Pixel size unknown"


def test_a_group_of_two(prediction):
    groups = (ClassProbability("surgery", 0.69), ClassProbability("chemoradiotherapy", 0.31))
    staging = replace(
        prediction,
        task="staging",
        threshold=0.5,
        label="surgery",
        positive_class="chemoradiotherapy",
        class_probabilities=groups,
        total_points=None,
        heatmap_target="Grad-CAM for chemoradiotherapy",
        basis="Stage groups by FIGO 2018",
    )
    assert answer_text(staging).lines()[:5] == (
        "Chemoradiotherapy 31 %",
        "Group: surgery (chemoradiotherapy from 50 % on)",
        "95 % interval 22 to 42 %",
        "Stage groups by FIGO 2018",
        "Heat map: Grad-CAM for chemoradiotherapy",
    )


def test_all_of_three_groups_are_told(prediction):
    groups = tuple(ClassProbability(name, share) for name, share in (("a", 0.2), ("b", 0.5), ("c", 0.3)))
    three = replace(
        prediction,
        task="staging",
        threshold=None,
        label="b",
        positive_class="b",
        probability=0.5,
        heatmap=None,
        class_probabilities=groups,
    )
    told = answer_text(three)
    assert told.headline == "B 50 %"
    assert told.details[:3] == (
        "Group: b (the most probable)",
        "95 % interval 22 to 42 %",
        "All groups: a 20 %, b 50 %, c 30 %",
    )
    assert told.caption == ""


def test_a_heat_map_without_words_is_still_called_one(prediction):
    assert answer_text(replace(prediction, heatmap_target="")).caption == "Heat map"
