"""A contour as a line on a slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...imaging import Roi
from ..style import GREEN, ORANGE, PURPLE, SKY, VERMILLION, YELLOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

# Bright on grey. Each is drawn over the last, and the last shows in its gaps: two contours that run together are
# both seen.
LINES: tuple[tuple[str, Any], ...] = (
    (SKY, "-"),
    (ORANGE, (0, (3.5, 3.5))),
    (GREEN, (0, (1.2, 3.0))),
    (PURPLE, (0, (7, 3, 1.2, 3))),
    (YELLOW, (0, (1.2, 5.0))),
    (VERMILLION, (0, (6, 6))),
)
"""Colour and dashes of each contour, in their order."""
_RIM = 3.2
_WIDTH = 1.8


def draw_outline(axes: Axes, roi: Roi, number: int, *, gid: str, scale: float = 1.0) -> None:
    """Draw the line halfway between pixels inside and outside; closed at the image's edge.

    ``axes`` are in mm, or in pixels where the pixel size is unknown, from the image's upper left corner; ``number``
    chooses the line, ``scale`` its strength.
    """
    from contourpy import contour_generator

    row_size, column_size = roi.spacing_mm or (1.0, 1.0)
    row0, column0, row1, column1 = roi.bounding_box
    inside = np.pad(roi.mask[row0:row1, column0:column1].astype(float), 1)
    for points in contour_generator(z=inside).lines(0.5):
        # From the frame's pixel centres to pixel corners of the image, in its unit.
        x = (np.asarray(points)[:, 0] + column0 - 0.5) * column_size
        y = (np.asarray(points)[:, 1] + row0 - 0.5) * row_size
        axes.plot(x, y, gid=gid, zorder=3 + number, **line_style(number, scale))


def outline_handle(name: str, number: int) -> Line2D:
    """The line of a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], label=name, **line_style(number))


def line_style(number: int, scale: float = 1.0) -> dict[str, Any]:
    """Matplotlib's words for a contour's line. The rim has the line's own dashes, so that it hides no line below."""
    from matplotlib.patheffects import Normal, Stroke

    colour, dashes = LINES[number]
    rim = [Stroke(linewidth=_RIM * scale, foreground="black", alpha=0.6), Normal()]
    return {"color": colour, "linestyle": dashes, "linewidth": _WIDTH * scale, "path_effects": rim}
