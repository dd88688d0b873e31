"""``cervixrisk simulate mri`` as a person types it."""

from __future__ import annotations

import csv
import json
from pathlib import Path


def test_it_writes_a_cohort_and_names_what_comes_next(call, tmp_path):
    outcome = call("simulate", "mri", tmp_path / "cohort", "--cases", 4, "--seed", 3, "--jobs", 1)
    assert outcome.code == 0
    table = tmp_path / "cohort" / "cohort.csv"
    assert table.is_file()
    assert f"cervixrisk train staging {table}" in outcome.out.replace("\n", " ")
    assert json.loads((table.parent / "simulation.json").read_text())["kind"] == "mri"


def test_json_and_both_weightings(call, tmp_path):
    outcome = call("simulate", "mri", tmp_path / "cohort", "--cases", 3, "--t1", "--effect", 0, "--jobs", 1, "--json")
    assert outcome.json["simulated"] is True
    assert outcome.json["cases"] == 3
    with Path(outcome.json["cohort"]).open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["image_t1"] for row in rows] == [f"images/sim-0000{number}-t1.png" for number in (1, 2, 3)]
    assert all((tmp_path / "cohort" / row["image_t1"]).is_file() for row in rows)


def test_readings_for_a_reader_study(call, tmp_path):
    folder = tmp_path / "my cohort"
    outcome = call("simulate", "mri", folder, "--cases", 3, "--readers", 3, "--repeat", "--variability", 2, "--jobs", 1)
    assert outcome.code == 0
    said = outcome.out.replace("\n", " ")
    assert f'cervixrisk reading create STUDY --cohort "{folder / "cohort.csv"}"' in said
    assert 'assign STUDY --primary "Reader A" --second "Reader B" --second "Reader C" --reviewer NAME' in said
    assert f'cervixrisk reading import STUDY "{folder / "readings.csv"}"' in said
    assert json.loads((folder / "simulation.json").read_text())["readings"]["variability"] == 2
    with (folder / "readings.csv").open(newline="") as handle:
        assert len(list(csv.DictReader(handle))) == 3 * 4
    # A later call that does not ask for them keeps and names them.
    again = call("simulate", "mri", folder, "--cases", 3, "--jobs", 1, "--json")
    assert again.json["readers"] == ["Reader A", "Reader B", "Reader C"]
    assert Path(again.json["readings"]).is_file()


def test_mistakes_with_readings_get_a_sentence(call, tmp_path):
    assert call("simulate", "ultrasound", tmp_path / "cohort", "--readers", 27).code == 2
    alone = call("simulate", "ultrasound", tmp_path / "cohort", "--cases", 2, "--variability", 2)
    assert "two readers or for a repeat" in alone.sentence()


def test_mistakes_get_a_sentence(call, tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    assert "already holds other files" in call("simulate", "mri", tmp_path, "--cases", 2).sentence()
    call("simulate", "mri", tmp_path / "cohort", "--cases", 2, "--seed", 1, "--jobs", 1)
    again = call("simulate", "mri", tmp_path / "cohort", "--cases", 2, "--seed", 2, "--jobs", 1)
    assert "other settings" in again.sentence()
