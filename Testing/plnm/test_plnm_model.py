"""The whole model: no leakage, no divided patient, sensible parts, and a cross-validation that survives a kill."""

from __future__ import annotations

import json
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin

from CervixRiskLib.cohort import shuffle_outcome
from CervixRiskLib.errors import Cancelled, TrainingError
from CervixRiskLib.plnm.clinical_selection import ClinicalSelection
from CervixRiskLib.plnm.model import SCORE, PlnmModel, usable_folds
from CervixRiskLib.plnm.paper_protocol import run_paper_protocol
from CervixRiskLib.plnm.pipeline_checks import permutation_test
from CervixRiskLib.plnm.validation import cross_validate, discrimination_metrics
from CervixRiskLib.progress import Progress
from CervixRiskLib.statistics import auc

# Where it does not matter how much there is to choose from.
SMALL = {"radiomics": 48, "deep": 40}


@pytest.fixture(scope="module")
def fitted(make_table, columns_of):
    X, y = make_table(80, 1.0)
    return X, y, PlnmModel(**columns_of(X)).fit(X, y)


def test_answers_are_probabilities_of_the_right_class(fitted):
    X, y, model = fitted
    probability = model.predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    assert auc(y, probability[:, 1]) > 0.9
    np.testing.assert_array_equal(model.predict(X), (probability[:, 1] >= model.threshold_).astype(int))


def test_nomogram_and_calibration_saw_out_of_fold_scores_only(fitted):
    X, y, model = fitted
    # In-sample scores separate the training cases far better than out-of-fold ones.
    assert auc(y, model.fusion_score(X)) > auc(y, model.out_of_fold_scores_)
    assert 0 < model.platt_.slope_ < 1.3
    assert model.design_ranges_[SCORE] == (model.out_of_fold_scores_.min(), model.out_of_fold_scores_.max())


def test_every_fold_has_a_scorer_of_its_own(fitted):
    _, _, model = fitted
    assert len(model.fold_scorers_) == len(model.folds_)
    chosen = {scorer.feature_names for scorer in model.fold_scorers_}
    assert len(chosen) > 1  # refitted, not copied


def test_noise_stays_noise(make_table, columns_of):
    values = []
    for seed in range(3):
        X, y = make_table(60, 0.0, seed, radiomics=300)
        model = PlnmModel(**columns_of(X), inner_folds=3)
        result = cross_validate(model, X, y, np.arange(60), folds=5, repeats=1, seed=seed, jobs=1)
        values.append(auc(y, result.probability[0]))
    assert 0.38 < np.mean(values) < 0.62


def test_selecting_before_splitting_would_have_looked_like_a_finding(make_table, columns_of):
    """The control of the test above: the same noise with the paper protocol's leak."""
    X, y = make_table(60, 0.0, 0, radiomics=300)
    train, test = np.arange(40), np.arange(40, 60)
    result = run_paper_protocol(PlnmModel(**columns_of(X)), X, y, train, test)
    values = {metric.model: metric.value for metric in result.metrics if metric.name == "auc"}
    assert values["fusion, test, selected on all cases"] > values["Logistic regression (L2), test"]
    assert values["Logistic regression (L2), training"] > 0.8
    assert all(metric.protocol == "paper" for metric in result.metrics)


def test_patients_are_never_divided(make_table, columns_of):
    X, y = make_table(60, 1.0, **SMALL)
    y = np.repeat(y[::2], 2)
    patients = np.repeat(np.arange(30), 2)
    model = PlnmModel(**columns_of(X), inner_folds=3).fit(X, y, patients)
    for train, test in model.folds_:
        assert not set(patients[train]) & set(patients[test])
    result = cross_validate(model, X, y, patients, folds=3, repeats=2, seed=1)
    for fold in result.folds:
        outside = np.setdiff1d(np.arange(60), fold.test)
        assert not set(patients[outside]) & set(patients[fold.test])


def test_the_best_of_several_classifiers_is_chosen_out_of_fold(make_table, columns_of):
    X, y = make_table(60, 0.8, 4)
    model = PlnmModel(**columns_of(X), classifiers=("logistic_regression", "knn", "random_forest")).fit(X, y)
    assert [candidate.classifier for candidate in model.candidates_] == ["logistic_regression", "knn", "random_forest"]
    assert model.winner_.auc == max(candidate.auc for candidate in model.candidates_)


@pytest.mark.parametrize("left_out", ["radiomics_columns", "deep_columns", "clinical_columns"])
def test_any_block_may_be_missing(make_table, columns_of, left_out):
    X, y = make_table(50, 1.2)
    blocks = {**columns_of(X), left_out: {} if left_out == "deep_columns" else ()}
    model = PlnmModel(**blocks, inner_folds=3).fit(X, y)
    assert auc(y, model.predict_proba(X)[:, 1]) > 0.7


def test_one_class_and_single_patients_are_refused(make_table, columns_of):
    X, y = make_table(30, 1.0)
    with pytest.raises(TrainingError, match="same outcome"):
        PlnmModel(**columns_of(X)).fit(X, np.zeros(30))
    with pytest.raises(TrainingError, match="single patient"):
        usable_folds(y, np.where(y == 1, 0, np.arange(30) + 1), 5)


# -- clinical predictors ----------------------------------------------------------------------------------------------


def test_clinical_selection_keeps_the_associated_and_counts_events():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], [70, 30]))
    X = pd.DataFrame({"noise": rng.normal(size=100), "diameter": rng.normal(size=100) + 1.5 * y})
    X["constant"] = 3.0
    X.loc[3, "diameter"] = np.nan
    fitted = ClinicalSelection().fit(X[["noise", "diameter", "constant"]], y)
    assert fitted.selected_ == ["diameter"]
    assert fitted.transform(X).notna().all(axis=None)
    assert fitted.transform(X).loc[3, "diameter"] == X["diameter"].median()
    X["copy"] = X["diameter"] * 10
    assert ClinicalSelection(select=False).fit(X.dropna(), y[X["diameter"].notna()]).selected_ == ["noise", "diameter"]
    few = ClinicalSelection(events_per_predictor=30)
    X["second"] = rng.normal(size=100) + 1.5 * y
    assert len(few.fit(X[["diameter", "second"]], y).selected_) == 1


def test_an_empty_column_is_no_candidate_and_no_choice():
    y = np.arange(20) % 2
    X = pd.DataFrame({"empty": np.full(20, np.nan), "age": np.arange(20.0)})
    assert "empty" not in ClinicalSelection().fit(X, y).selected_
    with pytest.raises(TrainingError, match="empty"):
        ClinicalSelection(select=False).fit(X, y)


# -- cross-validation -------------------------------------------------------------------------------------------------


class StopAfter(Progress):
    """Cancels after so many steps."""

    def __init__(self, steps):
        self.steps = steps

    def _update(self, task):
        self.steps -= 1

    def cancelled(self):
        return self.steps < 0


def test_a_stopped_cross_validation_goes_on_where_it_was(make_table, columns_of, tmp_path):
    X, y = make_table(50, 1.0, **SMALL)
    model, groups = PlnmModel(**columns_of(X), inner_folds=2), np.arange(50)
    arguments = {"folds": 3, "repeats": 2, "seed": 3, "work_dir": tmp_path}
    with pytest.raises(Cancelled):
        cross_validate(model, X, y, groups, progress=StopAfter(2), **arguments)
    finished = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert 1 <= len(finished) < 6
    resumed = cross_validate(model, X, y, groups, **arguments)
    for path, time in finished.items():
        assert path.stat().st_mtime_ns == time
    np.testing.assert_array_equal(
        resumed.probability, cross_validate(model, X, y, groups, folds=3, repeats=2, seed=3).probability
    )


def test_other_data_or_settings_never_read_an_old_fold(make_table, columns_of, tmp_path):
    X, y = make_table(50, 1.0, **SMALL)
    model, groups = PlnmModel(**columns_of(X), inner_folds=2), np.arange(50)
    run = {"folds": 2, "repeats": 1, "seed": 3, "work_dir": tmp_path}
    cross_validate(model, X, y, groups, **run)
    before = len(list(tmp_path.iterdir()))
    changed = X.copy()
    changed.iloc[0, 0] += 1
    cross_validate(model, changed, y, groups, **run)
    cross_validate(PlnmModel(**columns_of(X), inner_folds=3), X, y, groups, **run)
    assert len(list(tmp_path.iterdir())) == before + 4


@pytest.mark.parametrize("damage", ["{", "[]", "{}", '{"test": [0], "score": 1}'])
def test_a_damaged_fold_is_done_again(make_table, columns_of, tmp_path, damage):
    X, y = make_table(40, 1.0, **SMALL)
    model, groups = PlnmModel(**columns_of(X), inner_folds=2), np.arange(40)
    run = {"folds": 2, "repeats": 1, "seed": 3, "work_dir": tmp_path}
    whole = cross_validate(model, X, y, groups, **run)
    path = sorted(tmp_path.iterdir())[0]
    path.write_text(damage)
    np.testing.assert_array_equal(cross_validate(model, X, y, groups, **run).probability, whole.probability)
    assert set(json.loads(path.read_text())) >= {"score", "probability"}


def test_processes_give_what_one_process_gives(make_table, columns_of):
    X, y = make_table(40, 1.0, **SMALL)
    model, groups = PlnmModel(**columns_of(X), inner_folds=2), np.arange(40)
    one = cross_validate(model, X, y, groups, folds=2, repeats=1, seed=3, jobs=1)
    two = cross_validate(model, X, y, groups, folds=2, repeats=1, seed=3, jobs=2)
    np.testing.assert_allclose(one.probability, two.probability, rtol=1e-12)


def test_selection_frequency_counts_resamples(make_table, columns_of):
    X, y = make_table(60, 2.0)
    result = cross_validate(PlnmModel(**columns_of(X), inner_folds=2), X, y, np.arange(60), folds=3, repeats=1, seed=0)
    frequency = result.feature_frequency()
    assert frequency
    assert all(0 < share <= 1 for share in frequency.values())
    assert set(frequency) <= {*columns_of(X)["radiomics_columns"], "maximum_diameter", "age"}


def test_repeats_are_judged_one_by_one():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    scores = y + rng.normal(scale=2, size=(8, 200))
    value = next(m for m in discrimination_metrics(y, scores, None, model="m", protocol="honest") if m.name == "auc")
    assert value.value == pytest.approx(np.mean([auc(y, repeat) for repeat in scores]))
    assert auc(y, scores.mean(axis=0)) > value.value + 0.05  # what averaging would have claimed
    assert value.lower < value.value < value.upper


def test_copies_of_a_patients_case_do_not_narrow_the_interval():
    """Three equal cases of every patient say no more than one: DeLong's interval would shrink by the root of three."""
    rng = np.random.default_rng(4)
    y = np.repeat([0, 1], 30)
    scores = rng.normal(size=60) + y

    def width(copies, **patients):
        found = discrimination_metrics(
            np.repeat(y, copies), np.repeat(scores, copies), None, model="m", protocol="honest", **patients
        )
        return found[0].upper - found[0].lower

    once = width(1)
    assert width(3) < 0.65 * once
    assert width(3, patients=np.repeat(np.arange(60), 3)) == pytest.approx(once, rel=0.15)


def test_permutations_keep_patients_together_and_counts():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 3)
    y = np.repeat(np.arange(20) % 2, 3)
    shuffled = shuffle_outcome(y, groups, rng)
    assert shuffled.sum() == y.sum()
    for patient in range(20):
        assert len(set(shuffled[groups == patient])) == 1


def test_permutation_test_tells_signal_from_noise(make_table, columns_of):
    X, y = make_table(40, 1.5, **SMALL)
    model = PlnmModel(**columns_of(X), inner_folds=2)
    found = permutation_test(model, X, y, np.arange(40), permutations=12, folds=2, seed=0, name="nomogram")
    assert found.observed > max(found.permuted)
    assert found.p_value == pytest.approx(1 / 13)
    assert found.model == "nomogram"


class RecordingEmbedding(TransformerMixin, BaseEstimator):
    """Keeps the patients it was given."""

    seen: ClassVar[list] = []

    def fit(self, X, y=None, groups=None):
        return self

    def fit_transform(self, X, y=None, groups=None):
        assert len(groups) == len(X)
        RecordingEmbedding.seen.append(np.asarray(groups))
        return np.asarray(X)

    def transform(self, X):
        return np.asarray(X)


def test_a_network_that_is_fitted_knows_the_patients(make_table, columns_of):
    X, y = make_table(40, 1.0)
    y, patients = np.repeat(y[::2], 2), np.repeat(np.arange(20), 2)
    model = PlnmModel(**columns_of(X), embeddings={"net": RecordingEmbedding()}, inner_folds=2)
    fitted = model.fit(X, y, patients)
    assert [len(groups) for groups in RecordingEmbedding.seen] == [len(train) for train, _ in fitted.folds_] + [40]
    np.testing.assert_array_equal(RecordingEmbedding.seen[-1], patients)
    assert fitted.fold_scorers_ == []


def test_one_case_of_an_outcome_leaves_the_auc_undefined():
    """A test side of a small cohort may have one positive case; hours of validation must not be lost to it."""
    y, scores = np.array([0] * 6 + [1]), np.linspace(0, 1, 7)
    found = {m.name: m for m in discrimination_metrics(y, scores, scores > 0.5, model="m", protocol="paper")}
    assert (found["auc"].value, found["auc"].lower, found["auc"].upper) == (None, None, None)
    assert found["sensitivity"].value == 1.0
