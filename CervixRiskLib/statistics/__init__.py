"""Agreement, discrimination, calibration, regression and the nomogram's arithmetic, on NumPy and SciPy alone.

Every public name loads with its module when it is first used, so that importing the library stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agreement import IccForm, IccResult, icc, icc_forms
    from .calibration import (
        CalibrationLine,
        HosmerLemeshow,
        PlattScaling,
        brier,
        calibration_slope_intercept,
        hosmer_lemeshow,
        scaled_brier,
    )
    from .calibration_curves import CalibrationCurve, CalibrationGroups, calibration_curve
    from .calibration_summaries import CalibrationSummary, calibration_summary
    from .characteristic_comparison import table_one
    from .characteristics import Characteristic, CharacteristicCell, GroupComparison, TableOne, TableOneRow
    from .classification import (
        ClassificationIntervals,
        ClassificationSummary,
        classification_intervals,
        classification_summary,
        confusion_matrix,
    )
    from .clustered_proportions import patient_proportion
    from .combat import ComBat
    from .conformal import ConformalSets, ConformalSummary, conformal_sets
    from .conformal_transfer import transferred_sets
    from .discrimination import AucInterval, PairedTest, auc, auc_many, delong_interval, delong_test
    from .domain import Domain, held_out_limit
    from .feature_stability import SelectionStability, selection_stability
    from .independent_estimates import independent_difference
    from .limits_of_agreement import BlandAltman, bland_altman
    from .logistic import LogisticModel, SeparationWarning
    from .measurement_error import MeasurementError, standard_error_of_measurement
    from .multiclass_auc import macro_auc, macro_auc_interval
    from .net_benefit import DecisionCurve, decision_curve
    from .nomogram import Nomogram
    from .nomogram_axis import NomogramAxis, NomogramLevel
    from .odds_ratios import multivariate_odds_ratios, sign_flip_warnings, univariate_odds_ratios
    from .optimism import OptimismBootstrap, optimism_bootstrap, optimism_resamples, optimism_summary
    from .paired_tests import McNemarTest, mcnemar_test
    from .patient_resampling import patient_bootstrap
    from .pretty_ticks import pretty
    from .proportions import Estimate, Proportion, ProportionMethod, proportion
    from .rank_tests import MannWhitneyResult, mann_whitney, spearman_matrix
    from .ranks import midranks
    from .regression_table import OddsRatio, OddsRatioRow, OddsRatioTable, odds_ratio_table
    from .repeated_discrimination import RepeatedAuc, repeated_auc, repeated_delong_test
    from .reproducibility import reproducible
    from .required_cases import SampleSize, sample_size
    from .resampling import BootstrapInterval, BootstrapMethod, bootstrap_interval
    from .risk_reclassification import Reclassification, reclassification
    from .roc_curves import RocBand, roc_band
    from .small_groups import hide_small_groups
    from .temperature_scaling import TemperatureScaling
    from .thresholds import OperatingPoint, operating_point, youden_threshold
    from .validation_size import ValidationCases, validation_cases

_HOMES = {
    "agreement": ("IccForm", "IccResult", "icc", "icc_forms"),
    "calibration": (
        "CalibrationLine",
        "HosmerLemeshow",
        "PlattScaling",
        "brier",
        "calibration_slope_intercept",
        "hosmer_lemeshow",
        "scaled_brier",
    ),
    "calibration_curves": ("CalibrationCurve", "CalibrationGroups", "calibration_curve"),
    "calibration_summaries": ("CalibrationSummary", "calibration_summary"),
    "characteristic_comparison": ("table_one",),
    "characteristics": ("Characteristic", "CharacteristicCell", "GroupComparison", "TableOne", "TableOneRow"),
    "classification": (
        "ClassificationIntervals",
        "ClassificationSummary",
        "classification_intervals",
        "classification_summary",
        "confusion_matrix",
    ),
    "clustered_proportions": ("patient_proportion",),
    "combat": ("ComBat",),
    "conformal": ("ConformalSets", "ConformalSummary", "conformal_sets"),
    "conformal_transfer": ("transferred_sets",),
    "discrimination": ("AucInterval", "PairedTest", "auc", "auc_many", "delong_interval", "delong_test"),
    "domain": ("Domain", "held_out_limit"),
    "feature_stability": ("SelectionStability", "selection_stability"),
    "independent_estimates": ("independent_difference",),
    "limits_of_agreement": ("BlandAltman", "bland_altman"),
    "logistic": ("LogisticModel", "SeparationWarning"),
    "measurement_error": ("MeasurementError", "standard_error_of_measurement"),
    "multiclass_auc": ("macro_auc", "macro_auc_interval"),
    "net_benefit": ("DecisionCurve", "decision_curve"),
    "nomogram": ("Nomogram",),
    "nomogram_axis": ("NomogramAxis", "NomogramLevel"),
    "odds_ratios": ("multivariate_odds_ratios", "sign_flip_warnings", "univariate_odds_ratios"),
    "optimism": ("OptimismBootstrap", "optimism_bootstrap", "optimism_resamples", "optimism_summary"),
    "paired_tests": ("McNemarTest", "mcnemar_test"),
    "patient_resampling": ("patient_bootstrap",),
    "pretty_ticks": ("pretty",),
    "proportions": ("Estimate", "Proportion", "ProportionMethod", "proportion"),
    "rank_tests": ("MannWhitneyResult", "mann_whitney", "spearman_matrix"),
    "ranks": ("midranks",),
    "regression_table": ("OddsRatio", "OddsRatioRow", "OddsRatioTable", "odds_ratio_table"),
    "repeated_discrimination": ("RepeatedAuc", "repeated_auc", "repeated_delong_test"),
    "reproducibility": ("reproducible",),
    "required_cases": ("SampleSize", "sample_size"),
    "resampling": ("BootstrapInterval", "BootstrapMethod", "bootstrap_interval"),
    "risk_reclassification": ("Reclassification", "reclassification"),
    "roc_curves": ("RocBand", "roc_band"),
    "small_groups": ("hide_small_groups",),
    "temperature_scaling": ("TemperatureScaling",),
    "thresholds": ("OperatingPoint", "operating_point", "youden_threshold"),
    "validation_size": ("ValidationCases", "validation_cases"),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AucInterval",
    "BlandAltman",
    "BootstrapInterval",
    "BootstrapMethod",
    "CalibrationCurve",
    "CalibrationGroups",
    "CalibrationLine",
    "CalibrationSummary",
    "Characteristic",
    "CharacteristicCell",
    "ClassificationIntervals",
    "ClassificationSummary",
    "ComBat",
    "ConformalSets",
    "ConformalSummary",
    "DecisionCurve",
    "Domain",
    "Estimate",
    "GroupComparison",
    "HosmerLemeshow",
    "IccForm",
    "IccResult",
    "LogisticModel",
    "MannWhitneyResult",
    "McNemarTest",
    "MeasurementError",
    "Nomogram",
    "NomogramAxis",
    "NomogramLevel",
    "OddsRatio",
    "OddsRatioRow",
    "OddsRatioTable",
    "OperatingPoint",
    "OptimismBootstrap",
    "PairedTest",
    "PlattScaling",
    "Proportion",
    "ProportionMethod",
    "Reclassification",
    "RepeatedAuc",
    "RocBand",
    "SampleSize",
    "SelectionStability",
    "SeparationWarning",
    "TableOne",
    "TableOneRow",
    "TemperatureScaling",
    "ValidationCases",
    "auc",
    "auc_many",
    "bland_altman",
    "bootstrap_interval",
    "brier",
    "calibration_curve",
    "calibration_slope_intercept",
    "calibration_summary",
    "classification_intervals",
    "classification_summary",
    "conformal_sets",
    "confusion_matrix",
    "decision_curve",
    "delong_interval",
    "delong_test",
    "held_out_limit",
    "hide_small_groups",
    "hosmer_lemeshow",
    "icc",
    "icc_forms",
    "independent_difference",
    "macro_auc",
    "macro_auc_interval",
    "mann_whitney",
    "mcnemar_test",
    "midranks",
    "multivariate_odds_ratios",
    "odds_ratio_table",
    "operating_point",
    "optimism_bootstrap",
    "optimism_resamples",
    "optimism_summary",
    "patient_bootstrap",
    "patient_proportion",
    "pretty",
    "proportion",
    "reclassification",
    "repeated_auc",
    "repeated_delong_test",
    "reproducible",
    "roc_band",
    "sample_size",
    "scaled_brier",
    "selection_stability",
    "sign_flip_warnings",
    "spearman_matrix",
    "standard_error_of_measurement",
    "table_one",
    "transferred_sets",
    "univariate_odds_ratios",
    "validation_cases",
    "youden_threshold",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
