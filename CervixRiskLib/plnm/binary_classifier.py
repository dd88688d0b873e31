"""What the study's own classifiers share: two classes, a log-odds, everything else follows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data


class BinaryClassifier(ClassifierMixin, BaseEstimator, ABC):
    """Base of classifiers that learn the log-odds of the second class.

    A subclass implements ``fit`` (through :meth:`_encode`) and ``_log_odds``.
    """

    classes_: np.ndarray

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _encode(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Checked ``X`` ``(cases, features)`` float64 and ``y`` as 0/1; learns ``classes_``."""
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, encoded = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(f"Only binary classification is supported. The target has {len(self.classes_)} classes.")
        if len(self.classes_) < 2:
            raise ValueError("The outcome has one class only; a classifier needs both.")
        return X, encoded

    @abstractmethod
    def _log_odds(self, X: np.ndarray) -> np.ndarray:
        """Log-odds of the second class from checked ``X``, ``(cases,)``."""

    def decision_function(self, X: Any) -> np.ndarray:
        """Log-odds of the second class, ``(cases,)``."""
        check_is_fitted(self, "classes_")
        return self._log_odds(validate_data(self, X, dtype=np.float64, reset=False))

    def predict_proba(self, X: Any) -> np.ndarray:
        """``(cases, 2)``."""
        positive = expit(self.decision_function(X))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Any) -> np.ndarray:
        """Class at log-odds 0."""
        positive = self.decision_function(X) > 0
        return self.classes_[positive.astype(int)]
