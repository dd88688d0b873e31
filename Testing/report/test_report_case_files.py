"""A case report's files: all or none, the same every time, and a table line that every program reads."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from CervixRiskLib import RESEARCH_USE_NOTICE
from CervixRiskLib.errors import Cancelled, SettingsError, StorageError
from CervixRiskLib.progress import Progress
from CervixRiskLib.report import case_files
from CervixRiskLib.report.case_files import report_paths, write_case_report
from CervixRiskLib.report.case_table import COLUMNS, case_csv, case_row
from CervixRiskLib.report.earlier_report import check_only_reports
from CervixRiskLib.report.written_together import files_together

if TYPE_CHECKING:
    from CervixRiskLib.report.case_report import CaseReport


@pytest.fixture(scope="module")
def written(full_report: CaseReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_case_report(full_report, folder / "M.027")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_together(paths: list[Path]) -> None:
    with files_together(paths) as partials:
        for partial in partials:
            partial.write_text("new", encoding="utf-8")


def test_three_files_stand_beside_each_other(written):
    assert names(written) == ["M.027.csv", "M.027.pdf", "M.027.png"]


def test_the_pdf_has_words_and_lines_and_no_name_in_its_properties(written):
    content = (written / "M.027.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", content)) == 2
    # Embedded as TrueType: words stay words.
    assert b"/FontFile2" in content
    assert RESEARCH_USE_NOTICE.encode() in content
    assert b"M027" not in content
    # The nomogram is drawn; only the two pictures and the legend are grids of pixels.
    assert len(re.findall(rb"/Subtype /Image\b", content)) == 3
    streams = re.findall(rb"stream\r?\n(x.*?)endstream", content, re.S)
    drawn = b"".join(zlib.decompressobj().decompress(stream) for stream in streams)
    assert drawn.count(b" l\n") > 100


def test_the_picture_shows_slice_and_colours(written):
    with Image.open(written / "M.027.png") as picture:
        assert picture.text["Disclaimer"] == RESEARCH_USE_NOTICE
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.shape[1] > 1400
    colourful = (pixels.max(axis=2) - pixels.min(axis=2)) > 60
    assert colourful.mean() > 0.02


def test_the_same_case_gives_the_same_bytes(full_report, written, tmp_path):
    write_case_report(full_report, tmp_path / "again.pdf", ("pdf", "csv"))
    assert names(tmp_path) == ["again.csv", "again.pdf"]
    for ending in ("pdf", "csv"):
        assert (tmp_path / f"again.{ending}").read_bytes() == (written / f"M.027.{ending}").read_bytes()


def test_an_ending_of_ours_is_not_doubled():
    assert report_paths("a/M.027.PDF", ("pdf", "csv")) == {"pdf": Path("a/M.027.pdf"), "csv": Path("a/M.027.csv")}
    assert report_paths("M.027")["png"] == Path("M.027.png")


@pytest.mark.parametrize("formats", [(), ("docx",), ("pdf", "svg")])
def test_other_formats_are_refused(formats):
    with pytest.raises(SettingsError, match="pdf, png, csv"):
        report_paths("x", formats)


def test_an_earlier_report_may_be_replaced_and_nothing_else(full_report, written, tmp_path):
    check_only_reports([*report_paths(written / "M.027").values(), tmp_path / "new.png", tmp_path / f"{'x' * 300}.csv"])
    Image.new("L", (40, 30)).save(tmp_path / "slice.png")
    (tmp_path / "cohort.csv").write_text("case_id,image,roi,outcome\r\n1,a.png,b.png,0\r\n", encoding="utf-8")
    table = case_csv(full_report)
    (tmp_path / "several.csv").write_text(table + table.splitlines()[1] + "\r\n", encoding="utf-8", newline="")
    (tmp_path / "cut.png").write_bytes((written / "M.027.png").read_bytes()[:20])
    (tmp_path / "folder.png").mkdir()
    for name in ("slice.png", "cohort.csv", "several.csv", "cut.png", "folder.png"):
        with pytest.raises(SettingsError, match=f"^{name} is there already and belongs to no earlier report"):
            check_only_reports([tmp_path / "letter.pdf", tmp_path / name])
    # The page is the name that the person has given.
    (tmp_path / "letter.pdf").write_bytes(b"%PDF")
    check_only_reports([tmp_path / "letter.pdf"])


def test_a_failure_leaves_the_earlier_files_as_they_were(full_report, tmp_path, monkeypatch):
    for ending in ("pdf", "png", "csv"):
        (tmp_path / f"case.{ending}").write_text("earlier", encoding="utf-8")

    def fail(*_):
        raise MemoryError

    monkeypatch.setitem(case_files._WRITERS, "csv", fail)
    with pytest.raises(MemoryError):
        write_case_report(full_report, tmp_path / "case", ("png", "csv"))
    assert names(tmp_path) == ["case.csv", "case.pdf", "case.png"]
    assert {path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {"earlier"}


def test_cancelled_means_nothing_is_there(full_report, tmp_path):
    class Impatient(Progress):
        count = 0

        def cancelled(self) -> bool:
            self.count += 1
            return self.count > 3

    with pytest.raises(Cancelled):
        write_case_report(full_report, tmp_path / "case", progress=Impatient())
    assert names(tmp_path) == []


@pytest.mark.parametrize("earlier", [True, False])
def test_a_file_that_cannot_be_replaced_takes_the_others_back(tmp_path, monkeypatch, earlier):
    paths = [tmp_path / name for name in ("a.pdf", "b.png", "c.csv")]
    if earlier:
        for path in paths:
            path.write_text("earlier", encoding="utf-8")
    real = os.replace

    def held(source, target):
        # As Windows does where another program shows the file.
        if Path(target).name == "b.png" and ".earlier." not in str(source):
            raise PermissionError(13, "held")
        real(source, target)

    monkeypatch.setattr("os.replace", held)
    with pytest.raises(StorageError, match="close it" if earlier else "may not be written"):
        write_together(paths)
    assert names(tmp_path) == (["a.pdf", "b.png", "c.csv"] if earlier else [])
    assert all(path.read_text(encoding="utf-8") == "earlier" for path in tmp_path.iterdir())


def test_replaced_files_leave_no_copy(tmp_path):
    path = tmp_path / "a.pdf"
    for words in ("first", "second"):
        with files_together([path]) as (partial,):
            partial.write_text(words, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == words
    assert names(tmp_path) == ["a.pdf"]


def test_the_table_reads_back(full_report, written):
    table = pd.read_csv(written / "M.027.csv")
    assert list(table.columns) == list(COLUMNS)
    row = table.iloc[0]
    assert row["case_id"] == "M027"
    assert row["probability"] == pytest.approx(full_report.prediction.probability, rel=1e-5)
    assert row["points"].startswith("fusion_score=48;")
    assert row["clinical"] == "rbc=3.9 10¹²/L; max_diameter=38.2 mm"
    assert row["other_contours"] == "Reader B, round 1=0.33; Reader A, round 2=0.29"
    assert row["contour_pixels"] == full_report.roi.n_pixels
    assert row["simulated"] == "yes"
    assert row["notice"] == RESEARCH_USE_NOTICE


def test_lines_of_any_model_stand_under_one_header(full_report, staging_report):
    first, second = (case_csv(report).splitlines() for report in (full_report, staging_report))
    assert first[0] == second[0]
    table = list(csv.DictReader(io.StringIO("\n".join([first[0].lstrip("\ufeff"), first[1], second[1]]))))
    assert [row["task"] for row in table] == ["plnm", "staging"]
    assert table[1]["group_probabilities"] == "surgery=0.31; chemoradiotherapy=0.62; palliative care=0.07"
    assert (table[1]["threshold"], table[1]["total_points"], table[1]["contour_pixels"]) == ("", "", "")


@pytest.mark.parametrize("name", ["=1+1", "+49 1", "-x", "@SUM(A1)", "\t=1", "＝1+1", ' =cmd|"/C calc"!A0'])
def test_no_cell_is_a_formula(full_report, name):
    cells = case_row(replace(full_report, case_id=name, reader=name))
    assert cells["case_id"] == cells["reader"] == "'" + " ".join(name.split())
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells.values())


def test_a_name_with_separators_stays_one_cell(full_report):
    text = case_csv(replace(full_report, case_id='a,b;"c"\nd', date="now"))
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert len(rows) == 2
    assert rows[1][0] == 'a,b;"c" d'


def test_the_reports_own_data_loads_no_matplotlib():
    code = (
        "import sys; import CervixRiskLib.report.case_report, CervixRiskLib.report.case_files;"
        "print([name for name in ('matplotlib', 'torch', 'sklearn', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
