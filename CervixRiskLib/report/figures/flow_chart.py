"""The flow of cases: from the rows of the cohort table to the cases of each side, and why others left (STARD 2015)."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...bundle.study_record import FlowStep
from ...errors import TrainingError
from ..style import (
    GREY,
    INK,
    LIGHT_GREY,
    NOTE_SIZE,
    TICK_SIZE,
    TITLE_SIZE,
    closing_line,
    house_style,
    new_figure,
    save_figure,
)
from .fitted_text import fit_width
from .sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Inches.
_MARGIN = 0.25
_STEP_WIDTH = 2.3
_SIDE_WIDTH = 2.7
_BETWEEN = 0.45
_DOWN = 0.4
_PADDING = 0.09
_LINE = 0.165
_COUNT_WIDTH = 0.42
_FOOT = 0.45
_HEAD = 0.5
_MOST_REASONS = 12


@dataclass(frozen=True)
class _Box:
    """Lines of words with a frame; the first ``strong`` lines are bold; ``counts`` stand before lines, or ``""``."""

    lines: tuple[str, ...]
    strong: int
    gid: str
    counts: tuple[str, ...] = ()

    @property
    def height(self) -> float:
        return _LINE * len(self.lines) + 2 * _PADDING


def draw_flow_chart(
    steps: Sequence[FlowStep],
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a box for each step, and right of the arrow to it a box for those who left, with the reasons.

    Where the last steps lose nobody and add up to the step before them, cases were divided and not left out: those
    steps stand beside each other.

    Parameters
    ----------
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no step.
    SettingsError, StorageError
        The file cannot be written.
    """
    if not steps:
        raise TrainingError("There is no flow of cases to draw: none was recorded.")
    if steps[0].left:
        steps = (FlowStep("All cases", steps[0].remaining + steps[0].left), *steps)
    divided = _divided(steps)
    with house_style():
        figure = _draw(steps[: len(steps) - divided], steps[len(steps) - divided :], title, simulated)
    if path is not None:
        save_figure(figure, path)
    return figure


def _divided(steps: Sequence[FlowStep]) -> int:
    """How many of the last steps are sides of the step before them; 0 or at least 2."""
    for first in range(1, len(steps) - 1):
        sides = steps[first:]
        if not any(side.left for side in sides) and sum(side.remaining for side in sides) == steps[first - 1].remaining:
            return len(sides)
    return 0


def _draw(steps: Sequence[FlowStep], sides: Sequence[FlowStep], title: str, simulated: bool) -> Figure:
    measure = Sheet(1.0, 1.0)
    boxes = [_step_box(measure, step, number) for number, step in enumerate(steps)]
    left = [_left_box(measure, step, number) for number, step in enumerate(steps)]
    ends = [_step_box(measure, side, len(steps) + number) for number, side in enumerate(sides)]
    across = max(
        _STEP_WIDTH + ((_BETWEEN + _SIDE_WIDTH) if any(left) else 0.0),
        len(ends) * (_STEP_WIDTH + _BETWEEN) - _BETWEEN,
    )
    gaps = [_gap(box) for box in left[1:]]
    body = sum(box.height for box in boxes) + sum(gaps)
    if ends:
        body += 2 * _DOWN + max(box.height for box in ends)
    width, height = max(across + 2 * _MARGIN, 5.4), body + _FOOT + (_HEAD if title else 0.2)
    figure = new_figure(width, height)
    sheet = Sheet(width, height, figure)
    if title:
        sheet.write(_MARGIN, height - 0.32, title, TITLE_SIZE, weight="bold", gid="title")
        fit_width(sheet.axes.texts[-1], width - 2 * _MARGIN)
    start = (width - across) / 2
    x = start + _STEP_WIDTH / 2
    top = height - (_HEAD if title else 0.2)
    for number, box in enumerate(boxes):
        if number:
            bottom = top - gaps[number - 1]
            sheet.axes.annotate("", (x, bottom), (x, top), arrowprops=_arrow(), gid="arrow")
            aside = left[number]
            if aside is not None:
                middle = (top + bottom) / 2
                begin = start + _STEP_WIDTH + _BETWEEN
                sheet.axes.annotate("", (begin, middle), (x, middle), arrowprops=_arrow(), gid="arrow:left")
                _draw_box(sheet, aside, begin, middle + aside.height / 2, _SIDE_WIDTH)
            top = bottom
        _draw_box(sheet, box, start, top, _STEP_WIDTH)
        top -= box.height
    if ends:
        _draw_sides(sheet, ends, x, start, top)
    style = {"color": INK, "weight": "bold"} if simulated else {"color": GREY}
    sheet.write(_MARGIN, 0.1, closing_line(simulated), NOTE_SIZE, gid="closing", **style)
    return figure


def _draw_sides(sheet: Sheet, ends: Sequence[_Box], x: float, start: float, top: float) -> None:
    """A fork from ``x`` to each side's box."""
    centres = [start + _STEP_WIDTH / 2 + number * (_STEP_WIDTH + _BETWEEN) for number in range(len(ends))]
    fork = top - _DOWN
    sheet.axes.plot([x, x], [top, fork], color=INK, linewidth=1.0)
    for one, other in itertools.pairwise(sorted({x, *centres})):
        sheet.axes.plot([one, other], [fork, fork], color=INK, linewidth=1.0, gid="fork")
    for box, centre in zip(ends, centres, strict=True):
        sheet.axes.annotate("", (centre, fork - _DOWN), (centre, fork), arrowprops=_arrow(), gid="arrow")
        _draw_box(sheet, box, centre - _STEP_WIDTH / 2, fork - _DOWN, _STEP_WIDTH)


def _arrow() -> dict[str, object]:
    return {"arrowstyle": "-|>", "color": INK, "linewidth": 1.0, "shrinkA": 0.0, "shrinkB": 0.0}


def _gap(aside: _Box | None) -> float:
    return _DOWN if aside is None else aside.height + 0.3


def _step_box(measure: Sheet, step: FlowStep, number: int) -> _Box:
    words = measure.wrap(step.label, TICK_SIZE, _STEP_WIDTH - 2 * _PADDING)
    return _Box((*words, f"n = {step.remaining:,}"), len(words), f"step:{number}")


def _left_box(measure: Sheet, step: FlowStep, number: int) -> _Box | None:
    """Who left at a step; ``None`` where nobody did."""
    if not step.left:
        return None
    reasons = sorted(step.reasons.items(), key=lambda item: -item[1])
    told = reasons[:_MOST_REASONS]
    if len(reasons) > _MOST_REASONS:
        told.append((f"{len(reasons) - _MOST_REASONS} other reasons", sum(count for _, count in reasons[len(told) :])))
    one = len(told) == 1 and told[0][1] == step.left
    room = _SIDE_WIDTH - 2 * _PADDING - (0.0 if one else _COUNT_WIDTH)
    lines, counts = [f"n = {step.left:,}"], [""]
    for reason, count in told:
        words = measure.wrap(reason, TICK_SIZE, room) or ["reason unknown"]
        lines += words
        counts += [f"{count:,}", *[""] * (len(words) - 1)]
    return _Box(tuple(lines), 1, f"left:{number}", () if one else tuple(counts))


def _draw_box(sheet: Sheet, box: _Box, x: float, top: float, width: float) -> None:
    from matplotlib.patches import Rectangle

    aside = box.gid.startswith("left")
    frame = Rectangle(
        (x, top - box.height), width, box.height, facecolor="white", edgecolor=GREY if aside else INK,
        linewidth=0.8 if aside else 1.2, zorder=3, gid=box.gid,
    )  # fmt: skip
    sheet.axes.add_patch(frame)
    if not aside:
        frame.set_facecolor(_pale(LIGHT_GREY))
    for number, line in enumerate(box.lines):
        strong = number < box.strong
        y = top - _PADDING - (number + 0.5) * _LINE
        begin = x + _PADDING
        if box.counts and not strong:
            begin += _COUNT_WIDTH
            count = box.counts[number]
            sheet.write(begin - 0.08, y, count, TICK_SIZE, ha="right", va="center_baseline", gid=f"{box.gid}:count")
        sheet.axes.text(
            begin if aside else x + width / 2, y, line, fontsize=TICK_SIZE, ha="left" if aside else "center",
            va="center_baseline", zorder=4, color=INK, weight="bold" if strong else "normal", gid=f"{box.gid}:words",
        )  # fmt: skip


def _pale(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    red, green, blue = (0.7 + 0.3 * part for part in to_rgb(colour))
    return red, green, blue
