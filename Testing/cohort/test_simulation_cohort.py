"""A simulated cohort on disk: the same bytes whenever and however often it is asked for."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.cohort import load_case, load_cohort
from CervixRiskLib.cohort.simulation import simulate_ultrasound, simulate_ultrasound_case
from CervixRiskLib.cohort.simulation.ultrasound_cohort import is_positive
from CervixRiskLib.cohort.simulation_mark import SIMULATION_MARK
from CervixRiskLib.errors import Cancelled, SettingsError, StorageError
from CervixRiskLib.imaging import read_image, read_roi
from CervixRiskLib.progress import Progress


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    folder = tmp_path_factory.mktemp("six") / "cohort"
    simulate_ultrasound(folder, 6, 42, jobs=1)
    return folder


def rows(folder):
    with (folder / "cohort.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_everything_is_there_and_says_that_it_is_simulated(six):
    assert {path.name for path in six.iterdir()} == {
        "README.txt", "cohort.columns.yaml", "cohort.csv", "images", "rois", "simulation.json", "truth.csv",
    }  # fmt: skip
    document = json.loads((six / SIMULATION_MARK).read_text())
    assert document["simulated"] is True
    assert document["complete"] is True
    assert (document["seed"], document["cases"], document["positives"]) == (42, 6, 2)
    assert set(document["achievable_auc"]) == {"image", "clinical", "both"}
    assert "no patient" in document["notice"]
    assert "SIMULATED" in (six / "README.txt").read_text()
    from PIL import Image

    with Image.open(six / "images" / "sim-00001.png") as picture:
        assert picture.mode == "L"
        assert "Simulated" in picture.text["Description"]


def test_the_table_loads_as_a_cohort(six):
    cohort = load_cohort(six / "cohort.csv")
    assert cohort.simulated
    assert len(cohort.table) == 6
    assert cohort.table["outcome"].sum() == 2
    image, roi = load_case(cohort, "sim-00002")
    assert image.spacing_mm == roi.spacing_mm
    assert roi.max_diameter_mm == pytest.approx(float(rows(six)[1]["maximum_diameter"]), abs=3.5)


def test_pictures_and_contours_survive_the_disk(six):
    table = rows(six)
    for index in (0, 4):
        case = simulate_ultrasound_case(np.random.default_rng((42, index)), is_positive(index, 0.26))
        image = read_image(six / table[index]["image"])
        np.testing.assert_array_equal(image.pixels, case.image.pixels)
        roi = read_roi(six / table[index]["roi"], image)
        assert roi.mask_hash == case.roi.mask_hash
        assert float(table[index]["spacing_mm"]) == case.image.spacing_mm[0]
        assert {name: str(value) for name, value in case.clinical.items()} == {
            name: table[index][name] for name in case.clinical
        }


def test_a_larger_cohort_begins_with_the_smaller_and_processes_do_not_matter(six, tmp_path):
    simulate_ultrasound(tmp_path / "nine", 9, 42, jobs=2)
    small, large = contents(six), contents(tmp_path / "nine")
    for name, content in small.items():
        if name.startswith(("images/", "rois/")):
            assert large[name] == content
    assert large["cohort.csv"].startswith(small["cohort.csv"])
    assert large["truth.csv"].startswith(small["truth.csv"])


def test_repeating_resuming_and_extending_leave_the_same_bytes(six, tmp_path):
    folder = tmp_path / "again"
    simulate_ultrasound(folder, 4, 42, jobs=1)
    simulate_ultrasound(folder, 6, 42, jobs=1)
    assert contents(folder) == contents(six)
    (folder / "images" / "sim-00003.png").unlink()
    (folder / "cohort.csv").unlink()
    untouched = (folder / "images" / "sim-00002.png").stat().st_mtime_ns
    simulate_ultrasound(folder, 6, 42, jobs=1)
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
        simulate_ultrasound(folder, 6, 42, jobs=1, progress=ThreeThenStop())
    assert not (folder / "cohort.csv").exists()
    assert json.loads((folder / SIMULATION_MARK).read_text())["complete"] is False
    assert len(list((folder / "images").iterdir())) == 3
    simulate_ultrasound(folder, 6, 42, jobs=1)
    assert contents(folder) == contents(six)


def test_other_seeds_give_other_cases(six, tmp_path):
    simulate_ultrasound(tmp_path / "other", 2, 43, jobs=1)
    assert contents(tmp_path / "other")["images/sim-00001.png"] != contents(six)["images/sim-00001.png"]


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(StorageError, match="already holds other files"):
        simulate_ultrasound(tmp_path, 2, 1, jobs=1)
    assert contents(tmp_path) == {"thesis.docx": b"years of work"}
    with pytest.raises(StorageError, match="is a file"):
        simulate_ultrasound(tmp_path / "thesis.docx", 2, 1, jobs=1)


def test_another_simulation_is_left_alone(six):
    before = contents(six)
    for arguments in ({"seed": 43}, {"effect": 0.5}, {"prevalence": 0.4}):
        with pytest.raises(SettingsError, match="other settings"):
            simulate_ultrasound(six, 6, **{"seed": 42, "jobs": 1, **arguments})
    with pytest.raises(SettingsError, match="6 cases already"):
        simulate_ultrasound(six, 5, 42, jobs=1)
    assert contents(six) == before


@pytest.mark.parametrize("mark", ["", "[]", "{", '{"simulated": true}', "\x00\xff"])
def test_a_damaged_mark_is_not_trusted(tmp_path, mark):
    (tmp_path / SIMULATION_MARK).write_text(mark)
    with pytest.raises(SettingsError, match="other settings"):
        simulate_ultrasound(tmp_path, 2, 1, jobs=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cases": 0}, "at least one case"),
        ({"seed": -1}, "seed"),
        ({"prevalence": 0.0}, "prevalence"),
        ({"prevalence": float("nan")}, "prevalence"),
        ({"effect": 3.0}, "effect"),
        ({"jobs": 0}, "processes"),
    ],
)
def test_impossible_settings_get_a_sentence_and_leave_nothing(tmp_path, arguments, words):
    with pytest.raises(SettingsError, match=words):
        simulate_ultrasound(tmp_path / "new", **{"cases": 2, "seed": 1, **arguments})
    assert not (tmp_path / "new").exists()


@settings(deadline=None, max_examples=100)
@given(cases=st.integers(1, 3000), prevalence=st.floats(0.01, 0.99))
def test_every_prefix_has_the_wanted_share_of_positives(cases, prevalence):
    positives = sum(is_positive(index, prevalence) for index in range(cases))
    assert abs(positives - cases * prevalence) <= 0.5 + 1e-6
