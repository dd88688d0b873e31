"""The support vector machine of the study, with probabilities that small resamples can bear."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import SVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..statistics import PlattScaling


class CalibratedSvm(ClassifierMixin, BaseEstimator):
    """SVM with RBF kernel, its distances turned into probabilities by Platt scaling on held-out distances.

    As scikit-learn's ``CalibratedClassifierCV(SVC(), ensemble=False)``, but with as many folds as the rarer class
    allows, and with a calibration that is never turned upside down.

    Parameters
    ----------
    C, gamma
        Of :class:`sklearn.svm.SVC`.
    folds
        At most so many folds for the calibration.
    """

    def __init__(self, C: float = 1.0, gamma: float | str = "scale", folds: int = 5) -> None:
        self.C = C
        self.gamma = gamma
        self.folds = folds

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any) -> CalibratedSvm:
        """Fit to ``X`` ``(cases, features)``, standardised, and ``y`` of two classes."""
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, encoded = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(f"Only binary classification is supported. The target has {len(self.classes_)} classes.")
        if len(self.classes_) < 2:
            raise ValueError("The outcome has one class only; a classifier needs both.")
        machine = SVC(C=self.C, kernel="rbf", gamma=self.gamma)
        folds = min(self.folds, int(np.bincount(encoded).min()))
        # A class with a single case leaves nothing to hold out.
        distances = (
            cross_val_predict(machine, X, encoded, cv=StratifiedKFold(folds), method="decision_function")
            if folds >= 2
            else machine.fit(X, encoded).decision_function(X)
        )
        self.platt_ = PlattScaling(target_smoothing="always").fit(distances, encoded)
        self.machine_ = machine.fit(X, encoded)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Calibrated log-odds of the second class, ``(cases,)``."""
        check_is_fitted(self, "machine_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return self.platt_.intercept_ + self.platt_.slope_ * self.machine_.decision_function(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """``(cases, 2)``."""
        positive = 1 / (1 + np.exp(-self.decision_function(X)))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Any) -> np.ndarray:
        """Class at log-odds 0."""
        check_is_fitted(self, "machine_")
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def decision_gradient(self, x: np.ndarray) -> np.ndarray:
        """Gradient of :meth:`decision_function` at one case ``x`` ``(features,)``, same shape."""
        check_is_fitted(self, "machine_")
        offset = self.machine_.support_vectors_ - np.asarray(x, dtype=np.float64)
        kernel = np.exp(-self.machine_._gamma * np.einsum("ij,ij->i", offset, offset))
        return self.platt_.slope_ * 2 * self.machine_._gamma * (self.machine_.dual_coef_[0] * kernel) @ offset
