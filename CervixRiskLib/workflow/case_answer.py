"""An answer with what it was asked about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bundle import Prediction
    from ..scene import SliceChoice
    from ..worker import StudyFacts


@dataclass(frozen=True, eq=False)
class CaseAnswer:
    """What a model answered.

    Parameters
    ----------
    prediction
        The answer.
    study
        The model that gave it.
    bundle
        Its file.
    choice
        The slice of the volume that was asked about.
    processor
        What computed it, a sentence for the person.
    seconds
        How long that took.
    """

    prediction: Prediction
    study: StudyFacts
    bundle: Path
    choice: SliceChoice
    processor: str = ""
    seconds: float = 0.0
