"""A reader's work-list: the next case, its submission, and what waits.

Over :class:`~CervixRiskLib.reading.ReaderDesk`, which decides what a reader may see. The database's library is loaded
when a study is opened, not before.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from ..errors import MissingComponentError, ReadingError, StorageError
from .drawing_time import DrawingTime

if TYPE_CHECKING:
    from ..imaging import Roi, SliceImage
    from ..reading import ReadingTask, Receipt, WaitingTasks

# Not the operating system's: the panel's texts are translated as a whole.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class OpenedTask:
    """A case on the reader's desk.

    Parameters
    ----------
    reader
        Name in the study.
    study_id
        The study's random identifier.
    task
        Number, round, place in the list, the reviewer's remark.
    image
        The slice.
    returned
        The reader's own contour where the reviewer has returned it, to begin with.
    """

    reader: str
    study_id: str
    task: ReadingTask
    image: SliceImage
    returned: Roi | None = None

    @property
    def case_name(self) -> str:
        """The study's random number; nothing else is known of the case."""
        return f"{self.task.number:04d}"

    @property
    def label(self) -> str:
        """ "reader A · round 1 · 12 of 50"."""
        return f"{self.reader} · {round_words(self.task)} · {self.task.position} of {self.task.total}"

    @property
    def remark(self) -> str:
        """The reviewer's words where the contour was returned, else empty."""
        return self.task.remark or ""


@dataclass(frozen=True)
class ListProgress:
    """How far a reader is.

    Parameters
    ----------
    drawn, total
        Contours submitted and asked for so far, both rounds together.
    returned
        How many of them the reviewer wants corrected; these do not count as drawn.
    """

    drawn: int
    total: int
    returned: int

    @property
    def words(self) -> str:
        """ "12 of 50 drawn, 1 to correct"."""
        correct = f", {self.returned} to correct" if self.returned else ""
        return f"{self.drawn} of {self.total} drawn{correct}"


def study_readers(study_folder: str | os.PathLike[str], *, database: str | None = None) -> tuple[str, ...]:
    """Who draws in a study, in the order in which they came.

    Raises
    ------
    ReadingError
        The folder is no study, or nobody draws in it yet.
    StorageError
        It cannot be reached.
    MissingComponentError
        The database's library is not installed.
    """
    check_database_library()
    from ..reading import Role, open_study, people

    with _reached():
        everyone = people(open_study(study_folder, database=database))
    names = tuple(person.name for person in everyone if person.role in (Role.PRIMARY, Role.SECOND))
    if not names:
        raise ReadingError(
            "The study has no readers yet: its coordinator assigns them with 'cervixrisk reading assign'."
        )
    return names


class WorkList:
    """What one reader has to draw.

    Parameters
    ----------
    reader
        One of :func:`study_readers`.
    database
        The PostgreSQL address where the study has one and ``CERVIXRISK_DATABASE`` does not say it.
    clock
        The time of day, for tests.
    stop_watch
        Seconds that never go back, for tests.
    software
        What the contours are drawn with, kept with each.

    Raises
    ------
    ReadingError
        The folder is no study, or nobody of this name reads in it.
    StorageError
        It cannot be reached.
    MissingComponentError
        The database's library is not installed.
    """

    def __init__(
        self,
        study_folder: str | os.PathLike[str],
        reader: str,
        *,
        database: str | None = None,
        clock: Callable[[], datetime] | None = None,
        stop_watch: Callable[[], float] = time.monotonic,
        software: str = "",
    ) -> None:
        check_database_library()
        from ..reading import ReaderDesk, open_study

        options = {} if clock is None else {"clock": clock}
        with _reached():
            study = open_study(study_folder, database=database, **options)
            self._desk = ReaderDesk(study, reader)
        self._study_id = study.settings.study_id
        self._software = software
        self.simulated = study.settings.simulated
        self.opened: OpenedTask | None = None
        self.drawing_time = DrawingTime(stop_watch)

    @property
    def reader(self) -> str:
        return self._desk.name

    def next(self) -> OpenedTask | None:
        """Open what is to be done next: what was returned, then repeats that are due, then the rest.

        ``None`` when all is done for today. The time of drawing begins.

        Raises
        ------
        ReadingError, StorageError
            The case cannot be read; the one before stays as it was.
        """
        with _reached():
            task = self._desk.next_task()
        if task is None:
            self.opened = None
            self.drawing_time.pause()
            return None
        with _reached():
            image = self._desk.open_image(task.number, task.round).image
            returned = self._desk.returned_contour(task.number, task.round) if _was_returned(task) else None
        self.opened = OpenedTask(self.reader, self._study_id, task, image, returned)
        self.drawing_time.start()
        return self.opened

    def submit(self, roi: Roi, duration_s: float | None = None) -> Receipt:
        """Hand in the contour of the opened case.

        Parameters
        ----------
        duration_s
            Without it the time of drawing that was measured.

        Raises
        ------
        ReadingError
            No case is open, it is the returned contour unchanged, or the desk refuses it.
        StorageError
            The disk is full, or the study cannot be reached; nothing was stored.
        """
        opened = self.opened
        if opened is None:
            raise ReadingError("No case of the study is open.")
        if opened.returned is not None and roi.mask_hash == opened.returned.mask_hash:
            raise ReadingError("This is the contour that was returned to you: correct it, then submit it.")
        with _reached():
            return self._desk.submit(
                opened.task.number,
                roi,
                round_=opened.task.round,
                duration_s=self.drawing_time.seconds if duration_s is None else duration_s,
                software=self._software,
            )

    def progress(self) -> ListProgress:
        """How many are drawn, of both rounds, as far as they are open today."""
        from ..reading import TaskState

        with _reached():
            states = [task.state for task in self._desk.tasks()]
        returned = states.count(TaskState.RETURNED)
        return ListProgress(len(states) - returned - states.count(TaskState.OPEN), len(states), returned)

    def waiting(self) -> str:
        """What comes later, a sentence; empty where nothing does."""
        with _reached():
            return waiting_words(self._desk.waiting())


def check_database_library() -> None:
    """Raise ``MissingComponentError`` where SQLAlchemy, which Slicer does not bring, is not installed."""
    if importlib.util.find_spec("sqlalchemy") is None:
        raise MissingComponentError(
            'Reader studies need the package SQLAlchemy. Install it with: pip install "SQLAlchemy>=2.0"'
        )


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    """A network drive that breaks away has many ways to say so; all of them become one sentence."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            "The study's folder cannot be reached just now: check the disk or network drive, then try again."
        ) from error


def round_words(task: ReadingTask) -> str:
    """ "round 1", "round 2"."""
    from ..reading import Round

    return "round 2" if task.round is Round.REPEAT else "round 1"


def waiting_words(waiting: WaitingTasks) -> str:
    """ "3 repeats wait until 4 December 2026."; which cases they are is not known."""
    if not waiting.count:
        return ""
    what = "1 repeat waits" if waiting.count == 1 else f"{waiting.count} repeats wait"
    if waiting.first_opens_on is None:
        return f"{what} for the first round."
    return f"{what} until {date_words(waiting.first_opens_on)} or later."


def date_words(day: date) -> str:
    """ "4 December 2026"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _was_returned(task: ReadingTask) -> bool:
    from ..reading import TaskState

    return task.state is TaskState.RETURNED
