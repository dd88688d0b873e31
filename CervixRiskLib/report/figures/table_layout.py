"""A table on a page: columns as wide as their words need, cells of several lines, rows that a page may part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..style import GREY, INK, LIGHT_GREY
from .page_blocks import POINTS_PER_INCH, line_height, write_line
from .sheet import Sheet
from .word_measure import SPACES, WordMeasure

SIZES = (8.0, 7.5, 7.0, 6.5)
"""Of type, the largest that fits is taken."""
_GUTTER = 0.16
_PADDING = 0.035
_INDENT = 0.14
_LONGEST_WORD = 1.5
_WORDS_FIRST = 1.9
_MOST_EXTRA = 0.3


@dataclass(frozen=True)
class TableWords:
    """What stands in a table, as words.

    Parameters
    ----------
    head, rows
        A name each column; as many cells each row.
    groups
        The name over each column, ``""`` over none; empty without groups.
    right
        Of each column, whether it is set to the right.
    strong, indented
        Positions of rows.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    groups: tuple[str, ...]
    right: tuple[bool, ...]
    strong: frozenset[int] = frozenset()
    indented: frozenset[int] = frozenset()

    def columns(self, chosen: Sequence[int]) -> TableWords:
        """The table with these columns alone."""

        def pick(cells: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(cells[column] for column in chosen)

        groups = pick(self.groups) if self.groups else ()
        return replace(
            self,
            head=pick(self.head),
            rows=tuple(pick(row) for row in self.rows),
            groups=groups,
            right=pick(self.right),
        )


class TableLayout:
    """A table whose columns have their widths.

    Attributes
    ----------
    width
        In inches, no more than was given.
    is_forced
        Words had to be broken.
    """

    def __init__(
        self, measure: WordMeasure, table: TableWords, widths: Sequence[float], size: float, *, is_forced: bool = False
    ) -> None:
        self.is_forced = is_forced
        self._measure, self._table, self._widths, self._size = measure, table, tuple(widths), size
        self.width = sum(widths)
        self.rows = len(table.rows)

    def head(self) -> TableRow:
        cells = [self._cell(words, column, bold=True) for column, words in enumerate(self._table.head)]
        return TableRow(self, cells, bold=True, above=self._spans(), rule=INK)

    def row(self, number: int) -> TableRow:
        table = self._table
        bold, indent = number in table.strong, _INDENT if number in table.indented else 0.0
        cells = [
            self._cell(words, column, bold=bold, indent=0.0 if column else indent)
            for column, words in enumerate(table.rows[number])
        ]
        rule = INK if number == self.rows - 1 else LIGHT_GREY
        return TableRow(self, cells, bold=bold, indent=indent, rule=rule)

    def write_lines(self, sheet: Sheet, left: float, top: float, row: TableRow) -> None:
        """The words of ``row``, its first line below ``top``."""
        style: dict[str, Any] = {"color": INK, "gid": "cell", "weight": "bold" if row.bold else "normal"}
        place = left
        for column, (lines, width) in enumerate(zip(row.cells, self._widths, strict=True)):
            for number, line in enumerate(lines):
                y = top - number * line_height(self._size)
                if self._table.right[column]:
                    write_line(sheet, place + width - _GUTTER / 2, y, line, self._size, ha="right", **style)
                else:
                    indent = row.indent if column == 0 else 0.0
                    write_line(sheet, place + _GUTTER / 2 + indent, y, line, self._size, **style)
            place += width

    def write_spans(self, sheet: Sheet, left: float, top: float, spans: Sequence[_Span]) -> None:
        """The groups' names over their columns, a line under each."""
        for span in spans:
            begin, end = left + span.begin + _GUTTER / 2, left + span.begin + span.width - _GUTTER / 2
            for number, line in enumerate(span.lines):
                y = top - number * line_height(self._size)
                write_line(sheet, begin, y, line, self._size, color=GREY, weight="bold", gid="group")
            y = top - max(len(other.lines) for other in spans) * line_height(self._size) - _PADDING
            sheet.axes.plot([begin, end], [y, y], color=GREY, linewidth=0.8, zorder=1)

    def line_height(self) -> float:
        return line_height(self._size)

    def _cell(self, words: str, column: int, *, bold: bool, indent: float = 0.0) -> tuple[str, ...]:
        return self._measure.lines(words, self._size, self._widths[column] - _GUTTER - indent, bold=bold)

    def _spans(self) -> list[_Span]:
        spans: list[_Span] = []
        groups = self._table.groups
        column = 0
        while column < len(groups):
            end = column
            while end < len(groups) and groups[end] == groups[column]:
                end += 1
            begin, width = sum(self._widths[:column]), sum(self._widths[column:end])
            if groups[column]:
                lines = self._measure.lines(groups[column], self._size, width - _GUTTER, bold=True)
                spans.append(_Span(begin, width, lines))
            column = end
        return spans


@dataclass(frozen=True)
class _Span:
    begin: float
    width: float
    lines: tuple[str, ...]


class TableRow:
    """A block: a row of a table's page with the rule below it, and what stands over it in a head."""

    def __init__(
        self,
        layout: TableLayout,
        cells: Sequence[tuple[str, ...]],
        *,
        bold: bool,
        rule: str,
        indent: float = 0.0,
        above: Sequence[_Span] = (),
    ) -> None:
        self._layout, self._rule, self._above = layout, rule, above
        self.cells, self.bold, self.indent = tuple(cells), bold, indent

    @property
    def height(self) -> float:
        lines = max(len(cell) for cell in self.cells)
        return self._above_height() + lines * self._layout.line_height() + 2 * _PADDING

    def parted(self, room: float) -> tuple[TableRow, TableRow]:
        """What fits into ``room`` inches, at least a line, and the rest."""
        fits = max(1, int((room - 2 * _PADDING) / self._layout.line_height()))
        style: dict[str, Any] = {"bold": self.bold, "indent": self.indent}
        first = TableRow(self._layout, [cell[:fits] for cell in self.cells], rule=LIGHT_GREY, **style)
        rest = TableRow(self._layout, [cell[fits:] or ("",) for cell in self.cells], rule=self._rule, **style)
        return first, rest

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        if self._above:
            self._layout.write_spans(sheet, left, top - _PADDING, self._above)
        self._layout.write_lines(sheet, left, top - self._above_height() - _PADDING, self)
        y = top - self.height
        strong = self._rule == INK
        ends = [left, left + self._layout.width]
        sheet.axes.plot(ends, [y, y], color=self._rule, linewidth=0.9 if strong else 0.5, zorder=1, gid="rule")

    def _above_height(self) -> float:
        if not self._above:
            return 0.0
        return max(len(span.lines) for span in self._above) * self._layout.line_height() + 2 * _PADDING


def table_layouts(measure: WordMeasure, table: TableWords, widths: Sequence[float]) -> list[TableLayout]:
    """The table in the first of ``widths`` inches and the largest type in which no word needs to be broken.

    A table that is too wide for the last of them is parted between its columns; each part has the first column.
    """
    for width in widths:
        for size in SIZES:
            layout = _fitted(measure, table, width, size)
            if layout is not None:
                return [layout]
    return _in_parts(measure, table, widths[-1], SIZES[0])


def _in_parts(measure: WordMeasure, table: TableWords, width: float, size: float) -> list[TableLayout]:
    """As few parts as there can be, with as many columns each where that fits."""
    greedy: list[list[int]] = [[0]]
    for column in range(1, len(table.head)):
        longer = [*greedy[-1], column]
        if len(greedy[-1]) > 1 and _fitted(measure, table.columns(longer), width, size) is None:
            longer = [0, column]
            greedy.append(longer)
        greedy[-1] = longer
    count, others = len(greedy), len(table.head) - 1
    even = [[0, *range(1 + part * others // count, 1 + (part + 1) * others // count)] for part in range(count)]
    layouts = [_fitted(measure, table.columns(columns), width, size) for columns in even]
    if all(layouts):
        return [layout for layout in layouts if layout is not None]
    return [_forced(measure, table.columns(columns), width, size) for columns in greedy]


def _forced(measure: WordMeasure, table: TableWords, width: float, size: float) -> TableLayout:
    return _fitted(measure, table, width, size) or TableLayout(
        measure, table, [width / len(table.head)] * len(table.head), size, is_forced=True
    )


def _fitted(measure: WordMeasure, table: TableWords, width: float, size: float) -> TableLayout | None:
    """``None`` where a word would have to be broken."""
    least = _needs(measure, table, size, lambda words: SPACES.split(words.strip()))
    if sum(min(need, _LONGEST_WORD) for need in least) > width:
        return None
    least = [min(need, _LONGEST_WORD) for need in least]
    wanted = _needs(measure, table, size, lambda words: [words])
    if sum(wanted) <= width:
        extra = min(_MOST_EXTRA, (width - sum(wanted)) / len(wanted))
        return TableLayout(measure, table, [want + extra for want in wanted], size)
    return TableLayout(measure, table, _shared(least, wanted, table.right, width), size)


def _needs(measure: WordMeasure, table: TableWords, size: float, parts: Callable[[str], Sequence[str]]) -> list[float]:
    """Of each column: the widest part of a cell, with the room between columns."""
    needs = [max(measure.width(part, size, bold=True) for part in parts(name)) for name in table.head]
    for number, row in enumerate(table.rows):
        bold = number in table.strong
        for column, words in enumerate(row):
            indent = _INDENT if column == 0 and number in table.indented else 0.0
            widest = max(measure.width(part, size, bold=bold) for part in parts(words)) + indent
            needs[column] = max(needs[column], widest)
    # Rounding makes words a hair wider now and then.
    return [need * 1.01 + _GUTTER for need in needs]


def _shared(least: Sequence[float], wanted: Sequence[float], right: Sequence[bool], width: float) -> list[float]:
    """Every column gets its least; what is left goes to columns of words first, then to all that want more."""
    widths = list(least)
    words = [
        low if at_right else min(want, _WORDS_FIRST) for low, want, at_right in zip(least, wanted, right, strict=True)
    ]
    for goal in (words, wanted):
        left = width - sum(widths)
        wanting = [column for column, want in enumerate(goal) if want > widths[column]]
        while wanting and left > 1.0 / POINTS_PER_INCH:
            share = left / len(wanting)
            for column in wanting:
                given = min(share, goal[column] - widths[column])
                widths[column] += given
                left -= given
            wanting = [column for column in wanting if goal[column] - widths[column] > 1e-6]
    return widths
