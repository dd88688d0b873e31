"""The clinical columns of a simulated patient: Table 1 of the PLNM study, training set, by class.

Source: Wang et al. 2025, doi 10.3389/fonc.2025.1681029, Table 1, columns "PLNM (-)" (n = 218) and "PLNM (+)" (n = 76)
of the training set: mean ± SD and the counts of the histological types. The paper prints no correlations, so the
columns are independent within a class. Skewed markers are log-normal.

Two cells cannot come of one smooth distribution. The eosinophil count of the negatives (0.18 ± 1.42) is what a single
value of 21 among 218 gives, CA199 of the positives (142.92 ± 762.65; 11.82 ± 15.04 in the testing set) what two values
near 4,700 among 76 give. These two are therefore an ordinary bulk with such rare outliers, and still have the printed
mean and SD.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..columns import builtin_columns
from .distributions import Family, Truncated, WithOutliers, matched, matched_with_outliers


@dataclass(frozen=True)
class ClinicalColumn:
    """One continuous or counted column of Table 1.

    ``negative`` and ``positive`` are (mean, SD) by class in the column's unit, ``low`` and ``high`` the range that
    values are drawn from, ``decimals`` what a laboratory or a clinic writes down; the outliers of a class are (share,
    mean, SD).
    """

    name: str
    family: Family
    negative: tuple[float, float]
    positive: tuple[float, float]
    low: float
    high: float
    decimals: int
    negative_outliers: tuple[float, float, float] | None = None
    positive_outliers: tuple[float, float, float] | None = None

    def distribution(self, positive: bool) -> Truncated | WithOutliers:
        """What this column's values are drawn from in one class."""
        mean, sd = self.positive if positive else self.negative
        outliers = self.positive_outliers if positive else self.negative_outliers
        if outliers is not None:
            return matched_with_outliers(mean, sd, self.low, self.high, *outliers)
        return matched(self.family, mean, sd, self.low, self.high)


TABLE_ONE = (
    ClinicalColumn("age", Family.NORMAL, (52.78, 10.69), (53.38, 10.72), 20, 90, 0),
    ClinicalColumn("parturition", Family.COUNT, (2.39, 1.28), (2.64, 1.42), 0, 10, 0),
    ClinicalColumn("abortion", Family.COUNT, (1.41, 1.39), (1.43, 1.38), 0, 10, 0),
    ClinicalColumn("bmi", Family.NORMAL, (23.29, 3.43), (23.52, 3.82), 14, 45, 1),
    ClinicalColumn("rbc_count", Family.NORMAL, (4.12, 0.99), (3.99, 0.59), 1.5, 7, 2),
    ClinicalColumn("wbc_count", Family.NORMAL, (11.31, 3.65), (10.64, 3.52), 2, 30, 2),
    ClinicalColumn("alp", Family.LOG_NORMAL, (61.86, 19.22), (66.59, 19.06), 15, 300, 0),
    ClinicalColumn("eosinophil_count", Family.LOG_NORMAL, (0.18, 1.42), (0.10, 0.22), 0, 25, 2, (1 / 218, 21.0, 0.5)),
    ClinicalColumn("ca125", Family.LOG_NORMAL, (26.16, 49.86), (70.13, 211.85), 0, 5000, 1),
    ClinicalColumn("ca153", Family.LOG_NORMAL, (13.66, 9.03), (16.15, 8.48), 0, 300, 1),
    ClinicalColumn(
        "ca199", Family.LOG_NORMAL, (13.23, 24.10), (142.92, 762.65), 0, 10000, 1, None, (2 / 76, 4725.0, 700.0)
    ),
    ClinicalColumn("cea", Family.LOG_NORMAL, (5.08, 10.85), (8.80, 26.89), 0, 1000, 1),
    ClinicalColumn("scc_antigen", Family.LOG_NORMAL, (5.00, 8.47), (9.53, 12.92), 0, 150, 1),
)
"""Thirteen of the fifteen columns; ``maximum_diameter`` comes from the lesion, ``histology`` is below."""

MAXIMUM_DIAMETER_NEGATIVE = (30.25, 11.86)
MAXIMUM_DIAMETER_POSITIVE = (41.29, 14.81)
MAXIMUM_DIAMETER_ALL = (33.10, 13.55)
"""Mean and SD in mm of the training set's classes and of all its 294 cases."""

HISTOLOGY_NEGATIVE = (174, 36, 8)
HISTOLOGY_POSITIVE = (57, 12, 7)
"""Counts of squamous cell carcinoma, adenocarcinoma and other types: the order of the dictionary's levels."""

CLINICAL_COLUMNS = (*(column.name for column in TABLE_ONE), "maximum_diameter", "histology")
"""All fifteen names, in the order of Table 1."""


@lru_cache(maxsize=2)
def histology_probabilities(positive: bool) -> np.ndarray:
    """Share of each histological type in one class, shape ``(3,)``."""
    counts = np.array(HISTOLOGY_POSITIVE if positive else HISTOLOGY_NEGATIVE, dtype=float)
    return counts / counts.sum()


def draw_table_one(rng: np.random.Generator, positive: bool) -> dict[str, float | int | str]:
    """Fourteen values of one patient, written as they would be in a record; ``maximum_diameter`` is not among them."""
    values: dict[str, float | int | str] = {}
    for column in TABLE_ONE:
        value = round(float(column.distribution(positive).draw(rng)), column.decimals)
        values[column.name] = int(value) if column.decimals == 0 else value
    level = int(np.searchsorted(np.cumsum(histology_probabilities(positive)), rng.random(), side="right"))
    levels = builtin_columns("wang2025")["histology"].levels
    values["histology"] = levels[min(level, len(levels) - 1)]
    return values


def log_likelihood_ratio(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """log p(columns | PLNM+) - log p(columns | PLNM-) of unrounded columns; ``histology`` holds level indices."""
    total = np.zeros(len(next(iter(values.values()))))
    for column in TABLE_ONE:
        drawn = values[column.name]
        total += column.distribution(True).log_density(drawn) - column.distribution(False).log_density(drawn)
    levels = np.asarray(values["histology"], dtype=int)
    return total + np.log(histology_probabilities(True)[levels]) - np.log(histology_probabilities(False)[levels])
