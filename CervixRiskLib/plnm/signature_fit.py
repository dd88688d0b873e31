"""A signature fitted to training cases, with what its steps made of them and what they make of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from .tuning import FoldFeatures

_ELIMINATION = 2
"""The pipeline's step that follows the standardised blocks."""


@dataclass(frozen=True, eq=False)
class SignatureFit:
    """A fitted :func:`.signature.build_signature`.

    Parameters
    ----------
    signature
        The pipeline.
    blocks
        The training cases' standardised blocks before the elimination, ``(cases, features)``. A network that is fitted
        as well gives its training cases other values (cross-fitted ones) than it would give them as unseen cases.
    features
        The same after the elimination.
    harmoniser
        Fitted transformer of the table that comes first, ``None`` without one.
    """

    signature: Pipeline
    blocks: np.ndarray
    features: np.ndarray
    harmoniser: Any = None

    @classmethod
    def to(
        cls, signature: Pipeline, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray, harmoniser: Any = None
    ) -> SignatureFit:
        """Fit an unfitted signature, and before it a transformer of the table, where one is given."""
        if harmoniser is not None:
            X = harmoniser.fit(X).transform(X)
        blocks = signature[:_ELIMINATION].fit_transform(X, y, blocks__groups=groups)
        return cls(signature, blocks, signature[_ELIMINATION:].fit_transform(blocks, y), harmoniser)

    def block(self, name: str) -> slice:
        """Where a block's columns stand in :attr:`blocks`."""
        return self.signature.named_steps["blocks"].slices_[name]

    def is_whole(self, name: str) -> bool:
        """Whether the features are this block and nothing else: no other block, nothing eliminated."""
        where = self.block(name)
        return self.features.shape[1] == self.blocks.shape[1] == where.stop - where.start

    def blocks_of(self, X: pd.DataFrame) -> np.ndarray:
        """Standardised blocks of unseen cases, ``(cases, features)``."""
        if self.harmoniser is not None:
            X = self.harmoniser.transform(X)
        return np.asarray(self.signature[:_ELIMINATION].transform(X))

    def eliminate(self, blocks: np.ndarray) -> np.ndarray:
        """The columns that the elimination keeps of blocks ``(cases, features)``."""
        return np.asarray(self.signature[_ELIMINATION:].transform(blocks))

    def features_of(self, X: pd.DataFrame) -> np.ndarray:
        """Standardised features of unseen cases, ``(cases, features)``."""
        return self.eliminate(self.blocks_of(X))


@dataclass(frozen=True, eq=False)
class Resample:
    """A fold: the signature fitted to its training side, and both sides' features under it."""

    fit: SignatureFit
    train: np.ndarray
    test: np.ndarray
    test_blocks: np.ndarray

    @property
    def features(self) -> FoldFeatures:
        """After the elimination."""
        return FoldFeatures(self.train, self.test, self.fit.features, self.fit.eliminate(self.test_blocks))

    def block(self, name: str) -> FoldFeatures:
        """One block before the elimination."""
        where = self.fit.block(name)
        return FoldFeatures(self.train, self.test, self.fit.blocks[:, where], self.test_blocks[:, where])
