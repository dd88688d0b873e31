"""A study report as pages of A4: the same blocks as on the page for the screen, parted where a page ends."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ... import RESEARCH_USE_NOTICE, __version__
from ...progress import SILENT, Progress
from ..figures.page_blocks import Beside, Gap, Panel, Stack, Words
from ..figures.page_blocks import Block as PageBlock
from ..figures.pages import CONTENT_WIDTH, LYING_WIDTH, Pages, page_style
from ..figures.table_layout import TableLayout, TableRow, TableWords, table_layouts
from ..pdf_outline import OutlineEntry, with_outline
from ..style import BLUE, GREY, NOTE_SIZE, TEXT_SIZE, VERMILLION, closing_line
from .document import (
    Block,
    BulletList,
    FigureBlock,
    KeyNumbers,
    NamedValues,
    Paragraph,
    SideBySide,
    StudyDocument,
    TableBlock,
    words_of,
)
from .drawn_figures import DrawnFigure
from .pdf_blocks import GAP, NOTHING, PALE, PdfBlocks
from .pdf_contents import Contents
from .table_words import named_words, printable_line, table_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMN_GAP = 0.3
_LINES_TOGETHER = 8
_SMALLER = 0.75
"""A figure is made so much smaller, no more, to stand on the page that has begun."""
_SMALL_FOR_UPRIGHT = 0.57
"""A figure that had to be smaller to fit across an upright page gets a page that lies on its side."""
_KEPT_WHOLE = 0.4
"""A table that needs no more of a page than this is not parted."""
_BEGINNING = 0.5
"""Inches of a table's first row that stand below its head at least."""


def write_pdf(
    document: StudyDocument,
    figures: Mapping[str, DrawnFigure],
    path: str | os.PathLike[str],
    progress: Progress = SILENT,
) -> None:
    """Write the document; the same document gives the same file.

    Parameters
    ----------
    figures
        Every figure of the document by its name.

    Raises
    ------
    Cancelled
        ``progress`` said so.
    """
    from matplotlib.backends.backend_pdf import PdfPages

    path = Path(path)
    with page_style("".join(words_of(document))):
        sheets, entries = pdf_sheets(document, figures, progress)
        metadata = {"Creator": f"CervixRisk {__version__}", "CreationDate": None, "Subject": RESEARCH_USE_NOTICE}
        with progress.task("Writing the PDF", total=len(sheets)) as task, PdfPages(path, metadata=metadata) as pages:
            for sheet in sheets:
                pages.savefig(sheet)
                task.advance()
    path.write_bytes(with_outline(path.read_bytes(), printable_line(document.title), entries))


def pdf_sheets(
    document: StudyDocument, figures: Mapping[str, DrawnFigure], progress: Progress = SILENT
) -> tuple[list[Figure], list[OutlineEntry]]:
    """One of matplotlib's figures a page, and where each section begins; in the style of :func:`.pages.page_style`."""
    layout = _Layout(document, figures)
    with progress.task("Setting the report's pages", total=len(document.sections)) as task:
        layout.title_page()
        for section in document.sections:
            layout.section(section.title, section.level, section.blocks)
            task.advance(detail=section.title)
    return layout.finish(), layout.entries


class _Layout:
    """Puts blocks onto pages, one after the other.

    Attributes
    ----------
    entries
        Sections so far, with their pages.
    """

    def __init__(self, document: StudyDocument, figures: Mapping[str, DrawnFigure]) -> None:
        self._document, self._figures = document, figures
        self._pages = Pages(printable_line(document.title), simulated=document.simulated)
        self._blocks = PdfBlocks(self._pages.measure, figures)
        self._contents = Contents(sum(section.level == 1 for section in document.sections), CONTENT_WIDTH)
        self._waiting: list[PageBlock] = []
        self._waiting_entries: list[tuple[str, int]] = []
        self.entries: list[OutlineEntry] = []

    def title_page(self) -> None:
        document, line = self._document, self._blocks.line
        words: list[PageBlock] = [
            line(document.title, CONTENT_WIDTH, 17.0, weight="bold", gid="title"),
            Gap(0.04),
            line(document.subtitle, CONTENT_WIDTH, TEXT_SIZE, color=GREY),
            Gap(0.06),
        ]
        if document.simulated:
            style = {"weight": "bold", "color": VERMILLION, "gid": "simulated"}
            words.append(line(closing_line(True), CONTENT_WIDTH, TEXT_SIZE, **style))
        headline = line(document.headline, CONTENT_WIDTH - 0.4, 13.0, weight="bold", gid="headline")
        self._pages.add(*words, Gap(0.1), Panel(headline, CONTENT_WIDTH, PALE, BLUE), Gap(0.15))
        for block in document.summary:
            self._block(block)
        if any(section.level == 1 for section in document.sections):
            self._wait("Contents", 11.5)
            self._add(self._contents, Gap(GAP))

    def section(self, title: str, level: int, blocks: Sequence[Block]) -> None:
        """A heading, which stays with what follows it, and its blocks."""
        self._wait(title, 14.0 if level == 1 else 11.5)
        self._waiting_entries.append((printable_line(title), level))
        for block in blocks:
            self._block(block)
        if level > 1 and not blocks:
            self._upright()
            self._add(Gap(0.0))

    def finish(self) -> list[Figure]:
        if self._waiting:
            self._upright()
            self._add(Gap(0.0))
        self._contents.fill(self.entries)
        return self._pages.finish()

    def _wait(self, title: str, size: float) -> None:
        heading = self._blocks.line(title, CONTENT_WIDTH, size, weight="bold", gid="heading")
        self._waiting += [Gap(0.016 * size), heading, Gap(0.1)]

    def _add(self, *blocks: PageBlock) -> None:
        """Headings that wait, and the blocks, without parting them."""
        self._pages.add(*self._waiting, *blocks)
        self.entries += [OutlineEntry(title, self._pages.count - 1, level) for title, level in self._waiting_entries]
        self._waiting.clear()
        self._waiting_entries.clear()

    def _upright(self, lying: bool = False) -> None:
        if self._pages.lies != lying:
            self._pages.new_page(lying=lying)

    def _block(self, block: Block) -> None:
        if isinstance(block, TableBlock):
            shown = self._figures.get(block.repeats)
            if shown is None or shown.figure is None:
                self._table(table_words(block), block)
        elif isinstance(block, NamedValues):
            self._table(named_words(block), None)
        elif isinstance(block, FigureBlock):
            self._figure(block)
        else:
            self._upright()
            self._words(block)

    def _words(self, block: Block) -> None:
        if isinstance(block, SideBySide):
            self._beside(block)
        elif isinstance(block, BulletList):
            self._lines(self._blocks.bullets(block, CONTENT_WIDTH))
        elif isinstance(block, KeyNumbers):
            for row in self._blocks.numbers(block, CONTENT_WIDTH):
                self._add(row, Gap(GAP))
        else:
            made = self._blocks.in_one_piece(block, CONTENT_WIDTH)
            assert made is not None
            if isinstance(block, Paragraph) and block.text.endswith(":"):
                self._waiting += [made, Gap(GAP)]
            elif isinstance(made, Words):
                self._lines([made])
            else:
                self._add(made, Gap(GAP))

    def _lines(self, paragraphs: Sequence[Words]) -> None:
        for paragraph in paragraphs:
            for part in paragraph.parts(_LINES_TOGETHER):
                self._add(part)
            self._pages.skip(0.03)
        self._pages.skip(GAP - 0.03)

    def _beside(self, block: SideBySide) -> None:
        """Columns beside each other on one page, below each other where one has no room."""
        count = len(block.columns)
        width = (CONTENT_WIDTH - (count - 1) * _COLUMN_GAP) / count
        columns = [self._blocks.column(column, width) for column in block.columns]
        whole = [column for column in columns if column is not None]
        if len(whole) == count and max(column.height for column in whole) < self._free_page():
            self._add(Beside([(index * (width + _COLUMN_GAP), column) for index, column in enumerate(whole)]))
            return
        for column in block.columns:
            self._wait(column.title, TEXT_SIZE)
            for inner in column.blocks:
                self._block(inner)

    def _free_page(self) -> float:
        """Inches on an empty page below the headings that wait."""
        return self._pages.full_room - sum(block.height for block in self._waiting)

    def _figure(self, block: FigureBlock) -> None:
        drawn = self._figures[block.name]
        if drawn.figure is None:
            self._upright()
            caption = self._blocks.caption(block, CONTENT_WIDTH)
            self._add(caption, Gap(0.04), self._blocks.reason(drawn, CONTENT_WIDTH), Gap(2 * GAP))
            return
        wide, high = (float(side) for side in drawn.figure.get_size_inches())
        lying = wide > high and CONTENT_WIDTH / wide < _SMALL_FOR_UPRIGHT
        self._upright(lying)
        width = LYING_WIDTH if lying else CONTENT_WIDTH
        caption = self._blocks.caption(block, width)
        notes = Stack(self._blocks.notes(block, width))
        around = caption.height + notes.height + 0.08 + 2 * GAP
        scale = min(1.0, width / wide, (self._free_page() - around) / high)
        waiting = sum(waits.height for waits in self._waiting)
        in_room = (self._pages.room - waiting - around) / high
        if _SMALLER * scale <= in_room < scale:
            scale = in_room - 1e-6
        placed = self._blocks.placed(drawn, scale)
        self._add(caption, Gap(0.04), placed, Gap(0.04), notes, Gap(2 * GAP))

    def _table(self, words: TableWords, block: TableBlock | None) -> None:
        """``block`` is ``None`` for a table without head and caption."""
        layouts = table_layouts(self._blocks.words, words, (CONTENT_WIDTH, LYING_WIDTH))
        for number, layout in enumerate(layouts):
            lying = layout.width > CONTENT_WIDTH + 1e-6
            self._upright(lying)
            width = LYING_WIDTH if lying else CONTENT_WIDTH
            more = f" (columns, part {number + 1} of {len(layouts)})" if len(layouts) > 1 else ""
            if number:
                self._pages.skip(GAP)
            self._table_part(layout, block, width, more)
        if block is not None:
            for note in self._blocks.notes(block, LYING_WIDTH if self._pages.lies else CONTENT_WIDTH):
                self._pages.add(note)
        self._pages.skip(2 * GAP)

    def _table_part(self, layout: TableLayout, block: TableBlock | None, width: float, more: str) -> None:
        rows = [layout.row(number) for number in range(layout.rows)]
        head: list[PageBlock] = []
        again: list[PageBlock] = []
        if block is not None:
            head = [self._blocks.caption(block, width, more), Gap(0.05), layout.head()]
            again = [self._continued(block, width, more), Gap(0.05), layout.head()]
        beginning = Stack([*self._waiting, *head]).height
        whole = beginning + sum(row.height for row in rows) + 0.3
        small = whole < _KEPT_WHOLE * self._pages.full_room
        needed = whole if small or not rows else beginning + min(rows[0].height, _BEGINNING)
        if needed > self._pages.room and not self._pages.is_empty:
            self._pages.new_page(lying=self._pages.lies)
        self._add(*head)
        for number, row in enumerate(rows):
            # The last row does not go to a new page alone.
            beside = rows[number + 1].height if number == len(rows) - 2 else 0.0
            self._row(row, again, beside)
        if not rows:
            self._pages.add(self._blocks.line(NOTHING, width, NOTE_SIZE, color=GREY))
        self._pages.skip(0.05)

    def _row(self, row: TableRow, again: Sequence[PageBlock], beside: float) -> None:
        """A row where there is room for it, below a head of its own on a new page; parted where no page has room.

        Inches ``beside`` it must have room too, if a new page helps.
        """
        pages = self._pages
        if row.height <= pages.room < row.height + beside < pages.full_room - Stack(again).height:
            pages.new_page(lying=pages.lies)
            pages.add(*again)
        on_new_page = pages.full_room - Stack(again).height
        while row.height > pages.room:
            if row.height > on_new_page and pages.room > _BEGINNING:
                first, row = row.parted(pages.room)
                pages.add(first)
            pages.new_page(lying=pages.lies)
            pages.add(*again)
        pages.add(row)

    def _continued(self, block: TableBlock, width: float, more: str) -> PageBlock:
        name = block.number or block.title
        return self._blocks.line(f"{name}{more}, continued", width, NOTE_SIZE, color=GREY, gid="continued")
