"""Other readers' contours beside the case's own, and how both checks live with the answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CervixRiskLib.bundle import CaseInput, Prediction
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.worker import FailureKind, StudyFacts, WorkerAnswer, WorkerEvent, WorkerFailure
from CervixRiskLib.workflow.case_answer import CaseAnswer
from CervixRiskLib.workflow.questions import Questions
from CervixRiskLib.workflow.reader_comparison import ReaderAnswer, ReaderComparison, reading_title

BUNDLE = Path("model")
FACTS = StudyFacts("PLNM", True, (), (), "", {}, {})


class FakeWorker:
    """Answers one question a poll: more lesion is more risk."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, CaseInput]] = []
        self.ended: list[WorkerEvent] = []
        self.asked: list[CaseInput] = []
        self.slope = 0.001
        self.own = 0

    def request(self, case: CaseInput, bundle: Path, options: Any) -> int:
        self.asked.append(case)
        self.waiting.append((len(self.asked), case))
        return len(self.asked)

    def poll(self) -> list[WorkerEvent]:
        events, self.ended = self.ended, []
        if self.waiting:
            ticket, case = self.waiting.pop(0)
            assert case.roi is not None
            probability = 0.31 + self.slope * (case.roi.n_pixels - self.own)
            events.append(WorkerAnswer(ticket, prediction_of(probability, case.roi), 0.1, "CPU"))
        return events

    def cancel(self, ticket: int) -> None:
        if any(number == ticket for number, _ in self.waiting):
            self.waiting = [entry for entry in self.waiting if entry[0] != ticket]
            self.ended.append(WorkerFailure(ticket, FailureKind.CANCELLED, "Cancelled", "Stopped."))

    def close(self) -> None:
        pass


def prediction_of(probability: float, roi: Roi) -> Prediction:
    label = "metastasis" if probability >= 0.35 else "no metastasis"
    return Prediction("case", "plnm", probability, (0.2, 0.4), 0.35, label, "metastasis", 0.4, mask_hash=roi.mask_hash)


def box(rows: tuple[int, int], columns: tuple[int, int], spacing: tuple[float, float] | None = (0.5, 0.5)) -> Roi:
    mask = np.zeros((60, 80), dtype=bool)
    mask[slice(*rows), slice(*columns)] = True
    return Roi(mask, spacing)


OWN = box((20, 30), (20, 30))


@pytest.fixture
def worker() -> FakeWorker:
    made = FakeWorker()
    made.own = OWN.n_pixels
    return made


@pytest.fixture
def questions(worker: FakeWorker) -> Iterator[Questions]:
    made = Questions(lambda force_cpu: worker, let_go_seconds=0.0)  # type: ignore[arg-type, return-value]
    yield made
    made.close()


@pytest.fixture
def asked(session: Any, ultrasound: SliceImage) -> CaseAnswer:
    """The session's case, drawn by reader A and answered."""
    from CervixRiskLib.scene import add_slice_volume

    session.open_volume(add_slice_volume(session.scene, ultrasound, "case"))
    session.set_reading("A", "1")
    session.start_contour(OWN)
    session.set_study(BUNDLE, FACTS)
    answer = CaseAnswer(prediction_of(0.31, OWN), FACTS, BUNDLE, session.choice())
    session.show_answer(answer)
    return answer


def drawn_by(session: Any, reader: str, roi: Roi, reading_round: str = "1") -> None:
    from CervixRiskLib.scene import Reading, start_reading

    start_reading(session.scene, session.volume, Reading(session.case_id, reader, reading_round), roi)


def finish(questions: Questions, most: int = 40) -> None:
    for _ in range(most):
        questions.poll()


@pytest.mark.slicer
def test_probability_and_overlap_of_each_other_contour(
    session: Any, asked: CaseAnswer, worker: FakeWorker, questions: Questions
) -> None:
    drawn_by(session, "B", box((20, 30), (22, 32)))
    drawn_by(session, "A", box((20, 30), (20, 31)), "2")
    comparison = ReaderComparison(questions, session, session.case_input(), asked)
    comparison.start()
    assert [answer.text for answer in comparison.answers] == [
        "… (Dice 0.80, 95 % Hausdorff 1.0 mm)",
        "… (Dice 0.95, 95 % Hausdorff 0.5 mm)",
    ]
    finish(questions)
    assert [(answer.name, answer.text) for answer in comparison.answers] == [
        ("Reader B, round 1", "31 % (Dice 0.80, 95 % Hausdorff 1.0 mm)"),
        ("Reader A, round 2", "32 % (Dice 0.95, 95 % Hausdorff 0.5 mm)"),
    ]
    assert (comparison.disagreement, comparison.ended) == ("", True)


@pytest.mark.slicer
def test_opposite_sides_of_the_threshold_are_told(
    session: Any, asked: CaseAnswer, worker: FakeWorker, questions: Questions
) -> None:
    drawn_by(session, "B", box((15, 35), (15, 35)))
    comparison = ReaderComparison(questions, session, session.case_input(), asked)
    comparison.start()
    finish(questions)
    assert comparison.disagreement == (
        "The readers disagree: the contour of Reader B, round 1 leads on the other side of the threshold."
    )


@pytest.mark.slicer
def test_a_contour_that_cannot_be_used_is_told(
    session: Any, asked: CaseAnswer, worker: FakeWorker, questions: Questions
) -> None:
    from CervixRiskLib.scene import Reading, start_reading

    start_reading(session.scene, session.volume, Reading(session.case_id, "B", "1"))
    comparison = ReaderComparison(questions, session, session.case_input(), asked)
    comparison.start()
    assert "empty" in comparison.answers[0].text
    assert comparison.ended
    assert worker.asked == []


@pytest.mark.slicer
def test_other_contours_stay_unseen_while_blinded(session: Any, asked: CaseAnswer, questions: Questions) -> None:
    from CervixRiskLib.workflow.answer_checks import AnswerChecks

    drawn_by(session, "B", box((20, 30), (22, 32)))
    checks = AnswerChecks(session, questions)
    session.set_blinded(True)
    checks.begin()
    assert (checks.readers, checks.sensitivity) == (None, None)


@pytest.mark.slicer
def test_readers_first_then_the_contour_moved_by_a_pixel(
    session: Any, asked: CaseAnswer, worker: FakeWorker, questions: Questions
) -> None:
    from CervixRiskLib.workflow.answer_checks import AnswerChecks

    drawn_by(session, "B", box((20, 30), (22, 32)))
    checks = AnswerChecks(session, questions)
    checks.begin()
    assert len(worker.asked) == 1
    finish(questions)
    assert len(worker.asked) == 7
    assert checks.readers is not None
    assert checks.readers.answers[0].probability == pytest.approx(0.31)
    assert checks.sensitivity is not None
    assert checks.sensitivity.result is not None
    assert checks.sensitivity.result.text == "27 to 35 %"
    # Begun once for an answer.
    checks.begin()
    finish(questions)
    assert len(worker.asked) == 7
    checks.close()


@pytest.mark.slicer
def test_a_new_question_never_waits_for_a_check(
    session: Any, asked: CaseAnswer, worker: FakeWorker, questions: Questions
) -> None:
    from CervixRiskLib.workflow.answer_checks import AnswerChecks

    checks = AnswerChecks(session, questions)
    checks.begin()
    questions.poll()
    assert len(worker.waiting) == 1
    answers: list[WorkerAnswer] = []
    mine = session.case_input()
    questions.ask(mine, BUNDLE, on_answer=answers.append, on_failure=pytest.fail)
    # What was under way is cancelled: the person's question is the only one.
    assert [case for _, case in worker.waiting] == [mine]
    questions.poll()
    assert len(answers) == 1
    assert checks.sensitivity is not None
    # Nothing else is under way, the answer is still the case's: the checks go on to their end.
    finish(questions)
    assert checks.sensitivity.result is not None
    assert len(checks.sensitivity.result.by_variant) == 6
    checks.close()


@pytest.mark.slicer
def test_checks_go_with_their_answer(session: Any, asked: CaseAnswer, worker: FakeWorker, questions: Questions) -> None:
    from CervixRiskLib.workflow.answer_checks import AnswerChecks

    checks = AnswerChecks(session, questions)
    told: list[int] = []
    checks.changed.connect(lambda: told.append(len(worker.asked)))
    checks.begin()
    questions.poll()
    session.set_clinical("rbc_count", "3.9")
    assert (checks.readers, checks.sensitivity, worker.waiting) == (None, None, [])
    assert told
    before = len(worker.asked)
    finish(questions)
    checks.begin()
    assert len(worker.asked) == before
    checks.close()
    # A model that looks at no contour.
    whole = StudyFacts("Treatment group", False, (), (), "", {}, {})
    session.show_answer(CaseAnswer(prediction_of(0.31, OWN), whole, BUNDLE, session.choice()))
    third = AnswerChecks(session, questions)
    third.begin()
    assert third.sensitivity is None
    third.close()
    # Another contour than the one that was answered: nothing can be said of that answer.
    session.show_answer(CaseAnswer(prediction_of(0.31, box((1, 5), (1, 5))), FACTS, BUNDLE, session.choice()))
    later = AnswerChecks(session, questions)
    later.begin()
    assert later.sensitivity is None
    later.close()


def test_words_without_a_pixel_size_or_a_contour() -> None:
    from CervixRiskLib.imaging import compare_contours

    agreement = compare_contours(box((0, 4), (0, 4), None), box((0, 4), (1, 5), None))
    assert ReaderAnswer("B", agreement, 0.331).text == "33 % (Dice 0.75)"
    assert ReaderAnswer("B", problem="The contour is empty.").text == "The contour is empty."


@pytest.mark.parametrize(
    ("reader", "reading_round", "title"),
    [
        ("B", "2", "Reader B, round 2"),
        ("reader b", "", "reader b"),
        ("", "Round 1", "Unnamed reader, Round 1"),
        ("", "", "Another contour"),
    ],
)
def test_titles_of_readings(reader: str, reading_round: str, title: str) -> None:
    pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')
    from CervixRiskLib.scene import Reading

    assert reading_title(Reading("case", reader, reading_round)) == title
