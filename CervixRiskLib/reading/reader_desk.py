"""What a reader can do, and all that a reader can see.

Blinding lies in the queries: each is bound to the reader's own key, none selects another reader's contour, and a repeat
neither shows the earlier contour nor exists before its date. Outcomes and predictions are not in the study at all. The
only contour that comes back is the reader's own one that the reviewer has returned for correction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping, select

from ..errors import ReadingError
from ..imaging import Roi, SliceImage
from . import schema
from .journal import record_event
from .people import find_person
from .records import CaseRecord, Decision, Origin, ReadingTask, Receipt, Role, Round, TaskState, WaitingTasks
from .submission import Drawing, check_on_grid, latest_review, latest_version, store_contour

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
        with self._study.store.reading() as connection:
            return tuple(task for task, _ in self._tasks(connection))

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
            dates = [opens for round_, opens in self._opening_dates(connection).values() if round_ is Round.REPEAT]
        later = [opens for opens in dates if opens is None or opens > now]
        known = [opens for opens in later if opens is not None]
        return WaitingTasks(len(later), min(known).date() if known else None)

    def open_image(self, number: int, round_: Round = Round.INITIAL) -> OpenedImage:
        """The slice of a task; the time of the look is kept, so that the drawing's duration is known.

        Raises
        ------
        ReadingError
            It is not this reader's task, or its date has not come.
        """
        now = self._study.clock()
        with self._study.store.writing() as connection:
            case = self._own_case(connection, number, round_)
            record_event(connection, now, self.name, "opened", case=case["id"], round_=round_)
            record = _record(case)
        return OpenedImage(self._study.image(record), self._study.folder / record.image_file)

    def returned_contour(self, number: int, round_: Round = Round.INITIAL) -> Roi:
        """The reader's own contour that the reviewer has returned, to correct it.

        Raises
        ------
        ReadingError
            This task was not returned: no contour is shown then, not even the reader's own.
        """
        with self._study.store.reading() as connection:
            case = self._own_case(connection, number, round_)
            state = next(task.state for task, key in self._tasks(connection) if key == (case["id"], round_))
            contour = latest_version(connection, case["id"], self._reader["id"], round_)
        if state is not TaskState.RETURNED or contour is None:
            raise ReadingError(
                f"Case {number} was not returned to you: a contour is shown again only when the reviewer returns it."
            )
        from .study import read_contour

        image = self._study.image(_record(case))
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
            Not this reader's task, not its date yet, or the reviewer has decided.
        StorageError
            The disk is full, or the database is busy or cannot be reached.
        """
        with self._study.store.reading() as connection:
            record = _record(self._own_case(connection, number, round_))
        check_on_grid(roi, self._study.image(record), number)

        def check(connection: Connection, case: RowMapping) -> None:
            self._own_case(connection, number, round_)
            review = latest_review(connection, case["id"])
            if round_ is Round.INITIAL and review is not None and review["decision"] != Decision.RETURNED.value:
                raise ReadingError(f"Case {number} has been reviewed: only the reviewer can return it to you.")

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

    def _own_case(self, connection: Connection, number: int, round_: Round) -> RowMapping:
        """The row of a case that is this reader's task today."""
        cases, own = schema.cases, schema.assignments
        query = (
            select(cases)
            .join(own, own.c.case == cases.c.id)
            .where(cases.c.number == number, own.c.reader == self._reader["id"], own.c.round == round_.value)
        )
        row = connection.execute(query).mappings().first()
        # Whether the case exists for others, or opens later, is not told.
        if row is None or not self._is_open(connection, row["id"], round_):
            raise ReadingError(f"Case {number} is not on your list of today: 'reading next' shows what is.")
        return row

    def _is_open(self, connection: Connection, case: int, round_: Round) -> bool:
        opens = self._opening_dates(connection, case).get((case, round_))
        return opens is not None and opens[1] is not None and opens[1] <= self._study.clock()

    def _opening_dates(
        self, connection: Connection, case: int | None = None
    ) -> dict[tuple[int, Round], tuple[Round, datetime | None]]:
        """When each of the reader's tasks opens; ``None`` while its date is not known."""
        own = schema.assignments
        query = select(own.c.case, own.c.round).where(own.c.reader == self._reader["id"]).order_by(own.c.position)
        if case is not None:
            query = query.where(own.c.case == case)
        assigned = [(key, Round(name)) for key, name in connection.execute(query)]
        first = self._latest_contours(connection, Round.INITIAL)
        returned = self._returned(connection)
        dates: dict[tuple[int, Round], tuple[Round, datetime | None]] = {}
        for key, round_ in assigned:
            opens: datetime | None = self._study.settings.created_at
            if round_ is Round.REPEAT:
                contour = first.get(key)
                # A contour that is to be corrected will be seen again: the washout begins anew with the correction.
                waits = contour is None or contour["id"] in returned
                drawn = None if contour is None else contour["drawn_at"] or contour["stored_at"]
                opens = None if waits or drawn is None else drawn + self._study.settings.washout
            dates[key, round_] = (round_, opens)
        return dates

    def _latest_contours(self, connection: Connection, round_: Round) -> dict[int, RowMapping]:
        """The newest of the reader's own contours of a round, by the case's key."""
        table = schema.contours
        query = (
            select(table.c.id, table.c.case, table.c.drawn_at, table.c.stored_at)
            .where(table.c.reader == self._reader["id"], table.c.round == round_.value)
            .order_by(table.c.version)
        )
        return {row["case"]: row for row in connection.execute(query).mappings()}

    def _returned(self, connection: Connection) -> dict[int, str]:
        """The reviewer's words for each of the reader's own contours that came back, by the contour's key."""
        reviews, contours = schema.reviews, schema.contours
        query = (
            select(reviews.c.contour, reviews.c.reason)
            .join(contours, reviews.c.contour == contours.c.id)
            .where(reviews.c.decision == Decision.RETURNED.value, contours.c.reader == self._reader["id"])
        )
        return dict(connection.execute(query).all())

    def _reviewed_cases(self, connection: Connection) -> set[int]:
        """Cases of the reader's whose newest decision is not a return; whose contour was taken is not looked at."""
        reviews, own = schema.reviews, schema.assignments
        query = (
            select(reviews.c.case, reviews.c.decision)
            .where(reviews.c.case.in_(select(own.c.case).where(own.c.reader == self._reader["id"])))
            .order_by(reviews.c.id)
        )
        newest = dict(connection.execute(query).all())
        return {case for case, decision in newest.items() if decision != Decision.RETURNED.value}

    def _tasks(self, connection: Connection) -> list[tuple[ReadingTask, tuple[int, Round]]]:
        now = self._study.clock()
        numbers = dict(connection.execute(select(schema.cases.c.id, schema.cases.c.number)).all())
        dates = self._opening_dates(connection)
        returned, reviewed = self._returned(connection), self._reviewed_cases(connection)
        tasks = []
        for round_ in (Round.REPEAT, Round.INITIAL):
            drawn = self._latest_contours(connection, round_)
            keys = [
                case
                for (case, other), (_, opens) in dates.items()
                if other is round_ and opens is not None and opens <= now
            ]
            for position, case in enumerate(keys):
                contour = drawn.get(case)
                state, remark = TaskState.OPEN, None
                if contour is not None:
                    state = TaskState.SUBMITTED
                    if round_ is Round.INITIAL and case in reviewed:
                        state = TaskState.REVIEWED
                    elif contour["id"] in returned:
                        state, remark = TaskState.RETURNED, returned[contour["id"]]
                task = ReadingTask(numbers[case], round_, position + 1, len(keys), state, remark)
                tasks.append((task, (case, round_)))
        return tasks


def _record(row: RowMapping) -> CaseRecord:
    return CaseRecord(**{name: row[name] for name in CaseRecord.__dataclass_fields__})
