"""Extraction of a cohort: order, resume, kill, cancel, bad cases, and the same result however it is scheduled."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import CervixRiskLib
from CervixRiskLib.cohort import Extraction, extract_cohort, load_case, load_cohort
from CervixRiskLib.cohort import extraction as extraction_module
from CervixRiskLib.cohort.case_store import CaseStore
from CervixRiskLib.errors import Cancelled, CohortError, FeatureError, RoiError, SettingsError, StorageError
from CervixRiskLib.progress import Progress, Task

Make = Callable[..., Path]
LIBRARY = Path(CervixRiskLib.__file__).parents[1]


class Recording(Progress):
    """Keeps every state of the bar and cancels after ``stop_after`` steps."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.states: list[tuple[int, int | None]] = []
        self.stop_after = stop_after

    def cancelled(self) -> bool:
        return self.stop_after is not None and bool(self.states) and self.states[-1][0] >= self.stop_after

    def _update(self, task: Task) -> None:
        self.states.append((task.done, task.total))


def _equal(one: Extraction, two: Extraction) -> None:
    pd.testing.assert_frame_equal(one.features, two.features, check_exact=True)
    pd.testing.assert_series_equal(one.pixel_counts, two.pixel_counts)
    pd.testing.assert_series_equal(one.diameters_mm, two.diameters_mm)
    pd.testing.assert_series_equal(one.touches_border, two.touches_border)
    assert one.acquisition is not None
    assert two.acquisition is not None
    pd.testing.assert_frame_equal(one.acquisition, two.acquisition, check_exact=True)
    assert one.undefined == two.undefined
    assert one.failed == two.failed
    assert (one.crops is None) == (two.crops is None)
    if one.crops is not None:
        np.testing.assert_array_equal(one.crops, two.crops)


def _finished(work_dir: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in work_dir.rglob("*.case")}


def test_the_table_is_what_single_extractions_give(make_cohort: Make, tmp_path: Path) -> None:
    from CervixRiskLib.imaging import crop_around_roi
    from CervixRiskLib.radiomics import extract

    cohort = load_cohort(make_cohort(3))
    bar = Recording()
    result = extract_cohort(cohort, work_dir=tmp_path / "work", crop_size=16, crop_margin=0.2, jobs=1, progress=bar)
    assert result.features.shape == (3, 1561)
    assert result.features.index.name == "case_id"
    assert result.crops is not None
    assert result.crops.shape == (3, 16, 16)
    assert result.crops.dtype == np.float32
    for row, case_id in enumerate(cohort.case_ids):
        image, roi = load_case(cohort, case_id)
        vector = extract(image, roi, "wang2025")
        assert tuple(result.features.columns) == vector.names
        np.testing.assert_array_equal(result.features.loc[case_id], vector.values)
        assert result.undefined.get(case_id, ()) == vector.undefined
        assert result.pixel_counts[case_id] == roi.n_pixels
        assert np.isnan(result.diameters_mm[case_id])
        assert not result.touches_border[case_id]
        np.testing.assert_array_equal(result.crops[row], crop_around_roi(image, roi, size=16, margin=0.2).pixels)
    assert bar.states[-1] == (3, 3)
    assert result.reused == 0
    assert result.failed == ()


def test_a_second_run_redoes_nothing(make_cohort: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort, work = load_cohort(make_cohort(3)), tmp_path / "work"
    first = extract_cohort(cohort, work_dir=work, jobs=1)
    before = _finished(work)
    monkeypatch.setattr(extraction_module, "measure_case", lambda task: pytest.fail("a finished case was redone"))
    second = extract_cohort(cohort, work_dir=work)
    assert second.reused == 3
    assert _finished(work) == before
    _equal(first, second)
    reversed_order = extract_cohort(cohort.select(cohort.case_ids[::-1]), work_dir=work)
    pd.testing.assert_frame_equal(reversed_order.features, first.features.iloc[::-1])


def test_names_of_kept_files_tell_nothing(make_cohort: Make, tmp_path: Path) -> None:
    extract_cohort(load_cohort(make_cohort(2)), work_dir=tmp_path / "work", jobs=1)
    assert not [path for path in (tmp_path / "work").rglob("*") if "C0" in path.name.upper() and path.suffix != ".case"]
    assert all(len(path.stem) == 64 for path in _finished(tmp_path / "work"))


@pytest.mark.parametrize("change", ["image", "roi", "crop", "margin", "preset", "spacing", "label"])
def test_what_changes_the_result_is_measured_again(make_cohort: Make, tmp_path: Path, change: str) -> None:
    path, work = make_cohort(2, side=32), tmp_path / "work"
    settings: dict[str, object] = {"crop_size": 8, "crop_margin": 0.1, "preset": "wang2025"}
    extract_cohort(load_cohort(path), work_dir=work, jobs=1, **settings)  # type: ignore[arg-type]
    expected = 0
    if change in ("image", "roi"):
        file = path.parent / f"{change}s" / "C000.png"
        pixels = np.array(Image.open(file))
        pixels[16, 16] ^= 255
        Image.fromarray(pixels).save(file)
        expected = 1
    elif change in ("spacing", "label"):
        name, value = {"spacing": ("spacing_mm", "0.1"), "label": ("label", "255")}[change]
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([f"{lines[0]},{name}", *(f"{line},{value}" for line in lines[1:])]), encoding="utf-8")
    else:
        settings |= {"crop": {"crop_size": 9}, "margin": {"crop_margin": 0.2}, "preset": {"preset": "slice2d"}}[change]
    again = extract_cohort(load_cohort(path), work_dir=work, jobs=1, **settings)  # type: ignore[arg-type]
    assert again.reused == expected
    if change == "spacing":
        assert (again.diameters_mm > 0).all()


def test_a_damaged_file_is_measured_again(make_cohort: Make, tmp_path: Path) -> None:
    cohort, work = load_cohort(make_cohort(3)), tmp_path / "work"
    first = extract_cohort(cohort, work_dir=work, jobs=1)
    files = sorted(_finished(work))
    files[0].write_bytes(files[0].read_bytes()[:-9])
    files[1].write_bytes(b"")
    second = extract_cohort(cohort, work_dir=work, jobs=1)
    assert second.reused == 1
    _equal(first, second)


def test_processes_change_nothing(make_cohort: Make, tmp_path: Path) -> None:
    cohort = load_cohort(make_cohort(6))
    one = extract_cohort(cohort, work_dir=tmp_path / "one", jobs=1, crop_size=8)
    two = extract_cohort(cohort, work_dir=tmp_path / "two", jobs=2, crop_size=8)
    _equal(one, two)


def test_dask_changes_nothing(make_cohort: Make, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    cohort = load_cohort(make_cohort(3))
    one = extract_cohort(cohort, work_dir=tmp_path / "one", jobs=1, crop_size=8)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp://", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        two = extract_cohort(cohort, work_dir=tmp_path / "two", scheduler=address, crop_size=8)
        _equal(one, two)
        bar = Recording(stop_after=1)
        with pytest.raises(Cancelled):
            extract_cohort(cohort, work_dir=tmp_path / "three", scheduler=address, progress=bar)
        assert 1 <= len(_finished(tmp_path / "three")) < 3


def test_no_scheduler_answers(make_cohort: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    from CervixRiskLib.cohort import case_scheduling

    monkeypatch.setattr(case_scheduling, "_CONNECT_SECONDS", 0.5)
    cohort = load_cohort(make_cohort(2))
    for address in ("tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1:port"):
        with pytest.raises(SettingsError, match="No dask scheduler"):
            extract_cohort(cohort, work_dir=tmp_path / "work", scheduler=address)


def _children(parent: int) -> list[int]:
    """Worker processes of ``parent``, from Linux's process table; empty elsewhere."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, rest = status.read_text().rsplit(")", 1)
            command = status.with_name("cmdline").read_text()
        except OSError:
            continue
        if int(rest.split()[1]) == parent and "popen_loky" in command:
            found.append(int(status.parent.name))
    return found


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"  # a zombie has ended; a container's first process may never collect it


KILLED = """
import sys, time
from CervixRiskLib.cohort import extract_cohort, load_cohort
from CervixRiskLib.progress import Progress

class Slow(Progress):
    def _update(self, task):
        print(task.done, flush=True)
        time.sleep(0.2)

extract_cohort(load_cohort(sys.argv[1]), work_dir=sys.argv[2], jobs=int(sys.argv[3]), progress=Slow(), crop_size=8)
"""


def test_cases_kept_before_the_recording_was_looked_at_are_not_measured_again(
    make_cohort: Make, tmp_path: Path
) -> None:
    cohort, work = load_cohort(make_cohort(2)), tmp_path / "work"
    first = extract_cohort(cohort, work_dir=work, jobs=1)
    store = CaseStore(work)
    for file in _finished(work):
        kept = store.read(file.stem)
        assert kept is not None
        store.write(file.stem, replace(kept, acquisition=None))
    again = extract_cohort(cohort, work_dir=work, jobs=1)
    assert again.reused == 2
    _equal(first, again)
    assert again.acquisition is not None
    assert again.acquisition["rows"].tolist() == [48.0, 48.0]
    assert all(
        kept is not None and kept.acquisition for kept in map(store.read, (file.stem for file in _finished(work)))
    )


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_goes_on_where_it_stopped(make_cohort: Make, tmp_path: Path, jobs: int) -> None:
    path, work = make_cohort(10), tmp_path / "work"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(LIBRARY), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), str(work), str(jobs)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 4:
            break
    workers = _children(process.pid)
    assert len(workers) == (0 if jobs == 1 else jobs) or not Path("/proc").is_dir()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    before = _finished(work)
    assert 4 <= len(before) < 10

    cohort = load_cohort(path)
    resumed = extract_cohort(cohort, work_dir=work, jobs=1, crop_size=8)
    assert resumed.reused == len(before)
    after = _finished(work)
    assert len(after) == 10
    assert {file: after[file] for file in before} == before
    assert not list(work.rglob("*.partial*"))
    _equal(resumed, extract_cohort(cohort, work_dir=tmp_path / "fresh", jobs=1, crop_size=8))
    deadline = time.monotonic() + 20
    while any(map(_runs, workers)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not [worker for worker in workers if _runs(worker)]


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("jobs", [1, 2])
def test_cancel_keeps_what_is_finished(make_cohort: Make, tmp_path: Path, jobs: int) -> None:
    cohort, work = load_cohort(make_cohort(8)), tmp_path / "work"
    with pytest.raises(Cancelled):
        extract_cohort(cohort, work_dir=work, jobs=jobs, progress=Recording(stop_after=3))
    assert len(_finished(work)) == 3
    assert extract_cohort(cohort, work_dir=work, jobs=1).reused == 3


def test_a_bad_case_is_named_and_the_others_are_kept(make_cohort: Make, tmp_path: Path) -> None:
    path, work = make_cohort(4), tmp_path / "work"
    Image.new("L", (48, 48)).save(path.parent / "rois" / "C001.png")
    (path.parent / "images" / "C002.png").write_bytes(b"not an image")
    cohort = load_cohort(path)
    with pytest.raises(CohortError) as caught:
        extract_cohort(cohort, work_dir=work, jobs=1)
    text = str(caught.value)
    first, second = text.splitlines()[1:3]
    assert text.startswith("2 of 4 cases cannot be measured:\n")
    assert first.startswith("  C001: ")
    assert "empty" in first
    assert second.startswith("  C002: ")
    result = extract_cohort(cohort, work_dir=work, jobs=1, skip_invalid=True)
    assert result.reused == 2
    assert list(result.features.index) == ["C000", "C003"]
    assert [failure.case_id for failure in result.failed] == ["C001", "C002"]


def test_a_bad_case_in_a_worker_process_is_named(make_cohort: Make, tmp_path: Path) -> None:
    path = make_cohort(5)
    Image.new("L", (48, 48)).save(path.parent / "rois" / "C004.png")
    with pytest.raises(CohortError, match=r"C004: .* empty"):
        extract_cohort(load_cohort(path), work_dir=tmp_path / "work", jobs=2)


def test_no_case_left_is_an_error_even_when_skipping(make_cohort: Make, tmp_path: Path) -> None:
    path = make_cohort(2)
    for name in ("C000", "C001"):
        Image.new("L", (48, 48)).save(path.parent / "rois" / f"{name}.png")
    with pytest.raises(CohortError, match="2 of 2 cases"):
        extract_cohort(load_cohort(path), work_dir=tmp_path / "work", skip_invalid=True)


def test_a_file_that_vanishes_is_a_bad_case(make_cohort: Make, tmp_path: Path) -> None:
    path = make_cohort(2)
    cohort = load_cohort(path)
    (path.parent / "images" / "C001.png").unlink()
    with pytest.raises(CohortError, match="C001: A file of this case cannot be read"):
        extract_cohort(cohort, work_dir=tmp_path / "work", jobs=1)


def test_an_unforeseen_error_is_not_swallowed(
    make_cohort: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(task: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(extraction_module, "measure_case", broken)
    with pytest.raises(ZeroDivisionError):
        extract_cohort(load_cohort(make_cohort(2)), work_dir=tmp_path / "work", skip_invalid=True)


def test_a_full_disk_gets_a_sentence(make_cohort: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort, work = load_cohort(make_cohort(2)), tmp_path / "work"
    real = Path.write_bytes

    def refuse(self: Path, data: bytes) -> int:
        if ".partial" in self.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(StorageError, match="disk is full"):
        extract_cohort(cohort, work_dir=work, jobs=1)
    assert _finished(work) == {}
    monkeypatch.undo()
    assert extract_cohort(cohort, work_dir=work, jobs=1).reused == 0


def test_a_work_folder_below_a_file_gets_a_sentence(make_cohort: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        extract_cohort(load_cohort(make_cohort(2)), work_dir=tmp_path / "file" / "work", jobs=1)


def test_settings_that_do_not_exist(make_cohort: Make, tmp_path: Path) -> None:
    cohort, work = load_cohort(make_cohort(2)), tmp_path / "work"
    for settings in ({"crop_size": 0}, {"crop_size": 8, "crop_margin": -1.0}, {"jobs": 0}):
        with pytest.raises(SettingsError):
            extract_cohort(cohort, work_dir=work, **settings)  # type: ignore[arg-type]
    with pytest.raises(FeatureError):
        extract_cohort(cohort, work_dir=work, preset="none")
    with pytest.raises(SettingsError, match="no engine 'none'"):
        extract_cohort(cohort, work_dir=work, engine="none")


def test_a_cohort_without_regions_is_refused(make_cohort: Make, tmp_path: Path) -> None:
    path = make_cohort(2)
    path.write_text("case_id,image\nC000,images/C000.png\n", encoding="utf-8")
    cohort = load_cohort(path, require_roi=False, require_outcome=False)
    with pytest.raises(CohortError, match="C000: It has no region of interest"):
        extract_cohort(cohort, work_dir=tmp_path / "work")


def test_workers_of_another_version_are_refused(make_cohort: Make, tmp_path: Path) -> None:
    from CervixRiskLib.cohort.case_worker import CaseTask, measure_case
    from CervixRiskLib.radiomics import load_preset

    task = CaseTask("A", "a", "b", None, None, None, load_preset("wang2025"), "cervixrisk", None, 0.1, "0.0.0")
    with pytest.raises(SettingsError, match="install the same on both"):
        measure_case(task)


def test_other_measuring_code_measures_again(
    make_cohort: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CervixRiskLib.cohort import case_worker

    cohort, work = load_cohort(make_cohort(2)), tmp_path / "work"
    first = extract_cohort(cohort, work_dir=work, jobs=1)
    assert first.engine_version.startswith(CervixRiskLib.__version__ + "+")
    for module in (extraction_module, case_worker):
        monkeypatch.setattr(module, "engine_version", lambda engine: "changed")
    assert extract_cohort(cohort, work_dir=work, jobs=1).reused == 0


def test_the_error_of_a_case_is_its_sentence(make_cohort: Make) -> None:
    cohort = load_cohort(make_cohort(2))
    Image.new("L", (8, 8), 255).save(cohort.root / "rois" / "C000.png")
    with pytest.raises(RoiError):
        load_case(cohort, "C000")


def test_waiting_for_workers_stays_short(make_cohort: Make, tmp_path: Path) -> None:
    cohort = load_cohort(make_cohort(4))
    start = time.perf_counter()
    extract_cohort(cohort, work_dir=tmp_path / "work", jobs=2)
    assert time.perf_counter() - start < 60
