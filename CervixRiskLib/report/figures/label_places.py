"""Names beside points that cover neither each other nor other points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..style import GREY, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Directions and distances (in points) that are tried, the nearest first.
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_DISTANCES = (6, 12, 20, 30, 42)
_LEADER_FROM = 12
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
        ground = axes.get_window_extent()
        for line in lines:
            y = float(axes.transData.transform((0, line))[1])
            self._taken = np.vstack([self._taken, (ground.x0, y - self.pixel, ground.x1, y + self.pixel)])

    def write(self, words: str, x: float, y: float, *, size: float, gid: str) -> None:
        """Write ``words`` at the free place nearest to the point; where none is free, at that which covers least."""
        note = self.axes.annotate(
            words, (x, y), (0, 0), textcoords="offset points", fontsize=size, color=INK, va="center", ha="left",
            gid=gid, annotation_clip=False, zorder=6,
        )  # fmt: skip
        box = note.get_window_extent(self.figure.canvas.get_renderer())  # type: ignore[attr-defined]
        width, height = box.width, box.height
        centre = self.axes.transData.transform((x, y))
        ground = self.axes.get_window_extent()
        best, least, far = (0.0, 0.0), np.inf, 0
        for distance in _DISTANCES:
            for across, up in _DIRECTIONS:
                step = np.array([across, up]) * distance * self.pixel
                middle = centre + step + np.array([across * width, up * height]) / 2.0
                half = np.array([width, height]) / 2.0
                trial = np.concatenate([middle - half, middle + half])
                covered = self._covered(trial) + self._beyond(trial, ground)
                if covered < least - 1e-6:
                    best, least, far = tuple(middle - (width / 2, 0) - centre), covered, distance
            if least <= 0:
                break
        note.set_position((best[0] / self.pixel, best[1] / self.pixel))
        corner = centre + best - (0, height / 2)
        self._taken = np.vstack([self._taken, np.concatenate([corner, corner + np.array([width, height])])])
        if far >= _LEADER_FROM:
            end = self.axes.transData.inverted().transform(_nearest(centre, self._taken[-1]))
            self.axes.plot([x, end[0]], [y, end[1]], color=GREY, linewidth=0.6, zorder=3, gid="leader")

    def _covered(self, box: np.ndarray) -> float:
        """Area in pixels shared with what is taken."""
        across = np.minimum(self._taken[:, 2], box[2]) - np.maximum(self._taken[:, 0], box[0])
        up = np.minimum(self._taken[:, 3], box[3]) - np.maximum(self._taken[:, 1], box[1])
        return float((across.clip(min=0) * up.clip(min=0)).sum())

    def _beyond(self, box: np.ndarray, ground: object) -> float:
        """Area in pixels outside the axes, counted ten times: a name must not run into the margin's words."""
        inside = max(0.0, min(box[2], ground.x1) - max(box[0], ground.x0)) * max(  # type: ignore[attr-defined]
            0.0,
            min(box[3], ground.y1) - max(box[1], ground.y0),  # type: ignore[attr-defined]
        )
        return 10.0 * float((box[2] - box[0]) * (box[3] - box[1]) - inside)


def _nearest(point: np.ndarray, box: np.ndarray) -> np.ndarray:
    return np.clip(point, box[:2], box[2:])
