"""Finds out what the clinical columns of a table hold, from the dictionary where it knows them, else from the cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .cells import has_decimal_comma, is_missing, number_text
from .columns import ClinicalColumn, ColumnDictionary, parse_number, parse_yes_no
from .shown_text import shown

_MOST_LEVELS = 12


def clinical_columns(
    names: Sequence[str],
    cells: Sequence[Sequence[str]],
    dictionary: ColumnDictionary,
    decimal_comma: bool,
) -> tuple[list[tuple[int, ClinicalColumn]], tuple[str, ...]]:
    """Which of ``names`` are clinical predictors.

    Parameters
    ----------
    names
        Column names as they stand in the table.
    cells
        For each name its cells, in the order of the rows.
    dictionary
        Describes the columns it knows; case is ignored.

    Returns
    -------
    list of (int, ClinicalColumn)
        Position in ``names`` and description. A column without entry is continuous if at least half of its values are
        numbers, binary if all are yes or no or 0 or 1, a category if it has at most twelve texts that repeat; it has
        no plausible range.
    tuple of str
        A sentence for each column that is no predictor: empty, free text, or numbers that cannot be read.
    """
    known = {column.name.casefold(): column for column in dictionary}
    found: list[tuple[int, ClinicalColumn]] = []
    notes: list[str] = []
    for position, name in enumerate(names):
        values = [cell for cell in cells[position] if not is_missing(cell)]
        column = known.get(name.casefold()) or _inferred(name, values, decimal_comma)
        if not values:
            notes.append(f"Column '{shown(name)}' is empty and was left out.")
        elif column is None and all(map(has_decimal_comma, values)):
            notes.append(
                f"Column '{shown(name)}' was left out: its numbers have decimal commas in a table separated by commas. "
                "Write decimal points, or separate the table by semicolons."
            )
        elif column is None:
            notes.append(f"Column '{shown(name)}' is free text and was left out of the clinical predictors.")
        else:
            found.append((position, column))
    return found, tuple(notes)


def _inferred(name: str, values: Sequence[str], decimal_comma: bool) -> ClinicalColumn | None:
    column = ClinicalColumn(name, name)
    values = [number_text(value, decimal_comma) for value in values]
    if values and all(parse_yes_no(value) is not None for value in values):
        return replace(column, kind="binary")
    numbers = sum(parse_number(value) is not None for value in values)
    if numbers and 2 * numbers >= len(values):
        return column
    if values and all(map(has_decimal_comma, values)):
        return None  # no names of a category
    levels = {value.casefold(): value for value in reversed(values)}  # the first spelling stays
    if levels and len(levels) <= _MOST_LEVELS and 2 * len(levels) <= len(values):
        return replace(column, kind="category", levels=tuple(levels[key] for key in sorted(levels)))
    return None
