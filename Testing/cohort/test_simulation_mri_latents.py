"""What sections of each stage show, against FIGO's definitions, and the stated ceiling of the AUC."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from CervixRiskLib.cohort.simulation.figo_table import STAGES, outcome_of, staged_cases
from CervixRiskLib.cohort.simulation.mri_achievable import achievable_section_auc
from CervixRiskLib.cohort.simulation.mri_latents import (
    APPEARANCE_OF,
    agreement,
    draw_section,
    section_log_density,
)

# FIGO 2018 (Bhatla et al.), maximum diameter in mm; IA is microscopic.
DEFINED = {
    "IA1": (0, 8), "IA2": (0, 8), "IB1": (5, 20), "IB2": (20, 40), "IB3": (40, 200), "IIA1": (0, 40), "IIA2": (40, 200),
}  # fmt: skip


def sections(stage, count=400, effect=2.0, seed=1):
    rng = np.random.default_rng((seed, STAGES.index(stage)))
    return [draw_section(rng, stage, effect) for _ in range(count)]


@pytest.mark.parametrize("stage", STAGES)
def test_diameters_are_those_that_figo_allows(stage):
    low, high = DEFINED.get(stage, (15, 100))
    for section in sections(stage):
        assert section.looks_like == stage
        assert low <= section.maximum_diameter_mm <= high
        assert 0.6 * section.maximum_diameter_mm < section.section_diameter_mm <= section.maximum_diameter_mm


def test_rings_break_where_the_parametria_are_invaded():
    broken = {stage: np.mean([section.ring_gap > 0 for section in sections(stage)]) for stage in STAGES}
    beyond = {"IIB", "IIIA", "IIIB", "IIIC1", "IIIC2", "IVA", "IVB"}
    assert min(broken[stage] for stage in beyond) > 0.7
    assert max(broken[stage] for stage in STAGES if stage not in beyond) < 0.25
    assert {stage for stage in STAGES if any(section.organ_invaded for section in sections(stage))} == {"IVA"}


@pytest.mark.parametrize("effect", [0.0, 0.5, 1.0])
def test_some_sections_look_like_another_stage(effect):
    own = sum(section.looks_like == "IVB" for section in sections("IVB", 1000, effect))
    by_chance = agreement(effect) + (1 - agreement(effect)) * 4 / 112
    assert stats.binomtest(own, 1000, by_chance).pvalue > 0.001


def test_without_effect_the_stage_leaves_no_trace():
    diameters = [[s.section_diameter_mm for s in sections(stage, 600, 0.0)] for stage in ("IA1", "IIIB")]
    assert stats.ks_2samp(*diameters).pvalue > 0.01


@pytest.mark.parametrize("stage", ["IB1", "IIB", "IVA"])
def test_densities_are_those_of_the_draws(stage):
    drawn = np.array([section.section_diameter_mm for section in sections(stage, 3000)])
    grid = np.arange(0, 110, 0.05)
    fixed = np.zeros_like(grid)
    logarithm = section_log_density(stage, grid, fixed, fixed, fixed.astype(bool))
    cumulative = np.cumsum(np.exp(logarithm))
    assert stats.kstest(drawn, lambda v: np.interp(v, grid, cumulative / cumulative[-1])).pvalue > 0.001
    gap = np.linspace(0, 1, 4001)
    mass = np.exp(APPEARANCE_OF[stage].gap_log_density(gap))
    assert mass[0] + mass[1:].mean() == pytest.approx(1, abs=2e-3)


def test_the_ceiling_depends_on_the_effect():
    ceilings = [achievable_section_auc(effect) for effect in (0.0, 0.5, 1.0, 2.0)]
    images = [ceiling.image for ceiling in ceilings]
    assert images[0] == 0.5
    assert images == sorted(images)
    assert 0.93 < images[2] < 0.96 < images[3] < 1
    assert 0.85 < ceilings[2].diameter < images[2]
    assert achievable_section_auc(1.0) == ceilings[2]
    json.dumps([ceilings[2].image, ceilings[2].diameter])


def test_no_classifier_on_the_truth_beats_the_ceiling_but_a_good_one_reaches_it():
    rng = np.random.default_rng(11)
    stages = list(staged_cases(9000))
    drawn = [draw_section(rng, stage, 1.0) for stage in stages]
    outcomes = np.array([outcome_of(stage) for stage in stages])
    features = np.array([(s.section_diameter_mm, s.ring_gap > 0, s.ring_gap, s.irregularity) for s in drawn])
    order = rng.permutation(len(stages))
    model = LogisticRegression(max_iter=1000).fit(features[order[:4500]], outcomes[order[:4500]])
    reached = roc_auc_score(outcomes[order[4500:]], model.decision_function(features[order[4500:]]))
    assert reached == pytest.approx(achievable_section_auc(1.0).image, abs=0.017)
