"""Reads the CSV files people really have: Excel's code pages, semicolons, decimal commas, byte-order marks."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import CohortError

_LARGEST_FILE = 256 * 1024 * 1024
_DELIMITERS = (",", ";", "\t", "|")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class TextRow:
    """One row: its number as a spreadsheet shows it (the header is row 1) and its cells, trimmed."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class DelimitedText:
    """A table of text.

    Parameters
    ----------
    header
        Column names, trimmed, none empty, no two equal when case is ignored.
    rows
        Rows that hold anything; a row may have fewer or more cells than the header.
    decimal_comma
        Whether numbers in it may be written ``4,1``: the cells are separated by something else than a comma.
    notes
        Sentences about how the file was read.
    """

    header: tuple[str, ...]
    rows: tuple[TextRow, ...]
    decimal_comma: bool
    notes: tuple[str, ...] = ()


def read_delimited(
    path: str | os.PathLike[str], *, title: str = "cohort table", first_column: str = ""
) -> DelimitedText:
    """Read a table of text in UTF-8, UTF-16 with a mark, or Windows' cp1252, separated by comma, semicolon, tab or bar.

    Parameters
    ----------
    title
        What the table is called in sentences about it.
    first_column
        The name of a first column that has none; ``""``: it must have one.

    Raises
    ------
    CohortError
        The file is missing, empty, larger than 256 MiB, not text, or its header has unnamed or repeated columns.
    """
    raw = _read_bytes(Path(path), title)
    text, notes = _decode(raw, title)
    delimiter, text, skipped = _delimiter(text)
    records = _records(text, delimiter, 1 + skipped, title)
    header_row = next(records, None)
    if header_row is None:
        start = " It starts with the header case_id,image,roi,outcome." if title == "cohort table" else ""
        raise CohortError(f"The {title} is empty.{start}")
    rows = tuple(records)
    return DelimitedText(_header(header_row, rows, title, first_column), rows, delimiter != ",", notes)


def _read_bytes(path: Path, title: str) -> bytes:
    try:
        with path.open("rb") as handle:
            raw = handle.read(_LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise CohortError(f"The {title} does not exist: check the path.") from error
    except IsADirectoryError as error:
        raise CohortError(f"The {title} is a CSV file, not a folder: give the file inside it.") from error
    except (OSError, ValueError) as error:
        raise CohortError(f"The {title} cannot be read: check the path and the permissions.") from error
    if len(raw) > _LARGEST_FILE:
        raise CohortError(f"The {title} is larger than 256 MiB: this is not a table of cases.")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise CohortError(f"The {title} is an Excel workbook: save it as 'CSV UTF-8' and give that file.")
    return raw


def _decode(raw: bytes, title: str) -> tuple[str, tuple[str, ...]]:
    encodings = next(((encoding,) for mark, encoding in _MARKS if raw.startswith(mark)), ("utf-8", "cp1252"))
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        note = ("The table is not UTF-8; it was read in Windows' code page 1252.",) if encoding == "cp1252" else ()
        return text, note
    raise CohortError(f"The {title} is not a text file: save it as CSV in UTF-8.")


def _delimiter(text: str) -> tuple[str, str, int]:
    """The separator, the text without Excel's ``sep=;`` line, and how many lines were taken off."""
    head, _, rest = text.partition("\n")
    if head.strip().lower().startswith("sep=") and len(head.strip()) == 5 and head.strip()[4] in _DELIMITERS:
        return head.strip()[4], rest, 1
    first = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(first.split('"')[::2])  # quoted names may hold any separator
    return max(_DELIMITERS, key=outside.count), text, 0


def _records(text: str, delimiter: str, first: int, title: str) -> Iterator[TextRow]:
    """The rows that hold anything, numbered from ``first``."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = first
    try:
        for cells in reader:
            trimmed = tuple(cell.strip() for cell in cells)
            if any(trimmed):
                yield TextRow(number, trimmed)
            number += 1
    except csv.Error as error:
        raise CohortError(f"Row {number} of the {title} cannot be read: check its quotation marks.") from error


def _header(header: TextRow, rows: tuple[TextRow, ...], title: str, first_column: str) -> tuple[str, ...]:
    names = list(header.cells)
    if first_column and not names[0]:
        names[0] = first_column
    widest = max((len(row.cells) for row in rows), default=0)
    used = [any(place < len(row.cells) and row.cells[place] for row in rows) for place in range(widest)]
    while names and not names[-1] and not any(used[len(names) - 1 : len(names)]):
        names.pop()  # a spreadsheet's empty columns at the right
    for position, name in enumerate(names, start=1):
        if not name:
            raise CohortError(f"Column {position} of the {title} has no name: name it or delete it.")
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise CohortError(f"The {title} has two columns named '{name[:60]}': keep one.")
        seen.add(name.casefold())
    return tuple(names)
