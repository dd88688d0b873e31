"""Principal components of embeddings that are far longer than the cohort."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import eigh
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class PrincipalComponents(TransformerMixin, BaseEstimator):
    """PCA through the Gram matrix of the cases.

    With n cases and p = 16,384 values, the n x n matrix of inner products holds all there is to know; scikit-learn's
    solvers work on n x p or p x p and are an order of magnitude slower here. Equal to ``sklearn.decomposition.PCA`` up
    to rounding; signs are fixed by making each component's largest loading positive.

    Parameters
    ----------
    components
        How many to keep (paper: 64); at most the rank of the centred cases.
    """

    def __init__(self, components: int = 64) -> None:
        self.components = components

    def fit(self, X: Any, y: Any = None) -> PrincipalComponents:
        """Learn ``mean_`` ``(features,)``, ``components_`` ``(components, features)``, ``explained_variance_``."""
        X = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
        self.mean_ = X.mean(axis=0, dtype=np.float64).astype(X.dtype)
        centred = X - self.mean_
        if X.shape[1] > X.shape[0]:
            values, vectors = eigh(np.asarray(centred @ centred.T, dtype=np.float64))
        else:
            values, vectors = eigh(np.asarray(centred.T @ centred, dtype=np.float64))
        order = np.argsort(values)[::-1]
        values, vectors = values[order], vectors[:, order]
        rank = int((values > values[0] * 1e-7).sum()) if values[0] > 0 else 1
        kept = max(1, min(self.components, rank, X.shape[0] - 1))
        values, vectors = np.maximum(values[:kept], 0.0), vectors[:, :kept]
        if X.shape[1] > X.shape[0]:
            loadings = vectors.T @ centred
            length = np.sqrt(values)[:, None]
            loadings = np.divide(loadings, length, out=np.zeros_like(loadings), where=length > 0)
        else:
            loadings = vectors.T
        largest = np.abs(loadings).argmax(axis=1)
        signs = np.where(loadings[np.arange(kept), largest] < 0, -1.0, 1.0)
        self.components_ = np.ascontiguousarray(loadings * signs[:, None], dtype=X.dtype)
        self.explained_variance_ = values / (X.shape[0] - 1)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Scores ``(cases, components)``."""
        check_is_fitted(self, "components_")
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return (X - self.mean_) @ self.components_.T

    @property
    def _n_features_out(self) -> int:
        return int(self.components_.shape[0])

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """``pc01``, ``pc02``, …"""
        check_is_fitted(self, "components_")
        return np.array([f"pc{index + 1:02d}" for index in range(self._n_features_out)], dtype=object)
