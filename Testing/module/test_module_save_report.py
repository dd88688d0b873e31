"""Saving an answer's report from the panel, on the stand-in of Slicer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import measured_block, run_until

from CervixRiskLib.bundle import BundleManifest, Calibration, Prediction, TrainingSummary
from CervixRiskLib.errors import MissingComponentError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.report.case_files import report_paths
from CervixRiskLib.worker import FailureKind, StudyFacts
from CervixRiskLib.workflow import report_job
from CervixRiskLib.workflow.case_answer import CaseAnswer
from CervixRiskLib.workflow.open_image import open_image_file
from CervixRiskLib.workflow.report_job import ReportDone, ReportFailed, ReportProgress

SHAPE = (60, 80)


class FakeJob:
    """Draws nothing; ends as the test says."""

    made: list[FakeJob]

    def __init__(self, report: Any, base_path: Path, python: str) -> None:
        self.report, self.base_path, self.python = report, Path(base_path), python
        self.progress: ReportProgress | None = None
        self.result: Any = None
        self.closed = False
        type(self).made.append(self)

    def start(self) -> None:
        pass

    def poll(self) -> Any:
        return self.result

    def cancel(self) -> None:
        self.result = ReportFailed(FailureKind.CANCELLED, "Stopped. Nothing was written.")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[FakeJob]:
    FakeJob.made = []
    monkeypatch.setattr(report_job, "ReportJob", FakeJob)
    return FakeJob.made


@pytest.fixture
def saving(slicer_app: Any, step_context: Any) -> Iterator[Any]:
    """A ``SaveReport`` for a case with an answer."""
    import slicer

    from CervixRiskLib.scene import add_slice_volume
    from CervixRiskPanel.save_report import SaveReport

    manifest = BundleManifest(
        task="plnm",
        created="2026-01-01T00:00:00+00:00",
        library_versions={},
        simulated=True,
        positive_class="metastasis",
        class_names=("no metastasis", "metastasis"),
        threshold=0.35,
        calibration=Calibration("none"),
        training=TrainingSummary(168, 52, "0" * 64, 1.0),
    )
    mask = np.zeros(SHAPE, dtype=bool)
    mask[20:40, 20:50] = True
    roi = Roi(mask, (0.5, 0.5))
    session = step_context.session
    pixels = np.random.default_rng(42).integers(0, 255, SHAPE).astype(np.float32)
    image = SliceImage(pixels, (0.5, 0.5), "PixelSpacing", "US")
    session.open_volume(add_slice_volume(slicer.mrmlScene, image, "M27"), "M/27")
    session.set_reading("A", "1")
    session.start_contour(roi)
    facts = StudyFacts("Pelvic lymph node metastasis", True, ("image",), (), "", manifest.to_json(), {})
    prediction = Prediction(
        "M/27", "plnm", 0.31, (0.22, 0.42), 0.35, "no metastasis", "metastasis", 0.4,
        heatmap=np.full(SHAPE, 0.7, dtype=np.float32), simulated=True, mask_hash=roi.mask_hash,
    )  # fmt: skip
    session.set_study(Path("model"), facts)
    session.show_answer(CaseAnswer(prediction, facts, Path("model"), session.choice(), "The CPU answers."))
    made = SaveReport(step_context)
    step_context.panel_widget.resize(400, 200)
    yield made
    made.close()


def line_of(saving: Any) -> str:
    return saving._line.text


def test_nothing_is_shown_before_anything_is_saved(saving: Any) -> None:
    assert not saving.widget.visible
    assert not saving.busy


def test_the_report_is_drawn_while_the_panel_goes_on(slicer_app: Any, saving: Any, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    slicer_app.dialogs.choose_files(folder / "mine.pdf")
    with measured_block() as block:
        saving.ask_and_save()
        assert saving.busy
        run_until(lambda: not saving.busy, time_limit=60)
    assert sorted(path.name for path in folder.iterdir()) == ["mine.csv", "mine.pdf", "mine.png"]
    assert (folder / "mine.pdf").read_bytes().startswith(b"%PDF")
    assert "Saved: mine.pdf, with picture and table." in line_of(saving)
    # The first saving loads what it needs.
    assert block.longest_work_ms < 400


def test_the_proposed_name_holds_no_sign_that_files_do_not_take(slicer_app: Any, saving: Any, jobs: Any) -> None:
    proposed = []
    import qt

    class Dialog(qt.QFileDialog):
        def selectFile(self, name: str) -> None:  # noqa: N802
            proposed.append(name)

    original, qt.QFileDialog = qt.QFileDialog, Dialog
    try:
        slicer_app.dialogs.choose_files()
        saving.ask_and_save()
    finally:
        qt.QFileDialog = original
    assert proposed == ["Report M-27.pdf"]
    # Cancelled: nothing is drawn, nothing is told.
    assert jobs == []
    assert not saving.widget.visible


def test_progress_is_told_in_a_line(slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path) -> None:
    slicer_app.dialogs.choose_files(tmp_path / "mine")
    saving.ask_and_save()
    assert line_of(saving) == "Saving the report: starting …"
    jobs[0].progress = ReportProgress("Drawing the report", 2, 4, "points")
    saving._on_time()
    assert line_of(saving) == "Saving the report: points …"
    assert saving._cancel.visible
    # A second click while it is drawn does nothing.
    saving.ask_and_save()
    assert len(jobs) == 1
    assert jobs[0].base_path == tmp_path / "mine.pdf"


def test_the_link_opens_the_folder(slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path) -> None:
    folder = tmp_path / "a & b"
    folder.mkdir()
    slicer_app.dialogs.choose_files(folder / "mine.pdf")
    saving.ask_and_save()
    jobs[0].result = ReportDone((folder / "mine.pdf", folder / "mine.png", folder / "mine.csv"))
    saving._on_time()
    assert "a &amp; b" in line_of(saving) or "a%20&amp;%20b" in line_of(saving)
    saving._line.linkActivated.emit("file:///there")
    assert slicer_app.opened_urls == ["file:///there"]
    assert not saving._cancel.visible


def test_the_folder_is_remembered(slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path) -> None:
    slicer_app.dialogs.choose_files(tmp_path / "mine.pdf")
    saving.ask_and_save()
    assert saving._context.settings.text("folder/report") == str(tmp_path)


@pytest.mark.parametrize("replace", [True, False])
def test_replacing_is_asked_about(
    slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path, replace: bool
) -> None:
    import qt

    (tmp_path / "mine.pdf").write_text("earlier", encoding="utf-8")
    slicer_app.dialogs.choose_files(tmp_path / "mine.pdf")
    button = qt.QMessageBox.Ok if replace else qt.QMessageBox.Cancel
    slicer_app.dialogs.answer("Replace it?", button)
    saving.ask_and_save()
    assert "mine.pdf" in slicer_app.dialogs.last().text
    assert len(jobs) == int(replace)


def test_the_opened_slice_is_never_replaced(slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path) -> None:
    import slicer

    # A report writes a picture beside its pages: that of case.pdf is case.png.
    picture = tmp_path / "case.png"
    picture.write_bytes(b"the patient's slice")
    storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(picture))
    slicer_app.dialogs.choose_files(tmp_path / "case.pdf")
    saving.ask_and_save()
    assert jobs == []
    assert line_of(saving) == "case.png is open here and would be overwritten: save the report under another name."
    slicer_app.dialogs.choose_files(tmp_path / "report.pdf")
    saving.ask_and_save()
    assert len(jobs) == 1


def test_a_slice_that_was_opened_by_its_file_is_not_replaced_either(
    slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path
) -> None:
    # No storage node tells of it.
    Image.fromarray(np.zeros(SHAPE, dtype=np.uint8)).save(tmp_path / "case.png")
    open_image_file(saving._context.session.scene, tmp_path / "case.png")
    slicer_app.dialogs.choose_files(tmp_path / "case.pdf")
    saving.ask_and_save()
    assert jobs == []
    assert line_of(saving).startswith("case.png is there already and belongs to no earlier report")


def test_a_model_s_folder_takes_no_report(slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_text("{}", encoding="utf-8")
    slicer_app.dialogs.choose_files(tmp_path / "case.pdf")
    saving.ask_and_save()
    assert jobs == []
    assert line_of(saving).startswith("This folder is a model")


def test_what_was_asked_about_is_what_is_written(
    slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path
) -> None:
    slicer_app.dialogs.choose_files(tmp_path / "slice.png.pdf")
    saving.ask_and_save()
    assert report_paths(jobs[0].base_path)["png"] == tmp_path / "slice.png.png"


def test_cancel_stops_and_says_so(slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path) -> None:
    slicer_app.dialogs.choose_files(tmp_path / "mine.pdf")
    saving.ask_and_save()
    saving._cancel.click()
    saving._on_time()
    assert line_of(saving) == "Stopped. Nothing was written."
    assert not saving.busy


def test_a_failure_is_a_line_with_its_details_as_tool_tip(
    slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path
) -> None:
    slicer_app.dialogs.choose_files(tmp_path / "mine.pdf")
    saving.ask_and_save()
    jobs[0].result = ReportFailed(FailureKind.CRASHED, "The report program ended <unexpectedly>.", "places")
    saving._on_time()
    assert line_of(saving) == "The report program ended &lt;unexpectedly&gt;."
    assert saving._line.toolTip == "places"
    assert saving.widget.visible


def test_an_answer_that_is_out_of_date_is_not_saved(slicer_app: Any, saving: Any, jobs: list[FakeJob]) -> None:
    saving._context.session.touch_image()
    saving.ask_and_save()
    assert "Ask again" in line_of(saving)
    assert (jobs, slicer_app.dialogs.shown) == ([], [])


def test_without_slicer_s_python_a_line_says_so(
    slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CervixRiskPanel import save_report

    def missing() -> str:
        raise MissingComponentError("Slicer's program PythonSlicer was not found.")

    monkeypatch.setattr(save_report, "child_python", missing)
    slicer_app.dialogs.choose_files(tmp_path / "mine.pdf")
    saving.ask_and_save()
    assert line_of(saving) == "Slicer's program PythonSlicer was not found."
    assert not saving.busy


def test_another_answer_takes_the_line_away(slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path) -> None:
    slicer_app.dialogs.choose_files(tmp_path / "mine.pdf")
    saving.ask_and_save()
    jobs[0].result = ReportDone((tmp_path / "mine.pdf",))
    saving._on_time()
    assert saving.widget.visible
    saving._context.session.drop_answer()
    assert not saving.widget.visible


def test_closing_ends_the_job(slicer_app: Any, saving: Any, jobs: list[FakeJob], tmp_path: Path) -> None:
    slicer_app.dialogs.choose_files(tmp_path / "mine.pdf")
    saving.ask_and_save()
    saving.close()
    assert jobs[0].closed
    # The fixture closes once more.
    assert not saving.busy
