"""Figures and reports.

Names are loaded on first use; importing the room does not load matplotlib.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .case_files import write_case_report
    from .case_report import CaseReport, OtherContour, ReportedValue
    from .figures.bland_altman import draw_bland_altman
    from .figures.confusion import draw_confusion_matrices
    from .figures.contour_pairs import draw_contour_pairs
    from .figures.icc_histogram import draw_icc_histogram
    from .figures.nomogram import draw_nomogram
    from .figures.overlap import CaseOverlap, draw_overlap_per_case
    from .figures.roc import RocCurve, draw_roc
    from .figures.training_curves import draw_training_curves
    from .style import save_figure
    from .tables.comparison import ComparedNetwork, comparison_table, write_comparison

_HOMES = {
    "CaseOverlap": "figures.overlap",
    "CaseReport": "case_report",
    "ComparedNetwork": "tables.comparison",
    "OtherContour": "case_report",
    "ReportedValue": "case_report",
    "RocCurve": "figures.roc",
    "comparison_table": "tables.comparison",
    "draw_bland_altman": "figures.bland_altman",
    "draw_confusion_matrices": "figures.confusion",
    "draw_contour_pairs": "figures.contour_pairs",
    "draw_icc_histogram": "figures.icc_histogram",
    "draw_nomogram": "figures.nomogram",
    "draw_overlap_per_case": "figures.overlap",
    "draw_roc": "figures.roc",
    "draw_training_curves": "figures.training_curves",
    "save_figure": "style",
    "write_case_report": "case_files",
    "write_comparison": "tables.comparison",
}

__all__ = [
    "CaseOverlap",
    "CaseReport",
    "ComparedNetwork",
    "OtherContour",
    "ReportedValue",
    "RocCurve",
    "comparison_table",
    "draw_bland_altman",
    "draw_confusion_matrices",
    "draw_contour_pairs",
    "draw_icc_histogram",
    "draw_nomogram",
    "draw_overlap_per_case",
    "draw_roc",
    "draw_training_curves",
    "save_figure",
    "write_case_report",
    "write_comparison",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
