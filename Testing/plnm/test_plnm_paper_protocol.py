"""The printed protocol: tables 3 to 6 on both sides of its split, and its optimism where there is nothing to find."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from CervixRiskLib.bundle.study_record import PAPER_TEST, PAPER_TRAINING, ModelTable
from CervixRiskLib.cohort import patient_split
from CervixRiskLib.plnm.model import PlnmModel
from CervixRiskLib.plnm.paper_models import PaperModel, nomogram_model
from CervixRiskLib.plnm.paper_protocol import SELECTED_ON_ALL, run_paper_protocol
from CervixRiskLib.statistics import youden_threshold


@pytest.fixture(scope="module")
def printed(make_table, columns_of):
    """Noise, 90 cases, one network, two classifiers."""
    X, y = make_table(n=90, signal=0.0, seed=4, radiomics=300)
    model = PlnmModel(**columns_of(X), classifiers=("logistic_regression", "svm"))
    train, test = patient_split(y, np.array(X.index), test_fraction=0.3, seed=1)
    return X, y, model, run_paper_protocol(model, X, y, train, test)


def scores(result, name, cases, table=ModelTable.MODELS):
    found = [one for one in result.models if (one.name, one.cases, one.table) == (name, cases, table.value)]
    assert len(found) == 1
    return np.array(found[0].scores[0])


def test_every_table_has_both_sides(printed):
    _, y, _, result = printed
    found = {(one.table, one.name, one.cases) for one in result.models}
    assert len(found) == len(result.models)
    names = {table: {name for one, name, _ in found if one == table.value} for table in ModelTable}
    assert names[ModelTable.MODELS] == {"radiomics", "network", "fusion", "nomogram", SELECTED_ON_ALL}
    assert names[ModelTable.NETWORKS] == {"net"}
    assert len(names[ModelTable.RADIOMICS_CLASSIFIERS]) == len(names[ModelTable.FUSION_CLASSIFIERS]) == 2
    for one in result.models:
        side = result.train if one.cases == PAPER_TRAINING else result.test
        assert one.protocol == "paper"
        assert len(one.scores[0]) == len(one.predicted[0]) == side.size
        assert np.isfinite(one.scores[0]).all()
    assert result.train.size + result.test.size == len(y)


def test_the_cut_off_is_chosen_on_the_training_side(printed):
    _, y, _, result = printed
    cut = youden_threshold(y[result.train], scores(result, "fusion", PAPER_TRAINING))
    judged = next(one for one in result.models if (one.name, one.cases) == ("fusion", PAPER_TEST))
    assert judged.predicted[0] == tuple((np.array(judged.scores[0]) >= cut).astype(int))


def test_a_network_alone_is_logistic_regression_on_its_components(printed):
    """Against scikit-learn's PCA and regression, over the grid that the training side chooses from."""
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y, model, result = printed
    embedding = X[list(model.deep_columns["net"])].to_numpy(float)
    ours = scores(result, "net", PAPER_TEST, ModelTable.NETWORKS)
    candidates = []
    for strength in (0.01, 0.1, 1.0):
        plain = make_pipeline(
            PCA(min(64, result.train.size - 1)), StandardScaler(), LogisticRegression(C=strength, max_iter=500)
        )
        plain.fit(embedding[result.train], y[result.train])
        candidates.append(plain.predict_proba(embedding[result.test])[:, 1])
    assert min(np.abs(ours - one).max() for one in candidates) < 1e-3


def test_optimism_shows_on_noise(printed):
    """The training side and the selection on all cases find what is not there; the test side does not."""
    _, y, _, result = printed
    on_train = roc_auc_score(y[result.train], scores(result, "nomogram", PAPER_TRAINING))
    leaked = roc_auc_score(y[result.test], scores(result, SELECTED_ON_ALL, PAPER_TEST))
    honest = roc_auc_score(y[result.test], scores(result, "fusion", PAPER_TEST))
    assert on_train > 0.85
    assert leaked > 0.7
    assert honest < 0.7
    note = next(one.note for one in result.models if one.name == SELECTED_ON_ALL)
    assert "mistake made on purpose" in note


def test_what_is_chosen_is_the_best_on_the_test_side(printed):
    _, y, _, result = printed
    best = max(
        roc_auc_score(y[result.test], one.scores[0])
        for one in result.models
        if (one.table, one.cases) == (ModelTable.FUSION_CLASSIFIERS.value, PAPER_TEST)
    )
    assert roc_auc_score(y[result.test], scores(result, "fusion", PAPER_TEST)) == pytest.approx(best)
    assert result.test_auc[result.chosen] == pytest.approx(best)


def test_a_score_that_is_constant_leaves_a_nomogram(printed):
    X, y, model, result = printed
    constant = PaperModel("fusion", ModelTable.MODELS, np.full(result.train.size, 0.4), np.full(result.test.size, 0.4))
    bare = PlnmModel(radiomics_columns=model.radiomics_columns)
    answer = nomogram_model(bare, X, y, result.train, result.test, constant)
    np.testing.assert_allclose(answer.on_test, y[result.train].mean())
    clinical = PlnmModel(clinical_columns=("age",), select_clinical=False)
    assert np.ptp(nomogram_model(clinical, X, y, result.train, result.test, constant).on_test) > 0


def test_without_a_network_its_tables_are_left_out(make_table, columns_of):
    X, y = make_table(n=40, signal=1.0, seed=2)
    model = PlnmModel(radiomics_columns=columns_of(X)["radiomics_columns"], classifiers=("logistic_regression",))
    result = run_paper_protocol(model, X, y, *patient_split(y, np.array(X.index)))
    assert not [one for one in result.models if one.table == ModelTable.NETWORKS.value or one.name == "network"]
    assert {one.name for one in result.models if one.table == "models"} == {
        "radiomics", "fusion", "nomogram", SELECTED_ON_ALL,
    }  # fmt: skip
