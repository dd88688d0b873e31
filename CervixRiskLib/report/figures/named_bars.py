"""Bars that lie below each other under long names, each with its number; base of several figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..style import GREY, INK, TEXT_SIZE, TICK_SIZE
from .note_lines import note_lines
from .panels import Panels, PanelSize, plain_axes
from .row_names import MOST_ROWS, ROW, row_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Inches.
_AXES = 2.6
_NUMBERS = 0.75
_MOST_DIGITS = 6


@dataclass(frozen=True)
class NamedBar:
    """One row: from 0 to ``value``, with ``words`` at the figure's right."""

    name: str
    value: float
    words: str
    colour: str


def named_bars(
    bars: Sequence[NamedBar],
    axis_label: str,
    *,
    notes: Sequence[str] = (),
    limits: tuple[float, float] | None = None,
    ticks: Sequence[tuple[float, str]] = (),
    handles: Sequence[Any] = (),
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw ``bars`` in their order, the first :data:`MOST_ROWS` of them; the others are counted in a note.

    Bars have the gid ``bar:NAME``, their numbers ``number:NAME``.
    """
    shown = bars[:MOST_ROWS]
    if len(bars) > len(shown):
        notes = (*notes, f"The first {len(shown)} of {len(bars):,} are drawn.")
    names = row_names([bar.name for bar in shown])
    size = PanelSize(_AXES, ROW * max(len(shown), 2), left=0.0, right=_NUMBERS, above=0.1, below=0.5)
    wide = names.room + size.width + size.right
    panels = Panels(
        1, 1, size, title=title, legend_rows=1 if handles else 0, notes=note_lines(notes, wide),
        simulated=simulated, beside=(names.room, 0.0),
    )  # fmt: skip
    axes = panels.axes[0]
    plain_axes(axes)
    axes.grid(False, axis="y")
    axes.spines["left"].set_visible(False)
    for row, bar in enumerate(shown):
        axes.barh(row, bar.value, height=0.62, color=bar.colour, gid=f"bar:{bar.name}", zorder=3)
        axes.annotate(
            bar.words, (1, row), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center_baseline", fontsize=TICK_SIZE, color=INK, gid=f"number:{bar.name}", annotation_clip=False,
        )  # fmt: skip
    axes.axvline(0.0, color=GREY, linewidth=0.8, zorder=4, gid="zero")
    names.write(axes)
    axes.set_xlim(*(_limits([bar.value for bar in shown]) if limits is None else limits))
    if ticks:
        axes.set_xticks([value for value, _ in ticks], [words for _, words in ticks])
    else:
        axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(axis_label, fontsize=TEXT_SIZE)
    if handles:
        panels.legend(handles, columns=len(handles))
    return panels.figure


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """Zero and all values, with some air; an axis even where all are zero."""
    low, high = min(0.0, *values), max(0.0, *values)
    margin = 0.05 * (high - low) or 1.0
    return (low - margin if low < 0 else 0.0), (high + margin if high > 0 or low == 0 else 0.0)


def number_words(value: float, digits: int, *, signed: bool = False) -> str:
    """``value`` with a true minus sign and with more digits where it would read as zero; true zero has no sign."""
    while value and digits < _MOST_DIGITS and not round(value, digits):
        digits += 1
    words = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    return words.replace("-", "\N{MINUS SIGN}") if float(words) else words.lstrip("+-")
