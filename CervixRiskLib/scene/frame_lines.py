"""The dashed frame around the part of a slice that a heat map covers, drawn over an off-screen picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..imaging.map_frame import FrameSide
from .frame_dashes import Segment, dashes
from .picture_layout import PictureLayout
from .view_text import GREY, add_segments

_DARK = (0.0, 0.0, 0.0)


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
