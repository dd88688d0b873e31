"""The cohort: its table and data dictionary, splitting by patient, and batch extraction with resume.

Names are loaded on first use, because pandas and the rooms below are slow to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .case_groups import centre_labels, subgroups
    from .case_result import CaseFailure, CaseResult
    from .case_slices import CaseSlices, load_case, load_slices
    from .columns import ClinicalColumn, ColumnDictionary, builtin_columns
    from .exclusions import exclusion_reasons
    from .extraction import Extraction, extract_cohort
    from .feature_files import FeatureTable, read_features, write_features
    from .given_features import GivenFeatures, load_features_cohort, load_given_features, read_feature_rows
    from .shuffling import shuffle_outcome
    from .splitting import patient_folds, patient_split
    from .table import Cohort, RowProblem, clinical_frame, load_cohort

_HOMES = {
    "CaseFailure": "case_result",
    "CaseResult": "case_result",
    "CaseSlices": "case_slices",
    "ClinicalColumn": "columns",
    "Cohort": "table",
    "ColumnDictionary": "columns",
    "Extraction": "extraction",
    "FeatureTable": "feature_files",
    "GivenFeatures": "given_features",
    "RowProblem": "table",
    "builtin_columns": "columns",
    "clinical_frame": "table",
    "exclusion_reasons": "exclusions",
    "extract_cohort": "extraction",
    "load_case": "case_slices",
    "load_cohort": "table",
    "load_features_cohort": "given_features",
    "load_given_features": "given_features",
    "load_slices": "case_slices",
    "patient_folds": "splitting",
    "patient_split": "splitting",
    "read_feature_rows": "given_features",
    "read_features": "feature_files",
    "shuffle_outcome": "shuffling",
    "centre_labels": "case_groups",
    "subgroups": "case_groups",
    "write_features": "feature_files",
}

__all__ = [
    "CaseFailure",
    "CaseResult",
    "CaseSlices",
    "ClinicalColumn",
    "Cohort",
    "ColumnDictionary",
    "Extraction",
    "FeatureTable",
    "GivenFeatures",
    "RowProblem",
    "builtin_columns",
    "centre_labels",
    "clinical_frame",
    "exclusion_reasons",
    "extract_cohort",
    "load_case",
    "load_cohort",
    "load_features_cohort",
    "load_given_features",
    "load_slices",
    "patient_folds",
    "patient_split",
    "read_feature_rows",
    "read_features",
    "shuffle_outcome",
    "subgroups",
    "write_features",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
