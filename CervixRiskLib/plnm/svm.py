"""The support vector machine of the study, with probabilities that small resamples can bear."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import SVC
from sklearn.utils.validation import check_is_fitted

from ..statistics import PlattScaling
from .binary_classifier import BinaryClassifier


class CalibratedSvm(BinaryClassifier):
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

    def fit(self, X: Any, y: Any) -> CalibratedSvm:
        """Fit to ``X`` ``(cases, features)``, standardised, and ``y`` of two classes."""
        X, encoded = self._encode(X, y)
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

    def _log_odds(self, X: np.ndarray) -> np.ndarray:
        return self.platt_.intercept_ + self.platt_.slope_ * self.machine_.decision_function(X)

    def decision_gradient(self, x: np.ndarray) -> np.ndarray:
        """Gradient of :meth:`decision_function` at one case ``x`` ``(features,)``, same shape."""
        check_is_fitted(self, "machine_")
        offset = self.machine_.support_vectors_ - np.asarray(x, dtype=np.float64)
        kernel = np.exp(-self.machine_._gamma * np.einsum("ij,ij->i", offset, offset))
        return self.platt_.slope_ * 2 * self.machine_._gamma * (self.machine_.dual_coef_[0] * kernel) @ offset
