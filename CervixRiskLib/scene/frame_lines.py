"""The dashed frame around the part of a slice that a heat map covers, drawn over an off-screen picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..imaging.map_frame import FrameSide
from .picture_layout import PictureLayout
from .view_text import GREY, add_segments

# In units of the layout: a dash, and at least so much between two.
_DASH, _GAP = 0.5, 0.4
_DARK = (0.0, 0.0, 0.0)

Segment = tuple[float, float, float, float]


def draw_map_frame(renderer: Any, layout: PictureLayout, shape: tuple[int, int], sides: Sequence[FrameSide]) -> None:
    """Draw ``sides`` of a map on an image of ``shape`` (rows, columns), light on a dark rim so that it shows on any
    tissue."""
    lines = [dash for side in sides for dash in dashes(_on_picture(layout, shape, side), layout.unit)]
    if lines:
        # Even: a line of an odd width would lie between two rows of pixels and come out grey.
        thin = 2 * max(1, round(layout.unit / 24))
        add_segments(renderer, lines, _DARK, width=2 * thin)
        add_segments(renderer, lines, GREY, width=thin)


def _on_picture(layout: PictureLayout, shape: tuple[int, int], side: FrameSide) -> Segment:
    """From image pixels to the picture's, which count from its lower left corner."""
    across, up = layout.image.width / shape[1], layout.image.height / shape[0]
    return (
        layout.image.left + across * side.column0,
        layout.image.top - up * side.row0,
        layout.image.left + across * side.column1,
        layout.image.top - up * side.row1,
    )


def dashes(line: Segment, unit: float) -> list[Segment]:
    """Dashes of equal length that begin and end with the line, so that the frame's corners are closed.

    One is half as long as ``unit``, the gaps between them at least 0.4 of it.
    """
    x0, y0, x1, y1 = line
    length = math.hypot(x1 - x0, y1 - y0)
    dash = _DASH * unit
    if length <= dash:
        return [line]
    number = 1 + int((length - dash) / (dash + _GAP * unit))
    step = (length - dash) / max(number - 1, 1)
    across, up = (x1 - x0) / length, (y1 - y0) / length
    begins = [index * step for index in range(number)] if number > 1 else [0.0]
    return [
        (x0 + across * begin, y0 + up * begin, x0 + across * (begin + dash), y0 + up * (begin + dash))
        for begin in begins
    ]
