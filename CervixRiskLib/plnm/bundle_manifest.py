"""What a lymph node bundle says of itself: from a fitted model to its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pandas as pd

from ..bundle import (
    BundleManifest,
    Calibration,
    ClinicalPredictor,
    IntervalInfo,
    Metric,
    RadiomicsInfo,
    TrainingSummary,
)
from ..bundle.library_versions import library_versions
from ..bundle.trained_series import SERIES
from ..cohort import ColumnDictionary
from ..cohort.stated_series import stated_series
from ..radiomics import load_preset
from ..statistics import Nomogram
from .case_table import CaseTable
from .classifiers import LABELS
from .clinical_design import label_of, source_column
from .model import SCORE, PlnmModel
from .reproducible_list import ReproducibleList
from .settings import TrainingSettings

TASK = "plnm"
MODALITY = "US"
"""DICOM's code of the images that the study is about."""
POSITIVE = "metastasis"
NEGATIVE = "no metastasis"
PRESET_FILE = "radiomics.yaml"
FUSION = "fusion"
_VERSIONS_OF = (
    "numpy",
    "scipy",
    "scikit-learn",
    "skops",
    "torch",
    "torchvision",
    "timm",
    "onnx",
    "xgboost",
    "lightgbm",
)


def build_manifest(
    model: PlnmModel,
    cases: CaseTable,
    positions: np.ndarray,
    settings: TrainingSettings,
    reproducible: ReproducibleList,
    metrics: list[Metric],
    deviations: list[str],
    details: Mapping[str, Any],
) -> BundleManifest:
    """Everything a bundle's reader and its predictor need besides the stored estimators.

    Parameters
    ----------
    positions
        Of the training cases in ``cases``.
    reproducible
        The list of features that could be selected.
    metrics, deviations, details
        Of the validation.
    """
    names = tuple(str(name) for name in model.design_ranges_)
    columns = cases.cohort.columns
    used = tuple(dict.fromkeys(source_column(name, columns).name for name in names if name != SCORE))
    shuffled = ["The outcomes were shuffled before training (a check): the model is meaningless."]
    training = cases.cohort
    return BundleManifest(
        task=TASK,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        library_versions=library_versions(_VERSIONS_OF),
        simulated=training.simulated,
        positive_class=POSITIVE,
        class_names=(NEGATIVE, POSITIVE),
        threshold=model.threshold_,
        calibration=Calibration("platt", float(model.platt_.slope_), float(model.platt_.intercept_)),
        training=TrainingSummary(
            cases=int(positions.size),
            positives=int(cases.y[positions].sum()),
            cohort_hash=training.content_hash,
            known_pixel_size_share=float(bool(cases.pixel_size_known)),
            patients=len(np.unique(cases.groups[positions])),
            excluded=len(training.excluded),
            centers=_centers(training.table["center"].iloc[positions]),
        ),
        preprocessing={
            "crop_size": settings.crop_size,
            "crop_margin": settings.crop_margin,
            "reproducible_features": reproducible.sentence(cases.radiomics_columns),
        },
        radiomics=_radiomics(cases, settings),
        selected_features=(
            *model.scorer_.radiomics_names,
            *(f"{model.winner_.network} {name}" for name in model.scorer_.deep_names),
        ),
        clinical=tuple(_clinical_predictor(name, cases, positions) for name in used),
        nomogram=_nomogram(model, cases, names).to_dict(),
        interval=IntervalInfo(
            "delta method over nomogram and calibration, plus the delete-group jackknife of the fusion score"
            if model.fold_scorers_
            else "delta method over nomogram and calibration; the fine-tuned network's own variance is not in it"
        ),
        metrics=tuple(metrics),
        seeds={"numpy": settings.seed, "torch": settings.torch_seed},
        deviations=(*deviations, *(shuffled if settings.shuffle_outcome else [])),
        details={**details, **_details(model, cases, positions, settings, reproducible)},
    )


def _details(
    model: PlnmModel,
    cases: CaseTable,
    positions: np.ndarray,
    settings: TrainingSettings,
    reproducible: ReproducibleList,
) -> dict[str, Any]:
    """What only this study's predictor, its report and its card look up, by name."""
    return {
        "clinical_columns": cases.cohort.columns.to_mapping(),
        "regression": _regression(model),
        "network": model.winner_.network,
        "fine_tuning": settings.fine_tuning.value,
        "classifier": model.winner_.classifier,
        "candidates": [
            {
                "network": candidate.network,
                "classifier": LABELS[candidate.classifier],
                "parameters": {key: str(value) for key, value in candidate.parameters.items()},
                "inner_auc": candidate.auc,
                "inner_balanced_accuracy": candidate.balanced_accuracy,
            }
            for candidate in model.candidates_
        ],
        "pixel_size_known": cases.pixel_size_known,
        "roi_pixels": _pixel_range(cases, positions),
        "given_features": _given(cases),
        "sign_flips": model.clinical_selection_.sign_flips(),
        "settings": settings.to_json(),
        "reproducibility": reproducible.details(cases.radiomics_columns),
        **_series(cases),
    }


def _series(cases: CaseTable) -> dict[str, Any]:
    """What the training images' files say of themselves; nothing where features were given, or no file says any."""
    stated = {} if cases.given is not None else stated_series(cases.cohort)
    return {SERIES: stated} if stated else {}


def _regression(model: PlnmModel) -> dict[str, Any]:
    """The nomogram's model with what its intervals need."""
    regression = model.nomogram_
    return {
        "names": [str(name) for name in model.design_ranges_],
        "coefficients": [float(regression.intercept_), *(float(value) for value in regression.coef_)],
        "covariance": np.asarray(regression.covariance_).tolist(),
        "penalty": str(regression.penalty_used_),
        "ranges": {name: list(limits) for name, limits in model.design_ranges_.items()},
        "calibration_covariance": np.asarray(model.platt_.covariance_).tolist(),
    }


def _radiomics(cases: CaseTable, settings: TrainingSettings) -> RadiomicsInfo | None:
    """How the features are measured; ``None`` where they were given: nobody can then measure another case."""
    if cases.given is not None:
        return None
    preset = load_preset(settings.preset)
    return RadiomicsInfo(preset.name, preset.content_hash, settings.engine)


def _pixel_range(cases: CaseTable, positions: np.ndarray) -> list[int] | None:
    if cases.roi_pixels is None:
        return None
    pixels = cases.roi_pixels[positions]
    return [int(pixels.min()), int(pixels.max())]


def _given(cases: CaseTable) -> dict[str, Any] | None:
    """Where given features come from, without the names of cases."""
    if cases.given is None:
        return None
    features = cases.given
    return {
        "file": features.file_name,
        "content_hash": features.content_hash,
        "features": features.values.shape[1],
        "notes": list(features.notes),
    }


def _clinical_predictor(name: str, cases: CaseTable, positions: np.ndarray) -> ClinicalPredictor:
    column = cases.cohort.columns[name]
    values = cases.cohort.table[name].to_numpy(float)[positions]
    return ClinicalPredictor(
        name=name,
        label=column.label,
        unit=column.unit,
        kind=column.kind,
        observed_low=float(np.nanmin(values)),
        observed_high=float(np.nanmax(values)),
        plausible_low=column.low,
        plausible_high=column.high,
        levels=column.levels,
    )


def _nomogram(model: PlnmModel, cases: CaseTable, names: tuple[str, ...]) -> Nomogram:
    columns = cases.cohort.columns
    labels = ["Fusion score" if name == SCORE else label_of(name, columns) for name in names]
    units = ["" if name == SCORE else source_column(name, columns).unit for name in names]
    return Nomogram.from_logistic(
        names,
        labels,
        units,
        model.nomogram_.coef_,
        model.nomogram_.intercept_,
        [model.design_ranges_[name] for name in names],
        levels={name: {"no": 0.0, "yes": 1.0} for name in names if _is_yes_no(name, columns)},
        calibration=(float(model.platt_.slope_), float(model.platt_.intercept_)),
    )


def _centers(column: pd.Series) -> int | None:
    known = column.dropna()
    return int(known.nunique()) if len(known) else None


def _is_yes_no(name: str, columns: ColumnDictionary) -> bool:
    return name != SCORE and source_column(name, columns).kind in ("binary", "category")
