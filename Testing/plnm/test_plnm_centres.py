"""Several centres: each answered by the others, and harmonisation that never looks at what it is judged on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.plnm.centres import (
    CENTRE,
    OTHER,
    HarmonisedRadiomics,
    centre_groups,
    harmonised_models,
    leave_one_centre_out,
)
from CervixRiskLib.plnm.model import PlnmModel


@pytest.fixture(scope="module")
def cohort(make_table, columns_of):
    """80 cases in two centres; every feature of centre B is shifted and stretched."""
    X, y = make_table(80, 1.0, 3, radiomics=36, deep=0)
    centres = np.repeat(["centre 1", "centre 2"], 40).astype(object)
    radiomics = columns_of(X)["radiomics_columns"]
    X = X.copy()
    X.loc[X.index[40:], list(radiomics)] = X.loc[X.index[40:], list(radiomics)] * 2.0 + 5 * X[list(radiomics)].std()
    blocks = {**columns_of(X), "deep_columns": {}}
    return X, y, centres, PlnmModel(**blocks, inner_folds=2)


def test_small_and_unknown_centres_are_left_out_together():
    labels = ["a"] * 20 + ["b"] * 19 + ["c"] * 30 + [""] * 25
    y = np.array([0, 1] * 10 + [0, 1] * 9 + [0] + [1] * 4 + [0] * 26 + [0, 1] * 12 + [0])
    found = centre_groups(labels, y)
    assert list(found[:20]) == ["a"] * 20
    assert set(found[20:]) == {OTHER}  # too few cases, too few of an outcome, unknown


def test_a_centre_is_answered_by_a_model_of_the_others(cohort):
    X, y, centres, model = cohort
    patients = np.arange(80)
    patients[41] = patients[3]  # one patient was seen in both
    y = y.copy()
    y[41] = y[3]
    found = {one.name: one for one in leave_one_centre_out(model, X, y, patients, centres)}
    assert {one.table for one in found.values()} == {"left-out centres"}
    for here, there in ((slice(0, 40), slice(40, 80)), (slice(40, 80), slice(0, 40))):
        others = np.setdiff1d(np.arange(80)[there], [3, 41])
        fitted = clone(model).fit(X.iloc[others], y[others], patients[others])
        expected = fitted.predict_proba(X.iloc[here])[:, 1]
        np.testing.assert_allclose(np.array(found["nomogram"].scores[0])[here], expected, rtol=1e-12)
    assert "answered by a model of the others" in found["nomogram"].note


def test_what_cannot_be_left_out_is_refused(cohort):
    X, y, _, model = cohort
    with pytest.raises(TrainingError, match="Fewer than two centres"):
        leave_one_centre_out(model, X, y, np.arange(80), np.full(80, "centre 1", dtype=object))
    divided = np.where(y == 1, "centre 1", "centre 2").astype(object)
    with pytest.raises(TrainingError, match="same outcome"):
        leave_one_centre_out(model, X, y, np.arange(80), divided)


def test_harmonisation_is_learned_from_the_fitted_cases_alone(cohort):
    X, _, centres, model = cohort
    coded = X.assign(**{CENTRE: (centres == "centre 2").astype(float)})
    train = np.r_[0:30, 40:70]
    columns = list(model.radiomics_columns)
    fitted = HarmonisedRadiomics(columns).fit(coded.iloc[train])
    harmonised = fitted.transform(coded)
    assert list(harmonised.columns) == list(coded.columns)
    pd.testing.assert_frame_equal(harmonised[["maximum_diameter", CENTRE]], coded[["maximum_diameter", CENTRE]])

    def distance(frame):
        first, second = frame[columns].iloc[train[:30]], frame[columns].iloc[train[30:]]
        return ((first.mean() - second.mean()).abs() / X[columns].iloc[:40].std()).mean()

    assert distance(coded) > 4
    assert distance(harmonised) < 0.2
    # A case's values do not depend on the cases it comes with, and an unknown centre's stay as they are.
    pd.testing.assert_frame_equal(fitted.transform(coded.iloc[[75]]), harmonised.iloc[[75]])
    elsewhere = coded.iloc[[5]].assign(**{CENTRE: 7.0})
    pd.testing.assert_frame_equal(fitted.transform(elsewhere), elsewhere)


def test_the_harmonised_model_is_refitted_in_every_resample(cohort, monkeypatch):
    X, y, centres, model = cohort
    sizes = []
    fit = HarmonisedRadiomics.fit

    def counted(self, X, y=None):
        sizes.append(len(X))
        return fit(self, X, y)

    monkeypatch.setattr(HarmonisedRadiomics, "fit", counted)
    found = harmonised_models(model, X, y, np.arange(80), centres, folds=2, repeats=1, seed=0)
    assert sorted(sizes) == [20, 20, 20, 20, 40, 40]
    assert [one.name for one in found] == ["fusion", "nomogram"]
    assert {one.table for one in found} == {"harmonised"}
    assert "ComBat" in found[0].note
    assert roc_auc_score(y, found[1].scores[0]) > 0.7
