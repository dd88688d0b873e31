"""Sample size: the authors' worked examples, and a simulation for the conversion of a C-statistic."""

import pytest

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.statistics import sample_size
from CervixRiskLib.statistics.required_cases import most_explained, r_squared_from_c_statistic


def test_the_worked_example_of_pmsampsize():
    # Ensor, Martin & Riley, pmsampsize (R package), example of a binary outcome: 24 parameters, prevalence .174,
    # Cox-Snell R² .288: 623, 662 and 221 cases.
    found = sample_size(0.174, 24, r_squared=0.288)
    assert (found.cases_shrinkage, found.cases_optimism, found.cases_risk) == (623, 662, 221)
    assert found.cases_needed == 662
    assert found.events_needed == 116
    assert found.is_enough is None


def test_the_sentence_and_whether_it_was_enough():
    few = sample_size(0.174, 24, r_squared=0.288, cases=294)
    assert few.is_enough is False
    assert few.sentence() == (
        "A model with 24 candidate predictors and this outcome (17.4 % positive, anticipated Cox-Snell R² 0.288) needs "
        "662 cases; this one had 294 (Riley et al. 2020)."
    )
    assert sample_size(0.174, 24, r_squared=0.288, cases=662).is_enough is True
    by_c = sample_size(0.26, 1, c_statistic=0.75)
    assert "1 candidate predictor and" in by_c.sentence()
    assert "anticipated C-statistic 0.75" in by_c.sentence()
    # The more promising the model and the fewer its predictors, the fewer cases.
    assert sample_size(0.26, 16, c_statistic=0.8).cases_needed < sample_size(0.26, 16, c_statistic=0.7).cases_needed
    assert by_c.cases_needed < sample_size(0.26, 16, c_statistic=0.75).cases_needed


def test_the_conversion_of_a_c_statistic_is_what_r_draws(tables):
    for case in tables["explained"]:
        found = r_squared_from_c_statistic(case["c_statistic"], case["prevalence"])
        assert found == pytest.approx(case["r_squared"], abs=0.0025)


def test_the_largest_share_that_can_be_explained():
    assert most_explained(0.5) == pytest.approx(0.75)
    assert r_squared_from_c_statistic(0.999999, 0.174) == pytest.approx(most_explained(0.174), abs=1e-3)
    assert r_squared_from_c_statistic(0.5, 0.174) == 0
    assert 0 <= r_squared_from_c_statistic(0.5001, 0.174) < 1e-6


def test_a_model_that_tells_nothing_needs_more_than_there_are():
    found = sample_size(0.3, 10, c_statistic=0.5, cases=300)
    assert found.cases_needed is None
    assert found.events_needed is None
    assert found.is_enough is False
    assert "more cases than there can be; this one had 300" in found.sentence()
    assert sample_size(0.3, 10, r_squared=0.0).cases_needed is None


@pytest.mark.parametrize(
    ("prevalence", "parameters", "model", "says"),
    [
        (0.0, 5, {"c_statistic": 0.7}, "prevalence"),
        (0.3, 0, {"c_statistic": 0.7}, "at least one"),
        (0.3, 5, {}, "not both"),
        (0.3, 5, {"c_statistic": 0.7, "r_squared": 0.1}, "not both"),
        (0.3, 5, {"c_statistic": 0.4}, "between 0.5 and 1"),
        (0.3, 5, {"c_statistic": 1.0}, "between 0.5 and 1"),
        (0.3, 5, {"r_squared": 0.9}, "cannot be"),
    ],
)
def test_what_cannot_be(prevalence, parameters, model, says):
    with pytest.raises(SettingsError, match=says):
        sample_size(prevalence, parameters, **model)
