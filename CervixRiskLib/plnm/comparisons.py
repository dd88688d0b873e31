"""The models that a fitted one is compared with: fitted on the same training cases, judged on the same unseen cases.

Wang et al. 2025, Tables 3 to 6: each classifier on radiomics alone, each network alone, each classifier on the fused
features, and the four models; beside them what a clinician has without any of it. Everything is chosen on the training
side: values by the inner folds, calibration and cut-off on inner out-of-fold scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..bundle.study_record import JudgedModel, ModelTable
from ..cohort.case_groups import MAXIMUM_DIAMETER
from ..networks.zoo import NETWORKS
from ..statistics import PlattScaling, youden_threshold
from .classifiers import LABELS, positive_probability
from .clinical_baseline import ClinicalBaseline
from .model import PlnmModel
from .signature import DEEP, RADIOMICS
from .signature_fit import SignatureFit
from .tuning import Tuned, tune

HONEST = "honest"
NOMOGRAM = "nomogram"
FUSION = "fusion"
RADIOMICS_ALONE = "radiomics"
NETWORK_ALONE = "network"
DIAMETER_ALONE = "maximum diameter alone"
CLINICAL_ALONE = "clinical predictors alone"
_NETWORK_CLASSIFIER = "logistic_regression"


@dataclass(frozen=True, eq=False)
class Answer:
    """Calibrated probabilities ``(cases,)`` of unseen cases, and their classes at the training side's cut-off."""

    table: str
    name: str
    score: np.ndarray
    predicted: np.ndarray


def judged(
    answers: Iterable[Answer], cases: str, *, table: str | None = None, note: str = ""
) -> tuple[JudgedModel, ...]:
    """Answers ``(cases,)`` or ``(repeats, cases)`` as the record keeps them.

    Parameters
    ----------
    cases
        Name of the case set.
    table
        Instead of each answer's own.
    """
    return tuple(
        JudgedModel(
            name=answer.name,
            table=table or answer.table,
            protocol=HONEST,
            cases=cases,
            scores=tuple(tuple(row) for row in np.atleast_2d(answer.score).tolist()),
            predicted=tuple(tuple(row) for row in np.atleast_2d(answer.predicted).tolist()),
            probability=True,
            note=note,
        )
        for answer in answers
    )


def compare(
    model: PlnmModel, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray, unseen: pd.DataFrame, *, every: bool = True
) -> tuple[Answer, ...]:
    """Answers of a fitted model and of all that it is compared with.

    Parameters
    ----------
    model, X, y, groups
        Fitted to exactly these cases: ``(n, columns)``, outcome 0/1 ``(n,)``, patient of each ``(n,)``.
    unseen
        The cases to answer.
    every
        ``False``: only the model, its score and the baselines, which need no further tuning.
    """
    y = np.asarray(y).astype(int)
    side = _Side(model, X, y, groups, unseen)
    winner = next(tuned for tuned in model.tuned_ if tuned.candidate is model.winner_)
    best_of_each = _best_of_each(model.tuned_) if every else [winner]
    fused = [side.fused(one, ModelTable.FUSION_CLASSIFIERS, _label(one)) for one in best_of_each]
    models = [_as_model(fused[best_of_each.index(winner)], FUSION), _nomogram(model, unseen)]
    baselines = _baselines(model, X, y, unseen)
    if not every:
        return (*models, *baselines)
    alone: list[Answer] = []
    tables: list[Answer] = []
    if model.radiomics_columns:
        first = next(iter(model.resamples_))
        table_3 = [side.tune(first, RADIOMICS, classifier) for classifier in model.classifiers]
        tables += [side.single(one, RADIOMICS, ModelTable.RADIOMICS_CLASSIFIERS, _label(one)) for one in table_3]
        alone.append(_as_model(tables[table_3.index(_best(table_3))], RADIOMICS_ALONE))
    if model.deep_columns:
        table_4 = [side.tune(network, DEEP, _NETWORK_CLASSIFIER) for network in model.resamples_]
        networks = [
            side.single(one, DEEP, ModelTable.NETWORKS, network_title(one.candidate.network)) for one in table_4
        ]
        alone.append(_as_model(networks[table_4.index(_best(table_4))], NETWORK_ALONE))
        tables += networks
    return (*alone, *models, *baselines, *tables, *fused)


def network_title(network: str) -> str:
    """``"densenet121"`` as ``"DenseNet121"``."""
    return NETWORKS[network].title if network in NETWORKS else network


class _Side:
    """The training cases under each network's signature, and the unseen cases under the same."""

    def __init__(
        self, model: PlnmModel, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray, unseen: pd.DataFrame
    ) -> None:
        self.model, self.X, self.y, self.groups, self.unseen = model, X, y, groups, unseen
        self.fits = {model.winner_.network: model.signature_fit_}
        self.blocks: dict[str, np.ndarray] = {}

    def fit(self, network: str) -> SignatureFit:
        if network not in self.fits:
            self.fits[network] = self.model.fit_signature(network, self.X, self.y, self.groups)
        return self.fits[network]

    def unseen_blocks(self, network: str) -> np.ndarray:
        if network not in self.blocks:
            self.blocks[network] = self.fit(network).blocks_of(self.unseen)
        return self.blocks[network]

    def tune(self, network: str, block: str, classifier: str) -> Tuned:
        """One classifier on one block before the elimination, in the model's own inner folds."""
        resamples = self.model.resamples_[network]
        if all(resample.fit.is_whole(block) for resample in resamples):
            # Nothing was fused and nothing eliminated: the model itself was tuned on these features.
            return next(
                one
                for one in self.model.tuned_
                if (one.candidate.network, one.candidate.classifier) == (network, classifier)
            )
        folds = [resample.block(block) for resample in resamples]
        return tune(network, classifier, folds, self.y, wide=self.model.wide_grid, seed=self.model.seed)

    def single(self, tuned: Tuned, block: str, table: ModelTable, name: str) -> Answer:
        """Of a classifier on one block."""
        fit = self.fit(tuned.candidate.network)
        where = fit.block(block)
        unseen = self.unseen_blocks(tuned.candidate.network)[:, where]
        return self._answer(tuned, fit.blocks[:, where], unseen, table, name)

    def fused(self, tuned: Tuned, table: ModelTable, name: str) -> Answer:
        """Of a classifier on what the elimination left."""
        fit = self.fit(tuned.candidate.network)
        unseen = fit.eliminate(self.unseen_blocks(tuned.candidate.network))
        return self._answer(tuned, fit.features, unseen, table, name)

    def _answer(self, tuned: Tuned, features: np.ndarray, unseen: np.ndarray, table: ModelTable, name: str) -> Answer:
        classifier = tuned.candidate.fit(features, self.y, self.model.seed)
        platt = PlattScaling().fit(tuned.scores, self.y)
        probability = np.asarray(platt.transform(positive_probability(classifier, unseen)))
        cut = youden_threshold(self.y, platt.transform(tuned.scores))
        return Answer(table.value, name, probability, (probability >= cut).astype(int))


def _as_model(answer: Answer, name: str) -> Answer:
    """The same answer among the models."""
    return replace(answer, table=ModelTable.MODELS.value, name=name)


def _nomogram(model: PlnmModel, unseen: pd.DataFrame) -> Answer:
    probability = model.predict_proba(unseen)[:, 1]
    return Answer(ModelTable.MODELS.value, NOMOGRAM, probability, (probability >= model.threshold_).astype(int))


def _baselines(model: PlnmModel, X: pd.DataFrame, y: np.ndarray, unseen: pd.DataFrame) -> list[Answer]:
    columns = list(model.clinical_columns)
    found = {DIAMETER_ALONE: [MAXIMUM_DIAMETER]} if MAXIMUM_DIAMETER in columns else {}
    if columns:
        found[CLINICAL_ALONE] = columns
    answers = []
    for name, chosen in found.items():
        scores = np.empty(len(y))
        for train, test in model.folds_:
            scores[test] = ClinicalBaseline(chosen).fit(X.iloc[train], y[train]).predict_proba(X.iloc[test])[:, 1]
        probability = ClinicalBaseline(chosen).fit(X, y).predict_proba(unseen)[:, 1]
        predicted = (probability >= youden_threshold(y, scores)).astype(int)
        answers.append(Answer(ModelTable.BASELINES.value, name, probability, predicted))
    return answers


def _label(tuned: Tuned) -> str:
    return LABELS[tuned.candidate.classifier]


def _best(tuned: Sequence[Tuned]) -> Tuned:
    return max(tuned, key=lambda one: one.candidate.auc)


def _best_of_each(tuned: Sequence[Tuned]) -> list[Tuned]:
    """For each classifier its best network."""
    names = dict.fromkeys(one.candidate.classifier for one in tuned)
    return [_best([one for one in tuned if one.candidate.classifier == name]) for name in names]
