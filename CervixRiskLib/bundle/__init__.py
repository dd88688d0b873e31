"""A trained model on disk: write, verify, load; and the contract between the studies and every screen.

A bundle is a folder, or a ``.zip`` of it: ``bundle.json`` (what it is, and the SHA-256 of every other file), fitted
estimators, network weights, ``MODEL_CARD.md``. Loading verifies all of it and executes none of it.
"""

from __future__ import annotations

from .contracts import (
    CaseInput,
    ClassProbability,
    Contribution,
    Prediction,
    PredictionWarning,
    PredictorPoints,
    WarningCode,
)
from .load import Bundle, load_bundle
from .manifest import (
    INTENDED_USE,
    SCHEMA_VERSION,
    BundleManifest,
    Calibration,
    ClinicalPredictor,
    IntervalInfo,
    Metric,
    RadiomicsInfo,
    TrainingSummary,
)
from .model_card import model_card
from .verify import VerificationReport, VerifiedFile, verify_bundle
from .write import check_destination, write_bundle

__all__ = [
    "INTENDED_USE",
    "SCHEMA_VERSION",
    "Bundle",
    "BundleManifest",
    "Calibration",
    "CaseInput",
    "ClassProbability",
    "ClinicalPredictor",
    "Contribution",
    "IntervalInfo",
    "Metric",
    "Prediction",
    "PredictionWarning",
    "PredictorPoints",
    "RadiomicsInfo",
    "TrainingSummary",
    "VerificationReport",
    "VerifiedFile",
    "WarningCode",
    "check_destination",
    "load_bundle",
    "model_card",
    "verify_bundle",
    "write_bundle",
]
