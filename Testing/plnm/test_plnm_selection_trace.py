"""How the final features were chosen: counts, path, curve and importances against independent computations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Lasso

from CervixRiskLib.plnm.model import PlnmModel
from CervixRiskLib.plnm.reproducibility import ReproducibilityFilter
from CervixRiskLib.plnm.selection_trace import trace_selection


@pytest.fixture(scope="module")
def traced(make_table, columns_of):
    X, y = make_table(n=100, signal=1.0, seed=1)
    columns = columns_of(X)
    model = PlnmModel(
        **columns,
        reproducibility=ReproducibilityFilter(columns["radiomics_columns"][:100]),
        classifiers=("logistic_regression",),
    )
    groups = np.array(X.index)
    model.fit(X, y, groups)
    return X, y, model, trace_selection(model, X, y, groups, measured=[*columns["radiomics_columns"], "a_shape_B"])


def test_counts_fall_from_step_to_step(traced):
    _, _, model, trace = traced
    table = trace.feature_classes.to_frame().set_index("feature_class")
    assert list(table.columns[:4]) == ["measured", "candidates", "reproducible", "varying"]
    assert table.loc["shape"].tolist() == [1] + [0] * (table.shape[1] - 1)
    assert table["reproducible"].sum() == 100
    assert (np.diff(table.to_numpy(int), axis=1) <= 0).all()
    assert table["eliminated"].sum() == len(model.scorer_.radiomics_names)
    assert "principal components" in trace.feature_classes.notes[0]


def test_the_path_is_the_lassos(traced):
    """Coefficients against scikit-learn's single Lasso, the choice against the selector's own."""
    X, y, model, trace = traced
    fitted = model.signature_.named_steps["blocks"].transformers_["radiomics"]
    standardised = fitted[:-1].transform(X[list(model.radiomics_columns)].to_numpy())
    names = fitted[:-1].get_feature_names_out(np.array(model.radiomics_columns, dtype=object))
    place = trace.lasso_penalties.index(trace.lasso_penalty)
    assert place == int(np.argmin(trace.lasso_error))
    plain = Lasso(alpha=trace.lasso_penalty, tol=1e-8, max_iter=50_000).fit(standardised, y).coef_
    ours = dict(zip(trace.lasso_features, np.array(trace.lasso_coefficients)[:, place], strict=True))
    np.testing.assert_allclose([ours.get(name, 0.0) for name in names], plain, atol=2e-3)
    kept = fitted.named_steps["lasso"].get_support()
    assert set(names[kept]) <= set(trace.lasso_features)
    assert len(trace.lasso_error_spread) == len(trace.lasso_penalties) == len(trace.lasso_coefficients[0])


def test_correlation_is_spearmans(traced):
    X, _, model, trace = traced
    features = model.signature_.transform(X)
    np.testing.assert_allclose(trace.correlation, spearmanr(features).statistic, atol=1e-9)
    assert trace.correlation_names == model.scorer_.feature_names


def test_the_curve_and_the_importances_find_what_is_there(traced):
    _, _, model, trace = traced
    assert trace.elimination_features == tuple(range(1, len(trace.elimination_auc) + 1))
    assert max(trace.elimination_auc) > 0.85
    assert min(trace.elimination_spread) >= 0
    assert set(trace.importance_names) == set(model.scorer_.feature_names)
    assert list(trace.importance) == sorted(trace.importance, reverse=True)
    assert trace.importance[0] > 0.01


def test_the_curve_finds_nothing_in_noise(make_table, columns_of):
    """Selected on all cases first, 400 features of noise would give curves near 1."""
    X, y = make_table(n=80, signal=0.0, seed=7, radiomics=400)
    model = PlnmModel(radiomics_columns=columns_of(X)["radiomics_columns"], classifiers=("logistic_regression",))
    groups = np.array(X.index)
    trace = trace_selection(model.fit(X, y, groups), X, y, groups)
    assert np.mean(trace.elimination_auc) < 0.65


def test_a_single_feature_leaves_nothing_to_draw(make_table, columns_of):
    X, y = make_table(n=24, signal=0.0, seed=0)
    model = PlnmModel(radiomics_columns=columns_of(X)["radiomics_columns"][:1], classifiers=("logistic_regression",))
    groups = np.array(X.index)
    trace = trace_selection(model.fit(X, y, groups), X, y, groups)
    assert trace.lasso_penalties == ()
    assert trace.lasso_penalty is None
    assert trace.correlation == ((1.0,),)
    assert trace.elimination_features == (1,)
    deep_only = PlnmModel(deep_columns=columns_of(X)["deep_columns"], classifiers=("logistic_regression",))
    trace = trace_selection(deep_only.fit(X, y, groups), X, y, groups)
    assert trace.feature_classes.rows == ()
    assert trace.lasso_features == ()
    assert trace.importance_names
