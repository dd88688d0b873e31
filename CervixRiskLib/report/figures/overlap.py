"""How far contours agree, case by case: Dice and 95 % Hausdorff distance, the worst cases first."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ... import SIMULATED_DATA_MARK
from ...errors import TrainingError
from ..style import (
    BLUE,
    GREEN,
    NOTE_SIZE,
    ORANGE,
    PURPLE,
    SKY,
    TEXT_SIZE,
    TICK_SIZE,
    VERMILLION,
    house_style,
    save_figure,
)
from .fitted_text import cut_middle, names_in, text_width
from .panels import Panels, PanelSize, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colour and mark of a pair of readings; marks keep them apart in grey print.
_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
_MARKS = ("o", "D", "s", "^", "v", "P")
# More cases than these lie side by side without their names, and the worst are listed.
_MOST_NAMED = 50
_WORST = 10
# Inches.
_ROW = 0.2
_NAMES = 1.5
_LIST = 3.0


@dataclass(frozen=True)
class CaseOverlap:
    """One comparison of two contours.

    Parameters
    ----------
    case
        The case's label.
    pair
        Which readings were compared ("A – B", "A, initial – repeat").
    dice
        0 to 1; NaN where it is not known.
    hausdorff95
        In ``unit``; NaN where it is not known.
    unit
        ``"mm"`` or ``"px"``.
    """

    case: str
    pair: str
    dice: float
    hausdorff95: float
    unit: Literal["mm", "px"]


def draw_overlap_per_case(
    rows: Sequence[CaseOverlap],
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw every comparison, cases in the order of their lowest Dice, with the median of each pair of readings.

    Up to 50 cases stand below each other under their names; more lie side by side, with the ten worst listed.
    Distances in mm and in pixels get a panel each.

    Parameters
    ----------
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no comparison, or none has a Dice.
    SettingsError, StorageError
        The file cannot be written.
    """
    if not any(math.isfinite(row.dice) for row in rows):
        raise TrainingError("There is no comparison of contours to draw.")
    measures = [("Dice", None), *((f"Hausdorff 95 % ({unit})", unit) for unit in ("mm", "px"))]
    measures = [measure for measure in measures if measure[1] is None or any(row.unit == measure[1] for row in rows)]
    chart = _Chart(rows, measures)
    with house_style():
        figure = (
            chart.draw_named(title, simulated) if len(chart.cases) <= _MOST_NAMED else chart.draw_many(title, simulated)
        )
    if path is not None:
        save_figure(figure, path)
    return figure


class _Chart:
    """The comparisons in their order; ``measures`` are a panel's words and the unit it is for (``None``: Dice)."""

    def __init__(self, rows: Sequence[CaseOverlap], measures: Sequence[tuple[str, str | None]]) -> None:
        self.rows, self.measures = rows, measures
        self.pairs = list(dict.fromkeys(row.pair for row in rows))
        worst: dict[str, tuple[float, float]] = {}
        for row in rows:
            dice = row.dice if math.isfinite(row.dice) else math.inf
            far = -row.hausdorff95 if math.isfinite(row.hausdorff95) else math.inf
            worst[row.case] = min(worst.get(row.case, (math.inf, math.inf)), (dice, far))
        self.cases = sorted(worst, key=lambda case: worst[case])
        self.place = {case: index for index, case in enumerate(self.cases)}

    def draw_named(self, title: str, simulated: bool) -> Figure:
        size = PanelSize(2.7, max(0.6, _ROW * len(self.cases)), left=0.2, right=0.15, above=0.15, below=0.5)
        size_first = _NAMES - size.left
        panels = Panels(
            len(self.measures), len(self.measures), size, title=title, legend_rows=len(self.pairs),
            notes=self._notes(), simulated=simulated, mark=SIMULATED_DATA_MARK, beside=(size_first, 0.0),
        )  # fmt: skip
        for axes, (words, unit) in zip(panels.axes, self.measures, strict=True):
            self._draw_points(axes, unit, upright=False, markersize=5.0)
            axes.set_ylim(len(self.cases) - 0.5, -0.5)
            axes.set_yticks(range(len(self.cases)), [""] * len(self.cases))
            axes.tick_params(axis="y", length=0)
            axes.set_xlabel(words, fontsize=TEXT_SIZE)
            axes.set_xlim(*_limits(unit, axes.get_xlim()))
        first = panels.axes[0]
        names = names_in(panels.figure, self.cases, TICK_SIZE, _NAMES - 0.1)
        first.set_yticks(range(len(self.cases)), names, fontsize=TICK_SIZE)
        panels.legend(self._handles())
        return panels.figure

    def draw_many(self, title: str, simulated: bool) -> Figure:
        width = float(np.clip(0.036 * len(self.cases), 4.5, 12.0))
        size = PanelSize(width, 2.0, left=0.75, right=0.2, above=0.15, below=0.45)
        panels = Panels(
            len(self.measures), 1, size, title=title, legend_rows=len(self.pairs), notes=self._notes(),
            simulated=simulated, mark=SIMULATED_DATA_MARK, beside=(0.0, _LIST),
        )  # fmt: skip
        for index, (axes, (words, unit)) in enumerate(zip(panels.axes, self.measures, strict=True)):
            self._draw_points(axes, unit, upright=True, markersize=3.5)
            axes.set_xlim(-0.5, len(self.cases) - 0.5)
            ranks = [rank for rank in axes.get_xticks() if 0 < rank <= len(self.cases)]
            axes.set_xticks([0, *(rank - 1 for rank in ranks)], ["1", *(f"{rank:.0f}" for rank in ranks)])
            axes.set_ylabel(words, fontsize=TEXT_SIZE)
            axes.set_ylim(*_limits(unit, axes.get_ylim()))
            if panels.is_lowest(index):
                axes.set_xlabel(f"{len(self.cases):,} cases, ordered by their lowest Dice", fontsize=TEXT_SIZE)
        self._list_worst(panels.axes[0])
        panels.legend(self._handles())
        return panels.figure

    def _draw_points(self, axes: Axes, unit: str | None, *, upright: bool, markersize: float) -> None:
        plain_axes(axes)
        offsets = np.linspace(-0.18, 0.18, len(self.pairs)) if len(self.pairs) > 1 else [0.0]
        for number, pair in enumerate(self.pairs):
            chosen = [row for row in self.rows if row.pair == pair and unit in (None, row.unit)]
            places = np.array([self.place[row.case] for row in chosen], dtype=float) + offsets[number]
            values = np.array([row.dice if unit is None else row.hausdorff95 for row in chosen], dtype=float)
            colour, marker = _look(number)
            gid = f"{unit or 'dice'}:{pair}"
            axes.plot(
                *((places, values) if upright else (values, places)), linestyle="none", marker=marker, color=colour,
                markersize=markersize, markeredgewidth=0.0, gid=gid, zorder=3,
            )  # fmt: skip
            middle = _median(values)
            if math.isfinite(middle):
                line = axes.axhline if upright else axes.axvline
                line(middle, color=colour, linewidth=1.1, linestyle=(0, (5, 2 + number)), gid=f"median:{gid}", zorder=2)

    def _list_worst(self, axes: Axes) -> None:
        """The worst cases in words, right of the upper panel."""
        lines = []
        for number, case in enumerate(self.cases[:_WORST], start=1):
            row = min((row for row in self.rows if row.case == case), key=lambda row: (math.isnan(row.dice), row.dice))
            lines.append((f"{number}  {case}", f"{_words(row.dice, 2)} · {_words(row.hausdorff95, 1)} {row.unit}"))
        axes.annotate("Lowest Dice · Hausdorff 95 %", (1, 1), (20, 0), xycoords="axes fraction", va="top",
                      textcoords="offset points", fontsize=TICK_SIZE, fontweight="bold", gid="worst")  # fmt: skip
        for number, (case, words) in enumerate(lines, start=1):
            down: dict[str, Any] = {
                "xycoords": "axes fraction",
                "textcoords": "offset points",
                "va": "top",
                "fontsize": NOTE_SIZE,
            }
            name = axes.annotate(case, (1, 1), (20, -4 - 12.5 * number), gid="worst:case", **down)
            told = axes.annotate(
                words,
                (1, 1),
                (20 + 72 * (_LIST - 0.35), -4 - 12.5 * number),
                ha="right",
                gid="worst:words",
                **down,
            )
            cut_middle(name, _LIST - 0.45 - text_width(told))

    def _notes(self) -> list[str]:
        notes = ["Dashed lines: medians. Cases in the order of their lowest Dice."]
        missing = sum(not (math.isfinite(row.dice) and math.isfinite(row.hausdorff95)) for row in self.rows)
        if missing:
            notes.append(f"{missing:,} of {len(self.rows):,} comparisons: a value is missing and not drawn.")
        return notes

    def _handles(self) -> list[Any]:
        from matplotlib.lines import Line2D

        handles = []
        for number, pair in enumerate(self.pairs):
            rows = [row for row in self.rows if row.pair == pair]
            told = []
            for _, unit in self.measures[1:]:
                of_unit = [row.hausdorff95 for row in rows if row.unit == unit]
                if of_unit:
                    told.append(f"{_words(_median(of_unit), 1)} {unit}")
            colour, marker = _look(number)
            dice = _words(_median([row.dice for row in rows]), 3)
            distances = f", Hausdorff 95 % {' and '.join(told)}"
            label = f"{pair}: n = {len(rows):,}, median Dice {dice}{distances}"
            handles.append(
                Line2D(
                    [],
                    [],
                    color=colour,
                    marker=marker,
                    markersize=5,
                    linewidth=1.1,
                    linestyle=(0, (5, 2 + number)),
                    label=label,
                )
            )
        return handles


def _look(number: int) -> tuple[str, str]:
    """Colour and mark; beyond the sixth pair the marks change hands."""
    return _COLOURS[number % 6], _MARKS[(number + number // 6) % 6]


def _median(values: Sequence[float] | np.ndarray) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.median(finite)) if finite else math.nan


def _words(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def _limits(unit: str | None, drawn: tuple[float, float]) -> tuple[float, float]:
    """Dice to 1, from the tenth below the lowest; distances from 0."""
    if unit is None:
        return max(0.0, math.floor(10 * min(drawn[0], 0.89)) / 10) - 0.01, 1.01
    return (0.0 - 0.02 * drawn[1], drawn[1]) if drawn[1] > 0 else (-0.02, 1.0)
