"""The study's protocol as printed: one split, one selection, classifiers compared on the test cases.

Everything here is stamped ``protocol="paper"`` and carries :data:`DEVIATIONS`; nothing of it enters the bundle's
answers. It exists to be put beside the honest numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone

from ..bundle import Metric
from ..bundle.study_record import JudgedModel, ModelTable
from ..progress import SILENT, Progress
from ..statistics import auc, youden_threshold
from .classifiers import LABELS
from .comparisons import FUSION, NETWORK_ALONE, RADIOMICS_ALONE, network_title
from .model import PlnmModel
from .paper_models import PAPER, PaperModel, SplitFeatures, best_on_test, headline, nomogram_model, tuned_model
from .validation import discrimination_metrics

SELECTED_ON_ALL = "fusion, selected on all cases"
"""The name of the model that shows what happens when the test cases take part in the selection."""

SELECTED_ON_ALL_NOTE = (
    "Features were selected on training and test cases together, a mistake made on purpose: the AUC shows how far it "
    "alone lifts a model, and estimates nothing."
)

DEVIATIONS = (
    "Paper protocol: features are selected once on the training split and classifiers are tuned on the selected "
    "features, so the tuning has already seen every fold's labels.",
    "Paper protocol: the nomogram, its calibration and the cut-off are fitted on the fusion model's own training "
    "scores, which are optimistic.",
    "Paper protocol: the network and the classifier are chosen by their AUC on the test cases, so that AUC is the best "
    "of several.",
    "Paper protocol: a network by itself is an L2 logistic regression on the principal components of its embedding "
    "(paper: the network's own last layer).",
    "Paper protocol: its numbers for selection on all cases show what happens when the test cases take part in the "
    "selection; they estimate nothing.",
    "The paper prints 16,383 embedding values, |rho| thresholds of .9 and .8, and 73 and 1,625 dimensions before the "
    "elimination; 16,384, .9 and the pipeline's own number are used here.",
)


@dataclass(frozen=True, eq=False)
class PaperResult:
    """What the printed protocol finds.

    Parameters
    ----------
    metrics
        Training and test side of the fusion classifiers and the nomogram, and the selection on all cases.
    chosen
        Name of the fusion classifier with the largest AUC on the test side.
    test_auc
        That AUC of each fusion classifier.
    models
        Tables 3 to 6 on both sides, scores in the order of ``train`` and ``test``.
    train, test
        Positions of the two sides.
    """

    metrics: tuple[Metric, ...]
    chosen: str
    test_auc: dict[str, float]
    models: tuple[JudgedModel, ...]
    train: np.ndarray
    test: np.ndarray


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
    names = tuple(model.deep_columns or {}) or ("",)
    y_train, y_test = y[train], y[test]
    models: list[PaperModel] = []
    with progress.task("Repeating the paper's protocol", total=2 * len(model.classifiers) + len(names) + 2) as task:
        found = []
        for name in names:
            found.append(SplitFeatures.of(model, name, X, y, train, test))
            task.advance()
        radiomics: list[PaperModel] = []
        for classifier in model.classifiers:
            if found[0].radiomics is not None:
                radiomics.append(
                    tuned_model(
                        model, classifier, found[0].radiomics, y_train, LABELS[classifier],
                        ModelTable.RADIOMICS_CLASSIFIERS,
                    )
                )  # fmt: skip
            task.advance()
        networks = [
            tuned_model(model, "logistic_regression", features.deep, y_train, network_title(name), ModelTable.NETWORKS)
            for name, features in zip(names, found, strict=True)
            if features.deep is not None
        ]
        best_network = best_on_test(networks, y_test) if networks else 0
        fusion = []
        for classifier in model.classifiers:
            fusion.append(
                tuned_model(
                    model, classifier, found[best_network].fused, y_train, LABELS[classifier],
                    ModelTable.FUSION_CLASSIFIERS,
                )
            )  # fmt: skip
            task.advance()
        best = best_on_test(fusion, y_test)
        nomogram = nomogram_model(model, X, y, train, test, fusion[best])
        task.advance()
        leaked = _selected_on_all(model, names[best_network], model.classifiers[best], X, y, train, test)
        task.advance()
    if radiomics:
        models += [*radiomics, headline(radiomics[best_on_test(radiomics, y_test)], RADIOMICS_ALONE)]
    if networks:
        models += [*networks, headline(networks[best_network], NETWORK_ALONE)]
    models += [*fusion, headline(fusion[best], FUSION), nomogram, leaked]
    return PaperResult(
        metrics=_metrics([*fusion, nomogram], leaked, y_train, y_test),
        chosen=model.classifiers[best],
        test_auc={
            name: float(auc(y_test, one.on_test)) for name, one in zip(model.classifiers, fusion, strict=True)
        },
        models=tuple(side for one in models for side in one.judged(y_train)),
        train=train,
        test=test,
    )  # fmt: skip


def _selected_on_all(
    model: PlnmModel,
    network: str,
    classifier: str,
    X: pd.DataFrame,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
) -> PaperModel:
    signature = clone(model)._signature(network).fit(X, y)
    sides = signature.transform(X.iloc[train]), signature.transform(X.iloc[test])
    fitted = tuned_model(model, classifier, sides, y[train], SELECTED_ON_ALL, ModelTable.MODELS)
    return PaperModel(fitted.name, fitted.table, fitted.on_train, fitted.on_test, note=SELECTED_ON_ALL_NOTE)


def _metrics(
    models: list[PaperModel], leaked: PaperModel, y_train: np.ndarray, y_test: np.ndarray
) -> tuple[Metric, ...]:
    metrics: list[Metric] = []
    for model in models:
        cut = youden_threshold(y_train, model.on_train)
        for side, y, scores in (("training", y_train, model.on_train), ("test", y_test, model.on_test)):
            metrics += discrimination_metrics(y, scores, scores >= cut, model=f"{model.name}, {side}", protocol=PAPER)
    metrics += discrimination_metrics(
        y_test, leaked.on_test, None, model="fusion, test, selected on all cases", protocol=PAPER
    )
    return tuple(metrics)
