"""The pages of a case report: what a reader needs on the first, what the answer stands on from the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..bundle.prediction_text import outcome, percent, range_text, readable_unit
from ..progress import SILENT, Progress
from .case_blocks import (
    HALF,
    SECOND,
    NomogramBlock,
    answer_block,
    case_blocks,
    case_words,
    contribution_blocks,
    every_word,
    title_blocks,
    warning_blocks,
)
from .case_report import CaseReport
from .figures.page_blocks import Beside, Block, Gap, Heading, Named, Stack, Words
from .figures.pages import CONTENT_HEIGHT, CONTENT_WIDTH, Pages, page_style
from .figures.sheet import Sheet
from .figures.slice_figure import SlicePictures
from .provenance import provenance_rows
from .style import GREY, INK, NOTE_SIZE, TEXT_SIZE, closing_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PICTURE_HEIGHT = 3.4
_PICTURE_HEIGHT_OVER_NOMOGRAM = 2.5
_TALLEST_COLUMN = 3.7
NAME_WIDTH = 1.65
"""Of the names beside what the answer stands on, in inches."""


def case_pages(report: CaseReport, progress: Progress = SILENT) -> list[Figure]:
    """One of matplotlib's figures a page, A4 upright: the case, its answer, its reasons; then its provenance.

    Two pages for most cases. What does not fit on the first goes to further ones; nothing is left out or made
    unreadably small.
    """
    with page_style(every_word(report)), progress.task("Drawing the report", total=2) as task:
        pages = Pages(f"{report.title} · {case_words(report.case_id)} · {report.date}", simulated=report.simulated)
        measure = pages.measure
        add_case(report, pages)
        task.advance(detail="case")
        if pages.count == 1:
            pages.new_page()
        for heading, rows in provenance_rows(report):
            blocks = [Named(measure, name, words, CONTENT_WIDTH, NAME_WIDTH) for name, words in rows]
            pages.add_each(Heading(measure, heading, CONTENT_WIDTH), blocks)
            pages.add(Gap(0.12))
        figures = pages.finish()
        task.advance(detail="provenance")
    return figures


def add_case(report: CaseReport, pages: Pages) -> None:
    """Title, pictures, answer, reasons and nomogram, parted wherever a page ends."""
    measure = pages.measure
    pages.add(*title_blocks(report, measure))
    most = _PICTURE_HEIGHT_OVER_NOMOGRAM if report.prediction.points else _PICTURE_HEIGHT
    pages.add(SlicePictures(measure, report, CONTENT_WIDTH, most))
    _add_answer(report, pages)
    _add_points(report, pages)


def slice_picture(report: CaseReport) -> Figure:
    """The pictures alone, with the answer's first line over them."""
    with page_style(every_word(report)):
        measure = Sheet(CONTENT_WIDTH + 2 * 0.3, 1.0)
        text = report.prediction
        words = f"{outcome(text)} {percent(text.probability)}, 95 % interval {range_text(*text.interval)}"
        head: list[Block] = [
            Words(measure, f"{case_words(report.case_id)}: {words}", CONTENT_WIDTH, TEXT_SIZE + 1, weight="bold"),
            Gap(0.08),
        ]
        weight = {"weight": "bold", "color": INK} if report.simulated else {"color": GREY}
        foot = Words(measure, closing_line(report.simulated), CONTENT_WIDTH, NOTE_SIZE, gid="closing", **weight)
        whole = Stack([*head, SlicePictures(measure, report, CONTENT_WIDTH, 6.0), foot])
        sheet = Sheet(CONTENT_WIDTH + 2 * 0.3, whole.height + 0.5)
        whole.draw(sheet, 0.3, sheet.height - 0.25)
    return sheet.figure


def _add_answer(report: CaseReport, pages: Pages) -> None:
    """Answer and reasons beside case and warnings; below each other where one of these is long."""
    measure = pages.measure
    left = [answer_block(report, measure), Gap(0.1), *contribution_blocks(report, measure, HALF)]
    right = [*case_blocks(report, measure, HALF), Gap(0.1), *warning_blocks(report, measure, HALF)]
    columns = [Stack(left), Stack(right)]
    if all(column.height < _TALLEST_COLUMN for column in columns):
        pages.add(Beside([(0.0, columns[0]), (SECOND, columns[1])]), Gap(0.08))
        return
    pages.add(answer_block(report, measure), Gap(0.1))
    for part in (case_blocks, warning_blocks, contribution_blocks):
        blocks = part(report, measure, CONTENT_WIDTH)
        if blocks:
            pages.add_each(blocks[0], blocks[1:])
            pages.add(Gap(0.1))


def _add_points(report: CaseReport, pages: Pages) -> None:
    prediction, nomogram = report.prediction, report.nomogram
    if not prediction.points:
        return
    heading = Heading(pages.measure, "Nomogram", CONTENT_WIDTH)
    if nomogram is not None:
        drawing = NomogramBlock(nomogram, report)
        if drawing.height + heading.height + 0.1 < CONTENT_HEIGHT:
            pages.add(heading, drawing, Gap(0.1))
            return
    rows = [
        (point.label, f"{f'{point.value:.4g} {readable_unit(point.unit)}'.rstrip()}: {point.points:.0f} points")
        for point in prediction.points
    ]
    if prediction.total_points is not None:
        rows.append(("Total", f"{prediction.total_points:.0f} points"))
    blocks = [Named(pages.measure, name, words, CONTENT_WIDTH, CONTENT_WIDTH / 2) for name, words in rows]
    pages.add_each(heading, blocks)
    pages.add(Gap(0.12))
