"""Readings of a simulated cohort: an addition that changes nothing, of a spread that can be measured."""

from __future__ import annotations

import csv
import json
import os
import shutil
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from CervixRiskLib.cohort.simulation import simulate_mri, simulate_ultrasound
from CervixRiskLib.cohort.simulation.lesion_shape import Outline, draw_outline
from CervixRiskLib.cohort.simulation.reader_contours import (
    FIRST_READER,
    LesionOnGrid,
    ReaderHabit,
    Stray,
    draw_habit,
    draw_stray,
    redrawn,
)
from CervixRiskLib.errors import Cancelled, SettingsError, StorageError
from CervixRiskLib.progress import Progress

KINDS = {"ultrasound": simulate_ultrasound, "mri": simulate_mri}
CASES = 16


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def readings(folder):
    with (folder / "readings.csv").open(newline="") as handle:
        return list(csv.DictReader(handle))


def masks(folder):
    found = {}
    for row in readings(folder):
        with Image.open(folder / row["roi"]) as picture:
            pixels = np.asarray(picture)
        assert set(np.unique(pixels)) == {0, 255}, row["roi"]  # so none is empty
        found[row["case_id"], (row["reader"], row["round"])] = pixels > 0
    return found


def mean_dice(found, first, second):
    pairs = [(found[case, first], found[case, second]) for case in sorted({key[0] for key in found})]
    return float(np.mean([2 * (one & other).sum() / (one.sum() + other.sum()) for one, other in pairs]))


A, A_AGAIN, B, C = ("Reader A", "initial"), ("Reader A", "repeat"), ("Reader B", "initial"), ("Reader C", "initial")


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def plain(kind, tmp_path_factory):
    """A cohort without readings."""
    folder = tmp_path_factory.mktemp("plain") / kind
    KINDS[kind](folder, CASES, 42, jobs=1)
    return folder


@pytest.fixture(scope="module")
def again(kind, plain, tmp_path_factory):
    """``again(variability)``: the cohort with three readers and a repeat, asked for afterwards."""
    made = {}

    def read(variability):
        if variability not in made:
            made[variability] = tmp_path_factory.mktemp("read") / kind
            shutil.copytree(plain, made[variability])
            KINDS[kind](made[variability], CASES, 42, readers=3, repeat=True, variability=variability, jobs=1)
        return made[variability]

    return read


def test_readings_change_nothing_else(kind, plain, again, tmp_path):
    before, after = contents(plain), contents(again(1.0))
    described = {"simulation.json", "README.txt"}
    for name in before.keys() - described:
        assert after[name] == before[name], name
    added = {name.split("/")[0] for name in after.keys() - before.keys()}
    assert added == {"readings", "readings.csv"}
    mark, known = json.loads(after["simulation.json"]), json.loads(before["simulation.json"])
    described_readings = mark.pop("readings")
    assert mark == known
    assert described_readings["readers"] == ["Reader A", "Reader B", "Reader C"]
    assert (described_readings["repeat"], described_readings["variability"]) == (True, 1.0)
    assert after["README.txt"].startswith(before["README.txt"])
    assert b"variability 1 " in after["README.txt"]
    # Asked for at once, in two processes: the same bytes.
    KINDS[kind](tmp_path / "at-once", CASES, 42, readers=3, repeat=True, jobs=2)
    assert contents(tmp_path / "at-once") == after


def test_the_table_names_every_reading_once(again):
    folder = again(1.0)
    rows = readings(folder)
    assert list(rows[0]) == ["case_id", "reader", "round", "roi", "drawn_at", "duration_s", "software"]
    keys = [(row["case_id"], (row["reader"], row["round"])) for row in rows]
    cases = [f"sim-{number:05d}" for number in range(1, CASES + 1)]
    assert sorted(keys) == sorted((case, reading) for case in cases for reading in (A, A_AGAIN, B, C))
    for row in rows:
        initial = (row["reader"], row["round"]) == A
        place = "rois" if initial else f"readings/{row['reader']}/{row['round']}"
        assert row["roi"] == f"{place}/{row['case_id']}.png"
        assert row["software"].startswith("CervixRisk simulation ")
    masks_there = {path.relative_to(folder).as_posix() for path in (folder / "readings").rglob("*.png")}
    assert masks_there | {f"rois/{case}.png" for case in cases} == {row["roi"] for row in rows}


def test_without_variability_all_draw_the_same(again):
    found = masks(again(0.0))
    for (case, _), mask in found.items():
        np.testing.assert_array_equal(mask, found[case, A])


def test_agreement_is_as_stated_and_falls_with_the_variability(again):
    inter, intra = [], []
    for variability in (0.0, 0.5, 1.0, 2.0, 3.0):
        found = masks(again(variability))
        inter.append(np.mean([mean_dice(found, A, B), mean_dice(found, A, C)]))
        intra.append(mean_dice(found, A, A_AGAIN))
    assert inter[0] == intra[0] == 1
    assert all(np.diff(inter) < 0), inter
    assert all(np.diff(intra) < 0), intra
    assert all(own > others for own, others in zip(intra[1:], inter[1:], strict=True))
    assert 0.88 < inter[2] < 0.93
    assert 0.92 < intra[2] < 0.95


def test_readers_have_their_tendencies(again):
    """A reader's mean deviation over the cases in (root) area is hers, so the two further readers differ in it."""
    found = masks(again(1.0))
    ratios = {
        reader: np.array([
            np.log(found[case, (reader, "initial")].sum() / found[case, A].sum()) / 2
            for case in sorted({key[0] for key in found})
        ])
        for reader in ("Reader B", "Reader C")
    }  # fmt: skip
    for reader, number in (("Reader B", 2), ("Reader C", 3)):
        tendency = draw_habit(np.random.default_rng((42, number, 1))).tendency
        assert 0.02 <= abs(tendency) <= 0.06
        # A contour's own size has an SD of 5 % and its course adds a little; on MRI small lesions stray further.
        assert np.mean(ratios[reader]) == pytest.approx(tendency, abs=0.045)


def test_dates_are_working_mornings_and_repeats_come_after_the_washout(again):
    rows = readings(again(1.0))
    drawn = {
        (row["case_id"], (row["reader"], row["round"])): datetime.fromisoformat(row["drawn_at"].replace("Z", "+00:00"))
        for row in rows
    }
    for (case, (reader, turn)), moment in drawn.items():
        assert moment.weekday() < 5
        assert moment.utcoffset() == timedelta(0)
        if turn == "repeat":
            assert moment - drawn[case, (reader, "initial")] >= timedelta(days=56)
    first = datetime.fromisoformat("2026-01-05T08:00:00+00:00")
    assert first < drawn["sim-00001", A] < first + timedelta(minutes=10)
    for reading in (A, A_AGAIN, B, C):
        finished = [drawn[f"sim-{number:05d}", reading] for number in range(1, CASES + 1)]
        assert finished == sorted(finished)
        begun = [
            end - timedelta(seconds=int(row["duration_s"]))
            for end, row in zip(
                finished, (row for row in rows if (row["reader"], row["round"]) == reading), strict=True
            )
        ]
        assert all(start >= end for start, end in zip(begun[1:], finished[:-1], strict=True))


def test_a_large_lesion_takes_longer(again):
    found = masks(again(1.0))
    rows = [row for row in readings(again(1.0)) if (row["reader"], row["round"]) == A]
    seconds = np.array([int(row["duration_s"]) for row in rows])
    assert (seconds >= 10).all()
    assert (seconds <= 360).all()
    border = [np.sqrt(found[row["case_id"], A].sum()) for row in rows]
    assert np.corrcoef(border, seconds)[0, 1] > 0.3


def test_readings_are_added_bit_by_bit_and_kept(kind, plain, again, tmp_path):
    simulate, whole = KINDS[kind], contents(again(1.0))
    folder = tmp_path / kind
    simulate(folder, 5, 42, readers=2, jobs=1)
    simulate(folder, 5, 42, repeat=True, jobs=1)
    assert {row["reader"] for row in readings(folder)} == {"Reader A", "Reader B"}
    simulate(folder, CASES, 42, jobs=1)  # more cases: they are read too
    assert len(readings(folder)) == 3 * CASES
    untouched = folder / "readings" / "Reader B" / "initial" / "sim-00002.png"
    written = untouched.stat().st_mtime_ns
    (folder / "readings" / "Reader A" / "repeat" / "sim-00003.png").unlink()
    (folder / "readings.csv").unlink()
    simulate(folder, CASES, 42, readers=3, jobs=1)
    assert contents(folder) == whole
    assert untouched.stat().st_mtime_ns == written


def test_a_cancelled_run_is_taken_up_where_it_ended(kind, plain, again, tmp_path):
    class FourThenStop(Progress):
        done = 0

        def _update(self, task):
            self.done = task.done

        def cancelled(self):
            return self.done >= 4

    folder = tmp_path / kind
    shutil.copytree(plain, folder)
    with pytest.raises(Cancelled):
        KINDS[kind](folder, CASES, 42, readers=3, repeat=True, jobs=1, progress=FourThenStop())
    assert not (folder / "readings.csv").exists()
    assert len(list((folder / "readings").rglob("*.png"))) == 4 * 3
    assert json.loads((folder / "simulation.json").read_text())["complete"] is False
    KINDS[kind](folder, CASES, 42, jobs=1)  # the mark knows what was asked for
    assert contents(folder) == contents(again(1.0))


@pytest.mark.parametrize("stop_at", range(12))
def test_a_kill_at_any_write_leaves_a_folder_that_can_be_taken_up(stop_at, tmp_path, monkeypatch):
    """Every file is either whole or not there, and the same command leaves the same bytes."""
    whole = tmp_path / "whole"
    simulate_mri(whole, 1, 5, readers=2, repeat=True, jobs=1)
    before = contents(whole)
    folder, replace, count = tmp_path / "killed", os.replace, 0

    class Killed(BaseException):
        pass

    def kill(source, target):
        nonlocal count
        count += 1
        if count > stop_at:
            raise Killed
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("CervixRiskLib.atomic.os.replace", kill)
        try:
            simulate_mri(folder, 1, 5, readers=2, repeat=True, jobs=1)
            assert stop_at == 11, "the last one is not killed, all others are"
        except Killed:
            pass
    left = contents(folder) if folder.exists() else {}
    assert all(content == before[name] for name, content in left.items() if name != "simulation.json")
    simulate_mri(folder, 1, 5, readers=2, repeat=True, jobs=1)
    assert contents(folder) == before


def test_another_variability_needs_another_folder(kind, again, tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(again(1.0), folder)
    before = contents(folder)
    with pytest.raises(SettingsError, match="variability 1"):
        KINDS[kind](folder, CASES, 42, readers=2, variability=2.0, jobs=1)
    assert contents(folder) == before
    shutil.rmtree(folder / "readings")
    (folder / "readings.csv").unlink()
    KINDS[kind](folder, CASES, 42, readers=3, repeat=True, variability=0.5, jobs=1)
    assert contents(folder) == contents(again(0.5))


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        ({"readings_version": 0}, "another version"),
        ({"readers": 3}, "damaged"),
        ({"variability": "much"}, "damaged"),
        ({"readers": [f"Reader {number}" for number in range(40)]}, "from 1 to 26"),
    ],
)
def test_a_mark_that_does_not_fit_is_not_trusted(tmp_path, spoiled, words):
    simulate_mri(tmp_path, 1, 42, readers=2, jobs=1)
    mark = json.loads((tmp_path / "simulation.json").read_text())
    mark["readings"].update(spoiled)
    (tmp_path / "simulation.json").write_text(json.dumps(mark))
    with pytest.raises(SettingsError, match=words):
        simulate_mri(tmp_path, 1, 42, readers=2, jobs=1)


def test_readings_of_something_else_are_left_alone(tmp_path):
    (tmp_path / "readings.csv").write_text("case_id,reader\n")
    with pytest.raises(StorageError, match="already holds other files"):
        simulate_mri(tmp_path, 1, 42, readers=2, jobs=1)
    assert contents(tmp_path) == {"readings.csv": b"case_id,reader\n"}


def test_both_weightings_are_read_once(tmp_path):
    simulate_mri(tmp_path / "one", 4, 42, readers=2, repeat=True, jobs=1)
    simulate_mri(tmp_path / "two", 4, 42, readers=2, repeat=True, t1=True, jobs=1)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert {name for name in two if name.endswith("-t1.png")} == two.keys() - one.keys()
    for name in one:
        if name.startswith("readings"):
            assert two[name] == one[name]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"readers": 0}, "number of simulated readers"),
        ({"readers": 27}, "number of simulated readers"),
        ({"readers": 2, "variability": -0.1}, "variability"),
        ({"readers": 2, "variability": 3.1}, "variability"),
        ({"readers": 2, "variability": float("nan")}, "variability"),
        ({"variability": 2.0}, "two readers or for a repeat"),
    ],
)
def test_impossible_settings_get_a_sentence_and_leave_nothing(kind, tmp_path, arguments, words):
    with pytest.raises(SettingsError, match=words):
        KINDS[kind](tmp_path / "new", 2, 1, **arguments)
    assert not (tmp_path / "new").exists()


def disc(radius_mm, pixel_mm=0.5, size=160):
    """A round lesion, the first reader's mask of it, and the distances of the pixels from its centre in mm."""
    lesion = LesionOnGrid(Outline((0.0, 0.0), np.full(512, radius_mm)), (80.25, 79.5), pixel_mm, 2 * radius_mm)
    row, column = np.indices((size, size))
    down, right = (row - lesion.center[0]) * pixel_mm, (column - lesion.center[1]) * pixel_mm
    return lesion, down, right


STILL = Stray(0.0, (0.0, 0.0), np.zeros(512))


def test_the_formula_on_a_disc():
    """Radius 15 mm: everything has its closed form, up to a pixel's half diagonal along the border."""
    lesion, down, right = disc(15.0)
    first = np.hypot(down, right) <= 15

    def differs(mask, depth_mm):
        return np.abs(depth_mm[mask != (depth_mm >= 0)]).max(initial=0.0)

    larger = redrawn(first, lesion, ReaderHabit(0.05, 1, 1), STILL, repeat=False, variability=2)
    assert differs(larger, 15 * np.exp(0.6 * np.tanh(0.1 / 0.6)) - np.hypot(down, right)) < 0.36
    shifted = redrawn(first, lesion, FIRST_READER, Stray(0.0, (0.1, -0.2), np.zeros(512)), repeat=False, variability=1)
    assert differs(shifted, 15 - np.hypot(down - 1.5, right + 3)) < 0.36
    repeated = redrawn(first, lesion, FIRST_READER, Stray(0.0, (0.1, -0.2), np.zeros(512)), repeat=True, variability=1)
    assert differs(repeated, 15 - np.hypot(down - 0.7 * 1.5, right + 0.7 * 3)) < 0.36
    angle = np.arange(512) * 2 * np.pi / 512
    wavy = redrawn(first, lesion, FIRST_READER, Stray(0, (0, 0), 0.1 * np.cos(3 * angle)), repeat=False, variability=1)
    log_ratio = 0.6 * np.tanh(0.1 * np.cos(3 * np.arctan2(down, right)) / 0.6)
    assert differs(wavy, 15 * np.exp(log_ratio) - np.hypot(down, right)) < 0.36


def test_a_smoother_reader_cuts_the_corners():
    outline = draw_outline(np.random.default_rng(1), 40.0, 2.0)
    lesion = LesionOnGrid(outline, (80.0, 80.0), 0.3, outline.feret_mm())
    x, z = (np.arange(160) - 80) * 0.3, (np.arange(160) - 80) * 0.3
    first = outline.depth_inside(*np.meshgrid(x, z)) >= 0

    def border(mask):
        padded = np.pad(mask.astype(int), 1)
        return np.abs(np.diff(padded, axis=0)).sum() + np.abs(np.diff(padded, axis=1)).sum()

    smoother = redrawn(first, lesion, ReaderHabit(0.0, 0.08, 1.0), STILL, repeat=False, variability=1)
    assert 0.9 < smoother.sum() / first.sum() < 1.1
    assert border(smoother) < 0.97 * border(first)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    radius_mm=st.floats(3, 40),
    pixel_mm=st.floats(0.1, 1.3),
    variability=st.floats(0, 3),
    repeat=st.booleans(),
)
def test_no_reading_is_empty_or_another_picture(seed, radius_mm, pixel_mm, variability, repeat):
    lesion, down, right = disc(radius_mm, pixel_mm)
    first = np.hypot(down, right) <= radius_mm
    kept = first.copy()
    rng = np.random.default_rng(seed)
    mask = redrawn(first, lesion, draw_habit(rng), draw_stray(rng), repeat=repeat, variability=variability)
    assert mask.shape == first.shape
    assert mask.dtype == bool
    assert mask.any()
    np.testing.assert_array_equal(first, kept)
    if variability == 0:
        np.testing.assert_array_equal(mask, first)
