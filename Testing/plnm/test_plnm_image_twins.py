"""One image under two patients: in training and test at once it would be recognised, not judged."""

from __future__ import annotations

import csv
import shutil

import pytest

from CervixRiskLib.cohort import load_cohort
from CervixRiskLib.cohort.image_twins import image_twins
from CervixRiskLib.cohort.simulation import simulate_ultrasound
from CervixRiskLib.errors import CohortError
from CervixRiskLib.plnm import TrainingSettings
from CervixRiskLib.plnm.case_table import build_case_table

SETTINGS = TrainingSettings(networks=(), preset="slice2d", effort="quick", jobs=1)


def _rewrite(table, change):
    with table.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    change(rows)
    with table.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _second_contour_for_the_tenth(rows):
    for name in ("roi", "spacing_mm"):
        rows[9][name] = rows[1][name]


def _one_patient(rows):
    for index, row in enumerate(rows):
        row["patient_id"] = "p1" if index in (1, 9) else row["case_id"]


@pytest.fixture
def table(tmp_path):
    path = simulate_ultrasound(tmp_path / "cohort", 12, 5, prevalence=0.4, jobs=1)
    cohort = load_cohort(path)
    second, tenth = (cohort.image_path(cohort.case_ids[index]) for index in (1, 9))
    shutil.copy(second, tenth)
    _rewrite(path, _second_contour_for_the_tenth)
    return path


def test_a_training_is_refused(table, tmp_path):
    cohort = load_cohort(table)
    with pytest.raises(CohortError) as caught:
        build_case_table(cohort, SETTINGS, work_dir=tmp_path / "work", device="cpu")
    text = str(caught.value)
    assert f"{cohort.case_ids[9]}: its image is that of case {cohort.case_ids[1]}" in text
    assert "one patient_id" in text


def test_the_second_is_left_out_where_that_was_asked_for(table, tmp_path):
    settings = TrainingSettings(networks=(), preset="slice2d", effort="quick", jobs=1, skip_invalid=True)
    cohort = load_cohort(table)
    made = build_case_table(cohort, settings, work_dir=tmp_path / "work", device="cpu")
    assert set(cohort.case_ids) - set(made.cohort.case_ids) == {cohort.case_ids[9]}
    assert len(made.y) == 11
    assert "One case was left out for having the image of another patient's case." in made.notes


def test_two_lesions_of_one_patient_are_no_twins(table):
    assert len(image_twins(load_cohort(table))) == 1
    _rewrite(table, _one_patient)
    assert image_twins(load_cohort(table)) == {}
