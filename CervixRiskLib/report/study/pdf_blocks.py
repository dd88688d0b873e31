"""Blocks of a study report in a given width, each in one piece: what a page of the PDF is put together from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..figures.page_blocks import PANEL_PADDING, Beside, Gap, Heading, Panel, Stack, Words
from ..figures.page_blocks import Block as PageBlock
from ..figures.sheet import Sheet
from ..figures.table_layout import TableLayout, TableWords, table_layouts
from ..figures.word_measure import WordMeasure
from ..style import GREY, NOTE_SIZE, TICK_SIZE, VERMILLION
from .cells import interval_text, value_text
from .document import (
    Absence,
    Block,
    BulletList,
    Column,
    FigureBlock,
    KeyNumber,
    KeyNumbers,
    NamedValues,
    Paragraph,
    TableBlock,
    WarningBlock,
)
from .drawn_figures import DrawnFigure
from .table_words import named_words, printable_line, table_words

GAP = 0.12
PALE = "#F1F4F7"
_ALERT = "#FDEEE6"
_BODY_SIZE = TICK_SIZE + 0.5
_BIG = 19.0
_CARD_GAP = 0.15
_CARD_WIDTH = 1.6
_LEAST_SCALE = 0.4
"""Words in a figure are too small to read below it."""
NOTHING = "none"


class PdfBlocks:
    """Makes blocks of a document's.

    Parameters
    ----------
    measure
        A sheet to measure words on.
    figures
        Every figure of the document by its name.
    """

    def __init__(self, measure: Sheet, figures: Mapping[str, DrawnFigure]) -> None:
        self._measure, self._figures = measure, figures
        self.words = WordMeasure(measure)

    def line(self, words: str, width: float, size: float = _BODY_SIZE, **style: Any) -> Words:
        return Words(self._measure, printable_line(words) or " ", width, size, **style)

    def caption(self, block: TableBlock | FigureBlock, width: float, more: str = "") -> Words:
        """Number and title, in bold type."""
        title = f"{block.number}. {block.title}" if block.number else block.title
        return self.line(title + more, width, _BODY_SIZE, weight="bold", gid="caption")

    def notes(self, block: TableBlock | FigureBlock, width: float) -> list[PageBlock]:
        return [self.line(note, width, NOTE_SIZE, color=GREY, gid="note") for note in block.notes]

    def sentence(self, block: Paragraph | Absence | WarningBlock, width: float) -> PageBlock:
        if isinstance(block, WarningBlock):
            words = self.line(block.text, width - 3 * PANEL_PADDING, lead="▲", gid="warning")
            return Panel(words, width, _ALERT, VERMILLION)
        if isinstance(block, Absence):
            return self.absence(block.text, width)
        return self.line(block.text, width)

    def absence(self, words: str, width: float) -> PageBlock:
        return Panel(self.line(words, width - 3 * PANEL_PADDING, color=GREY, gid="absence"), width, PALE)

    def reason(self, drawn: DrawnFigure, width: float) -> PageBlock:
        return self.absence(f"This figure could not be drawn from these data: {drawn.reason}", width)

    def bullets(self, block: BulletList, width: float) -> list[Words]:
        return [self.line(item, width, lead="•") for item in block.items]

    def numbers(self, block: KeyNumbers, width: float) -> list[PageBlock]:
        """Rows of cards."""
        in_row = max(1, min(len(block.items), int((width + _CARD_GAP) / (_CARD_WIDTH + _CARD_GAP))))
        across = (width - (in_row - 1) * _CARD_GAP) / in_row
        rows: list[PageBlock] = []
        for first in range(0, len(block.items), in_row):
            items = block.items[first : first + in_row]
            labels = [self.line(item.label, across - 3 * PANEL_PADDING, NOTE_SIZE, color=GREY) for item in items]
            # So that the numbers of a row stand on one line.
            highest = max(label.height for label in labels)
            cards = [
                Stack([label, Gap(highest - label.height), *self._card(item, across - 3 * PANEL_PADDING)])
                for label, item in zip(labels, items, strict=True)
            ]
            height = max(card.height for card in cards)
            panels = [Panel(Stack([card, Gap(height - card.height)]), across, PALE) for card in cards]
            rows.append(Beside([(index * (across + _CARD_GAP), panel) for index, panel in enumerate(panels)]))
        return rows

    def in_one_piece(self, block: Block, width: float) -> PageBlock | None:
        """The whole block in ``width`` inches; ``None`` where it has no room beside another."""
        if isinstance(block, KeyNumbers):
            return Stack(self.numbers(block, width))
        if isinstance(block, BulletList):
            return Stack(self.bullets(block, width))
        if isinstance(block, TableBlock):
            return self._whole_table(block, width)
        if isinstance(block, NamedValues):
            return self._rows(named_words(block), width, head=False)
        if isinstance(block, FigureBlock):
            return self._whole_figure(block, width)
        if isinstance(block, Paragraph | Absence | WarningBlock):
            return self.sentence(block, width)
        return None

    def column(self, column: Column, width: float) -> PageBlock | None:
        """A column under its title; ``None`` where a block of it has no room."""
        blocks: list[PageBlock] = [Heading(self._measure, printable_line(column.title), width)]
        for block in column.blocks:
            made = self.in_one_piece(block, width)
            if made is None:
                return None
            blocks += [made, Gap(GAP)]
        return Stack(blocks)

    def placed(self, drawn: DrawnFigure, scale: float) -> PageBlock:
        from ..figures.placed_figure import PlacedFigure

        assert drawn.figure is not None
        return PlacedFigure(drawn.figure, scale)

    def _card(self, item: KeyNumber, width: float) -> list[PageBlock]:
        """What stands below a key number's label."""
        big = value_text(item.value)
        size = min(_BIG, _BIG * width / self.words.width(big, _BIG, bold=True))
        blocks: list[PageBlock] = [self.line(big, 2 * width, size, weight="bold", gid="number")]
        interval = interval_text(item.value)
        if interval:
            blocks.append(self.line(f"95 % interval {interval}", width, TICK_SIZE))
        if item.note:
            blocks.append(self.line(item.note, width, NOTE_SIZE, color=GREY))
        return blocks

    def _whole_table(self, block: TableBlock, width: float) -> PageBlock | None:
        rows = self._rows(table_words(block), width)
        if rows is None:
            return None
        return Stack([self.caption(block, width), Gap(0.04), rows, Gap(0.04), *self.notes(block, width)])

    def _rows(self, words: TableWords, width: float, *, head: bool = True) -> PageBlock | None:
        layouts: Sequence[TableLayout] = table_layouts(self.words, words, (width,))
        if len(layouts) > 1 or layouts[0].is_forced:
            return None
        layout = layouts[0]
        rows: list[PageBlock] = [layout.head()] if head else []
        rows += [layout.row(number) for number in range(layout.rows)]
        return Stack(rows or [self.line(NOTHING, width)])

    def _whole_figure(self, block: FigureBlock, width: float) -> PageBlock | None:
        drawn = self._figures[block.name]
        caption = self.caption(block, width)
        if drawn.figure is None:
            return Stack([caption, self.reason(drawn, width)])
        scale = min(1.0, width / float(drawn.figure.get_size_inches()[0]))
        if scale < _LEAST_SCALE:
            return None
        return Stack([caption, Gap(0.04), self.placed(drawn, scale), Gap(0.04), *self.notes(block, width)])
