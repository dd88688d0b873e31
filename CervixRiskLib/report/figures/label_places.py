"""Names beside points that cover neither each other nor other points; where there is no room there is no name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..style import GREY, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Directions and distances (in points) that are tried, the nearest first.
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_DISTANCES = (6, 9, 14, 20, 30, 42, 56)
_LEADER_FROM = 7
_POINT_SIZE = 3.0


class LabelPlaces:
    """The room that is left on one axis system.

    Parameters
    ----------
    axes
        With its final limits.
    points
        ``(n, 2)`` all points on it, in data coordinates.
    lines
        Heights of horizontal lines across it.
    """

    def __init__(self, axes: Axes, points: np.ndarray, lines: Sequence[float] = ()) -> None:
        figure = axes.get_figure()
        assert figure is not None
        self.axes, self.figure = axes, figure
        self.pixel = figure.dpi / 72.0
        centres = axes.transData.transform(points)
        # Boxes as (left, bottom, right, top) in pixels.
        self._taken = np.hstack([centres - _POINT_SIZE * self.pixel, centres + _POINT_SIZE * self.pixel])
        # A leader may cross them, a name may not.
        self._heights = np.array([axes.transData.transform((0, line))[1] for line in lines])

    def write(self, words: str, x: float, y: float, *, size: float, gid: str) -> bool:
        """Write ``words`` at the free place nearest to the point; whether there was one."""
        note = self.axes.annotate(
            words, (x, y), (0, 0), textcoords="offset points", fontsize=size, color=INK, va="center", ha="left",
            gid=gid, annotation_clip=False, zorder=6,
        )  # fmt: skip
        box = note.get_window_extent(self.figure.canvas.get_renderer())  # type: ignore[attr-defined]
        extent = np.array([box.width, box.height])
        centre = self.axes.transData.transform((x, y))
        for distance in _DISTANCES:
            for direction in _DIRECTIONS:
                middle = centre + np.array(direction) * (distance * self.pixel + extent / 2.0)
                place = np.concatenate([middle - extent / 2.0, middle + extent / 2.0])
                leader = self._leader(centre, place)
                crossed = (place[1] < self._heights + self.pixel) & (self._heights - self.pixel < place[3])
                if crossed.any() or self._beyond(place) or self._covered(place) or any(map(self._covered, leader)):
                    continue
                note.set_position(((place[0] - centre[0]) / self.pixel, (middle[1] - centre[1]) / self.pixel))
                self._taken = np.vstack([self._taken, place, leader])
                if len(leader):
                    end = self.axes.transData.inverted().transform(np.clip(centre, place[:2], place[2:]))
                    self.axes.plot([x, end[0]], [y, end[1]], color=GREY, linewidth=0.6, zorder=3, gid="leader")
                return True
        note.remove()
        return False

    def _leader(self, centre: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Small boxes along the line from the point to its name, without those at its ends; none close by."""
        end = np.clip(centre, place[:2], place[2:])
        length = float(np.hypot(*(end - centre))) / self.pixel
        if length < _LEADER_FROM:
            return np.empty((0, 4))
        along = np.linspace(0, 1, 2 + int(length))[:, np.newaxis]
        spots = (centre + along * (end - centre))[(along[:, 0] * length > 2 * _POINT_SIZE) & (along[:, 0] < 0.95)]
        return np.hstack([spots - 0.5 * self.pixel, spots + 0.5 * self.pixel])

    def _covered(self, box: np.ndarray) -> bool:
        """Whether it shares room with what is taken."""
        across = np.minimum(self._taken[:, 2], box[2]) > np.maximum(self._taken[:, 0], box[0])
        up = np.minimum(self._taken[:, 3], box[3]) > np.maximum(self._taken[:, 1], box[1])
        return bool((across & up).any())

    def _beyond(self, box: np.ndarray) -> bool:
        """Whether it leaves the axes: a name must not run into the margin's words."""
        ground = self.axes.get_window_extent()
        return bool(box[0] < ground.x0 or box[1] < ground.y0 or box[2] > ground.x1 or box[3] > ground.y1)
