"""Where a study stands, and which files and rows do not belong together."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from CervixRiskLib.errors import ReadingError, StorageError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import (
    ReaderDesk,
    ReviewDesk,
    Role,
    Round,
    Study,
    all_contours,
    check_integrity,
    open_study,
    study_status,
)
from CervixRiskLib.reading.study import settle

Draw = Callable[..., Roi]


def test_an_untouched_study(study: Study) -> None:
    status = study_status(study)
    assert (status.cases, status.awaiting_review, status.reviewed) == (8, 0, 0)
    assert status.integrity.sound
    assert [(part.reader, part.role, part.round, part.total, part.drawn, part.waiting) for part in status.lists] == [
        ("Reader A", Role.PRIMARY, Round.INITIAL, 8, 0, 0),
        ("Reader A", Role.PRIMARY, Round.REPEAT, 4, 0, 4),
        ("Reader B", Role.SECOND, Round.INITIAL, 4, 0, 0),
    ]


def test_the_repeat_opens_with_the_washout(study: Study, draw: Draw, clock: Any) -> None:
    desk = ReaderDesk(study, "Reader A")
    for task in desk.tasks():
        desk.submit(task.number, draw(task.number))
    repeat = study_status(study).lists[1]
    assert (repeat.waiting, repeat.next_opens_on) == (4, date(2026, 3, 2))  # 5 January and eight weeks
    clock.pass_days(56)
    repeat = study_status(study).lists[1]
    assert (repeat.waiting, repeat.drawn, repeat.next_opens_on) == (0, 0, None)


@pytest.fixture
def drawn(study: Study, draw: Draw) -> Study:
    desk = ReaderDesk(study, "Reader A")
    for number in (1, 2, 3):
        desk.submit(number, draw(number))
    assert check_integrity(study).sound
    return study


def _file(study: Study, number: int) -> Path:
    return study.folder / next(contour.file for contour in all_contours(study) if contour.number == number)


def test_a_file_without_row(drawn: Study, draw: Draw) -> None:
    folder = _file(drawn, 1).parent
    for name in ("initial.v2.seg.nrrd", "notes.txt"):
        (folder / name).write_bytes(b"x")
    (drawn.folder / "contours" / "elsewhere").mkdir()
    (drawn.folder / "contours" / "elsewhere" / "a.nrrd").write_bytes(b"x")
    (drawn.folder / "incoming" / "mine.nrrd").write_bytes(b"x")
    # What file browsers leave is nobody's contour.
    (folder / ".DS_Store").write_bytes(b"x")
    (drawn.folder / "contours" / "Thumbs.db").write_bytes(b"x")
    place = folder.relative_to(drawn.folder).as_posix()
    assert check_integrity(drawn).files_without_row == tuple(
        sorted(
            [f"{place}/initial.v2.seg.nrrd", f"{place}/notes.txt", "contours/elsewhere/a.nrrd", "incoming/mine.nrrd"]
        )
    )
    # The next version would stand where the foreign file stands: it is neither overwritten nor taken for a contour.
    with pytest.raises(ReadingError, match="does not know"):
        ReaderDesk(drawn, "Reader A").submit(1, draw(1, 3))
    assert (folder / "initial.v2.seg.nrrd").read_bytes() == b"x"
    (folder / "initial.v2.seg.nrrd").unlink()
    assert ReaderDesk(drawn, "Reader A").submit(1, draw(1, 3)).version == 2


def test_lost_and_changed_files(drawn: Study) -> None:
    _file(drawn, 1).unlink()
    content = bytearray(_file(drawn, 2).read_bytes())
    content[-1] ^= 1
    _file(drawn, 2).write_bytes(content)
    (drawn.folder / "images" / "0003.nrrd").unlink()
    (drawn.folder / "images" / "0004.nrrd").write_bytes((drawn.folder / "images" / "0005.nrrd").read_bytes())
    integrity = check_integrity(drawn)
    assert not integrity.sound
    assert integrity.rows_without_file == (_file(drawn, 1).relative_to(drawn.folder).as_posix(),)
    assert integrity.changed_files == (_file(drawn, 2).relative_to(drawn.folder).as_posix(),)
    assert integrity.changed_images == (3, 4)
    cases = {case.number: case for case in drawn.cases()}
    for contour in all_contours(drawn)[:2]:
        with pytest.raises(ReadingError, match=r"missing|changed"):
            drawn.roi(contour, drawn.image(cases[contour.number]))
    for number in (3, 4):
        with pytest.raises(ReadingError, match="missing or was changed"):
            ReaderDesk(drawn, "Reader A").open_image(number)
    # Opening does not fail: whoever mends it must be able to look.
    assert len(open_study(drawn.folder).cases()) == 8


def test_the_contours_of_two_cases_exchanged(drawn: Study) -> None:
    first, second = _file(drawn, 1), _file(drawn, 2)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    assert len(check_integrity(drawn).changed_files) == 2


@pytest.fixture
def half_way(drawn: Study) -> tuple[Study, Path, Path]:
    """As a program leaves it that was killed between row and move: the study, the staged file, and its place."""
    place = _file(drawn, 1)
    with drawn.store.reading() as connection:
        from CervixRiskLib.reading import schema

        table = schema.contours
        query = table.select().where(table.c.file == place.relative_to(drawn.folder).as_posix())
        staged = drawn.folder / "incoming" / connection.execute(query).mappings().one()["staged"]
    os.rename(place, staged)
    return drawn, staged, place


def test_opening_moves_what_was_left_half_way(half_way: tuple[Study, Path, Path]) -> None:
    study, staged, place = half_way
    assert settle(study) == 1
    assert place.exists()
    assert not staged.exists()
    assert settle(study) == 0


def test_who_needs_the_file_moves_it(half_way: tuple[Study, Path, Path], draw: Draw) -> None:
    """A reviewer may be quicker than the program that has just committed the row."""
    study, staged, place = half_way
    number = next(contour.number for contour in all_contours(study) if (study.folder / contour.file) == place)
    assert len(ReviewDesk(study, "Reviewer C").contours(number)) == 1
    assert place.exists()
    assert not staged.exists()


def test_integrity_moves_what_was_left_half_way(half_way: tuple[Study, Path, Path]) -> None:
    study, _, place = half_way
    assert check_integrity(study).sound
    assert place.exists()


def test_both_at_once_as_a_network_drive_may_leave_it(half_way: tuple[Study, Path, Path]) -> None:
    study, staged, place = half_way
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(staged.read_bytes())
    settle(study)
    assert not staged.exists()
    assert check_integrity(study).sound


def test_another_file_in_the_place_keeps_nobody_out(half_way: tuple[Study, Path, Path]) -> None:
    study, staged, place = half_way
    place.write_bytes(b"somebody else's")
    again = open_study(study.folder)
    assert check_integrity(again).changed_files == (place.relative_to(study.folder).as_posix(),)
    assert staged.exists()
    place.unlink()
    assert check_integrity(again).sound


def test_litter_is_cleared_whoever_left_it(study: Study) -> None:
    litter = study.folder / "incoming" / f"{7:032x}.seg.nrrd"
    litter.write_bytes(b"half a contour")
    open_study(study.folder)
    assert not litter.exists()


def test_litter_is_not_cleared_while_somebody_stores(
    tmp_path: Path, cohort_table: Path, postgresql: str, draw: Draw
) -> None:
    """On SQLite one transaction writes at a time; on PostgreSQL storing and clearing exclude each other."""
    from CervixRiskLib.reading import create_study
    from CervixRiskLib.reading.settling import keep_incoming

    study = create_study(tmp_path / "other", cohort_table, database=postgresql)
    with study.store.writing() as connection:
        keep_incoming(connection)
        staged = study.files.stage(b"on its way")
        open_study(study.folder)
        assert study.files.on_the_way() == [staged.name]
        with study.store.writing() as beside:
            keep_incoming(beside)
    open_study(study.folder)
    assert study.files.on_the_way() == []


def test_an_unreadable_folder_is_said_so(drawn: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(StorageError, match="cannot be read"):
        check_integrity(drawn)
