"""A program that is killed at any step leaves the old state or the new one, and the next one finishes its work.

Each step is taken in a child process that kills itself: directly before and after each system call and database call
that changes something, and at the k-th executed line of the library's own code: for every fifth k, or for every k where
CERVIXRISK_STRESS_SECONDS is set, as in continuous integration.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import (
    ReaderDesk,
    ReviewDesk,
    Round,
    Study,
    all_contours,
    assign,
    check_integrity,
    contour_files,
    create_study,
    open_study,
    people,
    reviewed_contours,
)
from CervixRiskLib.reading import assignment as assignment_module  # noqa: F401 - loaded before the forks
from CervixRiskLib.reading.study import settle

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked, which Windows cannot"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning"),
]

LIBRARY = Path(sys.modules["CervixRiskLib"].__file__ or "").parent
WATCHED = (str(LIBRARY / "reading") + os.sep, str(LIBRARY / "atomic.py"), str(LIBRARY / "imaging" / "image_writer.py"))
# Runs for every value that is read, and changes nothing.
LOOKS_ONLY = str(LIBRARY / "reading" / "column_types.py")
LINES = 1 if os.environ.get("CERVIXRISK_STRESS_SECONDS") else 5
NOW = datetime(2026, 1, 5, 8, 0, tzinfo=timezone.utc)
Work = Callable[[], object]
Kill = Callable[[int], None]
"""Arms the child to kill itself at a step."""


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("the process outlived SIGKILL")


def _at_line(step: int) -> None:
    """Die at the ``step``-th executed line of the library's own code."""
    left = step

    def trace(frame: Any, event: str, _argument: object) -> Any:
        nonlocal left
        if event == "call":
            name = frame.f_code.co_filename
            return trace if name.startswith(WATCHED) and name != LOOKS_ONLY else None
        if event == "line":
            if left == 0:
                _die()
            left -= 1
        return trace

    sys.settrace(trace)


class _Dying:
    """Counts calls, and dies before the first, after the first, before the second, and so on."""

    def __init__(self, step: int) -> None:
        self.left = step

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            self.pass_by()
            result = function(*arguments, **named)
            self.pass_by()
            return result

        return called

    def pass_by(self) -> None:
        if self.left == 0:
            _die()
        self.left -= 1


def _at_call(step: int) -> None:
    """Die directly before or after a call that changes the disk or the database."""
    dying = _Dying(step)
    for name in ("rename", "replace", "fsync", "unlink", "mkdir", "open", "rmdir"):
        setattr(os, name, dying.around(getattr(os, name)))

    class Connection(sqlite3.Connection):
        def commit(self) -> None:
            dying.pass_by()
            super().commit()
            dying.pass_by()

        def cursor(self, *arguments: Any, **named: Any) -> Any:
            return super().cursor(Cursor)

    class Cursor(sqlite3.Cursor):
        def execute(self, *arguments: Any) -> Any:
            dying.pass_by()
            super().execute(*arguments)
            dying.pass_by()
            return self

    connect = sqlite3.connect
    sqlite3.connect = lambda *arguments, **named: connect(  # type: ignore[assignment]
        *arguments, factory=Connection, **named
    )


def _killed(arm: Kill, step: int, work: Work) -> bool:
    """Do ``work`` in a child that is armed; whether it was killed (and has not come to its end)."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            arm(step)
            work()
            status = 0
        finally:
            sys.settrace(None)
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, f"the work failed at step {step} instead of being killed"
    return False


def _steps(arm: Kill, prepare: Callable[[], Work], stride: int = 1) -> Iterator[int]:
    """Kill ``prepare()`` at every step until it comes to its end; the caller looks at what is left each time."""
    step = 0
    while _killed(arm, step, prepare()):
        yield step
        step += stride
    assert step >= 10, "hardly anything was watched"
    yield step


@pytest.fixture(params=[_at_line, _at_call], ids=["line", "call"])
def arm(request: pytest.FixtureRequest) -> Kill:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def template(tmp_path: Path, make_cohort_table: Callable[[list[str]], Path]) -> Path:
    """A study of two cases; both are drawn by both readers, the first one by A."""
    study = create_study(tmp_path / "template", make_cohort_table(["one", "two"]), clock=lambda: NOW)
    assign(study, primary="A", seconds=["B"], reviewer="R", second_cases=2)
    a, b = ReaderDesk(study, "A"), ReaderDesk(study, "B")
    a.submit(1, _roi(0))
    for desk in (a, b):
        desk.submit(2, _roi(0))
    return study.folder


def _roi(shift: int) -> Roi:
    mask = np.zeros((40, 48), bool)
    mask[10:25, 10 + shift : 30 + shift] = True
    return Roi(mask, (0.25, 0.25))


def _copy(template: Path, folder: Path) -> Study:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    return open_study(folder, clock=lambda: NOW)


def _content(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder of a study as it lies on the disk."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def _bytes(study: Study) -> dict[str, bytes]:
    return {place: (study.folder / place).read_bytes() for place in study.files.stored()}


def _check_sound(study: Study) -> None:
    assert os.listdir(study.folder / "incoming") == []
    assert check_integrity(study).sound


@pytest.mark.timeout(600)
def test_submit_leaves_the_old_or_the_new_state(arm: Kill, template: Path, tmp_path: Path) -> None:
    before = _bytes(open_study(template))
    new = "contours/one/A/initial.v2.seg.nrrd"
    number = next(case.number for case in open_study(template).cases() if case.case_id == "one")
    if number != 1:
        new = new.replace("one", "two")
    untouched = _content(template)
    unchanged = old_states = new_states = moved = 0
    seen: list[dict[str, bytes | None]] = []
    desk: ReaderDesk | None = None

    def submit(desk: ReaderDesk) -> None:
        # The same random name each time, so that the same state is the same bytes.
        contour_files.uuid.uuid4 = lambda: uuid.UUID(int=7)  # type: ignore[assignment]
        desk.submit(1, _roi(1))

    def prepare() -> Work:
        nonlocal desk
        if desk is None:
            desk = ReaderDesk(_copy(template, tmp_path / "study"), "A")
        return functools.partial(submit, desk)

    for _ in _steps(arm, prepare, stride=LINES if arm is _at_line else 1):
        content = _content(tmp_path / "study")
        if content == untouched:
            unchanged += 1
            continue
        desk = None
        if content in seen:
            continue
        seen.append(content)
        left = os.listdir(tmp_path / "study" / "incoming")
        study = open_study(tmp_path / "study", clock=lambda: NOW)
        _check_sound(study)
        after = _bytes(study)
        versions = [c.version for c in all_contours(study) if (c.number, c.reader) == (1, "A")]
        if versions == [1]:
            assert after == before
            old_states += 1
        else:
            assert versions == [1, 2]
            assert {place: content for place, content in after.items() if place != new} == before
            new_states += 1
            moved += bool(left)
        receipt = ReaderDesk(study, "A").submit(1, _roi(1))
        assert (receipt.version, receipt.already_there) == (2, versions == [1, 2])
        _check_sound(study)
    # Nothing done yet, something done, committed, and committed but not moved: each was really hit.
    assert min(unchanged, old_states, new_states, moved) > 0


@pytest.mark.timeout(600)
def test_submit_on_postgresql(tmp_path: Path, make_cohort_table: Callable[[list[str]], Path], postgresql: str) -> None:
    """Every 41st line; the server notices by itself that the program is gone."""
    study = create_study(tmp_path / "study", make_cohort_table(["one", "two"]), database=postgresql, clock=lambda: NOW)
    assign(study, primary="A", second_cases=2)
    version, grown = 0, 0

    def prepare() -> Work:
        desk = ReaderDesk(study, "A")
        return lambda: desk.submit(1, _roi(version % 7))

    for _ in _steps(_at_line, prepare, stride=41):
        deadline = time.monotonic() + 20
        while settle(study) or os.listdir(study.folder / "incoming"):
            assert time.monotonic() < deadline, "litter stays"
        assert check_integrity(study).sound
        versions = [contour.version for contour in all_contours(study)]
        assert versions in (list(range(1, version + 1)), list(range(1, version + 2)))
        grown += len(versions) - version
        receipt = ReaderDesk(study, "A").submit(1, _roi(version % 7))
        assert receipt.already_there == (len(versions) == version + 1)
        version += 1
        assert receipt.version == version
    assert grown > 0


@pytest.mark.timeout(600)
def test_a_review_leaves_the_old_or_the_new_state(template: Path, tmp_path: Path) -> None:
    seen = set()
    for decide in (lambda desk: desk.adjust(2, _roi(2)), lambda desk: desk.accept(2, "A")):

        def prepare(decide: Any = decide) -> Work:
            desk = ReviewDesk(_copy(template, tmp_path / "study"), "R")
            return lambda: decide(desk)

        for _ in _steps(_at_call, prepare):
            study = open_study(tmp_path / "study", clock=lambda: NOW)
            _check_sound(study)
            reviewed, contours = reviewed_contours(study), all_contours(study)
            drawn = [contour for contour in contours if contour.round is Round.REVIEW]
            if not reviewed:
                assert drawn == []
                assert [task.number for task in ReviewDesk(study, "R").tasks()] == [2]
            else:
                assert reviewed[2] in (drawn or contours)
            seen.add((bool(reviewed), bool(drawn)))
    assert seen == {(False, False), (True, True), (True, False)}


@pytest.mark.timeout(600)
def test_a_study_is_made_whole_or_not_at_all(tmp_path: Path, make_cohort_table: Callable[[list[str]], Path]) -> None:
    table, folder = make_cohort_table(["one", "two"]), tmp_path / "studies" / "study"
    made = 0

    def prepare() -> Work:
        shutil.rmtree(folder, ignore_errors=True)
        return lambda: create_study(folder, table, clock=lambda: NOW)

    for _ in _steps(_at_call, prepare):
        if folder.exists():
            study = open_study(folder)
            assert len(study.cases()) == 2
            _check_sound(study)
            made += 1
        else:
            create_study(folder, table, clock=lambda: NOW)
        # The next one clears what the killed one has left.
        assert [path.name for path in folder.parent.iterdir() if path.name == "study"] == ["study"]
    assert made > 0
    shutil.rmtree(folder)
    create_study(folder, table)
    assert [path.name for path in folder.parent.iterdir()] == ["study"]


@pytest.mark.timeout(600)
def test_lists_are_given_out_all_or_none(tmp_path: Path, make_cohort_table: Callable[[list[str]], Path]) -> None:
    template = create_study(tmp_path / "template", make_cohort_table(["one", "two"]), clock=lambda: NOW).folder

    def hand_out(study: Study) -> None:
        assign(study, primary="A", seconds=["B"], reviewer="R", second_cases=2)

    def prepare() -> Work:
        study = _copy(template, tmp_path / "study")
        return lambda: hand_out(study)

    states = set()
    for _ in _steps(_at_call, prepare):
        study = open_study(tmp_path / "study")
        names = [person.name for person in people(study)]
        assert names in ([], ["A", "B", "R"])
        states.add(bool(names))
        hand_out(study)
        assert len(ReaderDesk(study, "A").tasks()) == len(ReaderDesk(study, "B").tasks()) == 2
    assert states == {False, True}
