"""Which clinical predictors enter the nomogram, decided inside every resample.

Source: paper, "Clinical-radiomic nomogram development": univariate, then multivariate logistic regression. An intercept
is always fitted: the paper's univariate odds ratios can be rebuilt only without one (its diameter OR of 0.981 becomes
1.069 with one).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..errors import TrainingError
from ..statistics import multivariate_odds_ratios, sign_flip_warnings, univariate_odds_ratios


class ClinicalSelection(TransformerMixin, BaseEstimator):
    """Impute clinical predictors by the training median and select among them.

    Parameters
    ----------
    significance
        p value of both steps.
    events_per_predictor
        At most one predictor per this many cases of the rarer class (Peduzzi et al. 1996), the strongest first.
    select
        ``False`` keeps every column, as when the person has named them.
    """

    def __init__(self, significance: float = 0.05, events_per_predictor: int = 10, select: bool = True) -> None:
        self.significance = significance
        self.events_per_predictor = events_per_predictor
        self.select = select

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> ClinicalSelection:
        """Learn ``medians_``, ``univariate_``, ``multivariate_`` (tables of odds ratios) and ``selected_`` (names)."""
        X = pd.DataFrame(X)
        y = np.asarray(y).astype(int)
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        empty = [str(name) for name in X.columns if X[name].notna().sum() == 0]
        if empty and not self.select:
            raise TrainingError(f"The clinical column {empty[0]} has no value at all; leave it out.")
        self.medians_ = X.median().fillna(0.0).to_dict()
        filled = self._impute(X)
        usable = _independent(filled)
        if not self.select:
            self.univariate_ = self.multivariate_ = pd.DataFrame()
            self.selected_ = [str(name) for name in usable]
            return self
        self.univariate_ = univariate_odds_ratios(filled[usable], y) if usable else pd.DataFrame()
        self.multivariate_ = pd.DataFrame()
        self.selected_ = []
        if not usable:
            return self
        room = max(1, int(min(np.bincount(y, minlength=2)) // self.events_per_predictor))
        candidates = self.univariate_[self.univariate_["p"] < self.significance].sort_values("p", kind="stable")
        # No more candidates in the joint model than the events can carry, twice over.
        names = list(candidates["name"])[: 2 * room]
        if names:
            self.multivariate_ = multivariate_odds_ratios(filled[names], y)
            significant = self.multivariate_[self.multivariate_["p"] < self.significance]
            self.selected_ = list(significant.sort_values("p", kind="stable")["name"])[:room]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """The selected columns with missing values imputed, in the order of ``selected_``."""
        check_is_fitted(self, "selected_")
        return self._impute(pd.DataFrame(X))[self.selected_]

    def sign_flips(self) -> list[str]:
        """A sentence for each predictor that changes direction between the univariate and the multivariate model."""
        check_is_fitted(self, "selected_")
        if self.multivariate_.empty:
            return []
        return sign_flip_warnings(self.univariate_, self.multivariate_)

    def _impute(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.astype(float).fillna(self.medians_)


def _independent(filled: pd.DataFrame) -> list[str]:
    """Columns that vary and are no linear combination of those before them."""
    kept: list[str] = []
    standardised = np.ones((len(filled), 1))
    for name in filled.columns:
        values = filled[name].to_numpy(float)
        spread = values.std()
        if not spread > 1e-12 * max(1.0, float(np.abs(values).max())):
            continue
        column = ((values - values.mean()) / spread)[:, None]
        candidate = np.hstack([standardised, column])
        if np.linalg.matrix_rank(candidate, tol=1e-6 * np.sqrt(len(filled))) == candidate.shape[1]:
            kept.append(str(name))
            standardised = candidate
    return kept
