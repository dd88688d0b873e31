"""What a study allows of contours that come from elsewhere, asked before anything is stored."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping

from ..errors import ReadingError
from .contour_list import all_contours
from .own_readings import OwnReading, own_readings
from .person_list import find_person, people
from .records import CaseRecord, Role, Round, StoredContour, TaskState

if TYPE_CHECKING:
    from .study import Study

_READERS = (Role.PRIMARY, Role.SECOND)


class EarlyRepeatError(ReadingError):
    """A repeat that was drawn before its washout had passed."""


class ImportRules:
    """One look at a study: its cases, its lists, and the contours in it.

    Parameters
    ----------
    now
        When contours of unknown date count as drawn.
    """

    def __init__(self, study: Study, now: datetime) -> None:
        self._study = study
        self._now = now
        self._cases = {case.case_id: case for case in study.cases()}
        self._stored: dict[tuple[int, str, Round], list[StoredContour]] = {}
        for contour in all_contours(study):
            self._stored.setdefault((contour.number, contour.reader, contour.round), []).append(contour)
        self._readers: dict[str, RowMapping] = {}
        self._lists: dict[int, list[OwnReading]] = {}
        # When first contours were drawn, and whether that is known; those of the same table join them.
        self._first: dict[tuple[int, str], list[tuple[datetime, bool]]] = {
            (number, reader): [(contour.drawn_at or contour.stored_at, contour.drawn_at is not None) for contour in row]
            for (number, reader, round_), row in self._stored.items()
            if round_ is Round.INITIAL
        }

    def case(self, case_id: str) -> CaseRecord:
        """The case of this name, or a ``ReadingError``."""
        case = self._cases.get(case_id)
        if case is None:
            raise ReadingError("the study has no such case")
        return case

    def reader(self, name: str | None) -> RowMapping:
        """The row of a reader; without a name, of the primary reader. Reviewers are none."""
        if name is None:
            primary = [person.name for person in people(self._study) if person.role is Role.PRIMARY]
            if not primary:
                raise ReadingError("nobody is assigned yet: give every reader a list first (reading assign)")
            name = primary[0]
        if name not in self._readers:
            with self._study.store.reading() as connection:
                self._readers[name] = find_person(connection, name, _READERS)
        return self._readers[name]

    def check_listed(self, case: CaseRecord, reader: RowMapping, round_: Round) -> None:
        """Raise ``ReadingError`` where the case is not on the reader's list of that round."""
        if not any(reading.round is round_ for reading in self._readings(case, reader)):
            raise ReadingError(f"the case is not on the list of {reader['name']} ({round_.value} round)")

    def is_stored(self, case: CaseRecord, reader: RowMapping, round_: Round, mask_sha256: str) -> bool:
        """Whether any version of this reading is this very contour: one that was corrected since stays corrected."""
        versions = self._stored.get((case.number, reader["name"], round_), [])
        return any(contour.mask_sha256 == mask_sha256 for contour in versions)

    def check_open(self, case: CaseRecord, reader: RowMapping, round_: Round) -> None:
        """As :func:`check_not_final`, as the study stood when it was looked at."""
        check_not_final(self._readings(case, reader), round_)

    def check_washout(self, case: CaseRecord, reader: RowMapping, drawn_at: datetime | None) -> timedelta:
        """How long before a repeat the reader drew the case's first contour.

        Raises
        ------
        EarlyRepeatError
            Shorter than the study's washout.
        ReadingError
            There is no first contour, or it was drawn after the repeat.
        """
        first = self._first.get((case.number, reader["name"]), [])
        if not first:
            raise ReadingError("there is no first contour that this could repeat")
        repeated_at = drawn_at or self._now
        before = [at for at, _ in first if at <= repeated_at]
        if not before and all(known for _, known in first):
            raise ReadingError("the repeat was drawn before the first contour")
        # Each first contour, a corrected one too, has shown the reader the case.
        elapsed = repeated_at - max(before) if before else timedelta(0)
        washout = self._study.settings.washout
        if elapsed < washout:
            unknown = (
                "" if all(known for _, known in first) else " (when that was drawn is not known: it counts as new)"
            )
            raise EarlyRepeatError(
                f"the repeat was drawn {_days(elapsed)} days after the first contour{unknown}; "
                f"the washout is {_days(washout)} days"
            )
        return elapsed

    def expect_first(self, case: CaseRecord, reader: RowMapping, drawn_at: datetime | None) -> None:
        """Count a first contour that is about to be stored."""
        entry = (drawn_at or self._now, drawn_at is not None)
        self._first.setdefault((case.number, reader["name"]), []).append(entry)

    def _readings(self, case: CaseRecord, reader: RowMapping) -> list[OwnReading]:
        key = reader["id"]
        if key not in self._lists:
            with self._study.store.reading() as connection:
                self._lists[key] = own_readings(connection, key, self._study.settings.washout)
        return [reading for reading in self._lists[key] if reading.number == case.number]


def check_not_final(readings: Iterable[OwnReading], round_: Round) -> None:
    """Raise ``ReadingError`` where a reading can no longer be changed, as for its reader.

    Parameters
    ----------
    readings
        Both rounds of one reader on one case.
    """
    by_round = {reading.round: reading for reading in readings}
    own, repeat = by_round.get(round_), by_round.get(Round.REPEAT)
    if own is None:
        raise ReadingError("the case is not on the reader's list")
    if own.state is TaskState.REVIEWED:
        if round_ is Round.REPEAT:
            raise ReadingError("the reader has seen the case again since this repeat: it stays as it is")
        raise ReadingError("the reviewer has decided: only the reviewer can return the case")
    repeated = repeat is not None and repeat.contour is not None
    if round_ is Round.INITIAL and own.state is TaskState.SUBMITTED and repeated:
        raise ReadingError("the reader has repeated the case: its first contour stays as it is")


def _days(duration: timedelta) -> str:
    """Days with one digit, cut and not rounded: a minute less than 56 days is 55.9."""
    return f"{math.floor(duration / timedelta(days=0.1)) / 10:g}"
