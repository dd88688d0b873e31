"""The contour moved by one pixel: variants, and questions that give way to a person's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CervixRiskLib.bundle import CaseInput, Prediction
from CervixRiskLib.cohort import ClinicalColumn, ColumnDictionary
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.scene import SliceChoice
from CervixRiskLib.worker import FailureKind, StudyFacts, WorkerAnswer, WorkerFailure
from CervixRiskLib.workflow.asked_in_turn import AskedInTurn
from CervixRiskLib.workflow.case_answer import CaseAnswer
from CervixRiskLib.workflow.contour_sensitivity import SensitivityResult, SensitivityRun
from CervixRiskLib.workflow.contour_variants import contour_variants
from CervixRiskLib.workflow.redrawn_case import redrawn_case


class FakeQuestions:
    """Keeps what is asked until the test answers it; more lesion is more risk."""

    def __init__(self, own: int) -> None:
        self.own = own
        self.open: dict[int, tuple[CaseInput, Callable[..., Any], Callable[..., Any]]] = {}
        self.asked: list[CaseInput] = []
        self.cancelled: list[int | None] = []
        self.options: list[tuple[bool, bool]] = []

    def ask(self, case: CaseInput, bundle: Path, *, heatmap: bool = True, title: str = "", background: bool = False,
            on_answer: Callable[..., Any], on_failure: Callable[..., Any]) -> int:  # fmt: skip
        ticket = len(self.asked) + 1
        self.asked.append(case)
        self.options.append((heatmap, background))
        self.open[ticket] = (case, on_answer, on_failure)
        return ticket

    def cancel(self, ticket: int | None = None) -> None:
        self.cancelled.append(ticket)

    def answer(self) -> None:
        ticket, (case, on_answer, _) = self.open.popitem()
        assert case.roi is not None
        on_answer(WorkerAnswer(ticket, prediction_of(0.31 + 0.001 * (case.roi.n_pixels - self.own)), 0.1, "CPU"))

    def fail(self, kind: FailureKind) -> None:
        ticket, (_, _, on_failure) = self.open.popitem()
        on_failure(WorkerFailure(ticket, kind, "RoiError", "Too small."))


def prediction_of(probability: float, mask_hash: str = "") -> Prediction:
    label = "metastasis" if probability >= 0.35 else "no metastasis"
    return Prediction("case", "plnm", probability, (0.2, 0.4), 0.35, label, "metastasis", 0.4, mask_hash=mask_hash)


def image_of(shape: tuple[int, int] = (20, 30)) -> SliceImage:
    return SliceImage(np.zeros(shape, dtype=np.float32) + np.arange(shape[1], dtype=np.float32), (0.5, 0.5), "x", "US")


def roi_of(rows: slice, columns: slice, shape: tuple[int, int] = (20, 30)) -> Roi:
    mask = np.zeros(shape, dtype=bool)
    mask[rows, columns] = True
    return Roi(mask, (0.5, 0.5))


@pytest.fixture
def roi() -> Roi:
    return roi_of(slice(5, 11), slice(8, 16))


@pytest.fixture
def case(roi: Roi) -> CaseInput:
    return CaseInput("case", image_of(), roi)


@pytest.fixture
def answer(roi: Roi) -> CaseAnswer:
    study = StudyFacts("PLNM", True, (), (), "", {}, {})
    return CaseAnswer(prediction_of(0.31, roi.mask_hash), study, Path("model"), SliceChoice(2, 0))


@pytest.fixture
def questions(roi: Roi) -> FakeQuestions:
    return FakeQuestions(roi.n_pixels)


def test_six_variants_of_a_contour_in_the_middle(roi: Roi) -> None:
    made = contour_variants(roi)
    variants = dict(made.variants)
    assert list(variants) == ["larger", "smaller", "up", "down", "left", "right"]
    assert made.left_out == ()
    assert variants["larger"].n_pixels == 6 * 8 + 2 * (6 + 8)
    assert variants["smaller"].n_pixels == 4 * 6
    assert variants["up"].bounding_box == (4, 8, 10, 16)
    assert variants["right"].bounding_box == (5, 9, 11, 17)
    assert {variant.spacing_mm for variant in variants.values()} == {(0.5, 0.5)}


def test_what_would_leave_the_image_or_vanish_is_said() -> None:
    made = contour_variants(roi_of(slice(0, 2), slice(28, 30)))
    assert [name for name, _ in made.variants] == ["larger", "smaller", "down", "left"]
    # Behind the border the tumour goes on: only the inner corner is left.
    assert dict(made.variants)["smaller"].n_pixels == 1
    assert made.left_out == ("up: it would leave the image", "right: it would leave the image")
    assert contour_variants(roi_of(slice(5, 6), slice(5, 9))).left_out == ("smaller: nothing would be left",)
    whole = contour_variants(roi_of(slice(0, 20), slice(0, 30)))
    assert whole.variants == ()
    assert len(whole.left_out) == 5


def test_a_range_over_the_variants(questions: FakeQuestions, case: CaseInput, answer: CaseAnswer) -> None:
    run = SensitivityRun(questions, case, answer)
    told: list[int] = []
    run.changed.connect(lambda: told.append(run.done))
    run.start()
    for number in range(6):
        # One at a time, without a heat map, and nobody waits for it.
        assert (len(questions.asked), len(questions.open), run.done) == (number + 1, 1, number)
        questions.answer()
    assert set(questions.options) == {(False, True)}
    assert told == [1, 2, 3, 4, 5, 6, 6]
    assert run.result is not None
    assert (run.result.low, run.result.high) == (pytest.approx(0.31 - 0.024), pytest.approx(0.31 + 0.028))
    assert run.result.text == "29 to 34 %"
    assert not run.result.crosses_threshold
    assert dict(run.result.by_variant)["up"] == pytest.approx(0.31)
    assert not run.running


def test_a_class_that_hangs_on_a_pixel(questions: FakeQuestions, case: CaseInput, answer: CaseAnswer) -> None:
    run = SensitivityRun(questions, case, answer)
    questions.own -= 20
    run.start()
    for _ in range(6):
        questions.answer()
    assert run.result is not None
    assert run.result.crosses_threshold


def test_a_range_too_small_for_whole_per_cent() -> None:
    assert SensitivityResult(0.308, 0.312, (), False).text == "stays 31 %"


def test_refused_variants_are_left_out_and_said(questions: FakeQuestions, case: CaseInput, answer: CaseAnswer) -> None:
    run = SensitivityRun(questions, case, answer)
    run.start()
    questions.answer()
    questions.fail(FailureKind.REFUSED)
    for _ in range(4):
        questions.answer()
    assert run.result is not None
    assert run.result.failures == (("smaller", "Too small."),)
    assert len(run.result.by_variant) == 5


def test_answers_of_a_file_that_was_replaced_do_not_count(
    questions: FakeQuestions, case: CaseInput, answer: CaseAnswer
) -> None:
    of_another = replace(answer, prediction=replace(answer.prediction, bundle_hash="of the model before"))
    run = SensitivityRun(questions, case, of_another)
    run.start()
    for _ in range(6):
        questions.answer()
    assert not run.running
    assert run.result is None
    assert run.done == 6


def test_a_crash_ends_the_run(questions: FakeQuestions, case: CaseInput, answer: CaseAnswer) -> None:
    run = SensitivityRun(questions, case, answer)
    run.start()
    questions.fail(FailureKind.CRASHED)
    assert (run.result, run.running, run.interrupted, len(questions.asked)) == (None, False, False, 1)
    run.start()
    assert len(questions.asked) == 1


def test_a_person_s_question_interrupts_and_the_run_goes_on(
    questions: FakeQuestions, case: CaseInput, answer: CaseAnswer
) -> None:
    run = SensitivityRun(questions, case, answer)
    run.start()
    questions.answer()
    questions.fail(FailureKind.CANCELLED)
    assert (run.interrupted, run.running, len(questions.open)) == (True, False, 0)
    run.start()
    for _ in range(5):
        questions.answer()
    assert run.result is not None
    assert len(run.result.by_variant) == 6


def test_stopping_gives_up_what_is_under_way(questions: FakeQuestions, case: CaseInput, answer: CaseAnswer) -> None:
    run = SensitivityRun(questions, case, answer)
    run.start()
    run.stop()
    assert questions.cancelled == [1]
    # An answer that comes nevertheless is not told, and nothing more is asked.
    questions.answer()
    assert (run.done, run.result, len(questions.asked)) == (0, None, 1)
    run.stop()
    assert questions.cancelled == [1]


def test_without_a_contour_nothing_is_asked(questions: FakeQuestions, answer: CaseAnswer) -> None:
    run = SensitivityRun(questions, CaseInput("case", image_of(), None), answer)
    run.start()
    assert (run.total, questions.asked) == (0, [])


def test_nothing_to_ask_ends_at_once(questions: FakeQuestions) -> None:
    ends: list[bool] = []

    def ignore(*_: Any) -> None:
        return None

    turn = AskedInTurn(questions, [], Path("m"), "", title="", on_answer=ignore, on_failure=ignore, on_end=ends.append)
    turn.start()
    assert ends == [True]


def test_a_measured_diameter_follows_the_contour(case: CaseInput, roi: Roi) -> None:
    columns = ColumnDictionary(
        (ClinicalColumn("maximum_diameter", "Maximum diameter", "mm"), ClinicalColumn("rbc_count", "RBC count"))
    )
    facts = facts_with(columns)
    assert roi.max_diameter_mm == pytest.approx(5.0)
    measured = replace(case, clinical={"maximum_diameter": 5.0, "rbc_count": 3.9})
    larger = dict(contour_variants(roi).variants)["larger"]
    assert larger.max_diameter_mm is not None
    redrawn = redrawn_case(measured, larger, facts)
    assert redrawn.clinical == {"maximum_diameter": round(larger.max_diameter_mm, 1), "rbc_count": 3.9}
    assert redrawn.roi is larger
    # What the person measured otherwise stays.
    typed = replace(case, clinical={"maximum_diameter": 7.0, "rbc_count": 3.9})
    assert redrawn_case(typed, larger, facts).clinical == typed.clinical


def facts_with(columns: ColumnDictionary) -> StudyFacts:
    from CervixRiskLib.bundle import BundleManifest, Calibration, TrainingSummary

    manifest = BundleManifest(
        task="plnm",
        created="2026-01-01T00:00:00Z",
        library_versions={},
        simulated=True,
        positive_class="metastasis",
        class_names=("no metastasis", "metastasis"),
        threshold=0.35,
        calibration=Calibration("none"),
        training=TrainingSummary(10, 5, "hash", 1.0),
    )
    return StudyFacts("PLNM", True, (), columns.names, "", manifest.to_json(), columns.to_mapping())
