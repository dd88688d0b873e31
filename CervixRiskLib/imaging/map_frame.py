"""The edge of a map that covers part of an image, so that a picture can show where it ends."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class FrameSide(NamedTuple):
    """A straight side from one corner to another, in image pixels from the image's upper left corner.

    The first pixel lies between 0 and 1.
    """

    row0: float
    column0: float
    row1: float
    column1: float


def map_frame(values: np.ndarray) -> tuple[FrameSide, ...]:
    """The sides of the rectangle of pixels that have a value, where they lie inside the image.

    Sides on the image's own border are left out: there the image ends, not the map.

    Parameters
    ----------
    values
        ``(rows, columns)``, NaN where there is no value, as :meth:`.crop.Crop.to_image_grid` gives them.

    Returns
    -------
    tuple of FrameSide
        At most four; none where no pixel has a value, or every one has.
    """
    known = np.isfinite(values)
    rows, columns = np.flatnonzero(known.any(axis=1)), np.flatnonzero(known.any(axis=0))
    if rows.size == 0:
        return ()
    top, bottom = float(rows[0]), float(rows[-1] + 1)
    left, right = float(columns[0]), float(columns[-1] + 1)
    sides = []
    if top > 0:
        sides.append(FrameSide(top, left, top, right))
    if right < values.shape[1]:
        sides.append(FrameSide(top, right, bottom, right))
    if bottom < values.shape[0]:
        sides.append(FrameSide(bottom, left, bottom, right))
    if left > 0:
        sides.append(FrameSide(top, left, bottom, left))
    return tuple(sides)
