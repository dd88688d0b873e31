"""The stated ceiling of the AUC against closed forms and fitted classifiers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from CervixRiskLib.cohort.simulation.achievable import _measured_diameter_log_ratio, achievable_auc, area_under_curve
from CervixRiskLib.cohort.simulation.latents import (
    APPEARANCE_SHIFT,
    CALLIPER_SD_MM,
    diameter_distribution,
    draw_latents,
)


def test_no_effect_leaves_nothing_in_the_image():
    ceiling = achievable_auc(0.0)
    assert ceiling.image == 0.5
    assert ceiling.both == pytest.approx(ceiling.clinical, abs=0.002)


def test_full_effect_is_a_hard_but_learnable_task():
    ceiling = achievable_auc(1.0)
    assert 0.86 < ceiling.image < 0.92
    assert ceiling.both > max(ceiling.image, ceiling.clinical)
    assert achievable_auc(1.0) == ceiling


def test_a_larger_effect_raises_the_ceiling():
    ceilings = [achievable_auc(effect).image for effect in (0.0, 0.5, 1.0, 2.0)]
    assert ceilings == sorted(ceilings)
    assert len(set(ceilings)) == 4


def test_appearance_alone_has_the_closed_form_and_the_diameter_adds_to_it():
    # Two normal distributions at distance d: AUC = Phi(d / sqrt(2)).
    appearance = norm.cdf(np.linalg.norm(APPEARANCE_SHIFT) / np.sqrt(2))
    assert appearance < achievable_auc(1.0).image < appearance + 0.1


def test_no_classifier_on_the_truth_beats_the_ceiling_but_a_good_one_reaches_it():
    rng = np.random.default_rng(11)
    outcomes = np.arange(8000) % 2
    latents = [draw_latents(rng, bool(outcome), 1.0) for outcome in outcomes]
    features = np.array([(v.hypoechogenicity, v.heterogeneity, v.irregularity, np.log(v.diameter_mm)) for v in latents])
    model = LogisticRegression().fit(features[:4000], outcomes[:4000])
    reached = roc_auc_score(outcomes[4000:], model.decision_function(features[4000:]))
    assert reached == pytest.approx(achievable_auc(1.0).image, abs=0.015)


def test_auc_is_scikit_learns_with_ties():
    rng = np.random.default_rng(3)
    negative, positive = rng.integers(0, 6, 40).astype(float), rng.integers(2, 8, 25).astype(float)
    expected = roc_auc_score(np.repeat([0, 1], [40, 25]), np.concatenate([negative, positive]))
    assert area_under_curve(negative, positive) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("measured", [7.5, 12.0, 30.3, 55.0, 79.0])
def test_measured_diameter_ratio_is_the_convolution(measured):
    def density(positive):
        distribution = diameter_distribution(positive, 1.0)
        return quad(
            lambda true: np.exp(distribution.log_density(true)) * norm.pdf(measured, true, CALLIPER_SD_MM),
            8,
            80,
            points=[min(max(measured, 8.001), 79.999)],
            limit=400,
        )[0]

    expected = np.log(density(True) / density(False))
    assert float(_measured_diameter_log_ratio(np.array([measured]), 1.0)[0]) == pytest.approx(expected, abs=2e-3)
