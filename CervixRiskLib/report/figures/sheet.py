"""A figure drawn in inches: plain lines, ticks, marks and words on one sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..style import INK, TICK_SIZE, VERMILLION, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GROUND = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}


class Sheet:
    """``width`` by ``height`` inches, origin in the lower left corner; every pen takes inches.

    ``gid`` names an artist; it becomes the element's ``id`` in SVG. With ``figure`` the sheet is a part of that one,
    its lower left corner ``left`` and ``bottom`` inches from the figure's.
    """

    def __init__(
        self, width: float, height: float, figure: Figure | None = None, left: float = 0.0, bottom: float = 0.0
    ) -> None:
        self.width, self.height = width, height
        self.figure = new_figure(width, height) if figure is None else figure
        across, up = self.figure.get_size_inches()
        self.axes = self.figure.add_axes((left / across, bottom / up, width / across, height / up))
        self.axes.set_xlim(0, width)
        self.axes.set_ylim(0, height)
        self.axes.axis("off")
        self._widths: dict[tuple[str, float, str], float] = {}

    def line(self, x0: float, x1: float, y: float, *, gid: str) -> None:
        """A horizontal axis."""
        self.axes.plot([x0, x1], [y, y], color=INK, linewidth=1.2, gid=gid, zorder=3)

    def tick(self, x: float, y: float, length: float, *, over: bool = False) -> None:
        self.axes.plot([x, x], [y, y + (length if over else -length)], color=INK, linewidth=0.8, zorder=3)

    def drop_line(self, x: float, y0: float, y1: float, *, gid: str) -> None:
        """A dashed vertical line of the patient's."""
        self.axes.plot([x, x], [y0, y1], color=VERMILLION, linewidth=1.0, linestyle=(0, (4, 2.5)), gid=gid, zorder=2)

    def spot(self, x: float, y: float, *, filled: bool, marker: str = "o", size: float = 6.5, gid: str) -> None:
        """A mark of the patient's; open where the value lies beyond its axis."""
        self.axes.plot(
            [x],
            [y],
            marker=marker,
            markersize=size,
            linestyle="none",
            color=VERMILLION,
            markerfacecolor=VERMILLION if filled else "white",
            markeredgewidth=1.5,
            gid=gid,
            zorder=5,
        )

    def band(self, x0: float, x1: float, y: float, *, gid: str) -> None:
        """A thick pale line: an interval along an axis."""
        self.axes.plot([x0, x1], [y, y], color=VERMILLION, alpha=0.35, linewidth=6, gid=gid, zorder=2)

    def write(self, x: float, y: float, words: str, size: float, **style: Any) -> None:
        self.axes.text(x, y, words, fontsize=size, zorder=4, **style)

    def note(self, x: float, y: float, words: str, *, gid: str) -> None:
        """Words beside an axis, beginning at ``x``, on the same ground as the numbers."""
        self.axes.text(x, y, words, fontsize=TICK_SIZE, va="center", zorder=4, gid=gid, bbox=_GROUND)

    def number(self, x: float, y: float, words: str, *, over: bool, gid: str) -> None:
        """A tick's label. Its white ground keeps it readable where a patient's line crosses it."""
        side = "bottom" if over else "top"
        self.axes.text(x, y, words, fontsize=TICK_SIZE, ha="center", va=side, zorder=4, gid=gid, bbox=_GROUND)

    def text_width(self, words: str, size: float, *, weight: str = "normal") -> float:
        """Width of one line in inches."""
        key = (words, size, weight)
        if key not in self._widths:
            probe = self.figure.text(0, 0, words, fontsize=size, weight=weight)
            box = probe.get_window_extent(self.figure.canvas.get_renderer())  # type: ignore[attr-defined]
            probe.remove()
            self._widths[key] = float(box.width) / self.figure.dpi
        return self._widths[key]

    def wrap(self, words: str, size: float, width: float) -> list[str]:
        """Break ``words`` between words into lines of at most ``width`` inches."""
        lines: list[str] = []
        for word in words.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.text_width(longer, size) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines
