"""A nomogram's axes with a patient's marks, laid out for a screen of any width. Nothing is drawn here.

From above: points, one row per predictor, total points, risk. A mark runs from each predictor's value up to its points,
and from the total down to the risk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..bundle.prediction_text import percent, readable_unit
from ..report.figures.tick_labels import TickLabel, by_importance, evenly, in_order, number_text, on_two_sides
from ..statistics import Nomogram, NomogramAxis

if TYPE_CHECKING:
    from .case_answer import CaseAnswer

_INTERVALS = (10, 5, 4, 3, 2, 1)
_RISK_ORDER = (0.5, 0.1, 0.9, 0.01, 0.99, 0.05, 0.95, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6)
_GAP = 6.0
_FINEST_TICKS = 4.0
# How far beyond the axes a mark may stand, in pixels.
_BEYOND = 8.0


@dataclass(frozen=True)
class NomogramMark:
    """Where the patient stands on a row, and the row that the mark's line runs to.

    ``outside``: the value lies beyond the axis; ``text`` is read beside the drawing.
    """

    x: float
    to_row: int
    text: str
    outside: bool = False


@dataclass(frozen=True)
class NomogramRow:
    """One axis; all positions in pixels.

    Parameters
    ----------
    start, end
        Of the line.
    ticks
        Positions.
    labels
        Numbers under the line, ``raised`` ones over it.
    words
        The axis in words where its numbers find no room; else empty.
    """

    title: str
    start: float
    end: float
    ticks: tuple[float, ...]
    labels: tuple[TickLabel, ...]
    words: str = ""
    mark: NomogramMark | None = None


def nomogram_rows(
    nomogram: Nomogram,
    values: Mapping[str, float],
    *,
    outcome: str,
    left: float,
    right: float,
    text_width: Callable[[str], float],
) -> tuple[NomogramRow, ...]:
    """The rows between ``left`` and ``right``.

    Parameters
    ----------
    values
        Of the predictors by name; a total and a risk are marked only when all are there.
    outcome
        What the risk is of.
    left, right
        Where the axes begin and end, in pixels.
    text_width
        A text's width in pixels.
    """
    layout = _Layout(nomogram, left, right, text_width)
    rows = [layout.points_row()]
    rows += [layout.predictor_row(axis, values.get(axis.name)) for axis in nomogram.axes]
    total = nomogram.total(values) if all(axis.name in values for axis in nomogram.axes) else None
    rows += [layout.total_row(total), layout.risk_row(f"Risk of {outcome}, %", total)]
    return tuple(rows)


def nomogram_of(answer: CaseAnswer) -> tuple[Nomogram, dict[str, float]] | None:
    """The answering model's nomogram and the case's values on it; ``None`` where it has none.

    Raises
    ------
    BundleError
        The model's nomogram is damaged.
    """
    scales = answer.study.manifest_json.get("nomogram")
    if not scales:
        return None
    return Nomogram.from_dict(scales), {item.name: item.value for item in answer.prediction.points}


class _Layout:
    def __init__(self, nomogram: Nomogram, left: float, right: float, text_width: Callable[[str], float]) -> None:
        self._nomogram = nomogram
        self._left, self._right = left, right
        self._width = text_width
        self._total_last = float(nomogram.total_ticks()[-1])
        self._total_index = len(nomogram.axes) + 1

    def points_row(self) -> NomogramRow:
        return self._scale("Points", np.arange(0.0, 101.0, 10.0), self._points_x)

    def predictor_row(self, axis: NomogramAxis, value: float | None) -> NomogramRow:
        def place(number: float) -> float:
            return self._points_x(self._nomogram.points(axis.name, number))

        ends = sorted((place(axis.low), place(axis.high)))
        words = ""
        if axis.levels:
            steps = [TickLabel(level.code, level.label, place(level.code)) for level in axis.levels]
            ticks = [step.position for step in steps]
            labels = on_two_sides(steps, self._width, _GAP, leftmost=self._left - 20)
            if not labels or max(label.position + self._width(label.text) / 2 for label in labels) > self._right + 20:
                labels, words = [], in_order(steps)
        else:
            ticks = [place(float(number)) for number in axis.ticks(10)]
            candidates = [[float(number) for number in axis.ticks(count)] for count in _INTERVALS]
            labels = evenly([*candidates, [axis.low, axis.high]], place, self._width, _GAP)
            if not labels:
                lowest, highest = (axis.low, axis.high) if axis.coefficient >= 0 else (axis.high, axis.low)
                words = f"{number_text(lowest)} to {number_text(highest)}"
            if len(ticks) > 1 and min(np.diff(sorted(ticks))) < _FINEST_TICKS:
                ticks = [label.position for label in labels] or ends
        title = f"{axis.label}, {readable_unit(axis.unit)}" if axis.unit else axis.label
        mark = None
        if value is not None:
            points = self._nomogram.points(axis.name, value)
            mark = self._mark(place(value), 0, str(round(points)), not self._nomogram.in_range(axis.name, value))
        return NomogramRow(title, ends[0], ends[1], tuple(ticks), tuple(labels), words, mark)

    def total_row(self, total: float | None) -> NomogramRow:
        row = self._scale("Total points", self._nomogram.total_ticks(), self._total_x)
        if total is None:
            return row
        outside = not 0 <= total <= self._total_last
        mark = self._mark(self._total_x(total), self._total_index + 1, str(round(total)), outside)
        return NomogramRow(row.title, row.start, row.end, row.ticks, row.labels, mark=mark)

    def risk_row(self, title: str, total: float | None) -> NomogramRow:
        reached = self._nomogram.risk_ticks()
        # The most important ones first: the ends, the middle, then inwards.
        ordered = [*reached[:1], *reached[-1:], *(risk for risk in _RISK_ORDER if risk in reached)]
        every = [
            TickLabel(risk, number_text(100 * risk), self._total_x(self._nomogram.total_at_risk(risk)))
            for risk in dict.fromkeys(ordered)
        ]
        labels = by_importance(every, self._width, _GAP)
        mark = None
        if total is not None:
            mark = self._mark(
                self._total_x(total),
                self._total_index + 1,
                percent(self._nomogram.risk(total)),
                not 0 <= total <= self._total_last,
            )
        if len(labels) < 2:
            lowest, highest = self._nomogram.risk(0.0), self._nomogram.risk(self._total_last)
            words = f"{100 * lowest:.3g} to {100 * highest:.3g}"
            return NomogramRow(title, self._left, self._right, (), (), words, mark)
        ticks = tuple(label.position for label in every)
        return NomogramRow(title, min(ticks), max(ticks), ticks, tuple(labels), mark=mark)

    def _scale(self, title: str, ticks: np.ndarray, place: Callable[[float], float]) -> NomogramRow:
        strides = (1, 2, 5, max(len(ticks) - 1, 1))
        candidates = [[float(value) for value in ticks[::stride]] for stride in strides]
        labels = evenly(candidates, place, self._width, _GAP)
        positions = tuple(place(float(value)) for value in ticks)
        return NomogramRow(title, positions[0], positions[-1], positions, tuple(labels))

    def _mark(self, x: float, to_row: int, text: str, outside: bool) -> NomogramMark:
        return NomogramMark(min(max(x, self._left - _BEYOND), self._right + _BEYOND), to_row, text, outside)

    def _points_x(self, points: float) -> float:
        return self._left + (self._right - self._left) * points / 100.0

    def _total_x(self, total: float) -> float:
        return self._left + (self._right - self._left) * total / self._total_last
