"""The table of contents of a printed report, whose page numbers are known only in the end."""

from __future__ import annotations

from collections.abc import Sequence

from ..figures.fitted_text import fit_width
from ..figures.page_blocks import line_height, write_line
from ..figures.sheet import Sheet
from ..pdf_outline import OutlineEntry
from ..style import GREY, TICK_SIZE

_SIZE = TICK_SIZE
_NUMBER_WIDTH = 0.4


class Contents:
    """A block with a line for each of ``count`` sections of level 1."""

    def __init__(self, count: int, width: float) -> None:
        self.height = count * line_height(_SIZE)
        self._width = width
        self._place: tuple[Sheet, float, float] | None = None

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        self._place = (sheet, left, top)

    def fill(self, entries: Sequence[OutlineEntry]) -> None:
        """Write titles and pages where the block was drawn."""
        if self._place is None:
            return
        sheet, left, top = self._place
        for number, entry in enumerate(entry for entry in entries if entry.level == 1):
            y = top - number * line_height(_SIZE)
            write_line(sheet, left, y, entry.title, _SIZE, gid="contents")
            fit_width(sheet.axes.texts[-1], self._width - _NUMBER_WIDTH, least=_SIZE - 1)
            write_line(sheet, left + self._width, y, f"{entry.page + 1}", _SIZE, ha="right", color=GREY)
