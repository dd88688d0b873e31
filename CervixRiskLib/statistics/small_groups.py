"""Table 1 without the cells that a single patient could be recognised by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from .characteristics import AGAINST, EVERYONE, CharacteristicCell, TableOne, TableOneRow
from .suppression import complementary_suppression

FEWEST_CASES = 3
NOT_SHOWN = "not shown"


def hide_small_groups(table: TableOne, fewest: int = FEWEST_CASES) -> TableOne:
    """The table for readers who do not hold the cohort: what fewer than ``fewest`` cases say is not shown.

    The median of a single case is its value. A number's cell of such a group reads ``"< 3 cases"``; as its value also
    follows from the cohort's mean and the other groups', these read ``"not shown"``. A level that so few cases of a
    group have reads ``"< 3 cases"``, and so many other counts of its characteristic read ``"not shown"`` that none of
    the few follows by subtraction (:func:`.suppression.complementary_suppression`); of a binary characteristic the
    level without a row counts as well. Comparisons that hold what is hidden are left out: with the sums known, a
    p-value tells the count. Sizes of groups and numbers of missing values stay.
    """
    rows: list[TableOneRow] = []
    for _, found in groupby(table.rows, key=lambda row: row.characteristic.name):
        of_one = tuple(found)
        rows += [_hidden_number_row(of_one[0], fewest)] if of_one[0].normal is not None else _hidden(of_one, fewest)
    if tuple(rows) == table.rows:
        return table
    note = (
        f"Groups of fewer than {fewest} cases are not shown, nor as many other counts as it takes to keep them from "
        "being found by subtraction, nor the tests that hold them."
    )
    return replace(table, rows=tuple(rows), notes=(*table.notes, note))


def _hidden(rows: Sequence[TableOneRow], fewest: int) -> list[TableOneRow]:
    """A category's heading and levels, or a binary characteristic's one row."""
    binary = rows[0].level is not None
    levels = [row for row in rows if row.level is not None]
    cohorts = list(dict.fromkeys(cell.cohort for cell in rows[0].cells))
    cells = {cohort: [[cell for cell in row.cells if cell.cohort == cohort] for row in levels] for cohort in cohorts}
    kept = {cohort: _hidden_cells(found, fewest, binary=binary) for cohort, found in cells.items()}
    touched = {cohort for cohort in cohorts if kept[cohort] != cells[cohort]}
    sums = {cohort for cohort in touched if any(cell.hidden for cell in _of_everyone(kept[cohort]))}
    places = iter(range(len(levels)))
    result = []
    for row in rows:
        # What compares cohorts holds their sums alone.
        compared = tuple(
            one for one in row.comparisons if not (sums if AGAINST in one.cohort else touched) & _cohorts_of(one.cohort)
        )
        new = row.cells
        if row.level is not None:
            place = next(places)
            new = tuple(cell for cohort in cohorts for cell in kept[cohort][place])
        result.append(replace(row, cells=new, comparisons=compared))
    return result


def _hidden_cells(
    cells: Sequence[Sequence[CharacteristicCell]], fewest: int, *, binary: bool
) -> list[list[CharacteristicCell]]:
    """Of one cohort, level by level."""
    counts = np.array([[cell.count or 0 for cell in row] for row in cells])
    absent = np.zeros(counts.shape, dtype=bool)
    if binary:
        counts = np.vstack([[cell.cases for cell in cells[0]] - counts[0], counts])
        absent = np.array([[True], [False]]) & np.ones(counts.shape, dtype=bool)
    small = (counts > 0) & (counts < fewest)
    if not small.any():
        return [list(row) for row in cells]
    if binary:
        # Either level tells the other.
        small = np.vstack([small.any(axis=0)] * 2)
    hidden = complementary_suppression(counts, small, absent)[-len(cells) :]
    return [
        [_hidden_count(cell, fewest) if hide else cell for cell, hide in zip(row, line, strict=True)]
        for row, line in zip(cells, hidden, strict=True)
    ]


def _hidden_count(cell: CharacteristicCell, fewest: int) -> CharacteristicCell:
    few = 0 < (cell.count or 0) < fewest
    return replace(cell, count=None, share=None, hidden=f"< {fewest} cases" if few else NOT_SHOWN)


def _of_everyone(cells: Iterable[Iterable[CharacteristicCell]]) -> list[CharacteristicCell]:
    return [cell for row in cells for cell in row if cell.group == EVERYONE]


def _hidden_number_row(row: TableOneRow, fewest: int) -> TableOneRow:
    small = {cell.cohort for cell in row.cells if 0 < cell.cases < fewest}
    cells = [_hidden_number(cell, fewest) if cell.cohort in small else cell for cell in row.cells]
    kept = tuple(found for found in row.comparisons if not small & _cohorts_of(found.cohort))
    return replace(row, cells=tuple(cells), comparisons=kept)


def _hidden_number(cell: CharacteristicCell, fewest: int) -> CharacteristicCell:
    if cell.cases == 0 or (cell.group == EVERYONE and cell.cases >= fewest):
        return cell
    return replace(
        cell,
        mean=None,
        standard_deviation=None,
        median=None,
        lower_quartile=None,
        upper_quartile=None,
        hidden=f"< {fewest} cases" if cell.cases < fewest else NOT_SHOWN,
    )


def _cohorts_of(name: str) -> set[str]:
    """The cohorts that a comparison is about."""
    return set(name.split(AGAINST))
