"""What a case report is put together from: answer, case, warnings, contributions, nomogram with this case's marks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .. import SIMULATED_MARK
from ..bundle import WarningCode
from ..bundle.prediction_text import outcome, percent, pixel_size_text, range_text
from .case_report import CaseReport
from .figures.contribution_bars import ContributionBars
from .figures.nomogram import NomogramDrawing, NomogramMeasures
from .figures.nomogram_marks import draw_marks
from .figures.page_blocks import Beside, Block, Gap, Heading, Named, Stack, Words
from .figures.pages import CONTENT_WIDTH
from .figures.probability_bar import GroupBars, ProbabilityBar
from .figures.sheet import Sheet
from .style import GREY, NOTE_SIZE, TEXT_SIZE, TICK_SIZE, VERMILLION

if TYPE_CHECKING:
    from ..statistics import Nomogram

_GAP = 0.25
HALF = (CONTENT_WIDTH - _GAP) / 2
"""Width of one of two columns, in inches."""
SECOND = HALF + _GAP
"""Where the second column begins."""
_MOST_CONTRIBUTIONS = 6
_ROW = 0.38
_NOMOGRAM = NomogramMeasures(CONTENT_WIDTH, 0.0, _ROW, above=0.13, below_marks=0.3, notes=0.04)
# Where a value lies beyond its axis there is a note.
_NOMOGRAM_WITH_NOTES = replace(_NOMOGRAM, below_marks=0.62)
_BIG = 30.0
_DEMO = "Its answers mean nothing for a patient."


def one_line(words: str) -> str:
    """Words of a person's as they can be printed: on one line, without control characters."""
    return "".join(sign for sign in " ".join(words.split()) if sign.isprintable())


def every_word(report: CaseReport) -> str:
    """What persons and models have named; our own words are Latin."""
    prediction, manifest = report.prediction, report.manifest
    words = [report.case_id, report.title, report.reader, report.sensitivity, prediction.label, prediction.basis]
    words += [value.label + value.words for value in report.clinical]
    words += [*(other.name for other in report.other_contours), *report.further_images]
    words += [point.label + point.unit for point in prediction.points]
    words += [item.name for item in prediction.contributions]
    words += [warning.text for warning in prediction.warnings]
    return "".join([*words, *manifest.class_names, manifest.intended_use, *manifest.deviations])


def case_words(case_id: str) -> str:
    """``"Case M027"``; "Case" alone where it was given no name of its own."""
    name = one_line(case_id)
    return "Case" if name.lower() == "case" else f"Case {name}"


def title_blocks(report: CaseReport, measure: Sheet) -> list[Block]:
    about = " · ".join(filter(None, [report.title, one_line(report.reader), report.date]))
    blocks: list[Block] = [
        Words(measure, case_words(report.case_id), CONTENT_WIDTH, 16.0, weight="bold", gid="title"),
        Words(measure, about, CONTENT_WIDTH, TICK_SIZE, color=GREY),
    ]
    if report.simulated:
        words = f"{SIMULATED_MARK} {_DEMO}"
        style = {"weight": "bold", "color": VERMILLION, "gid": "simulated"}
        blocks += [Gap(0.03), Words(measure, words, CONTENT_WIDTH, TICK_SIZE, **style)]
    return [*blocks, Gap(0.1)]


def answer_block(report: CaseReport, measure: Sheet) -> Block:
    prediction = report.prediction
    big = percent(prediction.probability)
    beside = measure.text_width(big, _BIG, weight="bold") + 0.15
    words = [
        Words(measure, f"probability of {prediction.positive_class}", HALF - beside, TEXT_SIZE),
        Words(measure, f"95 % interval {range_text(*prediction.interval)}", HALF - beside, TICK_SIZE),
        Words(measure, _class_words(report), HALF - beside, TICK_SIZE, weight="bold"),
    ]
    head = Beside([(0.0, Words(measure, big, HALF, _BIG, weight="bold", gid="probability")), (beside, Stack(words))])
    blocks: list[Block] = [head]
    if prediction.basis:
        blocks += [Gap(0.04), Words(measure, prediction.basis, HALF, NOTE_SIZE, color=GREY)]
    blocks.append(Gap(0.05))
    blocks.append(ProbabilityBar(prediction.probability, prediction.interval, prediction.threshold, HALF))
    if prediction.class_probabilities:
        groups = [(group.name, group.probability) for group in prediction.class_probabilities]
        blocks += [Gap(0.06), GroupBars(groups, prediction.label, HALF)]
    return Stack(blocks)


def _class_words(report: CaseReport) -> str:
    prediction = report.prediction
    if prediction.threshold is None:
        return f"Most probable: {prediction.label}"
    side = "below" if prediction.probability < prediction.threshold else "at or above"
    if percent(prediction.threshold) == percent(prediction.probability):
        # Both round to the same number; the side alone would look like a mistake.
        side = f"just {side}"
    return f"{side} the threshold of {percent(prediction.threshold)}: {prediction.label}"


def case_blocks(report: CaseReport, measure: Sheet, width: float) -> list[Block]:
    """Heading, and a row for each value, size and further contour."""
    rows = [(value.label, value.words) for value in report.clinical]
    roi = report.roi
    if roi is not None:
        size = f"{roi.n_pixels:,} pixels"
        if roi.area_mm2 is not None and roi.max_diameter_mm is not None:
            size = f"{roi.area_mm2 / 100:.1f} cm², largest diameter {roi.max_diameter_mm:.1f} mm, {size}"
        rows.append(("Contour", size))
    rows += [("Contour moved", report.sensitivity)] if report.sensitivity else []
    for other in report.other_contours:
        told = [] if other.probability is None else [percent(other.probability)]
        told += [] if other.dice is None else [f"overlap (Dice) {other.dice:.2f}"]
        rows.append((one_line(other.name), ", ".join(told) or "not asked"))
    if report.further_images:
        rows.append(("Further images", one_line(", ".join(report.further_images))))
    rows.append(("Pixel size", pixel_size_text(report.image).removeprefix("Pixel size ")))
    names = 0.38 * width
    return [Heading(measure, "The case", width), *(Named(measure, name, words, width, names) for name, words in rows)]


def warning_blocks(report: CaseReport, measure: Sheet, width: float) -> list[Block]:
    """Heading and a block for each warning; none where there is no warning."""
    # A demo bundle is told of in the title.
    texts = [warning.text for warning in report.prediction.warnings if warning.code is not WarningCode.DEMO_BUNDLE]
    blocks = [Words(measure, text, width, TICK_SIZE, lead="▲", gid="warning") for text in texts]
    return [Heading(measure, "Warnings", width), *blocks] if blocks else []


def contribution_blocks(
    report: CaseReport, measure: Sheet, width: float, most: int = _MOST_CONTRIBUTIONS
) -> list[Block]:
    """Heading, bars and what they mean; none where there is no contribution."""
    shown = report.prediction.contributions[:most]
    if not shown:
        return []
    words = "Change of the score's log-odds against this feature at the mean of the training cases"
    left_out = len(report.prediction.contributions) - len(shown)
    words += f"; {left_out} smaller ones are not shown." if left_out else "."
    heading = Heading(measure, "What moves the score most", width)
    bars = Stack([ContributionBars(shown, width), Words(measure, words, width, NOTE_SIZE, color=GREY)])
    return [heading, bars]


class NomogramBlock:
    """The nomogram with this case's marks, as lines and words like the rest of the page; ``row`` inches a row."""

    def __init__(self, nomogram: Nomogram, report: CaseReport, row: float = _ROW) -> None:
        self._nomogram, self._report, self._row = nomogram, report, row
        self.height = self._drawing(Sheet).sheet.height

    def _drawing(self, make_sheet: type[Sheet] | _Placed) -> NomogramDrawing:
        prediction = self._report.prediction
        return NomogramDrawing(
            self._nomogram,
            self._marks(),
            "",
            outcome(prediction),
            prediction.interval,
            make_sheet=make_sheet,
            measures=replace(_NOMOGRAM_WITH_NOTES if self._needs_notes() else _NOMOGRAM, row=self._row),
        )

    def _needs_notes(self) -> bool:
        marks = self._marks()
        return any(
            axis.name not in marks or not self._nomogram.in_range(axis.name, marks[axis.name])
            for axis in self._nomogram.axes
        )

    def _marks(self) -> dict[str, float | str]:
        return {point.name: point.value for point in self._report.prediction.points}

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        drawing = self._drawing(_Placed(sheet, left, top))
        drawing.draw_axes()
        notes = draw_marks(drawing, self._marks(), self._report.prediction.interval)
        drawing.write_notes(notes, "", emphasised=False)


class _Placed:
    """Makes the nomogram's sheet a part of a page, its top at ``top``."""

    def __init__(self, page: Sheet, left: float, top: float) -> None:
        self._page, self._left, self._top = page, left, top

    def __call__(self, width: float, height: float) -> Sheet:
        return Sheet(width, height, self._page.figure, self._left, self._top - height)
