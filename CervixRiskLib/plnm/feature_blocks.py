"""Run each block of columns through its own pipeline and lay the results side by side.

scikit-learn's ColumnTransformer does the same, but looks every column name up in a list: on 16,384 of them it takes
longer than everything else together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted


class FeatureBlocks(TransformerMixin, BaseEstimator):
    """Blocks of a DataFrame's columns, each with its own transformer.

    Parameters
    ----------
    blocks
        ``(name, transformer, columns)``; names are unique, columns are names of the DataFrame. A transformer is given
        the bare values.
    """

    def __init__(self, blocks: Sequence[tuple[str, BaseEstimator, Sequence[str]]]) -> None:
        self.blocks = blocks

    def fit(self, X: pd.DataFrame, y: np.ndarray | None = None, groups: np.ndarray | None = None) -> FeatureBlocks:
        """Fit every block's transformer on its columns of ``X``."""
        self.fit_transform(X, y, groups)
        return self

    def fit_transform(
        self, X: pd.DataFrame, y: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> np.ndarray:
        """Fit, and return each block as its transformer's ``fit_transform`` gives it, ``(cases, features)``.

        Learns ``transformers_`` and ``slices_`` (where each block's columns stand) by the blocks' names.
        ``groups`` (patients, ``(cases,)``) go to a block's pipeline step named ``embedding``, which cross-fits.
        """
        self.transformers_: dict[str, BaseEstimator] = {}
        self.slices_: dict[str, slice] = {}
        parts = []
        offset = 0
        for name, transformer, columns in self.blocks:
            self.transformers_[name] = clone(transformer)
            cross_fits = "embedding" in getattr(transformer, "named_steps", {})
            more = {"embedding__groups": groups} if cross_fits and groups is not None else {}
            parts.append(np.asarray(self.transformers_[name].fit_transform(_block(X, columns), y, **more)))
            self.slices_[name] = slice(offset, offset + parts[-1].shape[1])
            offset += parts[-1].shape[1]
        return np.hstack(parts)

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """``(cases, features)``, blocks in order."""
        check_is_fitted(self, "transformers_")
        parts = [np.asarray(self.transformers_[name].transform(_block(X, columns))) for name, _, columns in self.blocks]
        return np.hstack(parts)


def _block(X: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """The block as a bare array: scikit-learn looks at each column of a table, at every step that is given one."""
    positions = X.columns.get_indexer(pd.Index(columns))
    if (positions < 0).any():
        raise ValueError(f"Column {columns[int(np.argmax(positions < 0))]!r} is missing.")
    return X.iloc[:, positions].to_numpy()
