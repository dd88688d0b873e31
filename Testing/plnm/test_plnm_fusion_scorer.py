"""A scorer says what its pipeline says, and its gradient is the slope that one sees by trying."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit

from CervixRiskLib.bundle.allowed_types import dump_estimator, load_estimator
from CervixRiskLib.plnm.classifiers import LABELS, make_classifier, parameter_grid, probability_gradient
from CervixRiskLib.plnm.fusion_scorer import FusionScorer
from CervixRiskLib.plnm.signature import SignatureRecipe, build_signature

NEEDS_TRAIN_EXTRA = {"xgboost": "xgboost", "lightgbm": "lightgbm", "mlp": "torch"}
DIFFERENTIABLE = ("logistic_regression", "svm", "mlp")


def classifier_or_skip(name):
    if name in NEEDS_TRAIN_EXTRA:
        pytest.importorskip(NEEDS_TRAIN_EXTRA[name])
    return make_classifier(name)


@pytest.fixture(scope="module")
def fitted(make_table, columns_of):
    X, y = make_table(70, 1.2)
    blocks = columns_of(X)
    signature = build_signature(
        blocks["radiomics_columns"], blocks["deep_columns"]["net"], recipe=SignatureRecipe(selected_features=9)
    )
    return X, y, blocks, signature, signature.fit_transform(X, y)


def one_case(X, blocks, row):
    radiomics = X.iloc[row][list(blocks["radiomics_columns"])].to_dict()
    return radiomics, X.iloc[row][list(blocks["deep_columns"]["net"])].to_numpy(float)


@pytest.mark.parametrize("name", list(LABELS))
def test_scorer_equals_its_pipeline_before_and_after_storage(fitted, name):
    X, y, blocks, signature, features = fitted
    classifier = classifier_or_skip(name).fit(features, y)
    scorer = FusionScorer.from_pipeline(signature, classifier)
    assert scorer.radiomics_names
    assert scorer.deep_names
    stored = load_estimator(dump_estimator(scorer, "fusion"), "fusion")
    expected = classifier.predict_proba(signature.transform(X))[:, 1]
    for row in (0, 17, 69):
        radiomics, embedding = one_case(X, blocks, row)
        standardised = scorer.standardise(radiomics, embedding)
        np.testing.assert_allclose(standardised, features[row], atol=2e-5)
        assert scorer.score(standardised) == pytest.approx(expected[row], abs=2e-5)
        assert stored.score(stored.standardise(radiomics, embedding)) == scorer.score(standardised)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@pytest.mark.parametrize("row", [2, 31])
def test_gradient_equals_finite_differences(fitted, name, row):
    X, y, blocks, signature, features = fitted
    scorer = FusionScorer.from_pipeline(signature, classifier_or_skip(name).fit(features, y))
    radiomics, embedding = one_case(X, blocks, row)
    gradient = scorer.embedding_gradient(scorer.standardise(radiomics, embedding))
    assert gradient.shape == embedding.shape
    rng = np.random.default_rng(row)
    axes = scorer.deep_axes.astype(float)
    for _ in range(5):
        # Along the axes' own span the slope is large enough to be measured beside float32 projections.
        direction = rng.normal(size=len(axes)) @ axes
        step = 1e-2 / np.linalg.norm(direction)

        def score(offset, direction=direction):
            moved = scorer.deep_axes.astype(float) @ (embedding + offset * direction) - scorer.deep_mean
            head = scorer.standardise(radiomics, embedding)[: len(scorer.radiomics_names)]
            return scorer.score(np.concatenate([head, moved / scorer.deep_scale]))

        measured = (score(step) - score(-step)) / (2 * step)
        assert gradient @ direction == pytest.approx(measured, rel=2e-4, abs=1e-9)


@pytest.mark.parametrize("name", ["knn", "random_forest", "extra_trees"])
def test_piecewise_constant_scores_have_no_gradient(fitted, name):
    _, y, _, signature, features = fitted
    scorer = FusionScorer.from_pipeline(signature, make_classifier(name).fit(features, y))
    assert scorer.embedding_gradient(features[0]) is None
    assert probability_gradient(scorer.classifier, features[0]) is None


def test_effects_of_logistic_regression_are_coefficient_times_value(fitted):
    _, y, _, signature, features = fitted
    classifier = make_classifier("logistic_regression").fit(features, y)
    effects = FusionScorer.from_pipeline(signature, classifier).effects(features[5])
    np.testing.assert_allclose(effects, classifier.coef_[0] * features[5], atol=1e-9)
    score = classifier.predict_proba(features[5:6])[0, 1]
    assert effects.sum() == pytest.approx(logit(score) - classifier.intercept_[0])


@pytest.mark.parametrize("name", list(LABELS))
@pytest.mark.parametrize("wide", [False, True])
def test_every_point_of_every_grid_can_be_fitted(name, wide):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 4))
    y = (X[:, 0] + 0.3 * rng.normal(size=40) > 0).astype(int)
    for parameters in parameter_grid(name, wide=wide):
        classifier = classifier_or_skip(name).set_params(**parameters).fit(X, y)
        assert classifier.predict_proba(X).shape == (40, 2)
