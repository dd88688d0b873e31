"""Keep only features that two readings of the same tumour agree on.

Source: paper, "Tumor segmentation and reproducibility assessment". The paper's sentence ("ICCs < 0.75 in both the
inter- and intra-observer analyses were excluded") can be read two ways; ``rule`` chooses. The table comes from
contours, not from outcomes, so it may be made once for all resamples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import SettingsError
from ..statistics import IccForm, IccResult, reproducible
from ..statistics.agreement_analyses import AgreementAnalysis, deciding_analyses
from .icc_table import ESTIMATES, LOWER_BOUNDS, IccTable, analyses_of, read_icc_table

__all__ = ["IccTable", "ReproducibilityFilter", "read_icc_table", "reproducible_names"]


def reproducible_names(
    table: pd.DataFrame,
    *,
    threshold: float = 0.75,
    rule: str = "either",
    bound: str = "estimate",
    analyses: Iterable[AgreementAnalysis | str] | None = None,
) -> tuple[str, ...]:
    """The features of a table (:attr:`.icc_table.IccTable.values`) that are reproducible, in its order.

    Parameters
    ----------
    threshold, rule, bound
        See :func:`CervixRiskLib.statistics.reproducible`.
    analyses
        Which decide; see :func:`CervixRiskLib.statistics.agreement_analyses.deciding_analyses`.

    Raises
    ------
    SettingsError
        The table lacks a column that the rule needs, or a setting does not exist.
    """
    columns = ESTIMATES if bound == "estimate" else LOWER_BOUNDS
    deciding = deciding_analyses(analyses_of(table), analyses)
    lacking = [columns[kind] for kind in deciding if columns[kind] not in table.columns]
    if lacking:
        raise SettingsError(f"The ICC table lacks the column {' and '.join(lacking)} that this rule needs.")
    # Only the column that is judged matters here; whoever made the table knows its form and confidence.
    judged = [table[columns[kind]].to_numpy(float) for kind in deciding]
    results = [IccResult(IccForm.ICC_2_1, values, values, values, 0.95) for values in judged]
    passed = reproducible(results, threshold, rule, bound)
    return tuple(str(name) for name in table.index[passed])


class ReproducibilityFilter(SelectorMixin, BaseEstimator):
    """Keep features by name.

    Parameters
    ----------
    keep
        Names of the reproducible features; a feature that is not among them is dropped. ``None``: nothing is dropped.
    columns
        Names of the columns of an ``X`` that has none, in its order.
    """

    def __init__(self, keep: Sequence[str] | None = None, columns: Sequence[str] | None = None) -> None:
        self.keep = keep
        self.columns = columns

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame | None,
        *,
        threshold: float = 0.75,
        rule: str = "either",
        bound: str = "estimate",
        analyses: Iterable[AgreementAnalysis | str] | None = None,
    ) -> ReproducibilityFilter:
        """Build from what :func:`.icc_table.read_icc_table` returns; see :func:`reproducible_names`."""
        if table is None:
            return cls()
        return cls(reproducible_names(table, threshold=threshold, rule=rule, bound=bound, analyses=analyses))

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        # Names decide, not values.
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: object, y: object = None) -> ReproducibilityFilter:
        """Match the names to the columns of ``X``: a DataFrame's own, or those that were given."""
        validate_data(self, X, dtype=np.float64, ensure_all_finite=False)
        self.support_: np.ndarray = np.ones(self.n_features_in_, dtype=bool)
        if self.keep is None:
            return self
        names = getattr(self, "feature_names_in_", self.columns)
        if names is None or len(names) != self.n_features_in_:
            raise ValueError("ReproducibilityFilter with names needs the name of every column of X.")
        kept = frozenset(self.keep)
        self.support_ = np.array([name in kept for name in names])
        if not self.support_.any():
            raise SettingsError("No feature reaches the ICC threshold; check the table's feature names or lower it.")
        return self

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self, "support_")
        return self.support_
