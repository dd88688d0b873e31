"""Learning rate, batch size and weight decay, searched inside the training cases.

Dai et al. 2025, section 3.2: "optimized by combining grid search and random search"; the ranges come from
"pre-experiments" that are not printed. The ranges here hold the published values in their middle.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from ..cohort import patient_folds
from ..progress import SILENT, Progress
from ..statistics import macro_auc
from .case_crops import CaseCrops
from .choices import Search
from .settings import StagingSettings
from .trial import run_trial

if TYPE_CHECKING:
    from ..networks import TrainingPlan

LEARNING_RATES = (0.003, 0.01, 0.03)
BATCH_SIZES = (8, 16, 32)
WEIGHT_DECAYS = (1e-5, 1e-4, 1e-3)
INNER_FOLDS = 3


@dataclass(frozen=True)
class SearchedPlan:
    """A candidate with its out-of-fold AUC inside the training cases."""

    learning_rate: float
    batch_size: int
    weight_decay: float
    inner_auc: float


def candidates(plan: TrainingPlan, settings: StagingSettings) -> list[TrainingPlan]:
    """The plans that compete: the full grid, or random draws (rate and decay log-uniform over the same ranges)."""
    if settings.search is Search.GRID:
        return [
            replace(plan, learning_rate=rate, batch_size=batch, weight_decay=decay)
            for rate, batch, decay in itertools.product(LEARNING_RATES, BATCH_SIZES, WEIGHT_DECAYS)
        ]
    random = np.random.default_rng(settings.seed)
    drawn = []
    for _ in range(settings.trials):
        rate, decay = (
            float(np.exp(random.uniform(np.log(values[0]), np.log(values[-1]))))
            for values in (LEARNING_RATES, WEIGHT_DECAYS)
        )
        drawn.append(replace(plan, learning_rate=rate, batch_size=int(random.choice(BATCH_SIZES)), weight_decay=decay))
    return drawn


def search_plan(
    name: str,
    cases: CaseCrops,
    training: np.ndarray,
    settings: StagingSettings,
    *,
    device: str,
    work_dir: Path,
    progress: Progress = SILENT,
) -> tuple[TrainingPlan, tuple[SearchedPlan, ...]]:
    """The plan with the highest inner AUC, and all that were tried.

    Every candidate is trained on two thirds of the training patients and judged on the last third, three times round;
    nothing outside ``training`` is looked at.
    """
    if settings.search is Search.NONE:
        return settings.plan, ()
    labels, patients = cases.labels[training], cases.patients[training]
    folds = patient_folds(labels, patients, INNER_FOLDS, settings.seed)
    plans = candidates(settings.plan, settings)
    tried = []
    with progress.task(f"Searching settings for {name}", total=len(plans) * len(folds)) as task:
        for plan in plans:
            logits = np.zeros((len(training), len(cases.cohort.class_names)))
            for inner_training, inner_judged in folds:
                trial = run_trial(
                    name, cases, training[inner_training], training[inner_judged], plan, settings,
                    device=device, work_dir=work_dir, progress=progress,
                )  # fmt: skip
                logits[inner_judged] = trial.logits
                task.advance()
            # Each fold's network has a scale of its own: cases are only ranked within a fold.
            value = float(np.mean([macro_auc(labels[judged], softmax(logits[judged], axis=1)) for _, judged in folds]))
            tried.append(SearchedPlan(plan.learning_rate, plan.batch_size, plan.weight_decay, value))
    best = max(range(len(plans)), key=lambda index: tried[index].inner_auc)
    return plans[best], tuple(tried)
