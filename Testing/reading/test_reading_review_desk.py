"""The reviewer's desk: what awaits a decision, and what each decision does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event, insert

from CervixRiskLib.errors import CervixRiskError, ReadingError
from CervixRiskLib.imaging import Roi, write_roi
from CervixRiskLib.reading import (
    Decision,
    Origin,
    ReaderDesk,
    ReviewDesk,
    Role,
    Round,
    Study,
    all_contours,
    assign,
    reviewed_contours,
    schema,
)

Draw = Callable[..., Roi]


@pytest.fixture
def reviewer(study: Study) -> ReviewDesk:
    return ReviewDesk(study, "Reviewer C")


@pytest.fixture
def shared(study: Study) -> list[int]:
    return sorted(task.number for task in ReaderDesk(study, "Reader B").tasks())


@pytest.fixture
def alone(shared: list[int]) -> list[int]:
    """Cases that the primary reader alone draws."""
    return [number for number in range(1, 9) if number not in shared]


@pytest.fixture
def submit(study: Study, draw: Draw) -> Callable[..., None]:
    """``submit("A", number, shift=0)``."""

    def one(letter: str, number: int, shift: int = 0) -> None:
        ReaderDesk(study, f"Reader {letter}").submit(number, draw(number, shift))

    return one


def waiting(desk: ReviewDesk) -> set[int]:
    return {task.number for task in desk.tasks()}


def test_a_case_awaits_review_when_all_its_readers_have_drawn_it(
    reviewer: ReviewDesk, submit: Callable[..., None], shared: list[int], alone: list[int]
) -> None:
    assert reviewer.tasks() == ()
    submit("A", shared[0])
    assert waiting(reviewer) == set()
    submit("A", alone[0])
    assert waiting(reviewer) == {alone[0]}
    submit("B", shared[0], 1)
    submit("B", shared[0], 2)
    found = {task.number: (task.readers, task.versions) for task in reviewer.tasks()}
    assert found == {alone[0]: (("Reader A",), (1,)), shared[0]: (("Reader A", "Reader B"), (1, 2))}


def test_the_list_is_in_a_random_order_that_stays(
    study: Study, reviewer: ReviewDesk, submit: Callable[..., None], shared: list[int]
) -> None:
    for number in range(1, 9):
        submit("A", number)
    for number in shared:
        submit("B", number, 1)
    order = [task.number for task in reviewer.tasks()]
    assert sorted(order) == list(range(1, 9)) != order
    reviewer.accept(order[2], "Reader A")
    assert [task.number for task in ReviewDesk(study, "Reviewer C").tasks()] == order[:2] + order[3:]


def test_the_reviewer_sees_the_newest_first_contours_and_no_repeat(
    study: Study, reviewer: ReviewDesk, submit: Callable[..., None], shared: list[int], draw: Draw, clock: Any
) -> None:
    number = shared[0]
    assert reviewer.contours(number) == ()
    submit("A", number)
    submit("A", number, 2)
    submit("B", number, 1)
    clock.pass_days(57)
    ReaderDesk(study, "Reader A").submit(number, draw(number, 3), round_=Round.REPEAT)
    seen = reviewer.contours(number)
    assert [(one.reader, one.role, one.version) for one in seen] == [
        ("Reader A", Role.PRIMARY, 2),
        ("Reader B", Role.SECOND, 1),
    ]
    for one, shift in zip(seen, (2, 1), strict=True):
        assert np.array_equal(one.roi.mask, draw(number, shift).mask)
    assert reviewer.open_image(number).image.shape == (40, 48)


def test_each_decision_settles_the_case_with_its_contour(
    study: Study, reviewer: ReviewDesk, submit: Callable[..., None], shared: list[int], draw: Draw, clock: Any
) -> None:
    accepted, adjusted, returned, _ = shared
    for number in shared:
        submit("A", number)
        submit("B", number, 1)
    reviewer.accept(accepted, "Reader B", reason="good")
    receipt = reviewer.adjust(adjusted, draw(adjusted, 2), duration_s=40, software="Slicer")
    assert (receipt.round, receipt.version) == (Round.REVIEW, 1)
    reviewer.return_to_reader(returned, "Reader A", reason="no")
    assert waiting(reviewer) == {shared[3]}
    settled = reviewed_contours(study)
    assert set(settled) == {accepted, adjusted}
    assert (settled[accepted].reader, settled[accepted].round) == ("Reader B", Round.INITIAL)
    mine = settled[adjusted]
    assert (mine.reader, mine.role, mine.round, mine.origin) == (
        "Reviewer C",
        Role.REVIEWER,
        Round.REVIEW,
        Origin.ADJUSTED,
    )
    assert (mine.duration_s, mine.software, mine.after_return) == (40.0, "Slicer", False)
    # The newest decision counts; the readers' own contours stay.
    reviewer.adjust(accepted, draw(accepted, 5))
    reviewer.accept(adjusted, "Reader A")
    settled = reviewed_contours(study)
    assert (settled[accepted].round, settled[adjusted].reader) == (Round.REVIEW, "Reader A")
    assert sum(row.round is Round.INITIAL for row in all_contours(study)) == 8


def test_the_reviewers_own_contour_again_is_a_new_version_and_a_new_decision(
    study: Study, reviewer: ReviewDesk, submit: Callable[..., None], alone: list[int], draw: Draw
) -> None:
    submit("A", alone[0])
    assert [reviewer.adjust(alone[0], draw(alone[0], shift)).version for shift in (1, 1, 2)] == [1, 2, 3]
    assert reviewed_contours(study)[alone[0]].version == 3


def test_a_version_that_has_changed_meanwhile_is_neither_accepted_nor_returned(
    study: Study, reviewer: ReviewDesk, submit: Callable[..., None], shared: list[int]
) -> None:
    number = shared[0]
    submit("A", number)
    submit("B", number, 1)
    (task,) = reviewer.tasks()
    submit("B", number, 2)
    for decide in (
        lambda version: reviewer.accept(number, "Reader B", version=version),
        lambda version: reviewer.return_to_reader(number, "Reader B", reason="no", version=version),
    ):
        for version in (task.versions[1], 3):
            with pytest.raises(ReadingError, match="has changed since you looked"):
                decide(version)
    assert waiting(reviewer) == {number}
    reviewer.accept(number, "Reader B", version=2)
    assert reviewed_contours(study)[number].version == 2


def test_a_case_returned_to_two_readers_waits_for_both(
    reviewer: ReviewDesk, submit: Callable[..., None], shared: list[int]
) -> None:
    number = shared[0]
    submit("A", number)
    submit("B", number, 1)
    for name in ("Reader A", "Reader B"):
        reviewer.return_to_reader(number, name, reason="no")
    submit("B", number, 2)
    assert waiting(reviewer) == set()
    submit("A", number, 3)
    assert waiting(reviewer) == {number}


def test_a_second_reader_who_comes_later_is_waited_for(
    study: Study, reviewer: ReviewDesk, submit: Callable[..., None], shared: list[int], alone: list[int]
) -> None:
    for number in (shared[0], shared[1], alone[0]):
        submit("A", number)
    for number in shared[:2]:
        submit("B", number, 1)
    reviewer.accept(shared[1], "Reader A")
    assign(study, primary="Reader A", seconds=["Reader D"], second_cases=4)
    assert waiting(reviewer) == {alone[0]}
    with pytest.raises(ReadingError, match="not been drawn by all"):
        reviewer.accept(shared[0], "Reader A")
    submit("D", shared[0], 2)
    (task,) = (task for task in reviewer.tasks() if task.number == shared[0])
    assert task.readers == ("Reader A", "Reader B", "Reader D")


@pytest.mark.parametrize(
    ("decide", "sentence"),
    [
        (lambda desk, one, two, roi: desk.accept(two), "2 readers have drawn case"),
        (lambda desk, one, two, roi: desk.return_to_reader(two, reason="no"), "say whose contour"),
        (lambda desk, one, two, roi: desk.accept(two, "Reader X"), "This reader has not drawn"),
        (lambda desk, one, two, roi: desk.accept(two, "reader a"), "This reader has not drawn"),
        (lambda desk, one, two, roi: desk.accept(one, "Reader B"), "This reader has not drawn"),
        (lambda desk, one, two, roi: desk.accept(two, "Reviewer C"), "This reader has not drawn"),
        (lambda desk, one, two, roi: desk.return_to_reader(one, reason=" "), "Say why"),
        (lambda desk, one, two, roi: desk.accept(one, reason="x" * 2001), "longer than 2000"),
        (lambda desk, one, two, roi: desk.adjust(one, Roi(np.ones((5, 5)))), "5 × 5 pixels"),
        (lambda desk, one, two, roi: desk.adjust(two + 100, roi), "no case"),
        *(
            (lambda desk, one, two, roi, number=number, name=name: getattr(desk, name)(number), "no case")
            for number in (0, -1, 99, 2**31, 2**70)
            for name in ("accept", "contours", "open_image")
        ),
    ],
)
def test_mistakes_change_nothing(
    study: Study,
    reviewer: ReviewDesk,
    submit: Callable[..., None],
    shared: list[int],
    alone: list[int],
    draw: Draw,
    decide: Callable[..., object],
    sentence: str,
) -> None:
    submit("A", alone[0])
    submit("A", shared[0])
    submit("B", shared[0], 1)
    with pytest.raises(CervixRiskError, match=sentence):
        decide(reviewer, alone[0], shared[0], draw(alone[0]))
    assert waiting(reviewer) == {alone[0], shared[0]}
    assert (reviewed_contours(study), len(all_contours(study))) == ({}, 3)
    assert not any((study.folder / "incoming").iterdir())


def test_a_case_that_is_not_drawn_is_not_decided(reviewer: ReviewDesk, draw: Draw) -> None:
    for decide in (
        lambda: reviewer.accept(1),
        lambda: reviewer.return_to_reader(1, reason="no"),
        lambda: reviewer.adjust(1, draw(1)),
    ):
        with pytest.raises(ReadingError, match="not been drawn by all its readers"):
            decide()


def test_an_adjusted_contour_is_taken_from_a_file_that_is_not_the_studys(
    study: Study, reviewer: ReviewDesk, submit: Callable[..., None], alone: list[int], draw: Draw, tmp_path: Path
) -> None:
    number = alone[0]
    submit("A", number)
    with pytest.raises(ReadingError, match="a folder of your own"):
        reviewer.adjust_file(number, study.folder / all_contours(study)[0].file)
    write_roi(tmp_path / "mine.seg.nrrd", draw(number, 4), reviewer.open_image(number).image)
    reviewer.adjust_file(number, tmp_path / "mine.seg.nrrd")
    assert reviewed_contours(study)[number].mask_sha256 == draw(number, 4).mask_hash


def test_a_contour_changed_outside_the_study_is_not_shown(
    study: Study, reviewer: ReviewDesk, submit: Callable[..., None], alone: list[int]
) -> None:
    submit("A", alone[0])
    path = study.folder / all_contours(study)[0].file
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    with pytest.raises(ReadingError, match="changed outside the study"):
        reviewer.contours(alone[0])


@pytest.fixture
def large(study: Study, clock: Any) -> Study:
    """500 cases, all drawn by three readers, half of them twice, a third reviewed; rows only."""
    assign(study, primary="Reader A", seconds=["Reader B", "Reader D"], second_cases=4)
    readers = (1, 2, 4)
    cases = range(9, 501)
    with study.store.writing() as connection:
        connection.execute(
            insert(schema.cases),
            [
                {
                    "id": case, "case_id": f"X{case}", "number": case, "folder": f"X{case}",
                    "image_file": f"images/{case:04d}.nrrd", "image_sha256": "", "source_sha256": "",
                    "slice_index": 0, "slice_count": 1,
                }
                for case in cases
            ],
        )  # fmt: skip
        connection.execute(
            insert(schema.assignments),
            [
                {"case": case, "reader": reader, "round": round_, "position": case}
                for case in cases
                for reader in readers
                for round_ in (("initial", "repeat") if reader == 1 else ("initial",))
            ],
        )
        rows = [
            {
                "case": case, "reader": reader, "round": "initial", "version": version,
                "file": f"{case}/{reader}/{version}", "staged": f"{case}-{reader}-{version}", "file_sha256": "",
                "mask_sha256": "", "image_sha256": "", "pixel_count": 1, "drawn_at": clock.now,
                "stored_at": clock.now, "software": "", "library_version": "", "origin": "submitted",
                "after_return": False,
            }
            for case in cases
            for reader in readers
            for version in (1, 2)[: 1 + case % 2]
        ]  # fmt: skip
        connection.execute(insert(schema.contours), rows)
        decisions = [Decision.ACCEPTED.value, Decision.RETURNED.value]
        connection.execute(
            insert(schema.reviews),
            [
                {
                    "case": case,
                    "reviewer": 3,
                    "decision": decisions[case % 2],
                    "contour": 1 + case,
                    "reason": "",
                    "at": clock.now,
                }
                for case in cases
                if case % 3 == 0
            ],
        )
    return study


def test_long_lists_are_quick_and_ask_a_fixed_number_of_questions(large: Study) -> None:
    asked: list[str] = []
    event.listen(large.store._engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for desk in (ReviewDesk(large, "Reviewer C"), ReaderDesk(large, "Reader A")):
        times = []
        for _ in range(5):
            asked.clear()
            begin = time.perf_counter()
            tasks = desk.tasks()
            times.append(time.perf_counter() - begin)
        assert len([statement for statement in asked if not statement.startswith("BEGIN")]) == 4
        assert len(tasks) >= 300
        # Twice the 100 ms that are wanted, since other work may share the processor.
        assert min(times) < 0.2, times
