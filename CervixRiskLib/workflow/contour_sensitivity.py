"""How far the answer moves when the contour moves by one pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..bundle.prediction_text import percent, range_text
from .answer_view import probability_of
from .asked_in_turn import AskedInTurn, AsksQuestions
from .contour_variants import contour_variants
from .redrawn_case import redrawn_case
from .signal import Signal

if TYPE_CHECKING:
    from ..bundle import CaseInput, Prediction
    from .case_answer import CaseAnswer


@dataclass(frozen=True)
class SensitivityResult:
    """The answers for the contour as drawn and moved by one pixel.

    Parameters
    ----------
    low, high
        Smallest and largest probability of the answered class, the contour as drawn included; 0-1.
    by_variant
        Each variant's name and probability.
    crosses_threshold
        A contour one pixel off would have been answered with another class.
    left_out
        Variants that there are not, and why.
    failures
        Variants that have no answer, and why.
    """

    low: float
    high: float
    by_variant: tuple[tuple[str, float], ...]
    crosses_threshold: bool
    left_out: tuple[str, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """``"29 to 34 %"``, ``"stays 31 %"``."""
        if percent(self.low) == percent(self.high):
            return f"stays {percent(self.low)}"
        return range_text(self.low, self.high)


class SensitivityRun:
    """Asks about the variants of an answered case's contour, in the background.

    Parameters
    ----------
    answer
        The answer whose question is varied.
    case
        What was asked; its contour is the one that was answered.

    Attributes
    ----------
    changed
        Signal without arguments: one more variant is known, or the run has ended.
    result
        ``None`` until the run is complete with at least one answer.
    begun
        Whether :meth:`start` was called.
    """

    def __init__(self, questions: AsksQuestions, case: CaseInput, answer: CaseAnswer) -> None:
        self.changed = Signal()
        self.result: SensitivityResult | None = None
        self.begun = False
        self._own = answer.prediction
        variants = contour_variants(case.roi) if case.roi is not None else None
        self._left_out = () if variants is None else variants.left_out
        cases = () if variants is None else variants.variants
        self.total = len(cases)
        self._answers: list[tuple[str, Prediction]] = []
        self._failures: list[tuple[str, str]] = []
        self._asking = AskedInTurn(
            questions,
            [(name, redrawn_case(case, roi, answer.study)) for name, roi in cases],
            answer.bundle,
            answer.prediction.bundle_hash,
            title="Contour ± 1 pixel",
            on_answer=self._on_answer,
            on_failure=self._on_failure,
            on_end=self._on_end,
        )

    @property
    def done(self) -> int:
        return len(self._answers) + len(self._failures)

    @property
    def running(self) -> bool:
        return self._asking.running

    @property
    def interrupted(self) -> bool:
        """A question of the person came between; :meth:`start` goes on."""
        return self._asking.interrupted

    def start(self) -> None:
        """Ask, unless there is no contour to vary; goes on after an interruption."""
        self.begun = True
        if self.total:
            self._asking.start()

    def stop(self) -> None:
        """Ask nothing more."""
        self._asking.stop()

    def _on_answer(self, name: str, prediction: Prediction) -> None:
        self._answers.append((name, prediction))
        self.changed.emit()

    def _on_failure(self, name: str, sentence: str) -> None:
        self._failures.append((name, sentence))
        self.changed.emit()

    def _on_end(self, complete: bool) -> None:
        if complete and self._answers:
            self.result = self._summed_up()
        self.changed.emit()

    def _summed_up(self) -> SensitivityResult:
        outcome = self._own.positive_class
        found = tuple((name, probability_of(prediction, outcome)) for name, prediction in self._answers)
        every = [self._own.probability, *(probability for _, probability in found)]
        other_class = any(prediction.label != self._own.label for _, prediction in self._answers)
        return SensitivityResult(min(every), max(every), found, other_class, self._left_out, tuple(self._failures))
