"""The heat map laid over grey, the frame where it ends, and the legend that shows the very same colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...imaging.heat_colours import TABLE_SIZE, heat_colours
from ...imaging.map_frame import map_frame
from ..style import GREY, INK, NOTE_SIZE
from .page_blocks import Words, line_height, write_line
from .sheet import Sheet
from .tick_labels import TickLabel, by_importance, number_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STRIP = 0.17
_GREYS = (0.15, 0.85)
_SAMPLES = 512


def blended(picture: np.ndarray, heat_map: np.ndarray, threshold: float, opacity: float) -> np.ndarray:
    """``picture`` ``(rows, columns, 3)`` in 0-1 under the colours of ``heat_map`` ``(rows, columns)``, 0-1 or NaN.

    Where the map lies below ``threshold`` or has no value, the picture stays as it is.
    """
    colours = heat_colours()
    known = np.isfinite(heat_map)
    values = np.clip(np.where(known, heat_map, 0.0), 0.0, 1.0)
    drawn = (known & (values >= threshold) & (values > 0))[:, :, np.newaxis]
    over = colours[np.round(values * (TABLE_SIZE - 1)).astype(int)]
    return np.where(drawn, (1 - opacity) * picture + opacity * over, picture)


def draw_map_frame(axes: Axes, heat_map: np.ndarray, spacing_mm: tuple[float, float] | None) -> None:
    """A thin dashed line where a heat map ends inside the slice; ``axes`` as :func:`.outline.draw_outline` takes them.

    White on a dark rim, so that it shows on any tissue.
    """
    row_size, column_size = spacing_mm or (1.0, 1.0)
    for row0, column0, row1, column1 in map_frame(heat_map):
        x, y = (column0 * column_size, column1 * column_size), (row0 * row_size, row1 * row_size)
        for colour, width in (("black", 1.5), ("white", 0.6)):
            # Dashes are counted in line widths.
            dashes = (0, (3.0 / width, 2.4 / width))
            axes.plot(x, y, color=colour, linewidth=width, linestyle=dashes, zorder=2.5, gid="map frame")


class HeatLegend:
    """The colours of 0 to 1 as they look over dark (below) to bright (above) tissue, and what the map explains."""

    def __init__(self, measure: Sheet, words: str, width: float, threshold: float, opacity: float) -> None:
        self._threshold, self._opacity, self._width = threshold, opacity, width
        if self._threshold > 0:
            words += f"; below {number_text(self._threshold)} it is not drawn"
        self._words = Words(measure, words, width, NOTE_SIZE, color=GREY, gid="legend:words")

    @property
    def height(self) -> float:
        return _STRIP + 0.04 + line_height(NOTE_SIZE) + self._words.height + 0.02

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        values = np.linspace(0.0, 1.0, _SAMPLES)
        ground = np.linspace(_GREYS[1], _GREYS[0], 24)[:, np.newaxis, np.newaxis]
        strip = np.broadcast_to(ground, (24, _SAMPLES, 3))
        strip = blended(strip, np.broadcast_to(values, (24, _SAMPLES)), self._threshold, self._opacity)
        extent = (left, left + self._width, top - _STRIP, top)
        limits = sheet.axes.get_xlim(), sheet.axes.get_ylim()
        sheet.axes.imshow(strip, extent=extent, aspect="auto", interpolation="nearest", gid="legend", zorder=2)
        sheet.axes.set_xlim(limits[0])
        sheet.axes.set_ylim(limits[1])

        def width(words: str) -> float:
            return sheet.text_width(words, NOTE_SIZE)

        # Between 0 and the threshold there is nothing to read off.
        inner = [value for value in (0.5, 0.75, 0.25) if value > self._threshold]
        wanted = dict.fromkeys((0.0, 1.0, round(self._threshold, 2), *inner))
        inset = width("0.00") / 2
        # Numbers at the ends stay below the strip.
        labels = [TickLabel(value, number_text(value), left + self._width * value) for value in wanted]
        held = [
            TickLabel(one.value, one.text, min(max(one.position, left + inset / 2), left + self._width - inset / 2))
            for one in labels
        ]
        for label in by_importance(held, width, 0.08):
            x = left + self._width * label.value
            sheet.axes.plot([x, x], [top - _STRIP, top - _STRIP - 0.03], color=INK, linewidth=0.8, zorder=3)
            gid = f"legend:{label.text}"
            write_line(sheet, label.position, top - _STRIP - 0.04, label.text, NOTE_SIZE, ha="center", gid=gid)
        self._words.draw(sheet, left, top - _STRIP - 0.04 - line_height(NOTE_SIZE))
