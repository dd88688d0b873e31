"""Pelvic lymph node metastasis from ultrasound: train and predict.

Source: Wang et al. 2025, doi 10.3389/fonc.2025.1681029. Names are loaded when first used, because scikit-learn is slow
to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .settings import (
    CLASSIFIER_NAMES,
    DEEP_NETWORKS,
    Effort,
    FineTuning,
    Harmonisation,
    TrainingProtocol,
    TrainingSettings,
)

if TYPE_CHECKING:
    from .model import PlnmModel
    from .predictor import PlnmPredictor, load_predictor
    from .training import TrainingResult, train

_HOMES = {
    "PlnmModel": "model",
    "PlnmPredictor": "predictor",
    "TrainingResult": "training",
    "load_predictor": "predictor",
    "train": "training",
}

__all__ = [
    "CLASSIFIER_NAMES",
    "DEEP_NETWORKS",
    "Effort",
    "FineTuning",
    "Harmonisation",
    "PlnmModel",
    "PlnmPredictor",
    "TrainingProtocol",
    "TrainingResult",
    "TrainingSettings",
    "load_predictor",
    "train",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
