"""Example cases are answered by the bundle, and a case that cannot be answered makes room for the next."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from CervixRiskLib.bundle import CaseInput, Prediction
from CervixRiskLib.bundle.example_choice import ChosenExample
from CervixRiskLib.cohort import Cohort, ColumnDictionary, load_cohort
from CervixRiskLib.cohort.columns import ClinicalColumn
from CervixRiskLib.errors import BundleError, ClinicalValueError
from CervixRiskLib.worker import predictors
from CervixRiskLib.worker.example_cases import picture_examples


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    """Six cases of two channels whose brightness is their number."""
    mask = np.zeros((40, 50), np.uint8)
    mask[10:30, 15:35] = 255
    Image.fromarray(mask).save(tmp_path / "roi.png")
    with (tmp_path / "cohort.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["case_id", "image", "image_t1", "roi", "outcome", "age", "unused"])
        for number in range(6):
            for channel, brightness in (("t2", number), ("t1", 100 + number)):
                pixels = np.full((40, 50), brightness, np.uint8)
                pixels[0, 0] = 255
                Image.fromarray(pixels).save(tmp_path / f"{channel}-{number}.png")
            writer.writerow([f"c{number}", f"t2-{number}.png", f"t1-{number}.png", "roi.png", number % 2, 40, number])
    return load_cohort(tmp_path / "cohort.csv")


class Answers:
    """Knows two channels and one clinical value; refuses the cases it is told to."""

    needs_roi = True
    channels = ("image_t1", "image")
    columns = ColumnDictionary((ClinicalColumn("age", label="Age"),))

    def __init__(self, refused: dict[str, Exception]) -> None:
        self.refused, self.asked = refused, []

    def predict(self, case: CaseInput, *, heatmap: bool, progress: Any) -> Prediction:
        self.asked.append(case)
        if case.case_id in self.refused:
            raise self.refused[case.case_id]
        heat_map = np.full(case.image.shape, 0.5, np.float32) if heatmap else None
        return Prediction(case.case_id, "plnm", 0.3, (0.1, 0.5), 0.5, "no", "yes", 0.2, heatmap=heat_map)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    def answer(refused: dict[str, Exception] | None = None) -> Answers:
        made = Answers(refused or {})
        monkeypatch.setattr(predictors, "open_predictor", lambda *_, **__: (SimpleNamespace(), made))
        return made

    return answer


CHOSEN = (
    ChosenExample("yes", "10th percentile of yes", False, ("c1", "c3", "c5")),
    ChosenExample("yes", "50th percentile of yes", False, ("c3", "c1", "c5")),
)


def test_the_first_candidate_is_asked_as_the_model_wants_it(cohort: Cohort, answering: Any) -> None:
    answers = answering()
    shown = picture_examples(Path("b"), cohort, CHOSEN)
    assert [case.case_id for case in answers.asked] == ["c1", "c3"]
    first = answers.asked[0]
    assert (first.image.pixels[5, 5], first.further_images[0].pixels[5, 5]) == (101, 1)
    assert dict(first.clinical) == {"age": 40.0}
    assert [example.reason for example in shown] == [one.reason for one in CHOSEN]
    assert shown[0].image[5, 5] == 101
    assert shown[0].heat_map is not None
    assert (shown[0].probability, shown[0].probability_of, shown[0].held_out) == (0.3, "yes", False)


def test_the_next_stands_in_and_no_case_is_shown_twice(cohort: Cohort, answering: Any) -> None:
    refused = {"c1": ClinicalValueError("A value is missing.")}
    answers = answering(refused)
    shown = picture_examples(Path("b"), cohort, CHOSEN)
    assert [case.case_id for case in answers.asked] == ["c1", "c3", "c1", "c5"]
    assert [int(example.image[5, 5]) for example in shown] == [103, 105]
    nobody = answering({f"c{number}": ClinicalValueError("A value is missing.") for number in range(6)})
    assert picture_examples(Path("b"), cohort, CHOSEN) == ()
    assert len(nobody.asked) == 6


def test_what_is_no_case_s_fault_ends_it(cohort: Cohort, answering: Any) -> None:
    answering({"c1": BundleError("The network's answer is not a number.")})
    with pytest.raises(BundleError):
        picture_examples(Path("b"), cohort, CHOSEN)


def test_without_examples_no_bundle_is_opened(cohort: Cohort) -> None:
    assert picture_examples(Path("there is none"), cohort, ()) == ()
