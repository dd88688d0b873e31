"""Names of rows left of an axis system: in one size for all rows, which is as small as the longest name needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..style import TICK_SIZE, new_figure
from .fitted_text import cut_middle, text_width
from .page_fonts import families_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 0.2
"""Height of a row in inches."""
MOST_ROWS = 40
"""More rows than these are not drawn but counted in a note."""
_MOST_ROOM = 3.3
_LEAST_SIZE = 7.0
_GAP = 0.1


@dataclass(frozen=True)
class RowNames:
    """Names as they fit.

    Parameters
    ----------
    words
        Each name, cut in its middle where even the smallest size is too wide.
    size
        In points, the same for all.
    room
        Inches that they need, a gap to the axes included.
    families
        Fonts that have all their signs.
    """

    words: tuple[str, ...]
    size: float
    room: float
    families: tuple[str, ...]

    def write(self, axes: Axes, *, flush_left: bool = False) -> None:
        """Number the rows from 0 downwards and name them on the axes' left; ``flush_left`` shows indentations."""
        places = range(len(self.words))
        axes.set_ylim(len(self.words) - 0.5, -0.5)
        axes.set_yticks(places, list(self.words), fontsize=self.size, family=list(self.families))
        axes.tick_params(axis="y", length=0)
        if flush_left:
            axes.tick_params(axis="y", pad=72.0 * self.room)
            for label in axes.get_yticklabels():
                label.set_horizontalalignment("left")


def row_names(
    names: Sequence[str], *, most: float = _MOST_ROOM, size: float = TICK_SIZE, gap: float = _GAP, bold: bool = False
) -> RowNames:
    """Fit ``names`` into at most ``most`` inches, beginning with ``size`` points; ``bold``: some may become bold."""
    families = families_for("".join(names))
    figure = new_figure(1.0, 1.0)
    probe = figure.text(0, 0, "", fontsize=size, family=families, weight="bold" if bold else "normal")
    widest = max((_width(probe, name) for name in names), default=0.0)
    if widest > most:
        size = max(_LEAST_SIZE, size * most / widest)
        probe.set_fontsize(size)
    words = []
    for name in names:
        probe.set_text(name)
        cut_middle(probe, most)
        words.append(probe.get_text())
    room = max((_width(probe, word) for word in words), default=0.0)
    return RowNames(tuple(words), size, room + gap, tuple(families))


def _width(probe, words: str) -> float:  # type: ignore[no-untyped-def]
    probe.set_text(words)
    return text_width(probe)
