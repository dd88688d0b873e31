"""Questions that nobody waits for, one after another; they give way to the person's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..worker.failures import FailureKind

if TYPE_CHECKING:
    from ..bundle import CaseInput, Prediction
    from ..worker import Ticket, WorkerAnswer, WorkerFailure


class AsksQuestions(Protocol):
    """What is needed of :class:`CervixRiskLib.workflow.questions.Questions`."""

    def ask(
        self,
        case: CaseInput,
        bundle: Path,
        *,
        heatmap: bool = True,
        title: str = "",
        background: bool = False,
        on_answer: Callable[[WorkerAnswer], None],
        on_failure: Callable[[WorkerFailure], None],
    ) -> Ticket: ...

    def cancel(self, ticket: Ticket | None = None) -> None: ...


class AskedInTurn:
    """Asks about ``cases``, the next one when the one before is answered.

    Never more than one of them waits at the program, so that a new question of the person comes next. When a question
    is cancelled or the program fails the rest is not asked.

    Parameters
    ----------
    on_answer, on_failure
        Called with the case's name and its answer, or the sentence why it has none.
    on_end
        Called once: with ``True`` when all were asked, ``False`` when the rest was not.
    """

    def __init__(
        self,
        questions: AsksQuestions,
        cases: Sequence[tuple[str, CaseInput]],
        bundle: Path,
        *,
        title: str,
        on_answer: Callable[[str, Prediction], None],
        on_failure: Callable[[str, str], None],
        on_end: Callable[[bool], None],
    ) -> None:
        self._questions = questions
        self._waiting = list(cases)
        self._bundle = bundle
        self._title = title
        self._on_answer, self._on_failure, self._on_end = on_answer, on_failure, on_end
        self._asked: str | None = None
        self._ticket: Ticket | None = None
        self._ended = False

    @property
    def running(self) -> bool:
        return self._asked is not None and not self._ended

    def start(self) -> None:
        """Ask the first one."""
        self._ask_next()

    def stop(self) -> None:
        """Ask nothing more, and give up what is under way."""
        if self._ended:
            return
        ticket = self._ticket
        self._end(complete=False)
        if ticket is not None:
            self._questions.cancel(ticket)

    def _ask_next(self) -> None:
        if not self._waiting:
            self._end(complete=True)
            return
        self._asked, case = self._waiting.pop(0)
        self._ticket = self._questions.ask(
            case,
            self._bundle,
            heatmap=False,
            title=self._title,
            background=True,
            on_answer=self._answered,
            on_failure=self._failed,
        )

    def _answered(self, event: WorkerAnswer) -> None:
        if self._ended or self._asked is None:
            return
        self._on_answer(self._asked, event.prediction)
        self._ask_next()

    def _failed(self, event: WorkerFailure) -> None:
        if self._ended or self._asked is None:
            return
        if event.kind is FailureKind.CANCELLED:
            self._end(complete=False)
            return
        self._on_failure(self._asked, event.sentence)
        if event.kind is FailureKind.REFUSED:
            self._ask_next()
        else:
            # The program itself is in trouble: the person's next question is to find it at rest.
            self._end(complete=False)

    def _end(self, *, complete: bool) -> None:
        self._ended = True
        self._ticket = None
        self._waiting.clear()
        self._on_end(complete)
