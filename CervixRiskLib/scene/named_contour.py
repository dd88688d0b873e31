"""A contour with the name it is shown under, for pictures of several readers' contours on one slice."""

from __future__ import annotations

from dataclasses import dataclass

from ..imaging import Roi

# Cyan, lime, light blue, white: told apart from each other by blueness or lightness, also in red-green blindness; white
# comes last because fat is white on MR.
CONTOUR_COLOURS = ((0.16, 0.94, 0.86), (0.62, 0.92, 0.18), (0.50, 0.66, 1.0), (1.0, 1.0, 1.0))


@dataclass(frozen=True, eq=False)
class NamedContour:
    """``name`` as shown ("Reader A, round 1"), the contour, and its colour as red, green, blue of 0-1."""

    name: str
    roi: Roi
    colour: tuple[float, float, float] = CONTOUR_COLOURS[1]


def contour_colour(position: int) -> tuple[float, float, float]:
    """The colour of the contour at ``position`` (from 0); after the last the colours begin again."""
    return CONTOUR_COLOURS[position % len(CONTOUR_COLOURS)]
