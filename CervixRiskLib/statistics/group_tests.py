"""Do groups of patients differ in a characteristic? The test that a clinical Table 1 would name, and its name.

Which test: Wang et al. 2025, "Statistical validation protocol": Shapiro-Wilk, then Student's t or Mann-Whitney;
chi-square or Fisher's exact test. Three or more groups have their own forms of the same tests.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .fisher_exact import freeman_halton

#: Shapiro-Wilk's significance level.
_NOT_NORMAL = 0.05
#: The chi-square distribution is trusted where every cell is expected to hold as many cases (Cochran 1954).
_LEAST_EXPECTED = 5.0


@dataclass(frozen=True)
class GroupTest:
    """A two-sided test by name; ``p_value`` is ``None`` where it is not defined, and ``name`` then says why."""

    name: str
    p_value: float | None


def looks_normal(groups: Sequence[np.ndarray]) -> bool:
    """Whether Shapiro-Wilk (Biometrika 1965;52:591-611) rejects normality in none of the groups.

    A group of fewer than three values, or of one value repeated, cannot be said to be normal.
    """
    from scipy.stats import shapiro

    if any(values.size < 3 or np.ptp(values) == 0 for values in groups):
        return False
    with warnings.catch_warnings():
        # Above 5,000 values scipy warns that the p-value is approximate.
        warnings.simplefilter("ignore", UserWarning)
        return all(float(shapiro(values).pvalue) >= _NOT_NORMAL for values in groups)


def compare_values(groups: Sequence[np.ndarray], *, normal: bool) -> GroupTest:
    """Test values ``(n_i,)`` of two or more groups: by their means where they are normal, else by their ranks.

    Student's t test with one variance for both groups and Mann-Whitney's U test (exact with at most eight values in a
    group and no ties); of more groups one-way analysis of variance and Kruskal-Wallis.
    """
    from scipy import stats

    filled = [values for values in groups if values.size]
    if len(filled) < 2 or len(filled) < len(groups):
        return GroupTest("none: a group has no value", None)
    everything = np.concatenate(filled)
    if np.ptp(everything) == 0:
        return GroupTest("none: one value throughout", None)
    if normal and all(values.size > 1 for values in filled):
        if len(filled) == 2:
            return GroupTest("Student's t", float(stats.ttest_ind(*filled).pvalue))
        return GroupTest("analysis of variance", float(stats.f_oneway(*filled).pvalue))
    if len(filled) > 2:
        return GroupTest("Kruskal-Wallis", float(stats.kruskal(*filled).pvalue))
    tied = np.unique(everything).size < everything.size
    exact = min(values.size for values in filled) <= 8 and not tied
    found = stats.mannwhitneyu(*filled, method="exact" if exact else "asymptotic")
    return GroupTest("Mann-Whitney U (exact)" if exact else "Mann-Whitney U", float(found.pvalue))


def compare_counts(counts: np.ndarray) -> GroupTest:
    """Test a table of cases ``(levels, groups)``: Pearson's chi-square without continuity correction, or exactly.

    The exact test is taken where a cell is expected to hold fewer than five cases.
    """
    from scipy.stats import chi2_contingency

    table = np.asarray(counts)
    if (table.sum(axis=0) == 0).any():
        return GroupTest("none: a group has no value", None)
    table = table[table.sum(axis=1) > 0]
    if len(table) < 2:
        return GroupTest("none: one value throughout", None)
    found = chi2_contingency(table, correction=False)
    if found.expected_freq.min() >= _LEAST_EXPECTED:
        return GroupTest("chi-square", float(found.pvalue))
    exact = freeman_halton(table)
    name = "Fisher's exact" if table.shape == (2, 2) else "Fisher-Freeman-Halton"
    if exact.drawn is not None:
        name += f" ({exact.drawn:,} drawn tables)"
    return GroupTest(name, exact.p_value)
