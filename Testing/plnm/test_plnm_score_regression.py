"""A fusion score that tells no cases apart: never turned round, never stretched, and told before a bundle is made."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.plnm.model import PlnmModel
from CervixRiskLib.plnm.score_regression import SCORE, ScoreRegression, telling_scores
from CervixRiskLib.plnm.tuning import Candidate, FoldFeatures
from CervixRiskLib.statistics import auc

CANDIDATE = Candidate("", "logistic_regression", {"C": 1.0}, 0.5, 0.5)


@pytest.fixture(scope="module")
def silent():
    """Cases whose one feature never varies, 14 of 31 positive, so that the folds' shares differ."""
    y = np.random.default_rng(9).permutation(np.repeat([0, 1], [17, 14]))
    X = pd.DataFrame({"original_firstorder_000": np.ones(31), "maximum_diameter": 30 + 9 * y + np.arange(31) % 7})
    return X, y


def test_a_score_that_is_each_fold_s_prevalence_says_nothing(silent):
    X, y = silent
    model = PlnmModel(radiomics_columns=("original_firstorder_000",)).fit(X, y)
    # The score does differ between the folds, and against their outcomes.
    assert len(np.unique(np.round(model.out_of_fold_scores_, 6))) > 1
    assert auc(y, model.out_of_fold_scores_) < 0.5
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], y.mean())
    with pytest.raises(TrainingError, match="told no cases apart"):
        _ = model.nomogram_


def test_the_clinical_predictors_then_answer_alone(silent):
    X, y = silent
    columns = {"radiomics_columns": ("original_firstorder_000",), "clinical_columns": ("maximum_diameter",)}
    model = PlnmModel(**columns, select_clinical=False).fit(X, y)
    assert model.regression_.columns_ == ["maximum_diameter"]
    assert auc(y, model.predict_proba(X)[:, 1]) > 0.8
    with pytest.raises(TrainingError, match="told no cases apart"):
        _ = model.nomogram_


def test_only_a_silent_fold_s_scores_become_the_prevalence():
    y = np.array([0, 1, 0, 1, 1, 0, 1, 1])
    first, second = np.arange(4), np.arange(4, 8)
    varying, same = np.arange(4.0)[:, None], np.zeros((4, 1))
    folds = [
        SimpleNamespace(train=second, test=first, features=FoldFeatures(second, first, same, same)),
        # Its cases are scored alike, by a classifier that tells others apart.
        SimpleNamespace(train=first, test=second, features=FoldFeatures(first, second, varying, same)),
    ]
    scores = np.array([0.75] * 4 + [0.4] * 4)
    told = telling_scores(scores, folds, CANDIDATE, y, 42)
    np.testing.assert_array_equal(told, [0.625] * 4 + [0.4] * 4)
    np.testing.assert_array_equal(scores[:4], 0.75)
    moving = np.array([0.75, 0.75, 0.75, 0.7499] + [0.4] * 4)
    np.testing.assert_array_equal(telling_scores(moving, folds, CANDIDATE, y, 42), moving)


def test_without_any_predictor_the_prevalence_answers():
    design = pd.DataFrame({SCORE: [0.3] * 5})
    fitted = ScoreRegression().fit(design, np.array([0, 1, 0, 0, 1]))
    np.testing.assert_allclose(fitted.decision_function(design[:2]), logit(0.4))
