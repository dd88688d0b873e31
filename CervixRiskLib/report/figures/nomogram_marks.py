"""A patient's marks on a nomogram: each value up to its points, the total down to the risk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...bundle.prediction_text import percent, range_text
from ...statistics import Nomogram, NomogramAxis
from ..style import NOTE_SIZE, TICK_SIZE, VERMILLION
from .tick_labels import number_text

if TYPE_CHECKING:
    from .nomogram import NomogramDrawing

# How far beyond the sheet's axes a mark may stand, in inches; farther values get an arrow there.
_BEYOND = 0.15


def marked_rows(
    nomogram: Nomogram, marks: Mapping[str, float | str], interval: tuple[float, float] | None
) -> list[str]:
    """What will stand at the right end of the rows."""
    rows = [_result(nomogram, axis, marks[axis.name]) for axis in nomogram.axes if axis.name in marks]
    return [*rows, "0000 points", *([f"95 % interval {range_text(*interval)}"] if interval is not None else [])]


def draw_marks(
    drawing: NomogramDrawing, marks: Mapping[str, float | str], interval: tuple[float, float] | None
) -> list[str]:
    """Draw the marks; return notes on values beyond their axis and on missing ones."""
    nomogram = drawing.nomogram
    outside, missing = [], []
    for index, axis in enumerate(nomogram.axes, start=1):
        if axis.name not in marks:
            missing.append(axis.label)
            continue
        value = marks[axis.name]
        inside = nomogram.in_range(axis.name, value)
        if not inside:
            outside.append(axis.label)
        x = drawing.points_x(nomogram.points(axis.name, value))
        _mark(drawing, x, drawing.row(index), drawing.row(0), filled=inside, gid=f"mark:{axis.name}")
        _write_result(drawing, drawing.row(index), _result(nomogram, axis, value))
    notes = []
    if outside:
        notes.append(f"Open mark: beyond the range of the training cases ({', '.join(outside)}).")
    if missing:
        return [*notes, f"No total: a value is missing for {', '.join(missing)}."]
    total = nomogram.total(marks)
    if interval is not None:
        _draw_interval(drawing, interval)
    on_axis = 0 <= total <= drawing.total_last
    _mark(drawing, drawing.total_x(total), drawing.total_row, drawing.risk_row, filled=on_axis, gid="mark:total")
    _write_result(drawing, drawing.total_row, f"{total:.0f} points", bold=True)
    _write_result(drawing, drawing.risk_row, percent(nomogram.risk(total)), bold=True)
    if interval is not None:
        words = f"95 % interval {range_text(*interval)}"
        style = {"ha": "right", "va": "top", "color": VERMILLION, "gid": "result:interval"}
        drawing.sheet.write(drawing.results, drawing.risk_row - 0.1, words, NOTE_SIZE, **style)
    return notes


def _mark(drawing: NomogramDrawing, x: float, y: float, target: float, *, filled: bool, gid: str) -> None:
    """A mark at ``(x, y)`` and its line to ``target``; an arrow at the sheet's edge when ``x`` lies off the sheet."""
    sheet = drawing.sheet
    held = min(max(x, drawing.left - _BEYOND), drawing.right + _BEYOND)
    if held != x:
        sheet.spot(held, y, filled=False, marker=">" if x > held else "<", gid=gid)
        return
    sheet.drop_line(x, y, target, gid=f"{gid}:line")
    sheet.spot(x, y, filled=filled, gid=gid)
    sheet.spot(x, target, filled=True, size=4.0, gid=f"{gid}:end")


def _draw_interval(drawing: NomogramDrawing, interval: tuple[float, float]) -> None:
    """Along the risk axis, as far as the axes go."""
    ends = []
    for risk in interval:
        total = drawing.nomogram.total_at_risk(min(max(risk, 1e-9), 1 - 1e-9))
        if not math.isfinite(total):
            return
        ends.append(drawing.total_x(min(max(total, 0.0), drawing.total_last)))
    drawing.sheet.band(ends[0], ends[1], drawing.risk_row, gid="mark:interval")


def _result(nomogram: Nomogram, axis: NomogramAxis, value: float | str) -> str:
    """``"38.2: 27 points"``."""
    if isinstance(value, str):
        shown = value
    else:
        named = [level.label for level in axis.levels if level.code == value]
        shown = named[0] if named else number_text(float(f"{value:.4g}"))
    return f"{shown}: {number_text(round(nomogram.points(axis.name, value)))} points"


def _write_result(drawing: NomogramDrawing, height: float, words: str, *, bold: bool = False) -> None:
    sheet = drawing.sheet
    weight = "bold" if bold else "normal"
    room = drawing.result_width / sheet.text_width(words, TICK_SIZE, weight=weight)
    size = TICK_SIZE * min(1.0, max(room, 0.7))
    style = {"ha": "right", "va": "center", "color": VERMILLION, "weight": weight, "gid": f"result:{words}"}
    sheet.write(drawing.results, height, words, size, **style)
