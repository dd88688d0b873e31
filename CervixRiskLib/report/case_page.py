"""A case on a single page: pictures, answer, reasons, nomogram with its marks, and what the answer stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..bundle.prediction_text import readable_unit
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
from .case_sheet import add_case
from .figures.page_blocks import Beside, Block, Gap, Heading, Named, Stack
from .figures.pages import CONTENT_WIDTH, Pages, page_style
from .figures.sheet import Sheet
from .figures.slice_figure import SlicePictures
from .provenance import provenance_in_brief
from .style import NOTE_SIZE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAME_WIDTH = 1.2


@dataclass(frozen=True)
class _Room:
    """How much a part may take: height of a picture, of a nomogram's row (inches), number of contributions."""

    picture: float
    row: float
    contributions: int


# From generous to tight; none is so tight that it could not be read.
_ROOMS = (
    _Room(3.4, 0.40, 6),
    _Room(2.8, 0.38, 6),
    _Room(2.4, 0.38, 6),
    _Room(2.1, 0.36, 6),
    _Room(1.9, 0.34, 5),
    _Room(1.7, 0.33, 4),
    _Room(1.5, 0.32, 3),
)


def case_page(report: CaseReport, progress: Progress = SILENT) -> list[Figure]:
    """One A4 page upright; further ones only where many warnings or predictors do not fit on it.

    The full account of the model stands in :func:`.case_sheet.case_pages`.
    """
    with page_style(every_word(report)), progress.task("Drawing the page", total=1) as task:
        head = f"{report.title} · {case_words(report.case_id)} · {report.date}"
        pages = Pages(head, simulated=report.simulated)
        foot = _foot(report, pages.measure)
        wholes = (Stack([*_parts(report, pages.measure, room), foot]) for room in _ROOMS)
        fitting = next((whole for whole in wholes if whole.height <= pages.room), None)
        if fitting is not None:
            pages.add(fitting)
        else:
            add_case(report, pages)
            pages.add(foot)
        task.advance()
        return pages.finish()


def _parts(report: CaseReport, measure: Sheet, room: _Room) -> list[Block]:
    left = [answer_block(report, measure), Gap(0.1), *contribution_blocks(report, measure, HALF, room.contributions)]
    right = [*case_blocks(report, measure, HALF), Gap(0.1), *warning_blocks(report, measure, HALF)]
    parts: list[Block] = [
        *title_blocks(report, measure),
        SlicePictures(measure, report, CONTENT_WIDTH, room.picture),
        Beside([(0.0, Stack(left)), (SECOND, Stack(right))]),
        Gap(0.1),
    ]
    return [*parts, *_points(report, measure, room)] if report.prediction.points else parts


def _foot(report: CaseReport, measure: Sheet) -> Block:
    rows = [
        Named(measure, name, words, CONTENT_WIDTH, _NAME_WIDTH, NOTE_SIZE)
        for name, words in provenance_in_brief(report)
    ]
    return Stack([Heading(measure, "What the answer stands on", CONTENT_WIDTH), *rows])


def _points(report: CaseReport, measure: Sheet, room: _Room) -> list[Block]:
    """The nomogram with marks; without a nomogram in the bundle the points in words."""
    heading = Heading(measure, "Nomogram", CONTENT_WIDTH)
    nomogram = report.nomogram
    if nomogram is not None:
        return [heading, NomogramBlock(nomogram, report, room.row), Gap(0.1)]
    rows = [
        (point.label, f"{f'{point.value:.4g} {readable_unit(point.unit)}'.rstrip()}: {point.points:.0f} points")
        for point in report.prediction.points
    ]
    blocks = [Named(measure, name, words, CONTENT_WIDTH, CONTENT_WIDTH / 2) for name, words in rows]
    return [heading, *blocks, Gap(0.1)]
