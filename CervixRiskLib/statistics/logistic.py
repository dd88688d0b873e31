"""Logistic regression as clinical papers report it: unpenalised, with covariance, odds ratios and intervals."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit, ndtr, ndtri
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import SettingsError, TrainingError
from .likelihood import fit_likelihood, is_separated
from .outcome import check_confidence

PENALTIES = ("none", "firth", "auto")


class SeparationWarning(UserWarning):
    """The predictors part the classes; maximum likelihood has no finite estimate."""


class LogisticModel(ClassifierMixin, BaseEstimator):
    """Logistic regression by maximum likelihood (Newton), or with Firth's correction.

    Parameters
    ----------
    penalty
        ``"none"``: maximum likelihood; when the data are separated a :class:`SeparationWarning` is given and the
        coefficients are those at which the search stopped (they have no meaning beyond their sign).
        ``"firth"``: Firth's bias-reduced estimate, always finite.
        ``"auto"``: maximum likelihood, and Firth's estimate when the data are separated; ``penalty_used_`` says which.

    Attributes
    ----------
    coef_ : (k,) array
        Log odds ratio per unit of each predictor. One-dimensional, unlike scikit-learn's own.
    intercept_ : float
    covariance_ : (k + 1, k + 1) array
        Inverse Fisher information, intercept first.
    separated_ : bool
        Complete or quasi-complete separation was found.
    penalty_used_ : str
        ``"none"`` or ``"firth"``.
    log_likelihood_ : float
        Without the penalty's term for ``"none"``, with it for ``"firth"``.
    n_iter_ : int
    classes_ : (2,) array
    """

    def __init__(self, penalty: str = "none") -> None:
        self.penalty = penalty

    def fit(self, X: Any, y: ArrayLike) -> LogisticModel:
        """Fit on ``X`` ``(n, k)`` and ``y`` ``(n,)`` with two classes; the second in sorted order is the positive one.

        Raises
        ------
        TrainingError
            One class, fewer cases than coefficients, or a predictor that is constant or a combination of others.
        SettingsError
            Unknown penalty.
        """
        if self.penalty not in PENALTIES:
            raise SettingsError(f'There is no penalty "{self.penalty}": choose {", ".join(PENALTIES)}.')
        X, y = validate_data(self, X, y=y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        kind = type_of_target(y)
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) == 1:
            raise TrainingError("All cases have the same outcome: cases of both classes (two classes) are needed.")
        if len(classes) > 2:
            raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
        self.fit_checked(X, codes, self._names())
        self.classes_ = classes
        return self

    def fit_checked(self, X: np.ndarray, codes: np.ndarray, names: Sequence[str]) -> LogisticModel:
        """:meth:`fit` without its checks, for many small fits on numbers that were checked once.

        Parameters
        ----------
        X
            ``(n, k)`` finite float64.
        codes
            ``(n,)`` 0/1, with cases of both.
        names
            The ``k`` predictors' names, for errors.

        Raises
        ------
        TrainingError
            Fewer cases than coefficients, or a predictor that is constant or a combination of others.
        """
        self.classes_ = np.array([0, 1])
        target = codes.astype(float)
        if self.penalty == "firth":
            fit = fit_likelihood(X, target, names, firth=True)
            self.separated_ = _separated(X, codes == 1)
        else:
            fit = fit_likelihood(X, target, names)
            self.separated_ = fit.separated
        self.penalty_used_ = "firth" if self.penalty == "firth" else "none"
        if self.separated_ and self.penalty == "auto":
            fit = fit_likelihood(X, target, names, firth=True)
            self.penalty_used_ = "firth"
        elif self.separated_ and self.penalty == "none":
            warnings.warn(
                "The predictors separate the classes: the coefficients grow without end and mean nothing beyond their "
                'sign. Use penalty="firth", or fewer predictors.',
                SeparationWarning,
                stacklevel=3,
            )
        self.intercept_ = float(fit.coefficients[0])
        self.coef_ = fit.coefficients[1:].copy()
        self.covariance_ = fit.covariance
        self.log_likelihood_ = fit.log_likelihood
        self.n_iter_ = fit.steps
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Log-odds of the positive class, ``(n,)``."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return X @ self.coef_ + self.intercept_

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of both classes, ``(n, 2)``."""
        positive = expit(self.decision_function(X))
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: Any) -> np.ndarray:
        """The class whose probability is above one half, ``(n,)``."""
        above = self.decision_function(X) > 0
        return self.classes_[above.astype(int)]

    def predict_interval(self, X: Any, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Wald interval of each case's probability: lower and upper, ``(n,)`` each.

        Symmetric on the log-odds; it holds the uncertainty of the coefficients, not that of how the model was chosen.
        """
        centre = self.decision_function(X)
        design = np.column_stack([np.ones(len(centre)), validate_data(self, X, dtype=np.float64, reset=False)])
        error = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", design, self.covariance_, design), 0.0))
        half = float(ndtri(1 - (1 - check_confidence(confidence)) / 2)) * error
        return expit(centre - half), expit(centre + half)

    def odds_ratios(self, confidence: float = 0.95) -> pd.DataFrame:
        """One row a predictor: ``name, coefficient, standard_error, z, p, odds_ratio, lower, upper``.

        Wald statistics; ``lower`` and ``upper`` are those of the odds ratio.
        """
        check_is_fitted(self)
        return pd.DataFrame({"name": self._names(), **self.odds_ratio_columns(confidence)})

    def odds_ratio_columns(self, confidence: float = 0.95) -> dict[str, np.ndarray]:
        """The columns of :meth:`odds_ratios` but the names, ``(k,)`` each."""
        check_is_fitted(self, "coef_")
        error = np.sqrt(np.diag(self.covariance_)[1:])
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            z = self.coef_ / error
            half = float(ndtri(1 - (1 - check_confidence(confidence)) / 2)) * error
            return {
                "coefficient": self.coef_,
                "standard_error": error,
                "z": z,
                "p": 2.0 * ndtr(-np.abs(z)),
                "odds_ratio": np.exp(self.coef_),
                "lower": np.exp(self.coef_ - half),
                "upper": np.exp(self.coef_ + half),
            }

    def _names(self) -> list[str]:
        given = getattr(self, "feature_names_in_", None)
        return [f"x{i}" for i in range(self.n_features_in_)] if given is None else [str(name) for name in given]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


def _separated(X: np.ndarray, positive: np.ndarray) -> bool:
    standardised = (X - X.mean(axis=0)) / X.std(axis=0)
    basis, _ = np.linalg.qr(np.column_stack([np.ones(len(X)), standardised]))
    return is_separated(basis * np.sqrt(len(X)), positive)
