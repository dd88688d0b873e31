"""What a page is put together from: blocks that know their height and draw themselves below a given place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from typing import Any, Protocol

from ..style import GREY, INK, LIGHT_GREY, TEXT_SIZE, TICK_SIZE
from .sheet import Sheet

POINTS_PER_INCH = 72.0
_PITCH = 1.36
_ASCENT = 1.02
PANEL_PADDING = 0.1
"""Above and below a panel's block, in inches; half as much again at its sides."""
# Not between a number and its unit, nor at a space that says so.
_BREAKS = re.compile(r"[^\S\u00a0]+(?!(?:%|mm|cm²|pixels)(?:\W|$))|(?<!\d)[^\S\u00a0]+")


class Block(Protocol):
    """``height`` in inches; :meth:`draw` puts it below ``top`` from ``left`` on, in inches of the sheet."""

    @property
    def height(self) -> float: ...

    def draw(self, sheet: Sheet, left: float, top: float) -> None: ...


def line_height(size: float) -> float:
    """From one line to the next, in inches, for type of ``size`` points."""
    return _PITCH * size / POINTS_PER_INCH


def write_line(sheet: Sheet, left: float, top: float, words: str, size: float, **style: Any) -> None:
    """A line of type whose ascenders touch ``top``."""
    sheet.write(left, top - _ASCENT * size / POINTS_PER_INCH, words, size, **{"va": "baseline", **style})


class Words:
    """A paragraph in the width it has; a word that is wider is broken.

    ``lead`` stands before its first line, and the others begin below the first one's words.
    """

    def __init__(
        self, measure: Sheet, words: str, width: float, size: float = TICK_SIZE, *, lead: str = "", **style: Any
    ) -> None:
        self._size, self._lead, self._style = size, lead, {"gid": "words", "color": INK, **style}
        weight = str(style.get("weight", "normal"))
        self._indent = measure.text_width(f"{lead} ", size, weight=weight) if lead else 0.0
        self._lines = broken(measure, words, size, width - self._indent, weight)

    @property
    def height(self) -> float:
        return line_height(self._size) * len(self._lines)

    def parts(self, most: int) -> list[Words]:
        """The paragraph in pieces of at most ``most`` lines, between which a page may end; none is a single line."""
        count = -(-len(self._lines) // most)
        pieces = []
        for number in range(count):
            # Of equal length, so that no line is left alone.
            begin, end = (place * len(self._lines) // count for place in (number, number + 1))
            piece = copy(self)
            piece._lines, piece._lead = self._lines[begin:end], self._lead if number == 0 else ""
            pieces.append(piece)
        return pieces

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        for number, line in enumerate(self._lines):
            y = top - number * line_height(self._size)
            if number == 0 and self._lead:
                write_line(sheet, left, y, self._lead, self._size, **self._style)
            write_line(sheet, left + self._indent, y, line, self._size, **self._style)


class Heading(Words):
    """A block's title over a thin line."""

    def __init__(self, measure: Sheet, words: str, width: float) -> None:
        super().__init__(measure, words, width, TEXT_SIZE, weight="bold", gid="heading")
        self._width = width

    @property
    def height(self) -> float:
        return super().height + 0.08

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        super().draw(sheet, left, top)
        y = top - self.height + 0.05
        sheet.axes.plot([left, left + self._width], [y, y], color=LIGHT_GREY, linewidth=0.8, zorder=1)


class Named:
    """A name in grey and its words beside it."""

    def __init__(
        self, measure: Sheet, name: str, words: str, width: float, name_width: float, size: float = TICK_SIZE
    ) -> None:
        self._name = Words(measure, name, name_width - 0.1, size, color=GREY)
        self._words = Words(measure, words, width - name_width, size)
        self._name_width = name_width

    @property
    def height(self) -> float:
        return max(self._name.height, self._words.height) + 0.02

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        self._name.draw(sheet, left, top)
        self._words.draw(sheet, left + self._name_width, top)


class Gap:
    """Nothing."""

    def __init__(self, height: float) -> None:
        self.height = height

    def draw(self, sheet: Sheet, left: float, top: float) -> None: ...


class Stack:
    """Blocks below each other."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = tuple(blocks)

    @property
    def height(self) -> float:
        return sum(block.height for block in self._blocks)

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        for block in self._blocks:
            block.draw(sheet, left, top)
            top -= block.height


class Panel:
    """A block on a coloured ground as wide as given, with a bar at its left where that has a colour."""

    def __init__(self, block: Block, width: float, ground: str, bar: str = "") -> None:
        self._block, self._width, self._ground, self._bar = block, width, ground, bar

    @property
    def height(self) -> float:
        return self._block.height + 2 * PANEL_PADDING

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        from matplotlib.patches import Rectangle

        bottom = top - self.height
        ground = Rectangle((left, bottom), self._width, self.height, color=self._ground, linewidth=0, zorder=0)
        sheet.axes.add_patch(ground)
        if self._bar:
            sheet.axes.add_patch(Rectangle((left, bottom), 0.05, self.height, color=self._bar, linewidth=0, zorder=1))
        self._block.draw(sheet, left + 1.5 * PANEL_PADDING, top - PANEL_PADDING)


class Beside:
    """Blocks beside each other, each with the place where it begins, in inches from the left."""

    def __init__(self, blocks: Sequence[tuple[float, Block]]) -> None:
        self._blocks = tuple(blocks)

    @property
    def height(self) -> float:
        return max(block.height for _, block in self._blocks)

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        for place, block in self._blocks:
            block.draw(sheet, left + place, top)


def broken(measure: Sheet, words: str, size: float, width: float, weight: str = "normal") -> list[str]:
    """``words`` in lines of at most ``width`` inches, broken between words and, where one is too wide, inside it."""
    # Words are measured one by one: sheets remember them, and most come again and again.
    lines, taken, space = [""], 0.0, measure.text_width(" ", size, weight=weight)
    for word in _BREAKS.split(words.strip()):
        for part in _fitting_parts(measure, word, size, width, weight):
            wide = measure.text_width(part, size, weight=weight)
            if not lines[-1]:
                lines[-1], taken = part, wide
            elif taken + space + wide <= width:
                lines[-1] = f"{lines[-1]} {part}"
                taken += space + wide
            else:
                lines.append(part)
                taken = wide
    return lines


def _fitting_parts(measure: Sheet, word: str, size: float, width: float, weight: str) -> list[str]:
    parts = []
    while word and measure.text_width(word, size, weight=weight) > width:
        # The widest beginning that fits, by halving.
        fits, wide = 1, len(word)
        while wide - fits > 1:
            middle = (fits + wide) // 2
            if measure.text_width(word[:middle], size, weight=weight) <= width:
                fits = middle
            else:
                wide = middle
        parts.append(word[:fits])
        word = word[fits:]
    return [*parts, word] if word else parts
