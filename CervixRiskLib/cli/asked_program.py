"""The warm prediction program, for commands that ask about many cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bundle import CaseInput, Prediction
    from ..cohort import ColumnDictionary


@dataclass(frozen=True)
class AskedProgram:
    """A loaded bundle in a process of its own: a case that brings the program down costs that case's answer alone.

    Parameters
    ----------
    needs_roi, channels, columns
        As in :class:`CervixRiskLib.worker.predictors.StudyPredictor`.
    ask
        The answer for a case, without a heat map; raises what the study refuses, and
        :class:`CervixRiskLib.worker.PredictionProgramError` where the program itself failed. The next question then
        starts another.
    """

    needs_roi: bool
    channels: tuple[str, ...]
    columns: ColumnDictionary
    ask: Callable[[CaseInput], Prediction]


@contextmanager
def asked_program(bundle: Path, *, device: str, runtime: str) -> Iterator[AskedProgram]:
    """Start the program and load ``bundle``; it ends with the ``with``.

    Raises
    ------
    CervixRiskError
        The bundle cannot be used, or the program does not start.
    """
    from ..worker import PredictionWorker, WorkerOptions
    from .progress_bar import ProgressBar

    options = WorkerOptions(device=device, runtime=runtime, heatmap=False)
    with PredictionWorker() as worker:
        with ProgressBar() as progress:
            study = worker.load(bundle, options, progress=progress)
        yield AskedProgram(
            study.needs_roi, study.channels, study.columns, lambda case: worker.ask(case, bundle, options)
        )
