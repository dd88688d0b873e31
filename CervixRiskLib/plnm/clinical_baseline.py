"""What a clinician has without any image analysis: logistic regression on given columns, nothing selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from ..statistics import LogisticModel


class ClinicalBaseline(ClassifierMixin, BaseEstimator):
    """Plain logistic regression on clinical columns, missing values imputed by the training median.

    Parameters
    ----------
    columns
        Names of numeric columns of ``X``.
    """

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self.columns = columns

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> ClinicalBaseline:
        """Learn ``medians_``, ``usable_`` (the columns that vary) and ``regression_`` (``None`` without such)."""
        y = np.asarray(y).astype(int)
        self.classes_ = np.array([0, 1])
        values = X[list(self.columns)].astype(float)
        self.medians_ = values.median().fillna(0.0)
        values = values.fillna(self.medians_)
        self.usable_ = [name for name in self.columns if np.ptp(values[name].to_numpy()) > 0]
        self.prevalence_ = float(y.mean())
        self.regression_: Any = LogisticModel(penalty="auto").fit(values[self.usable_], y) if self.usable_ else None
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities ``(cases, 2)``; the training prevalence where no column varies."""
        check_is_fitted(self, "medians_")
        if self.regression_ is None:
            positive = np.full(len(X), self.prevalence_)
        else:
            values = X[list(self.columns)].astype(float).fillna(self.medians_)
            positive = np.asarray(self.regression_.predict_proba(values[self.usable_]))[:, 1]
        return np.column_stack([1 - positive, positive])
