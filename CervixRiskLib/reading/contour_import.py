"""Contours that were drawn elsewhere, taken into a study by its coordinator.

What was drawn before the study began is no task of today, so an import asks neither whether a list is due nor when an
image was opened. Everything else holds: the case must be on the reader's list, what the reviewer has decided stays,
a repeat needs its washout, and every contour goes the one way of :func:`.submission.store_contour`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping

from ..cohort.first_lines import first_lines
from ..errors import ReadingError
from ..progress import SILENT, Progress
from .contour_table import NAIVE_NOTE, ContourDefaults, ContourRow, read_contour_table, study_case_id, utc_moment
from .import_check import CheckedContour, CheckedContours, check_contours
from .import_rules import check_not_final
from .journal import record_event
from .own_readings import own_readings
from .records import Origin, Receipt, Round
from .submission import Drawing, lock_case, store_contour

if TYPE_CHECKING:
    from ..cohort import RowProblem
    from .study import Study

_UNKNOWN_SOFTWARE = "not known (imported)"
_COORDINATOR = "coordinator"


@dataclass(frozen=True)
class ImportSummary:
    """What an import did.

    Parameters
    ----------
    added
        A receipt for every contour that is new in the study.
    already_there
        How many were there before; nothing was added for them.
    left_out
        Rows that could not be used and were left out on request, with the reason.
    notes
        Sentences that the person should know of.
    """

    added: tuple[Receipt, ...]
    already_there: int
    left_out: tuple[RowProblem, ...] = ()
    notes: tuple[str, ...] = ()


def import_contours(
    study: Study,
    table: str | os.PathLike[str],
    *,
    reader: str | None = None,
    round_: Round | None = None,
    drawn_on: date | datetime | None = None,
    software: str = "",
    allow_early: bool = False,
    skip_invalid: bool = False,
    progress: Progress = SILENT,
) -> ImportSummary:
    """Take in every contour of a table. All rows are checked before the first one is stored.

    A contour that is in the study already is passed over, so that the same command finishes what a killed one began.

    Parameters
    ----------
    table
        CSV with ``case_id, roi`` and, if wanted, ``reader, round`` (``initial`` or ``repeat``), ``drawn_at`` (ISO 8601;
        without a time zone: UTC), ``duration_s, software, label, segment, slice``. Paths are relative to it; further
        columns are passed over. ``slice`` is the slice of the contour's file, needed only where the file does not say
        which slice it marks; in a table with a column ``image``, a cohort table, it is the slice of the image, as
        there, and must be the study's.
    reader, round_, drawn_on, software
        For rows that do not say it themselves; the primary reader's first round by default. A row that names another
        reader or round than is asked for is refused.
    allow_early
        Take repeats whose washout had not passed when they were drawn; the audit trail says so. A first contour of
        unknown date counts as drawn when it was stored.
    skip_invalid
        Go on without the rows that cannot be used.

    Raises
    ------
    ReadingError
        The table cannot be read, or rows cannot be used: no such case or reader, not on the list, reviewed already,
        too early, drawn in the future, or the contour cannot be read or does not lie on the image. All are named.
    StorageError
        The disk is full, or the database is busy or cannot be reached.
    """
    now = study.clock()
    notes: list[str] = []
    defaults = ContourDefaults(reader, _checked_round(round_), _checked_moment(drawn_on, now, notes), software)
    read = read_contour_table(table, defaults, now)
    checked = check_contours(study, read.rows, now, allow_early, progress)
    problems = tuple(sorted((*read.problems, *checked.problems), key=lambda problem: problem.row))
    if problems and not skip_invalid:
        raise _refused(problems, len(read.rows) + len(read.problems), checked.any_early)
    added, already_there = _store(study, checked, progress)
    return ImportSummary(added, already_there, problems, tuple(dict.fromkeys((*notes, *read.notes))))


def import_contour(
    study: Study,
    case_id: str,
    file: str | os.PathLike[str],
    reader: str | None = None,
    round_: Round = Round.INITIAL,
    *,
    drawn_on: date | datetime | None = None,
    duration_s: float | None = None,
    software: str = "",
    label: int | None = None,
    segment: str | None = None,
    slice_index: int | None = None,
    allow_early: bool = False,
) -> ImportSummary:
    """Take in one contour from a file; see :func:`import_contours`.

    Parameters
    ----------
    reader
        Whose; the primary reader's when not given.
    label, segment, slice_index
        As in :func:`CervixRiskLib.imaging.read_roi`.

    Raises
    ------
    ReadingError, StorageError
        As :func:`import_contours`.
    """
    now = study.clock()
    notes: list[str] = []
    row = ContourRow(
        row=0,
        case_id=study_case_id(case_id),
        file=Path(file).absolute(),
        reader=reader,
        round=_checked_round(round_) or Round.INITIAL,
        drawn_at=_checked_moment(drawn_on, now, notes),
        duration_s=duration_s,
        software=software,
        label=label,
        segment=segment,
        slice_index=slice_index,
    )
    checked = check_contours(study, [row], now, allow_early, SILENT)
    if checked.problems:
        hint = " (--allow-early takes it all the same)" if checked.any_early else ""
        raise ReadingError(f"This contour of case '{row.case_id}' cannot be used: {checked.problems[0].reason}{hint}.")
    added, already_there = _store(study, checked, SILENT)
    return ImportSummary(added, already_there, notes=tuple(notes))


def _store(study: Study, checked: CheckedContours, progress: Progress) -> tuple[tuple[Receipt, ...], int]:
    """What is new, and how many are there already, be it that somebody has just stored the same."""
    receipts: list[Receipt] = []
    with progress.task("Storing contours", total=len(checked.contours)) as task:
        for contour in checked.contours:
            receipts.append(_store_one(study, contour))
            task.advance()
    added = tuple(receipt for receipt in receipts if not receipt.already_there)
    return added, checked.already_there + len(receipts) - len(added)


def _store_one(study: Study, contour: CheckedContour) -> Receipt:
    row, reader = contour.row, contour.reader

    def check(connection: Connection, case: RowMapping) -> None:
        # What was allowed a moment ago is asked again where nobody can change it.
        try:
            check_not_final(
                own_readings(connection, reader["id"], study.settings.washout, case["id"]), contour.row.round
            )
        except ReadingError as error:
            raise ReadingError(f"Meanwhile something has happened to case '{row.case_id}': {error}.") from error

    def note_early(connection: Connection, key: int) -> None:
        record_event(
            connection, study.clock(), _COORDINATOR, "allowed early repeat",
            case=lock_case(connection, contour.case.number)["id"], round_=row.round, contour=key, detail=contour.early,
        )  # fmt: skip

    return store_contour(
        study,
        note_early if contour.early else None,
        case=contour.case,
        reader=reader,
        round_=row.round,
        drawing=Drawing(contour.roi(), row.drawn_at, row.duration_s, row.software or _UNKNOWN_SOFTWARE),
        origin=Origin.IMPORTED,
        actor=_COORDINATOR,
        check=check,
    )


def _checked_round(round_: Round | None) -> Round | None:
    if round_ is Round.REVIEW:
        raise ReadingError("What the reviewer draws is no reading: it comes into the study by 'reading review'.")
    return round_


def _checked_moment(drawn_on: date | datetime | None, now: datetime, notes: list[str]) -> datetime | None:
    if drawn_on is None:
        return None
    try:
        moment, naive = utc_moment(drawn_on, now)
    except ValueError as error:
        raise ReadingError(f"The date of drawing cannot be used: {error}.") from error
    if naive:
        notes.append(NAIVE_NOTE)
    return moment


def _refused(problems: Sequence[RowProblem], total: int, early: bool) -> ReadingError:
    lines = [f"{len(problems)} of {total} rows of the table of contours cannot be used; nothing was stored:"]
    lines += first_lines(problems)
    if early:
        lines.append("Repeats before the end of the washout are taken all the same with --allow-early.")
    lines.append("Mend the rows, or go on without them (--skip-invalid).")
    return ReadingError("\n".join(lines))
