"""From a cohort to a bundle and an answer: honest, resumable, whole or not at all."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from CervixRiskLib.bundle import CaseInput, WarningCode, load_bundle
from CervixRiskLib.bundle.trained_series import SERIES
from CervixRiskLib.cohort import load_slices
from CervixRiskLib.errors import BundleError, Cancelled, CohortError, ImageError, RoiError, SettingsError, TrainingError
from CervixRiskLib.imaging import SlicePreprocessing
from CervixRiskLib.networks import TrainingPlan
from CervixRiskLib.progress import Progress
from CervixRiskLib.staging import StagingSettings, load_predictor, load_staging_cohort, train

pytestmark = pytest.mark.torch

QUICK = StagingSettings(
    networks=("shufflenet_v2_x1_0",),
    weights="none",
    plan=replace(TrainingPlan.published(), epochs=4, batch_size=8, learning_rate=0.02),
    preprocessing=SlicePreprocessing(size=32, clahe_clip=0.0),
    field_of_view_mm=60.0,
    device="cpu",
)


@pytest.fixture(scope="module")
def discs(tmp_path_factory, write_disc_cohort):
    return write_disc_cohort(tmp_path_factory.mktemp("discs"), 40)


@pytest.fixture(scope="module")
def trained(tmp_path_factory, discs):
    # At 64 pixels the last layer has four cells, so that a heat map has places.
    settings = replace(
        QUICK,
        networks=("shufflenet_v2_x1_0", "resnet50"),
        preprocessing=SlicePreprocessing(size=64, clahe_clip=0.0),
    )
    return train(load_staging_cohort(discs, settings), settings, tmp_path_factory.mktemp("out") / "staging.zip")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, discs):
    """Trained at one go on the discs."""
    return train(load_staging_cohort(discs, QUICK), QUICK, tmp_path_factory.mktemp("whole") / "whole.zip")


def _case(table, position=0, settings=QUICK):
    cohort = load_staging_cohort(table, settings)
    case_id = cohort.case_ids[position]
    slices = load_slices(cohort, case_id)
    return CaseInput(case_id, slices.images[0], slices.roi, further_images=slices.images[1:])


class _StopAfter(Progress):
    """Cancels when so many steps were counted."""

    def __init__(self, steps):
        self.left = steps

    def _update(self, task):
        self.left -= 1

    def cancelled(self):
        return self.left <= 0


def test_the_bundle_says_what_it_is(trained):
    manifest = load_bundle(trained.bundle_path).manifest
    assert manifest.task == "staging"
    assert manifest.class_names == ("surgery", "chemoradiotherapy")
    assert manifest.details["network"] == "shufflenet_v2_x1_0"
    assert manifest.training.class_counts == (14, 14)
    assert {metric.model for metric in manifest.metrics} == {"shufflenet_v2_x1_0", "resnet50"}
    assert {metric.name for metric in manifest.metrics} == {
        "accuracy", "macro_precision", "macro_recall", "macro_f1", "auc",
    }  # fmt: skip
    for metric in manifest.metrics:
        assert metric.n == 12
        if metric.lower is not None or metric.name in ("accuracy", "auc"):
            assert metric.lower <= metric.value <= metric.upper
    assert any("random weights" in text for text in manifest.deviations)
    assert any("calibrated" in text for text in manifest.deviations)
    assert not trained.bundle_path.with_name(".staging.zip.work").exists()


def test_two_networks_are_compared_on_the_same_cases(trained):
    first, second = trained.networks
    assert first.case_ids == second.case_ids
    np.testing.assert_array_equal(first.evaluation.truth, second.evaluation.truth)
    assert trained.comparison is not None
    assert 0 <= trained.comparison.accuracy_p <= 1
    assert any("named first" in note for note in trained.notes)


def test_an_answer_is_calibrated_and_has_a_heat_map(trained, discs):
    predictor = load_predictor(load_bundle(trained.bundle_path))
    answers = [predictor.predict(_case(discs, position)) for position in range(6)]
    for answer in answers:
        assert answer.interval[0] <= answer.probability <= answer.interval[1]
        assert answer.positive_class == "chemoradiotherapy"
        assert sum(item.probability for item in answer.class_probabilities) == pytest.approx(1.0)
        assert (answer.label == "chemoradiotherapy") == (answer.probability >= answer.threshold)
    # Only an answer that depends on the image has one.
    predictor.calibration = replace(predictor.calibration, no_discrimination=False)
    answers = [predictor.predict(_case(discs, position)) for position in range(6)]
    for answer in answers:
        if answer.heatmap is not None:
            assert answer.heatmap.shape == (64, 64)
            assert np.nanmax(answer.heatmap) <= 1.0
    assert any(answer.heatmap is not None for answer in answers)


def test_the_bundle_gives_the_logits_that_were_judged(trained, discs):
    predictor = load_predictor(load_bundle(trained.bundle_path))
    judged = trained.networks[0]
    cohort = load_staging_cohort(discs, QUICK)
    for case_id, logits in list(zip(judged.case_ids, judged.evaluation.logits, strict=True))[:4]:
        answer = predictor.predict(_case(discs, cohort.case_ids.index(case_id)))
        assert answer.probability == pytest.approx(predictor.calibration.probabilities(logits)[1], abs=1e-4)


def test_without_a_contour_or_a_pixel_size_the_answer_is_refused(trained, discs):
    predictor = load_predictor(load_bundle(trained.bundle_path))
    assert predictor.needs_roi
    with pytest.raises(RoiError, match="delineate"):
        predictor.predict(replace(_case(discs), roi=None))
    image = _case(discs).image
    with pytest.raises(ImageError, match=r"pixel size is unknown, and this model looks at 60 mm"):
        predictor.predict(replace(_case(discs), image=replace(image, spacing_mm=None, spacing_source=None)))


def test_an_image_of_another_kind_is_told_by_its_file(trained, discs):
    predictor = load_predictor(load_bundle(trained.bundle_path))
    assert SERIES not in predictor.manifest.details
    case = _case(discs)
    silent = predictor.predict(case, heatmap=False)
    asked = predictor.predict(replace(case, image=replace(case.image, modality="US")), heatmap=False)
    assert asked.probability == silent.probability
    further = [warning.code for warning in asked.warnings if warning not in silent.warnings]
    assert further == [WarningCode.OTHER_MODALITY]


def test_a_training_that_was_stopped_goes_on_to_the_same_bundle(tmp_path, discs, whole):
    cohort = load_staging_cohort(discs, QUICK)
    with pytest.raises(Cancelled):
        train(cohort, QUICK, tmp_path / "part.zip", _StopAfter(95))
    assert not (tmp_path / "part.zip").exists()
    kept = list((tmp_path / ".part.zip.work").iterdir())
    assert kept
    part = train(cohort, QUICK, tmp_path / "part.zip")
    np.testing.assert_array_equal(part.networks[0].evaluation.logits, whole.networks[0].evaluation.logits)
    first, second = load_bundle(whole.bundle_path), load_bundle(part.bundle_path)
    assert first.read_bytes("network.safetensors") == second.read_bytes("network.safetensors")


def test_held_out_cases_change_nothing_in_the_network(tmp_path, whole, write_disc_cohort):
    """The cardinal sin: spoil every held-out slice and its group, and the trained weights must stay as they are."""
    held_out = set(whole.networks[0].case_ids)
    spoiled = write_disc_cohort(tmp_path / "spoiled", 40)
    lines = spoiled.read_text().splitlines()
    header = lines[0] + ",split"
    rows = []
    from PIL import Image

    for line in lines[1:]:
        cells = line.split(",")
        if cells[0] in held_out:
            noise = np.random.default_rng(len(rows)).integers(0, 255, (64, 64)).astype(np.uint8)
            Image.fromarray(noise).save(spoiled.parent / cells[1])
            cells[2] = str(1 - int(cells[2]))
        rows.append(",".join([*cells, "test" if cells[0] in held_out else "train"]))
    spoiled.write_text("\n".join([header, *rows]) + "\n")
    settings = replace(QUICK, quality=None)
    second = train(load_staging_cohort(spoiled, settings), settings, tmp_path / "b.zip")
    assert set(second.networks[0].case_ids) == held_out
    weights = [load_bundle(one.bundle_path).read_bytes("network.safetensors") for one in (whole, second)]
    assert weights[0] == weights[1]


def test_cross_validation_judges_every_case_once(tmp_path, discs):
    settings = replace(QUICK, validation="cv", folds=3, plan=replace(QUICK.plan, epochs=1))
    result = train(load_staging_cohort(discs, settings), settings, tmp_path / "cv.zip")
    (network,) = result.networks
    assert len(network.trials) == 3
    for number, trial in enumerate(network.trials):
        assert list(np.flatnonzero(network.answered_by == number)) == sorted(trial.positions)
    assert network.case_ids == load_staging_cohort(discs, settings).case_ids
    assert result.manifest.training.cases == 40
    assert load_predictor(load_bundle(result.bundle_path)).predict(_case(discs)).probability >= 0


def test_the_search_stays_inside_the_training_cases(tmp_path, discs):
    settings = replace(QUICK, search="random", trials=2, plan=replace(QUICK.plan, epochs=1))
    result = train(load_staging_cohort(discs, settings), settings, tmp_path / "searched.zip")
    (tried,) = result.networks[0].searched
    assert len(tried) == 2
    best = max(tried, key=lambda candidate: candidate.inner_auc)
    assert result.manifest.details["plan"]["learning_rate"] == best.learning_rate
    assert result.manifest.details["searched"]["shufflenet_v2_x1_0"]


def test_a_size_in_millimetres_is_not_varied_unless_asked(tmp_path, discs, write_disc_cohort):
    quick = replace(QUICK, plan=replace(QUICK.plan, epochs=1))
    cohort = load_staging_cohort(discs, quick)
    kept = train(cohort, quick, tmp_path / "kept.zip").manifest
    assert kept.details["plan"]["augmentation"]["scale"] == 0
    assert kept.details["plan"]["augmentation"]["crop"] == 0
    assert any("millimetres" in text for text in kept.deviations)
    asked = replace(quick, vary_size=True)
    varied = train(cohort, asked, tmp_path / "varied.zip").manifest
    assert varied.details["plan"]["augmentation"] == quick.plan.to_json()["augmentation"]
    assert not any("millimetres" in text for text in varied.deviations)
    # Without a pixel size nothing is shown in millimetres, and the published scaling stands.
    bare = load_staging_cohort(write_disc_cohort(tmp_path / "bare", 24, roi=False, spacing=""), quick)
    assert train(bare, quick, tmp_path / "bare.zip").manifest.details["plan"]["augmentation"]["scale"] > 0


def test_three_groups_two_channels_and_whole_slices(tmp_path, write_disc_cohort):
    table = write_disc_cohort(
        tmp_path / "three", 36, groups=("small", "medium", "large"), roi=False, spacing="", t1=True
    )
    # The largest discs fill so much with one grey that they pass for clipped, which is not the matter here.
    settings = replace(
        QUICK, group_order=("small", "medium", "large"), quality=None, plan=replace(QUICK.plan, epochs=2)
    )
    result = train(load_staging_cohort(table, settings), settings, tmp_path / "three.zip")
    assert result.class_names == ("small", "medium", "large")
    predictor = load_predictor(load_bundle(result.bundle_path))
    assert predictor.channels == ("image", "image_t1")
    assert not predictor.needs_roi
    answer = predictor.predict(_case(table, settings=settings))
    assert answer.threshold is None
    assert [item.name for item in answer.class_probabilities] == ["small", "medium", "large"]
    assert answer.label == answer.positive_class
    assert result.networks[0].evaluation.matrix.shape == (3, 3)
    case = _case(table, settings=settings)
    with pytest.raises(ImageError, match="image_t1 is the same image as another"):
        predictor.predict(replace(case, further_images=(case.image,)))
    # Where the bundle answers with the shares of the groups, whatever the network prefers, both are the largest group.
    for largest in range(3):
        shares = np.roll([0.5, 0.3, 0.2], largest)
        predictor.calibration = replace(predictor.calibration, no_discrimination=True, shares=shares)
        blind = predictor.predict(_case(table, settings=settings))
        assert blind.label == blind.positive_class == ("small", "medium", "large")[largest]
        assert blind.probability == 0.5
        assert blind.heatmap is None
        said = " ".join(warning.text for warning in blind.warnings)
        assert "every image gets the same answer" in said
        assert "the answer does not depend on the image" in said


def test_figo_stages_stand_in_for_outcomes(tmp_path, write_disc_cohort):
    table = write_disc_cohort(tmp_path / "figo", 24, groups=("FIGO ib2", "IIA-2"), column="figo_stage")
    cohort = load_staging_cohort(table, QUICK)
    assert cohort.class_names == ("surgery", "chemoradiotherapy")
    assert list(cohort.outcomes[:4]) == [0, 1, 0, 1]


def test_poor_slices_are_left_out_by_name_with_the_reason(tmp_path, discs, write_disc_cohort):
    from PIL import Image

    table = write_disc_cohort(tmp_path / "poor", 30)
    Image.fromarray(np.full((64, 64), 7, dtype=np.uint8)).save(table.parent / "c03.png")
    settings = replace(QUICK, plan=replace(QUICK.plan, epochs=1))
    result = train(load_staging_cohort(table, settings), settings, tmp_path / "b.zip")
    assert any("c03" in note and "quality" in note for note in result.notes)
    _tells_nobody(result, "c03")
    assert any("1 slice was left out for its quality" in note for note in result.record.notes)
    assert result.manifest.training.excluded == 1


def test_shuffled_groups_are_marked(tmp_path, discs):
    settings = replace(QUICK, shuffle_outcome=True, plan=replace(QUICK.plan, epochs=1))
    result = train(load_staging_cohort(discs, settings), settings, tmp_path / "b.zip")
    assert any("shuffled" in text for text in result.manifest.deviations)


def test_mixed_pixel_sizes_and_missing_contours_are_refused(tmp_path, write_disc_cohort):
    table = write_disc_cohort(tmp_path / "mixed", 24)
    lines = table.read_text().splitlines()
    lines[1] = lines[1].rsplit(",", 1)[0] + ","
    table.write_text("\n".join(lines) + "\n")
    with pytest.raises(TrainingError, match="pixel size"):
        train(load_staging_cohort(table, QUICK), QUICK, tmp_path / "b.zip")
    bare = write_disc_cohort(tmp_path / "bare", 24, roi=False)
    settings = replace(QUICK, centre="roi")
    with pytest.raises(TrainingError, match="contour"):
        train(load_staging_cohort(bare, settings), settings, tmp_path / "b.zip")


def test_an_unreadable_slice_is_named_or_left_out(tmp_path, write_disc_cohort):
    table = write_disc_cohort(tmp_path / "broken", 24)
    (table.parent / "c05.png").write_bytes(b"no picture")
    with pytest.raises(CohortError, match="c05"):
        train(load_staging_cohort(table, QUICK), QUICK, tmp_path / "b.zip")
    settings = replace(QUICK, skip_invalid=True, plan=replace(QUICK.plan, epochs=1))
    result = train(load_staging_cohort(table, settings), settings, tmp_path / "b.zip")
    assert any("c05" in note for note in result.notes)
    _tells_nobody(result, "c05")
    assert any("1 case could not be used" in note for note in result.record.notes)


def _tells_nobody(result, name):
    """What the bundle's texts say is read by others than those who hold the cohort."""
    bundle = load_bundle(result.bundle_path)
    texts = [content for path, content in bundle.contents.files.items() if path.endswith((".json", ".md"))]
    assert len(texts) > 1
    # As a word: three letters and digits stand in many a hash.
    assert not any(re.search(rf"\b{name}\b".encode(), content) for content in texts)


@pytest.mark.parametrize(
    "wrong",
    [
        {"networks": ()},
        {"networks": ("alexnet",)},
        {"networks": ("resnet50", "resnet50")},
        {"networks": ("resnet50", "hrnet_w32"), "preprocessing": SlicePreprocessing(size=50)},
        {"networks": ("resnet50", "hrnet_w32"), "weights": "file.safetensors"},
        {"validation": "loo"},
        {"search": "bayes"},
        {"test_fraction": 0.9},
        {"folds": 1},
        {"field_of_view_mm": 0.0},
        {"trials": 0},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(SettingsError):
        StagingSettings(**wrong)


def test_a_bundle_of_another_task_is_refused(trained):
    bundle = load_bundle(trained.bundle_path)
    object.__setattr__(bundle, "manifest", replace(bundle.manifest, task="plnm"))
    with pytest.raises(BundleError, match="another question"):
        load_predictor(bundle)
