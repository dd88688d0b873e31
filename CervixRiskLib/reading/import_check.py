"""Checks contours from elsewhere one by one, before the first of them is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import RowMapping

from ..errors import ImageError, ReadingError, RoiError
from ..imaging import Roi, SliceImage
from ..progress import Progress
from .contour_table import ContourRow
from .drawn_file import check_outside
from .import_rules import EarlyRepeatError, ImportRules
from .records import CaseRecord, Round
from .submission import Drawing, check_drawing

if TYPE_CHECKING:
    from ..cohort import RowProblem
    from .study import Study


@dataclass(frozen=True, eq=False)
class CheckedContour:
    """A contour that may be stored; until then eight of its pixels take a byte.

    ``early`` says how early a repeat is that was allowed all the same, and is empty otherwise.
    """

    case: CaseRecord
    reader: RowMapping
    row: ContourRow
    shape: tuple[int, int]
    packed: np.ndarray
    spacing_mm: tuple[float, float] | None
    early: str = ""

    def roi(self) -> Roi:
        pixels = np.unpackbits(self.packed, count=self.shape[0] * self.shape[1])
        return Roi(pixels.reshape(self.shape).astype(bool), self.spacing_mm)


@dataclass(frozen=True, eq=False)
class CheckedContours:
    """What may be stored, first rounds before repeats; and what not.

    Parameters
    ----------
    already_there
        How many are in the study already.
    problems
        What is wrong with the others, by row.
    any_early
        Whether a repeat among them is too early.
    """

    contours: tuple[CheckedContour, ...]
    already_there: int
    problems: tuple[RowProblem, ...]
    any_early: bool


def check_contours(
    study: Study, rows: Iterable[ContourRow], now: datetime, allow_early: bool, progress: Progress
) -> CheckedContours:
    """Read every contour and ask the study whether it may be stored; nothing is stored."""
    from ..cohort import RowProblem

    rules = ImportRules(study, now)
    images = _Images(study)
    # First rounds before repeats, whatever the order of the table.
    ordered = sorted(rows, key=lambda row: (row.round is Round.REPEAT, row.row))
    contours: list[CheckedContour] = []
    problems: list[RowProblem] = []
    already_there, any_early = 0, False
    seen: dict[tuple[int, str, Round], int] = {}
    with progress.task("Checking contours", total=len(ordered)) as task:
        for row in ordered:
            try:
                contour = _check_row(study, row, rules, images, seen, allow_early)
            except (ReadingError, RoiError, ImageError) as error:
                any_early |= isinstance(error, EarlyRepeatError)
                problems.append(RowProblem(row.case_id, row.row, str(error).rstrip(".")))
            else:
                already_there += contour is None
                if contour is not None:
                    contours.append(contour)
            task.advance()
    problems.sort(key=lambda problem: problem.row)
    return CheckedContours(tuple(contours), already_there, tuple(problems), any_early)


def _check_row(
    study: Study,
    row: ContourRow,
    rules: ImportRules,
    images: _Images,
    seen: dict[tuple[int, str, Round], int],
    allow_early: bool,
) -> CheckedContour | None:
    """One contour, or ``None`` where the study has it already."""
    from ..imaging import read_roi

    case, reader = rules.case(row.case_id), rules.reader(row.reader)
    first_row = seen.setdefault((case.number, reader["name"], row.round), row.row)
    if first_row != row.row:
        raise ReadingError(f"this reading of the case stands in row {first_row} already")
    rules.check_listed(case, reader, row.round)
    if row.image_slice is not None and row.image_slice != case.slice_index:
        raise ReadingError(f"slice is {row.image_slice}, but the study shows slice {case.slice_index} of this image")
    check_outside(study, row.file, "the file is one of the study's own: nothing is handed in twice")
    image = images.of(case)
    roi = read_roi(row.file, image, label=row.label, segment=row.segment, slice_index=row.slice_index)
    check_drawing(Drawing(roi, row.drawn_at, row.duration_s, row.software))
    if rules.is_stored(case, reader, row.round, roi.mask_hash):
        return None
    rules.check_open(case, reader, row.round)
    early = ""
    if row.round is Round.REPEAT:
        try:
            rules.check_washout(case, reader, row.drawn_at)
        except EarlyRepeatError as error:
            if not allow_early:
                raise
            early = str(error)
    else:
        rules.expect_first(case, reader, row.drawn_at)
    return CheckedContour(case, reader, row, roi.shape, np.packbits(roi.mask), roi.spacing_mm, early)


class _Images:
    """A study's images; the one that was asked for last is kept, because a case's rows mostly stand together."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._last: tuple[int, SliceImage] | None = None

    def of(self, case: CaseRecord) -> SliceImage:
        if self._last is None or self._last[0] != case.number:
            self._last = (case.number, self._study.image(case))
        return self._last[1]
