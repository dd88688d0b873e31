"""The validation we stand behind: every number out of fold, beside the plain baselines a clinician would ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np

from ..bundle import Metric
from ..progress import SILENT, Progress
from ..statistics import brier, calibration_slope_intercept
from .case_table import CaseTable
from .model import PlnmModel
from .reproducible_list import ReproducibleList
from .settings import FineTuning, TrainingProtocol, TrainingSettings
from .validation import (
    CrossValidation,
    baseline_scores,
    cross_validate,
    discrimination_metrics,
    permutation_test,
)

HONEST = "honest"
MAXIMUM_DIAMETER = "maximum_diameter"


@dataclass(frozen=True, eq=False)
class HonestResult:
    """Out-of-fold answers and the numbers made of them."""

    validation: CrossValidation
    metrics: tuple[Metric, ...]


def run_honest_protocol(
    model: PlnmModel,
    cases: CaseTable,
    positions: np.ndarray,
    settings: TrainingSettings,
    *,
    work_dir: Path,
    progress: Progress = SILENT,
) -> HonestResult:
    """Cross-validate an unfitted model on the cases at ``positions``, resuming from ``work_dir``.

    The full effort adds a permutation test of the pipeline with logistic regression, whose refitting is affordable.
    """
    X, y, groups = cases.X.iloc[positions], cases.y[positions], cases.groups[positions]
    plan = settings.plan
    # Fine-tuning takes all cores, or the one GPU, by itself.
    jobs = 1 if settings.fine_tuning is FineTuning.ALL else settings.jobs or joblib.cpu_count()
    validation = cross_validate(
        model,
        X,
        y,
        groups,
        folds=plan.outer_folds,
        repeats=plan.repeats,
        seed=settings.seed,
        jobs=jobs,
        work_dir=work_dir,
        progress=progress,
    )
    metrics = discrimination_metrics(y, validation.probability, validation.predicted, model="nomogram", protocol=HONEST)
    metrics += discrimination_metrics(y, validation.score, None, model="fusion", protocol=HONEST)
    metrics += _calibration_metrics(y, validation)
    baselines = {"clinical predictors alone": list(cases.clinical_columns)}
    if MAXIMUM_DIAMETER in cases.clinical_columns:
        baselines["maximum diameter alone"] = [MAXIMUM_DIAMETER]
    for label, columns in baselines.items():
        if columns:
            scores = baseline_scores(
                X, y, groups, columns, folds=plan.outer_folds, repeats=plan.repeats, seed=settings.seed
            )
            metrics += discrimination_metrics(y, scores, None, model=label, protocol=HONEST)
    if plan.permutations:
        light = PlnmModel(
            **{
                **model.get_params(deep=False),
                "classifiers": ("logistic_regression",),
                "wide_grid": False,
                "inner_folds": 5,
            }
        )
        _, p_value, _ = permutation_test(
            light,
            X,
            y,
            groups,
            permutations=plan.permutations,
            folds=5,
            seed=settings.seed,
            jobs=jobs,
            progress=progress,
        )
        name = "nomogram with logistic regression"
        metrics.append(Metric("permutation_p", p_value, None, None, HONEST, len(y), name))
    return HonestResult(validation, tuple(metrics))


def honest_deviations(settings: TrainingSettings, cases: CaseTable, reproducible: ReproducibleList) -> list[str]:
    """Where a model of these settings departs from what the paper printed, a sentence each."""
    deviations = [
        "Nomogram, calibration and cut-off are fitted on out-of-fold scores (paper: the model's own training scores)."
    ]
    if settings.protocol is not TrainingProtocol.PAPER:
        deviations.append("Every fitted step is refitted in every resample (paper: one split, one selection).")
    left_out = len(cases.published_columns) - len(cases.radiomics_columns)
    if settings.preset != "wang2025":
        deviations.append(f"{len(cases.published_columns)} radiomic features of another preset (paper: 1,561).")
    if left_out:
        deviations.append(f"{left_out} features that hold rounding noise on a single slice were left out.")
    deviations += reproducible.deviations()
    if not settings.networks:
        deviations.append("No network (paper: DenseNet121).")
    elif settings.weights != "imagenet":
        weights = "Random network weights" if settings.weights == "none" else "Network weights from a file"
        deviations.append(f"{weights} (paper: ImageNet).")
    if settings.networks and settings.fine_tuning is not FineTuning.ALL:
        deviations.append("The network's features were not adapted to the cohort (paper: transfer learning).")
    return deviations


def _calibration_metrics(y: np.ndarray, validation: CrossValidation) -> list[Metric]:
    metrics = []
    for name, values in (
        ("brier", [brier(y, repeat) for repeat in validation.probability]),
        ("calibration_slope", [calibration_slope_intercept(y, repeat).slope for repeat in validation.probability]),
    ):
        mean = float(np.mean(values))
        metrics.append(Metric(name, mean if np.isfinite(mean) else None, None, None, HONEST, len(y), "nomogram"))
    return metrics
