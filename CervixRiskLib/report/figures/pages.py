"""Pages of A4 that fill from above, each with its head and the line that every page must carry."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ... import __version__
from ..style import GREY, INK, LIGHT_GREY, NOTE_SIZE, closing_line, house_style
from .fitted_text import fit_width
from .page_blocks import Block, Stack
from .page_fonts import families_for
from .sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Inches.
WIDTH, HEIGHT = 8.27, 11.69
MARGIN = 0.6
CONTENT_WIDTH = WIDTH - 2 * MARGIN
_TOP = HEIGHT - 0.5
_BOTTOM = 0.72
LYING_WIDTH = HEIGHT - 2 * MARGIN
"""What fits beside each other on a page that lies on its long side."""
CONTENT_HEIGHT = _TOP - _BOTTOM - 0.3
"""Of a page after the first, whose head is smaller than the report's own title."""
LYING_HEIGHT = CONTENT_HEIGHT - (HEIGHT - WIDTH)


@contextlib.contextmanager
def page_style(words: str = "") -> Iterator[None]:
    """The house style for the length of a block, with words as wide on the screen as in a PDF.

    ``words`` is what will be written: further fonts are taken where the house's own lacks a sign of it.

    Type that is fitted to a screen's dots is up to some per cent narrower, and lines that were measured so run out of
    their columns in print.
    """
    import matplotlib

    # A font without bold signs is used as it is; nobody needs to be told for each word.
    fonts = logging.getLogger("matplotlib.font_manager")
    level = fonts.level
    fonts.setLevel(logging.ERROR)
    try:
        with house_style(), matplotlib.rc_context({"text.hinting": "none", "font.family": families_for(words)}):
            yield
    finally:
        fonts.setLevel(level)


class Pages:
    """A growing number of pages.

    Parameters
    ----------
    head
        What stands at the top of each page but the first.
    simulated
        Said in the last line of each page.

    Attributes
    ----------
    measure
        A sheet to measure words on.
    """

    def __init__(self, head: str, *, simulated: bool) -> None:
        self._head, self._simulated = head, simulated
        self._sheets = [Sheet(WIDTH, HEIGHT)]
        self._top = self._begin = _TOP
        self._lies = False

    @property
    def measure(self) -> Sheet:
        return self._sheets[0]

    @property
    def count(self) -> int:
        """Pages so far."""
        return len(self._sheets)

    @property
    def lies(self) -> bool:
        """Whether this page's long side is its lower one."""
        return self._lies

    @property
    def is_empty(self) -> bool:
        """Nothing stands on this page yet."""
        return self._top >= self._begin

    @property
    def room(self) -> float:
        """Inches left on this page."""
        return self._top - _BOTTOM

    @property
    def full_room(self) -> float:
        """Inches on a page like this one on which nothing stands yet."""
        return LYING_HEIGHT if self._lies else CONTENT_HEIGHT

    def add(self, *blocks: Block) -> None:
        """Draw ``blocks`` below each other without parting them; on a new page where they do not fit on this one."""
        whole = Stack(blocks)
        if whole.height > self.room and not self.is_empty:
            self.new_page(lying=self._lies)
        whole.draw(self._sheets[-1], MARGIN, self._top)
        self._top -= whole.height

    def skip(self, height: float) -> None:
        """Leave ``height`` free below what stands on this page, as far as there is room; never begins a page."""
        self._top -= min(height, max(self.room, 0.0))

    def add_each(self, heading: Block, blocks: Sequence[Block]) -> None:
        """Like :meth:`add`, parting the blocks where a page ends; the heading stays with the first."""
        if not blocks:
            return
        self.add(heading, blocks[0])
        for block in blocks[1:]:
            self.add(block)

    def new_page(self, *, lying: bool = False) -> None:
        self._lies = lying
        sheet = Sheet(HEIGHT, WIDTH) if lying else Sheet(WIDTH, HEIGHT)
        self._sheets.append(sheet)
        top = sheet.height - (HEIGHT - _TOP)
        head = sheet.axes.text(MARGIN, top - 0.1, self._head, fontsize=NOTE_SIZE, color=GREY, gid="head")
        fit_width(head, sheet.width - 2 * MARGIN, least=NOTE_SIZE - 1)
        self._rule(sheet, top - 0.17)
        self._top = self._begin = top - 0.3

    def finish(self) -> list[Figure]:
        """Write the foot of all pages and give them."""
        for number, sheet in enumerate(self._sheets, start=1):
            self._rule(sheet, 0.6)
            colour, weight = (INK, "bold") if self._simulated else (GREY, "normal")
            words = closing_line(self._simulated)
            sheet.write(MARGIN, 0.43, words, NOTE_SIZE, color=colour, weight=weight, gid="closing")
            words = f"CervixRisk {__version__} · page {number} of {len(self._sheets)}"
            sheet.write(sheet.width - MARGIN, 0.43, words, NOTE_SIZE, color=GREY, ha="right", gid="page")
        return [sheet.figure for sheet in self._sheets]

    def _rule(self, sheet: Sheet, y: float) -> None:
        sheet.axes.plot([MARGIN, sheet.width - MARGIN], [y, y], color=LIGHT_GREY, linewidth=0.8, zorder=1)
