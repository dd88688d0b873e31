"""The same question of other readers' contours, beside the case's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..bundle.prediction_text import percent
from ..errors import CervixRiskError
from ..imaging import compare_contours
from ..scene import read_contour
from .answer_view import probability_of
from .asked_in_turn import AskedInTurn, AsksQuestions
from .redrawn_case import redrawn_case
from .signal import Signal

if TYPE_CHECKING:
    from ..bundle import CaseInput, Prediction
    from ..imaging import ContourAgreement, Roi
    from ..scene import Reading
    from .case_answer import CaseAnswer
    from .case_session import CaseSession


@dataclass(frozen=True)
class ReaderAnswer:
    """Another contour of the case.

    Parameters
    ----------
    name
        ``"Reader B, round 2"``.
    agreement
        Of this contour with the case's own.
    probability
        Of the class that the case's own answer is about, 0-1; ``None`` until it is known.
    other_class
        Its answer names another class than the case's own.
    problem
        Why there is no answer or no contour; else empty.
    """

    name: str
    agreement: ContourAgreement | None = None
    probability: float | None = None
    other_class: bool = False
    problem: str = ""

    @property
    def overlap_text(self) -> str:
        """``"Dice 0.91, 95 % Hausdorff 1.8 mm"``; without the distance where the pixel size is unknown."""
        if self.agreement is None:
            return ""
        dice = f"Dice {self.agreement.dice:.2f}"
        if self.agreement.unit != "mm":
            return dice
        return f"{dice}, 95 % Hausdorff {self.agreement.hausdorff95:.1f} mm"

    @property
    def text(self) -> str:
        """``"33 % (Dice 0.91, 95 % Hausdorff 1.8 mm)"``."""
        if self.problem:
            return self.problem
        shown = "…" if self.probability is None else percent(self.probability)
        return f"{shown} ({self.overlap_text})"


class ReaderComparison:
    """Asks about the other contours of the session's case, in the background.

    Attributes
    ----------
    changed
        Signal without arguments: an answer is known, or the run has ended.
    answers
        One for each other contour that the scene holds; none while a study round is open.
    ended
        All are asked, or the rest will not be.
    """

    def __init__(self, questions: AsksQuestions, session: CaseSession, case: CaseInput, answer: CaseAnswer) -> None:
        self.changed = Signal()
        self._own = answer.prediction
        self.answers: tuple[ReaderAnswer, ...] = ()
        self.ended = False
        cases = []
        for reading, node, segment in session.other_readings():
            name = self._free_name(reading_title(reading))
            try:
                roi = read_contour(node, segment, session.volume, answer.choice)[1]
                agreement = None if case.roi is None else compare_contours(case.roi, roi)
            except CervixRiskError as error:
                self.answers += (ReaderAnswer(name, problem=str(error)),)
                continue
            self.answers += (ReaderAnswer(name, agreement),)
            cases.append((name, self._redrawn(case, roi, answer)))
        self._asking = AskedInTurn(
            questions,
            cases,
            answer.bundle,
            answer.prediction.bundle_hash,
            title="Other readers' contours",
            on_answer=self._on_answer,
            on_failure=self._on_failure,
            on_end=self._on_end,
        )

    @property
    def running(self) -> bool:
        return self._asking.running

    @property
    def interrupted(self) -> bool:
        """A question of the person came between; :meth:`start` goes on."""
        return self._asking.interrupted

    def start(self) -> None:
        """Ask; ends at once where there is no other contour."""
        self._asking.start()

    def stop(self) -> None:
        """Ask nothing more."""
        self._asking.stop()

    @property
    def disagreement(self) -> str:
        """A sentence where readers come to different classes, else empty."""
        names = [answer.name for answer in self.answers if answer.other_class]
        if not names:
            return ""
        whose = "the contour of " + " and of ".join(names)
        sides = "on the other side of the threshold" if self._own.threshold is not None else "to another group"
        return f"The readers disagree: {whose} leads {sides}."

    @staticmethod
    def _redrawn(case: CaseInput, roi: Roi, answer: CaseAnswer) -> CaseInput:
        return redrawn_case(case, roi, answer.study)

    def _free_name(self, wanted: str) -> str:
        """Two unnamed contours are told apart by a number."""
        taken = {answer.name for answer in self.answers}
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted} ({number})"
        return name

    def _on_answer(self, name: str, prediction: Prediction) -> None:
        self._replace(
            name,
            probability=probability_of(prediction, self._own.positive_class),
            other_class=prediction.label != self._own.label,
        )

    def _on_failure(self, name: str, sentence: str) -> None:
        self._replace(name, problem=sentence)

    def _on_end(self, _complete: bool) -> None:
        self.ended = not self._asking.interrupted
        self.changed.emit()

    def _replace(self, name: str, **changes: object) -> None:
        self.answers = tuple(
            replace(answer, **changes) if answer.name == name else answer  # type: ignore[arg-type]
            for answer in self.answers
        )
        self.changed.emit()


def reading_title(reading: Reading) -> str:
    """``"Reader B, round 2"``, ``"Unnamed reader, round 1"``; ``"Another contour"`` where nothing is known."""
    reader = reading.reader or ("Unnamed reader" if reading.reading_round else "")
    if reading.reader and not reader.lower().startswith("reader"):
        reader = f"Reader {reader}"
    number = reading.reading_round
    told = number if not number or number.lower().startswith("round") else f"round {number}"
    return ", ".join(filter(None, (reader, told))) or "Another contour"
