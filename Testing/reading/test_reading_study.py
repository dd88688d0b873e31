"""Making a study, opening it, and what is said when something is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import ReaderDesk, Round, Study, check_integrity, open_study


def test_a_contour_comes_back_as_it_was_drawn(study: Study, draw: Callable[..., Roi]) -> None:
    desk = ReaderDesk(study, "Reader A")
    task = desk.next_task()
    assert task is not None
    assert (task.round, task.position, task.total) == (Round.INITIAL, 1, 8)
    drawn = draw(task.number, 2)
    receipt = desk.submit(task.number, drawn)
    again = open_study(study.folder)
    from CervixRiskLib.reading import all_contours

    (contour,) = all_contours(again)
    assert contour.file_sha256 == receipt.sha256
    case = next(case for case in again.cases() if case.number == task.number)
    assert (again.roi(contour, again.image(case)).mask == drawn.mask).all()
    assert check_integrity(again).sound
