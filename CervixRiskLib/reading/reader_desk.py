"""What a reader can do, and all that a reader can see.

A reader sees the own tasks and their images. A repeat neither shows the earlier contour nor exists before its date.
Outcomes and predictions are not in the study at all. The only contour that comes back is the reader's own one that the
reviewer has returned for correction. What is asked of the database is in :mod:`.own_readings`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping

from ..errors import ReadingError
from ..imaging import Roi, SliceImage
from .drawn_file import read_drawn_file
from .journal import record_event
from .own_readings import OwnReading, own_image, own_readings
from .person_list import find_person
from .records import ImageRecord, Origin, ReadingTask, Receipt, Role, Round, TaskState, WaitingTasks
from .submission import Drawing, check_on_grid, latest_version, store_contour

if TYPE_CHECKING:
    from .study import Study


@dataclass(frozen=True, eq=False)
class OpenedImage:
    """The slice of a task, and the file it comes from; the file's name is the case's random number."""

    image: SliceImage
    path: Path


class ReaderDesk:
    """The work of one reader.

    Raises
    ------
    ReadingError
        Nobody of this name reads in this study.
    """

    def __init__(self, study: Study, reader: str) -> None:
        self._study = study
        with study.store.reading() as connection:
            self._reader = find_person(connection, reader, (Role.PRIMARY, Role.SECOND))

    @property
    def name(self) -> str:
        return str(self._reader["name"])

    def tasks(self) -> tuple[ReadingTask, ...]:
        """Every contour asked for whose date has come, in the reader's own random order; repeats first."""
        now = self._study.clock()
        with self._study.store.reading() as connection:
            readings = self._readings(connection)
        tasks = []
        for round_ in (Round.REPEAT, Round.INITIAL):
            shown = [reading for reading in readings if reading.round is round_ and reading.is_shown(now)]
            for position, reading in enumerate(shown, start=1):
                tasks.append(ReadingTask(reading.number, round_, position, len(shown), reading.state, reading.remark))
        return tuple(tasks)

    def next_task(self) -> ReadingTask | None:
        """What to do next: what was returned, then repeats that are due, then the rest; ``None`` when all is done."""
        tasks = self.tasks()
        for wanted in (TaskState.RETURNED, TaskState.OPEN):
            for task in tasks:
                if task.state is wanted:
                    return task
        return None

    def waiting(self) -> WaitingTasks:
        """Repeats whose date has not come; which cases they are is not told."""
        now = self._study.clock()
        with self._study.store.reading() as connection:
            readings = self._readings(connection)
        count = sum(not reading.is_shown(now) for reading in readings)
        # Of all cases, not of those to be repeated: else the date would tell which they are.
        ends = [
            reading.drawn_at + self._study.settings.washout
            for reading in readings
            if reading.round is Round.INITIAL
            and reading.drawn_at is not None
            and reading.state is not TaskState.RETURNED
        ]
        later = [end for end in ends if end > now]
        return WaitingTasks(count, min(later).date() if count and later else None)

    def open_image(self, number: int, round_: Round = Round.INITIAL) -> OpenedImage:
        """The slice of a task; the time of the look is kept, so that the drawing's duration is known.

        Raises
        ------
        ReadingError
            It is not this reader's task, or its date has not come.
        """
        now = self._study.clock()
        with self._study.store.writing() as connection:
            record, reading = self._own_task(connection, number, round_)
            record_event(connection, now, self.name, "opened", case=reading.case, round_=round_)
        return OpenedImage(self._study.image(record), self._study.folder / record.image_file)

    def returned_contour(self, number: int, round_: Round = Round.INITIAL) -> Roi:
        """The reader's own contour that the reviewer has returned, to correct it.

        Raises
        ------
        ReadingError
            This task was not returned: no contour is shown then, not even the reader's own.
        """
        from .study_pixels import read_contour

        with self._study.store.reading() as connection:
            record, reading = self._own_task(connection, number, round_)
            contour = latest_version(connection, reading.case, self._reader["id"], round_)
        if reading.state is not TaskState.RETURNED or contour is None:
            raise ReadingError(
                f"Case {number} was not returned to you: a contour is shown again only when the reviewer returns it."
            )
        image = self._study.image(record)
        return read_contour(self._study.files, contour["file"], contour["file_sha256"], contour["mask_sha256"], image)

    def submit(
        self,
        number: int,
        roi: Roi,
        *,
        round_: Round = Round.INITIAL,
        duration_s: float | None = None,
        software: str = "",
    ) -> Receipt:
        """Store a contour. Submitting again makes a new version, until the reviewer has decided.

        Parameters
        ----------
        roi
            On the grid of the task's image.
        duration_s
            Seconds of drawing; without it the time since the image was opened is kept.
        software
            What it was drawn with.

        Raises
        ------
        ReadingError
            Not this reader's task, not its date yet, the reviewer has decided, or the case has been repeated since.
        StorageError
            The disk is full, or the database is busy or cannot be reached.
        """
        with self._study.store.reading() as connection:
            record, _ = self._own_task(connection, number, round_)
        return self._store(record, roi, round_, duration_s, software)

    def submit_file(
        self,
        number: int,
        path: str | os.PathLike[str],
        *,
        round_: Round = Round.INITIAL,
        label: int | None = None,
        segment: str | None = None,
        duration_s: float | None = None,
        software: str = "",
    ) -> Receipt:
        """Store a contour from a file, in any format of :func:`CervixRiskLib.imaging.read_roi`.

        Parameters
        ----------
        label, segment
            Which one where the file has several.

        Raises
        ------
        ReadingError, StorageError
            As :meth:`submit`; or the file is one of the study's own.
        RoiError, ImageError
            The file cannot be read, or does not lie on the task's image.
        """
        with self._study.store.reading() as connection:
            record, _ = self._own_task(connection, number, round_)
        roi = read_drawn_file(self._study, record, path, label=label, segment=segment)
        return self._store(record, roi, round_, duration_s, software)

    def _store(self, record: ImageRecord, roi: Roi, round_: Round, duration_s: float | None, software: str) -> Receipt:
        number = record.number
        check_on_grid(roi, self._study.image(record), number)

        def check(connection: Connection, case: RowMapping) -> None:
            self._check_may_change(connection, number, round_)

        return store_contour(
            self._study,
            None,
            case=record,
            reader=self._reader,
            round_=round_,
            drawing=Drawing(roi, self._study.clock(), duration_s, software),
            origin=Origin.SUBMITTED,
            actor=self.name,
            check=check,
        )

    def _check_may_change(self, connection: Connection, number: int, round_: Round) -> None:
        """Raise where the contour of an own task is final."""
        _, reading = self._own_task(connection, number, round_)
        if round_ is Round.REPEAT:
            if reading.state is TaskState.REVIEWED or not reading.is_due(self._study.clock()):
                raise ReadingError(
                    f"You have seen case {number} again since you repeated it: the repeat stays as it is."
                )
        elif reading.state is TaskState.REVIEWED:
            raise ReadingError(f"Case {number} has been reviewed: only the reviewer can return it to you.")
        elif reading.state is TaskState.SUBMITTED:
            others = self._readings(connection, reading.case)
            if any(other.round is Round.REPEAT and other.contour is not None for other in others):
                raise ReadingError(f"You have repeated case {number}: its first contour stays as it is.")

    def _readings(self, connection: Connection, case: int | None = None) -> list[OwnReading]:
        return own_readings(connection, self._reader["id"], self._study.settings.washout, case)

    def _own_task(self, connection: Connection, number: int, round_: Round) -> tuple[ImageRecord, OwnReading]:
        """Image and state of a task that is on this reader's list today."""
        found = own_image(connection, self._reader["id"], number, round_)
        if found is not None:
            key, record = found
            for reading in self._readings(connection, key):
                if reading.round is round_ and reading.is_shown(self._study.clock()):
                    return record, reading
        # Whether the case exists for others, or opens later, is not told.
        raise ReadingError(f"Case {number} is not on your list of today: 'reading next' shows what is.")
