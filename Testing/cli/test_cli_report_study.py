"""``report study``, and the report that training leaves beside its bundle."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from CervixRiskLib.bundle import load_bundle
from CervixRiskLib.bundle.study_examples import EXAMPLES_NAME
from CervixRiskLib.cli.training_report import report_folder, write_training_report
from CervixRiskLib.errors import BundleError, SettingsError, StorageError
from CervixRiskLib.progress import SILENT

PLAIN = ("--no-pdf", "--no-figures")


def test_a_bundle_tells_how_good_it_is(call: Any, bundle: Path, tmp_path: Path) -> None:
    outcome = call("report", "study", bundle, "-o", tmp_path / "report", *PLAIN, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["simulated"] is True
    assert {Path(name).name for name in outcome.json["files"]} == {"index.html", "report.json", "MODEL_CARD.md"}
    content = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert content["provenance"]["bundle_hash"] == load_bundle(bundle).hash
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert content["headline"] in html.unescape(re.sub(r"<[^>]*>", "", page))


def test_a_folder_with_a_page_of_its_own_is_refused_before_any_work(call: Any, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    outcome = call("report", "study", bundle, "-o", tmp_path)
    assert "index.html" in outcome.sentence()
    assert "Drawing" not in outcome.err
    assert (tmp_path / "index.html").read_text() == "mine"


@pytest.mark.parametrize("made", ["nothing", "folder"])
def test_what_is_no_study_is_told(call: Any, tmp_path: Path, made: str) -> None:
    if made == "folder":
        (tmp_path / "source").mkdir()
    call("report", "study", tmp_path / "source", "-o", tmp_path / "report").sentence()
    assert not (tmp_path / "report").exists()


def test_help_teaches(call: Any) -> None:
    outcome = call("report", "study", "--help")
    assert outcome.code == 0
    assert "cervixrisk report study model.zip --output report" in outcome.out
    assert "patients" in outcome.out


def test_the_report_stands_beside_the_bundle(bundle: Path, tmp_path: Path) -> None:
    assert report_folder(Path("x/model.zip"), None, False) == Path("x/model_report")
    assert report_folder(Path("x/model.v2"), None, False) == Path("x/model.v2_report")
    assert report_folder(Path("x/model.zip"), Path("y"), False) == Path("y")
    assert report_folder(Path("x/model.zip"), None, True) is None
    with pytest.raises(SettingsError, match="--no-report"):
        report_folder(Path("x/model.zip"), Path("y"), True)
    with pytest.raises(StorageError, match="bundle"):
        report_folder(Path("model"), Path("model"), False)
    with pytest.raises(StorageError, match="bundle"):
        report_folder(tmp_path / "other.zip", bundle, False)


def test_people_are_told_where_it_is_and_that_it_is_simulated(
    call: Any, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import CervixRiskLib.report.study.writer as writer

    asked: list[Any] = []

    def write(study: Any, folder: Path, **options: Any) -> tuple[Path, ...]:
        asked.append(options["formats"])
        return (folder / "index.html", folder / "report.json")

    monkeypatch.setattr(writer, "write_study_report", write)
    outcome = call("report", "study", bundle, "-o", tmp_path / "report")
    assert outcome.code == 0
    assert "SIMULATED" in outcome.out
    assert str(tmp_path / "report" / "index.html") in outcome.out.replace("\n", "")
    call("report", "study", bundle, "-o", tmp_path / "report", "--no-pdf")
    assert asked == [["html", "pdf", "figures"], ["html", "figures"]]


def test_training_leaves_a_run_and_never_an_earlier_runs_pictures(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import CervixRiskLib.report.study.writer as writer

    written: list[tuple[Any, Path]] = []
    monkeypatch.setattr(writer, "write_study_report", lambda study, folder, **_: written.append((study, folder)))
    run = tmp_path / "run"
    run.mkdir()
    (run / EXAMPLES_NAME).write_bytes(b"of an earlier run")
    files = write_training_report(bundle, run, lambda: (), SILENT)
    assert files == {"Report": run / "index.html"}
    assert {path.name for path in run.iterdir()} == {"bundle.json", "study.json", "run.json"}
    assert written[0][0].run == written[0][1] == run
    # A folder that is a run may be written again.
    assert report_folder(tmp_path / "run.zip", run, False) == run


def test_a_report_that_fails_does_not_fail_the_training(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Any:
        raise BundleError("The bundle cannot be used here.")

    assert write_training_report(bundle, tmp_path / "run", fail, SILENT) == {}
    said = capsys.readouterr().err
    assert "The bundle cannot be used here." in said
    assert "report study" in said


def test_training_checks_the_reports_folder_first(call: Any, cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "m_report").mkdir()
    (tmp_path / "m_report" / "report.pdf").write_text("mine")
    outcome = call("train", "plnm", cohort, "-o", tmp_path / "m.zip", "--no-deep")
    assert "report.pdf" in outcome.sentence()
    assert "Extracting" not in outcome.err
    shutil.rmtree(tmp_path / "m_report")
    both = call("train", "plnm", cohort, "-o", tmp_path / "m.zip", "--report", tmp_path / "r", "--no-report")
    assert "--no-report" in both.sentence()


def test_a_bundle_keeps_its_files_alone(call: Any, bundle: Path, tmp_path: Path) -> None:
    own = shutil.copytree(bundle, tmp_path / "own")
    assert "bundle" in call("report", "study", own, "-o", own / "deep" / "report").sentence()
    assert load_bundle(own).hash == load_bundle(bundle).hash
    with pytest.raises(StorageError, match="lies in the bundle"):
        report_folder(tmp_path / "new", tmp_path / "new" / "report", False)


@pytest.mark.parametrize("place", ["below_a_file", "name_too_long"])
def test_a_place_that_cannot_be_is_refused_before_any_work(call: Any, bundle: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "report" if place == "below_a_file" else tmp_path / ("a" * 300)
    outcome = call("report", "study", bundle, "-o", folder)
    outcome.sentence()
    assert "Drawing" not in outcome.err


@pytest.mark.parametrize("name", ["study.json", "examples.npz"])
def test_training_writes_over_no_file_that_is_not_of_a_run(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(StorageError, match=name):
        report_folder(tmp_path.with_name("m.zip"), tmp_path, False)


def test_a_run_whose_writer_was_killed_can_be_written_again(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import CervixRiskLib.bundle.study_file as study_file

    whole, written = study_file.atomic_file, []

    def killed(path: Path) -> Any:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path)
        return whole(path)

    monkeypatch.setattr(study_file, "atomic_file", killed)
    with pytest.raises(KeyboardInterrupt):
        write_training_report(bundle, tmp_path / "run", lambda: (), SILENT)
    assert report_folder(tmp_path / "run.zip", tmp_path / "run", False) == tmp_path / "run"
