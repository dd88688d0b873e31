"""``cervixrisk reading create|assign|import|status|export`` as a coordinator types them."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from CervixRiskLib.cohort import load_cohort
from CervixRiskLib.reading import ReviewDesk, all_contours, open_study


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight simulated cases with two readers and a repeat."""
    from CervixRiskLib.cohort.simulation import simulate_ultrasound

    folder = tmp_path_factory.mktemp("reading cli") / "co hort"
    return simulate_ultrasound(folder, 8, 5, prevalence=0.5, readers=2, repeat=True, jobs=1)


@pytest.fixture
def made(call, small, tmp_path) -> Path:
    """A study of them, assigned, without contours."""
    study = tmp_path / "my study"
    assert call("reading", "create", study, "--cohort", small).code == 0
    people = ("--primary", "Reader A", "--second", "Reader B", "--reviewer", "C")
    assert call("reading", "assign", study, *people, "--cases", 4).code == 0
    return study


@pytest.fixture
def imported(call, made, small) -> Path:
    """The study with its 8 + 4 + 4 simulated readings."""
    assert call("reading", "import", made, small.with_name("readings.csv"), "--skip-invalid").code == 0
    return made


def test_the_whole_way(call, small, tmp_path):
    study, out = tmp_path / "s", tmp_path / "out"
    created = call("reading", "create", study, "--cohort", small, "--seed", 3, "--washout-days", 28)
    assert created.out.splitlines()[0].startswith("8 cases: ")
    assert "SIMULATED" in created.out
    assert "reading assign" in created.out
    assert open_study(study).settings.washout.days == 28
    assigned = call(
        "reading", "assign", study, "--primary", "Reader A", "--second", "Reader B", "--reviewer", "C", "--cases", 4,
    )  # fmt: skip
    assert "8 cases, 4 of them again" in assigned.out
    imported = call("reading", "import", study, small.with_name("readings.csv"), "--skip-invalid")
    assert "Contours added: 16; there already: 0." in imported.out
    assert imported.err.count("Left out: row ") == 8
    again = call("reading", "import", study, small.with_name("readings.csv"), "--skip-invalid", "--json").json
    assert (again["added"], again["already_there"], len(again["left_out"])) == ([], 16, 8)
    status = call("reading", "status", study)
    assert status.code == 0
    assert "8 of 8" in status.out
    assert status.out.count("4 of 4") == 2
    assert "Files without a row: none." in status.out
    assert "Rows without a file: none." in status.out
    review = ReviewDesk(open_study(study), "C")
    for task in review.tasks():
        review.accept(task.number, "Reader A")
    exported = call("reading", "export", study, "--cohort", small, "--output", out)
    assert exported.out.splitlines()[0].startswith("8 cases: ")
    assert "train plnm" in exported.out
    cohort = load_cohort(out / "cohort.csv")
    assert len(cohort) == 8
    assert cohort.simulated
    assert json.loads((out / "study.json").read_text())["consensus"] == "review"


def test_json_everywhere(call, small, tmp_path):
    study = tmp_path / "s"
    assert call("reading", "create", study, "--cohort", small, "--json").json["cases"] == 8
    summary = call("reading", "assign", study, "--primary", "P", "--cases", 3, "--no-repeat", "--json").json
    assert summary == {"primary_cases": 8, "second_cases": 0, "repeat_cases": 0}
    added = call("reading", "import", study, small, "--json").json["added"]
    assert [entry["version"] for entry in added] == [1] * 8
    status = call("reading", "status", study, "--json").json
    assert status["sound"] is True
    assert [(entry["drawn"], entry["total"]) for entry in status["lists"]] == [(8, 8)]
    done = call(
        "reading", "export", study, "--cohort", small, "--output", tmp_path / "o", "--consensus", "primary", "--json"
    ).json
    assert (done["cases"], done["consensus"], done["left_out"]) == (8, "primary", [])


def test_status_tells_of_damage(call, imported):
    contours = all_contours(open_study(imported))
    (imported / contours[0].file).unlink()
    stray = imported / "contours" / "stray.seg.nrrd"
    stray.write_bytes(b"?")
    status = call("reading", "status", imported)
    assert status.code == 2
    assert "Files without a row: contours/stray.seg.nrrd." in status.out
    assert f"Rows without a file: {contours[0].file}." in status.out
    as_json = call("reading", "status", imported, "--json")
    assert as_json.code == 2
    assert as_json.json["sound"] is False
    assert as_json.json["integrity"]["rows_without_file"] == [contours[0].file]


def test_one_file_of_one_case(call, made, small):
    mask = small.parent / "rois" / "sim-00003.png"
    one = call(
        "reading", "import", made, mask, "--case", "sim-00003", "--drawn-on", "2026-01-05T14:30+08:00",
        "--software", "ITK-SNAP",
    )  # fmt: skip
    assert "Contours added: 1;" in one.out
    (contour,) = all_contours(open_study(made))
    assert (contour.reader, contour.software, contour.drawn_at.isoformat()) == (
        "Reader A", "ITK-SNAP", "2026-01-05T06:30:00+00:00",
    )  # fmt: skip
    naive = call("reading", "import", made, mask, "--case", "sim-00003", "--drawn-on", "2026-01-05")
    assert "taken as UTC" in naive.err
    assert "Contours added: 0; there already: 1." in naive.out


def test_mistakes_of_an_import(call, made, small):
    mask = small.parent / "rois" / "sim-00003.png"
    for arguments, words in (
        ((mask,), "--case"),
        ((mask, "--case", "sim-99999"), "no such case"),
        ((mask, "--case", "sim-00003", "--reader", "Nobody"), "Nobody of this name"),
        ((mask, "--case", "sim-00003", "--drawn-on", "yesterday"), "is no date"),
        ((mask, "--case", "sim-00003", "--drawn-on", "2999-01-01"), "future"),
        ((mask, "--case", "sim-00003", "--label", "7"), "no label 7"),
        ((small.parent / "absent.png", "--case", "sim-00003"), "absent.png"),
        ((small.parent / "absent.csv",), "does not exist"),
        ((small, "--label", "1"), "--label"),
        ((mask, "--case", "sim-00003", "--round", "review"), "round"),
    ):
        sentence = call("reading", "import", made, *arguments).sentence()
        assert words in sentence, (arguments, sentence)
    assert all_contours(open_study(made)) == ()


def test_early_repeats_need_a_word(call, made, small, tmp_path):
    rows = list(csv.DictReader(small.with_name("readings.csv").open(encoding="utf-8")))
    for row in rows:
        row["roi"] = str(small.parent / row["roi"])
        if row["round"] == "repeat":
            row["drawn_at"] = "2026-01-20T10:00:00Z"
    table = tmp_path / "early.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    refused = call("reading", "import", made, table)
    assert refused.code == 2
    assert "--allow-early" in refused.err
    assert "Traceback" not in refused.err
    assert all_contours(open_study(made)) == ()
    assert "Contours added: 16;" in call("reading", "import", made, table, "--allow-early", "--skip-invalid").out


def test_mistakes_of_the_others(call, made, small, tmp_path):
    call("reading", "create", made, "--cohort", small).sentence()
    call("reading", "create", tmp_path / "n", "--cohort", tmp_path / "absent.csv").sentence()
    call("reading", "create", tmp_path / "n", "--cohort", small, "--database", "mysql://x/y").sentence()
    call("reading", "assign", made, "--primary", "C").sentence()
    call("reading", "status", tmp_path).sentence()
    call("reading", "export", made, "--cohort", small, "--output", tmp_path / "o").sentence()
    call("reading", "export", made, "--cohort", small, "--output", small.parent).sentence()
    call("reading", "export", made, "--cohort", small, "--output", tmp_path / "o", "--consensus", "vote").sentence()
    assert not (tmp_path / "o").exists()
    assert not (tmp_path / "n").exists()


def test_a_copied_study_works(call, imported, small, tmp_path):
    copy = Path(shutil.copytree(imported, tmp_path / "copy"))
    assert call("reading", "status", copy).code == 0
    exported = call("reading", "export", copy, "--cohort", small, "--output", tmp_path / "o", "--consensus", "staple")
    assert exported.code == 0
    assert "three readers" in exported.err


@pytest.mark.parametrize("command", ["", "create", "assign", "import", "status", "export"])
def test_help_teaches(call, command):
    told = call("reading", *([command] if command else []), "--help")
    assert told.code == 0
    assert "Examples:" in told.out
    if not command:
        for step in ("create", "assign", "next", "submit", "import", "review", "status", "agreement", "export"):
            assert step in told.out
        assert "--reading" in told.out
