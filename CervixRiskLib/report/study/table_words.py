"""A table block as words for a printed page."""

from __future__ import annotations

import re

from ..figures.table_layout import TableWords
from .cells import NO_BREAK, cell_text, is_numeric
from .document import NamedValues, TableBlock

_NUMBER = re.compile(r"[<>≤≥~]?\s?[−+-]?\d")
_LONGEST_NUMBER = 36
_BRACKET = re.compile(r"[(\[][^)\]]{1,16}[)\]]")
# Plain or escaped for a page.
_PARTED = re.compile(r"(?<=\d) (?=%)|(?<=\bp) (?=(?:[=<]|&lt;) \d)|(?<=\bp [=<]) (?=\d)|(?<=\bp &lt;) (?=\d)")


def table_words(block: TableBlock) -> TableWords:
    """The words of ``block``; columns of numbers are set to the right."""
    groups = tuple(kept_together(printable_line(name)) for name, span in block.groups for _ in range(span))
    return TableWords(
        head=tuple(kept_together(printable_line(name)) for name in block.head),
        rows=tuple(tuple(kept_together(printable_line(cell_text(cell))) for cell in row) for row in block.rows),
        groups=groups,
        right=tuple(is_number_column(block, column) for column in range(len(block.head))),
        strong=frozenset(block.strong),
        indented=frozenset(block.indented),
    )


def named_words(block: NamedValues) -> TableWords:
    """Names and their words as a table without a head."""
    rows = tuple((printable_line(name), printable_line(words)) for name, words in block.rows)
    return TableWords(("", ""), rows, (), (False, False))


def is_number_column(block: TableBlock, column: int) -> bool:
    """Whether most of what stands in a column, the first excepted, is numbers."""
    cells = [row[column] for row in block.rows if row[column] not in (None, "")]
    return column > 0 and 2 * sum(map(is_numeric, cells)) > len(cells)


def kept_together(words: str) -> str:
    """Numbers are parted before a bracket alone, and short brackets never: "33.1 ± 11.0", "(n = 57)"."""
    if len(words) <= _LONGEST_NUMBER and _NUMBER.match(words):
        return re.sub(r" (?![(\[])", NO_BREAK, words)
    return _BRACKET.sub(lambda found: found[0].replace(" ", NO_BREAK), words)


def unparted_signs(words: str) -> str:
    """Running text in which a number stays with its per cent sign, and "p = 0.03" on one line."""
    return _PARTED.sub(NO_BREAK, words)


def printable_line(words: str) -> str:
    """Words as they can be printed: on one line, without control characters, no sign parted from its number."""
    plain = "".join(
        sign for sign in words.replace("\n", " ").replace("\t", " ") if sign.isprintable() or sign == NO_BREAK
    )
    return unparted_signs(plain)
