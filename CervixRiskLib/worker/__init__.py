"""Predictions in a child process that stays warm: progress, cancel, time-out, and a crash told in a sentence.

:class:`PredictionWorker` asks; ``python -m CervixRiskLib.worker`` answers. They speak JSON lines; images, contours and
heat maps travel in memory-mapped files. Nothing is pickled. Names are loaded when first used: the command line needs
the registry of studies (:mod:`.predictors`) alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .events import (
        FINAL_EVENTS,
        Ticket,
        WorkerAnswer,
        WorkerEvent,
        WorkerFailure,
        WorkerOptions,
        WorkerPrepared,
        WorkerProgress,
    )
    from .failures import FailureKind, PredictionProgramError
    from .prediction_worker import PredictionWorker, worker_command
    from .study_facts import StudyFacts

_HOMES = {
    "FINAL_EVENTS": "events",
    "FailureKind": "failures",
    "PredictionProgramError": "failures",
    "PredictionWorker": "prediction_worker",
    "StudyFacts": "study_facts",
    "Ticket": "events",
    "WorkerAnswer": "events",
    "WorkerEvent": "events",
    "WorkerFailure": "events",
    "WorkerOptions": "events",
    "WorkerPrepared": "events",
    "WorkerProgress": "events",
    "worker_command": "prediction_worker",
}

__all__ = [
    "FINAL_EVENTS",
    "FailureKind",
    "PredictionProgramError",
    "PredictionWorker",
    "StudyFacts",
    "Ticket",
    "WorkerAnswer",
    "WorkerEvent",
    "WorkerFailure",
    "WorkerOptions",
    "WorkerPrepared",
    "WorkerProgress",
    "worker_command",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
