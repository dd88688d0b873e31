"""Prediction sets: how often the model answers, how often it abstains, and whether the promised coverage is reached."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...errors import TrainingError
from ..style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LIGHT_GREY,
    ORANGE,
    TEXT_SIZE,
    TICK_SIZE,
    VERMILLION,
    house_style,
    save_figure,
)
from .fitted_text import text_width
from .note_lines import note_lines
from .panels import Panels, PanelSize, plain_axes
from .row_names import row_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...statistics import ConformalSummary

# Inches.
_WIDTH = 2.35
_ROW = 0.5
_BETWEEN = 0.45
# What a set can say, in the order of the stacked bar; ground and ink of its number.
_ANSWERS = (
    ("right", "One outcome, right", BLUE, "white"),
    ("wrong", "One outcome, wrong", ORANGE, INK),
    ("both", "Both: abstains", LIGHT_GREY, INK),
    ("empty", "None: abstains", GREY, "white"),
)
_GROUPS = (
    ("coverage", "All cases", INK, "o", -0.22),
    ("coverage_positive", "Positive cases", VERMILLION, "D", 0.0),
    ("coverage_negative", "Negative cases", GREEN, "s", 0.22),
)


def draw_conformal(
    summaries: Sequence[ConformalSummary],
    *,
    class_names: tuple[str, str] | None = None,
    confidence: float = 0.95,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a row for each coverage that was asked for: what the sets say, and the coverage that was reached.

    Parameters
    ----------
    summaries
        See :func:`CervixRiskLib.statistics.conformal_sets`; in the order of the rows.
    class_names
        Of the negative and the positive cases, for the legend.
    confidence
        Of the summaries' intervals; said below.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no summary.
    SettingsError, StorageError
        The file cannot be written.
    """
    if not summaries:
        raise TrainingError("There are no prediction sets to draw: no model gives probabilities.")
    labels = [_label(summary) for summary in summaries]
    notes = [
        f"Thin lines: {100 * confidence:g} % confidence intervals. Coverage is promised on average over cases like "
        "these, not for each patient."
    ]
    with house_style():
        names = row_names(labels, most=1.6)
        size = PanelSize(_WIDTH, _ROW * max(len(labels), 1) + 0.1, left=0.0, right=_BETWEEN, above=0.35, below=0.55)
        wide = names.room + 2 * (size.width + size.right)
        panels = Panels(
            2, 2, size, title=title, legend_rows=2, notes=note_lines(notes, wide), simulated=simulated,
            beside=(names.room, 0.0),
        )  # fmt: skip
        shares, coverage = panels.axes
        plain_axes(shares, "What the sets say")
        plain_axes(coverage, "Coverage reached")
        for row, summary in enumerate(summaries):
            _draw_answers(shares, row, summary)
            _draw_coverage(coverage, row, summary)
        names.write(shares)
        coverage.set_ylim(*shares.get_ylim())
        coverage.set_yticks([])
        shares.grid(False)
        _finish(shares, coverage, summaries)
        panels.legend(_handles(class_names), columns=4)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _label(summary: ConformalSummary) -> str:
    words = f"{100 * summary.asked:g} % asked"
    return f"{words}, in each class" if summary.class_conditional else words


def _draw_answers(axes: Axes, row: int, summary: ConformalSummary) -> None:
    right = summary.single.value * (0.0 if math.isnan(summary.right_of_single.value) else summary.right_of_single.value)
    values = {
        "right": right,
        "wrong": max(summary.single.value - right, 0.0),
        "both": summary.both.value,
        "empty": summary.empty.value,
    }
    begin = 0.0
    for kind, _, ground, ink in _ANSWERS:
        share = values[kind]
        axes.barh(row, share, left=begin, height=0.62, color=ground, linewidth=0, gid=f"{kind}:{row}", zorder=3)
        text = axes.text(
            begin + share / 2, row, f"{100 * share:.0f} %", ha="center", va="center_baseline", fontsize=TICK_SIZE,
            color=ink, zorder=4, gid=f"{kind}:{row}:words",
        )  # fmt: skip
        if text_width(text) > share * _WIDTH - 0.04:
            text.remove()
        begin += share


def _draw_coverage(axes: Axes, row: int, summary: ConformalSummary) -> None:
    axes.plot([summary.asked] * 2, [row - 0.42, row + 0.42], color=INK, linewidth=2.0, zorder=2, gid=f"asked:{row}")
    for field, _, colour, marker, offset in _GROUPS:
        found = getattr(summary, field)
        if math.isnan(found.value):
            continue
        axes.plot([found.lower, found.upper], [row + offset] * 2, color=colour, linewidth=1.2, gid=f"{field}:{row}:ci")
        axes.plot(found.value, row + offset, marker=marker, color=colour, markersize=5, zorder=4, gid=f"{field}:{row}")


def _finish(shares: Axes, coverage: Axes, summaries: Sequence[ConformalSummary]) -> None:
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    shares.set_xlim(0, 1)
    shares.set_xticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
    shares.set_xlabel("Share of cases", fontsize=TEXT_SIZE)
    shares.spines["left"].set_visible(False)
    coverage.spines["left"].set_visible(False)
    reached = [getattr(one, field) for one in summaries for field, *_ in _GROUPS]
    ends = [end for found in reached for end in (found.lower, found.value)]
    low = min([end for end in ends if math.isfinite(end)] + [one.asked for one in summaries])
    step = 0.05 if low > 0.78 else 0.1 if low > 0.58 else 0.2
    coverage.set_xlim(max(0.0, math.floor(low / step - 1e-9) * step) - 0.1 * step, 1.0 + 0.2 * step)
    ticks = [tick * step for tick in range(round(1 / step) + 1) if tick * step >= coverage.get_xlim()[0]]
    coverage.set_xticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
    coverage.set_xlabel("Sets with the true outcome", fontsize=TEXT_SIZE)


def _handles(class_names: tuple[str, str] | None) -> list[object]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    answers: list[object] = [Patch(color=ground, label=words) for _, words, ground, _ in _ANSWERS]
    fields = ("coverage_negative", "coverage_positive")
    named = {} if class_names is None else dict(zip(fields, class_names, strict=True))
    groups: list[object] = [
        Line2D([], [], color=colour, marker=marker, markersize=5, linewidth=1.2, label=named.get(field, words))
        for field, words, colour, marker, _ in _GROUPS
    ]
    groups.append(Line2D([], [], color=INK, linewidth=2.0, label="Asked"))
    # Legends are filled column by column.
    return [handle for pair in zip(answers, groups, strict=True) for handle in pair]
