"""What the reviewer does: look at the first contours of a case, and accept one, draw a better one, or return one.

The reviewer sees contours and whose they are; outcomes and predictions are not in the study.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, RowMapping, insert, select

from ..errors import ReadingError
from ..imaging import Roi
from . import schema
from .drawn_file import read_drawn_file
from .first_readings import FirstReading, first_readings, waiting_cases
from .folder_names import clean_name
from .journal import record_event
from .person_list import find_person
from .reader_desk import OpenedImage
from .records import Decision, ImageRecord, Origin, Receipt, Role, Round
from .submission import Drawing, check_on_grid, lock_case, store_contour

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
        table = schema.cases
        with self._study.store.reading() as connection:
            cases = connection.execute(select(table.c.id, table.c.number).order_by(table.c.number)).all()
            drawn = first_readings(connection)
            waiting = waiting_cases(connection, drawn)
        order = np.random.default_rng((self._study.settings.seed, 3)).permutation(len(cases)).tolist()
        return tuple(
            ReviewTask(number, tuple(one.name for one in drawn[key]), tuple(one.version for one in drawn[key]))
            for key, number in (cases[position] for position in order)
            if key in waiting
        )

    def open_image(self, number: int) -> OpenedImage:
        """The slice of a case, and the file it comes from."""
        _, record = self._case(number)
        return OpenedImage(self._study.image(record), self._study.folder / record.image_file)

    def contours(self, number: int) -> tuple[ReviewedContour, ...]:
        """The newest first-round contour of every reader of a case, the primary reader's first.

        Raises
        ------
        ReadingError
            There is no such case, or a contour's file is missing or was changed.
        """
        from .study_pixels import read_contour

        key, record = self._case(number)
        image = self._study.image(record)
        with self._study.store.reading() as connection:
            drawn = [one for one in first_readings(connection, key)[key] if one.contour is not None]
        return tuple(
            ReviewedContour(
                one.name,
                one.role,
                one.version,
                read_contour(self._study.files, one.file, one.file_sha256, one.mask_sha256, image),
            )
            for one in drawn
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
        _, record = self._case(number)
        check_on_grid(roi, self._study.image(record), number)
        words = _checked(reason)
        now = self._study.clock()

        def check(connection: Connection, case: RowMapping) -> None:
            self._complete(connection, case)

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

    def adjust_file(
        self,
        number: int,
        path: str | os.PathLike[str],
        *,
        label: int | None = None,
        segment: str | None = None,
        reason: str = "",
        duration_s: float | None = None,
        software: str = "",
    ) -> Receipt:
        """Store the reviewer's own contour from a file; see :meth:`adjust`.

        Parameters
        ----------
        label, segment
            Which one where the file has several.

        Raises
        ------
        ReadingError, StorageError
            As :meth:`adjust`; or the file is one of the study's own.
        RoiError, ImageError
            The file cannot be read, or does not lie on the case's image.
        """
        _, record = self._case(number)
        roi = read_drawn_file(self._study, record, path, label=label, segment=segment)
        return self.adjust(number, roi, reason=reason, duration_s=duration_s, software=software)

    def _decide(self, number: int, reader: str | None, version: int | None, decision: Decision, reason: str) -> None:
        words = _checked(reason)
        with self._study.store.writing() as connection:
            case = lock_case(connection, number)
            drawn = self._complete(connection, case)
            if reader is None and len(drawn) > 1:
                raise ReadingError(f"{len(drawn)} readers have drawn case {number}: say whose contour is meant.")
            name = None if reader is None else clean_name(reader, "reader")
            chosen = [one for one in drawn if name is None or one.name == name]
            if not chosen:
                raise ReadingError(f"This reader has not drawn case {number}.")
            (one,) = chosen
            if version is not None and one.version != version:
                raise ReadingError(f"The contour of case {number} has changed since you looked: look at it again.")
            assert one.contour is not None
            self._add_review(connection, case["id"], one.contour, decision, words)

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

    def _case(self, number: int) -> tuple[int, ImageRecord]:
        """Key and image of a case."""
        table, names = schema.cases, ImageRecord.__dataclass_fields__
        row = None
        if 0 < number <= schema.LARGEST_INTEGER:
            query = select(table.c.id, *(table.c[name] for name in names)).where(table.c.number == number)
            with self._study.store.reading() as connection:
                row = connection.execute(query).mappings().first()
        if row is None:
            raise ReadingError(f"The study has no case {number}.")
        return row["id"], ImageRecord(**{name: row[name] for name in names})

    def _complete(self, connection: Connection, case: RowMapping) -> list[FirstReading]:
        """The first-round contours of a case; raises ``ReadingError`` where one is missing."""
        drawn = first_readings(connection, case["id"])[case["id"]]
        if not drawn or any(one.contour is None for one in drawn):
            raise ReadingError(f"Case {case['number']} has not been drawn by all its readers yet.")
        return drawn


def _checked(reason: str) -> str:
    if len(reason) > _LONGEST_REASON:
        raise ReadingError(f"The remark is longer than {_LONGEST_REASON} characters: shorten it.")
    return reason.strip()
