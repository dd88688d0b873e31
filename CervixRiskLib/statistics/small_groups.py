"""Table 1 without the cells that a single patient could be recognised by."""

from __future__ import annotations

from dataclasses import replace

from .characteristics import AGAINST, EVERYONE, CharacteristicCell, TableOne, TableOneRow

FEWEST_CASES = 3
NOT_SHOWN = "not shown"


def hide_small_groups(table: TableOne, fewest: int = FEWEST_CASES) -> TableOne:
    """The table for readers who do not hold the cohort: what fewer than ``fewest`` cases say is not shown.

    The median of a single case is its value. A number's cell of such a group reads ``"< 3 cases"``; as its value also
    follows from the cohort's mean and the other groups', these read ``"not shown"``, and the row's comparisons of that
    cohort are left out, whose differences hold it too. A level that so few cases of a group have reads ``"< 3 cases"``.
    Sizes of groups and numbers of missing values stay: counts can still be found by subtraction, values cannot.
    """
    rows = tuple(_hidden_row(row, fewest) for row in table.rows)
    if rows == table.rows:
        return table
    return replace(table, rows=rows, notes=(*table.notes, f"Groups of fewer than {fewest} cases are not shown."))


def _hidden_row(row: TableOneRow, fewest: int) -> TableOneRow:
    words = f"< {fewest} cases"
    if row.normal is None:
        cells = [
            replace(cell, count=None, share=None, hidden=words)
            if cell.count is not None and 0 < cell.count < fewest
            else cell
            for cell in row.cells
        ]
        return replace(row, cells=tuple(cells))
    small = {cell.cohort for cell in row.cells if 0 < cell.cases < fewest}
    cells = [_hidden_number(cell, words, fewest) if cell.cohort in small else cell for cell in row.cells]
    kept = tuple(found for found in row.comparisons if not small & _cohorts_of(found.cohort))
    return replace(row, cells=tuple(cells), comparisons=kept)


def _hidden_number(cell: CharacteristicCell, words: str, fewest: int) -> CharacteristicCell:
    if cell.cases == 0 or (cell.group == EVERYONE and cell.cases >= fewest):
        return cell
    return replace(
        cell,
        mean=None,
        standard_deviation=None,
        median=None,
        lower_quartile=None,
        upper_quartile=None,
        hidden=words if cell.cases < fewest else NOT_SHOWN,
    )


def _cohorts_of(name: str) -> set[str]:
    """The cohorts that a comparison is about."""
    return set(name.split(AGAINST))
