"""What the reviewer does: look at the first contours of a case, and accept one, draw a better one, or return one.

The reviewer sees contours and whose they are; outcomes and predictions are not in the study.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, RowMapping, insert, select

from ..errors import ReadingError
from ..imaging import Roi
from . import schema
from .journal import record_event
from .people import find_person
from .reader_desk import OpenedImage
from .records import CaseRecord, Decision, Origin, Receipt, Role, Round
from .submission import Drawing, check_on_grid, latest_review, latest_version, lock_case, store_contour

if TYPE_CHECKING:
    from .study import Study

_LONGEST_REASON = 2000


@dataclass(frozen=True)
class ReviewTask:
    """A case whose first contours are all there and await a decision.

    Parameters
    ----------
    number
        The case, by its random number.
    readers
        Who has drawn it, the primary reader first.
    versions
        Which version of each reader's contour is the newest.
    """

    number: int
    readers: tuple[str, ...]
    versions: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ReviewedContour:
    """One reader's contour, as the reviewer sees it."""

    reader: str
    role: Role
    version: int
    roi: Roi


class ReviewDesk:
    """The work of the reviewer.

    Raises
    ------
    ReadingError
        Nobody of this name reviews in this study.
    """

    def __init__(self, study: Study, reviewer: str) -> None:
        self._study = study
        with study.store.reading() as connection:
            self._reviewer = find_person(connection, reviewer, (Role.REVIEWER,))

    @property
    def name(self) -> str:
        return str(self._reviewer["name"])

    def tasks(self) -> tuple[ReviewTask, ...]:
        """Cases that await a decision, in a random order."""
        with self._study.store.reading() as connection:
            rows = connection.execute(select(schema.cases).order_by(schema.cases.c.number)).mappings().all()
            order = np.random.default_rng((self._study.settings.seed, 3)).permutation(len(rows)).tolist()
            tasks = [self._task(connection, rows[position]) for position in order]
        return tuple(task for task in tasks if task is not None)

    def open_image(self, number: int) -> OpenedImage:
        """The slice of a case, and the file it comes from."""
        record = self._case(number)
        return OpenedImage(self._study.image(record), self._study.folder / record.image_file)

    def contours(self, number: int) -> tuple[ReviewedContour, ...]:
        """The newest first-round contour of every reader of a case, the primary reader's first.

        Raises
        ------
        ReadingError
            There is no such case, or a contour's file is missing or was changed.
        """
        from .study import read_contour

        record = self._case(number)
        image = self._study.image(record)
        with self._study.store.reading() as connection:
            key = connection.execute(select(schema.cases.c.id).where(schema.cases.c.number == number)).scalar_one()
            found = [(person, row) for person, row in self._drawn(connection, key) if row is not None]
        return tuple(
            ReviewedContour(
                person["name"],
                Role(person["role"]),
                row["version"],
                read_contour(self._study.files, row["file"], row["file_sha256"], row["mask_sha256"], image),
            )
            for person, row in found
        )

    def accept(self, number: int, reader: str | None = None, *, version: int | None = None, reason: str = "") -> None:
        """Take one reader's contour as that of the case.

        Parameters
        ----------
        reader
            Whose; may be left out where only one has drawn the case.
        version
            The version that was looked at; refused when the reader has changed it since.

        Raises
        ------
        ReadingError
            Not all readers have drawn the case, or the contour is not there or has changed.
        """
        self._decide(number, reader, version, Decision.ACCEPTED, reason)

    def return_to_reader(
        self, number: int, reader: str | None = None, *, reason: str, version: int | None = None
    ) -> None:
        """Ask a reader to correct the contour; ``reason`` is shown to that reader.

        Raises
        ------
        ReadingError
            As :meth:`accept`, or no reason is given.
        """
        if not reason.strip():
            raise ReadingError("Say why the contour is returned: the reader sees nothing else.")
        self._decide(number, reader, version, Decision.RETURNED, reason)

    def adjust(
        self, number: int, roi: Roi, *, reason: str = "", duration_s: float | None = None, software: str = ""
    ) -> Receipt:
        """Store the reviewer's own contour as that of the case; the readers' stay as they are.

        Raises
        ------
        ReadingError
            Not all readers have drawn the case, or the contour does not fit the image.
        """
        record = self._case(number)
        check_on_grid(roi, self._study.image(record), number)
        words = _checked(reason)
        now = self._study.clock()

        def check(connection: Connection, case: RowMapping) -> None:
            self._check_complete(connection, case)

        def decide(connection: Connection, contour: int) -> None:
            case = lock_case(connection, number)
            self._add_review(connection, case["id"], contour, Decision.ADJUSTED, words)

        return store_contour(
            self._study,
            decide,
            case=record,
            reader=self._reviewer,
            round_=Round.REVIEW,
            drawing=Drawing(roi, now, duration_s, software),
            origin=Origin.ADJUSTED,
            actor=self.name,
            check=check,
        )

    def _decide(self, number: int, reader: str | None, version: int | None, decision: Decision, reason: str) -> None:
        words = _checked(reason)
        with self._study.store.writing() as connection:
            case = lock_case(connection, number)
            self._check_complete(connection, case)
            drawn = self._drawn(connection, case["id"])
            if reader is None and len(drawn) > 1:
                raise ReadingError(f"{len(drawn)} readers have drawn case {number}: say whose contour is meant.")
            chosen = [row for person, row in drawn if reader is None or person["name"] == reader.strip()]
            if not chosen or chosen[0] is None:
                raise ReadingError(f"This reader has not drawn case {number}.")
            if version is not None and chosen[0]["version"] != version:
                raise ReadingError(f"The contour of case {number} has changed since you looked: look at it again.")
            self._add_review(connection, case["id"], chosen[0]["id"], decision, words)

    def _add_review(self, connection: Connection, case: int, contour: int, decision: Decision, reason: str) -> None:
        now = self._study.clock()
        connection.execute(
            insert(schema.reviews).values(
                case=case,
                reviewer=self._reviewer["id"],
                decision=decision.value,
                contour=contour,
                reason=reason,
                at=now,
            )
        )
        record_event(connection, now, self.name, decision.value, case=case, contour=contour, detail=reason)

    def _case(self, number: int) -> CaseRecord:
        with self._study.store.reading() as connection:
            row = connection.execute(select(schema.cases).where(schema.cases.c.number == number)).mappings().first()
        if row is None:
            raise ReadingError(f"The study has no case {number}.")
        return CaseRecord(**{name: row[name] for name in CaseRecord.__dataclass_fields__})

    def _drawn(self, connection: Connection, case: int) -> list[tuple[RowMapping, RowMapping | None]]:
        """Who is to draw a case in the first round, and the newest contour of each."""
        readers, own = schema.readers, schema.assignments
        query = (
            select(readers)
            .join(own, own.c.reader == readers.c.id)
            .where(own.c.case == case, own.c.round == Round.INITIAL.value)
            .order_by(readers.c.role, readers.c.id)
        )
        people = connection.execute(query).mappings().all()
        return [(person, latest_version(connection, case, person["id"], Round.INITIAL)) for person in people]

    def _task(self, connection: Connection, case: RowMapping) -> ReviewTask | None:
        drawn = self._drawn(connection, case["id"])
        rows = [row for _, row in drawn if row is not None]
        if not drawn or len(rows) < len(drawn):
            return None
        review = latest_review(connection, case["id"])
        if review is not None:
            if review["decision"] != Decision.RETURNED.value:
                return None
            if any(row["id"] in self._returned(connection, case["id"]) for row in rows):
                return None
        return ReviewTask(
            case["number"], tuple(person["name"] for person, _ in drawn), tuple(row["version"] for row in rows)
        )

    def _returned(self, connection: Connection, case: int) -> set[int]:
        table = schema.reviews
        query = select(table.c.contour).where(table.c.case == case, table.c.decision == Decision.RETURNED.value)
        return set(connection.execute(query).scalars())

    def _check_complete(self, connection: Connection, case: RowMapping) -> None:
        drawn = self._drawn(connection, case["id"])
        if not drawn or any(row is None for _, row in drawn):
            raise ReadingError(f"Case {case['number']} has not been drawn by all its readers yet.")


def _checked(reason: str) -> str:
    if len(reason) > _LONGEST_REASON:
        raise ReadingError(f"The remark is longer than {_LONGEST_REASON} characters: shorten it.")
    return reason.strip()
