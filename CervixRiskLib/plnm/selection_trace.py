"""How the final model's features were chosen, for the figures of a report. It describes the model, nothing more."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, lasso_path
from sklearn.pipeline import Pipeline

from ..bundle.study_record import RecordTable, SelectionTrace
from ..cohort import patient_folds
from ..radiomics.feature_class import OTHER, feature_class_of
from ..radiomics.feature_names import FEATURES_OF_CLASS
from ..statistics import auc, spearman_matrix
from .classifiers import positive_probability
from .model import PlnmModel, usable_folds
from .selection import LassoSelector, RecursiveElimination
from .signature import RADIOMICS

_FOLDS = 5
_PERMUTATIONS = 20
_MOST_STEPS = 80

Folds = Sequence[tuple[np.ndarray, np.ndarray]]


def trace_selection(
    model: PlnmModel,
    X: pd.DataFrame,
    y: np.ndarray,
    groups: np.ndarray,
    *,
    measured: Sequence[str] | None = None,
    seed: int = 42,
) -> SelectionTrace:
    """Describe the selection of a fitted model.

    Parameters
    ----------
    X, y, groups
        The training cases that it was fitted to, as for :meth:`.model.PlnmModel.fit`.
    measured
        Names of all radiomic features, those included that never were candidates.
    seed
        Of the folds and the permutations.

    Notes
    -----
    The elimination's curve is nested: the whole selection is refitted in each fold. The importances are not: the final
    features were chosen on all these cases, and the winning classifier alone is refitted in each fold.
    """
    signature = model.signature_
    fitted = signature.named_steps["blocks"].transformers_.get(RADIOMICS)
    features = np.asarray(signature.transform(X))
    names = model.scorer_.feature_names
    folds = patient_folds(y, groups, usable_folds(y, groups, _FOLDS), seed)
    path = _LassoPath() if fitted is None else _lasso(fitted, X[list(model.radiomics_columns)].to_numpy(), y, model)
    curve = _Curve()
    if not model._is_fitted_embedding(model.winner_.network):
        # A network that learns from the labels would have to learn anew in each fold.
        curve = _elimination(model, X, y, groups, folds)
    names_by_importance, importance = _importance(model, features, y, folds, seed)
    return SelectionTrace(
        feature_classes=_classes(fitted, model, tuple(measured or model.radiomics_columns)),
        lasso_penalties=_plain(path.penalties),
        lasso_error=_plain(path.error),
        lasso_error_spread=_plain(path.spread),
        lasso_penalty=path.chosen,
        lasso_features=path.features,
        lasso_coefficients=tuple(_plain(row) for row in path.coefficients),
        correlation_names=names,
        correlation=_correlation(features),
        elimination_features=curve.features,
        elimination_auc=_plain(curve.auc),
        elimination_spread=_plain(curve.spread),
        importance_names=names_by_importance,
        importance=importance,
    )


# -- how many remain --------------------------------------------------------------------------------------------------


def _classes(fitted: Pipeline | None, model: PlnmModel, measured: tuple[str, ...]) -> RecordTable:
    """Number of features of each class after each step; principal components are told in a note."""
    steps: dict[str, Sequence[str]] = {"measured": measured}
    if fitted is not None:
        candidates = np.array(model.radiomics_columns, dtype=object)
        if len(candidates) != len(measured):
            steps["candidates"] = list(candidates)
        for name, step in fitted.steps:
            if hasattr(step, "get_support"):
                candidates = candidates[step.get_support()]
                steps[name] = list(candidates)
    steps["eliminated"] = model.scorer_.radiomics_names
    counts = {step: Counter(feature_class_of(name) for name in names) for step, names in steps.items()}
    present = [name for name in (*FEATURES_OF_CLASS, OTHER) if counts["measured"][name]]
    frame = pd.DataFrame(
        [{"feature_class": name, **{step: count[name] for step, count in counts.items()}} for name in present],
        columns=["feature_class", *counts],
    )
    deep = len(model.scorer_.deep_names)
    notes = (f"{deep} principal components of {model.winner_.network} were kept beside them.",) if deep else ()
    return RecordTable.from_frame(frame, notes)


# -- LASSO ------------------------------------------------------------------------------------------------------------


def _nothing() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class _LassoPath:
    penalties: np.ndarray = field(default_factory=_nothing)
    error: np.ndarray = field(default_factory=_nothing)
    spread: np.ndarray = field(default_factory=_nothing)
    chosen: float | None = None
    features: tuple[str, ...] = ()
    coefficients: np.ndarray = field(default_factory=_nothing)


def _lasso(fitted: Pipeline, X: np.ndarray, y: np.ndarray, model: PlnmModel) -> _LassoPath:
    """The path that cross-validation judged, and its coefficients on all training cases."""
    selector = fitted.named_steps["lasso"]
    assert isinstance(selector, LassoSelector)
    if not selector.penalties_.size:
        return _LassoPath()
    candidates = np.array(model.radiomics_columns, dtype=object)
    values = X
    for _, step in fitted.steps[:-1]:
        values = step.transform(values)
        if hasattr(step, "get_support"):
            candidates = candidates[step.get_support()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefficients, _ = lasso_path(
            np.asarray(values, dtype=float), y - y.mean(), alphas=selector.penalties_, max_iter=10_000, tol=1e-5
        )
    ever = np.flatnonzero((coefficients != 0).any(axis=1))
    error = selector.error_path_
    return _LassoPath(
        selector.penalties_,
        error.mean(axis=1),
        error.std(axis=1, ddof=1) / np.sqrt(error.shape[1]),
        selector.penalty_,
        tuple(str(name) for name in candidates[ever]),
        coefficients[ever],
    )


# -- the final features -----------------------------------------------------------------------------------------------


def _correlation(features: np.ndarray) -> tuple[tuple[float, ...], ...]:
    if features.shape[1] < 2:
        return tuple((1.0,) for _ in range(features.shape[1]))
    return tuple(_plain(row) for row in np.nan_to_num(spearman_matrix(features)))


@dataclass(frozen=True, eq=False)
class _Curve:
    features: tuple[int, ...] = ()
    auc: np.ndarray = field(default_factory=_nothing)
    spread: np.ndarray = field(default_factory=_nothing)


def _elimination(model: PlnmModel, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray, folds: Folds) -> _Curve:
    """AUC of L2 logistic regression on the held-out side for each number of features that the elimination leaves."""
    curves = []
    for train, test in folds:
        fit = model.fit_signature(model.winner_.network, X.iloc[train], y[train], groups[train])
        ranking = RecursiveElimination(features=1).fit(fit.blocks, y[train]).ranking_
        held_out = fit.blocks_of(X.iloc[test])
        curve = []
        for kept in range(1, min(len(ranking), _MOST_STEPS) + 1):
            chosen = ranking <= kept
            regression = LogisticRegression(max_iter=200).fit(fit.blocks[:, chosen], y[train])
            curve.append(float(auc(y[test], positive_probability(regression, held_out[:, chosen]))))
        curves.append(curve)
    longest = min(len(curve) for curve in curves)
    table = np.array([curve[:longest] for curve in curves])
    return _Curve(tuple(range(1, longest + 1)), table.mean(axis=0), table.std(axis=0, ddof=1))


def _importance(
    model: PlnmModel, features: np.ndarray, y: np.ndarray, folds: Folds, seed: int
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Mean fall of the held-out AUC when one feature is permuted among the held-out cases, largest first."""
    rng = np.random.default_rng(seed)
    falls = np.zeros((len(folds), features.shape[1]))
    for row, (train, test) in enumerate(folds):
        classifier = model.winner_.fit(features[train], y[train], model.seed)
        whole = float(auc(y[test], positive_probability(classifier, features[test])))
        for column in range(features.shape[1]):
            permuted = np.tile(features[test], (_PERMUTATIONS, 1))
            permuted[:, column] = np.concatenate(
                [rng.permutation(features[test, column]) for _ in range(_PERMUTATIONS)]
            )
            scores = positive_probability(classifier, permuted).reshape(_PERMUTATIONS, -1)
            falls[row, column] = whole - float(np.mean([auc(y[test], one) for one in scores]))
    mean = falls.mean(axis=0)
    order = np.argsort(-mean, kind="stable")
    names = model.scorer_.feature_names
    return tuple(names[index] for index in order), _plain(mean[order])


def _plain(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
