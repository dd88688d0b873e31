"""A fitted signature and classifier, reduced to the arithmetic that one case needs.

Of thousands of features a fitted pipeline looks at sixteen. The scorer keeps their names, means and scales, the
retained principal axes and the classifier: it answers in microseconds, is small enough to be stored once per fold, and
its gradient with respect to the embedding is a matrix product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logit
from sklearn.pipeline import Pipeline

from .classifiers import positive_probability, probability_gradient
from .signature import DEEP, RADIOMICS


@dataclass(frozen=True, eq=False)
class FusionScorer:
    """Fusion score of one case.

    Parameters
    ----------
    radiomics_names, radiomics_mean, radiomics_scale
        Retained radiomic features with the mean and scale that standardise them.
    deep_names, deep_axes, deep_mean, deep_scale
        Retained principal components: axes ``(components, embedding)`` float32, and the mean and scale of the
        projections.
    classifier
        Fitted on the standardised features in the order radiomics, deep.
    """

    radiomics_names: tuple[str, ...]
    radiomics_mean: np.ndarray
    radiomics_scale: np.ndarray
    deep_names: tuple[str, ...]
    deep_axes: np.ndarray
    deep_mean: np.ndarray
    deep_scale: np.ndarray
    classifier: Any

    @classmethod
    def from_pipeline(cls, signature: Pipeline, classifier: Any) -> FusionScorer:
        """Reduce a fitted :func:`.signature.build_signature` and a classifier fitted on its output."""
        blocks = signature.named_steps["blocks"]
        outer = signature.named_steps["scale"]
        support = signature.named_steps["eliminate"].get_support()
        offset = 0
        names: tuple[str, ...] = ()
        mean = scale = np.zeros(0)
        deep_names: tuple[str, ...] = ()
        axes = np.zeros((0, 0), dtype=np.float32)
        deep_mean = deep_scale = np.zeros(0)
        for block, _, columns in blocks.blocks:
            fitted = blocks.transformers_[block]
            if block == RADIOMICS:
                keep = np.arange(len(columns))
                for step in ("reproducible", "varying", "mann_whitney", "spearman"):
                    keep = keep[fitted.named_steps[step].get_support()]
                lasso = fitted.named_steps["lasso"].get_support()
                inner = fitted.named_steps["scale"]
                keep, inner_mean, inner_scale = keep[lasso], inner.mean_[lasso], inner.scale_[lasso]
                here = slice(offset, offset + keep.size)
                chosen = support[here]
                names = tuple(str(columns[index]) for index in keep[chosen])
                mean = (inner_mean + inner_scale * outer.mean_[here])[chosen]
                scale = (inner_scale * outer.scale_[here])[chosen]
                offset += keep.size
            elif block == DEEP:
                components = fitted.named_steps["components"]
                here = slice(offset, offset + components.components_.shape[0])
                chosen = support[here]
                deep_names = tuple(str(name) for name in components.get_feature_names_out()[chosen])
                axes = components.components_[chosen].astype(np.float32)
                projected_mean = components.components_.astype(np.float64) @ components.mean_.astype(np.float64)
                deep_mean = (projected_mean + outer.mean_[here])[chosen]
                deep_scale = outer.scale_[here][chosen]
                offset += components.components_.shape[0]
        return cls(names, mean, scale, deep_names, axes, deep_mean, deep_scale, classifier)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names in the order of :meth:`standardise`."""
        return (*self.radiomics_names, *self.deep_names)

    def standardise(self, radiomics: Mapping[str, float], embedding: np.ndarray | None) -> np.ndarray:
        """Standardised features ``(features,)`` of one case.

        Parameters
        ----------
        radiomics
            Raw radiomic values by name.
        embedding
            ``(embedding,)``; may be ``None`` when no deep component was retained.
        """
        raw = np.array([radiomics[name] for name in self.radiomics_names], dtype=np.float64)
        features = [(raw - self.radiomics_mean) / self.radiomics_scale]
        if self.deep_names:
            if embedding is None:
                raise ValueError("This scorer needs the network's embedding.")
            projected = (self.deep_axes @ np.asarray(embedding, dtype=np.float32)).astype(np.float64)
            features.append((projected - self.deep_mean) / self.deep_scale)
        return np.concatenate(features)

    def score(self, standardised: np.ndarray) -> float:
        """Fusion score in 0-1 of one case's features, as :meth:`standardise` gives them."""
        return float(positive_probability(self.classifier, standardised[None])[0])

    def embedding_gradient(self, standardised: np.ndarray) -> np.ndarray | None:
        """Gradient of the score with respect to the embedding, ``(embedding,)``.

        ``None`` when the classifier is piecewise constant or no deep component was retained.
        """
        if not self.deep_names:
            return None
        gradient = probability_gradient(self.classifier, standardised)
        if gradient is None:
            return None
        return (gradient[len(self.radiomics_names) :] / self.deep_scale) @ self.deep_axes.astype(np.float64)

    def effects(self, standardised: np.ndarray) -> np.ndarray:
        """Change of the score's log-odds against the same case with one feature at its training mean, ``(features,)``.

        Works for every classifier: each feature in turn is set to 0, its standardised mean.
        """
        without = np.repeat(standardised[None], standardised.size + 1, axis=0)
        without[np.arange(standardised.size), np.arange(standardised.size)] = 0.0
        probability = np.clip(positive_probability(self.classifier, without), 1e-6, 1 - 1e-6)
        odds = logit(probability)
        return odds[-1] - odds[:-1]
