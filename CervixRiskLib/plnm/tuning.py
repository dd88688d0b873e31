"""Tuning of one classifier on features that are refitted in every inner fold."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.metrics import balanced_accuracy_score

from ..statistics import auc
from .classifiers import make_classifier, parameter_grid, positive_probability


@dataclass(frozen=True)
class Candidate:
    """One network and classifier with its best values, judged out of fold."""

    network: str
    classifier: str
    parameters: dict[str, Any]
    auc: float
    balanced_accuracy: float

    def fit(self, features: np.ndarray, y: np.ndarray, seed: int) -> Any:
        """The classifier with these values, fitted to ``(cases, features)``."""
        with features_are_checked():
            return make_classifier(self.classifier, seed).set_params(**self.parameters).fit(features, y)


@dataclass(frozen=True, eq=False)
class FoldFeatures:
    """Positions and standardised features ``(cases, features)`` of a fold's two sides."""

    train: np.ndarray
    test: np.ndarray
    train_features: np.ndarray
    test_features: np.ndarray


@dataclass(frozen=True, eq=False)
class Tuned:
    """A candidate with its out-of-fold scores ``(cases,)``."""

    candidate: Candidate
    scores: np.ndarray


def features_are_checked() -> AbstractContextManager[None]:
    """Let scikit-learn not check each tree of each forest again: a signature gives finite features, grids are ours."""
    return config_context(assume_finite=True, skip_parameter_validation=True)


def tune(network: str, name: str, folds: Sequence[FoldFeatures], y: np.ndarray, *, wide: bool, seed: int) -> Tuned:
    """Grid search of one classifier on balanced accuracy at the prevalence, ties broken by AUC.

    Parameters
    ----------
    network
        Whose features these are, ``""`` for none.
    name
        Of :data:`.settings.CLASSIFIER_NAMES`.
    folds
        Together they hold every case out once.
    y
        ``(n,)`` outcome 0/1 of all cases.
    wide
        Which of the two grids.
    """
    best: tuple[tuple[float, float], Tuned] | None = None
    for parameters in parameter_grid(name, wide=wide):
        scores = np.empty(len(y))
        with features_are_checked():
            for fold in folds:
                classifier = make_classifier(name, seed).set_params(**parameters)
                classifier.fit(fold.train_features, y[fold.train])
                scores[fold.test] = positive_probability(classifier, fold.test_features)
        accuracy = float(balanced_accuracy_score(y, scores >= y.mean()))
        discrimination = float(auc(y, scores))
        if best is None or (accuracy, discrimination) > best[0]:
            candidate = Candidate(network, name, parameters, discrimination, accuracy)
            best = (accuracy, discrimination), Tuned(candidate, scores)
    assert best is not None
    return best[1]
