"""``train plnm --features`` and ``predict --features``: from a table of features to answers, without an image."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from CervixRiskLib.bundle import load_bundle
from CervixRiskLib.bundle.study_file import load_study
from CervixRiskLib.cli import main
from CervixRiskLib.cohort import load_cohort, load_features_cohort, load_given_features
from CervixRiskLib.errors import BundleError, SettingsError
from CervixRiskLib.plnm import TrainingSettings, load_predictor
from CervixRiskLib.plnm.case_table import given_case_table
from CervixRiskLib.statistics import auc

pytestmark = pytest.mark.usefixtures("few_folds")
CASES, FEATURES = 44, 40
TRAIN = ("train", "plnm", "--effort", "quick", "--classifier", "logistic_regression", "--jobs", "1", "--no-report")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Features of 44 cases, five of them informative, and a cohort's table without images for 36 of them."""
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(5)
    y = rng.permutation(np.arange(CASES) % 2)
    names = [f"T2_original_{kind}_{place}" for kind in ("glcm", "shape") for place in range(FEATURES // 2)]
    table = pd.DataFrame(rng.normal(size=(CASES, FEATURES)), columns=names)
    table.iloc[:, :5] += 1.2 * y[:, None]
    table.insert(0, "label", y)
    table.index = [f"N{place}" for place in range(CASES)]
    table["rbc_count"] = rng.normal(4.3, 0.4, CASES).round(2)
    table.drop(columns="rbc_count").to_csv(folder / "features.csv")
    table.to_csv(folder / "with_clinical.csv")
    cohort = pd.DataFrame({"case_id": table.index, "outcome": y, "rbc_count": table["rbc_count"]})
    cohort["histology"] = np.where(rng.random(CASES) < 0.7, "Squamous cell carcinoma", "Adenocarcinoma")
    cohort.iloc[:36].to_csv(folder / "cohort.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def alone(tables):
    """Trained on the table of features alone."""
    bundle = tables / "alone"
    features = ("--features", str(tables / "features.csv"), "--outcome", "label")
    assert main([*TRAIN, *features, "--protocol", "both", "-o", str(bundle)]) == 0
    return bundle


@pytest.fixture(scope="module")
def beside(tables):
    """Trained on the features of a cohort, with a clinical predictor."""
    bundle = tables / "beside"
    features = (str(tables / "cohort.csv"), "--features", str(tables / "features.csv"), "--clinical", "rbc_count")
    assert main([*TRAIN, *features, "-o", str(bundle)]) == 0
    return bundle


def test_the_bundle_says_where_its_features_come_from(alone):
    manifest = load_bundle(alone).manifest
    assert manifest.radiomics is None
    assert manifest.details["given_features"]["file"] == "features.csv"
    assert manifest.details["given_features"]["features"] == FEATURES
    assert any("measured elsewhere" in sentence for sentence in manifest.deviations)
    assert any("No network" in sentence for sentence in manifest.deviations)
    assert manifest.metric("auc", model="nomogram").value > 0.75
    card = (alone / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "it cannot measure an image" in card
    assert "Pixel size" not in card


def test_the_record_describes_the_study(alone, beside):
    record = load_study(alone).record
    assert [(step.label, step.remaining) for step in record.flow] == [
        ("Rows of the cohort table", CASES), ("Training cases", CASES),
    ]  # fmt: skip
    assert record.table_one is None
    assert record.odds_ratios is None
    classes = record.selection.feature_classes.to_frame().set_index("feature_class")
    assert classes["measured"].to_dict() == {"shape": 20, "glcm": 20}
    assert {one.protocol for one in record.models} == {"honest", "paper"}
    record = load_study(beside).record
    assert "RBC count" in str(record.table_one.rows)
    # The dictionary of the model holds what the nomogram may use; the description tells of every column.
    names = [row[0] for row in record.odds_ratios.rows]
    assert names == ["rbc_count", "histology=Adenocarcinoma", "histology=Others"]
    assert len(record.case_set("training").outcomes) == 36


def test_a_row_gets_the_models_own_probability(call, alone, tables, tmp_path):
    answers = tmp_path / "answers.csv"
    outcome = call("predict", "--bundle", alone, "--features", tables / "features.csv", "--output", answers, "--json")
    assert outcome.code == 0
    assert outcome.json["cases"] == CASES
    found = pd.read_csv(answers).set_index("case_id")
    assert ((found["lower"] < found["probability"]) & (found["probability"] < found["upper"])).all()
    threshold = load_bundle(alone).manifest.threshold
    assert ((found["class"] == "metastasis") == (found["probability"] >= threshold)).all()
    # The model is refitted from the table, as the training did.
    from CervixRiskLib.plnm.reproducibility import ReproducibilityFilter
    from CervixRiskLib.plnm.settings import Effort
    from CervixRiskLib.plnm.training import _unfitted

    cohort, given = load_features_cohort(tables / "features.csv", outcome="label")
    settings = TrainingSettings(networks=(), effort=Effort.QUICK, classifiers=("logistic_regression",), jobs=1)
    cases = given_case_table(cohort, given, settings)
    model = _unfitted(cases, settings, ReproducibilityFilter(), "cpu").fit(cases.X, cases.y, cases.groups)
    np.testing.assert_allclose(found["probability"], model.predict_proba(cases.X)[:, 1], atol=1e-9)
    assert auc(cases.y, found["score"].to_numpy()) > 0.8


def test_clinical_values_stand_in_the_table(call, beside, tables, tmp_path):
    answers = tmp_path / "answers.csv"
    asked = ("predict", "--bundle", beside, "--output", answers, "--features")
    assert "rbc_count" in call(*asked, tables / "features.csv").sentence()
    assert not answers.exists()
    assert call(*asked, tables / "with_clinical.csv").code == 0
    assert {"points_rbc_count", "points_fusion_score"} <= set(pd.read_csv(answers))


def test_further_rows_are_validated_and_the_training_table_is_refused(call, alone, tables, tmp_path):
    from CervixRiskLib.cli.validation_answers import answer_labelled_features
    from CervixRiskLib.cli.validation_inputs import external_validation
    from CervixRiskLib.progress import SILENT

    table = pd.read_csv(tables / "features.csv", index_col=0).iloc[:20]
    table.index = [f"F{place}: {place % 3}" for place in range(20)]
    table.iloc[4, 1:] = np.nan
    table["label"] = table["label"].astype(object)
    table.iloc[6, 0] = "?"
    table["patient_id"] = [f"P{place // 2}" for place in range(20)]
    table.to_csv(tmp_path / "further.csv")
    answered = answer_labelled_features(load_bundle(alone), tmp_path / "further.csv", "label", SILENT)
    assert len(answered.answers) == 18
    assert [problem.case_id for problem in answered.cohort.excluded] == ["F6: 0"]
    assert list(answered.failures) == ["F4: 1"]
    assert "missing or no numbers" in answered.failures["F4: 1"]
    assert not answered.failures["F4: 1"].startswith("F4")
    validation = external_validation(load_bundle(alone), answered, (), ())
    assert len(set(validation.cases.patients)) == 10
    assert not validation.simulated
    arguments = ("validate", alone, tables / "features.csv", "-o", tmp_path / "out", "--outcome", "label")
    assert "the one that the model was trained on" in call(*arguments).sentence()
    assert "compares images" in call(*arguments, "--training-cohort", tables / "cohort.csv").sentence()
    assert not (tmp_path / "out").exists()


def test_a_row_that_cannot_be_answered_is_told(call, alone, tables, tmp_path):
    table = pd.read_csv(tables / "features.csv", index_col=0)
    table.iloc[7] = np.nan
    table.to_csv(tmp_path / "gaps.csv")
    asked = ("predict", "--bundle", alone, "--features", tmp_path / "gaps.csv", "--output", tmp_path / "a.csv")
    assert "Case N7" in call(*asked).sentence()
    done = call(*asked, "--skip-invalid")
    assert done.code == 0
    assert "Left out: N7" in done.err
    assert len(pd.read_csv(tmp_path / "a.csv")) == CASES - 1


def test_each_kind_of_model_keeps_to_its_own_input(call, alone, bundle, tables, tmp_path):
    with pytest.raises(BundleError, match="cannot measure an image"):
        load_predictor(load_bundle(alone))
    image_model = ("predict", "--bundle", bundle, "--features", tables / "features.csv", "-o", tmp_path / "a.csv")
    assert "measures images itself" in call(*image_model).sentence()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--features"),
        (("--features", "none.csv"), "does not exist"),
        (("--features", "features.csv"), "no column 'outcome'"),
        (("--features", "features.csv", "--outcome", "label", "--finetune", "head"), "do not go with it"),
        (("cohort.csv", "--features", "cohort.csv"), "no column of numbers"),
    ],
)
def test_mistakes_of_training_are_told_in_a_sentence(call, tables, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tables)
    assert words in call(*TRAIN, *arguments, "-o", tmp_path / "b.zip").sentence()
    assert not (tmp_path / "b.zip").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--features", "features.csv"), "--output"),
        (("--features", "features.csv", "-o", "a.csv", "--image", "b.png"), "--features answers for a table"),
        (("--features", "features.csv", "-o", "a.csv", "--cohort", "cohort.csv"), "two tables"),
    ],
)
def test_mistakes_of_asking_are_told_in_a_sentence(call, alone, tables, monkeypatch, arguments, words):
    monkeypatch.chdir(tables)
    assert words in call("predict", "--bundle", alone, *arguments).sentence()


def test_a_network_needs_images(tables):
    cohort = load_cohort(tables / "cohort.csv", require_image=False)
    cohort, given = load_given_features(tables / "features.csv", cohort)
    with pytest.raises(SettingsError, match="needs images"):
        given_case_table(cohort, given, TrainingSettings())
