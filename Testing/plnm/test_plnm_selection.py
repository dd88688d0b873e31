"""The filters against brute force, scikit-learn and their own contract."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.feature_selection import RFE
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.plnm.principal_components import PrincipalComponents
from CervixRiskLib.plnm.reproducibility import ReproducibilityFilter, read_icc_table
from CervixRiskLib.plnm.selection import (
    LassoSelector,
    MannWhitneyFilter,
    RecursiveElimination,
    SpearmanFilter,
    VarianceFilter,
)
from CervixRiskLib.plnm.svm import CalibratedSvm


@parametrize_with_checks(
    [
        VarianceFilter(),
        MannWhitneyFilter(),
        SpearmanFilter(),
        LassoSelector(folds=3, penalties=10),
        RecursiveElimination(2),
        PrincipalComponents(2),
        ReproducibilityFilter(),
        CalibratedSvm(),
    ]
)
def test_estimators_keep_scikit_learns_contract(estimator, check):
    check(estimator)


def cases(n=60, features=30, seed=0):
    X, y = make_classification(n, features, n_informative=6, n_redundant=6, random_state=seed, shuffle=False)
    return StandardScaler().fit_transform(X), y


def test_mann_whitney_keeps_what_scipy_calls_significant():
    X, y = cases()
    expected = [stats.mannwhitneyu(X[y == 0, j], X[y == 1, j], method="asymptotic").pvalue < 0.05 for j in range(30)]
    assert 0 < sum(expected) < 30
    np.testing.assert_array_equal(MannWhitneyFilter(0.05).fit(X, y).get_support(), expected)


def test_mann_whitney_falls_back_to_the_best_and_says_so():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], 15)
    fitted = MannWhitneyFilter(1e-9).fit(rng.normal(size=(30, 8)), y)
    assert fitted.fell_back_
    assert fitted.get_support().sum() == 1
    assert fitted.get_support()[np.argmin(fitted.p_value_)]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([0.5, 0.8, 0.9]))
def test_spearman_keeps_no_redundant_pair_and_explains_every_loss(seed, threshold):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(40, 6))
    X = np.hstack([base, base + rng.normal(scale=0.3, size=base.shape), np.round(base)])
    y = (base[:, 0] + rng.normal(size=40) > 0).astype(int)
    if len(np.unique(y)) < 2:
        y[0] = 1 - y[0]
    support = SpearmanFilter(threshold).fit(X, y).get_support()
    rho = np.abs(stats.spearmanr(X).statistic)
    kept, dropped = np.flatnonzero(support), np.flatnonzero(~support)
    association = np.abs([stats.spearmanr(X[:, j], y).statistic for j in range(X.shape[1])])
    among = rho[np.ix_(kept, kept)] - np.eye(kept.size)
    assert (among <= threshold + 1e-9).all()
    for j in dropped:
        rivals = kept[rho[j, kept] > threshold]
        assert rivals.size
        assert association[rivals].max() >= association[j] - 1e-9


def test_lasso_finds_the_features_that_carry_the_outcome():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(120, 25))
    y = (2 * X[:, 4] - 2 * X[:, 9] + 0.5 * rng.normal(size=120) > 0).astype(int)
    fitted = LassoSelector().fit(X, y)
    order = np.argsort(-np.abs(fitted.coefficients_))
    assert set(order[:2]) == {4, 9}
    assert fitted.coefficients_[4] > 0 > fitted.coefficients_[9]
    assert not fitted.fell_back_


def test_elimination_equals_scikit_learns():
    X, y = cases(80, 20, seed=5)
    reference = RFE(LogisticRegression(C=1.0, max_iter=200, tol=1e-3), n_features_to_select=7).fit(X, y)
    ours = RecursiveElimination(7).fit(X, y)
    np.testing.assert_array_equal(ours.get_support(), reference.support_)
    np.testing.assert_array_equal(ours.ranking_, reference.ranking_)


@pytest.mark.parametrize("shape", [(30, 400), (60, 12)])
def test_principal_components_equal_scikit_learns(shape):
    rng = np.random.default_rng(7)
    X = rng.normal(size=shape) * np.linspace(3, 0.1, shape[1])
    ours = PrincipalComponents(8).fit(X)
    reference = PCA(8, svd_solver="full").fit(X)
    np.testing.assert_allclose(ours.explained_variance_, reference.explained_variance_, rtol=1e-8)
    new = rng.normal(size=(5, shape[1]))
    np.testing.assert_allclose(np.abs(ours.transform(new)), np.abs(reference.transform(new)), rtol=1e-6, atol=1e-8)


def test_principal_components_never_exceed_the_rank():
    X = np.outer(np.arange(6.0), np.ones(50))
    assert PrincipalComponents(64).fit(X).components_.shape == (1, 50)


def test_svm_equals_scikit_learns_calibrated_one():
    X, y = cases(120, 14, seed=2)
    reference = CalibratedClassifierCV(SVC(), method="sigmoid", cv=5, ensemble=False).fit(X, y)
    ours = CalibratedSvm().fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), reference.predict_proba(X), atol=2e-3)


def test_svm_works_where_a_class_has_few_cases():
    X, y = cases(40, 14, seed=2)
    few = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:3]]
    assert np.isfinite(CalibratedSvm().fit(X[few], y[few]).predict_proba(X)).all()


def table(**columns):
    return pd.DataFrame(columns, index=pd.Index(["a", "b", "c", "d"], name="feature"))


@pytest.mark.parametrize(
    ("rule", "kept"), [("either", ["a"]), ("both", ["a", "b", "c"])], ids=["either fails", "both fail"]
)
def test_reproducibility_reads_the_ambiguous_sentence_both_ways(rule, kept):
    iccs = table(inter_icc=[0.9, 0.6, 0.9, 0.5], intra_icc=[0.8, 0.9, 0.74, 0.5])
    X = pd.DataFrame(np.zeros((3, 4)), columns=list("abcd"))
    fitted = ReproducibilityFilter.from_table(iccs, rule=rule).fit(X)
    assert list(X.columns[fitted.get_support()]) == kept


def test_reproducibility_can_ask_for_the_lower_bound():
    iccs = table(inter_icc=[0.9] * 4, inter_lower=[0.8, 0.7, 0.76, 0.1])
    X = pd.DataFrame(np.zeros((3, 5)), columns=list("dcbax"))
    fitted = ReproducibilityFilter.from_table(iccs, bound="lower").fit(X)
    # x is not in the table: nobody knows whether it can be trusted.
    assert list(X.columns[fitted.get_support()]) == ["c", "a"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,inter_icc\na,.9\n", "feature"),
        ("feature,inter_icc\na,high\n", "not numbers"),
        ("feature,inter_icc\na,.9\na,.8\n", "twice"),
        ("feature,inter_icc\na,1.7\n", "above 1"),
        ("feature,value\na,.9\n", "inter_icc"),
    ],
)
def test_bad_icc_tables_are_explained(tmp_path, text, words):
    path = tmp_path / "icc.csv"
    path.write_text(text)
    with pytest.raises(SettingsError, match=words):
        read_icc_table(path)
    with pytest.raises(SettingsError, match="does not exist"):
        read_icc_table(tmp_path / "none.csv")
