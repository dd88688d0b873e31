"""The treatment group on MRI: FIGO stages, and the networks of Dai et al. 2025 trained, compared and asked.

Names are loaded on first use, because the rooms below are slow to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .choices import Centre, Search, Validation
    from .evaluation import NetworkEvaluation, PairedComparison
    from .figo import (
        FIGO_2018_STAGES,
        GROUP_NAMES,
        GUIDELINE,
        FigoStage,
        TreatmentGroup,
        guideline_sentence,
        parse_stage,
        treatment_group,
    )
    from .predictor import StagingPredictor, load_predictor
    from .settings import StagingSettings
    from .staging_cohort import load_staging_cohort
    from .training import StagingResult, ValidatedNetwork, train

_HOMES = {
    "Centre": "choices",
    "FIGO_2018_STAGES": "figo",
    "GROUP_NAMES": "figo",
    "GUIDELINE": "figo",
    "NetworkEvaluation": "evaluation",
    "PairedComparison": "evaluation",
    "Search": "choices",
    "StagingPredictor": "predictor",
    "StagingResult": "training",
    "StagingSettings": "settings",
    "ValidatedNetwork": "training",
    "Validation": "choices",
    "FigoStage": "figo",
    "TreatmentGroup": "figo",
    "guideline_sentence": "figo",
    "load_predictor": "predictor",
    "load_staging_cohort": "staging_cohort",
    "parse_stage": "figo",
    "train": "training",
    "treatment_group": "figo",
}

__all__ = [
    "FIGO_2018_STAGES",
    "GROUP_NAMES",
    "GUIDELINE",
    "Centre",
    "FigoStage",
    "NetworkEvaluation",
    "PairedComparison",
    "Search",
    "StagingPredictor",
    "StagingResult",
    "StagingSettings",
    "TreatmentGroup",
    "ValidatedNetwork",
    "Validation",
    "guideline_sentence",
    "load_predictor",
    "load_staging_cohort",
    "parse_stage",
    "train",
    "treatment_group",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
