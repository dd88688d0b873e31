"""An answer's words, and a nomogram laid out for a screen."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from CervixRiskLib.bundle import (
    ClassProbability,
    Contribution,
    Prediction,
    PredictionWarning,
    PredictorPoints,
    WarningCode,
)
from CervixRiskLib.errors import BundleError, RoiError
from CervixRiskLib.scene import SliceChoice
from CervixRiskLib.statistics import Nomogram
from CervixRiskLib.worker import StudyFacts
from CervixRiskLib.workflow.answer_view import answer_view, probability_of, stale_reason
from CervixRiskLib.workflow.case_answer import CaseAnswer
from CervixRiskLib.workflow.nomogram_rows import nomogram_of, nomogram_rows

VALUES = {"fusion_score": 0.41, "maximum_diameter": 38.2, "figo": 0.9}


@pytest.fixture(scope="module")
def nomogram() -> Nomogram:
    return Nomogram.from_logistic(
        ["fusion_score", "maximum_diameter", "figo"],
        ["Fusion score", "Maximum diameter", "FIGO stage"],
        ["", "mm", ""],
        [4.0, 0.03, 1.0],
        -3.0,
        [(0, 1), (5, 80), (0, 1)],
        levels={"figo": {"I": 0.0, "II": 0.9}},
    )


@pytest.fixture(scope="module")
def answer(nomogram: Nomogram) -> CaseAnswer:
    points = tuple(
        PredictorPoints(
            axis.name, axis.label, VALUES[axis.name], axis.unit, nomogram.points(axis.name, VALUES[axis.name])
        )
        for axis in nomogram.axes
    )
    prediction = Prediction(
        case_id="case",
        task="plnm",
        probability=0.31,
        interval=(0.22, 0.42),
        threshold=0.35,
        label="no metastasis",
        positive_class="metastasis",
        score=0.41,
        points=points,
        total_points=nomogram.total(VALUES),
        contributions=(
            Contribution("glcm_Contrast", "radiomics", 1.0, 0.8),
            Contribution("deep_17", "deep", 1.0, -0.4),
            *(Contribution(f"f{n}", "deep", 0.0, 0.1) for n in range(9)),
        ),
        warnings=(
            PredictionWarning(WarningCode.SMALL_ROI, "The region is small."),
            PredictionWarning(WarningCode.DEMO_BUNDLE, "Simulated."),
        ),
        simulated=True,
        mask_hash="m",
    )
    study = StudyFacts("Lymph node metastasis", True, (), (), "", {"nomogram": nomogram.to_dict()}, {})
    return CaseAnswer(prediction, study, Path("model"), SliceChoice(2, 0), "CPU.", 0.41)


def changed(answer: CaseAnswer, **changes: Any) -> CaseAnswer:
    return replace(answer, prediction=replace(answer.prediction, **changes))


def test_the_words_of_an_answer(answer: CaseAnswer) -> None:
    view = answer_view(answer)
    assert (view.title, view.headline, view.outcome) == ("Lymph node metastasis", "31 %", "probability of PLNM")
    assert (view.interval_text, view.decision) == ("95 % interval 22 to 42 %", "below the threshold of 35 %")
    assert view.summary == "31 % · below the threshold of 35 %"
    long = replace(view, headline="> 99 %", decision="at or above the threshold of 22 %")
    assert long.summary == "> 99 % · at or above threshold 22 %"
    assert view.warnings == ("The region is small.",)
    assert view.simulated == "Demo bundle: trained on simulated data."
    assert view.notice == "For research use. Not a medical device."
    assert (view.computed, view.stale, view.caption) == ("0.4 s · CPU.", "", "")
    assert answer_view(replace(answer, seconds=0.01, processor="")).computed == "< 0.1 s"
    two = replace(answer, study=replace(answer.study, channels=("image", "image_t1")))
    assert answer_view(two).computed == "0.4 s · asked with T1 · CPU."


def test_points_have_bars_units_and_names_of_levels(answer: CaseAnswer) -> None:
    view = answer_view(answer)
    assert [row.label for row in view.points] == ["Fusion score 0.41", "Maximum diameter 38.2 mm", "FIGO stage II"]
    assert [row.text for row in view.points] == ["41 points", "29 points", "22 points"]
    assert view.points[0].share == pytest.approx(0.41)
    assert view.total == "92 points in total"
    beyond = PredictorPoints("x", "X", 9.0, "10^12/L", 140.0)
    one, none = PredictorPoints("y", "Y", 2.0, "", 1.2), PredictorPoints("z", "Z", 2.0, "", -0.3)
    rows = answer_view(changed(answer, points=(beyond, one, none))).points
    assert rows[0].share == 1.0
    assert [(row.label, row.text) for row in rows] == [
        ("X 9 10¹²/L", "140 points"),
        ("Y 2", "1 point"),
        ("Z 2", "0 points"),
    ]
    assert answer_view(changed(answer, points=(), total_points=None)).total == ""


def test_contributions_run_both_ways(answer: CaseAnswer) -> None:
    view = answer_view(answer, contributions=4)
    assert [(row.label, row.text) for row in view.contributions[:2]] == [
        ("glcm_Contrast", "+0.80"),
        ("deep_17", "−0.40"),
    ]
    assert [row.share for row in view.contributions[:2]] == [1.0, -0.5]
    assert (len(view.contributions), view.further_contributions) == (4, 7)
    nothing = answer_view(changed(answer, contributions=(Contribution("a", "deep", 0.0, 0.0),)))
    assert nothing.contributions[0].share == 0.0


@pytest.mark.parametrize(
    ("probability", "threshold", "words"),
    [
        (0.35, 0.35, "just at or above the threshold of 35 %"),
        (0.349, 0.351, "just below the threshold of 35 %"),
        (0.36, 0.35, "at or above the threshold of 35 %"),
        (0.5, None, "Group: no metastasis (the most probable)"),
    ],
)
def test_the_side_of_the_threshold(answer: CaseAnswer, probability: float, threshold: float, words: str) -> None:
    assert answer_view(changed(answer, probability=probability, threshold=threshold)).decision == words


def test_groups(answer: CaseAnswer) -> None:
    groups = (ClassProbability("surgery", 0.69), ClassProbability("chemoradiotherapy", 0.31))
    view = answer_view(
        changed(answer, task="staging", label="surgery", positive_class="chemoradiotherapy", class_probabilities=groups)
    )
    assert view.outcome == "probability of chemoradiotherapy"
    assert view.summary == "31 % · surgery"
    assert view.decision == "Group: surgery (chemoradiotherapy from 35 % on)"
    above = replace(answer.prediction, label="b", positive_class="b", class_probabilities=groups)
    assert answer_view(replace(answer, prediction=above)).decision == "Group: b (from 35 % on)"
    assert [(row.label, row.text, row.emphasised) for row in view.groups] == [
        ("surgery", "69 %", True),
        ("chemoradiotherapy", "31 %", False),
    ]


def test_another_answer_s_probability_of_the_same_class(answer: CaseAnswer) -> None:
    groups = (ClassProbability("a", 0.2), ClassProbability("b", 0.3), ClassProbability("c", 0.5))
    other = changed(answer, probability=0.5, positive_class="c", class_probabilities=groups).prediction
    assert probability_of(other, "b") == 0.3
    assert probability_of(answer.prediction, "metastasis") == 0.31


def stand_in(answer: CaseAnswer, mask_hash: str | None, *, bundle: str = "model", stale: bool = True) -> Any:
    def contour() -> Any:
        if mask_hash is None:
            raise RoiError("Nothing is drawn.")
        return SimpleNamespace(mask_hash=mask_hash)

    def is_of_the_model() -> bool:
        return Path(bundle) == answer.bundle

    return SimpleNamespace(answer=answer, answer_is_stale=stale, is_of_the_model=is_of_the_model, contour=contour)


def test_why_an_answer_is_old(answer: CaseAnswer) -> None:
    assert stale_reason(stand_in(answer, "m", stale=False)) == ""
    assert stale_reason(stand_in(answer, "other")) == "Asked before the contour changed. Ask again."
    assert stale_reason(stand_in(answer, None)) == "Asked before the contour changed. Ask again."
    assert stale_reason(stand_in(answer, "m", bundle="b")) == "Asked before another model was chosen. Ask again."
    assert stale_reason(stand_in(answer, "m")) == "Asked before the case changed. Ask again."


def rows(nomogram: Nomogram, values: dict[str, float], width: float = 300.0) -> Any:
    return nomogram_rows(
        nomogram, values, outcome="PLNM", left=100.0, right=100.0 + width, text_width=lambda text: 6.0 * len(text)
    )


def test_marks_stand_at_their_points_and_the_risk_below_the_total(answer: CaseAnswer, nomogram: Nomogram) -> None:
    scales, values = nomogram_of(answer)
    assert values == VALUES
    points, *predictors, total, risk = rows(scales, values)
    assert (points.start, points.end, points.mark) == (100.0, 400.0, None)
    for row, axis in zip(predictors, nomogram.axes, strict=True):
        expected = nomogram.points(axis.name, VALUES[axis.name])
        assert row.mark.x == pytest.approx(100 + 3 * expected)
        assert (row.mark.to_row, row.mark.text) == (0, f"{expected:.0f}")
    assert total.mark.x == risk.mark.x == pytest.approx(100 + 300 * nomogram.total(VALUES) / nomogram.total_ticks()[-1])
    assert total.mark.to_row == risk.mark.to_row == len(predictors) + 2
    assert risk.mark.text == f"{100 * nomogram.risk(nomogram.total(VALUES)):.0f} %"
    assert predictors[1].title == "Maximum diameter, mm"
    assert [label.text for label in predictors[2].labels] == ["I", "II"]


@pytest.mark.parametrize("width", [120.0, 250.0, 900.0])
def test_numbers_never_touch(nomogram: Nomogram, width: float) -> None:
    for row in rows(nomogram, VALUES, width):
        spans = sorted(
            (label.position - 3 * len(label.text), label.position + 3 * len(label.text))
            for label in row.labels
            if not label.raised
        )
        assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))
        assert row.labels or row.words


def test_ticks_of_a_short_axis_do_not_run_together(nomogram: Nomogram) -> None:
    for row in rows(nomogram, VALUES, 60.0)[1:-2]:
        assert all(right - left >= 4 for left, right in itertools.pairwise(sorted(row.ticks)))


def test_values_beyond_an_axis_and_missing_ones(nomogram: Nomogram) -> None:
    every = rows(nomogram, {**VALUES, "maximum_diameter": 400.0})
    assert every[2].mark.outside
    assert every[2].mark.x <= 408.0
    some = rows(nomogram, {"fusion_score": 0.5})
    assert [row.mark is not None for row in some] == [False, True, False, False, False, False]


def test_models_without_a_nomogram_and_damaged_ones(answer: CaseAnswer) -> None:
    without = replace(answer, study=replace(answer.study, manifest_json={"nomogram": None}))
    assert nomogram_of(without) is None
    assert answer_view(without).points[2].label == "FIGO stage 0.9"
    with pytest.raises(BundleError, match="version"):
        nomogram_of(replace(answer, study=replace(answer.study, manifest_json={"nomogram": {"schema": 99}})))
