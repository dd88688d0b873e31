"""A report drawn in a child process, and the report of the case in work."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from CervixRiskLib.bundle import (
    BundleManifest,
    Calibration,
    ClinicalPredictor,
    Contribution,
    Prediction,
    TrainingSummary,
)
from CervixRiskLib.errors import CervixRiskError, ReadingError, RoiError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.report.case_files import write_case_report
from CervixRiskLib.report.case_report import CaseReport, OtherContour, ReportedValue
from CervixRiskLib.worker import FailureKind, StudyFacts
from CervixRiskLib.workflow.report_job import ReportDone, ReportFailed, ReportJob
from CervixRiskLib.workflow.report_request import ReportRequest, take_report_request, write_report_request
from CervixRiskLib.workflow.session_report import report_file_name, reported_values, session_report

FACTS_ARGUMENTS = ("Pelvic lymph node metastasis", True, ("image",), ("rbc_count",), "CPU.")
LONGEST_POLL = 0.05
_HELLO = """
import os, sys, time
from pathlib import Path
from CervixRiskLib.worker.messages import Hello, encode
def hello():
    sys.stdout.buffer.write(encode(Hello(os.getpid(), "0", "3")))
    sys.stdout.buffer.flush()
"""


@pytest.fixture(scope="module")
def manifest() -> BundleManifest:
    return BundleManifest(
        task="plnm",
        created="2026-01-01T00:00:00+00:00",
        library_versions={"numpy": "2.4.6"},
        simulated=True,
        positive_class="metastasis",
        class_names=("no metastasis", "metastasis"),
        threshold=0.35,
        calibration=Calibration("none"),
        training=TrainingSummary(168, 52, "0" * 64, 1.0),
        clinical=(
            ClinicalPredictor("rbc_count", "RBC count", "10^12/L"),
            ClinicalPredictor("histology", "Histology", kind="categorical", levels=("squamous", "other")),
        ),
    )


@pytest.fixture(scope="module")
def report(manifest: BundleManifest, ultrasound: SliceImage) -> CaseReport:
    mask = np.zeros(ultrasound.shape, dtype=bool)
    mask[20:40, 30:60] = True
    heat_map = np.where(mask, np.float32(0.8), np.float32("nan"))
    prediction = Prediction(
        "M027", "plnm", 0.1 + 0.2, (0.2, 1 / 3), 0.35, "no metastasis", "metastasis", 0.4, heatmap=heat_map,
        contributions=(Contribution("undefined", "radiomics", float("nan"), -0.1),), simulated=True,
    )  # fmt: skip
    return CaseReport(
        case_id="M027",
        date="2026-11-22 05:31",
        title="Pelvic lymph node metastasis",
        image=ultrasound,
        roi=Roi(mask, ultrasound.spacing_mm),
        prediction=prediction,
        manifest=manifest,
        clinical=(ReportedValue("rbc_count", "RBC count", "3,9", "10¹²/L"),),
        other_contours=(OtherContour("Reader B", 0.3, 0.9, Roi(mask[::-1], ultrasound.spacing_mm)),),
        versions={"cervixrisk": "0.1.0"},
    )


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """``program("source")``: the name of a module that the job can run instead of its own."""

    def write(source: str) -> str:
        (tmp_path / "bad_report_program.py").write_text(_HELLO + source, encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return "bad_report_program"

    return write


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run(job: ReportJob, seconds: float = 60.0) -> tuple[ReportDone | ReportFailed, float]:
    """The end, and the longest that a look took but for one: a busy machine may stop any process once."""
    looks, until = [0.0, 0.0], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        result = job.poll()
        looks.append(time.perf_counter() - began)
        if result is not None:
            return result, sorted(looks)[-2]
        time.sleep(0.01)
    raise AssertionError("the report did not end")


def test_a_request_arrives_as_it_was(report: CaseReport, tmp_path: Path) -> None:
    write_report_request(ReportRequest(report, "/there/case", ("pdf",)), tmp_path)
    read = take_report_request(tmp_path)
    # The patient's slice is not left to a program that may be killed.
    assert names(tmp_path) == []
    assert (read.base_path, read.formats) == ("/there/case", ("pdf",))
    there = read.report
    assert there.manifest == report.manifest
    assert (there.clinical, there.versions, there.date) == (report.clinical, report.versions, report.date)
    assert there.prediction.probability == report.prediction.probability
    assert np.isnan(there.prediction.contributions[0].value)
    assert there.roi is not None
    assert report.roi is not None
    assert there.roi.mask_hash == report.roi.mask_hash
    np.testing.assert_array_equal(there.image.pixels, report.image.pixels)
    np.testing.assert_array_equal(there.prediction.heatmap, report.prediction.heatmap)
    assert there.other_contours[0].roi is not None


def test_the_child_writes_what_this_process_would(report: CaseReport, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    formats = ("pdf", "csv")
    job = ReportJob(report, tmp_path / "there" / "case", sys.executable, formats=formats)
    began = time.perf_counter()
    job.start()
    started = time.perf_counter() - began
    seen = []
    while (result := job.poll()) is None:
        seen.append(job.progress)
        time.sleep(0.01)
    assert isinstance(result, ReportDone)
    assert started < 10 * LONGEST_POLL
    told = [progress.description for progress in seen if progress is not None]
    assert "Drawing the report" in told
    write_case_report(report, tmp_path / "here" / "case", formats)
    for path in result.paths:
        assert path.read_bytes() == (tmp_path / "here" / path.name).read_bytes()
    assert names(tmp_path / "there") == ["case.csv", "case.pdf"]


def test_no_look_takes_longer_than_a_frame(report: CaseReport, tmp_path: Path) -> None:
    job = ReportJob(report, tmp_path / "case", sys.executable, formats=("csv",))
    job.start()
    folder = job._folder
    assert folder is not None
    result, longest = run(job)
    assert result == ReportDone((tmp_path / "case.csv",))
    assert longest < LONGEST_POLL
    assert not folder.exists()
    assert not job.running


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(report: CaseReport, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    job = ReportJob(report, tmp_path / "file" / "case", sys.executable, formats=("csv",))
    job.start()
    result, _ = run(job)
    assert isinstance(result, ReportFailed)
    assert result.kind is FailureKind.REFUSED
    assert "not a folder" in result.sentence
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(os.name != "posix", reason="ends by a signal")
def test_a_crash_is_told_and_leaves_nothing_half_written(
    report: CaseReport, tmp_path: Path, program: Callable[[str], str]
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "case.pdf").write_text("earlier", encoding="utf-8")
    (there / ".case.pdf.1.other.partial.pdf").write_text("another writer's", encoding="utf-8")
    source = (
        f"hello()\nPath({str(there)!r}, f'.case.pdf.{{os.getpid()}}.abc.partial.pdf').write_text('half')\n"
        "print('the case is M027', file=sys.stderr)\nos.kill(os.getpid(), 9)\n"
    )
    job = ReportJob(report, there / "case", sys.executable, module=program(source))
    job.start()
    result, _ = run(job)
    assert isinstance(result, ReportFailed)
    assert result.kind is FailureKind.CRASHED
    assert result.sentence == (
        "The report program ended unexpectedly (SIGKILL). Nothing was written. Save the report again."
    )
    assert result.details == ""
    assert names(there) == [".case.pdf.1.other.partial.pdf", "case.pdf"]
    assert (there / "case.pdf").read_text(encoding="utf-8") == "earlier"


def test_a_program_that_is_not_there(report: CaseReport, tmp_path: Path) -> None:
    job = ReportJob(report, tmp_path / "case", str(tmp_path / "no-python"))
    job.start()
    result = job.poll()
    assert isinstance(result, ReportFailed)
    assert result.kind is FailureKind.NOT_STARTED
    assert "Nothing was written" in result.sentence


def test_a_python_without_the_library_says_so(report: CaseReport, tmp_path: Path) -> None:
    job = ReportJob(report, tmp_path / "case", sys.executable, module="no_such_program")
    job.start()
    result, _ = run(job)
    assert isinstance(result, ReportFailed)
    assert result.kind is FailureKind.NOT_STARTED
    assert "no_such_program" in result.details


def test_words_before_the_first_message_are_passed_over(
    report: CaseReport, tmp_path: Path, program: Callable[[str], str]
) -> None:
    job = ReportJob(report, tmp_path / "case", sys.executable, module=program("print('Welcome', flush=True)\nhello()"))
    job.start()
    result, _ = run(job)
    assert isinstance(result, ReportDone)


def test_cancelled_before_anything_is_there(report: CaseReport, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    job = ReportJob(report, tmp_path / "there" / "case", sys.executable)
    job.start()
    job.cancel()
    result, _ = run(job)
    assert isinstance(result, ReportFailed)
    assert (result.kind, result.sentence) == (FailureKind.CANCELLED, "Stopped. Nothing was written.")
    assert names(tmp_path / "there") == []


def test_a_program_that_does_not_listen_is_ended(
    report: CaseReport, tmp_path: Path, program: Callable[[str], str]
) -> None:
    job = ReportJob(report, tmp_path / "case", sys.executable, module=program("hello()\ntime.sleep(600)"))
    job.start()
    job.cancel()
    result, longest = run(job, 10.0)
    assert isinstance(result, ReportFailed)
    assert result.kind is FailureKind.CANCELLED
    assert longest < LONGEST_POLL


def test_closing_ends_the_program(report: CaseReport, tmp_path: Path, program: Callable[[str], str]) -> None:
    job = ReportJob(report, tmp_path / "case", sys.executable, module=program("hello()\ntime.sleep(600)"))
    job.start()
    folder, process = job._folder, job._process
    assert folder is not None
    assert process is not None
    job.close()
    assert process.poll() is not None
    assert not folder.exists()


def test_values_are_named_as_a_person_reads_them(manifest: BundleManifest) -> None:
    values = reported_values({"histology": "1", "rbc_count": "3,9", "age": "51"}, manifest)
    assert [(value.label, value.words) for value in values] == [("RBC count", "3,9 10¹²/L"), ("Histology", "other")]


@pytest.mark.parametrize(
    ("case", "name"),
    [("M027", "Report M027"), ("a/b\\c:*?", "Report a-b-c---"), ("王 五.", "Report 王 五"), ("", "Report"),
     ("x" * 300, "Report " + "x" * 60)],
)  # fmt: skip
def test_file_names_every_system_takes(case: str, name: str) -> None:
    assert report_file_name(case) == name


@pytest.fixture
def answered(session: Any, ultrasound: SliceImage, manifest: BundleManifest) -> Any:
    """A session whose contour, drawn by reader A, was answered; reader B drew another."""
    from CervixRiskLib.cohort import builtin_columns
    from CervixRiskLib.scene import Reading, add_slice_volume, start_reading
    from CervixRiskLib.workflow.case_answer import CaseAnswer

    mask = np.zeros(ultrasound.shape, dtype=bool)
    mask[20:30, 20:30] = True
    roi = Roi(mask, ultrasound.spacing_mm)
    session.open_volume(add_slice_volume(session.scene, ultrasound, "M027"))
    session.set_reading("A", "1")
    session.start_contour(roi)
    session.set_clinical("rbc_count", "3.9")
    columns = builtin_columns().subset(["rbc_count"]).to_mapping()
    facts = StudyFacts(*FACTS_ARGUMENTS, manifest.to_json(), columns)
    session.set_study(Path("model"), facts)
    prediction = Prediction(
        "M027", "plnm", 0.31, (0.2, 0.4), 0.35, "no metastasis", "metastasis", 0.4, mask_hash=roi.mask_hash
    )
    other = Roi(np.roll(mask, 2, axis=1), ultrasound.spacing_mm)
    start_reading(session.scene, session.volume, Reading("M027", "B", "1"), other)
    session.show_answer(CaseAnswer(prediction, facts, Path("model"), session.choice(), "The CPU answers."))
    return session


@pytest.mark.slicer
def test_the_report_of_the_case_in_work(answered: Any) -> None:
    checks = SimpleNamespace(
        sensitivity=SimpleNamespace(result=SimpleNamespace(text="29 to 34 %")),
        readers=SimpleNamespace(answers=(SimpleNamespace(name="Reader B, round 1", probability=0.33),)),
    )
    report = session_report(answered, checks=checks, date="today")  # type: ignore[arg-type]
    assert (report.case_id, report.date, report.reader) == ("M027", "today", "Reader A, round 1")
    assert (report.title, report.processor) == ("Pelvic lymph node metastasis", "The CPU answers.")
    assert [value.words for value in report.clinical] == ["3.9 10¹²/L"]
    assert report.sensitivity == "29 to 34 % with the contour moved by one pixel"
    (other,) = report.other_contours
    assert (other.name, other.probability, other.dice) == ("Reader B, round 1", 0.33, pytest.approx(0.8))
    assert report.roi is not None
    assert report.roi.n_pixels == 100
    assert report.manifest.training.cases == 168
    assert "numpy" in report.versions
    assert report.further_images == ()


@pytest.mark.slicer
def test_a_report_names_the_further_images(answered: Any) -> None:
    from CervixRiskLib.report.case_table import case_row

    study = replace(answered.facts, channels=("image", "image_t1", "image_dwi_b800"))
    answered.show_answer(replace(answered.answer, study=study))
    report = session_report(answered, date="today")
    assert report.further_images == ("T1 (image_t1)", "DWI b800 (image_dwi_b800)")
    assert case_row(report)["further_images"] == "T1 (image_t1); DWI b800 (image_dwi_b800)"


@pytest.mark.slicer
def test_no_report_of_what_is_no_longer_the_answer(answered: Any) -> None:
    answered.set_clinical("rbc_count", "4.1")
    with pytest.raises(CervixRiskError, match="Ask again"):
        session_report(answered)


@pytest.mark.slicer
def test_no_report_of_another_contour_or_while_blinded_or_without_an_answer(answered: Any) -> None:
    answered.answer = replace(answered.answer, prediction=replace(answered.answer.prediction, mask_hash="other"))
    with pytest.raises(RoiError, match="another contour"):
        session_report(answered)
    answered.set_blinded(True)
    with pytest.raises(ReadingError, match="study round"):
        session_report(answered)
    answered.set_blinded(False)
    with pytest.raises(CervixRiskError, match="no answer"):
        session_report(answered)
