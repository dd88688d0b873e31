"""Estimates with their intervals below each other: odds ratios on a log axis, AUCs of subgroups on a linear one."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...errors import TrainingError
from ..style import BLUE, GREY, INK, TEXT_SIZE, TICK_SIZE, house_style, save_figure
from .forest_scale import ForestScale
from .note_lines import note_lines
from .panels import Panels, PanelSize, plain_axes
from .row_names import ROW, row_names
from .sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Inches.
_AXES = {1: 2.6, 2: 1.6}
_MOST_NAME = {1: 3.0, 2: 2.2}
_GAP = 0.2
_INDENT = "    "


@dataclass(frozen=True)
class ForestRow:
    """One line of a forest plot.

    Parameters
    ----------
    label
        What is estimated.
    value, lower, upper
        Estimate and confidence interval; ``None``: nothing is drawn, as for a heading or an undefined estimate. An
        infinite or unknown bound runs to the axis' end.
    text
        What stands beside it; empty: estimate and interval in figures, nothing for a heading.
    level
        How far the label is indented: 0 for predictors and headings, 1 for what belongs to the heading before.
    """

    label: str
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    text: str = ""
    level: int = 0

    @property
    def drawn(self) -> bool:
        """There is an estimate; NaN is none."""
        return self.value is not None and not math.isnan(self.value)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both bounds, infinite where one is unknown; ``None`` where both are."""
        low, high = _known(self.lower), _known(self.upper)
        if low is None and high is None:
            return None
        return -math.inf if low is None else low, math.inf if high is None else high

    @property
    def words(self) -> str:
        if self.text or not self.drawn:
            return self.text
        assert self.value is not None
        if self.interval is None:
            return _number(self.value, 2)
        digits = 3 if self.interval[1] - self.interval[0] < 0.1 else 2
        low, high = (
            "undefined" if bound is None else _number(bound, digits)
            for bound in (_known(self.lower), _known(self.upper))
        )
        return f"{_number(self.value, digits)} ({low} to {high})"


def draw_forest(
    columns: Mapping[str, Sequence[ForestRow]],
    measure: str,
    *,
    scale: Literal["log", "linear"] = "log",
    reference: float | None = 1.0,
    notes: Sequence[str] = (),
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a panel for each column; all share names and scale.

    Parameters
    ----------
    columns
        Rows by the column's heading: ``{"Univariate": ..., "Multivariate": ...}``; one column may be named ``""``.
        Rows with one label under one heading are the same row; where a column lacks it, its place stays empty. Of rows
        with the same label the first of one column belongs to the first of the other, and so on.
    measure
        "Odds ratio", "AUC": below the axes.
    scale
        ``"log"`` for ratios, ``"linear"`` for differences and areas.
    reference
        Where no effect is: 1 for ratios, 0.5 for AUCs; ``None``: no line.
    notes
        Sentences below.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no estimate to draw.
    SettingsError, StorageError
        The file cannot be written.
    """
    keyed = {name: _keyed(rows) for name, rows in columns.items()}
    order = _merged([list(rows) for rows in keyed.values()])
    every = [row for rows in columns.values() for row in rows if row.drawn]
    if not every:
        raise TrainingError("There is no estimate to draw: none is defined.")
    chosen = ForestScale.around([(row.value or 0.0, row.interval) for row in every], scale, reference)
    if any(chosen.leaves(end) for row in every for end in (row.value, *(row.interval or ())) if end is not None):
        notes = (*notes, "Arrows: the interval goes on beyond the axis.")
    first = {key: next(rows[key] for rows in keyed.values() if key in rows) for key in order}
    width, most = (sizes.get(len(columns), sizes[2]) for sizes in (_AXES, _MOST_NAME))
    with house_style():
        names = row_names([_INDENT * row.level + row.label for row in first.values()], most=most, gap=_GAP, bold=True)
        measured = Sheet(1.0, 1.0)
        words_room = 0.2 + max(measured.text_width(row.words, TICK_SIZE) for rows in columns.values() for row in rows)
        above = 0.35 if any(columns) else 0.1
        size = PanelSize(width, ROW * max(len(order), 2), left=_GAP, right=words_room, above=above, below=0.55)
        wide = names.room + len(columns) * (size.left + size.width + size.right)
        panels = Panels(
            len(columns), len(columns), size, title=title, notes=note_lines(notes, wide), simulated=simulated,
            beside=(names.room - _GAP, 0.0),
        )  # fmt: skip
        for index, ((name, rows), axes) in enumerate(zip(keyed.items(), panels.axes, strict=True)):
            plain_axes(axes, name)
            axes.grid(False)
            axes.spines["left"].set_visible(False)
            for place, key in enumerate(order):
                if key in rows:
                    _draw_row(axes, place, rows[key], chosen, gid=f"{name}:{key[0]}:{key[1]}".strip(":"))
            if reference is not None:
                axes.axvline(reference, color=GREY, linewidth=0.8, zorder=1, gid="reference")
            if index == 0:
                names.write(axes, flush_left=True)
                _embolden(axes, list(first.values()))
            else:
                axes.set_ylim(len(order) - 0.5, -0.5)
                axes.set_yticks([])
            chosen.apply(axes, 5 if width < _AXES[1] else 7)
            axes.set_xlabel(measure, fontsize=TEXT_SIZE)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


Key = tuple[str, str, int]


def _keyed(rows: Sequence[ForestRow]) -> dict[Key, ForestRow]:
    """Rows by the heading they stand under (empty for those of level 0), their label, and which of that label it is."""
    heading = ""
    keyed: dict[Key, ForestRow] = {}
    for row in rows:
        if row.level == 0:
            heading = row.label
        under = "" if row.level == 0 else heading
        again = sum(key[:2] == (under, row.label) for key in keyed)
        keyed[under, row.label, again] = row
    return keyed


def _merged(columns: list[list[Key]]) -> list[Key]:
    """All keys, those of later columns after the one that they follow there."""
    merged: list[Key] = []
    for keys in columns:
        place = 0
        for key in keys:
            if key in merged:
                place = merged.index(key) + 1
            else:
                merged.insert(place, key)
                place += 1
    return merged


def _draw_row(axes: Axes, place: int, row: ForestRow, scale: ForestScale, *, gid: str) -> None:
    if row.drawn:
        assert row.value is not None
        low, high = row.interval or (row.value, row.value)
        left, right = scale.clipped(low), scale.clipped(high)
        axes.plot([left, right], [place, place], color=INK, linewidth=1.2, zorder=3, gid=f"interval:{gid}")
        for end, mark, leaves in ((left, "<", low < scale.low), (right, ">", high > scale.high)):
            if leaves:
                axes.plot(end, place, marker=mark, color=INK, markersize=4.5, zorder=3, clip_on=False, gid="beyond")
        if not scale.leaves(row.value):
            axes.plot(row.value, place, marker="s", color=BLUE, markersize=5.5, zorder=4, gid=f"estimate:{gid}")
    if row.words:
        axes.annotate(
            row.words, (1, place), (11, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center_baseline", fontsize=TICK_SIZE, gid=f"words:{gid}", annotation_clip=False,
        )  # fmt: skip


def _embolden(axes: Axes, rows: Sequence[ForestRow]) -> None:
    """Headings, which have neither estimate nor words, in bold."""
    for label, row in zip(axes.get_yticklabels(), rows, strict=True):
        if not row.drawn and not row.text:
            label.set_fontweight("bold")


def _known(bound: float | None) -> float | None:
    return None if bound is None or math.isnan(bound) else bound


def _number(value: float, digits: int) -> str:
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else "\N{MINUS SIGN}\N{INFINITY}"
    words = f"{value:.{digits}f}"
    if abs(value) >= 1000 or (value and abs(value) < 0.5 * 10**-digits):
        words = f"{value:.2g}"
    return words.replace("-", "\N{MINUS SIGN}")
