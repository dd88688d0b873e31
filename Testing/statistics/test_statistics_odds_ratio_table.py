"""Odds ratios of clinical predictors: R's profile likelihood, statsmodels, a general optimiser for Firth's profile."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api
from scipy.optimize import brentq, minimize
from scipy.special import expit
from scipy.stats import chi2

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import LogisticModel, odds_ratio_table
from CervixRiskLib.statistics.likelihood import curvature_at, likelihood_at
from CervixRiskLib.statistics.profile_likelihood import profile_likelihood

PREDICTORS = ["diameter", "red_cells", "age", "marker"]


@pytest.fixture(scope="module")
def predictors(clinical):
    return clinical[PREDICTORS].astype(float)


def test_profiles_equal_r(clinical, predictors, tables):
    table = odds_ratio_table(predictors, clinical["outcome"], multivariate=PREDICTORS)
    for row in table.rows:
        expected = tables["profile"][row.name]
        for side, p in (("univariate", "p_alone"), ("multivariate", "p")):
            found = getattr(row, side)
            ends = np.log([found.profile_lower, found.profile_upper])
            np.testing.assert_allclose(ends, expected[side], rtol=1e-7, atol=1e-9)
            assert found.likelihood_ratio_p_value == pytest.approx(expected[p], rel=1e-6)
        # MASS interpolates between points of the profile.
        np.testing.assert_allclose(ends, expected["mass"], atol=2e-4)


def test_wald_equals_statsmodels(clinical, predictors):
    y = clinical["outcome"]
    table = odds_ratio_table(predictors, y, multivariate=PREDICTORS)
    fits = [
        statsmodels.api.Logit(y, statsmodels.api.add_constant(predictors[names])).fit(disp=0, tol=1e-12)
        for names in [PREDICTORS, *([name] for name in PREDICTORS)]
    ]
    for place, row in enumerate(table.rows):
        for found, fit in ((row.multivariate, fits[0]), (row.univariate, fits[place + 1])):
            lower, upper = np.exp(fit.conf_int().loc[row.name])
            assert found.odds_ratio == pytest.approx(np.exp(fit.params[row.name]), rel=1e-7)
            assert (found.lower, found.upper) == (pytest.approx(lower, rel=1e-7), pytest.approx(upper, rel=1e-7))
            assert found.p_value == pytest.approx(fit.pvalues[row.name], rel=1e-6)
            assert (found.cases, found.events) == (160, int(y.sum()))
    assert table.events_per_variable == pytest.approx(y.sum() / 4)


def test_the_profile_of_firths_likelihood_is_where_a_general_optimiser_finds_it():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(24, 2)) * [5.0, 0.2] + [40.0, 1.0]
    y = (values[:, 0] > 41).astype(float)
    design = np.column_stack([np.ones(24), (values - values.mean(axis=0)) / values.std(axis=0)])

    def penalised(b):
        eta = design @ b
        information = design.T @ (design * (expit(eta) * expit(-eta))[:, None])
        sign, determinant = np.linalg.slogdet(information)
        return np.logaddexp(0, eta).sum() - y @ eta - 0.5 * determinant if sign > 0 else 1e9

    def without(column, value):
        # Separated classes leave the penalised likelihood with more than one maximum.
        starts = [np.zeros(2), np.delete(best.x, column), np.delete(best.x * value / best.x[column], column)]
        return min(minimize(lambda b: penalised(np.insert(b, column, value)), start).fun for start in starts)

    best = minimize(penalised, np.zeros(3), method="BFGS", tol=1e-10)
    found = profile_likelihood(values, y, ["a", "b"], firth=True)
    for column in (1, 2):
        spread = values.std(axis=0)[column - 1]
        top, centre = best.fun, best.x[column]

        def fall(value, column=column, top=top):
            return 2 * (without(column, value) - top) - chi2.ppf(0.95, 1)

        for end, outside in ((found.lower, centre - 8), (found.upper, centre + 40)):
            expected = brentq(fall, *sorted((centre, outside)), xtol=1e-6) / spread
            assert end[column - 1] == pytest.approx(expected, rel=1e-3, abs=1e-4)
        p = chi2.sf(2 * (without(column, 0.0) - top), 1)
        assert found.p_value[column - 1] == pytest.approx(p, rel=1e-3)


def test_firths_curvature_is_the_slope_of_the_gradient():
    rng = np.random.default_rng(9)
    basis = np.column_stack([np.ones(40), rng.normal(size=(40, 3))])
    target = (rng.random(40) < 0.4).astype(float)
    place, offset, nudge = np.array([-0.3, 0.6, -0.4, 0.2]), np.zeros(40), 1e-5
    here = likelihood_at(basis, target, offset, place, True)
    slopes = [
        likelihood_at(basis, target, offset, place - shift, True).gradient
        - likelihood_at(basis, target, offset, place + shift, True).gradient
        for shift in np.eye(4) * nudge
    ]
    found = curvature_at(basis, offset, place, here, True)
    np.testing.assert_allclose(found, np.array(slopes) / (2 * nudge), rtol=1e-6, atol=1e-7)
    assert not np.allclose(found, here.information, rtol=1e-3)


def test_the_joint_regression_takes_what_was_significant_alone(clinical, predictors):
    table = odds_ratio_table(predictors, clinical["outcome"], {"diameter": "Maximum diameter"})
    entered = {row.name for row in table.rows if row.multivariate is not None}
    assert entered == {row.name for row in table.rows if row.univariate.p_value < 0.05} == {"diameter", "marker"}
    assert [row.label for row in table.rows] == ["Maximum diameter", "red_cells", "age", "marker"]
    none = odds_ratio_table(predictors, clinical["outcome"], significance=1e-9)
    assert all(row.multivariate is None for row in none.rows)
    assert none.events_per_variable is None
    assert "No predictor reached p < 1e-09" in none.warnings[0]


def test_few_events_and_flipped_signs_are_told():
    rng = np.random.default_rng(2)
    size = rng.normal(size=300)
    weight = size + 0.5 * rng.normal(size=300)
    y = (2.5 * size - 1.2 * weight + 2.8 + rng.logistic(size=300) > 0).astype(int)
    X = pd.DataFrame({"size": size, "weight": weight, "other": rng.normal(size=300), "last": rng.normal(size=300)})
    table = odds_ratio_table(X, y, {"weight": "Weight"}, multivariate=list(X))
    rarer = 300 - y.sum()
    assert 20 < rarer < 40
    assert table.events_per_variable == rarer / 4
    assert any("with fewer than 10" in sentence for sentence in table.warnings)
    assert any('"Weight" changes direction' in sentence for sentence in table.warnings)


def test_missing_values_cost_their_cases_and_nothing_is_imputed(clinical, predictors):
    holes = predictors.copy()
    holes.loc[holes.index[:9], "age"] = np.nan
    table = odds_ratio_table(holes, clinical["outcome"], multivariate=PREDICTORS)
    rows = {row.name: row for row in table.rows}
    assert rows["age"].univariate.cases == 151
    assert rows["diameter"].univariate.cases == 160
    assert {row.multivariate.cases for row in table.rows} == {151}
    assert "uses the 151 of 160 complete cases" in table.warnings[0]
    complete = LogisticModel().fit(predictors[9:], clinical["outcome"][9:])
    found = np.log([row.multivariate.odds_ratio for row in table.rows])
    np.testing.assert_allclose(found, complete.coef_, rtol=1e-9)


@pytest.mark.filterwarnings("error")
def test_predictors_that_cannot_be_judged_are_left_out_with_a_sentence(clinical, predictors):
    wide = predictors.assign(
        always=1.0,
        doubled=predictors["diameter"] * 2 + 3,
        empty=np.nan,
        clean=clinical["outcome"] * 3 + predictors["age"] / 1e4,
    )
    table = odds_ratio_table(wide, clinical["outcome"], multivariate=list(wide))
    rows = {row.name: row for row in table.rows}
    assert [name for name, row in rows.items() if row.univariate is None] == ["always", "empty"]
    assert [name for name, row in rows.items() if row.multivariate is None] == ["always", "doubled", "empty"]
    assert rows["clean"].univariate.method == rows["age"].multivariate.method == "Firth"
    assert rows["age"].univariate.method == "maximum likelihood"
    assert rows["clean"].univariate.profile_upper > rows["clean"].univariate.odds_ratio
    said = " ".join(table.warnings)
    for sentence in (
        '"always" has one value throughout',
        '"doubled" is a combination of the others',
        'complete cases for "empty" alone are not of both classes',
        'classes are separated in "clean" alone',
        "classes are separated in the multivariate regression",
    ):
        assert sentence in said
    frame = table.to_frame()
    assert list(frame["name"]) == list(wide)
    assert frame.loc[list(wide).index("always"), "univariate_odds_ratio"] is None
    assert not frame.map(lambda cell: isinstance(cell, float) and np.isnan(cell)).to_numpy().any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [2, 3, 4, 6])
def test_a_handful_of_cases_gives_a_table_or_sentences(clinical, predictors, size):
    y = np.arange(size) % 2
    table = odds_ratio_table(predictors[:size], y, multivariate=PREDICTORS)
    assert len(table.rows) == 4
    assert all(row.multivariate is None for row in table.rows) == (size < 6)
    assert table.warnings


@pytest.mark.filterwarnings("error")
def test_an_odds_ratio_that_is_no_number_any_more_is_none(clinical, predictors):
    tiny = predictors[["diameter", "red_cells"]] / 1e7
    table = odds_ratio_table(tiny, clinical["outcome"], multivariate=list(tiny))
    diameter, red_cells = table.rows
    assert (diameter.univariate.odds_ratio, diameter.univariate.profile_upper) == (None, None)
    assert red_cells.univariate.odds_ratio == 0
    ordinary = odds_ratio_table(predictors[list(tiny)], clinical["outcome"], multivariate=list(tiny))
    for row, expected in zip(table.rows, ordinary.rows, strict=True):
        assert row.multivariate.p_value == pytest.approx(expected.multivariate.p_value, rel=1e-6)


def test_what_a_person_can_do_wrong(clinical, predictors):
    with pytest.raises(TrainingError, match="same outcome"):
        odds_ratio_table(predictors, np.zeros(len(predictors)))
    with pytest.raises(TrainingError, match="no predictor: name"):
        odds_ratio_table(predictors[[]], clinical["outcome"])
    with pytest.raises(TrainingError, match='no predictor "weight"'):
        odds_ratio_table(predictors, clinical["outcome"], multivariate=["weight"])
    with pytest.raises(TrainingError, match='"stage" is not a number in 160'):
        odds_ratio_table(clinical[["stage"]], clinical["outcome"])


def test_a_power_of_the_odds_ratio_is_that_per_interquartile_range(clinical, predictors):
    """Fitted again in units of the range: the same odds ratio and the same profile likelihood."""
    row = odds_ratio_table(predictors[["diameter"]], clinical["outcome"]).rows[0]
    known = predictors["diameter"].dropna()
    spread = known.quantile(0.75) - known.quantile(0.25)
    assert row.interquartile_range == pytest.approx(spread)
    scaled = odds_ratio_table(predictors[["diameter"]] / spread, clinical["outcome"]).rows[0].univariate
    for part in ("odds_ratio", "profile_lower", "profile_upper"):
        assert getattr(row.univariate, part) ** spread == pytest.approx(getattr(scaled, part), rel=1e-4)


def test_two_values_and_one_quartile_have_no_range(clinical):
    y = clinical["outcome"]
    odd = np.arange(len(y)) % 2
    rare = np.where(np.arange(len(y)) < 5, np.arange(len(y)), 0)
    rows = odds_ratio_table(pd.DataFrame({"odd": odd, "rare": rare}), y).rows
    assert [row.interquartile_range for row in rows] == [None, None]
