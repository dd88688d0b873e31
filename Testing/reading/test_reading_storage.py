"""The store on SQLite and PostgreSQL: every query, refusals in sentences, and nothing of a person in them."""

from __future__ import annotations

import errno
import os
import sqlite3
import traceback
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from CervixRiskLib.errors import CervixRiskError, ReadingError, StorageError
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

MakeRoi = Callable[..., Roi]


def _both(study: Study) -> list[int]:
    """Numbers of the cases that both readers have."""
    return [task.number for task in ReaderDesk(study, "Reader B").tasks()]


def test_a_whole_study_on_either_database(any_study: Study, make_roi: MakeRoi, clock: Any, database: str) -> None:
    a, b, reviewer = ReaderDesk(any_study, "Reader A"), ReaderDesk(any_study, "Reader B"), None
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
    assert isinstance(status.lists[1].next_opens_on, date | None)
