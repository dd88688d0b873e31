"""Honest validation: the whole model refitted in every resample, by patient, and told with its uncertainty."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from ..atomic import atomic_file
from ..bundle import Metric
from ..cohort import patient_folds, shuffle_outcome
from ..progress import SILENT, Progress
from ..statistics import LogisticModel, auc, delong_interval, operating_point
from .model import PlnmModel, usable_folds

DIAMETER = "maximum_diameter"


@dataclass(frozen=True, eq=False)
class FoldResult:
    """What one resample's model said of the cases it had not seen, and what it was made of."""

    test: np.ndarray
    score: np.ndarray
    probability: np.ndarray
    predicted: np.ndarray
    network: str
    classifier: str
    features: tuple[str, ...]
    clinical: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Out-of-fold answers of all repeats: arrays ``(repeats, cases)``."""

    score: np.ndarray
    probability: np.ndarray
    predicted: np.ndarray
    folds: tuple[FoldResult, ...]

    def feature_frequency(self) -> dict[str, float]:
        """Share of the resamples in which a radiomic feature or clinical predictor was selected, most frequent first.

        Principal components are left out: the third of one resample is not the third of another.
        """
        counts = Counter(
            name for fold in self.folds for name in (*fold.features, *fold.clinical) if not name.startswith("pc")
        )
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
    """
    splits = patient_folds(y, groups, usable_folds(y, groups, folds), seed, repeats)
    key = _key(model, X, y, groups) if work_dir is not None else ""
    results: dict[int, FoldResult] = {}
    with progress.task("Cross-validating", total=len(splits)) as task:
        waiting = []
        for index, (train, test) in enumerate(splits):
            found = _load_fold(work_dir, key, train, test) if work_dir is not None else None
            if found is None:
                waiting.append((index, train, test))
            else:
                results[index] = found
                task.advance()
        if waiting and jobs == 1:
            for index, train, test in waiting:
                results[index] = _fit_fold(model, X, y, groups, train, test)
                _save_fold(work_dir, key, train, results[index])
                task.advance()
        elif waiting:
            run = joblib.Parallel(n_jobs=min(jobs, len(waiting)), return_as="generator_unordered", max_nbytes="1M")
            calls = (joblib.delayed(_numbered_fold)(i, model, X, y, groups, train, test) for i, train, test in waiting)
            training_sides = {index: train for index, train, _ in waiting}
            for index, result in run(calls):
                results[index] = result
                _save_fold(work_dir, key, training_sides[index], result)
                task.advance()
    ordered = [results[index] for index in range(len(splits))]
    per_repeat = len(splits) // repeats
    score, probability = np.empty((repeats, len(y))), np.empty((repeats, len(y)))
    predicted = np.empty((repeats, len(y)), dtype=int)
    for index, result in enumerate(ordered):
        repeat = index // per_repeat
        score[repeat, result.test] = result.score
        probability[repeat, result.test] = result.probability
        predicted[repeat, result.test] = result.predicted
    return CrossValidation(score, probability, predicted, tuple(ordered))


def _numbered_fold(index: int, *arguments: object) -> tuple[int, FoldResult]:
    return index, _fit_fold(*arguments)  # type: ignore[arg-type]


def _fit_fold(
    model: PlnmModel, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray, train: np.ndarray, test: np.ndarray
) -> FoldResult:
    with threadpool_limits(1):
        fitted = clone(model).fit(X.iloc[train], y[train], groups[train])
        held_out = X.iloc[test]
        probability = fitted.predict_proba(held_out)[:, 1]
        return FoldResult(
            test,
            fitted.fusion_score(held_out),
            probability,
            (probability >= fitted.threshold_).astype(int),
            fitted.winner_.network,
            fitted.winner_.classifier,
            fitted.scorer_.feature_names,
            tuple(fitted.clinical_selection_.selected_),
        )


# -- resuming ---------------------------------------------------------------------------------------------------------


def _key(model: PlnmModel, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray) -> str:
    digest = sha256(joblib.hash((model.get_params(deep=False), np.asarray(y), np.asarray(groups))).encode())
    digest.update(joblib.hash((list(X.columns), X.to_numpy(np.float64))).encode())
    return digest.hexdigest()


def _fold_path(work_dir: Path, key: str, train: np.ndarray) -> Path:
    return work_dir / f"fold-{sha256(key.encode() + np.sort(train).astype(np.int64).tobytes()).hexdigest()[:32]}.json"


def _save_fold(work_dir: Path | None, key: str, train: np.ndarray, result: FoldResult) -> None:
    if work_dir is None:
        return
    content = {name: _plain(value) for name, value in vars(result).items()}
    with atomic_file(_fold_path(work_dir, key, train)) as partial:
        partial.write_text(json.dumps(content), encoding="utf-8")


def _load_fold(work_dir: Path, key: str, train: np.ndarray, test: np.ndarray) -> FoldResult | None:
    path = _fold_path(work_dir, key, train)
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        result = FoldResult(
            np.array(content["test"], dtype=int),
            np.array(content["score"], dtype=float),
            np.array(content["probability"], dtype=float),
            np.array(content["predicted"], dtype=int),
            content["network"],
            content["classifier"],
            tuple(content["features"]),
            tuple(content["clinical"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
    return result if np.array_equal(result.test, test) and len(result.score) == len(test) else None


def _plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else list(value) if isinstance(value, tuple) else value


# -- numbers ----------------------------------------------------------------------------------------------------------


def discrimination_metrics(
    y: np.ndarray, scores: np.ndarray, predicted: np.ndarray | None, *, model: str, protocol: str
) -> list[Metric]:
    """AUC and, where classes were predicted, the numbers at the cut-off, with 95 % intervals.

    Parameters
    ----------
    scores, predicted
        ``(repeats, cases)``. Each repeat is judged by itself; values and interval bounds are averaged over the
        repeats, so that averaging many models does not pass for the performance of one.
    """
    scores = np.atleast_2d(scores)
    intervals = [delong_interval(y, repeat) for repeat in scores]
    metrics = [_metric("auc", [(i.auc, i.lower, i.upper) for i in intervals], protocol, len(y), model)]
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


def baseline_scores(
    X: pd.DataFrame, y: np.ndarray, groups: np.ndarray, columns: Sequence[str], *, folds: int, repeats: int, seed: int
) -> np.ndarray:
    """Out-of-fold probabilities ``(repeats, cases)`` of plain logistic regression on these clinical columns."""
    splits = patient_folds(y, groups, usable_folds(y, groups, folds), seed, repeats)
    per_repeat = len(splits) // repeats
    scores = np.empty((repeats, len(y)))
    for index, (train, test) in enumerate(splits):
        training = X.iloc[train][list(columns)].astype(float)
        medians = training.median().fillna(0.0)
        training = training.fillna(medians)
        usable = [name for name in columns if np.ptp(training[name].to_numpy()) > 0]
        held_out = X.iloc[test][list(columns)].astype(float).fillna(medians)
        if usable:
            fitted = LogisticModel(penalty="auto").fit(training[usable], y[train])
            scores[index // per_repeat, test] = fitted.predict_proba(held_out[usable])[:, 1]
        else:
            scores[index // per_repeat, test] = y[train].mean()
    return scores


def permutation_test(
    model: PlnmModel,
    X: pd.DataFrame,
    y: np.ndarray,
    groups: np.ndarray,
    *,
    permutations: int,
    folds: int,
    seed: int,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> tuple[float, float, np.ndarray]:
    """Could labels drawn at random have given this AUC? Ojala & Garriga 2010, test 1, on the whole pipeline.

    Returns
    -------
    tuple
        The observed out-of-fold AUC of one cross-validation, its p value ``(1 + #(permuted >= observed)) /
        (1 + permutations)``, and the permuted AUCs ``(permutations,)``.
    """
    observed = _one_auc(model, X, y, groups, folds, seed)
    rng = np.random.default_rng(seed)
    shuffled = [shuffle_outcome(y, groups, rng) for _ in range(permutations)]
    permuted = np.empty(permutations)
    with progress.task("Permuting outcomes", total=permutations) as task:
        run = joblib.Parallel(n_jobs=jobs, return_as="generator", max_nbytes="1M")
        call: Callable[..., object] = joblib.delayed(_one_auc)
        for index, value in enumerate(run(call(model, X, labels, groups, folds, seed) for labels in shuffled)):
            permuted[index] = value
            task.advance()
    return observed, float((1 + (permuted >= observed).sum()) / (1 + permutations)), permuted


def _one_auc(model: PlnmModel, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> float:
    result = cross_validate(model, X, y, groups, folds=folds, repeats=1, seed=seed)
    return float(auc(y, result.probability[0]))
