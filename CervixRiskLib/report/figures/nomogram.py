"""The nomogram as R's rms draws it, with a patient's marks.

From above: the points axis, one line per predictor, total points, risk. A patient's marks run from each predictor's
value up to its points, and from the total down to the risk.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...statistics import Nomogram, NomogramAxis, pretty
from ..style import (
    GREY,
    INK,
    LIGHT_GREY,
    NOTE_SIZE,
    TEXT_SIZE,
    TICK_SIZE,
    TITLE_SIZE,
    VERMILLION,
    closing_line,
    house_style,
    new_figure,
    save_figure,
)
from .tick_labels import TickLabel, by_importance, evenly, number_text, on_two_sides

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Inches.
_WIDTH = 9.5
_ROW = 0.46
_MARGIN = 0.25
_LABEL_WIDTH_LARGEST = 2.7
_VALUES_WIDTH = 1.45
_TICK = 0.055
_MINOR_TICK = 0.03
_LABEL_DROP = 0.07
_LABEL_GAP = 0.08
_BEYOND = 0.22
# Fine to coarse: as many numbers as fit.
_INTERVALS = (10, 5, 4, 3, 2, 1)
_RISK_ORDER = (0.5, 0.1, 0.9, 0.01, 0.99, 0.05, 0.95, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6)


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
        Values by predictor name, a level's label or code for categorical ones. Predictors without a value are left
        unmarked, and then there is no total. Values beyond an axis get an open mark and a note.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    outcome
        What the risk axis gives the risk of.
    interval
        95 % interval of the risk, 0-1, drawn along the risk axis.
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
        drawing = _Drawing(nomogram, marks is not None, title)
        drawing.draw_axes(outcome)
        if marks is not None:
            drawing.draw_marks(marks, interval)
        drawing.write_notes(closing_line(simulated), emphasised=simulated)
    if path is not None:
        save_figure(drawing.figure, path)
    return drawing.figure


class _Drawing:
    """One sheet in inches: ``x`` to the right, ``y`` upwards."""

    def __init__(self, nomogram: Nomogram, marked: bool, title: str) -> None:
        self.nomogram = nomogram
        self.rows = len(nomogram.axes) + 3
        self.title_height = 0.4 if title else 0.1
        self.height = self.title_height + self.rows * _ROW + 0.75
        self.figure = new_figure(_WIDTH, self.height)
        self.sheet = self.figure.add_axes((0, 0, 1, 1))
        self.sheet.set_xlim(0, _WIDTH)
        self.sheet.set_ylim(0, self.height)
        self.sheet.axis("off")
        self.total_last = float(nomogram.total_ticks()[-1])
        self.outside: list[str] = []

        names = [_axis_title(axis) for axis in nomogram.axes]
        label_width = max(self.text_width(name, TEXT_SIZE) for name in [*names, "Total points", "Risk of PLNM, %"])
        self.left = _MARGIN + min(label_width, _LABEL_WIDTH_LARGEST) + 0.3
        self.right = _WIDTH - _MARGIN - (_VALUES_WIDTH if marked else 0.1)
        if title:
            self.write(_MARGIN, self.height - 0.3, title, TITLE_SIZE, weight="bold")

    # Where things are

    def row(self, index: int) -> float:
        """Height of the line of a row: 0 the points axis, then the predictors, total points, risk."""
        extra = 0.12 * max(0, index - len(self.nomogram.axes))
        return self.height - self.title_height - 0.35 - index * _ROW - extra

    def points_x(self, points: float) -> float:
        return self.left + (self.right - self.left) * points / 100.0

    def total_x(self, total: float) -> float:
        return self.left + (self.right - self.left) * total / self.total_last

    # Axes

    def draw_axes(self, outcome: str) -> None:
        self.draw_scale("points", "Points", 0, np.arange(0, 101, 10.0), np.arange(0, 101, 5.0), self.points_x, over=True)
        for index, axis in enumerate(self.nomogram.axes, start=1):
            self.draw_predictor(axis, index)
        ticks = self.nomogram.total_ticks()
        minor = np.linspace(ticks[0], ticks[-1], 2 * len(ticks) - 1)
        self.draw_scale("total", "Total points", self.rows - 2, ticks, minor, self.total_x)
        self.draw_risk(f"Risk of {outcome}, %", self.rows - 1)

    def draw_scale(
        self, name: str, title: str, row: int, ticks: np.ndarray, minor: np.ndarray, place: Any, *, over: bool = False
    ) -> None:
        """A plain axis over the whole width, its numbers under the line or ``over`` it."""
        height = self.row(row)
        self.write_row_title(title, height)
        self.line(place(ticks[0]), height, place(ticks[-1]), height, gid=f"axis:{name}")
        for value in minor:
            self.tick(place(value), height, _MINOR_TICK, over=over)
        candidates = [list(ticks[:: max(1, len(ticks) // count)]) for count in (len(ticks), 6, 5, 3, 2)]
        for label in evenly(candidates, place, self.tick_width, _LABEL_GAP):
            self.tick(label.position, height, _TICK, over=over)
            self.write_tick(name, label, height, over=over)

    def draw_predictor(self, axis: NomogramAxis, row: int) -> None:
        height = self.row(row)
        self.write_row_title(_axis_title(axis), height)

        def place(value: float) -> float:
            return self.points_x(self.nomogram.points(axis.name, value))

        ends = sorted((self.points_x(axis.points_low), self.points_x(axis.points_high)))
        self.line(ends[0], height, ends[1], height, gid=f"axis:{axis.name}")
        if axis.levels:
            named = [TickLabel(level.code, level.label, place(level.code)) for level in axis.levels]
            labels = on_two_sides(named, self.tick_width, _LABEL_GAP)
            for level in named:
                self.tick(level.position, height, _TICK)
        else:
            candidates = [list(axis.ticks(count)) for count in _INTERVALS] + [[axis.low, axis.high]]
            labels = evenly(candidates, place, self.tick_width, _LABEL_GAP)
            for value in axis.ticks(10):
                self.tick(place(value), height, _MINOR_TICK)
        if not labels:
            # Too short for two numbers: the range in words, in the direction in which the points grow.
            first, last = (axis.low, axis.high) if axis.coefficient >= 0 else (axis.high, axis.low)
            words = f"{number_text(first)} to {number_text(last)}" + (", no effect" if axis.coefficient == 0 else "")
            for x in ends:
                self.tick(x, height, _TICK)
            self.write(ends[1] + 0.1, height, words, TICK_SIZE, va="center", gid=f"label:{axis.name}:range")
        for label in labels:
            self.tick(label.position, height, _TICK, over=label.raised)
            self.write_tick(axis.name, label, height, over=label.raised)

    def draw_risk(self, title: str, row: int) -> None:
        height = self.row(row)
        self.write_row_title(title, height)
        lowest, highest = self.nomogram.risk(0.0), self.nomogram.risk(self.total_last)
        risks = self.risk_values(lowest, highest)
        labels = [TickLabel(risk, number_text(100 * risk), self.total_x(self.nomogram.total_at_risk(risk))) for risk in risks]
        if not labels:
            self.line(self.left, height, self.right, height, gid="axis:risk")
            words = f"{100 * lowest:.3g} to {100 * highest:.3g}" if highest > lowest else f"{100 * lowest:.3g} throughout"
            self.write(self.left, height - _LABEL_DROP, words, TICK_SIZE, va="top", gid="label:risk:range")
            return
        positions = [label.position for label in labels]
        self.line(min(positions), height, max(positions), height, gid="axis:risk")
        for position in positions:
            self.tick(position, height, _MINOR_TICK)
        for label in by_importance(labels, self.tick_width, _LABEL_GAP):
            self.tick(label.position, height, _TICK)
            self.write_tick("risk", label, height)

    def risk_values(self, lowest: float, highest: float) -> list[float]:
        """Risks to mark, the most important first: the usual ones, or round ones where fewer than three are reached."""
        reached = self.nomogram.risk_ticks()
        if len(reached) >= 3:
            outer = [reached[0], reached[-1]]
            return list(dict.fromkeys([*outer, *(risk for risk in _RISK_ORDER if risk in reached)]))
        if not highest > lowest:
            return []
        return [float(risk) for risk in pretty(lowest, highest, 4) if lowest <= risk <= highest and 0 < risk < 1]

    # Marks

    def draw_marks(self, marks: Mapping[str, float | str], interval: tuple[float, float] | None) -> None:
        top = self.row(0)
        missing = []
        for index, axis in enumerate(self.nomogram.axes, start=1):
            if axis.name not in marks:
                missing.append(axis.label)
                continue
            value = marks[axis.name]
            points = self.nomogram.points(axis.name, value)
            inside = self.nomogram.in_range(axis.name, value)
            if not inside:
                self.outside.append(axis.label)
            x = self.within(self.points_x(points))
            self.drop_line(x, self.row(index), top, gid=f"mark:{axis.name}:line")
            self.spot(x, self.row(index), filled=inside, gid=f"mark:{axis.name}")
            shown = value if isinstance(value, str) else _level_or_number(axis, float(value))
            self.write_value(self.row(index), shown, f"{points:.0f} points")
        if missing:
            self.missing = missing
            return
        total = self.nomogram.total(marks)
        risk = self.nomogram.risk(total)
        x = self.within(self.total_x(total))
        total_row, risk_row = self.row(self.rows - 2), self.row(self.rows - 1)
        inside = 0 <= total <= self.total_last
        if interval is not None:
            self.draw_interval(interval, risk_row)
        self.drop_line(x, total_row, risk_row, gid="mark:total:line")
        self.spot(x, total_row, filled=inside, gid="mark:total")
        self.spot(x, risk_row, filled=inside, gid="mark:risk")
        self.write_value(total_row, "", f"{total:.0f} points")
        self.write_value(risk_row, "", f"{_percent(risk)}")

    def draw_interval(self, interval: tuple[float, float], height: float) -> None:
        """The 95 % interval as a thick line along the risk axis, as far as the sheet goes."""
        ends = []
        for risk in interval:
            total = self.nomogram.total_at_risk(min(max(risk, 1e-6), 1 - 1e-6))
            if not math.isfinite(total):
                return
            ends.append(self.within(self.total_x(total)))
        self.sheet.plot(ends, [height, height], color=VERMILLION, alpha=0.35, linewidth=6, gid="mark:interval", zorder=2)

    def within(self, x: float) -> float:
        """``x``, held a little beyond the ends of the sheet's axes."""
        return min(max(x, self.left - _BEYOND), self.right + _BEYOND)

    # Pens

    def line(self, x0: float, y0: float, x1: float, y1: float, *, gid: str) -> None:
        self.sheet.plot([x0, x1], [y0, y1], color=INK, linewidth=1.2, gid=gid, zorder=3)

    def tick(self, x: float, y: float, length: float, *, over: bool = False) -> None:
        self.sheet.plot([x, x], [y, y + (length if over else -length)], color=INK, linewidth=0.8, zorder=3)

    def drop_line(self, x: float, y0: float, y1: float, *, gid: str) -> None:
        self.sheet.plot([x, x], [y0, y1], color=VERMILLION, linewidth=1.0, linestyle=(0, (4, 2.5)), gid=gid, zorder=2)

    def spot(self, x: float, y: float, *, filled: bool, gid: str) -> None:
        self.sheet.plot(
            [x], [y], marker="o", markersize=6.5, color=VERMILLION, linestyle="none", gid=gid, zorder=5,
            markerfacecolor=VERMILLION if filled else "white", markeredgewidth=1.5,
        )

    def write(self, x: float, y: float, words: str, size: float, **style: Any) -> Any:
        return self.sheet.text(x, y, words, fontsize=size, zorder=4, **style)

    def write_tick(self, axis: str, label: TickLabel, height: float, *, over: bool = False) -> None:
        y = height + _LABEL_DROP if over else height - _LABEL_DROP
        # A white ground keeps a number readable where a patient's line crosses it.
        self.write(
            label.position, y, label.text, TICK_SIZE, ha="center", va="bottom" if over else "top",
            gid=f"label:{axis}:{label.value:g}", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )

    def write_row_title(self, title: str, height: float) -> None:
        size = TEXT_SIZE * min(1.0, _LABEL_WIDTH_LARGEST / self.text_width(title, TEXT_SIZE))
        self.write(_MARGIN, height, title, max(size, 6.0), va="center", gid=f"title:{title}")

    def write_value(self, height: float, value: str, result: str) -> None:
        words = f"{value}: {result}" if value else result
        width = self.text_width(words, TICK_SIZE)
        room = _VALUES_WIDTH - 0.3
        self.write(
            _WIDTH - _MARGIN, height, words, TICK_SIZE * min(1.0, room / width), ha="right", va="center",
            color=VERMILLION, weight="bold" if not value else "normal",
        )

    def write_notes(self, closing: str, *, emphasised: bool) -> None:
        notes = []
        if self.outside:
            notes.append(f"Open mark: beyond the range of the training cases ({', '.join(self.outside)}).")
        if getattr(self, "missing", None):
            notes.append(f"No total: a value is missing for {', '.join(self.missing)}.")
        if notes:
            self.write(_MARGIN, 0.32, " ".join(notes), NOTE_SIZE, color=VERMILLION)
        self.write(_MARGIN, 0.12, closing, NOTE_SIZE, color=INK if emphasised else GREY, weight="bold" if emphasised else "normal")

    def tick_width(self, words: str) -> float:
        return self.text_width(words, TICK_SIZE)

    def text_width(self, words: str, size: float) -> float:
        """Width in inches."""
        probe = self.figure.text(0, 0, words, fontsize=size)
        box = probe.get_window_extent(self.figure.canvas.get_renderer())  # type: ignore[attr-defined]
        probe.remove()
        return float(box.width) / self.figure.dpi


def _axis_title(axis: NomogramAxis) -> str:
    return f"{axis.label}, {axis.unit}" if axis.unit else axis.label


def _level_or_number(axis: NomogramAxis, value: float) -> str:
    for level in axis.levels:
        if level.code == value:
            return level.label
    return number_text(float(f"{value:.4g}"))


def _percent(risk: float) -> str:
    if risk < 0.01:
        return "< 1 %"
    if risk > 0.99:
        return "> 99 %"
    return f"{100 * risk:.0f} %"
