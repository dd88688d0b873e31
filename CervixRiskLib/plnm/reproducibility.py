"""Keep only features that two readings of the same tumour agree on.

Source: paper, "Tumor segmentation and reproducibility assessment". The paper's sentence ("ICCs < 0.75 in both the
inter- and intra-observer analyses were excluded") can be read two ways; ``rule`` chooses. The table comes from
contours, not from outcomes, so it may be made once for all resamples.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import SettingsError

_ESTIMATES = ("inter_icc", "intra_icc")
_LOWER_BOUNDS = ("inter_lower", "intra_lower")


def read_icc_table(path: Path) -> pd.DataFrame:
    """Read a table of ICCs: index ``feature``, columns among inter_icc, intra_icc, inter_lower, intra_lower.

    Raises
    ------
    SettingsError
        The file is missing, is no table, or holds no usable column.
    """
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise SettingsError(f"The ICC table {path.name} does not exist.") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"The ICC table {path.name} cannot be read as CSV.") from error
    known = [column for column in (*_ESTIMATES, *_LOWER_BOUNDS) if column in table.columns]
    if "feature" not in table.columns or not known:
        raise SettingsError(
            f"The ICC table {path.name} needs a column 'feature' and at least one of {', '.join(_ESTIMATES)}."
        )
    if table["feature"].duplicated().any():
        raise SettingsError(f"The ICC table {path.name} names a feature twice.")
    try:
        values = table[known].astype(float)
    except ValueError:
        raise SettingsError(f"The ICC table {path.name} holds values that are not numbers.") from None
    if (values > 1 + 1e-9).to_numpy().any():
        raise SettingsError(f"The ICC table {path.name} holds ICCs above 1.")
    return values.set_index(table["feature"].astype(str))


class ReproducibilityFilter(SelectorMixin, BaseEstimator):
    """Drop features whose ICC is too low, or that the table does not know.

    Parameters
    ----------
    names, inter, intra
        Feature names with their inter- and intra-observer ICCs (estimates or lower bounds), arrays ``(features,)`` or
        ``None`` where that analysis was not made. All ``None``: nothing is dropped.
    threshold
        Smallest ICC that passes (paper: .75).
    rule
        ``"either"``: dropped when one analysis fails. ``"both"``: dropped only when all fail.
    """

    def __init__(
        self,
        names: np.ndarray | None = None,
        inter: np.ndarray | None = None,
        intra: np.ndarray | None = None,
        threshold: float = 0.75,
        rule: str = "either",
    ) -> None:
        self.names = names
        self.inter = inter
        self.intra = intra
        self.threshold = threshold
        self.rule = rule

    @classmethod
    def from_table(
        cls, table: pd.DataFrame | None, *, threshold: float = 0.75, rule: str = "either", bound: str = "estimate"
    ) -> ReproducibilityFilter:
        """Build from what :func:`read_icc_table` returns; ``bound`` is ``"estimate"`` or ``"lower"``."""
        if table is None:
            return cls(threshold=threshold, rule=rule)
        columns = _ESTIMATES if bound == "estimate" else _LOWER_BOUNDS
        found = [table[name].to_numpy(float) if name in table.columns else None for name in columns]
        if all(values is None for values in found):
            raise SettingsError(f"The ICC table has none of the columns {', '.join(columns)} that this rule needs.")
        return cls(table.index.to_numpy(str), found[0], found[1], threshold, rule)

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        # Names decide, not values.
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: object, y: object = None) -> ReproducibilityFilter:
        """Match the table to the columns of ``X``, a DataFrame when there is a table."""
        validate_data(self, X, dtype=np.float64, ensure_all_finite=False)
        self.support_: np.ndarray = np.ones(self.n_features_in_, dtype=bool)
        if self.names is None:
            return self
        if not hasattr(self, "feature_names_in_"):
            raise ValueError("ReproducibilityFilter with a table needs X with column names.")
        position = {name: index for index, name in enumerate(self.names)}
        rows = np.array([position.get(name, -1) for name in self.feature_names_in_])
        analyses = [values for values in (self.inter, self.intra) if values is not None]
        passed = np.array(
            [np.where(rows >= 0, np.asarray(values)[rows] >= self.threshold, False) for values in analyses]
        )
        self.support_ = np.asarray(passed.all(axis=0) if self.rule == "either" else passed.any(axis=0))
        if not self.support_.any():
            raise SettingsError("No feature reaches the ICC threshold; check the table's feature names or lower it.")
        return self

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self, "support_")
        return self.support_
