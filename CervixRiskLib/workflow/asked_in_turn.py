"""Questions that nobody waits for, one after another; they give way to the person's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..worker.failures import FailureKind

if TYPE_CHECKING:
    from ..bundle import CaseInput, Prediction
    from ..worker import Ticket, WorkerAnswer, WorkerFailure

_REPLACED = "The model's file was replaced: ask again."


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

    Never more than one of them waits at the program, and it is cancelled when the person asks something: then
    :meth:`start` goes on where it was. When the program itself fails the rest is not asked.

    Parameters
    ----------
    bundle, bundle_hash
        The model's file, and what must be in it: answers of a file that was replaced count as failures.
    on_answer, on_failure
        Called with the case's name and its answer, or the sentence why it has none.
    on_end
        Called when all were asked, with ``True``; when the rest is not asked, at least for now, with ``False``.

    Attributes
    ----------
    running
        Started and not at the end: also between two questions.
    interrupted
        The person asked something; :meth:`start` goes on.
    """

    def __init__(
        self,
        questions: AsksQuestions,
        cases: Sequence[tuple[str, CaseInput]],
        bundle: Path,
        bundle_hash: str,
        *,
        title: str,
        on_answer: Callable[[str, Prediction], None],
        on_failure: Callable[[str, str], None],
        on_end: Callable[[bool], None],
    ) -> None:
        self._questions = questions
        self._waiting = list(cases)
        self._bundle, self._bundle_hash = bundle, bundle_hash
        self._title = title
        self._on_answer, self._on_failure, self._on_end = on_answer, on_failure, on_end
        self._asked: tuple[str, CaseInput] | None = None
        self._ticket: Ticket | None = None
        self.running = False
        self.interrupted = False

    def start(self) -> None:
        """Ask the first one, or go on after an interruption."""
        self.interrupted = False
        if not self.running:
            self.running = True
            self._ask_next()

    def stop(self) -> None:
        """Ask nothing more, and give up what is under way."""
        self._waiting.clear()
        self.interrupted = False
        if not self.running:
            return
        ticket = self._ticket
        self._asked = self._ticket = None
        self._end(False)
        if ticket is not None:
            self._questions.cancel(ticket)

    def _end(self, complete: bool) -> None:
        self.running = False
        self._on_end(complete)

    def _ask_next(self) -> None:
        if not self._waiting:
            self._end(True)
            return
        self._asked = self._waiting.pop(0)
        asked = self._asked
        self._ticket = self._questions.ask(
            asked[1],
            self._bundle,
            heatmap=False,
            title=self._title,
            background=True,
            on_answer=lambda event: self._answered(asked, event),
            on_failure=lambda event: self._failed(asked, event),
        )

    def _answered(self, asked: tuple[str, CaseInput], event: WorkerAnswer) -> None:
        if asked is not self._asked:
            return
        self._asked = self._ticket = None
        if event.prediction.bundle_hash == self._bundle_hash:
            self._on_answer(asked[0], event.prediction)
        else:
            self._on_failure(asked[0], _REPLACED)
        # Who heard it may have stopped the rest.
        if self.running:
            self._ask_next()

    def _failed(self, asked: tuple[str, CaseInput], event: WorkerFailure) -> None:
        if asked is not self._asked:
            return
        self._asked = self._ticket = None
        if event.kind is FailureKind.CANCELLED:
            self._waiting.insert(0, asked)
            self.interrupted = True
            self._end(False)
            return
        self._on_failure(asked[0], event.sentence)
        if not self.running:
            return
        if event.kind is FailureKind.REFUSED:
            self._ask_next()
        else:
            # The program itself is in trouble: the person's next question is to find it at rest.
            self._waiting.clear()
            self._end(False)
