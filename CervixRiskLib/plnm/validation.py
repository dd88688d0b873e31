"""Honest validation: the whole model refitted in every resample, by patient, and told with its uncertainty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from ..bundle import Metric
from ..cohort import patient_folds
from ..cohort.case_scheduling import run_tasks
from ..progress import SILENT, Progress
from ..statistics import operating_point, repeated_auc
from .comparisons import Answer, compare
from .fold_store import FoldResult, FoldStore
from .model import PlnmModel, usable_folds

_FEWEST_OF_AN_OUTCOME = 2


class Asked(str, Enum):
    """What a resample answers with besides the model's own probability."""

    MODEL = "model"
    BASELINES = "baselines"
    ALL = "all"


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Out-of-fold answers of all repeats: arrays ``(repeats, cases)``."""

    score: np.ndarray
    probability: np.ndarray
    predicted: np.ndarray
    folds: tuple[FoldResult, ...]

    @classmethod
    def of(cls, results: Sequence[FoldResult], repeats: int, cases: int) -> CrossValidation:
        """Lay the resamples' answers side by side; ``results`` repeat by repeat."""
        per_repeat = len(results) // repeats
        score, probability = np.empty((repeats, cases)), np.empty((repeats, cases))
        predicted = np.empty((repeats, cases), dtype=int)
        for index, result in enumerate(results):
            repeat = index // per_repeat
            score[repeat, result.test] = result.score
            probability[repeat, result.test] = result.probability
            predicted[repeat, result.test] = result.predicted
        return cls(score, probability, predicted, tuple(results))

    def compared(self) -> list[Answer]:
        """The answers of all that was compared, their arrays ``(repeats, cases)``, in the order of the first fold."""
        repeats, cases = self.score.shape
        per_repeat = len(self.folds) // repeats
        found = {
            (answer.table, answer.name): Answer(
                answer.table, answer.name, np.empty((repeats, cases)), np.empty((repeats, cases), dtype=int)
            )
            for answer in self.folds[0].answers
        }
        for index, fold in enumerate(self.folds):
            for answer in fold.answers:
                whole = found[answer.table, answer.name]
                whole.score[index // per_repeat, fold.test] = answer.score
                whole.predicted[index // per_repeat, fold.test] = answer.predicted
        return list(found.values())

    def feature_frequency(self) -> dict[str, float]:
        """Share of the resamples that selected a radiomic feature or clinical predictor, most frequent first."""
        counts = Counter(name for fold in self.folds for name in (*fold.features, *fold.clinical))
        return {name: count / len(self.folds) for name, count in counts.most_common()}


def cross_validate(
    model: PlnmModel,
    X: pd.DataFrame,
    y: np.ndarray,
    groups: np.ndarray,
    *,
    folds: int,
    repeats: int,
    seed: int,
    jobs: int = 1,
    work_dir: Path | None = None,
    asked: Asked = Asked.MODEL,
    progress: Progress = SILENT,
) -> CrossValidation:
    """Repeated stratified cross-validation of an unfitted model, never dividing a patient.

    Parameters
    ----------
    X, y, groups
        As for :meth:`.model.PlnmModel.fit`.
    work_dir
        Where each finished resample is kept, named by the hash of all it depends on; a run that was killed goes on
        from there.
    asked
        What every resample answers with besides the model's own probability.
    """
    splits = patient_folds(y, groups, usable_folds(y, groups, folds), seed, repeats)
    results = fit_resamples(model, X, y, groups, splits, asked=asked, jobs=jobs, work_dir=work_dir, progress=progress)
    return CrossValidation.of(results, repeats, len(y))


def fit_resamples(
    model: PlnmModel,
    X: pd.DataFrame,
    y: np.ndarray,
    groups: np.ndarray,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    asked: Asked = Asked.MODEL,
    jobs: int = 1,
    work_dir: Path | None = None,
    progress: Progress = SILENT,
    title: str = "Cross-validating",
) -> list[FoldResult]:
    """Fit a model to the first side of every split and let it answer the second, resuming from ``work_dir``."""
    store = FoldStore.of(work_dir, model, X, y, groups, asked.value)
    results: dict[int, FoldResult] = {}
    with progress.task(title, total=len(splits)) as task:
        waiting = []
        for index, (train, test) in enumerate(splits):
            found = store.load(train, test)
            if found is None:
                waiting.append((index, train, test))
            else:
                results[index] = found
                task.advance()
        tasks = [(model, X, y, groups, train, test, asked) for _, train, test in waiting]
        with closing(run_tasks(_fit_fold, tasks, jobs=jobs, fewest=2)) as run:
            for position, result in run:
                index, train, _ = waiting[position]
                results[index] = result
                store.save(train, result)
                task.advance()
    return [results[index] for index in range(len(splits))]


def _fit_fold(
    task: tuple[PlnmModel, pd.DataFrame, np.ndarray, np.ndarray, np.ndarray, np.ndarray, Asked],
) -> FoldResult:
    model, X, y, groups, train, test, asked = task
    with threadpool_limits(1):
        fitted = clone(model).fit(X.iloc[train], y[train], groups[train])
        held_out = X.iloc[test]
        probability = fitted.predict_proba(held_out)[:, 1]
        answers: tuple[Answer, ...] = ()
        if asked is not Asked.MODEL:
            answers = compare(fitted, X.iloc[train], y[train], groups[train], held_out, every=asked is Asked.ALL)
        return FoldResult(
            test,
            fitted.fusion_score(held_out),
            probability,
            (probability >= fitted.threshold_).astype(int),
            fitted.winner_.network,
            fitted.winner_.classifier,
            fitted.scorer_.radiomics_names,
            tuple(fitted.clinical_selection_.selected_),
            answers,
        )


# -- numbers ----------------------------------------------------------------------------------------------------------


def discrimination_metrics(
    y: np.ndarray,
    scores: np.ndarray,
    predicted: np.ndarray | None,
    *,
    model: str,
    protocol: str,
    patients: np.ndarray | None = None,
) -> list[Metric]:
    """AUC and, where classes were predicted, the numbers at the cut-off, with 95 % intervals.

    Parameters
    ----------
    scores, predicted
        ``(repeats, cases)``. Each repeat is judged by itself; values and interval bounds are averaged over the
        repeats, so that averaging many models does not pass for the performance of one.
    patients
        ``(cases,)``: where some have several cases, the AUC's interval is a bootstrap over patients. The intervals at
        the cut-off take cases as independent.
    """
    # An interval takes two cases of each outcome; a small cohort's test side may have one.
    interval = (np.nan, np.nan, np.nan)
    if np.bincount(y, minlength=2).min() >= _FEWEST_OF_AN_OUTCOME:
        area = repeated_auc(y, scores, patients)
        interval = area.auc, area.lower, area.upper
    metrics = [_metric("auc", [interval], protocol, len(y), model)]
    if predicted is not None:
        points = [operating_point(y, repeat.astype(float), 0.5) for repeat in np.atleast_2d(predicted)]
        for name in ("accuracy", "sensitivity", "specificity", "ppv", "npv"):
            shares = [getattr(point, name) for point in points]
            metrics.append(_metric(name, [(s.value, s.lower, s.upper) for s in shares], protocol, len(y), model))
    return metrics


def _metric(name: str, values: list[tuple[float, float, float]], protocol: str, n: int, model: str) -> Metric:
    value, lower, upper = (float(np.mean(column)) for column in zip(*values, strict=True))
    return Metric(name, _finite(value), _finite(lower), _finite(upper), protocol, n, model)


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None
