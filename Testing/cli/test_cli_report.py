"""``cervixrisk predict --report``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from CervixRiskLib.report.case_table import COLUMNS


def test_the_report_stands_beside_picture_and_table(predict: Any, tmp_path: Path) -> None:
    outcome = predict("--report", tmp_path / "M027.pdf", "--json")
    assert outcome.code == 0, outcome.err
    files = outcome.json["files"]
    assert files == {
        "Report": str(tmp_path / "M027.pdf"),
        "Report's picture": str(tmp_path / "M027.png"),
        "Report's table": str(tmp_path / "M027.csv"),
    }
    assert (tmp_path / "M027.pdf").read_bytes().startswith(b"%PDF")
    with (tmp_path / "M027.csv").open(encoding="utf-8-sig", newline="") as handle:
        (row,) = csv.DictReader(handle)
    assert list(row) == list(COLUMNS)
    assert row["case_id"] == "M027"
    assert float(row["probability"]) == pytest.approx(outcome.json["probability"], rel=1e-5)
    assert "rbc_count=4.1" in row["clinical"]
    assert row["simulated"] == "yes"


def test_another_ending_is_a_mistake_told_before_anything_is_computed(predict: Any, tmp_path: Path) -> None:
    assert ".pdf" in predict("--report", tmp_path / "M027.docx").sentence()
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_of_one_case(call: Any, bundle: Path, cohort: Path, tmp_path: Path) -> None:
    outcome = call(
        "predict",
        "--bundle",
        bundle,
        "--cohort",
        cohort,
        "--output",
        tmp_path / "a.csv",
        "--report",
        tmp_path / "a.pdf",
    )
    assert "one case" in outcome.sentence()
