"""What a staging cohort must not hold, found before a network is trained on it."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace

import numpy as np
import pytest

from CervixRiskLib.errors import CohortError, TrainingError
from CervixRiskLib.imaging import SlicePreprocessing
from CervixRiskLib.staging import StagingSettings, load_staging_cohort
from CervixRiskLib.staging.bundle_manifest import deviations
from CervixRiskLib.staging.case_crops import build_case_crops
from CervixRiskLib.staging.resamples import draw_resamples

SETTINGS = StagingSettings(
    weights="none", preprocessing=SlicePreprocessing(size=32), field_of_view_mm=60.0, quality=None
)


@pytest.fixture(scope="module")
def discs(tmp_path_factory, write_disc_cohort):
    return write_disc_cohort(tmp_path_factory.mktemp("discs"), 24, t1=True)


@pytest.fixture
def changed(discs, tmp_path):
    """A function that writes the table of discs anew with what another function makes of each row."""

    def change(make):
        shutil.copytree(discs.parent, tmp_path / "cohort")
        with discs.open(newline="", encoding="utf-8") as handle:
            rows = [{**row, **make(index, row)} for index, row in enumerate(csv.DictReader(handle))]
        table = tmp_path / "cohort" / "cohort.csv"
        with table.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return table

    return change


def _crops(table, settings=SETTINGS):
    return build_case_crops(load_staging_cohort(table, settings), settings)


def test_one_image_under_two_patients_is_refused_and_one_left_out(changed):
    table = changed(lambda index, row: {})
    shutil.copy(table.parent / "c02.png", table.parent / "c09.png")  # another file and name, another group
    with pytest.raises(CohortError, match="case c09: its image is that of case c02, and they count as two patients"):
        _crops(table)
    found = _crops(table, replace(SETTINGS, skip_invalid=True))
    assert "c09" not in found.cohort.case_ids
    assert "c02" in found.cohort.case_ids
    assert found.notes[0] == "1 case could not be used and was left out."


def test_two_lesions_on_one_image_of_a_patient_are_two_cases(changed):
    table = changed(lambda index, row: {"patient_id": "p" if index in (2, 4) else row["case_id"]})
    shutil.copy(table.parent / "c02.png", table.parent / "c04.png")
    assert len(_crops(table).labels) == 24


def test_a_patient_in_both_treatment_groups_is_refused(changed):
    table = changed(lambda index, row: {"patient_id": "anna" if index < 2 else row["case_id"]})
    with pytest.raises(CohortError, match=r"A patient has cases in both treatment groups .*'anna'"):
        load_staging_cohort(table, SETTINGS)
    # Groups of other names may be told from slice to slice.
    own = replace(SETTINGS, group_order=("without tumour", "with tumour"))
    assert len(load_staging_cohort(table, own)) == 24


def test_a_case_that_cannot_be_cropped_is_named_or_left_out(changed):
    """The pixel size is possible for a reader and impossible for a square of 60 mm: found while cropping."""
    table = changed(lambda index, row: {"spacing_mm": "0.01" if index == 5 else "1.0"})
    with pytest.raises(CohortError, match="1 of 24 cases cannot be used:\n  case c05: By its pixel size"):
        _crops(table)
    found = _crops(table, replace(SETTINGS, skip_invalid=True))
    assert len(found.crops) == len(found.labels) == len(found.cohort) == 23
    assert all(crop.any() for crop in found.crops)


def test_too_few_cases_that_can_be_used_are_refused(changed):
    table = changed(lambda index, row: {})
    for index in range(5):
        (table.parent / f"c{index:02d}.png").write_bytes(b"no picture")
    with pytest.raises(TrainingError, match="19 usable cases are left"):
        _crops(table, replace(SETTINGS, skip_invalid=True))


def test_stages_that_name_no_group_are_counted_where_the_outcome_decides(changed):
    table = changed(lambda index, row: {"figo_stage": "IB" if index < 3 else ""})
    cohort = load_staging_cohort(table, SETTINGS)
    assert cohort.notes[-1].startswith("3 cases have a FIGO stage that names no treatment group")


def test_groups_too_small_for_the_validation_or_the_search_are_found_before_training(discs):
    cohort = load_staging_cohort(discs, SETTINGS)
    crops = build_case_crops(cohort, SETTINGS)
    # Four patients of the second group, two of whom are held out.
    labels = np.where(np.isin(np.arange(24), (1, 3, 5, 7)), 1, 0)
    few = replace(crops, labels=labels)
    halves = replace(SETTINGS, test_fraction=0.5)
    assert len(draw_resamples(few, halves)[0]) == 1
    with pytest.raises(TrainingError, match="held out, 1 patient is in the group chemoradiotherapy, and 2 are needed"):
        draw_resamples(few, SETTINGS)
    for settings in (halves, replace(SETTINGS, validation="cv", folds=2)):
        with pytest.raises(TrainingError, match=r"searched on, 2 patients are .* 3 are needed: .* without a search"):
            draw_resamples(few, replace(settings, search="random"))
    # Two slices of one patient are one patient.
    patients = np.where(labels == 1, np.where(np.arange(24) < 4, "p", "q"), crops.patients)
    with pytest.raises(TrainingError, match="1 patient is"):
        draw_resamples(replace(few, patients=patients), halves)


def test_groups_beyond_the_stages_own_are_told_how_they_are_named(changed):
    table = changed(lambda index, row: {"outcome": "systemic" if index < 4 else "", "figo_stage": "IVB"})
    with pytest.raises(
        CohortError, match=r"belongs to 'chemoradiotherapy' \(groups of your own are named with --groups"
    ):
        load_staging_cohort(table, SETTINGS)


def test_weights_from_a_file_are_a_deviation(discs):
    for weights, said in (("none", "random weights"), ("own.safetensors", "weights in a file"), ("imagenet", "")):
        settings = replace(SETTINGS, weights=weights)
        found = " ".join(deviations(build_case_crops(load_staging_cohort(discs, settings), settings), settings))
        assert ("ImageNet" in found) == bool(said)
        assert said in found
