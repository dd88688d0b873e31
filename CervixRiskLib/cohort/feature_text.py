"""A table of features as text: CSV or Parquet, and which of its columns names the cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import CohortError
from .cells import number_text
from .columns import parse_number
from .delimited_text import DelimitedText, TextRow, read_delimited
from .table_rows import RowReader

TITLE = "feature table"
UNNAMED = "(unnamed)"
CASE = "case_id"
_LARGEST_VALUE = 1e100


def read_feature_text(path: Path) -> DelimitedText:
    """A CSV file as it stands, or the cells of a Parquet file as text."""
    if path.suffix.lower() != ".parquet":
        text = read_delimited(path, title=TITLE, first_column=UNNAMED)
    else:
        text = _parquet_text(path)
    if len(text.header) < 2 or not text.rows:
        raise CohortError(
            f"The {TITLE} holds no case with features: it has a row for each case and a column for each feature."
        )
    return text


def _parquet_text(path: Path) -> DelimitedText:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    if not path.is_file():
        raise CohortError(f"The {TITLE} does not exist: check the path.")
    try:
        table = parquet.read_table(path)
        columns = [table.column(name).to_pylist() for name in table.column_names]
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise CohortError(f"The {TITLE} is not a readable Parquet file: write it again, or as .csv.") from error
    cells = zip(*columns, strict=True)
    rows = [
        TextRow(number, tuple("" if cell is None else str(cell).strip() for cell in row))
        for number, row in enumerate(cells, start=2)
    ]
    return DelimitedText(tuple(str(name) for name in table.column_names), tuple(rows), False)


def case_position(text: DelimitedText) -> dict[str, int]:
    """Where the identifiers stand: the column ``case_id``, else the first."""
    folded = [name.casefold() for name in text.header]
    if CASE in folded:
        return {CASE: folded.index(CASE)}
    first = [parse_number(number_text(row.cells[0], text.decimal_comma)) for row in text.rows]
    if all(number is not None and number != int(number) for number in first):
        raise CohortError(
            f"The first column of the {TITLE} holds measurements: add a column case_id that names the cases."
        )
    return {CASE: 0}


def feature_rows(text: DelimitedText, positions: dict[str, int], path: Path, *, require_outcome: bool) -> RowReader:
    """Reads identifiers, and what ``positions`` names of a cohort table's columns."""
    return RowReader(text, positions, (), path.resolve().parent, False, require_outcome, require_image=False)


def numbers(row: TextRow, places: Sequence[int], decimal_comma: bool) -> list[float]:
    """The cells as numbers; NaN where one is missing, infinite, no number, or too large to be squared."""
    found = []
    for place in places:
        number = parse_number(number_text(row.cells[place], decimal_comma)) if place < len(row.cells) else None
        found.append(np.nan if number is None or abs(number) > _LARGEST_VALUE else number)
    return found
