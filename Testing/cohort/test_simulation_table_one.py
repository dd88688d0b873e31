"""The clinical columns of simulated patients against Table 1 of the paper."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from CervixRiskLib.cohort.columns import builtin_columns
from CervixRiskLib.cohort.simulation.latents import diameter_distribution
from CervixRiskLib.cohort.simulation.table_one import CLINICAL_COLUMNS, TABLE_ONE, draw_table_one

DRAWS = 4000

# Training set, PLNM(-) and PLNM(+), typed from the paper a second time.
PUBLISHED = {
    "age": (52.78, 10.69, 53.38, 10.72),
    "parturition": (2.39, 1.28, 2.64, 1.42),
    "abortion": (1.41, 1.39, 1.43, 1.38),
    "bmi": (23.29, 3.43, 23.52, 3.82),
    "rbc_count": (4.12, 0.99, 3.99, 0.59),
    "wbc_count": (11.31, 3.65, 10.64, 3.52),
    "alp": (61.86, 19.22, 66.59, 19.06),
    "eosinophil_count": (0.18, 1.42, 0.10, 0.22),
    "ca125": (26.16, 49.86, 70.13, 211.85),
    "ca153": (13.66, 9.03, 16.15, 8.48),
    "ca199": (13.23, 24.10, 142.92, 762.65),
    "cea": (5.08, 10.85, 8.80, 26.89),
    "scc_antigen": (5.00, 8.47, 9.53, 12.92),
}


@pytest.fixture(scope="module")
def drawn():
    tables = {}
    for positive in (False, True):
        rng = np.random.default_rng((7, positive))
        tables[positive] = [draw_table_one(rng, positive) for _ in range(DRAWS)]
    return tables


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("positive", [False, True])
def test_means_are_the_published_ones(drawn, name, positive):
    mean, sd = PUBLISHED[name][2:] if positive else PUBLISHED[name][:2]
    values = np.array([row[name] for row in drawn[positive]])
    assert abs(values.mean() - mean) < 3.5 * sd / np.sqrt(DRAWS)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_distributions_have_the_published_moments(name):
    column = next(column for column in TABLE_ONE if column.name == name)
    moments = (*column.distribution(False).moments(), *column.distribution(True).moments())
    assert moments == pytest.approx(PUBLISHED[name], rel=1e-5)


def test_diameters_are_the_published_ones_at_full_effect_and_pooled_at_none():
    assert diameter_distribution(False, 1.0).moments() == pytest.approx((30.25, 11.86), rel=1e-5)
    assert diameter_distribution(True, 1.0).moments() == pytest.approx((41.29, 14.81), rel=1e-5)
    assert diameter_distribution(True, 0.0) == diameter_distribution(False, 0.0)
    assert diameter_distribution(True, 0.0).moments() == pytest.approx((33.10, 13.55), rel=1e-5)


@pytest.mark.parametrize(("positive", "counts"), [(False, (174, 36, 8)), (True, (57, 12, 7))])
def test_histology_has_the_published_shares(drawn, positive, counts):
    levels = builtin_columns("wang2025")["histology"].levels
    observed = [sum(row["histology"] == level for row in drawn[positive]) for level in levels]
    assert sum(observed) == DRAWS
    assert stats.chisquare(observed, DRAWS * np.array(counts) / sum(counts)).pvalue > 0.001


def test_every_value_is_plausible_for_the_dictionary(drawn):
    columns = builtin_columns("wang2025")
    assert set(CLINICAL_COLUMNS) == set(columns.names)
    for row in drawn[False] + drawn[True]:
        for name, value in row.items():
            columns.check(name, value)


def test_counts_and_whole_numbers_are_integers(drawn):
    for row in drawn[True][:50]:
        assert isinstance(row["parturition"], int)
        assert isinstance(row["abortion"], int)
        assert isinstance(row["age"], int)
