"""What a model is compared with: fitted on the training side alone, against the same arithmetic done by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, spearmanr
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from CervixRiskLib.bundle.study_record import ModelTable
from CervixRiskLib.plnm import validation
from CervixRiskLib.plnm.clinical_baseline import ClinicalBaseline
from CervixRiskLib.plnm.comparisons import compare, judged
from CervixRiskLib.plnm.model import PlnmModel
from CervixRiskLib.plnm.validation import Asked, cross_validate

TRAIN, TEST = np.arange(60), np.arange(60, 90)


@pytest.fixture(scope="module")
def side(make_table, columns_of):
    X, y = make_table(90, 0.7, radiomics=60, deep=80)
    model = PlnmModel(**columns_of(X), classifiers=("logistic_regression", "knn"), inner_folds=3)
    return X, y, model.fit(X.iloc[TRAIN], y[TRAIN])


@pytest.fixture(scope="module")
def answers(side):
    X, y, model = side
    found = compare(model, X.iloc[TRAIN], y[TRAIN], np.arange(60), X.iloc[TEST])
    return {(answer.table, answer.name): answer for answer in found}


def test_every_table_of_the_paper_is_answered(answers):
    assert Counter(table for table, _ in answers) == {
        "models": 4,
        "baselines": 2,
        "radiomics classifiers": 2,
        "networks": 1,
        "fusion classifiers": 2,
    }
    for answer in answers.values():
        assert answer.score.shape == answer.predicted.shape == (30,)
        assert set(answer.predicted) <= {0, 1}
        assert 0 < answer.score.min() <= answer.score.max() < 1


def test_the_model_answers_as_it_does_elsewhere(side, answers):
    X, _, model = side
    nomogram = answers["models", "nomogram"]
    np.testing.assert_array_equal(nomogram.score, model.predict_proba(X.iloc[TEST])[:, 1])
    np.testing.assert_array_equal(nomogram.predicted, model.predict(X.iloc[TEST]))
    fusion = answers["models", "fusion"]
    np.testing.assert_array_equal(rankdata(fusion.score), rankdata(model.fusion_score(X.iloc[TEST])))
    own = [one for (table, _), one in answers.items() if table == "fusion classifiers"]
    assert any(np.array_equal(one.score, fusion.score) for one in own)


def test_a_network_alone_is_what_scikit_learn_makes_of_its_embedding(side, answers):
    X, y, model = side
    deep = X[list(model.deep_columns["net"])].to_numpy(float)

    def pipeline(strength):
        return make_pipeline(PCA(64, svd_solver="full"), StandardScaler(), LogisticRegression(C=strength, max_iter=500))

    judged_by = {}
    for strength in (0.01, 0.1, 1.0):
        scores = np.empty(60)
        for train, test in model.folds_:
            # As many components as the fold's cases allow.
            fitted = pipeline(strength).set_params(pca__n_components=len(train) - 1)
            scores[test] = fitted.fit(deep[train], y[train]).predict_proba(deep[test])[:, 1]
        accuracy = balanced_accuracy_score(y[TRAIN], scores >= y[TRAIN].mean())
        judged_by[accuracy, roc_auc_score(y[TRAIN], scores)] = strength
    best = pipeline(judged_by[max(judged_by)]).set_params(pca__n_components=59).fit(deep[TRAIN], y[TRAIN])
    expected = best.predict_proba(deep[TEST])[:, 1]
    found = answers["networks", "net"]
    # Calibration keeps the order, but may press cases at the ends together.
    assert spearmanr(found.score, expected).statistic > 0.9999
    np.testing.assert_array_equal(found.score, answers["models", "network"].score)


def test_unseen_cases_do_not_know_of_each_other(side, answers):
    """Neither another unseen case nor the order can change an answer: nothing is learned from them."""
    X, y, model = side
    few = compare(model, X.iloc[TRAIN], y[TRAIN], np.arange(60), X.iloc[TEST[:4][::-1]])
    for answer in few:
        whole = answers[answer.table, answer.name]
        np.testing.assert_allclose(answer.score, whole.score[:4][::-1], rtol=1e-6)
        np.testing.assert_array_equal(answer.predicted, whole.predicted[:4][::-1])


def test_a_baseline_is_plain_logistic_regression():
    rng = np.random.default_rng(2)
    y = rng.permutation(np.repeat([0, 1], [70, 50]))
    X = pd.DataFrame({"diameter": rng.normal(30, 8, 120) + 5 * y, "constant": 1.0})
    X.loc[[3, 8], "diameter"] = np.nan
    fitted = ClinicalBaseline(("diameter", "constant")).fit(X, y)
    filled = X[["diameter"]].fillna(X["diameter"].median())
    expected = LogisticRegression(C=1e9, max_iter=5000, tol=1e-9).fit(filled, y).predict_proba(filled)
    np.testing.assert_allclose(fitted.predict_proba(X), expected, atol=1e-4)
    assert ClinicalBaseline(("constant",)).fit(X, y).predict_proba(X)[0, 1] == pytest.approx(50 / 120)


@pytest.mark.parametrize(
    ("left_out", "tables"),
    [
        ("deep_columns", {"models": 3, "baselines": 2, "radiomics classifiers": 1, "fusion classifiers": 1}),
        ("radiomics_columns", {"models": 3, "baselines": 2, "networks": 1, "fusion classifiers": 1}),
        (
            "clinical_columns",
            {"models": 4, "radiomics classifiers": 1, "networks": 1, "fusion classifiers": 1},
        ),
    ],
)
def test_a_missing_block_leaves_its_table_out(make_table, columns_of, left_out, tables):
    X, y = make_table(50, 1.0, radiomics=24, deep=30)
    blocks = {**columns_of(X), left_out: {} if left_out == "deep_columns" else ()}
    model = PlnmModel(**blocks, inner_folds=2).fit(X.iloc[:40], y[:40])
    found = compare(model, X.iloc[:40], y[:40], np.arange(40), X.iloc[40:])
    assert Counter(answer.table for answer in found) == tables
    few = compare(model, X.iloc[:40], y[:40], np.arange(40), X.iloc[40:], every=False)
    assert {answer.table for answer in few} <= {"models", "baselines"}
    if left_out == "deep_columns":
        # Nothing was fused and nothing eliminated: the classifiers of both tables are one and are tuned once.
        scores = {answer.table: answer.score for answer in found if answer.table.endswith("classifiers")}
        np.testing.assert_array_equal(scores["radiomics classifiers"], scores["fusion classifiers"])


def test_comparisons_of_noise_stay_noise(make_table, columns_of):
    X, y = make_table(60, 0.0, 1, radiomics=120, deep=60)
    model = PlnmModel(**columns_of(X), inner_folds=2)
    result = cross_validate(model, X, y, np.arange(60), folds=3, repeats=2, seed=1, asked=Asked.ALL)
    areas = [roc_auc_score(y, repeat) for answer in result.compared() for repeat in answer.score]
    assert 0.38 < np.mean(areas) < 0.62


def test_kept_folds_answer_for_all_that_was_compared(make_table, columns_of, tmp_path, monkeypatch):
    X, y = make_table(40, 1.0, radiomics=24, deep=30)
    model, groups = PlnmModel(**columns_of(X), inner_folds=2), np.arange(40)
    run = {"folds": 2, "repeats": 1, "seed": 3, "work_dir": tmp_path}
    whole = cross_validate(model, X, y, groups, asked=Asked.ALL, **run)
    cross_validate(model, X, y, groups, asked=Asked.MODEL, **run)
    assert len(list(tmp_path.iterdir())) == 4  # what was asked is part of a kept fold's name

    def refit(*_):
        raise AssertionError("fitted again")

    monkeypatch.setattr(validation, "_fit_fold", refit)
    again = cross_validate(model, X, y, groups, asked=Asked.ALL, **run)
    assert len(whole.compared()) == len(again.compared()) == 9
    for first, second in zip(whole.compared(), again.compared(), strict=True):
        assert (first.table, first.name) == (second.table, second.name)
        np.testing.assert_array_equal(first.score, second.score)
        np.testing.assert_array_equal(first.predicted, second.predicted)
    record = judged(again.compared(), "training", table=ModelTable.HARMONISED.value, note="Why.")
    assert {(model.table, model.protocol, model.cases, model.note) for model in record} == {
        ("harmonised", "honest", "training", "Why.")
    }
    assert len(record[0].scores) == 1
    assert len(record[0].scores[0]) == 40
