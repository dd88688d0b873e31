"""A reader's work-list: what comes next, what is told of it, and how long it took."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from CervixRiskLib.errors import ReadingError, StorageError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import ReviewDesk, Study, WaitingTasks, all_contours, assign, create_study, open_study
from CervixRiskLib.workflow.drawing_time import DrawingTime
from CervixRiskLib.workflow.work_list import OpenedTask, WorkList, study_readers, waiting_words

ROWS, COLUMNS, CASES = 40, 48, 3


class Clock:
    """``clock.now`` for the study, ``clock.seconds`` for the stop-watch."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 5, 8, 0, tzinfo=timezone.utc)
        self.seconds = 1000.0

    def __call__(self) -> datetime:
        return self.now

    def tick(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def study(tmp_path: Path, clock: Clock) -> Study:
    """Three cases with revealing names for "Dr. A", two of them for "Dr. B" and again."""
    (tmp_path / "images").mkdir()
    lines = ["case_id,image,outcome"]
    for index in range(CASES):
        pixels = np.random.default_rng(index).integers(0, 255, (ROWS, COLUMNS)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{index}.png")
        lines.append(f"Schmidt {index},images/{index}.png,{index % 2}")
    (tmp_path / "cohort.csv").write_text("\n".join(lines) + "\n")
    study = create_study(tmp_path / "study", tmp_path / "cohort.csv", clock=clock)
    assign(study, primary="Dr. A", seconds=["Dr. B"], reviewer="Dr. C", second_cases=2)
    return study


@pytest.fixture
def make_list(study: Study, clock: Clock) -> Callable[..., WorkList]:
    def make(reader: str = "Dr. A", **options: Any) -> WorkList:
        return WorkList(study.folder, reader, clock=clock, stop_watch=clock.tick, **options)

    return make


def drawn(opened: OpenedTask, shift: int = 0) -> Roi:
    mask = np.zeros(opened.image.shape, dtype=bool)
    mask[10:25, 10 + shift : 30 + shift] = True
    return Roi.from_mask(mask, opened.image)


def test_the_readers_of_a_study_can_be_chosen_and_the_reviewer_cannot(study: Study) -> None:
    assert study_readers(study.folder) == ("Dr. A", "Dr. B")


def test_a_study_nobody_reads_says_what_to_do(tmp_path: Path, study: Study) -> None:
    empty = create_study(tmp_path / "empty", tmp_path / "cohort.csv")
    with pytest.raises(ReadingError, match="reading assign"):
        study_readers(empty.folder)


def test_case_after_case_until_all_is_done(make_list: Callable[..., WorkList], study: Study) -> None:
    work = make_list()
    numbers = []
    for position in range(1, CASES + 1):
        opened = work.next()
        assert opened is not None
        assert opened.label == f"Dr. A · round 1 · {position} of {CASES}"
        assert opened.case_name == f"{opened.task.number:04d}"
        assert work.progress().drawn == position - 1
        assert opened.image.shape == (ROWS, COLUMNS)
        numbers.append(opened.task.number)
        receipt = work.submit(drawn(opened))
        assert (receipt.number, receipt.version, receipt.already_there) == (opened.task.number, 1, False)
    assert sorted(numbers) == [1, 2, 3]
    assert work.next() is None
    assert work.opened is None
    assert work.progress().words == "3 of 3 drawn"
    # The repeats are due eight weeks after the first contour, 5 October.
    assert work.waiting() == "2 repeats wait until 30 November 2026 or later."
    with pytest.raises(ReadingError, match="No case"):
        work.submit(Roi(np.ones((ROWS, COLUMNS), dtype=bool)))


def test_repeats_are_round_two(make_list: Callable[..., WorkList], clock: Clock) -> None:
    work = make_list()
    while (opened := work.next()) is not None:
        work.submit(drawn(opened))
    clock.now += timedelta(days=57)
    opened = work.next()
    assert opened is not None
    assert opened.label == "Dr. A · round 2 · 1 of 2"
    assert opened.returned is None
    assert work.submit(drawn(opened)).round == opened.task.round
    assert work.waiting() == ""


def test_a_returned_contour_comes_back_with_the_remark(make_list: Callable[..., WorkList], study: Study) -> None:
    work = make_list()
    first = work.next()
    assert first is not None
    assert first.remark == ""
    work.submit(drawn(first))
    other = make_list("Dr. B")
    while (opened := other.next()) is not None:
        other.submit(drawn(opened, 2))
    desk = ReviewDesk(open_study(study.folder, clock=study.clock), "Dr. C")
    desk.return_to_reader(first.task.number, "Dr. A", reason="The posterior margin is cut off.")
    back = work.next()
    assert back is not None
    assert (back.task.number, back.remark) == (first.task.number, "The posterior margin is cut off.")
    assert back.returned is not None
    np.testing.assert_array_equal(back.returned.mask, drawn(first).mask)
    assert work.progress().words == "0 of 3 drawn, 1 to correct"
    with pytest.raises(ReadingError, match="correct it"):
        work.submit(drawn(back))
    assert work.submit(drawn(back, 1)).version == 2
    following = work.next()
    assert following is not None
    assert following.task.number != first.task.number


def test_the_time_of_drawing_leaves_out_what_the_reader_did_elsewhere(
    make_list: Callable[..., WorkList], study: Study, clock: Clock
) -> None:
    work = make_list(software="3D Slicer 5.10")
    opened = work.next()
    assert opened is not None
    clock.seconds += 40
    work.drawing_time.pause()
    clock.seconds += 3600
    work.drawing_time.pause()
    work.drawing_time.resume()
    clock.seconds += 2
    work.drawing_time.resume()
    work.submit(drawn(opened))
    (stored,) = all_contours(study)
    assert (stored.duration_s, stored.duration_source, stored.software) == (42.0, "given", "3D Slicer 5.10")
    opened = work.next()
    assert opened is not None
    clock.seconds += 5
    assert work.drawing_time.seconds == 5
    work.submit(drawn(opened), 7.5)
    assert sorted(one.duration_s or 0 for one in all_contours(study)) == [7.5, 42.0]


def test_a_stop_watch_goes_on_from_an_earlier_sitting() -> None:
    now = [0.0]
    watch = DrawingTime(lambda: now[0])
    assert watch.seconds == 0
    watch.start(30)
    now[0] = 12
    assert watch.seconds == 42


def test_nothing_of_the_patient_is_known(make_list: Callable[..., WorkList]) -> None:
    opened = make_list().next()
    assert opened is not None
    told = repr((opened.label, opened.case_name, opened.remark, opened.task, opened.study_id, opened.image.notes))
    assert "Schmidt" not in told


def test_a_network_drive_that_went_away_is_a_sentence_and_the_case_stays(
    make_list: Callable[..., WorkList], study: Study, tmp_path: Path
) -> None:
    work = make_list()
    opened = work.next()
    assert opened is not None
    os.rename(study.folder, tmp_path / "unplugged")
    with pytest.raises((StorageError, ReadingError)):
        work.submit(drawn(opened))
    with pytest.raises((StorageError, ReadingError)):
        work.next()
    assert work.opened is opened
    os.rename(tmp_path / "unplugged", study.folder)
    assert work.submit(drawn(opened)).version == 1


def test_a_drive_that_breaks_away_in_the_middle_is_a_sentence_too(
    make_list: Callable[..., WorkList], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = make_list()
    opened = work.next()
    assert opened is not None

    def gone(*_: Any, **__: Any) -> None:
        raise OSError(errno.ESTALE, "Stale file handle", "/mnt/Schmidt")

    monkeypatch.setattr(work._desk, "submit", gone)
    monkeypatch.setattr(work._desk, "next_task", gone)
    for ask in (lambda: work.submit(drawn(opened)), work.next):
        with pytest.raises(StorageError, match="cannot be reached") as caught:
            ask()
        assert "Schmidt" not in str(caught.value)
    assert work.opened is opened


def test_a_stranger_gets_no_list(make_list: Callable[..., WorkList], tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="Nobody of this name"):
        make_list("Dr. C")
    with pytest.raises(ReadingError, match="no reader study"):
        WorkList(tmp_path, "Dr. A")


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (WaitingTasks(0, None), ""),
        (WaitingTasks(3, date(2026, 12, 4)), "3 repeats wait until 4 December 2026 or later."),
        (WaitingTasks(1, None), "1 repeat waits for the first round."),
    ],
)
def test_what_waits_is_a_sentence(waiting: WaitingTasks, words: str) -> None:
    assert waiting_words(waiting) == words


def test_the_database_is_loaded_only_with_a_study() -> None:
    program = (
        "import sys, CervixRiskLib.workflow.study_round, CervixRiskLib.workflow.work_list, "
        "CervixRiskLib.workflow.draft_keeper\n"
        "print(*sorted({'sqlalchemy', 'torch', 'sklearn', 'pandas', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
