"""A simulated MRI cohort on disk: the same bytes whenever and however often it is asked for."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from CervixRiskLib.cohort import load_case, load_cohort
from CervixRiskLib.cohort.simulation import simulate_mri, simulate_mri_case, simulate_ultrasound
from CervixRiskLib.cohort.simulation.figo_table import outcome_of, staged_cases
from CervixRiskLib.cohort.simulation_mark import SIMULATION_MARK
from CervixRiskLib.errors import Cancelled, SettingsError, StorageError
from CervixRiskLib.imaging import read_image, read_roi
from CervixRiskLib.progress import Progress


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(folder):
    with (folder / "cohort.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    folder = tmp_path_factory.mktemp("six") / "cohort"
    simulate_mri(folder, 6, 42, t1=True, jobs=1)
    return folder


def test_everything_is_there_and_says_that_it_is_simulated(six):
    assert {path.name for path in six.iterdir()} == {
        "README.txt", "cohort.columns.yaml", "cohort.csv", "images", "rois", "simulation.json", "truth.csv",
    }  # fmt: skip
    document = json.loads((six / SIMULATION_MARK).read_text())
    assert document["simulated"] is True
    assert document["complete"] is True
    assert document["kind"] == "mri"
    assert (document["seed"], document["cases"], document["positives"]) == (42, 6, 3)
    assert 0.93 < document["achievable_auc"]["image"] < 0.96
    assert sum(document["stages"].values()) == 6
    assert "no patient" in document["notice"]
    assert "SIMULATED" in (six / "README.txt").read_text()
    from PIL import Image

    with Image.open(six / "images" / "sim-00001-t1.png") as picture:
        assert picture.mode == "L"
        assert "Simulated" in picture.text["Description"]


def test_the_table_loads_as_a_cohort(six):
    cohort = load_cohort(six / "cohort.csv")
    assert cohort.simulated
    assert cohort.table["figo_stage"].tolist() == list(staged_cases(6))
    assert cohort.table["outcome"].tolist() == [outcome_of(stage) for stage in staged_cases(6)]
    assert set(cohort.clinical_names) == {"age", "nerve_invasion", "vascular_embolism"}
    image, roi = load_case(cohort, "sim-00002")
    assert image.spacing_mm == roi.spacing_mm


def test_pictures_and_contours_survive_the_disk(six):
    table = rows(six)
    for index, stage in ((0, "IB3"), (4, "IIB")):
        case = simulate_mri_case(np.random.default_rng((42, index)), stage, t1=True)
        row = table[index]
        image = read_image(six / row["image"])
        np.testing.assert_array_equal(image.pixels, case.image.pixels)
        np.testing.assert_array_equal(read_image(six / row["image_t1"]).pixels, case.image_t1.pixels)
        assert read_roi(six / row["roi"], image).mask_hash == case.roi.mask_hash
        assert float(row["spacing_mm"]) == case.image.spacing_mm[0]
        assert row["figo_stage"] == stage
        assert (int(row["age"]), int(row["nerve_invasion"])) == (case.patient.age, case.patient.nerve_invasion)


def test_a_larger_cohort_begins_with_the_smaller_and_processes_do_not_matter(six, tmp_path):
    simulate_mri(tmp_path / "nine", 9, 42, t1=True, jobs=2)
    small, large = contents(six), contents(tmp_path / "nine")
    for name, content in small.items():
        if name.startswith(("images/", "rois/")):
            assert large[name] == content
    assert large["cohort.csv"].startswith(small["cohort.csv"])
    assert large["truth.csv"].startswith(small["truth.csv"])


def test_t1_changes_nothing_else(six, tmp_path):
    simulate_mri(tmp_path / "t2", 6, 42, jobs=1)
    alone, both = contents(tmp_path / "t2"), contents(six)
    assert "image_t1" not in rows(tmp_path / "t2")[0]
    for name, content in alone.items():
        if name.startswith(("images/", "rois/")) or name == "truth.csv":
            assert both[name] == content


def test_repeating_resuming_and_extending_leave_the_same_bytes(six, tmp_path):
    folder = tmp_path / "again"
    simulate_mri(folder, 4, 42, t1=True, jobs=1)
    simulate_mri(folder, 6, 42, t1=True, jobs=1)
    assert contents(folder) == contents(six)
    (folder / "images" / "sim-00003-t1.png").unlink()
    (folder / "cohort.csv").unlink()
    untouched = (folder / "images" / "sim-00002.png").stat().st_mtime_ns
    simulate_mri(folder, 6, 42, t1=True, jobs=1)
    assert contents(folder) == contents(six)
    assert (folder / "images" / "sim-00002.png").stat().st_mtime_ns == untouched


def test_a_cancelled_run_can_be_taken_up_again(six, tmp_path):
    class ThreeThenStop(Progress):
        done = 0

        def _update(self, task):
            self.done = task.done

        def cancelled(self):
            return self.done >= 3

    folder = tmp_path / "cancelled"
    with pytest.raises(Cancelled):
        simulate_mri(folder, 6, 42, t1=True, jobs=1, progress=ThreeThenStop())
    assert not (folder / "cohort.csv").exists()
    assert json.loads((folder / SIMULATION_MARK).read_text())["complete"] is False
    simulate_mri(folder, 6, 42, t1=True, jobs=1)
    assert contents(folder) == contents(six)


def test_another_simulation_is_left_alone(six, tmp_path):
    before = contents(six)
    for arguments in ({"seed": 43}, {"effect": 0.5}, {"t1": False}, {"size": 320}):
        with pytest.raises(SettingsError, match="other settings"):
            simulate_mri(six, 6, **{"seed": 42, "t1": True, "jobs": 1, **arguments})
    with pytest.raises(SettingsError, match="6 cases already"):
        simulate_mri(six, 5, 42, t1=True, jobs=1)
    with pytest.raises(SettingsError, match="other settings"):
        simulate_ultrasound(six, 6, 42, jobs=1)
    assert contents(six) == before
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(StorageError, match="already holds other files"):
        simulate_mri(tmp_path, 2, 1, jobs=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cases": 0}, "at least one case"),
        ({"seed": -1}, "seed"),
        ({"effect": float("nan")}, "effect"),
        ({"size": 64}, "size"),
        ({"jobs": 0}, "processes"),
    ],
)
def test_impossible_settings_get_a_sentence_and_leave_nothing(tmp_path, arguments, words):
    with pytest.raises(SettingsError, match=words):
        simulate_mri(tmp_path / "new", **{"cases": 2, "seed": 1, **arguments})
    assert not (tmp_path / "new").exists()
