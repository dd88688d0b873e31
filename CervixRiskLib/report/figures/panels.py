"""Equal panels in rows and columns under one title, with a legend and the closing line below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ... import SIMULATED_MARK
from ..style import GREY, INK, LIGHT_GREY, NOTE_SIZE, TEXT_SIZE, TICK_SIZE, TITLE_SIZE, closing_line, new_figure
from .fitted_text import fit_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Inches.
_MARGIN = 0.25
_CLOSING = 0.3
_NOTE_LINE = 0.17
_LEGEND_LINE = 0.19
_HEADING_LINE = 0.25
_LEAST_WIDTH = 5.4


@dataclass(frozen=True)
class PanelSize:
    """A panel's axes and the room around them for its own title and labels, in inches."""

    width: float
    height: float
    left: float = 0.6
    right: float = 0.15
    above: float = 0.35
    below: float = 0.5


class Panels:
    """A figure of ``count`` equal panels, row by row, at most ``columns`` beside each other.

    Attributes
    ----------
    figure
        The figure.
    axes
        One of matplotlib's axes for each panel.

    ``mark`` says in the last line what was simulated. ``headings`` stand over the columns, one each; ``beside`` is room
    left and right of all panels, in inches.
    """

    def __init__(
        self,
        count: int,
        columns: int,
        size: PanelSize,
        *,
        title: str = "",
        legend_rows: int = 0,
        notes: Sequence[str] = (),
        simulated: bool = False,
        mark: str = SIMULATED_MARK,
        headings: Sequence[str] = (),
        beside: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self.columns = max(1, min(columns, count))
        self.rows = max(1, -(-count // self.columns))
        across, down = size.left + size.width + size.right, size.above + size.height + size.below
        head = (0.45 if title else 0.1) + (_HEADING_LINE if headings else 0.0)
        self._foot = _CLOSING + _NOTE_LINE * len(notes) + _LEGEND_LINE * legend_rows + 0.1
        self._legend_bottom = _CLOSING + _NOTE_LINE * len(notes)
        panels_wide = self.columns * across + sum(beside)
        self.width = max(panels_wide + 2 * _MARGIN, _LEAST_WIDTH)
        self.height = head + self.rows * down + self._foot
        self.figure: Figure = new_figure(self.width, self.height)
        left = (self.width - panels_wide) / 2 + beside[0]
        self.axes: list[Axes] = []
        for index in range(count):
            row, column = divmod(index, self.columns)
            x = left + column * across + size.left
            y = self.height - head - (row + 1) * down + size.below
            place = (x / self.width, y / self.height, size.width / self.width, size.height / self.height)
            self.axes.append(self.figure.add_axes(place))
        if title:
            self._write(self.height - 0.32, title, TITLE_SIZE, weight="bold", gid="title")
        for column, heading in enumerate(headings):
            x, y = left + column * across + size.left, self.height - head
            self._write(y, heading, TEXT_SIZE, left=x, room=size.width, least=TICK_SIZE, weight="bold", gid="heading")
        for index, note in enumerate(reversed(notes)):
            self._write(0.3 + index * _NOTE_LINE, note, NOTE_SIZE, gid="note")
        emphasis: dict[str, Any] = {"color": INK, "weight": "bold"} if simulated else {"color": GREY}
        self._write(0.1, closing_line(simulated, mark), NOTE_SIZE, gid="closing", **emphasis)

    def legend(self, handles: Sequence[Any], columns: int = 1) -> None:
        """Name what all panels share, above notes and closing line; smaller where it is wider than the figure."""
        size = TICK_SIZE
        for _ in range(3):
            legend = self.figure.legend(
                handles=list(handles),
                loc="lower center",
                bbox_to_anchor=(0.5, self._legend_bottom / self.height),
                ncols=columns,
                fontsize=size,
                frameon=False,
                handlelength=2.6,
                borderaxespad=0.0,
            )
            width = legend.get_window_extent().width / self.figure.dpi
            if width <= self.width - 0.1:
                return
            legend.remove()
            size *= 0.98 * (self.width - 0.1) / width
        self.figure.add_artist(legend)

    def is_lowest(self, index: int) -> bool:
        """Whether no panel stands below this one."""
        return index + self.columns >= len(self.axes)

    def is_leftmost(self, index: int) -> bool:
        return index % self.columns == 0

    def _write(
        self,
        y: float,
        words: str,
        size: float,
        *,
        left: float = _MARGIN,
        room: float | None = None,
        least: float | None = None,
        **style: Any,
    ) -> None:
        """A line from ``left`` at ``y`` inches, smaller where it is longer than its room (the figure less margins)."""
        text = self.figure.text(left / self.width, y / self.height, words, fontsize=size, **style)
        fit_width(text, self.width - 2 * _MARGIN if room is None else room, least=least)


def plain_axes(axes: Axes, title: str = "") -> None:
    """The house's look of an axis system: two thin spines, small numbers, a pale grid behind."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=TICK_SIZE, width=0.8)
    axes.grid(True, color=LIGHT_GREY, linewidth=0.5)
    axes.set_axisbelow(True)
    if title:
        figure = axes.get_figure()
        assert figure is not None
        room = axes.get_position().width * float(figure.get_size_inches()[0])  # type: ignore[union-attr]
        fit_width(axes.set_title(title, fontsize=TEXT_SIZE, loc="left", fontweight="bold"), room, least=TICK_SIZE)
