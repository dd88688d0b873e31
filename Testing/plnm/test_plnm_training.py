"""From a simulated cohort to a bundle to an answer, and everything that can go wrong on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from CervixRiskLib.bundle import CaseInput, WarningCode, load_bundle
from CervixRiskLib.bundle.acquisition_record import recording_words
from CervixRiskLib.cohort import clinical_frame, load_case, load_cohort
from CervixRiskLib.cohort.simulation import simulate_ultrasound
from CervixRiskLib.errors import (
    ClinicalValueError,
    MissingComponentError,
    RoiError,
    SettingsError,
    TrainingError,
)
from CervixRiskLib.imaging import Roi
from CervixRiskLib.networks import CamMethod
from CervixRiskLib.plnm import TrainingSettings, load_predictor, train
from CervixRiskLib.plnm.score_heat_map import NetworkView, score_heat_map
from CervixRiskLib.plnm.settings import EFFORT_PLANS, Effort
from CervixRiskLib.radiomics import extract
from CervixRiskLib.worker.example_cases import picture_examples

QUICK = {"effort": "quick", "classifiers": ("logistic_regression", "svm"), "jobs": 1}


@contextmanager
def _few_folds():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EFFORT_PLANS, Effort.QUICK, replace(EFFORT_PLANS[Effort.QUICK], outer_folds=3, inner_folds=2))
        yield


@pytest.fixture
def few_folds():
    """Three folds of two instead of five of five, where any number would do: every one trains."""
    with _few_folds():
        yield


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return load_cohort(simulate_ultrasound(tmp_path_factory.mktemp("cohort"), 30, 5, prevalence=0.4, jobs=1))


@pytest.fixture(scope="module")
def trained(cohort, tmp_path_factory):
    settings = TrainingSettings(networks=(), clinical=("maximum_diameter", "histology"), protocol="both", **QUICK)
    return train(cohort, settings, tmp_path_factory.mktemp("bundle") / "radiomics.zip")


@pytest.fixture(scope="module")
def predictor(trained):
    return load_predictor(load_bundle(trained.bundle_path))


def as_case(cohort, position, **changes):
    case_id = cohort.case_ids[position]
    image, roi = load_case(cohort, case_id)
    values = {name: value for name, value in clinical_frame(cohort).iloc[position].items() if not np.isnan(value)}
    return replace(CaseInput(case_id, image, roi, values), **changes)


def table_row(trained, cohort, position):
    """The same case as the model saw it in training."""
    from CervixRiskLib.plnm.case_table import build_case_table

    settings = TrainingSettings(networks=(), clinical=("maximum_diameter", "histology"), **QUICK)
    work_dir = trained.bundle_path.parent / "again"
    return build_case_table(cohort, settings, work_dir=work_dir, device="cpu").X.iloc[[position]]


def test_a_case_gets_the_models_own_probability(trained, predictor, cohort):
    for position in (0, 13):
        answer = predictor.predict(as_case(cohort, position))
        expected = trained.model.predict_proba(table_row(trained, cohort, position))[0, 1]
        assert answer.probability == pytest.approx(expected, abs=1e-9)
        assert answer.interval[0] < answer.probability < answer.interval[1]
        assert answer.label == ("metastasis" if answer.probability >= trained.model.threshold_ else "no metastasis")


def test_an_mr_image_is_told_by_its_file(predictor, cohort):
    case = as_case(cohort, 3)
    silent = predictor.predict(case, heatmap=False)
    asked = predictor.predict(replace(case, image=replace(case.image, modality="MR")), heatmap=False)
    assert asked.probability == silent.probability
    told = [warning for warning in asked.warnings if warning not in silent.warnings]
    assert [warning.code for warning in told] == [WarningCode.OTHER_MODALITY]
    assert told[0].text == "This is MR, the model is for ultrasound: its answer means nothing."


def test_points_add_up_to_the_probability(predictor, cohort):
    answer = predictor.predict(as_case(cohort, 3))
    assert sum(point.points for point in answer.points) == pytest.approx(answer.total_points)
    assert predictor.nomogram.risk(answer.total_points) == pytest.approx(answer.probability, abs=1e-9)
    assert [point.name for point in answer.points][:2] == ["fusion_score", "maximum_diameter"]


def test_interval_is_the_delta_method_by_hand(predictor, cohort):
    """Against a draw of the coefficients from their distributions, which needs no formula."""
    answer = predictor.predict(as_case(cohort, 7))
    regression = predictor.regression
    rng = np.random.default_rng(0)
    coefficients = rng.multivariate_normal(regression.coefficients, regression.covariance, 40_000)
    x = np.r_[1.0, [point.value for point in answer.points]]
    image, roi = load_case(cohort, cohort.case_ids[7])
    from CervixRiskLib.radiomics import extract

    vector = extract(image, roi, "wang2025")
    variance = predictor.fusion.score_variance(dict(zip(vector.names, vector.values, strict=True)), None)
    raw = coefficients @ x + regression.coefficients[1] * rng.normal(scale=np.sqrt(variance), size=40_000)
    middle = regression.coefficients @ x
    calibration = rng.multivariate_normal(
        [regression.intercept, regression.slope], regression.calibration_covariance, 40_000
    )
    spread = regression.slope * (raw - middle) + calibration @ [1.0, middle]
    low, high = expit(spread.mean() + np.array([-1.96, 1.96]) * spread.std())
    np.testing.assert_allclose(answer.interval, (low, high), atol=0.02)
    assert variance > 0


def test_the_bundle_tells_what_it_is(trained):
    manifest = load_bundle(trained.bundle_path).manifest
    assert manifest.simulated
    assert manifest.training.cases == 30
    assert manifest.radiomics.preset == "wang2025"
    assert set(manifest.selected_features) <= set(trained.model.radiomics_columns)
    honest = manifest.metric("auc", model="nomogram")
    assert honest.lower <= honest.value <= honest.upper
    assert {metric.protocol for metric in manifest.metrics} == {"honest", "paper"}
    assert any("Paper protocol" in sentence for sentence in manifest.deviations)
    assert any("not filtered for reproducibility" in sentence for sentence in manifest.deviations)
    assert "No network (paper: DenseNet121)." in manifest.deviations
    assert manifest.training.centers >= 1
    assert [column.name for column in manifest.clinical] == ["maximum_diameter", "histology"]
    assert any("rounding noise" in note for note in trained.notes)
    assert any("No test cases were held out" in note for note in trained.notes)
    assert not any("wavelet-LLH" in name or "wavelet-HHH" in name for name in trained.model.radiomics_columns)


def test_what_the_recording_tells_is_measured_and_told(trained, cohort):
    found = trained.record.acquisition
    assert found.cases == len(cohort)
    assert (found.folds, found.repeats) == (5, 3)
    assert found.lower < found.auc < found.upper
    assert found.sentence() in trained.notes
    assert recording_words(trained.manifest)[0].removeprefix("Warning: ") == found.sentence()
    assert {trait.kind for trait in found.traits} == {"pixel size", "brightness", "contour"}


def test_examples_are_chosen_by_their_rank_out_of_fold(trained, cohort):
    outcomes = dict(zip(cohort.case_ids, cohort.outcomes, strict=True))
    answers = dict(zip(cohort.case_ids, trained.validation.probability.mean(axis=0), strict=True))
    assert [one.outcome for one in trained.examples] == ["no metastasis"] * 3 + ["metastasis"] * 3
    for code in (0, 1):
        shown = [one.candidates[0] for one in trained.examples[3 * code : 3 * code + 3]]
        members = sorted(answers[name] for name, outcome in outcomes.items() if outcome == code)
        ranks = [members.index(answers[name]) / (len(members) - 1) for name in shown]
        np.testing.assert_allclose(ranks, (0.1, 0.5, 0.9), atol=0.51 / (len(members) - 1))
        assert all(outcomes[name] == code for name in shown)
    assert not any(one.held_out for one in trained.examples)


def test_nothing_is_left_beside_the_bundle(trained):
    names = {path.name for path in trained.bundle_path.parent.iterdir()} - {"again"}
    assert names == {"radiomics.zip"}


def test_warnings_stand_beside_the_answer(predictor, cohort):
    def codes(**changes):
        return {warning.code for warning in predictor.predict(as_case(cohort, 2, **changes)).warnings}

    case = as_case(cohort, 2)
    assert WarningCode.DEMO_BUNDLE in codes()
    assert WarningCode.HEATMAP_UNAVAILABLE in codes()
    assert WarningCode.UNKNOWN_PIXEL_SIZE not in codes()
    bare = replace(case.image, spacing_mm=None)
    assert WarningCode.UNKNOWN_PIXEL_SIZE in codes(image=bare, roi=Roi(case.roi.mask))
    touching = case.roi.mask.copy()
    touching[: touching.shape[0] // 2, touching.shape[1] // 2] = True
    assert WarningCode.ROI_TOUCHES_BORDER in codes(roi=Roi.from_mask(touching, case.image))
    tiny = np.zeros_like(case.roi.mask)
    tiny[100:108, 100:108] = True
    few = codes(roi=Roi.from_mask(tiny, case.image))
    assert {WarningCode.SMALL_ROI, WarningCode.FAR_FROM_TRAINING} <= few
    assert WarningCode.CLINICAL_OUT_OF_RANGE in codes(clinical={**case.clinical, "maximum_diameter": 150})


def test_a_missing_diameter_is_measured_and_said(predictor, cohort):
    case = as_case(cohort, 4)
    clinical = {name: value for name, value in case.clinical.items() if name != "maximum_diameter"}
    answer = predictor.predict(replace(case, clinical=clinical))
    assert answer.points[1].value == pytest.approx(case.roi.max_diameter_mm, abs=0.06)
    assert any("measured on the contour" in warning.text for warning in answer.warnings)


@pytest.mark.parametrize(
    ("clinical", "words"),
    [
        ({"maximum_diameter": 30}, "needs histology"),
        ({"maximum_diameter": 30, "histology": "sarcoma"}, "Histology"),
        ({"maximum_diameter": "wide", "histology": 0}, "not a number"),
        ({"maximum_diameter": 3000, "histology": 0}, "plausible range"),
        ({"maximum_diamter": 30, "histology": 0}, "Did you mean 'maximum_diameter'"),
    ],
)
def test_bad_clinical_values_are_refused_in_a_sentence(predictor, cohort, clinical, words):
    with pytest.raises(ClinicalValueError, match=words):
        predictor.predict(as_case(cohort, 0, clinical=clinical))


def test_a_case_without_contour_is_refused(predictor, cohort):
    with pytest.raises(RoiError, match="delineate"):
        predictor.predict(as_case(cohort, 0, roi=None))


def test_shuffled_outcomes_say_so(cohort, tmp_path, few_folds):
    result = train(cohort, TrainingSettings(networks=(), clinical=(), shuffle_outcome=True, **QUICK), tmp_path / "b")
    assert any("shuffled" in sentence for sentence in result.manifest.deviations)
    assert result.manifest.metric("auc", model="nomogram").value < 0.75


def test_the_tables_own_split_is_followed(cohort, tmp_path):
    table = cohort.table.copy()
    table["split"] = ["test" if i % 3 == 0 else "train" for i in range(len(table))]
    split = replace(cohort, table=table)
    result = train(split, TrainingSettings(networks=(), clinical=(), **QUICK), tmp_path / "b.zip")
    assert result.manifest.training.cases == 20
    held_out = result.manifest.metric("auc", model="nomogram, held-out test")
    assert held_out.n == 10
    assert result.record.acquisition.cases == 20  # the held-out side stays closed
    tested = set(np.array(cohort.case_ids)[::3])
    assert all(one.held_out and set(one.candidates) <= tested for one in result.examples)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"networks": ("vgg",)}, SettingsError, "densenet121"),
        ({"effort": "huge"}, SettingsError, "quick, standard, full"),
        ({"clinical": ("age", "height")}, SettingsError, "height"),
        ({"icc_rule": "any"}, SettingsError, "either"),
        ({"test_fraction": 0.9}, SettingsError, "0.5"),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(cohort, tmp_path, change, error, words):
    with pytest.raises(error, match=words):
        train(cohort, TrainingSettings(**{"networks": (), **QUICK, **change}), tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def test_too_few_cases_and_mixed_pixel_sizes_are_refused(cohort, tmp_path):
    settings = TrainingSettings(networks=(), clinical=(), **QUICK)
    with pytest.raises(TrainingError, match="at least 20"):
        train(cohort.select(cohort.case_ids[:12]), settings, tmp_path / "b.zip")
    table = cohort.table.copy()
    table["spacing_mm"] = [None if i < 4 else value for i, value in enumerate(table["spacing_mm"])]
    with pytest.raises(TrainingError, match="4 of 30 images have no pixel size"):
        train(replace(cohort, table=table), settings, tmp_path / "b.zip")


def test_a_killed_training_leaves_no_bundle_and_is_resumed(cohort, tmp_path, few_folds):
    script = (
        "import sys; from dataclasses import replace; from CervixRiskLib.cohort import load_cohort\n"
        "from CervixRiskLib.plnm import *; from CervixRiskLib.plnm.settings import EFFORT_PLANS, Effort\n"
        "EFFORT_PLANS[Effort.QUICK] = replace(EFFORT_PLANS[Effort.QUICK], outer_folds=3, inner_folds=2)\n"
        "train(load_cohort(sys.argv[1]), TrainingSettings(networks=(), clinical=(), effort='quick', jobs=1,"
        "classifiers=('logistic_regression','svm')), sys.argv[2])"
    )
    destination = tmp_path / "b.zip"
    folds = tmp_path / ".b.zip.work" / "folds"
    command = [sys.executable, "-c", script, str(cohort.root / "cohort.csv"), str(destination)]
    child = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    deadline = time.monotonic() + 200
    while not (folds.is_dir() and any(folds.glob("fold-*.json"))) and time.monotonic() < deadline:
        assert child.poll() is None, "finished before it could be killed"
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not destination.exists()
    kept = {path: path.stat().st_mtime_ns for path in folds.glob("fold-*.json")}
    assert kept
    settings = TrainingSettings(networks=(), clinical=(), **QUICK)
    resumed = train(cohort, settings, destination)
    untouched = train(cohort, settings, tmp_path / "other.zip")
    assert not (tmp_path / ".b.zip.work").exists()
    values = [[metric.value for metric in result.metrics] for result in (resumed, untouched)]
    assert values[0] == values[1]
    load_bundle(destination)


# -- with a network ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deep(cohort, tmp_path_factory):
    pytest.importorskip("torch")
    settings = TrainingSettings(
        networks=("densenet121",), weights="none", fine_tuning="head", fine_tuning_epochs=2, clinical=(), **QUICK
    )
    with _few_folds():
        return train(cohort, settings, tmp_path_factory.mktemp("deep") / "deep.zip")


@pytest.mark.torch
def test_a_network_joins_the_score_and_draws_its_reasons(deep, cohort):
    predictor = load_predictor(load_bundle(deep.bundle_path), device="cpu")
    assert len(deep.model.deep_columns["densenet121"]) == 16_384
    case = as_case(cohort, 1, clinical={})
    answer = predictor.predict(case)
    assert any(contribution.kind == "deep" for contribution in answer.contributions)
    assert answer.heatmap is not None
    assert answer.heatmap.shape == case.image.shape
    inside = answer.heatmap[np.isfinite(answer.heatmap)]
    assert inside.min() >= 0
    assert inside.max() <= 1 + 1e-6
    assert inside.max() > 0
    assert np.isfinite(answer.heatmap[case.roi.mask]).all()
    assert predictor.predict(case, heatmap=False).heatmap is None


@pytest.mark.torch
def test_a_heat_map_is_made_as_asked_and_says_how(deep, cohort):
    predictor = load_predictor(load_bundle(deep.bundle_path), device="cpu")
    case = as_case(cohort, 1, clinical={})
    answers = {name: predictor.predict(case, heat_map_method=name) for name in ("gradcam", "hirescam")}
    for name, title in (("gradcam", "Grad-CAM"), ("hirescam", "HiResCAM")):
        assert answers[name].heatmap_target.startswith(title)
        assert np.nanmax(answers[name].heatmap) > 0
    assert not np.allclose(answers["gradcam"].heatmap, answers["hirescam"].heatmap, equal_nan=True, atol=0.05)
    assert predictor.predict(case).heatmap_target == answers["hirescam"].heatmap_target
    view, scorer = predictor.view(case.image, case.roi), predictor.fusion.scorer
    vector = extract(case.image, case.roi, predictor.preset)
    radiomics = dict(zip(vector.names, vector.values, strict=True))
    standardised = scorer.standardise(radiomics, view.embedding)
    slope = scorer.embedding_gradient(standardised).reshape(view.feature_map.shape)
    added = np.maximum((slope * view.feature_map).sum(axis=0), 0)
    expected = view.crop.to_image_grid(added / added.max(), case.image.shape)
    np.testing.assert_allclose(answers["hirescam"].heatmap, expected, atol=1e-5)


@pytest.mark.torch
def test_where_nothing_moves_the_score_there_is_no_map(deep, cohort):
    predictor = load_predictor(load_bundle(deep.bundle_path), device="cpu")
    view = predictor.view(*load_case(cohort, cohort.case_ids[1]))
    dark = NetworkView(view.engine, view.crop, np.zeros_like(view.feature_map))
    scorer = predictor.fusion.scorer
    for method in CamMethod:
        shown = score_heat_map(scorer, np.zeros(len(scorer.feature_names)), dark, (8, 8), method)
        assert shown.values is None
        assert [warning.code for warning in shown.warnings] == [WarningCode.HEATMAP_UNAVAILABLE]


@pytest.mark.torch
def test_examples_are_pictured_with_their_maps(deep, cohort):
    examples = picture_examples(deep.bundle_path, cohort, deep.examples[:2], device="cpu")
    assert len(examples) == 2
    for example in examples:
        assert example.mask is not None
        assert example.heat_map is not None
        assert example.heat_map.shape == example.image.shape == example.mask.shape
        assert np.isfinite(example.heat_map[example.mask]).all()


@pytest.mark.torch
def test_the_maps_gradient_is_the_scores_own(deep, cohort):
    """The whole way: nudging the feature map changes the fusion score by what the gradient says."""
    predictor = load_predictor(load_bundle(deep.bundle_path), device="cpu")
    case = as_case(cohort, 6, clinical={})
    from CervixRiskLib.radiomics import extract

    vector = extract(case.image, case.roi, "wang2025")
    radiomics = dict(zip(vector.names, vector.values, strict=True))
    embedding = predictor.view(case.image, case.roi).embedding.astype(np.float64)
    scorer = predictor.fusion.scorer
    gradient = scorer.embedding_gradient(scorer.standardise(radiomics, embedding))
    direction = gradient / np.linalg.norm(gradient)
    step = 0.05 / np.linalg.norm(gradient)

    def score(offset):
        return scorer.score(scorer.standardise(radiomics, embedding + offset * direction))

    measured = (score(step) - score(-step)) / (2 * step)
    assert measured == pytest.approx(np.linalg.norm(gradient), rel=0.02)


@pytest.mark.torch
def test_all_networks_compete_inside_the_resample(cohort, tmp_path, few_folds):
    settings = TrainingSettings(
        networks=("alexnet", "densenet121"), weights="none", crop_size=64, clinical=(),
        **{**QUICK, "classifiers": ("svm",)},
    )  # fmt: skip
    result = train(cohort, settings, tmp_path / "b.zip")
    assert {candidate.network for candidate in result.model.candidates_} == {"alexnet", "densenet121"}
    load_predictor(load_bundle(result.bundle_path), device="cpu").predict(as_case(cohort, 0, clinical={}))


@pytest.mark.torch
def test_a_fine_tuned_network_is_cross_fitted_and_stored(cohort, tmp_path, monkeypatch):
    settings = TrainingSettings(
        networks=("densenet121",), weights="none", fine_tuning="all", fine_tuning_epochs=1, fine_tuning_folds=2,
        crop_size=64, protocol="paper", clinical=(),
        **{**QUICK, "classifiers": ("logistic_regression",)},
    )  # fmt: skip
    # Every resample trains several networks; two folds are enough to see that the parts fit.
    plan = replace(EFFORT_PLANS[Effort.QUICK], outer_folds=2, inner_folds=2)
    monkeypatch.setitem(EFFORT_PLANS, Effort.QUICK, plan)
    result = train(cohort, settings, tmp_path / "b.zip")
    assert result.model.fold_scorers_ == []
    bundle = load_bundle(result.bundle_path)
    assert "fine-tuned network's own variance" in bundle.manifest.interval.method
    answer = load_predictor(bundle, device="cpu").predict(as_case(cohort, 0, clinical={}))
    expected = result.model.fusion_score(_pixels(cohort, 0, result))
    assert answer.score == pytest.approx(expected[0], abs=1e-4)


def _pixels(cohort, position, result):
    import pandas as pd

    from CervixRiskLib.imaging import crop_around_roi
    from CervixRiskLib.radiomics import extract

    image, roi = load_case(cohort, cohort.case_ids[position])
    vector = extract(image, roi, "wang2025").to_series()
    crop = crop_around_roi(image, roi, size=64, margin=0.1).pixels.reshape(-1)
    names = result.model.deep_columns["densenet121"]
    return pd.DataFrame([{**vector, **dict(zip(names, crop, strict=True))}])


@pytest.mark.torch
def test_published_weights_that_cannot_be_had_are_explained_before_any_work(cohort, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no-weights-here"))
    with pytest.raises((MissingComponentError, SettingsError), match=r"[Dd]ownload|file"):
        train(cohort, TrainingSettings(networks=("alexnet",), weights="missing.safetensors", **QUICK), tmp_path / "b")
    assert not list(tmp_path.glob(".b.work/cases/*"))
