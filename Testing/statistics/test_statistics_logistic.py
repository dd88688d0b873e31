"""Logistic regression: R's glm and brglm2, closed forms, a general optimiser, scikit-learn's estimator checks."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from CervixRiskLib.errors import SettingsError, TrainingError
from CervixRiskLib.statistics import (
    LogisticModel,
    SeparationWarning,
    multivariate_odds_ratios,
    sign_flip_warnings,
    univariate_odds_ratios,
)

PREDICTORS = ["diameter", "red_cells", "age", "marker"]


@parametrize_with_checks(
    [LogisticModel(penalty="firth"), LogisticModel(penalty="auto")],
    expected_failed_checks=lambda estimator: {
        "check_classifiers_one_label": "an outcome with one class is a person's error (TrainingError), not a ValueError"
    },
)
def test_follows_scikit_learn(estimator, check):
    check(estimator)


def with_intercept(model):
    return np.concatenate([[model.intercept_], model.coef_])


def test_equals_glm(reference, clinical):
    expected = reference["logistic"]
    model = LogisticModel().fit(clinical[PREDICTORS], clinical["outcome"])
    np.testing.assert_allclose(with_intercept(model), expected["coefficients"], rtol=1e-8)
    np.testing.assert_allclose(model.covariance_, expected["covariance"], rtol=1e-7)
    np.testing.assert_allclose(model.predict_proba(clinical[PREDICTORS])[:, 1], expected["probability"], rtol=1e-8)
    assert model.log_likelihood_ == pytest.approx(expected["log_likelihood"], rel=1e-10)
    assert not model.separated_
    table = model.odds_ratios()
    assert list(table["name"]) == PREDICTORS
    np.testing.assert_allclose(table["z"], expected["z"][1:], rtol=1e-7)
    np.testing.assert_allclose(table["p"], expected["p"][1:], rtol=1e-6)
    np.testing.assert_allclose(table["lower"], expected["lower"][1:], rtol=1e-7)
    np.testing.assert_allclose(table["upper"], expected["upper"][1:], rtol=1e-7)
    np.testing.assert_allclose(table["odds_ratio"], np.exp(expected["coefficients"][1:]), rtol=1e-7)


def test_tables_equal_glm(reference, clinical):
    alone = univariate_odds_ratios(clinical[PREDICTORS], clinical["outcome"])
    for place, name in enumerate(PREDICTORS):
        expected = reference["univariate"][name]
        assert alone.loc[place, "name"] == name
        assert alone.loc[place, "coefficient"] == pytest.approx(expected["coefficients"][1], rel=1e-7)
        assert alone.loc[place, "p"] == pytest.approx(expected["p"][1], rel=1e-5)
        assert alone.loc[place, "upper"] == pytest.approx(expected["upper"][1], rel=1e-7)
    together = multivariate_odds_ratios(clinical[PREDICTORS], clinical["outcome"])
    np.testing.assert_allclose(together["coefficient"], reference["logistic"]["coefficients"][1:], rtol=1e-7)
    assert set(together["penalty"]) == {"none"}


def test_tables_are_the_models_own_to_the_last_bit(clinical):
    """They skip the model's checks, not its arithmetic."""
    X, y = clinical[PREDICTORS].assign(parted=clinical["outcome"] * 2.0), clinical["outcome"]
    alone = univariate_odds_ratios(X, y)
    for designs, table in (
        ([X[[name]] for name in X.columns], alone),
        ([X[PREDICTORS]], multivariate_odds_ratios(X[PREDICTORS], y)),
    ):
        models = [LogisticModel(penalty="auto").fit(design.astype(float), y) for design in designs]
        expected = pd.concat([model.odds_ratios() for model in models], ignore_index=True)
        pd.testing.assert_frame_equal(table[expected.columns], expected, check_exact=True)
    assert list(alone["separated"]) == [False] * len(PREDICTORS) + [True]
    assert list(alone["penalty"]) == ["none"] * len(PREDICTORS) + ["firth"]
    assert alone["separated"].dtype == bool


def test_firth_equals_brglm2(reference, clinical):
    expected = reference["firth"]
    model = LogisticModel(penalty="firth").fit(clinical[PREDICTORS], clinical["outcome"])
    np.testing.assert_allclose(with_intercept(model), expected["clinical"]["coefficients"], rtol=1e-7)
    np.testing.assert_allclose(model.covariance_, expected["clinical"]["covariance"], rtol=1e-6)
    data = pd.DataFrame(expected["separated_data"])
    for penalty in ("firth", "auto"):
        model = LogisticModel(penalty=penalty).fit(data[["x", "w"]], data["outcome"])
        assert model.separated_
        assert model.penalty_used_ == "firth"
        np.testing.assert_allclose(with_intercept(model), expected["separated"]["coefficients"], rtol=1e-6)
        np.testing.assert_allclose(model.covariance_, expected["separated"]["covariance"], rtol=1e-5)


@pytest.mark.parametrize("cells", [(12, 5, 7, 20), (10, 0, 4, 9), (8, 0, 0, 8)])
def test_firth_of_a_two_by_two_table_adds_half_to_every_cell(cells):
    a, b, c, d = cells
    x = np.r_[np.ones(a + b), np.zeros(c + d)][:, np.newaxis]
    y = np.r_[np.ones(a), np.zeros(b), np.ones(c), np.zeros(d)]
    model = LogisticModel(penalty="firth").fit(x, y)
    a, b, c, d = (cell + 0.5 for cell in cells)
    assert model.coef_[0] == pytest.approx(np.log(a * d / (b * c)), rel=1e-8)
    assert model.intercept_ == pytest.approx(np.log(c / d), rel=1e-8, abs=1e-9)
    assert model.separated_ == (0 in cells)


def test_firth_is_where_a_general_optimiser_finds_the_penalised_maximum():
    rng = np.random.default_rng(8)
    X = rng.normal(size=(25, 2))
    y = (X[:, 0] + rng.normal(size=25) > 0.8).astype(float)
    design = np.column_stack([np.ones(25), X])

    def negative(b):
        eta = design @ b
        p = 1 / (1 + np.exp(-eta))
        information = design.T @ (design * (p * (1 - p))[:, None])
        return np.logaddexp(0, eta).sum() - y @ eta - 0.5 * np.linalg.slogdet(information)[1]

    best = minimize(negative, np.zeros(3), method="BFGS", options={"gtol": 1e-9})
    model = LogisticModel(penalty="firth").fit(X, y)
    np.testing.assert_allclose(with_intercept(model), best.x, atol=1e-5)
    assert model.log_likelihood_ == pytest.approx(-best.fun, abs=1e-9)


@pytest.mark.parametrize("kind", ["complete", "quasi", "two predictors"])
def test_separation_is_seen(kind):
    x = np.arange(1.0, 11.0)
    y = (x > 5).astype(int)
    X = x[:, np.newaxis]
    if kind == "quasi":
        X = np.r_[x, 5.5, 5.5][:, np.newaxis]
        y = np.r_[y, 0, 1]
    if kind == "two predictors":
        rng = np.random.default_rng(1)
        X = rng.normal(size=(60, 2))
        y = (X @ [1.0, -2.0] > 0.1).astype(int)
    with pytest.warns(SeparationWarning, match="separate"):
        model = LogisticModel().fit(X, y)
    assert model.separated_
    assert np.isfinite(with_intercept(model)).all()
    auto = LogisticModel(penalty="auto").fit(X, y)
    assert auto.separated_
    assert np.isfinite(auto.odds_ratios()[["lower", "upper"]].to_numpy()).all()


def test_an_extreme_case_is_not_separation():
    x = np.r_[np.linspace(-1, 1, 40), 400.0][:, np.newaxis]
    y = np.r_[np.arange(40) % 2, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LogisticModel().fit(x, y)
    assert not model.separated_
    gradient = np.column_stack([np.ones(41), x]).T @ (y - model.predict_proba(x)[:, 1])
    np.testing.assert_allclose(gradient, 0, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.floats(1e-6, 1e6), st.floats(-1e3, 1e3))
@settings(deadline=None, max_examples=40)
def test_units_change_coefficients_only_by_the_unit(seed, width, scale, shift):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, width))
    y = (X[:, 0] + 1.5 * rng.logistic(size=60) > 0).astype(int)
    assume(5 < y.sum() < 55)
    before = LogisticModel(penalty="auto").fit(X, y)
    after = LogisticModel(penalty="auto").fit((X + shift) * scale, y)
    np.testing.assert_allclose(after.coef_ * scale, before.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(after.odds_ratios()["p"], before.odds_ratios()["p"], rtol=1e-4, atol=1e-9)
    assert before.separated_ == after.separated_


def test_equals_scikit_learn_without_penalty():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 5)) * [1, 10, 0.1, 3, 1]
    y = np.where(X[:, 0] + X[:, 1] / 10 + rng.logistic(size=300) > 0, "yes", "no")
    ours = LogisticModel().fit(X, y)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10000, solver="newton-cholesky").fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_[0], rtol=1e-4)
    assert (ours.predict(X) == theirs.predict(X)).all()
    assert list(ours.classes_) == ["no", "yes"]


def test_predict_interval_holds_the_probability_and_matches_the_delta_method(clinical):
    model = LogisticModel().fit(clinical[["diameter"]], clinical["outcome"])
    X = clinical[["diameter"]].head(5)
    lower, upper = model.predict_interval(X)
    value = model.predict_proba(X)[:, 1]
    assert ((lower < value) & (value < upper)).all()
    x = X["diameter"].to_numpy()
    error = np.sqrt(model.covariance_[0, 0] + 2 * x * model.covariance_[0, 1] + x**2 * model.covariance_[1, 1])
    np.testing.assert_allclose(np.log(upper / (1 - upper)), model.decision_function(X) + 1.959964 * error, rtol=1e-6)


def test_designs_that_cannot_be_fitted_name_the_column(clinical):
    X, y = clinical[["diameter", "age"]].astype(float), clinical["outcome"]
    with pytest.raises(TrainingError, match='"sum" is a combination'):
        LogisticModel().fit(X.assign(sum=X["diameter"] * 2 - X["age"] + 3), y)
    with pytest.raises(TrainingError, match='"always" has the same value'):
        LogisticModel().fit(X.assign(always=1.0), y)
    with pytest.raises(TrainingError, match="3 cases for 3 predictors"):
        LogisticModel().fit(np.random.default_rng(0).normal(size=(3, 3)), [0, 1, 0])
    with pytest.raises(TrainingError, match="same outcome"):
        LogisticModel().fit(X, np.ones(len(X)))
    with pytest.raises(SettingsError, match='"ridge"'):
        LogisticModel(penalty="ridge").fit(X, y)


def test_tables_name_the_column_that_cannot_be_used(clinical):
    X = clinical[["diameter", "stage"]].copy()
    with pytest.raises(TrainingError, match='"stage" is missing or not a number in 160'):
        univariate_odds_ratios(X, clinical["outcome"])
    X = clinical[["diameter"]].astype(float)
    X.loc[[3, 8], "diameter"] = np.nan
    with pytest.raises(TrainingError, match='"diameter" is missing or not a number in 2 of 160'):
        multivariate_odds_ratios(X, clinical["outcome"])
    with pytest.raises(TrainingError, match="no predictor"):
        univariate_odds_ratios(X[[]], clinical["outcome"])


def test_a_flipped_sign_is_told():
    rng = np.random.default_rng(2)
    size = rng.normal(size=400)
    weight = size + 0.5 * rng.normal(size=400)
    y = (2.5 * size - 1.2 * weight + rng.logistic(size=400) > 0).astype(int)
    X = pd.DataFrame({"size": size, "weight": weight})
    sentences = sign_flip_warnings(univariate_odds_ratios(X, y), multivariate_odds_ratios(X, y))
    assert len(sentences) == 1
    assert '"weight" changes direction' in sentences[0]
    assert sign_flip_warnings(univariate_odds_ratios(X[["size"]], y), multivariate_odds_ratios(X[["size"]], y)) == []


def test_a_separating_predictor_is_marked_in_the_table():
    X = pd.DataFrame({"clean": np.arange(20.0), "other": np.tile([1.0, 2.0], 10)})
    table = univariate_odds_ratios(X, (X["clean"] > 9).astype(int))
    assert list(table["penalty"]) == ["firth", "none"]
    assert list(table["separated"]) == [True, False]


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5)), min_size=4, max_size=14))
@settings(deadline=None, max_examples=80)
def test_separation_by_one_predictor_is_an_order_of_ranges(drawn):
    y, x = (np.array(column) for column in zip(*drawn, strict=True))
    assume(0 < y.sum() < len(y))
    assume(np.ptp(x) > 0)
    positive, negative = x[y == 1], x[y == 0]
    truth = positive.min() >= negative.max() or negative.min() >= positive.max()
    for penalty in ("auto", "firth"):
        model = LogisticModel(penalty=penalty).fit(x[:, np.newaxis].astype(float), y)
        assert model.separated_ == truth
        assert np.isfinite(model.covariance_).all()


@given(st.integers(0, 2**32 - 1), st.integers(6, 40), st.integers(1, 4), st.booleans())
@settings(deadline=None, max_examples=60)
def test_few_cases_and_wild_predictors_settle_at_the_maximum(seed, n, width, wild):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, width))
    if wild:
        X[:, 0] = np.exp(3 * X[:, 0])
    y = (rng.random(n) < 0.4).astype(int)
    assume(0 < y.sum() < n)
    model = LogisticModel(penalty="auto").fit(X, y)
    design = np.column_stack([np.ones(n), (X - X.mean(axis=0)) / X.std(axis=0)])
    p = model.predict_proba(X)[:, 1]
    residual = y - p
    if model.penalty_used_ == "firth":
        root = design * np.sqrt(p * (1 - p))[:, np.newaxis]
        residual += np.einsum("ij,ji->i", root, np.linalg.pinv(root)) * (0.5 - p)
    np.testing.assert_allclose(design.T @ residual, 0, atol=1e-5)


def test_estimators_survive_skops(clinical):
    skops = pytest.importorskip("skops.io")
    model = LogisticModel(penalty="auto").fit(clinical[PREDICTORS], clinical["outcome"])
    content = skops.dumps(model)
    again = skops.loads(content, trusted=skops.get_untrusted_types(data=content))
    np.testing.assert_array_equal(
        again.decision_function(clinical[PREDICTORS]), model.decision_function(clinical[PREDICTORS])
    )
    pd.testing.assert_frame_equal(again.odds_ratios(), model.odds_ratios())
