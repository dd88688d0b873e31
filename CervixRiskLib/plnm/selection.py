"""The feature filters of the study, each a scikit-learn selector that is fitted on the resample it is given.

Order in the paper (Methods, "Radiomic feature extraction and selection"): reproducibility (ICC), Mann-Whitney U test,
Spearman correlation, LASSO. None of them ever returns nothing: where no feature passes, the best one is kept and
``fell_back_`` is true, so that a resample of noise yields a poor model rather than a crash, and the report can count
how often that happened.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectorMixin
from sklearn.linear_model import LassoCV, LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.validation import check_is_fitted, validate_data

from ..statistics import mann_whitney, spearman_matrix


class _BinarySelector(SelectorMixin, BaseEstimator):
    """Shared by the selectors: two classes, a support mask, and never an empty choice."""

    support_: np.ndarray

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self, "support_")
        return self.support_

    def _validate(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Finite ``X`` and ``y`` as 0/1."""
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        classes, encoded = np.unique(y, return_inverse=True)
        if len(classes) > 2:
            raise ValueError("Only binary classification is supported. Unknown label type: more than two classes.")
        if len(classes) < 2:
            raise ValueError("The outcome has one class only; selection needs both.")
        return X, encoded


class VarianceFilter(_BinarySelector):
    """Drop features that do not vary, up to rounding, among the training cases.

    Parameters
    ----------
    relative_tolerance
        A feature is constant when its range is at most this share of its largest absolute value.
    """

    def __init__(self, relative_tolerance: float = 1e-9) -> None:
        self.relative_tolerance = relative_tolerance

    def fit(self, X: Any, y: Any) -> VarianceFilter:
        """Learn which columns of ``X`` ``(cases, features)`` vary."""
        X, _ = self._validate(X, y)
        extent = np.ptp(X, axis=0)
        self.support_ = extent > self.relative_tolerance * np.abs(X).max(axis=0)
        self.fell_back_ = not self.support_.any()
        if self.fell_back_:
            self.support_[0] = True
        return self


class MannWhitneyFilter(_BinarySelector):
    """Keep features whose distributions differ between the classes (Mann-Whitney U, two-sided).

    Parameters
    ----------
    significance
        Features with a smaller p are kept (paper: .05, uncorrected).
    """

    def __init__(self, significance: float = 0.05) -> None:
        self.significance = significance

    def fit(self, X: Any, y: Any) -> MannWhitneyFilter:
        """Learn ``p_value_`` ``(features,)`` and the choice."""
        X, y = self._validate(X, y)
        self.p_value_ = np.nan_to_num(mann_whitney(X, y).p_value, nan=1.0)
        self.support_ = self.p_value_ < self.significance
        self.fell_back_ = not self.support_.any()
        if self.fell_back_:
            self.support_[int(np.argmin(self.p_value_))] = True
        return self


class SpearmanFilter(_BinarySelector):
    """Of two features that say the same, keep the one more strongly associated with the outcome.

    Features are visited from the strongest association (absolute Spearman correlation with the outcome) to the
    weakest; one is kept unless its absolute Spearman correlation with a feature already kept exceeds ``threshold``.

    Parameters
    ----------
    threshold
        Paper: .9 in Methods, .8 in Results.
    """

    def __init__(self, threshold: float = 0.9) -> None:
        self.threshold = threshold

    def fit(self, X: Any, y: Any) -> SpearmanFilter:
        """Learn the choice from ``X`` ``(cases, features)``."""
        X, y = self._validate(X, y)
        correlation = np.abs(spearman_matrix(np.column_stack([X, y])))
        association = correlation[-1, :-1]
        among = correlation[:-1, :-1]
        order = np.lexsort((np.arange(association.size), -np.round(association, 12)))
        blocked = np.zeros(association.size, dtype=bool)
        self.support_ = np.zeros(association.size, dtype=bool)
        for index in order:
            if blocked[index]:
                continue
            self.support_[index] = True
            blocked |= among[index] > self.threshold
        self.fell_back_ = False
        return self


class LassoSelector(_BinarySelector):
    """Keep the features with a non-zero coefficient in a LASSO of the 0/1 outcome (Tibshirani 1996).

    The penalty is the one with the smallest mean squared error in stratified cross-validation ("minimum criterion").
    ``X`` is expected standardised.

    Parameters
    ----------
    folds
        Number of folds (paper: 10); fewer when a class has fewer cases.
    penalties
        Length of the path of penalties.
    seed
        Seed of the folds.

    Attributes
    ----------
    penalties_
        ``(penalties,)`` the path, from the strongest; empty where there was nothing to choose among.
    error_path_
        ``(penalties, folds)`` mean squared error of each penalty in each fold.
    """

    def __init__(self, folds: int = 10, penalties: int = 60, seed: int = 42) -> None:
        self.folds = folds
        self.penalties = penalties
        self.seed = seed

    def fit(self, X: Any, y: Any) -> LassoSelector:
        """Learn ``penalty_``, ``coefficients_`` ``(features,)`` and the choice."""
        X, y = self._validate(X, y)
        target = y.astype(np.float64)
        folds = min(self.folds, int(np.bincount(y).min()))
        covariance = np.abs((X - X.mean(axis=0)).T @ (target - target.mean()))
        if X.shape[1] == 1 or folds < 2 or not covariance.max() > 0:
            self.penalty_ = 0.0
            self.penalties_, self.error_path_ = np.zeros(0), np.zeros((0, 0))
            self.coefficients_ = covariance / len(y)
            self.support_ = np.zeros(X.shape[1], dtype=bool)
            self.support_[int(np.argmax(covariance))] = True
            self.fell_back_ = X.shape[1] > 1
            return self
        splitter = StratifiedKFold(folds, shuffle=True, random_state=self.seed)
        lasso = LassoCV(
            alphas=self.penalties, eps=1e-2, cv=list(splitter.split(X, y)), max_iter=2000, tol=1e-3, n_jobs=None
        )
        with warnings.catch_warnings():
            # The smallest penalties of the path need not converge to the last digit to be ranked by their error.
            warnings.simplefilter("ignore", ConvergenceWarning)
            lasso.fit(X, target)
        self.penalty_ = float(lasso.alpha_)
        self.penalties_, self.error_path_ = lasso.alphas_, lasso.mse_path_
        self.coefficients_ = lasso.coef_
        self.support_ = lasso.coef_ != 0
        self.fell_back_ = not self.support_.any()
        if self.fell_back_:
            self.support_[int(np.argmax(covariance))] = True
        return self


class RecursiveElimination(_BinarySelector):
    """Recursive feature elimination with L2 logistic regression: drop the smallest coefficient, refit, repeat.

    Source: Guyon et al. 2002; paper, "Multimodal feature fusion strategy" (73 features to 16). ``X`` is expected
    standardised, so that coefficients can be compared.

    Parameters
    ----------
    features
        How many to keep; all are kept when there are fewer.
    regularisation
        scikit-learn's ``C``.
    """

    def __init__(self, features: int = 16, regularisation: float = 1.0) -> None:
        self.features = features
        self.regularisation = regularisation

    def fit(self, X: Any, y: Any) -> RecursiveElimination:
        """Learn ``ranking_`` ``(features,)``, 1 for those kept, larger for those dropped earlier, and the choice."""
        X, y = self._validate(X, y)
        alive = np.arange(X.shape[1])
        self.ranking_ = np.ones(X.shape[1], dtype=int)
        model = LogisticRegression(C=self.regularisation, max_iter=200, tol=1e-3, warm_start=False)
        while alive.size > self.features:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(X[:, alive], y)
            worst = int(np.argmin(np.abs(model.coef_[0])))
            self.ranking_[alive[worst]] = alive.size - self.features + 1
            alive = np.delete(alive, worst)
        self.support_ = np.zeros(X.shape[1], dtype=bool)
        self.support_[alive] = True
        self.fell_back_ = False
        return self
