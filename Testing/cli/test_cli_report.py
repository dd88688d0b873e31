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


@pytest.fixture
def report_case(call: Any, case: dict[str, str]) -> Any:
    """``report_case("--csv", output=path)``: the sound case with something replaced (``None``: left out)."""

    def run(*more: object, clinical: tuple[str, ...] = CLINICAL, **replaced: object) -> Any:
        options = {**case, **{f"--{name.replace('_', '-')}": value for name, value in replaced.items()}}
        given = [item for name, value in options.items() if value is not None for item in (name, value)]
        return call("report", "case", *given, *clinical, *more)

    return run


CLINICAL = ("--clinical", "rbc_count=4.1", "--clinical", "maximum_diameter=31")


def test_one_page_for_one_patient(report_case: Any, predict: Any, tmp_path: Path) -> None:
    outcome = report_case("--csv", "--json", output=tmp_path / "page.pdf", case_id="M027")
    assert outcome.code == 0, outcome.err
    assert outcome.json["files"] == {
        "Page": str(tmp_path / "page.pdf"),
        "Picture": str(tmp_path / "page.png"),
        "Table": str(tmp_path / "page.csv"),
    }
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    with (tmp_path / "page.csv").open(encoding="utf-8-sig", newline="") as handle:
        (row,) = csv.DictReader(handle)
    assert row["case_id"] == "M027"
    # The same answer as the question alone gets.
    assert outcome.json["probability"] == predict("--json").json["probability"]


def test_the_table_is_written_only_when_asked_for(report_case: Any, tmp_path: Path) -> None:
    outcome = report_case(output=tmp_path / "page.pdf")
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.pdf", "page.png"]
    assert str(tmp_path / "page.pdf") in outcome.out


@pytest.mark.parametrize(
    ("replaced", "more", "said"),
    [
        ({"output": "page.docx"}, (), ".pdf"),
        ({"roi": None}, (), "--roi"),
        ({"roi": None}, ("--label", "2"), "--roi"),
        ({}, ("--channel", "image_t1=t1.png"), "channel"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(
    replaced: dict[str, Any], more: tuple[str, ...], said: str, report_case: Any, tmp_path: Path
) -> None:
    assert said in report_case(*more, **{"output": tmp_path / "page.pdf", **replaced}).sentence()
    assert list(tmp_path.iterdir()) == []


def test_help_teaches(call: Any) -> None:
    outcome = call("report", "case", "--help")
    assert outcome.code == 0
    assert "cervixrisk report case" in outcome.out
    assert "nomogram" in outcome.out
