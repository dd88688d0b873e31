"""How the heat map of an answer was made, and how else it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..networks import CamMethod
from ..worker.predictors import STUDIES

if TYPE_CHECKING:
    from ..bundle import Prediction

_WORDS = {
    CamMethod.HIRES_CAM: "HiResCAM: place by place",
    CamMethod.GRAD_CAM: "Grad-CAM: as published",
}


def heat_map_methods(task: str) -> tuple[str, ...]:
    """The methods that models of ``task`` offer, their own first; empty where there is no choice."""
    study = STUDIES.get(task)
    return () if study is None else study.heat_map_methods


def method_words(method: str) -> str:
    """A line for a person to choose ``method`` by."""
    return _WORDS[CamMethod(method)]


def method_of(prediction: Prediction) -> str:
    """How the heat map of ``prediction`` was made; ``""`` where it has none or its caption does not say."""
    target = prediction.heatmap_target or ""
    return next((method.value for method in CamMethod if target.startswith(method.caption)), "")
