"""Figures and reports.

Names are loaded on first use; importing the room does not load matplotlib.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .case_files import write_case_page, write_case_report
    from .case_report import CaseReport, OtherContour, ReportedValue
    from .figures.bland_altman import draw_bland_altman
    from .figures.calibration import CalibratedModel, draw_calibration
    from .figures.conformal import draw_conformal
    from .figures.confusion import draw_confusion_matrices
    from .figures.contour_pairs import draw_contour_pairs
    from .figures.correlation_map import draw_correlation_map
    from .figures.decision import draw_decision_curve
    from .figures.elimination_curve import draw_elimination_curve
    from .figures.feature_class_counts import draw_feature_classes
    from .figures.flow_chart import draw_flow_chart
    from .figures.forest import ForestRow, draw_forest
    from .figures.heat_map_panel import draw_heat_map_panel
    from .figures.icc_histogram import draw_icc_histogram
    from .figures.importances import draw_importances
    from .figures.lasso_coefficients import draw_lasso_coefficients
    from .figures.lasso_path import draw_lasso_path
    from .figures.nomogram import draw_nomogram
    from .figures.overlap import CaseOverlap, draw_overlap_per_case
    from .figures.permutation import draw_permutation
    from .figures.roc import RocCurve, draw_roc
    from .figures.selection_frequency import draw_selection_frequency
    from .figures.standardised_differences import draw_standardised_differences
    from .figures.training_curves import draw_training_curves
    from .style import save_figure

_HOMES = {
    "CalibratedModel": "figures.calibration",
    "CaseOverlap": "figures.overlap",
    "CaseReport": "case_report",
    "ForestRow": "figures.forest",
    "OtherContour": "case_report",
    "ReportedValue": "case_report",
    "RocCurve": "figures.roc",
    "draw_bland_altman": "figures.bland_altman",
    "draw_calibration": "figures.calibration",
    "draw_conformal": "figures.conformal",
    "draw_confusion_matrices": "figures.confusion",
    "draw_contour_pairs": "figures.contour_pairs",
    "draw_correlation_map": "figures.correlation_map",
    "draw_decision_curve": "figures.decision",
    "draw_elimination_curve": "figures.elimination_curve",
    "draw_feature_classes": "figures.feature_class_counts",
    "draw_flow_chart": "figures.flow_chart",
    "draw_forest": "figures.forest",
    "draw_heat_map_panel": "figures.heat_map_panel",
    "draw_icc_histogram": "figures.icc_histogram",
    "draw_importances": "figures.importances",
    "draw_lasso_coefficients": "figures.lasso_coefficients",
    "draw_lasso_path": "figures.lasso_path",
    "draw_nomogram": "figures.nomogram",
    "draw_overlap_per_case": "figures.overlap",
    "draw_permutation": "figures.permutation",
    "draw_roc": "figures.roc",
    "draw_selection_frequency": "figures.selection_frequency",
    "draw_standardised_differences": "figures.standardised_differences",
    "draw_training_curves": "figures.training_curves",
    "save_figure": "style",
    "write_case_page": "case_files",
    "write_case_report": "case_files",
}

__all__ = [
    "CalibratedModel",
    "CaseOverlap",
    "CaseReport",
    "ForestRow",
    "OtherContour",
    "ReportedValue",
    "RocCurve",
    "draw_bland_altman",
    "draw_calibration",
    "draw_conformal",
    "draw_confusion_matrices",
    "draw_contour_pairs",
    "draw_correlation_map",
    "draw_decision_curve",
    "draw_elimination_curve",
    "draw_feature_classes",
    "draw_flow_chart",
    "draw_forest",
    "draw_heat_map_panel",
    "draw_icc_histogram",
    "draw_importances",
    "draw_lasso_coefficients",
    "draw_lasso_path",
    "draw_nomogram",
    "draw_overlap_per_case",
    "draw_permutation",
    "draw_roc",
    "draw_selection_frequency",
    "draw_standardised_differences",
    "draw_training_curves",
    "save_figure",
    "write_case_page",
    "write_case_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
