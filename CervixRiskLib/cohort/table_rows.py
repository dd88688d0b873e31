"""Checks the rows of a cohort table one by one and keeps what is wrong with each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..errors import ClinicalValueError, CohortError
from .cells import is_missing, number_text, parse_index, parse_outcome, parse_spacing, parse_split
from .columns import ClinicalColumn
from .delimited_text import DelimitedText, TextRow
from .first_lines import first_lines
from .outcome_groups import GroupReader
from .shown_text import one_line, shown

CASE_COLUMNS = (
    "image", "roi", "outcome", "patient_id", "slice", "label", "spacing_mm", "center", "split", "figo_stage",
)  # fmt: skip
"""Columns with a meaning of their own, never clinical predictors. Case is ignored when a header is read."""

IMAGE_COLUMNS = ("image", "roi", "slice", "label", "spacing_mm")
"""Those of them that describe images."""

T = TypeVar("T")


@dataclass(frozen=True)
class RowProblem:
    """Why a row cannot be used.

    Parameters
    ----------
    case_id
        As it stands in the table, ``""`` where it is missing.
    row
        The row's number as a spreadsheet shows it; the header is row 1. 0 where it is not known.
    reason
        What is wrong; several things are separated by semicolons.
    """

    case_id: str
    row: int
    reason: str

    def __str__(self) -> str:
        where = f"row {self.row} ({self.case_id or 'no case_id'})" if self.row else self.case_id
        return f"{where}: {self.reason}"


@dataclass(frozen=True)
class CaseRow:
    """A row that can be used; see :class:`CervixRiskLib.cohort.table.Cohort` for what the fields hold.

    ``channels`` are the paths of the further images, ``group`` the name of the outcome where outcomes have names (its
    code is known when all rows are read).
    """

    case_id: str
    row: int
    image: str
    roi: str | None
    outcome: int | None
    patient_id: str
    slice: int | None
    label: int | None
    spacing_mm: tuple[float, float] | None
    center: str | None
    split: str | None
    figo_stage: str | None
    clinical: tuple[float, ...]
    channels: tuple[str, ...] = ()
    group: str | None = None


@dataclass(frozen=True)
class RowReader:
    """Reads rows of one table.

    Parameters
    ----------
    text
        The table.
    positions
        Position of each case column (``case_id``, ``image``, …) that the table has.
    clinical
        Position and description of each clinical column.
    root
        The folder that paths in the table are relative to.
    require_roi, require_outcome
        Whether a row without it can be used.
    channels
        Names of the columns of further images; each is in ``positions``.
    groups
        Reads outcomes with names; ``None``: outcomes are 0 and 1.
    require_image
        Without, columns of images and contours are not looked at.
    """

    text: DelimitedText
    positions: Mapping[str, int]
    clinical: Sequence[tuple[int, ClinicalColumn]]
    root: Path
    require_roi: bool
    require_outcome: bool
    channels: Sequence[str] = ()
    groups: GroupReader | None = None
    require_image: bool = True

    def read(self) -> tuple[list[CaseRow], list[RowProblem]]:
        """All rows that can be used, and what is wrong with the others, both in the order of the table."""
        seen: dict[str, list[int]] = {}
        for row in self.text.rows:
            seen.setdefault(one_line(self._cell(row, "case_id")).casefold(), []).append(row.number)
        splits = any(self._cell(row, "split") for row in self.text.rows)
        rows: list[CaseRow] = []
        problems: list[RowProblem] = []
        for row in self.text.rows:
            reasons: list[str] = []
            case = self._read_row(row, seen, splits, reasons)
            if reasons:
                problems.append(RowProblem(shown(case.case_id), row.number, "; ".join(reasons)))
            else:
                rows.append(case)
        return rows, problems

    def _read_row(self, row: TextRow, seen: Mapping[str, list[int]], splits: bool, reasons: list[str]) -> CaseRow:
        if len(row.cells) < len(self.text.header) or any(row.cells[len(self.text.header) :]):
            reasons.append(f"it has {len(row.cells)} cells where the header has {len(self.text.header)}")
        case_id = one_line(self._cell(row, "case_id"))
        others = [number for number in seen[case_id.casefold()] if number != row.number]
        if not case_id:
            reasons.append("case_id is empty")
        elif others:
            reasons.append(f"case_id is used again in row {others[0]} (upper and lower case count as equal)")

        def read(name: str, parse: Callable[[str], T], required: bool = False) -> T | None:
            cell = self._cell(row, name)
            if not cell and not required:
                return None
            try:
                return parse(cell)
            except ValueError as error:
                reasons.append(str(error))
                return None

        comma = self.text.decimal_comma
        image = roi = None
        if self.require_image:
            image = self._file(row, "image", "image", reasons, required=True)
            roi = self._file(row, "roi", "ROI", reasons, required=self.require_roi)
        slice_index = read("slice", lambda cell: parse_index("slice", cell, comma))
        label = read("label", lambda cell: parse_index("label", cell, comma))
        if image and image == roi and label is None:
            reasons.append("image and roi are the same file")
        channels = self._channels(row, image, reasons)
        patient = self._cell(row, "patient_id")
        if "patient_id" in self.positions and is_missing(patient):
            reasons.append("patient_id is missing")
        return CaseRow(
            case_id=case_id,
            row=row.number,
            image=image or "",
            roi=roi,
            outcome=(
                read("outcome", lambda cell: parse_outcome(cell, comma), self.require_outcome)
                if self.groups is None
                else None
            ),
            patient_id=patient if "patient_id" in self.positions else case_id,
            slice=slice_index,
            label=label,
            spacing_mm=read("spacing_mm", lambda cell: parse_spacing(cell, comma)),
            center=self._cell(row, "center") or None,
            split=read("split", parse_split, required=splits),
            figo_stage=self._cell(row, "figo_stage") or None,
            clinical=tuple(self._clinical(row, position, column, reasons) for position, column in self.clinical),
            channels=channels,
            group=None if self.groups is None else self._group(row, self.groups, reasons),
        )

    def _cell(self, row: TextRow, name: str) -> str:
        position = self.positions.get(name)
        return "" if position is None or position >= len(row.cells) else row.cells[position]

    def _file(self, row: TextRow, name: str, title: str, reasons: list[str], required: bool) -> str | None:
        cell = self._cell(row, name)
        if not cell:
            if required:
                reasons.append(f"{name} is empty")
            return None
        found = existing_file(self.root, cell)
        if found is None:
            reasons.append(f"{title} file '{shown(cell)}' does not exist")
        return found

    def _channels(self, row: TextRow, image: str | None, reasons: list[str]) -> tuple[str, ...]:
        """The paths of the further images, as many as there are columns for them."""
        seen = {image: "image"}
        found: list[str] = []
        for name in self.channels:
            path = self._file(row, name, f"{name} (a further image of the case):", reasons, required=True) or ""
            if path and path in seen:
                reasons.append(f"{seen[path]} and {name} are the same file")
            seen[path] = name
            found.append(path)
        return tuple(found)

    def _group(self, row: TextRow, groups: GroupReader, reasons: list[str]) -> str | None:
        try:
            return groups.read(self._cell(row, "outcome"), self._cell(row, "figo_stage"), self.require_outcome)
        except ValueError as error:
            reasons.append(str(error))
            return None

    def _clinical(self, row: TextRow, position: int, column: ClinicalColumn, reasons: list[str]) -> float:
        cell = row.cells[position] if position < len(row.cells) else ""
        if is_missing(cell):
            return math.nan
        try:
            return column.parse(cell if column.kind == "category" else number_text(cell, self.text.decimal_comma))
        except ClinicalValueError as error:
            reasons.append(str(error).removesuffix("."))
            return math.nan


def existing_file(root: Path, text: str) -> str | None:
    """``text`` as a path that names a file from ``root``, or ``None``. Tables made on Windows have backslashes."""
    for candidate in dict.fromkeys((text, text.replace("\\", "/"))):
        try:
            if (root / candidate).is_file():
                return candidate
        except (OSError, ValueError):  # too long, forbidden, or with letters no file name can have
            continue
    return None


def refuse(problems: Sequence[RowProblem], total: int, title: str = "cohort table") -> CohortError:
    """The error that names the first ten bad rows and counts the rest."""
    lines = [f"{len(problems)} of {total} rows of the {title} cannot be used:", *first_lines(problems)]
    some = len(problems) < total
    lines.append("Mend them, or go on without them (--skip-invalid)." if some else "Mend them: none is left.")
    return CohortError("\n".join(lines))
