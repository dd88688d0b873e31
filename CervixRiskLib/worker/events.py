"""What the asking program hears about its tickets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from .failures import FailureKind, PredictionProgramError, error_of
from .study_facts import StudyFacts

if TYPE_CHECKING:
    from ..bundle import Prediction

Ticket = int
"""Names a request; counted from 1, never used twice by one worker."""


@dataclass(frozen=True)
class WorkerOptions:
    """How to answer.

    Parameters
    ----------
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``; a worker with ``force_cpu`` takes the CPU whatever stands here.
    runtime
        ``"auto"``, ``"openvino"``, ``"onnxruntime"``, ``"torch"``.
    heatmap
        Whether the answer has one.
    heat_map_method
        How it is made, of those the study offers (:class:`.predictors.Study`); ``""`` as the study does by itself.
    timeout
        Seconds from the moment the program turns to the request, its start and the loading of the bundle included;
        ``None`` for as long as it takes.
    """

    device: str = "auto"
    runtime: str = "auto"
    heatmap: bool = True
    heat_map_method: str = ""
    timeout: float | None = None


@dataclass(frozen=True)
class WorkerProgress:
    """Where the work on ``ticket`` stands.

    Parameters
    ----------
    task
        Number of the stretch of work; stretches may lie inside one another.
    description, done, total, detail
        As in :class:`CervixRiskLib.progress.Task`.
    ended
        This stretch is over.
    """

    ticket: Ticket
    task: int
    description: str
    done: int
    total: int | None
    detail: str
    ended: bool


@dataclass(frozen=True)
class WorkerPrepared:
    """The bundle is loaded; the next question about it is answered at once."""

    ticket: Ticket
    study: StudyFacts


@dataclass(frozen=True, eq=False)
class WorkerAnswer:
    """The answer, the seconds the program took for it, and what computed it, a sentence for the person."""

    ticket: Ticket
    prediction: Prediction
    seconds: float
    processor: str


@dataclass(frozen=True)
class WorkerFailure:
    """There is no answer.

    Parameters
    ----------
    kind
        Why.
    error
        The class of the error, in :mod:`CervixRiskLib.errors` when ``kind`` is ``REFUSED``.
    sentence
        For the person.
    details
        To be folded away; may be empty. Holds no patient data.
    """

    ticket: Ticket
    kind: FailureKind
    error: str
    sentence: str
    details: str = ""

    def to_error(self) -> Exception:
        """The same as an exception to raise."""
        from ..errors import Cancelled

        if self.kind is FailureKind.CANCELLED:
            return Cancelled(self.sentence)
        if self.kind is FailureKind.REFUSED:
            return error_of(self.error, self.sentence)
        return PredictionProgramError(self.sentence, self.kind, self.details)


WorkerEvent = Union[WorkerProgress, WorkerPrepared, WorkerAnswer, WorkerFailure]  # noqa: UP007 - Python 3.10
FINAL_EVENTS = (WorkerPrepared, WorkerAnswer, WorkerFailure)
"""Exactly one of these ends every ticket."""
