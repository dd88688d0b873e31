"""The models of the printed protocol: everything chosen on one training split, judged on both sides of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from ..bundle.study_record import PAPER_TEST, PAPER_TRAINING, JudgedModel, ModelTable
from ..statistics import LogisticModel, PlattScaling, auc, youden_threshold
from .classifiers import make_classifier, parameter_grid, positive_probability
from .clinical_selection import ClinicalSelection
from .comparisons import NOMOGRAM
from .model import SCORE, PlnmModel
from .signature import DEEP, RADIOMICS

PAPER = "paper"
_LEAST_RANGE = 1e-9


@dataclass(frozen=True, eq=False)
class PaperModel:
    """A model's scores on the two sides of the split, ``(cases,)`` each, in the order of the split's positions.

    ``probability`` says that they are calibrated probabilities; ``note`` is a sentence that must stand beside them.
    """

    name: str
    table: ModelTable
    on_train: np.ndarray
    on_test: np.ndarray
    probability: bool = False
    note: str = ""

    def judged(self, y_train: np.ndarray) -> tuple[JudgedModel, JudgedModel]:
        """Training and test side, with classes at the Youden cut-off of the training scores."""
        cut = youden_threshold(y_train, self.on_train)
        sides = ((PAPER_TRAINING, self.on_train), (PAPER_TEST, self.on_test))
        first, second = (
            JudgedModel(
                name=self.name,
                table=self.table.value,
                protocol=PAPER,
                cases=cases,
                scores=(tuple(float(score) for score in scores),),
                predicted=(tuple(int(score >= cut) for score in scores),),
                probability=self.probability,
                note=self.note,
            )
            for cases, scores in sides
        )
        return first, second


@dataclass(frozen=True, eq=False)
class SplitFeatures:
    """One signature fitted on the training side: the standardised features of each of its stages on both sides.

    Parameters
    ----------
    radiomics, deep
        What LASSO kept, and the principal components; ``None`` where the signature has no such block. Each is a pair
        of training and test side ``(cases, features)``.
    fused
        What the elimination kept of both.
    """

    radiomics: tuple[np.ndarray, np.ndarray] | None
    deep: tuple[np.ndarray, np.ndarray] | None
    fused: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(
        cls, model: PlnmModel, network: str, X: pd.DataFrame, y: np.ndarray, train: np.ndarray, test: np.ndarray
    ) -> SplitFeatures:
        """Fit the signature of an unfitted ``model`` with that network (``""`` for none) on the training side."""
        signature = clone(model)._signature(network)
        fused = signature.fit_transform(X.iloc[train], y[train]), signature.transform(X.iloc[test])
        blocks = signature.named_steps["blocks"]
        whole = [np.asarray(blocks.transform(X.iloc[side])) for side in (train, test)]
        found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        start = 0
        for name, _, _ in blocks.blocks:
            # The radiomic block ends in LASSO's choice, the deep block in principal components.
            last = blocks.transformers_[name].steps[-1][1]
            width = int(last.get_support().sum()) if name == RADIOMICS else last.components_.shape[0]
            scaler = StandardScaler().fit(whole[0][:, start : start + width])
            here = [scaler.transform(side[:, start : start + width]) for side in whole]
            found[name] = here[0], here[1]
            start += width
        return cls(found.get(RADIOMICS), found.get(DEEP), fused)


def tuned_model(
    model: PlnmModel,
    classifier: str,
    features: tuple[np.ndarray, np.ndarray],
    y: np.ndarray,
    name: str,
    table: ModelTable,
) -> PaperModel:
    """Grid search in ten folds of the training side, on balanced accuracy, on features chosen before the folds.

    Parameters
    ----------
    features
        ``(cases, features)`` of the training and of the test side.
    y
        ``(cases,)`` outcomes 0/1 of the training side.
    """
    folds = StratifiedKFold(min(10, int(np.bincount(y).min())), shuffle=True, random_state=model.seed)
    grid = [
        {key: [value] for key, value in point.items()} for point in parameter_grid(classifier, wide=model.wide_grid)
    ]
    search = GridSearchCV(make_classifier(classifier, model.seed), grid, scoring="balanced_accuracy", cv=folds)
    search.fit(features[0], y)
    on_train, on_test = (positive_probability(search, side) for side in features)
    return PaperModel(name, table, on_train, on_test)


def nomogram_model(
    model: PlnmModel, X: pd.DataFrame, y: np.ndarray, train: np.ndarray, test: np.ndarray, fusion: PaperModel
) -> PaperModel:
    """Nomogram and Platt scaling fitted on the fusion model's own training scores."""
    clinical = X[list(model.clinical_columns)]
    selection = ClinicalSelection(select=model.select_clinical).fit(clinical.iloc[train], y[train])
    sides = []
    for positions, scores in ((train, fusion.on_train), (test, fusion.on_test)):
        design = selection.transform(clinical.iloc[positions]).copy()
        design.insert(0, SCORE, scores)
        sides.append(design)
    # On noise the classifier that wins on the test side may be one that gives every case the same score.
    varying = [str(name) for name in sides[0].columns if np.ptp(sides[0][name].to_numpy(float)) > _LEAST_RANGE]
    if not varying:
        share = float(y[train].mean())
        return _nomogram(np.full(train.size, share), np.full(test.size, share))
    regression = LogisticModel(penalty="auto").fit(sides[0][varying], y[train])
    predictors = [np.asarray(regression.decision_function(side[varying])) for side in sides]
    platt = PlattScaling().fit(predictors[0], y[train])
    return _nomogram(*(np.asarray(platt.transform(values)) for values in predictors))


def _nomogram(on_train: np.ndarray, on_test: np.ndarray) -> PaperModel:
    return PaperModel(NOMOGRAM, ModelTable.MODELS, on_train, on_test, probability=True)


def best_on_test(models: list[PaperModel], y_test: np.ndarray) -> int:
    """Position of the model with the largest AUC on the test side, the first of equals: how the paper chose."""
    return int(np.argmax([auc(y_test, model.on_test) for model in models]))


def headline(model: PaperModel, name: str) -> PaperModel:
    """The same scores as a row of the table of models; its note says which one was chosen."""
    return replace(
        model, name=name, table=ModelTable.MODELS, note=f"{model.name}, chosen by its AUC on the test cases."
    )
