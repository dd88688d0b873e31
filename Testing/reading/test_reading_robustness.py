"""Perturbed contours: an analysis that needs one reader, repeats itself, and never passes for agreement of people."""

from __future__ import annotations

import numpy as np
import pytest

from CervixRiskLib.errors import ReadingError, SettingsError
from CervixRiskLib.imaging import RoiPerturbation, perturb_roi, read_roi
from CervixRiskLib.reading import (
    AgreementSettings,
    ReaderDesk,
    ReproducibilityRule,
    assign,
    check_integrity,
    compared_readings,
    create_study,
    feature_agreement,
    study_agreement,
)
from CervixRiskLib.reading.perturbed_contours import perturbed_contours
from CervixRiskLib.statistics import icc
from CervixRiskLib.statistics.agreement_analyses import AgreementAnalysis

PERTURBATION = AgreementAnalysis.PERTURBATION
PRESET = """
setting: {force2D: true}
imageType: {Original: {}}
featureClass:
  shape2D: [PixelSurface]
  firstorder: [Mean, Maximum]
"""


@pytest.fixture
def preset(tmp_path):
    path = tmp_path / "few.yaml"
    path.write_text(PRESET)
    return str(path)


@pytest.fixture
def alone(study, draw):
    """Only the primary reader has drawn."""
    desk = ReaderDesk(study, "Reader A")
    while (task := desk.next_task()) is not None:
        desk.submit(task.number, draw(task.number), round_=task.round)
    return study


def measured(study, preset, count, **options):
    found = feature_agreement(study, compared_readings(study), preset=preset, perturb=count, **options)
    return found, found.analysis(PERTURBATION)


def test_one_reader_is_enough(alone, preset):
    settings = AgreementSettings(preset=preset, perturb=3)
    found = study_agreement(alone, settings)
    assert found.decided_by == (PERTURBATION,)
    assert found.contours.pairs == ()
    analysis = found.features.analysis(PERTURBATION)
    assert analysis.raters == ("as drawn", "perturbed 1", "perturbed 2", "perturbed 3")
    assert analysis.ratings.shape == (8, 4, 3)
    assert any("not agreement between people" in note for note in found.notes)
    assert check_integrity(alone).sound


def test_the_icc_is_the_one_way_formula(alone, preset):
    _, analysis = measured(alone, preset, 3)
    assert analysis.icc.form.value == "ICC(1,1)"
    for place in range(3):
        ratings = analysis.ratings[:, :, place]
        k = ratings.shape[1]
        within = ratings.var(axis=1, ddof=1).mean()
        between = ratings.mean(axis=1).var(ddof=1) - within / k
        assert analysis.icc.value[place] == pytest.approx(between / (between + within))
    # Shuffling the versions within a case changes nothing, as it must not: they have no identity.
    shuffled = np.random.default_rng(0).permuted(analysis.ratings, axis=1)
    np.testing.assert_allclose(icc(shuffled, "ICC(1,1)").value, icc(analysis.ratings, "ICC(1,1)").value)


def test_more_versions_leave_the_first_as_they_are(alone, preset, tmp_path):
    _, two = measured(alone, preset, 2)
    _, three = measured(alone, preset, 3, work_dir=tmp_path / "elsewhere")
    np.testing.assert_array_equal(three.ratings[:, :3], two.ratings)
    assert not np.array_equal(three.ratings[:, 3], three.ratings[:, 2])


def test_the_versions_are_perturb_roi_seeded_by_case(alone, tmp_path):
    readings = compared_readings(alone)
    drawn = [(readings.cases[contour.number], contour) for contour in readings.primary_contours]
    files = perturbed_contours(alone, drawn, 2, folder=tmp_path / "versions")
    hashes = set()
    for (case, contour), places in zip(drawn, files, strict=True):
        image = alone.image(case)
        roi = alone.roi(contour, image)
        for which, place in enumerate(places):
            found = read_roi(place, image)
            rng = np.random.default_rng((alone.settings.seed, 71, case.number, which))
            assert found.mask_hash == perturb_roi(roi, rng).mask_hash
            hashes.add(found.mask_hash)
    assert len(hashes) == 16
    # One case by itself gives the same.
    assert perturbed_contours(alone, drawn[3:4], 2, folder=tmp_path / "one")[0][0].name == files[3][0].name
    # Without any perturbation it is the contour itself.
    still = RoiPerturbation(translation_sd=0, size_sd=0, noise_sd=0)
    same = perturbed_contours(alone, drawn[:1], 1, folder=tmp_path / "still", settings=still)[0][0]
    assert read_roi(same, alone.image(drawn[0][0])).mask_hash == drawn[0][1].mask_sha256


def test_readers_decide_unless_perturbation_is_named(alone, draw, preset):
    desk = ReaderDesk(alone, "Reader B")
    while (task := desk.next_task()) is not None:
        desk.submit(task.number, draw(task.number, 1))
    found = study_agreement(alone, AgreementSettings(preset=preset, perturb=2))
    assert found.decided_by == (AgreementAnalysis.INTER,)
    assert any("do not decide" in note for note in found.notes)
    both = ReproducibilityRule(analyses=(AgreementAnalysis.INTER, PERTURBATION))
    found = study_agreement(alone, AgreementSettings(preset=preset, perturb=2, rule=both))
    assert found.decided_by == (AgreementAnalysis.INTER, PERTURBATION)
    assert not any("do not decide" in note for note in found.notes)


def test_another_form_can_be_had(alone, preset):
    _, analysis = measured(alone, preset, 2, perturbation_form="ICC(3,1)")
    assert analysis.icc.form.value == "ICC(3,1)"


def test_mistakes(tmp_path, cohort_table, alone, preset):
    for count in (-1, 101):
        with pytest.raises(SettingsError, match="between"):
            measured(alone, preset, count)
    empty = create_study(tmp_path / "empty", cohort_table)
    assign(empty, primary="A", second_cases=2)
    with pytest.raises(ReadingError, match="primary reader's contours"):
        measured(empty, preset, 3)
