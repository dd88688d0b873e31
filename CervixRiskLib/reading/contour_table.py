"""The table of contours that were drawn elsewhere: one row a contour, read and checked as text."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import CohortError, ReadingError
from .folder_names import clean_name
from .records import Round

if TYPE_CHECKING:
    from ..cohort import RowProblem
    from ..cohort.delimited_text import DelimitedText, TextRow

COLUMNS = ("case_id", "roi", "reader", "round", "drawn_at", "duration_s", "software", "label", "segment", "slice")
_NAMES = ("case_id", "reader", "segment")
NAIVE_NOTE = "Times without a time zone were taken as UTC."
_ROUNDS = {"initial": Round.INITIAL, "1": Round.INITIAL, "repeat": Round.REPEAT, "2": Round.REPEAT}
# Where a day begins first, its date is one ahead of UTC's.
_EARLIEST_ZONE = timedelta(hours=14)

T = TypeVar("T")


@dataclass(frozen=True)
class ContourRow:
    """One contour to take in, as it was asked for.

    Parameters
    ----------
    row
        Its row in the table as a spreadsheet shows it; 0 for a single file.
    case_id, reader
        Names as the study has them; ``reader`` is ``None`` for the primary reader.
    file
        The contour's file, which exists.
    drawn_at
        UTC; ``None`` when nobody said.
    label, segment, slice_index
        As in :func:`CervixRiskLib.imaging.read_roi`.
    image_slice
        Which slice of the cohort's image the table says it was drawn on, ``None`` where it does not.
    """

    row: int
    case_id: str
    file: Path
    reader: str | None
    round: Round
    drawn_at: datetime | None = None
    duration_s: float | None = None
    software: str = ""
    label: int | None = None
    segment: str | None = None
    slice_index: int | None = None
    image_slice: int | None = None


@dataclass(frozen=True)
class ContourDefaults:
    """What holds for rows that do not say it themselves; see :func:`.contour_import.import_contours`."""

    reader: str | None = None
    round: Round | None = None
    drawn_at: datetime | None = None
    software: str = ""


@dataclass(frozen=True)
class ContourTable:
    """The rows that can be understood, what is wrong with the others, and sentences about the reading."""

    rows: tuple[ContourRow, ...]
    problems: tuple[RowProblem, ...]
    notes: tuple[str, ...]


def read_contour_table(path: str | os.PathLike[str], defaults: ContourDefaults, now: datetime) -> ContourTable:
    """Read a table with the columns ``case_id, roi`` and, if wanted, those of :data:`COLUMNS`; others are passed over.

    Raises
    ------
    ReadingError
        It cannot be read, or has no ``case_id`` or no ``roi``.
    """
    from ..cohort.delimited_text import read_delimited

    path = Path(path)
    try:
        text = read_delimited(path)
    except CohortError as error:
        raise ReadingError(str(error).replace("cohort table", "table of contours")) from error
    return _TableReader(text, path.resolve().parent, defaults, now).read()


def utc_moment(value: date | datetime, now: datetime) -> tuple[datetime, bool]:
    """When something was drawn, in UTC, and whether the time zone was missing.

    A date alone means its beginning in UTC, or ``now`` where that day has only begun further east.

    Raises
    ------
    ValueError
        It lies in the future.
    """
    if not isinstance(value, datetime):
        if value > (now + _EARLIEST_ZONE).date():
            raise ValueError(f"{value.isoformat()} lies in the future")
        return min(datetime.combine(value, time(), timezone.utc), now), True
    naive = value.tzinfo is None
    moment = value.replace(tzinfo=timezone.utc) if naive else value.astimezone(timezone.utc)
    if moment > now:
        zone = ": it was taken as UTC, so write the time zone, such as +08:00, behind it" if naive else ""
        raise ValueError(f"{value.isoformat()} lies in the future{zone}")
    return moment, naive


def parse_moment(text: str) -> date | datetime:
    """A date or a time as people write it: ``2026-01-05``, ``2026-01-05T14:30``, ``2026-01-05 14:30+01:00``, ``…Z``.

    Raises
    ------
    ValueError
        It is none.
    """
    from ..cohort.shown_text import shown

    text = text.strip()
    try:
        if len(text) == len("2026-01-05"):
            return date.fromisoformat(text)
        # Python 3.10 does not know Z.
        return datetime.fromisoformat(f"{text[:-1]}+00:00" if text[-1:] in ("Z", "z") else text)
    except (ValueError, OverflowError):
        raise ValueError(f"'{shown(text)}' is no date: write 2026-01-05 or 2026-01-05T14:30+01:00") from None


@dataclass
class _TableReader:
    """Reads the rows one by one; what is wrong with a row is kept beside the others."""

    text: DelimitedText
    root: Path
    defaults: ContourDefaults
    now: datetime
    naive: bool = False

    def read(self) -> ContourTable:
        from ..cohort import RowProblem

        names = {name.casefold(): position for position, name in enumerate(self.text.header)}
        missing = [name for name in ("case_id", "roi") if name not in names]
        if missing:
            raise ReadingError(f"The table of contours has no column {' and no column '.join(missing)}.")
        self._positions = {name: names[name] for name in COLUMNS if name in names}
        # With an image the table is a cohort table, and its slice is that of the image.
        self._is_cohort = "image" in names
        rows: list[ContourRow] = []
        problems: list[RowProblem] = []
        for row in self.text.rows:
            reasons: list[str] = []
            contour = self._read_row(row, reasons)
            if contour is None or reasons:
                problems.append(RowProblem(self._shown(row, "case_id"), row.number, "; ".join(reasons)))
            else:
                rows.append(contour)
        notes = (*self.text.notes, *([NAIVE_NOTE] if self.naive else []))
        return ContourTable(tuple(rows), tuple(problems), notes)

    def _read_row(self, row: TextRow, reasons: list[str]) -> ContourRow | None:
        from ..cohort.cells import is_missing, parse_index

        def read(name: str, parse: Callable[[str], T]) -> T | None:
            cell = self._cell(row, name)
            # Names are names: a case may be called NA.
            if not cell or (name not in _NAMES and is_missing(cell)):
                return None
            try:
                return parse(cell)
            except (ValueError, ReadingError) as error:
                reasons.append(str(error).rstrip("."))
                return None

        if len(row.cells) < len(self.text.header) or any(row.cells[len(self.text.header) :]):
            reasons.append(f"it has {len(row.cells)} cells where the header has {len(self.text.header)}")
        case_id = read("case_id", study_case_id)
        if case_id is None and not reasons:
            reasons.append("case_id is empty")
        file = self._file(row, reasons)
        comma = self.text.decimal_comma
        slice_ = read("slice", lambda cell: parse_index("slice", cell, comma))
        contour = ContourRow(
            row=row.number,
            case_id=case_id or "",
            file=file or Path(),
            reader=read("reader", self._reader) or self.defaults.reader,
            round=self._round(row, reasons),
            drawn_at=read("drawn_at", self._moment) or self.defaults.drawn_at,
            duration_s=read("duration_s", lambda cell: _parse_duration(cell, comma)),
            software=read("software", str) or self.defaults.software,
            label=read("label", lambda cell: parse_index("label", cell, comma)),
            segment=read("segment", str),
            slice_index=None if self._is_cohort else slice_,
            image_slice=slice_ if self._is_cohort else None,
        )
        return None if case_id is None or file is None else contour

    def _file(self, row: TextRow, reasons: list[str]) -> Path | None:
        from ..cohort.table_rows import existing_file

        cell = self._cell(row, "roi")
        found = existing_file(self.root, cell) if cell else None
        if found is None:
            reasons.append(f"roi file '{self._shown(row, 'roi')}' does not exist" if cell else "roi is empty")
            return None
        return self.root / found

    def _reader(self, cell: str) -> str:
        name, default = clean_name(cell, "reader"), self.defaults.reader
        if default is not None and clean_name(default, "reader") != name:
            raise ValueError(f"reader is '{name}', not the one that was asked for")
        return name

    def _round(self, row: TextRow, reasons: list[str]) -> Round:
        cell, default = self._cell(row, "round"), self.defaults.round
        if not cell:
            return default or Round.INITIAL
        round_ = _ROUNDS.get(cell.casefold())
        if round_ is None:
            reasons.append(f"round is '{self._shown(row, 'round')}'; it must be initial or repeat")
        elif default not in (None, round_):
            reasons.append(f"round is {round_.value}, not the one that was asked for")
        return round_ or Round.INITIAL

    def _moment(self, cell: str) -> datetime:
        try:
            moment, naive = utc_moment(parse_moment(cell), self.now)
        except ValueError as error:
            raise ValueError(f"drawn_at {error}") from None
        self.naive |= naive
        return moment

    def _cell(self, row: TextRow, name: str) -> str:
        position = self._positions.get(name)
        return "" if position is None or position >= len(row.cells) else row.cells[position]

    def _shown(self, row: TextRow, name: str) -> str:
        from ..cohort.shown_text import shown

        return shown(self._cell(row, name))


def study_case_id(text: str) -> str:
    """A case's name as a study keeps it.

    Raises
    ------
    ReadingError
        No case can have this name.
    """
    from ..cohort.shown_text import one_line

    return clean_name(one_line(text), "case")


def _parse_duration(cell: str, decimal_comma: bool) -> float:
    from ..cohort.cells import number_text
    from ..cohort.columns import parse_number
    from ..cohort.shown_text import shown

    number = parse_number(number_text(cell, decimal_comma))
    if number is None or number < 0:
        raise ValueError(f"duration_s is '{shown(cell)}'; it must be seconds, 0 or more")
    return number
