"""The whole model of the study as one estimator: signature, classifier, clinical predictors, nomogram, calibration.

``fit`` sees training cases only and does everything that depends on outcomes, so that refitting it in a resample is all
that honest validation takes. The nomogram, the calibration and the threshold are fitted on out-of-fold scores: a score
that has seen the case's own label would make all three believe in a discrimination that is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.covariance import LedoitWolf
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..cohort import patient_folds
from ..errors import TrainingError
from ..progress import SILENT, Progress
from ..statistics import Domain, LogisticModel, PlattScaling, held_out_limit, youden_threshold
from .classifiers import positive_probability
from .clinical_selection import ClinicalSelection
from .fusion_scorer import FusionScorer
from .reproducibility import ReproducibilityFilter
from .score_regression import SCORE, ScoreRegression, telling_scores
from .signature import SignatureRecipe, build_signature
from .signature_fit import Resample, SignatureFit
from .tuning import Candidate, Tuned, tune


class PlnmModel(ClassifierMixin, BaseEstimator):
    """Probability of the positive outcome from radiomics, a network and clinical predictors.

    Parameters
    ----------
    radiomics_columns
        Names of the radiomic columns of ``X``.
    deep_columns
        Columns of ``X`` per network: embeddings, or crop pixels where ``embeddings`` has a transformer.
    clinical_columns
        Names of the candidate clinical predictors, numeric, possibly with missing values.
    recipe, reproducibility
        See :func:`.signature.build_signature`.
    embeddings
        Per network an unfitted transformer from pixels to embeddings; networks without one are used frozen.
    classifiers, wide_grid, inner_folds
        Which classifiers compete, over which grid, judged in how many folds.
    select_clinical
        ``False`` takes every clinical column as it is.
    harmoniser
        An unfitted transformer of the whole table that comes before the signature, fitted with it in every resample.
    seed
        Of the folds and the classifiers.
    """

    def __init__(
        self,
        radiomics_columns: Sequence[str] = (),
        deep_columns: Mapping[str, Sequence[str]] | None = None,
        clinical_columns: Sequence[str] = (),
        recipe: SignatureRecipe | None = None,
        reproducibility: ReproducibilityFilter | None = None,
        embeddings: Mapping[str, BaseEstimator] | None = None,
        classifiers: Sequence[str] = ("logistic_regression",),
        wide_grid: bool = False,
        inner_folds: int = 5,
        select_clinical: bool = True,
        harmoniser: BaseEstimator | None = None,
        seed: int = 42,
    ) -> None:
        self.radiomics_columns = radiomics_columns
        self.deep_columns = deep_columns
        self.clinical_columns = clinical_columns
        self.recipe = recipe
        self.reproducibility = reproducibility
        self.embeddings = embeddings
        self.classifiers = classifiers
        self.wide_grid = wide_grid
        self.inner_folds = inner_folds
        self.select_clinical = select_clinical
        self.harmoniser = harmoniser
        self.seed = seed

    @property
    def candidates_(self) -> list[Candidate]:
        """Every network and classifier with its best values."""
        return [tuned.candidate for tuned in self.tuned_]

    @property
    def nomogram_(self) -> LogisticModel:
        """The regression on the fusion score and the clinical predictors.

        Raises
        ------
        TrainingError
            The score told no cases apart. A resample then answers without it; a bundle is not made of it.
        """
        check_is_fitted(self, "regression_")
        if self.regression_.model_ is None or SCORE not in self.regression_.columns_:
            raise TrainingError(
                "The fusion score told no cases apart in any fold, so there is nothing to make a nomogram of: add "
                "cases, or let other classifiers take part (--classifier)."
            )
        return self.regression_.model_

    # -- fitting ------------------------------------------------------------------------------------------------------

    def fit(
        self, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray | None = None, progress: Progress = SILENT
    ) -> PlnmModel:
        """Fit to training cases.

        Parameters
        ----------
        X
            One row per case with the named columns.
        y
            Outcome 0/1, ``(cases,)``.
        groups
            Patient of each case; a patient's cases stay on one side of every inner fold.

        Raises
        ------
        TrainingError
            One class only, or too few cases of a class for two folds.
        """
        y = np.asarray(y).astype(int)
        if len(np.unique(y)) < 2:
            raise TrainingError("All cases have the same outcome; a model needs both.")
        self.classes_ = np.array([0, 1])
        groups = np.arange(len(y)) if groups is None else np.asarray(groups)
        self.folds_ = patient_folds(y, groups, usable_folds(y, groups, self.inner_folds), self.seed)

        networks = list(self.deep_columns or {}) or [""]
        self.resamples_: dict[str, list[Resample]] = {}
        self.tuned_: list[Tuned] = []
        with progress.task("Fitting the model", total=len(networks) * (len(self.folds_) + 1)) as task:
            for network in networks:
                self.resamples_[network] = resamples = []
                for train, test in self.folds_:
                    resamples.append(self._resample(network, X, y, groups, train, test))
                    task.advance()
                features = [resample.features for resample in resamples]
                for name in self.classifiers:
                    self.tuned_.append(tune(network, name, features, y, wide=self.wide_grid, seed=self.seed))
                    progress.check()
            best = max(self.tuned_, key=lambda tuned: tuned.candidate.auc)
            self.winner_, self.out_of_fold_scores_ = best.candidate, best.scores
            resamples = self.resamples_[self.winner_.network]
            self.signature_fit_ = self.fit_signature(self.winner_.network, X, y, groups)
            self.signature_ = self.signature_fit_.signature
            self.classifier_ = self.winner_.fit(self.signature_fit_.features, y, self.seed)
            task.advance()

        self.scorer_ = FusionScorer.from_pipeline(self.signature_, self.classifier_)
        # Networks fitted per fold span different spaces, so their folds' scorers cannot read the final embedding.
        self.fold_scorers_ = []
        if not self._is_fitted_embedding(self.winner_.network):
            for resample in resamples:
                classifier = self.winner_.fit(resample.fit.features, y[resample.train], self.seed)
                self.fold_scorers_.append(FusionScorer.from_pipeline(resample.fit.signature, classifier))
        self.domain_ = _domain(self.signature_fit_.features, resamples)
        self._fit_nomogram(X, y)
        return self

    def fit_signature(self, network: str, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray) -> SignatureFit:
        """The signature with one network's features (``""``: none), fitted to training cases."""
        harmoniser = None if self.harmoniser is None else clone(self.harmoniser)
        return SignatureFit.to(self._signature(network), X, y, groups, harmoniser)

    def _resample(
        self, network: str, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray, train: np.ndarray, test: np.ndarray
    ) -> Resample:
        fit = self.fit_signature(network, X.iloc[train], y[train], groups[train])
        return Resample(fit, train, test, fit.blocks_of(X.iloc[test]))

    def _signature(self, network: str) -> Pipeline:
        embedding = (self.embeddings or {}).get(network)
        return build_signature(
            self.radiomics_columns,
            (self.deep_columns or {}).get(network, ()),
            recipe=self.recipe or SignatureRecipe(seed=self.seed),
            reproducibility=clone(self.reproducibility) if self.reproducibility is not None else None,
            embedding=clone(embedding) if embedding is not None else None,
        )

    def _is_fitted_embedding(self, network: str) -> bool:
        return network in (self.embeddings or {})

    def _fit_nomogram(self, X: pd.DataFrame, y: np.ndarray) -> None:
        clinical = X[list(self.clinical_columns)]
        self.clinical_selection_ = ClinicalSelection(select=self.select_clinical).fit(clinical, y)
        resamples = self.resamples_[self.winner_.network]
        scores = telling_scores(self.out_of_fold_scores_, resamples, self.winner_, y, self.seed)
        design = self._design(self.clinical_selection_, scores, clinical)
        self.regression_ = ScoreRegression().fit(design, y)
        self.design_ranges_ = {
            str(name): (float(design[name].min()), float(design[name].max())) for name in design.columns
        }
        predictors = np.empty(len(y))
        for train, test in self.folds_:
            selection = ClinicalSelection(select=self.select_clinical).fit(clinical.iloc[train], y[train])
            inner = self._design(selection, scores, clinical)
            predictors[test] = ScoreRegression().fit(inner.iloc[train], y[train]).decision_function(inner.iloc[test])
        self.platt_ = PlattScaling().fit(predictors, y)
        self.out_of_fold_probability_ = np.asarray(self.platt_.transform(predictors))
        self.threshold_ = float(youden_threshold(y, self.out_of_fold_probability_))

    @staticmethod
    def _design(selection: ClinicalSelection, scores: np.ndarray, clinical: pd.DataFrame) -> pd.DataFrame:
        design = selection.transform(clinical).copy()
        design.insert(0, SCORE, scores)
        return design

    # -- answering ----------------------------------------------------------------------------------------------------

    def fusion_score(self, X: pd.DataFrame) -> np.ndarray:
        """Fusion score 0-1, ``(cases,)``."""
        check_is_fitted(self, "signature_")
        return positive_probability(self.classifier_, self.signature_fit_.features_of(X))

    def linear_predictor(self, X: pd.DataFrame) -> np.ndarray:
        """The nomogram's log-odds before calibration, ``(cases,)``."""
        design = self._design(self.clinical_selection_, self.fusion_score(X), X[list(self.clinical_columns)])
        return self.regression_.decision_function(design)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Calibrated probabilities ``(cases, 2)``."""
        positive = np.asarray(self.platt_.transform(self.linear_predictor(X)))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Class at the Youden threshold of the out-of-fold probabilities."""
        return (self.predict_proba(X)[:, 1] >= self.threshold_).astype(int)


def usable_folds(y: np.ndarray, groups: np.ndarray, folds: int) -> int:
    """``folds``, or as many as there are patients of the rarer outcome; a patient with any positive case is positive.

    ``y`` and ``groups`` are ``(n,)``: outcome 0/1, and the patient of each case.

    Raises
    ------
    TrainingError
        An outcome has fewer than two patients.
    """
    positive = np.unique(groups[y == 1])
    smallest = min(len(positive), len(np.setdiff1d(groups, positive)))
    if smallest < 2:
        raise TrainingError("An outcome with a single patient cannot be cross-validated; collect more cases.")
    return min(folds, smallest)


def _domain(features: np.ndarray, resamples: list[Resample]) -> Domain:
    distances = []
    for resample in resamples:
        fold = resample.features
        distances.append(LedoitWolf().fit(fold.train_features).mahalanobis(fold.test_features))
    fitted = LedoitWolf().fit(features)
    return Domain(fitted.location_, fitted.precision_, held_out_limit(np.sqrt(np.concatenate(distances))))
