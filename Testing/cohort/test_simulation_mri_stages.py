"""FIGO stages and clinical columns of simulated MRI patients against Table 1 of the paper."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from CervixRiskLib.cohort.columns import ColumnDictionary
from CervixRiskLib.cohort.simulation import figo_table
from CervixRiskLib.cohort.simulation.figo_table import STAGES, draw_patient, outcome_of, staged_cases

# Stage rows of Table 1, training and test column, typed from the paper a second time.
PUBLISHED = {
    ("IA1", "IA2", "IB1", "IB2"): 25 + 10,
    ("IB3",): 12 + 5,
    ("IIA1",): 12 + 5,
    ("IIA2", "IIB"): 8 + 3,
    ("IIIA", "IIIB", "IIIC1", "IIIC2"): 18 + 7,
    ("IVA",): 2 + 1,
    ("IVB",): 3 + 1,
}


def test_a_cohort_of_112_is_the_papers():
    counts = Counter(staged_cases(112))
    assert sum(PUBLISHED.values()) == 112
    for stages, patients in PUBLISHED.items():
        assert abs(sum(counts[stage] for stage in stages) - patients) <= 1
    assert sum(counts[stage] for stage in STAGES if outcome_of(stage) == 1) == 60
    assert tuple(stage for row in PUBLISHED for stage in row) == STAGES


def test_groups_are_the_guidelines():
    assert [stage for stage in STAGES if outcome_of(stage) == 0] == ["IA1", "IA2", "IB1", "IB2", "IIA1"]


@settings(deadline=None, max_examples=40)
@given(cases=st.integers(1, 2500))
def test_every_prefix_has_the_tables_shares(cases):
    stages = list(staged_cases(cases))
    counts = Counter(stages)
    for stage in STAGES:
        assert abs(counts[stage] - cases * figo_table.STAGE_SHARES[stage]) < 1.5
    operated = sum(outcome_of(stage) == 0 for stage in stages)
    assert abs(operated - cases * 52 / 112) <= 0.5 + 1e-9


def test_every_cohort_has_both_groups():
    assert {outcome_of(stage) for stage in staged_cases(2)} == {0, 1}


@pytest.fixture(scope="module")
def patients():
    rng = np.random.default_rng(5)
    return [draw_patient(rng) for _ in range(4000)]


def test_clinical_shares_are_the_published_ones(patients):
    for observed, share in (
        (sum(patient.age > 60 for patient in patients), 48 / 110),
        (sum(patient.nerve_invasion for patient in patients), 26 / 110),
        (sum(patient.vascular_embolism for patient in patients), 47 / 92),
    ):
        assert stats.binomtest(observed, len(patients), share).pvalue > 0.001


def test_clinical_values_are_plausible(patients):
    import CervixRiskLib.cohort.simulation as simulation

    columns = ColumnDictionary.load(f"{simulation.__path__[0]}/dai2025.columns.yaml")
    assert columns.names == figo_table.CLINICAL_COLUMNS
    assert {patient.age for patient in patients} <= set(range(18, 81))
    for patient in patients[:200]:
        for name in columns.names:
            columns.check(name, getattr(patient, name))
