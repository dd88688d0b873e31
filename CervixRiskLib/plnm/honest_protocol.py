"""The validation we stand behind: every number out of fold, beside the plain baselines a clinician would ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from ..bundle import Metric
from ..bundle.study_record import TRAINING, JudgedModel, ModelTable, OptimismRecord, PermutationRecord
from ..cohort import centre_labels
from ..errors import TrainingError
from ..progress import SILENT, Progress
from ..statistics import brier, calibration_slope_intercept
from .case_table import CaseTable
from .centres import HARMONISED_NOTE, centre_groups, harmonised_models, leave_one_centre_out, usable_centres
from .comparisons import (
    CLINICAL_ALONE,
    DIAMETER_ALONE,
    FUSION,
    HONEST,
    NETWORK_ALONE,
    NOMOGRAM,
    RADIOMICS_ALONE,
    Answer,
    judged,
)
from .model import PlnmModel
from .pipeline_checks import light_model, optimism, permutation_test
from .reproducible_list import ReproducibleList
from .settings import Effort, FineTuning, Harmonisation, TrainingProtocol, TrainingSettings
from .validation import Asked, CrossValidation, cross_validate, discrimination_metrics


@dataclass(frozen=True, eq=False)
class HonestResult:
    """Out-of-fold answers, what is recorded of them in the order of the cases, and the bundle's numbers.

    Parameters
    ----------
    validation
        The cross-validation of the model.
    models
        It and all it is compared with, left-out centres and harmonised features included.
    metrics
        Of the models that stand in the bundle's manifest.
    permutation, optimism
        ``None`` where the settings ask for none.
    notes
        Sentences for the person.
    """

    validation: CrossValidation
    models: tuple[JudgedModel, ...]
    metrics: tuple[Metric, ...]
    permutation: PermutationRecord | None
    optimism: OptimismRecord | None
    notes: tuple[str, ...]


def run_honest_protocol(
    model: PlnmModel,
    cases: CaseTable,
    positions: np.ndarray,
    settings: TrainingSettings,
    *,
    work_dir: Path,
    progress: Progress = SILENT,
) -> HonestResult:
    """Cross-validate an unfitted model on the cases at ``positions``, resuming from ``work_dir``."""
    table = cases.X.iloc[positions], cases.y[positions], cases.groups[positions]
    plan = settings.plan
    # Fine-tuning takes all cores, or the one GPU, by itself.
    jobs = 1 if settings.fine_tuning is FineTuning.ALL else settings.jobs or joblib.cpu_count()
    run: dict[str, Any] = {"jobs": jobs, "work_dir": work_dir, "progress": progress}
    run_folds: dict[str, Any] = {**run, "folds": plan.outer_folds, "repeats": plan.repeats, "seed": settings.seed}
    validation = cross_validate(model, *table, asked=Asked.ALL, **run_folds)
    answers = validation.compared()
    models = judged(answers, TRAINING)
    light = light_model(model)
    permutation = chance = None
    if plan.permutations:
        permutation = permutation_test(
            light, *table, permutations=plan.permutations, folds=plan.outer_folds, seed=settings.seed, **run
        )
    if plan.optimism:
        chance = optimism(light, *table, repeats=plan.optimism, seed=settings.seed, **run)
    labels = centre_labels(cases.cohort)
    centres = centre_groups([labels[position] for position in positions], table[1])
    notes: list[str] = []
    if usable_centres(centres) > 1:
        single = len(plan.classifiers) > 1 and settings.effort is Effort.QUICK
        try:
            models += leave_one_centre_out(light if single else model, *table, centres, light=single, **run)
        except TrainingError as error:
            notes.append(f"No centre was left out: {error}")
        if settings.harmonise is Harmonisation.COMBAT:
            models += harmonised_models(model, *table, centres, **run_folds)
            notes.append(HARMONISED_NOTE)
    elif settings.harmonise is Harmonisation.COMBAT:
        notes.append("Nothing was harmonised: there are no two centres with twenty cases and five of each outcome.")
    return HonestResult(
        validation, models, honest_metrics(*table[1:], answers, permutation), permutation, chance, tuple(notes)
    )


def honest_metrics(
    y: np.ndarray,
    patients: np.ndarray,
    answers: Sequence[Answer],
    permutation: PermutationRecord | None = None,
    *,
    suffix: str = "",
) -> tuple[Metric, ...]:
    """The numbers that stand in the bundle: the nomogram with its calibration, the other models, the baselines.

    Parameters
    ----------
    y, patients
        ``(cases,)`` outcomes, and whose each case is.
    suffix
        Follows each model's name.
    """
    order = (NOMOGRAM, FUSION, RADIOMICS_ALONE, NETWORK_ALONE, CLINICAL_ALONE, DIAMETER_ALONE)
    told = [
        answer
        for answer in sorted(answers, key=lambda one: order.index(one.name) if one.name in order else len(order))
        if answer.table in (ModelTable.MODELS.value, ModelTable.BASELINES.value)
    ]
    metrics: list[Metric] = []
    for answer in told:
        metrics += discrimination_metrics(
            y, answer.score, answer.predicted, model=answer.name + suffix, protocol=HONEST, patients=patients
        )
        if answer.name == NOMOGRAM:
            metrics += _calibration_metrics(y, np.atleast_2d(answer.score), answer.name + suffix)
    if permutation is not None:
        metrics.append(Metric("permutation_p", permutation.p_value, None, None, HONEST, len(y), permutation.model))
    return tuple(metrics)


def honest_deviations(settings: TrainingSettings, cases: CaseTable, reproducible: ReproducibleList) -> list[str]:
    """Where a model of these settings departs from what the paper printed, a sentence each."""
    deviations = [
        "Nomogram, calibration and cut-off are fitted on out-of-fold scores (paper: the model's own training scores)."
    ]
    if settings.protocol is not TrainingProtocol.PAPER:
        deviations.append("Every fitted step is refitted in every resample (paper: one split, one selection).")
    left_out = len(cases.published_columns) - len(cases.radiomics_columns)
    if cases.given is not None:
        deviations.append(
            f"{len(cases.published_columns)} features measured elsewhere, by settings not recorded here "
            "(paper: 1,561 of PyRadiomics)."
        )
    elif settings.preset != "wang2025":
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


def _calibration_metrics(y: np.ndarray, probability: np.ndarray, model: str) -> list[Metric]:
    metrics = []
    for name, values in (
        ("brier", [brier(y, repeat) for repeat in probability]),
        ("calibration_slope", [calibration_slope_intercept(y, repeat).slope for repeat in probability]),
    ):
        mean = float(np.mean(values))
        metrics.append(Metric(name, mean if np.isfinite(mean) else None, None, None, HONEST, len(y), model))
    return metrics
