"""What a training run leaves for its report: complete, equal to the bundle's numbers, and naming nobody."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from CervixRiskLib.bundle import load_bundle
from CervixRiskLib.bundle.acquisition_record import NOT_CHECKED, AcquisitionRecord
from CervixRiskLib.bundle.study_file import load_study
from CervixRiskLib.bundle.study_record import PAPER_TEST, PAPER_TRAINING, STUDY_NAME, TEST, TRAINING, ModelTable
from CervixRiskLib.cohort import load_cohort, load_given_features
from CervixRiskLib.errors import SettingsError
from CervixRiskLib.plnm import TrainingSettings, train
from CervixRiskLib.plnm.settings import EFFORT_PLANS
from CervixRiskLib.statistics import auc, selection_stability

LIGHT = {"networks": (), "effort": "quick", "classifiers": ("logistic_regression",), "jobs": 1, "seed": 7}


@pytest.fixture(scope="module")
def tables(tmp_path_factory, make_table, columns_of):
    """110 cases of 105 patients in two large centres and a small one, a third of them held out; features apart."""
    X, y = make_table(110, 1.0, 11, radiomics=24, deep=0)
    folder = tmp_path_factory.mktemp("tables")
    names = [f"lastname-{index:03d}" for index in range(110)]
    patients = [f"person-{index // 2 if index < 10 else index}" for index in range(110)]
    y[1:10:2] = y[0:10:2]
    frame = pd.DataFrame(
        {
            "case_id": names,
            "outcome": y,
            "patient_id": patients,
            "center": ["Northern Hospital"] * 55 + ["Abbey Clinic"] * 50 + [""] * 5,
            "split": ["test" if index % 3 == 2 and index > 9 else "train" for index in range(110)],
            "maximum_diameter": X["maximum_diameter"].clip(5, 90).round(1).to_numpy(),
            "menopause": ["yes" if index % 4 else "no" for index in range(110)],
        }
    )
    frame.to_csv(folder / "cohort.csv", index=False)
    features = X[list(columns_of(X)["radiomics_columns"])].set_axis(names)
    features.to_csv(folder / "features.csv", index_label="case_id")
    cohort = load_cohort(folder / "cohort.csv", require_image=False)
    return load_given_features(folder / "features.csv", cohort)


@pytest.fixture(scope="module")
def result(tables, tmp_path_factory):
    cohort, features = tables
    settings = TrainingSettings(protocol="both", permutations=1, optimism=2, harmonise="combat", **LIGHT)
    plan = replace(EFFORT_PLANS[settings.effort], outer_folds=2, inner_folds=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EFFORT_PLANS, settings.effort, plan)
        return train(cohort, settings, tmp_path_factory.mktemp("bundle") / "study.zip", features=features)


@pytest.fixture(scope="module")
def record(result):
    return load_study(result.bundle_path).record


def test_without_images_the_recording_cannot_be_checked(result, record):
    assert record.acquisition == AcquisitionRecord(77, reason=NOT_CHECKED)
    assert record.acquisition.sentence() in result.notes


def test_every_side_and_table_is_there(record):
    assert [cases.name for cases in record.case_sets] == [TRAINING, TEST, PAPER_TRAINING, PAPER_TEST]
    assert [len(cases.outcomes) for cases in record.case_sets] == [77, 33, 77, 33]
    for cases in (TRAINING, TEST):
        for table, names in (
            (ModelTable.MODELS, ["radiomics", "fusion", "nomogram"]),
            (ModelTable.BASELINES, ["maximum diameter alone", "clinical predictors alone"]),
            (ModelTable.RADIOMICS_CLASSIFIERS, ["Logistic regression (L2)"]),
            (ModelTable.FUSION_CLASSIFIERS, ["Logistic regression (L2)"]),
        ):
            assert [model.name for model in record.models_of(table, "honest", cases)] == names
    assert record.models_of(ModelTable.MODELS, "paper", PAPER_TEST)
    assert "nomogram" in {model.name for model in record.models_of(ModelTable.LEFT_OUT_CENTRES, "honest", TRAINING)}
    assert "nomogram" in {model.name for model in record.models_of(ModelTable.HARMONISED, "honest", TRAINING)}
    assert record.permutation.p_value in (0.5, 1.0)
    assert record.optimism.repeats == 2
    assert record.winners == {"logistic_regression": 2}
    assert record.flow
    assert record.selection is not None


def test_the_records_scores_give_the_bundles_numbers(result, record):
    manifest = load_bundle(result.bundle_path).manifest
    for cases, suffix in ((TRAINING, ""), (TEST, ", held-out test")):
        outcomes = np.array(record.case_set(cases).outcomes)
        for table in (ModelTable.MODELS, ModelTable.BASELINES):
            for model in record.models_of(table, "honest", cases):
                told = manifest.metric("auc", model=model.name + suffix, protocol="honest")
                assert told.value == pytest.approx(np.mean([auc(outcomes, row) for row in model.scores]), abs=2e-3)
                assert told.n == len(outcomes)
    folds = result.validation.folds
    assert record.stability == pytest.approx(selection_stability([fold.features for fold in folds], 24).value, rel=1e-5)
    assert record.feature_frequency == pytest.approx(result.validation.feature_frequency(), rel=1e-5)


def test_answers_stay_with_their_cases_in_a_new_order(result, record, tables):
    cohort, _ = tables
    cases = record.case_set(TRAINING)
    positions = np.flatnonzero(cohort.table["split"] == "train")
    outcomes = cohort.outcomes[positions].astype(int)
    nomogram = next(m for m in record.models_of(ModelTable.MODELS, "honest", TRAINING) if m.name == "nomogram")
    scores = result.validation.probability[0]
    expected = Counter(zip(outcomes.tolist(), scores.round(4).tolist(), strict=True))
    assert Counter(zip(cases.outcomes, np.round(nomogram.scores[0], 4).tolist(), strict=True)) == expected
    assert list(cases.outcomes) != outcomes.tolist()
    predicted = dict(zip(scores.round(6).tolist(), result.validation.predicted[0].tolist(), strict=True))
    for score, answer in zip(nomogram.scores[0], nomogram.predicted[0], strict=True):
        assert predicted[min(predicted, key=lambda one: abs(one - score))] == answer
    # The five patients of two cases are still five, and their cases agree in everything.
    sizes = Counter(cases.patients)
    assert sorted(sizes.values())[-6:] == [1, 2, 2, 2, 2, 2]
    for patient, size in sizes.items():
        if size == 2:
            assert len({cases.outcomes[place] for place in np.flatnonzero(np.array(cases.patients) == patient)}) == 1


def test_nobody_can_be_recognised(result, record, tables):
    cohort, _ = tables
    text = load_bundle(result.bundle_path).read_bytes(STUDY_NAME).decode()
    for secret in ("lastname", "person-", "Northern", "Abbey", str(cohort.root)):
        assert secret not in text
    groups = record.case_set(TRAINING).subgroups
    # Centres are numbered in the order of their names; five cases without one stay without.
    assert set(groups["Centre"]) == {"centre 1", "centre 2", ""}
    assert len(groups) == 3
    sizes = [count for grouping in groups.values() for group, count in Counter(grouping).items() if group]
    assert min(sizes) >= 3
    assert any(set(grouping) == {"yes", "no"} for grouping in groups.values())


def test_the_bundles_seed_does_not_give_the_tables_order_back(record, tables):
    """The seed is printed in the bundle; with it alone nobody may put the rows back."""
    cohort, _ = tables
    positions = np.flatnonzero(cohort.table["split"] == "train")
    shuffled = np.random.default_rng([LIGHT["seed"], *TRAINING.encode()]).permutation(len(positions))
    assert record.case_set(TRAINING).outcomes != tuple(cohort.outcomes[positions].astype(int)[shuffled])


def test_without_an_honest_protocol_the_record_has_the_papers_alone(tables, tmp_path):
    cohort, features = tables
    settings = TrainingSettings(protocol="paper", **LIGHT)
    record = train(cohort, settings, tmp_path / "b.zip", features=features).record
    assert {model.protocol for model in record.models} == {"paper"}
    assert record.stability is None
    assert record.winners == {}


@pytest.mark.parametrize("change", [{"permutations": -1}, {"optimism": -2}, {"harmonise": "magic"}])
def test_bad_choices_are_refused(change):
    with pytest.raises(SettingsError, match=r"negative|combat"):
        TrainingSettings(**LIGHT, **change)


def test_the_persons_numbers_replace_the_efforts():
    plan = TrainingSettings(effort="full", permutations=0, optimism=7).plan
    assert (plan.permutations, plan.optimism) == (0, 7)
    assert (TrainingSettings(effort="full").plan.permutations, TrainingSettings().plan.optimism) == (100, 20)
