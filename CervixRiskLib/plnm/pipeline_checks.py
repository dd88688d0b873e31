"""Two questions asked of the whole pipeline: could chance have done this, and how much does it owe to its own cases?

Both refit everything many times, so they ask the pipeline with logistic regression; the record names it.
"""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from ..bundle.study_record import OptimismRecord, PermutationRecord
from ..cohort import shuffle_outcome
from ..cohort.case_scheduling import run_tasks
from ..progress import SILENT, Progress
from ..statistics import auc, optimism_resamples, optimism_summary
from .model import PlnmModel
from .validation import Asked, cross_validate, fit_resamples

LIGHT = "nomogram with logistic regression"
_MOST_FOLDS = 5


def light_model(model: PlnmModel) -> PlnmModel:
    """The same pipeline with the one classifier whose refitting is affordable, unfitted."""
    light = {
        "classifiers": ("logistic_regression",),
        "wide_grid": False,
        "inner_folds": min(_MOST_FOLDS, model.inner_folds),
    }
    return PlnmModel(**{**model.get_params(deep=False), **light})


def permutation_test(
    model: PlnmModel,
    X: pd.DataFrame,
    y: np.ndarray,
    groups: np.ndarray,
    *,
    permutations: int,
    folds: int,
    seed: int,
    name: str = LIGHT,
    jobs: int = 1,
    work_dir: Path | None = None,
    progress: Progress = SILENT,
) -> PermutationRecord:
    """Could labels drawn at random have given this AUC? Ojala & Garriga 2010, test 1, on the whole pipeline.

    The observed AUC is out of fold, of one cross-validation; p is ``(1 + #(permuted >= observed)) / (1 +
    permutations)``. Outcomes are permuted among patients. More than five folds would cost time and tell no more.
    """
    folds = min(_MOST_FOLDS, folds)
    observed = _one_auc((model, X, y, groups, folds, seed, work_dir))
    rng = np.random.default_rng(seed)
    shuffled = [shuffle_outcome(y, groups, rng) for _ in range(permutations)]
    tasks = [(model, X, labels, groups, folds, seed, work_dir) for labels in shuffled]
    permuted = np.empty(permutations)
    with (
        progress.task("Permuting outcomes", total=permutations) as task,
        closing(run_tasks(_one_auc, tasks, jobs=jobs, fewest=2)) as run,
    ):
        for position, value in run:
            permuted[position] = value
            task.advance()
    above = int((permuted >= observed).sum())
    return PermutationRecord(name, observed, tuple(permuted.tolist()), (1 + above) / (1 + permutations))


def optimism(
    model: PlnmModel,
    X: pd.DataFrame,
    y: np.ndarray,
    groups: np.ndarray,
    *,
    repeats: int,
    seed: int,
    name: str = LIGHT,
    jobs: int = 1,
    work_dir: Path | None = None,
    progress: Progress = SILENT,
) -> OptimismRecord:
    """The bootstrap of the whole pipeline, by patient (Harrell 2015, section 5.3.4), of the nomogram's AUC."""
    everything = np.arange(len(y))
    draws = [everything, *optimism_resamples(y, groups, repeats, seed)]
    results = fit_resamples(
        model, X, y, groups, [(drawn, everything) for drawn in draws],
        asked=Asked.MODEL, jobs=jobs, work_dir=work_dir, progress=progress, title="Bootstrapping the optimism",
    )  # fmt: skip
    on_all = [float(auc(y, result.probability)) for result in results]
    on_resample = [
        float(auc(y[drawn], result.probability[drawn])) for drawn, result in zip(draws, results, strict=True)
    ]
    summary = optimism_summary(on_all[0], on_resample[1:], on_all[1:])
    spread, error = (value if math.isfinite(value) else None for value in (summary.spread, summary.standard_error))
    return OptimismRecord(name, repeats, summary.apparent, summary.optimism, summary.corrected, spread, error)


def _one_auc(task: tuple[PlnmModel, pd.DataFrame, np.ndarray, np.ndarray, int, int, Path | None]) -> float:
    model, X, y, groups, folds, seed, work_dir = task
    result = cross_validate(model, X, y, groups, folds=folds, repeats=1, seed=seed, work_dir=work_dir)
    return float(auc(y, result.probability[0]))
