"""The treatment group on MRI: FIGO stages, and the networks of Dai et al. 2025 trained, compared and asked.

Names are loaded on first use, because the rooms below are slow to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "FIGO_2018_STAGES": "figo",
    "GROUP_NAMES": "figo",
    "GUIDELINE": "figo",
    "FigoStage": "figo",
    "TreatmentGroup": "figo",
    "guideline_sentence": "figo",
    "parse_stage": "figo",
    "treatment_group": "figo",
}

__all__ = [
    "FIGO_2018_STAGES",
    "GROUP_NAMES",
    "GUIDELINE",
    "FigoStage",
    "TreatmentGroup",
    "guideline_sentence",
    "parse_stage",
    "treatment_group",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
