"""An answer in the scene, so that a saved scene gives it back whole.

The heat map is a volume of the scene already; everything else is one text node of JSON, read as strictly as what the
answering program says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..bundle import Prediction
from ..errors import CervixRiskError
from ..scene import CaseFolder, CaseRole, SliceChoice
from ..scene.heat_map import read_heat_map
from ..worker import StudyFacts
from ..worker.records import NotARecordError, from_words, to_words
from .case_answer import CaseAnswer

_STALE = "CervixRisk.stale"


@dataclass(frozen=True, eq=False)
class _StoredAnswer:
    """What the text node holds; ``prediction`` without its heat map."""

    prediction: Prediction
    study: StudyFacts
    bundle: str
    axis: int
    index: int
    processor: str
    seconds: float


def store_answer(folder: CaseFolder, answer: CaseAnswer) -> Any:
    """Put the answer's text node into the case's folder and return it; the file's name is kept without its folder."""
    stored = _StoredAnswer(
        replace(answer.prediction, heatmap=None),
        answer.study,
        answer.bundle.name,
        answer.choice.axis,
        answer.choice.index,
        answer.processor,
        answer.seconds,
    )
    node = folder.scene.AddNewNodeByClass("vtkMRMLTextNode", f"{folder.case_id} answer, complete")
    node.SetText(json.dumps(to_words(stored, [])))
    node.SetHideFromEditors(True)
    return folder.add(node, CaseRole.ANSWER_RECORD)


def mark_stale(folder: CaseFolder) -> None:
    """Keep with the case's answer that the case has changed since."""
    node = folder.node(CaseRole.ANSWER_RECORD)
    if node is not None:
        node.SetAttribute(_STALE, "yes")


def is_marked_stale(folder: CaseFolder) -> bool:
    """Whether the answer that the folder holds was stale when it was saved."""
    node = folder.node(CaseRole.ANSWER_RECORD)
    return node is not None and node.GetAttribute(_STALE) is not None


def read_stored_answer(folder: CaseFolder) -> CaseAnswer | None:
    """The answer that the case's folder holds; ``None`` without one.

    Raises
    ------
    CervixRiskError
        It is damaged, or from another version.
    """
    node = folder.node(CaseRole.ANSWER_RECORD)
    if node is None:
        return None
    try:
        stored = from_words(_StoredAnswer, json.loads(node.GetText() or ""))
    except (ValueError, NotARecordError):
        raise CervixRiskError(
            "The answer in this scene cannot be read: it is damaged, or of another version. Ask again."
        ) from None
    heat_map = folder.node(CaseRole.HEAT_MAP)
    heat = None if heat_map is None else read_heat_map(heat_map)
    return CaseAnswer(
        replace(stored.prediction, heatmap=heat),
        stored.study,
        Path(stored.bundle),
        SliceChoice(stored.axis, stored.index),
        stored.processor,
        stored.seconds,
    )
