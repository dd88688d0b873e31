"""Which contours of a study are compared with which, and which of them are missing.

Inter-observer: the primary reader's first contours and those of each second reader. Intra-observer: the primary
reader's first contours and the repeats. All as they were before any review.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import select

from ..errors import ReadingError
from ..statistics.agreement_analyses import AgreementAnalysis
from . import schema
from .contour_list import all_contours, independent_contours
from .person_list import people
from .records import CaseRecord, Role, Round, StoredContour

if TYPE_CHECKING:
    from .study import Study

_DAY_S = 86400.0

#: Case number, reader, round.
Reading = tuple[int, str, Round]


@dataclass(frozen=True)
class ReadingPair:
    """Two independent contours of one case.

    Parameters
    ----------
    first
        The primary reader's first contour.
    second
        A second reader's, or the primary reader's repeat.
    days_between
        Intra-observer: from the reader's last contour of the case in the first round (also one corrected after review:
        the reader saw the case then) to the repeat. ``None`` where nobody said when they were drawn.
    """

    analysis: AgreementAnalysis
    case: CaseRecord
    first: StoredContour
    second: StoredContour
    days_between: float | None = None

    @property
    def identical(self) -> bool:
        """The same pixels: hardly possible for two drawings by hand."""
        return self.first.mask_sha256 == self.second.mask_sha256

    @property
    def words(self) -> str:
        """Which readings: ``"Reader A – Reader B"``, ``"Reader A, first – repeat"``."""
        if self.analysis is AgreementAnalysis.INTRA:
            return f"{self.first.reader}, first – repeat"
        return f"{self.first.reader} – {self.second.reader}"


@dataclass(frozen=True)
class MissingReading:
    """A reading that a comparison planned by the assignment lacks."""

    analysis: AgreementAnalysis
    number: int
    case_id: str
    reader: str
    round: Round
    reason: str


@dataclass(frozen=True, eq=False)
class ComparedReadings:
    """The independent readings of a study, ready to be compared; :func:`compared_readings` makes it.

    Parameters
    ----------
    cases
        By number.
    primary, seconds
        Names.
    independent
        The newest contour of each reading that no review has touched.
    pairs
        By analysis, second reader and case number.
    missing
        What the assignment promises and is not there.
    """

    cases: Mapping[int, CaseRecord]
    primary: str
    seconds: tuple[str, ...]
    independent: Mapping[Reading, StoredContour]
    pairs: tuple[ReadingPair, ...]
    missing: tuple[MissingReading, ...]

    @cached_property
    def primary_contours(self) -> tuple[StoredContour, ...]:
        """The primary reader's first contours by case number."""
        found = (self.independent.get((number, self.primary, Round.INITIAL)) for number in sorted(self.cases))
        return tuple(contour for contour in found if contour is not None)

    def rounds_of(self, analysis: AgreementAnalysis) -> tuple[tuple[str, Round], ...]:
        """Readers and rounds that are the raters of an analysis; second readers without any contour are left out."""
        if analysis is AgreementAnalysis.INTRA:
            return ((self.primary, Round.INITIAL), (self.primary, Round.REPEAT))
        drew = [name for name in self.seconds if any(pair.second.reader == name for pair in self._of(analysis))]
        return ((self.primary, Round.INITIAL), *((name, Round.INITIAL) for name in drew))

    def complete(self, analysis: AgreementAnalysis) -> tuple[tuple[StoredContour, ...], ...]:
        """The contours of every case that all raters of an analysis have, ``cases`` by ``raters``."""
        raters = self.rounds_of(analysis)
        if len(raters) < 2:
            return ()
        rows = [[self.independent.get((number, *rater)) for rater in raters] for number in sorted(self.cases)]
        return tuple(tuple(found) for row in rows if len(found := [c for c in row if c is not None]) == len(raters))

    def _of(self, analysis: AgreementAnalysis) -> list[ReadingPair]:
        return [pair for pair in self.pairs if pair.analysis is analysis]


def compared_readings(study: Study) -> ComparedReadings:
    """Look up what can be compared.

    Raises
    ------
    ReadingError
        Nobody is the primary reader.
    """
    everybody = people(study)
    primary = next((person.name for person in everybody if person.role is Role.PRIMARY), None)
    if primary is None:
        raise ReadingError("The study has no primary reader yet: 'reading assign' names the readers.")
    seconds = tuple(person.name for person in everybody if person.role is Role.SECOND)
    independent = {(contour.number, contour.reader, contour.round): contour for contour in independent_contours(study)}
    contours = all_contours(study)
    cases = {case.number: case for case in study.cases()}
    assigned = _assigned(study)
    drawn = {(contour.number, contour.reader, contour.round) for contour in contours}
    pairs, missing = [], []
    for analysis, first, second in _possible(cases, primary, seconds):
        one, other = independent.get(first), independent.get(second)
        case = cases[first[0]]
        if one is not None and other is not None:
            days = _days_between(contours, one, other) if analysis is AgreementAnalysis.INTRA else None
            pairs.append(ReadingPair(analysis, case, one, other, days))
        # The primary reader is asked for every case: the other reading decides whether a comparison is planned.
        elif second in assigned:
            missing += [
                MissingReading(analysis, case.number, case.case_id, reading[1], reading[2], _reason(reading in drawn))
                for reading in (first, second)
                if reading not in independent
            ]
    return ComparedReadings(cases, primary, seconds, independent, tuple(pairs), tuple(missing))


def _possible(
    cases: Mapping[int, CaseRecord], primary: str, seconds: tuple[str, ...]
) -> list[tuple[AgreementAnalysis, Reading, Reading]]:
    """Every comparison that could be made, by analysis, reader and case."""
    numbers = sorted(cases)
    inter = [
        (AgreementAnalysis.INTER, (number, primary, Round.INITIAL), (number, name, Round.INITIAL))
        for name in seconds
        for number in numbers
    ]
    intra = [
        (AgreementAnalysis.INTRA, (number, primary, Round.INITIAL), (number, primary, Round.REPEAT))
        for number in numbers
    ]
    return inter + intra


def _assigned(study: Study) -> set[Reading]:
    own, cases, readers = schema.assignments, schema.cases, schema.readers
    query = (
        select(cases.c.number, readers.c.name, own.c.round)
        .join(cases, own.c.case == cases.c.id)
        .join(readers, own.c.reader == readers.c.id)
    )
    with study.store.reading() as connection:
        return {(number, name, Round(round_)) for number, name, round_ in connection.execute(query)}


def _reason(drawn: bool) -> str:
    return "drawn only after the reviewer had returned it" if drawn else "not drawn yet"


def _days_between(contours: tuple[StoredContour, ...], first: StoredContour, repeat: StoredContour) -> float | None:
    """Days from the last time the case was drawn before its repeat; a correction after the repeat shortens nothing."""
    reading = (first.number, first.reader, first.round)
    seen = [
        contour.drawn_at
        for contour in contours
        if (contour.number, contour.reader, contour.round) == reading
        and (contour.identifier == first.identifier or contour.stored_at <= repeat.stored_at)
    ]
    known = [moment for moment in seen if moment is not None]
    if len(known) < len(seen) or repeat.drawn_at is None:
        return None
    return (repeat.drawn_at - max(known)).total_seconds() / _DAY_S
