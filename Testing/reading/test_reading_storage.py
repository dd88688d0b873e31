"""The store on SQLite and PostgreSQL: every query, many programs at once, disks and locks that refuse."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, text

from CervixRiskLib.errors import ReadingError, StorageError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import (
    Origin,
    ReaderDesk,
    ReviewDesk,
    Role,
    Round,
    Study,
    TaskState,
    all_contours,
    assign,
    check_integrity,
    create_study,
    independent_contours,
    open_study,
    people,
    reviewed_contours,
    schema,
    study_status,
)
from CervixRiskLib.reading import store as store_module
from CervixRiskLib.reading.study import settle

MakeRoi = Callable[..., Roi]


def _both(study: Study) -> list[int]:
    """Numbers of the cases that both readers have."""
    return [task.number for task in ReaderDesk(study, "Reader B").tasks()]


def test_a_whole_study_on_either_database(any_study: Study, make_roi: MakeRoi, clock: Any, database: str) -> None:
    a, b = ReaderDesk(any_study, "Reader A"), ReaderDesk(any_study, "Reader B")
    assert [(person.name, person.role) for person in people(any_study)] == [
        ("Reader A", Role.PRIMARY),
        ("Reader B", Role.SECOND),
        ("Reviewer C", Role.REVIEWER),
    ]
    for desk in (a, b):
        while (task := desk.next_task()) is not None:
            desk.open_image(task.number, task.round)
            clock.now += timedelta(seconds=90)
            receipt = desk.submit(task.number, make_roi(any_study, task.number, 0 if desk is a else 1))
            assert (receipt.version, receipt.already_there) == (1, False)
    assert {contour.duration_s for contour in all_contours(any_study)} == {90.0}
    reviewer = ReviewDesk(any_study, "Reviewer C")
    first, second, third, fourth = _both(any_study)
    assert len(reviewer.tasks()) == 8
    reviewer.accept(first, "Reader B", version=1)
    reviewer.return_to_reader(second, "Reader A", reason="too large")
    reviewer.adjust(third, make_roi(any_study, third, 3))
    assert a.next_task().state is TaskState.RETURNED  # type: ignore[union-attr]
    assert (a.returned_contour(second).mask == make_roi(any_study, second).mask).all()
    assert a.submit(second, make_roi(any_study, second, 2)).version == 2
    with pytest.raises(ReadingError, match="reviewed"):
        b.submit(first, make_roi(any_study, first, 3))
    assert a.waiting().count == 4
    clock.now += timedelta(days=57)
    repeat = next(task for task in a.tasks() if task.round is Round.REPEAT)
    a.submit(repeat.number, make_roi(any_study, repeat.number, -1), round_=Round.REPEAT)

    again = open_study(any_study.folder, database=database, clock=clock)
    contours = all_contours(again)
    assert len(contours) == 8 + 4 + 1 + 1 + 1
    assert {contour.origin for contour in contours} == {Origin.SUBMITTED, Origin.ADJUSTED}
    assert len(independent_contours(again)) == 13
    assert {number: contour.reader for number, contour in reviewed_contours(again).items()} == {
        first: "Reader B",
        third: "Reviewer C",
    }
    status = study_status(again)
    assert (status.cases, status.reviewed, status.awaiting_review) == (8, 2, 6)
    assert status.integrity.sound
    assert [(part.reader, part.round, part.total, part.drawn) for part in status.lists] == [
        ("Reader A", Round.INITIAL, 8, 8),
        ("Reader A", Round.REPEAT, 4, 1),
        ("Reader B", Round.INITIAL, 4, 4),
    ]
    for contour in contours:
        case = next(case for case in again.cases() if case.number == contour.number)
        assert again.roi(contour, again.image(case)).n_pixels == contour.pixel_count
    assert fourth not in reviewed_contours(again)


def test_submitting_again(any_study: Study, make_roi: MakeRoi) -> None:
    desk = ReaderDesk(any_study, "Reader A")
    first = desk.submit(1, make_roi(any_study, 1))
    same = desk.submit(1, make_roi(any_study, 1))
    other = desk.submit(1, make_roi(any_study, 1, 1))
    back = desk.submit(1, make_roi(any_study, 1))
    assert (first.version, first.already_there) == (1, False)
    assert (same.version, same.already_there, same.sha256) == (1, True, first.sha256)
    assert (other.version, back.version, back.already_there) == (2, 3, False)
    places = [contour.file for contour in all_contours(any_study)]
    assert [Path(place).name for place in places] == ["initial.seg.nrrd", "initial.v2.seg.nrrd", "initial.v3.seg.nrrd"]
    assert back.sha256 == first.sha256  # the same pixels are the same bytes


def test_one_reader_in_several_programs_gets_gapless_versions(any_study: Study, make_roi: MakeRoi) -> None:
    rois = [make_roi(any_study, 1, shift) for shift in range(8)]
    with ThreadPoolExecutor(4) as threads:
        receipts = list(threads.map(lambda roi: ReaderDesk(any_study, "Reader A").submit(1, roi), rois))
    assert sorted(receipt.version for receipt in receipts) == list(range(1, 9))
    assert check_integrity(any_study).sound


def test_two_give_out_the_lists_at_once(tmp_path: Path, cohort_table: Path, clock: Any, database: str | None) -> None:
    study = create_study(tmp_path / "study", cohort_table, clock=clock, database=database)

    def hand_out(_: int) -> object:
        return assign(study, primary="A", seconds=["B"], reviewer="R", second_cases=4)

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(hand_out, range(4)))) == 1
    assert [person.name for person in people(study)] == ["A", "B", "R"]
    assert len(ReaderDesk(study, "A").tasks()) == 8


def test_several_studies_share_a_postgresql_database(
    tmp_path: Path, cohort_table: Path, postgresql: str, make_roi: MakeRoi
) -> None:
    studies = [create_study(tmp_path / name, cohort_table, database=postgresql) for name in ("one", "two")]
    for study in studies:
        assign(study, primary="A", second_cases=2)
    ReaderDesk(studies[0], "A").submit(1, make_roi(studies[0], 1))
    assert [len(all_contours(study)) for study in studies] == [1, 0]
    # Nothing but the folder tells which one is meant.
    (tmp_path / "one" / "study.json").write_bytes((tmp_path / "two" / "study.json").read_bytes())
    assert len(all_contours(open_study(tmp_path / "one", database=postgresql))) == 0


# --- what the disk refuses ---


def _refuse(number: int) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("call", ["fsync", "unlink and fsync"])
def test_a_full_or_locked_disk_stores_nothing(
    any_study: Study, make_roi: MakeRoi, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    roi, desk = make_roi(any_study, 1), ReaderDesk(any_study, "Reader A")
    with monkeypatch.context() as patch:
        for name in call.split(" and "):
            patch.setattr(os, name, _refuse(number))
        with pytest.raises(StorageError):
            desk.submit(1, roi)
    assert all_contours(any_study) == ()
    again = settle(any_study)
    assert again == 0
    assert os.listdir(any_study.folder / "incoming") == []
    assert check_integrity(any_study).sound
    assert desk.submit(1, roi).version == 1


def test_a_disk_that_fills_up_between_row_and_move_loses_nothing(
    any_study: Study, make_roi: MakeRoi, monkeypatch: pytest.MonkeyPatch, database: str | None
) -> None:
    roi, desk = make_roi(any_study, 1), ReaderDesk(any_study, "Reader A")
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", _refuse(errno.ENOSPC))
        with pytest.raises(StorageError, match="disk is full"):
            desk.submit(1, roi)
        # Somebody who may not write can look all the same.
        assert len(all_contours(open_study(any_study.folder, database=database))) == 1
    assert desk.submit(1, roi).already_there
    assert os.listdir(any_study.folder / "incoming") == []
    assert check_integrity(any_study).sound


def test_a_database_that_cannot_grow_stores_nothing(
    study: Study, draw: MakeRoi, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = store_module._prepare_sqlite

    def tight(connection: sqlite3.Connection, record: Any) -> None:
        prepare(connection, record)
        connection.execute("PRAGMA max_page_count = 1")

    monkeypatch.setattr(store_module, "_prepare_sqlite", tight)
    desk = ReaderDesk(open_study(study.folder), "Reader A")
    with pytest.raises(StorageError, match="disk is full"):  # noqa: PT012
        for shift in range(200):
            desk.submit(1, draw(1, shift % 9))
    assert os.listdir(study.folder / "incoming") == []
    assert check_integrity(study).sound


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs another account in a child process")
def test_who_may_not_write_can_still_look(cohort_table: Path, clock: Any) -> None:
    home = Path(tempfile.mkdtemp())
    try:
        study = create_study(home / "study", cohort_table, clock=clock)
        assign(study, primary="Reader A", second_cases=2)
        roi = Roi(np.ones((40, 48), bool), (0.25, 0.25))
        ReaderDesk(study, "Reader A").submit(1, roi)
        litter = study.folder / "incoming" / f"{0:032x}.seg.nrrd"
        litter.write_bytes(b"left by somebody")
        for path in (home, *home.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if os.geteuid() == 0:
                    os.setgid(65534)
                    os.setuid(65534)
                seen = open_study(study.folder, clock=clock)
                desk = ReaderDesk(seen, "Reader A")
                assert len(desk.tasks()) == 8
                assert study_status(seen).integrity.sound
                with pytest.raises(StorageError, match="may not be written"):
                    desk.submit(2, roi)
                status = 0
            finally:
                if status:
                    traceback.print_exc()
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        for path in (home, *home.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(home)


# --- what the database refuses ---


def test_a_lock_that_lasts_too_long(
    any_study: Study, make_roi: MakeRoi, monkeypatch: pytest.MonkeyPatch, database: str | None
) -> None:
    desk, roi = ReaderDesk(any_study, "Reader A"), make_roi(any_study, 1)
    with any_study.store.writing() as connection:
        connection.execute(select(schema.cases).with_for_update()).all()
        monkeypatch.setattr(store_module, "PATIENCE_S", 0.2)
        with pytest.raises(StorageError, match="busy"):
            desk.submit(1, roi)
    monkeypatch.undo()
    assert os.listdir(any_study.folder / "incoming") == []
    assert desk.submit(1, roi).version == 1
    assert check_integrity(any_study).sound


def test_a_stopped_program_does_not_hold_the_others_up(
    tmp_path: Path, cohort_table: Path, postgresql: str, make_roi: MakeRoi, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = create_study(tmp_path / "study", cohort_table, database=postgresql)
    assign(study, primary="A", second_cases=2)
    roi = make_roi(study, 1)
    monkeypatch.setattr(store_module, "PATIENCE_S", 0.5)
    with pytest.raises(StorageError), study.store.writing() as stopped:  # noqa: PT012
        stopped.execute(select(schema.cases).with_for_update()).all()
        monkeypatch.undo()
        # Its transaction ends without it after half a second; the others have a minute's patience.
        started = time.monotonic()
        assert ReaderDesk(study, "A").submit(1, roi).version == 1
        assert time.monotonic() - started < 30
        stopped.execute(select(schema.cases)).all()


def test_a_study_that_cannot_be_made_leaves_nothing_in_postgresql(
    tmp_path: Path, cohort_table: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaces = "SELECT count(*) FROM information_schema.schemata WHERE schema_name LIKE 'study_%'"
    whole = create_study(tmp_path / "whole", cohort_table, database=postgresql)
    with whole.store.reading() as connection:
        before = connection.execute(text(spaces)).scalar_one()
    monkeypatch.setattr(os, "rename", _refuse(errno.ENOSPC))
    with pytest.raises(StorageError, match="disk is full"):
        create_study(tmp_path / "study", cohort_table, database=postgresql)
    with whole.store.reading() as connection:
        assert connection.execute(text(spaces)).scalar_one() == before
    assert not (tmp_path / "study").exists()
