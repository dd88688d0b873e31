"""The nomogram as R's rms draws it, with a patient's marks.

From above: the points axis, one line per predictor, total points, risk. A patient's marks run from each predictor's
value up to its points, and from the total down to the risk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...bundle.prediction_text import readable_unit
from ...statistics import Nomogram, NomogramAxis, pretty
from ..style import GREY, INK, NOTE_SIZE, TEXT_SIZE, TICK_SIZE, TITLE_SIZE, closing_line, house_style, save_figure
from .nomogram_marks import draw_marks, marked_rows
from .sheet import Sheet
from .tick_labels import TickLabel, by_importance, evenly, in_order, number_text, on_two_sides

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Inches.
_APART = 0.12
# Shares of the width.
_TITLE_LARGEST = 0.284
_RESULT_LARGEST = 0.274
_TICK = 0.055
_MINOR_TICK = 0.03
_LABEL_DROP = 0.07
_LABEL_GAP = 0.08
# Fine to coarse: as many numbers as fit.
_INTERVALS = (10, 5, 4, 3, 2, 1)
_RISK_ORDER = (0.5, 0.1, 0.9, 0.01, 0.99, 0.05, 0.95, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6)


@dataclass(frozen=True)
class NomogramMeasures:
    """Inches: of the whole, between rows, over the line of points, and under the line of risk with and without marks.

    ``notes`` is where the lowest note on the marks stands.
    """

    width: float = 9.5
    margin: float = 0.25
    row: float = 0.46
    above: float = 0.35
    below: float = 0.72
    below_marks: float = 1.02
    notes: float = 0.32


def draw_nomogram(
    nomogram: Nomogram,
    marks: Mapping[str, float | str] | None = None,
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    outcome: str = "PLNM",
    interval: tuple[float, float] | None = None,
    simulated: bool = False,
) -> Figure:
    """Draw ``nomogram`` and, when ``marks`` are given, how this patient comes to the risk.

    Parameters
    ----------
    marks
        Values by predictor name, a level's label or code for categorical ones; other names are left aside. Predictors
        without a value are left unmarked, and then there is no total. Values beyond an axis get an open mark and a
        note.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    title
        Over the figure; nothing about the patient is added to it.
    outcome
        What the risk axis gives the risk of.
    interval
        95 % interval of the risk, 0-1, drawn along the risk axis; only with a total.
    simulated
        The bundle was made on simulated data; said under the figure.

    Raises
    ------
    ClinicalValueError
        A value is not a number or an unknown level.
    SettingsError, StorageError
        The file cannot be written.
    """
    with house_style():
        drawing = NomogramDrawing(nomogram, marks, title, outcome, interval)
        drawing.draw_axes()
        notes = draw_marks(drawing, marks, interval) if marks is not None else []
        drawing.write_notes(notes, closing_line(simulated), emphasised=simulated)
    if path is not None:
        save_figure(drawing.sheet.figure, path)
    return drawing.sheet.figure


class NomogramDrawing:
    """The sheet, where each axis lies on it, and the axes' drawing.

    ``make_sheet`` gives the sheet of a width and height; by default a figure of its own.
    """

    def __init__(
        self,
        nomogram: Nomogram,
        marks: Mapping[str, float | str] | None,
        title: str,
        outcome: str,
        interval: tuple[float, float] | None,
        *,
        make_sheet: Callable[[float, float], Sheet] = Sheet,
        measures: NomogramMeasures = NomogramMeasures(),
    ) -> None:
        self.nomogram = nomogram
        self.measures = measures
        self.risk_title = f"Risk of {outcome}, %"
        self.rows = len(nomogram.axes) + 3
        margin, width = measures.margin, measures.width
        title_height = 0.4 if title else 0.1
        below = measures.below if marks is None else measures.below_marks
        self.sheet = make_sheet(
            width, title_height + measures.above + (self.rows - 1) * measures.row + 2 * _APART + below
        )
        self.top = self.sheet.height - title_height - measures.above
        self.total_last = float(nomogram.total_ticks()[-1])

        titles = [*(_axis_title(axis) for axis in nomogram.axes), "Total points", self.risk_title]
        title_width = max(self.sheet.text_width(words, TEXT_SIZE) for words in titles)
        self.left = margin + min(title_width, self.title_width_largest) + 0.3
        self.results = width - margin
        results = marked_rows(nomogram, marks, interval) if marks is not None else []
        result_width = max((self.sheet.text_width(words, TICK_SIZE) for words in results), default=0.0)
        self.result_width = min(result_width, _RESULT_LARGEST * width)
        self.right = self.results - (self.result_width + 0.4 if results else 0.15)
        if title:
            self.sheet.write(margin, self.sheet.height - 0.3, title, TITLE_SIZE, weight="bold", gid="title")

    @property
    def title_width_largest(self) -> float:
        return _TITLE_LARGEST * self.measures.width

    def row(self, index: int) -> float:
        """Height of the line of a row: 0 the points axis, then the predictors, total points, risk."""
        apart = _APART * max(0, index - len(self.nomogram.axes))
        return self.top - index * self.measures.row - apart

    @property
    def total_row(self) -> float:
        return self.row(self.rows - 2)

    @property
    def risk_row(self) -> float:
        return self.row(self.rows - 1)

    def points_x(self, points: float) -> float:
        return self.left + (self.right - self.left) * points / 100.0

    def total_x(self, total: float) -> float:
        return self.left + (self.right - self.left) * total / self.total_last

    def draw_axes(self) -> None:
        points = np.arange(0, 101, 10.0)
        self._draw_scale("points", "Points", self.row(0), points, self.points_x, over=True)
        for index, axis in enumerate(self.nomogram.axes, start=1):
            self._draw_predictor(axis, self.row(index))
        self._draw_scale("total", "Total points", self.total_row, self.nomogram.total_ticks(), self.total_x)
        self._draw_risk(self.risk_row)

    def _draw_scale(
        self,
        name: str,
        title: str,
        height: float,
        ticks: np.ndarray,
        place: Callable[[float], float],
        *,
        over: bool = False,
    ) -> None:
        """An axis over the whole width, its numbers under the line or ``over`` it, with ticks half-way between."""
        self._write_title(title, height)
        self.sheet.line(place(float(ticks[0])), place(float(ticks[-1])), height, gid=f"axis:{name}")
        for value in np.linspace(ticks[0], ticks[-1], 2 * len(ticks) - 1):
            self.sheet.tick(place(float(value)), height, _MINOR_TICK, over=over)
        candidates = [[float(value) for value in ticks[::stride]] for stride in (1, 2, 5, len(ticks) - 1)]
        for label in evenly(candidates, place, self._number_width, _LABEL_GAP):
            self._label(name, label, height, over=over)

    def _draw_predictor(self, axis: NomogramAxis, height: float) -> None:
        self._write_title(_axis_title(axis), height)

        def place(value: float) -> float:
            return self.points_x(self.nomogram.points(axis.name, value))

        first, last = place(axis.low), place(axis.high)
        left, right = min(first, last), max(first, last)
        self.sheet.line(left, right, height, gid=f"axis:{axis.name}")
        if axis.levels:
            steps = [TickLabel(level.code, level.label, place(level.code)) for level in axis.levels]
            positions = [step.position for step in steps]
            labels = on_two_sides(steps, self._number_width, _LABEL_GAP, leftmost=self.left - 0.2)
            words = in_order(steps)
        else:
            positions = [place(float(value)) for value in axis.ticks(10)]
            candidates = [[float(value) for value in axis.ticks(count)] for count in _INTERVALS]
            labels = evenly([*candidates, [axis.low, axis.high]], place, self._number_width, _LABEL_GAP)
            lowest, highest = (axis.low, axis.high) if axis.coefficient >= 0 else (axis.high, axis.low)
            words = f"{number_text(lowest)} to {number_text(highest)}"
        for position in positions:
            self.sheet.tick(position, height, _MINOR_TICK)
        if labels:
            for label in labels:
                self._label(axis.name, label, height, over=label.raised)
            return
        # Too short for its numbers: in words, in the direction in which the points grow.
        if right == left:
            words += ", no effect"
        words = "\n".join(self.sheet.wrap(words, TICK_SIZE, self.right - right - 0.1))
        self.sheet.note(right + 0.12, height, words, gid=f"label:{axis.name}:range")

    def _draw_risk(self, height: float) -> None:
        self._write_title(self.risk_title, height)
        lowest, highest = self.nomogram.risk(0.0), self.nomogram.risk(self.total_last)
        labels = [
            TickLabel(risk, number_text(100 * risk), self.total_x(self.nomogram.total_at_risk(risk)))
            for risk in self._risks(lowest, highest)
        ]
        shown = by_importance(labels, self._number_width, _LABEL_GAP)
        if len(shown) < 2:
            self.sheet.line(self.left, self.right, height, gid="axis:risk")
            words = f"{100 * lowest:.3g} throughout"
            if highest > lowest:
                words = f"{100 * lowest:.3g} to {100 * highest:.3g}"
            self.sheet.note(self.left, height - 0.15, words, gid="label:risk:range")
            return
        positions = [label.position for label in labels]
        self.sheet.line(min(positions), max(positions), height, gid="axis:risk")
        for position in positions:
            self.sheet.tick(position, height, _MINOR_TICK)
        for label in shown:
            self._label("risk", label, height)

    def _risks(self, lowest: float, highest: float) -> list[float]:
        """Risks to mark, the most important first: the usual ones, or round ones where few of those are reached."""
        reached = self.nomogram.risk_ticks()
        if len(reached) >= 3:
            ordered = [reached[0], reached[-1], *(risk for risk in _RISK_ORDER if risk in reached)]
            return list(dict.fromkeys(ordered))
        if not highest > lowest:
            return []
        # Round in risk is even in points only for a flat stretch; by_importance drops what crowds elsewhere.
        return [float(risk) for risk in pretty(lowest, highest, 4) if lowest <= risk <= highest and 0 < risk < 1]

    def _label(self, axis: str, label: TickLabel, height: float, *, over: bool = False) -> None:
        self.sheet.tick(label.position, height, _TICK, over=over)
        y = height + _LABEL_DROP if over else height - _LABEL_DROP
        self.sheet.number(label.position, y, label.text, over=over, gid=f"label:{axis}:{label.value:g}")

    def _write_title(self, title: str, height: float) -> None:
        size = TEXT_SIZE * min(1.0, self.title_width_largest / self.sheet.text_width(title, TEXT_SIZE))
        lines = [title]
        if size < TICK_SIZE:
            size = TICK_SIZE
            lines = self.sheet.wrap(title, size, self.title_width_largest)
            if len(lines) > 2:
                lines = [lines[0], f"{lines[1]} …"]
        self.sheet.write(self.measures.margin, height, "\n".join(lines), size, va="center", gid=f"title:{title}")

    def write_notes(self, notes: list[str], closing: str, *, emphasised: bool) -> None:
        """Notes on the marks, and the closing line; without one only the notes."""
        margin = self.measures.margin
        lines = [line for note in notes for line in self.sheet.wrap(note, NOTE_SIZE, self.measures.width - 2 * margin)]
        for index, line in enumerate(reversed(lines[:2])):
            self.sheet.write(
                margin, self.measures.notes + 0.16 * index, line, NOTE_SIZE, color=INK, gid=f"note:{index}"
            )
        colour, weight = (INK, "bold") if emphasised else (GREY, "normal")
        if closing:
            self.sheet.write(margin, 0.12, closing, NOTE_SIZE, color=colour, weight=weight, gid="closing")

    def _number_width(self, words: str) -> float:
        return self.sheet.text_width(words, TICK_SIZE)


def _axis_title(axis: NomogramAxis) -> str:
    return f"{axis.label}, {readable_unit(axis.unit)}" if axis.unit else axis.label
