"""The study's protocol as printed: one split, one selection, classifiers compared on the test cases.

Everything here is stamped ``protocol="paper"`` and carries :data:`DEVIATIONS`; nothing of it enters the bundle's
answers. It exists to be put beside the honest numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from ..bundle import Metric
from ..progress import SILENT, Progress
from ..statistics import LogisticModel, PlattScaling, auc, youden_threshold
from .classifiers import LABELS, make_classifier, parameter_grid, positive_probability
from .clinical_selection import ClinicalSelection
from .model import SCORE, PlnmModel
from .validation import discrimination_metrics

PAPER = "paper"

DEVIATIONS = (
    "Paper protocol: features are selected once on the training split and classifiers are tuned on the selected "
    "features, so the tuning has already seen every fold's labels.",
    "Paper protocol: the nomogram, its calibration and the cut-off are fitted on the fusion model's own training "
    "scores, which are optimistic.",
    "Paper protocol: the classifier is chosen by its AUC on the test cases, so that AUC is the best of several.",
    "Paper protocol: its numbers for selection on all cases show what happens when the test cases take part in the "
    "selection; they estimate nothing.",
    "The paper prints 16,383 embedding values, |rho| thresholds of .9 and .8, and 73 and 1,625 dimensions before the "
    "elimination; 16,384, .9 and the pipeline's own number are used here.",
)


@dataclass(frozen=True, eq=False)
class PaperResult:
    """Metrics of training and test side, and each classifier's AUC on the test side."""

    metrics: tuple[Metric, ...]
    chosen: str
    test_auc: dict[str, float]


def run_paper_protocol(
    model: PlnmModel,
    X: pd.DataFrame,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    *,
    progress: Progress = SILENT,
) -> PaperResult:
    """Repeat the printed protocol with the parameters of an unfitted model.

    Parameters
    ----------
    X, y
        As for :meth:`.model.PlnmModel.fit`.
    train, test
        Positions of the split's two sides.
    """
    network = next(iter(model.deep_columns or {}), "")
    signature = clone(model)._signature(network)
    train_features = signature.fit_transform(X.iloc[train], y[train])
    test_features = signature.transform(X.iloc[test])
    metrics: list[Metric] = []
    test_auc: dict[str, float] = {}
    best: tuple[float, str, np.ndarray, np.ndarray] | None = None
    with progress.task("Repeating the paper's protocol", total=len(model.classifiers) + 1) as task:
        for name in model.classifiers:
            on_train, on_test = _tuned_scores(model, name, train_features, y[train], test_features)
            cut = youden_threshold(y[train], on_train)
            metrics += discrimination_metrics(
                y[train], on_train, on_train >= cut, model=f"{LABELS[name]}, training", protocol=PAPER
            )
            metrics += discrimination_metrics(
                y[test], on_test, on_test >= cut, model=f"{LABELS[name]}, test", protocol=PAPER
            )
            test_auc[name] = float(auc(y[test], on_test))
            if best is None or test_auc[name] > best[0]:
                best = (test_auc[name], name, on_train, on_test)
            task.advance()
        assert best is not None
        metrics += _nomogram_metrics(model, X, y, train, test, best[2], best[3])
        leaky = clone(model)._signature(network).fit(X, y)
        _, leaked = _tuned_scores(
            model, best[1], leaky.transform(X.iloc[train]), y[train], leaky.transform(X.iloc[test])
        )
        metrics += discrimination_metrics(
            y[test], leaked, None, model="fusion, test, selected on all cases", protocol=PAPER
        )
        task.advance()
    return PaperResult(tuple(metrics), best[1], test_auc)


def _tuned_scores(
    model: PlnmModel, name: str, train_features: np.ndarray, y: np.ndarray, test_features: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    folds = StratifiedKFold(min(10, int(np.bincount(y).min())), shuffle=True, random_state=model.seed)
    grid = [{key: [value] for key, value in point.items()} for point in parameter_grid(name, wide=model.wide_grid)]
    search = GridSearchCV(make_classifier(name, model.seed), grid, scoring="balanced_accuracy", cv=folds)
    search.fit(train_features, y)
    return positive_probability(search, train_features), positive_probability(search, test_features)


def _nomogram_metrics(
    model: PlnmModel,
    X: pd.DataFrame,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    on_train: np.ndarray,
    on_test: np.ndarray,
) -> list[Metric]:
    clinical = X[list(model.clinical_columns)]
    selection = ClinicalSelection(select=model.select_clinical).fit(clinical.iloc[train], y[train])
    sides = []
    for positions, scores in ((train, on_train), (test, on_test)):
        design = selection.transform(clinical.iloc[positions]).copy()
        design.insert(0, SCORE, scores)
        sides.append(design)
    regression = LogisticModel(penalty="auto").fit(sides[0], y[train])
    predictors = [np.asarray(regression.decision_function(side)) for side in sides]
    platt = PlattScaling().fit(predictors[0], y[train])
    on_train, on_test = (np.asarray(platt.transform(values)) for values in predictors)
    cut = youden_threshold(y[train], on_train)
    return [
        *discrimination_metrics(y[train], on_train, on_train >= cut, model="nomogram, training", protocol=PAPER),
        *discrimination_metrics(y[test], on_test, on_test >= cut, model="nomogram, test", protocol=PAPER),
    ]
