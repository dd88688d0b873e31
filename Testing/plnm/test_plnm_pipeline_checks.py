"""Permuted outcomes and the optimism bootstrap of the whole pipeline, resumed after a kill."""

from __future__ import annotations

import numpy as np
import pytest

from CervixRiskLib.plnm import fold_store, pipeline_checks, validation
from CervixRiskLib.plnm.model import PlnmModel
from CervixRiskLib.plnm.pipeline_checks import LIGHT, light_model, optimism, permutation_test
from CervixRiskLib.statistics import auc, optimism_bootstrap


@pytest.fixture(scope="module")
def case(make_table, columns_of):
    X, y = make_table(40, 0.8, 5, radiomics=24, deep=0)
    blocks = {**columns_of(X), "deep_columns": {}}
    return PlnmModel(**blocks, inner_folds=2), X, y, np.arange(40)


def refuse(*_):
    raise AssertionError("fitted again")


def test_the_optimism_is_the_bootstraps_and_is_resumed(case, tmp_path, monkeypatch):
    model, X, y, groups = case
    found = optimism(model, X, y, groups, repeats=3, seed=9, work_dir=tmp_path)
    expected = optimism_bootstrap(
        lambda X, y, groups: PlnmModel(**model.get_params(deep=False)).fit(X, y, groups),
        lambda fitted, X, y: float(auc(y, fitted.predict_proba(X)[:, 1])),
        X, y, groups, repeats=3, rng=9,
    )  # fmt: skip
    assert found.model == LIGHT
    assert found.repeats == 3
    assert found.apparent == pytest.approx(expected.apparent, abs=1e-12)
    assert found.optimism == pytest.approx(expected.optimism, abs=1e-12)
    assert found.corrected == pytest.approx(found.apparent - found.optimism)
    assert found.spread == pytest.approx(expected.spread, abs=1e-12)
    assert found.standard_error == pytest.approx(expected.standard_error, abs=1e-12)
    monkeypatch.setattr(validation, "_fit_fold", refuse)
    assert optimism(model, X, y, groups, repeats=3, seed=9, work_dir=tmp_path) == found
    with pytest.raises(AssertionError, match="fitted again"):
        optimism(model, X, y, groups, repeats=4, seed=9, work_dir=tmp_path)


def test_permutations_are_resumed(case, tmp_path, monkeypatch):
    model, X, y, groups = case
    run = {"folds": 2, "seed": 9, "work_dir": tmp_path}
    found = permutation_test(model, X, y, groups, permutations=2, **run)
    monkeypatch.setattr(validation, "_fit_fold", refuse)
    assert permutation_test(model, X, y, groups, permutations=2, **run) == found
    assert found.p_value in (1 / 3, 2 / 3, 1.0)
    # An update computes otherwise: what was kept before it does not count.
    monkeypatch.setattr(fold_store, "code_version", lambda rooms: "changed")
    with pytest.raises(AssertionError, match="fitted again"):
        permutation_test(model, X, y, groups, permutations=2, **run)


def test_the_p_value_counts_permutations_as_good_as_the_observed_one(case, monkeypatch):
    model, X, y, groups = case
    aucs = iter([0.6, 0.5, 0.6, 0.7])
    monkeypatch.setattr(pipeline_checks, "_one_auc", lambda task: next(aucs))
    # Results may come in any order.
    monkeypatch.setattr(
        pipeline_checks,
        "run_tasks",
        lambda function, tasks, **_: ((place, function(tasks[place])) for place in reversed(range(len(tasks)))),
    )
    found = permutation_test(model, X, y, groups, permutations=3, folds=2, seed=9)
    assert (found.observed, found.permuted) == (0.6, (0.7, 0.6, 0.5))
    assert found.p_value == 3 / 4


def test_the_light_model_differs_in_nothing_but_its_classifier(case):
    model, *_ = case
    light = light_model(PlnmModel(**{**model.get_params(deep=False), "classifiers": ("svm", "knn"), "wide_grid": True}))
    assert light.classifiers == ("logistic_regression",)
    assert light.radiomics_columns == model.radiomics_columns
    assert not light.wide_grid
