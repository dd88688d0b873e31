"""Whether several regions lie on one grid, so that their pixels can be compared."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..errors import RoiError
from .roi import Roi

# As large as the rounding that file formats do to a pixel size.
_RELATIVE_TOLERANCE = 1e-3


def check_same_grid(rois: Sequence[Roi]) -> None:
    """Do nothing where all regions have the first one's size and pixel size.

    Raises
    ------
    RoiError
        Another size, another pixel size, or a pixel size that is known of some regions and unknown of others.
    """
    first = rois[0]
    for other in rois[1:]:
        if other.shape != first.shape:
            raise RoiError(
                f"Contours of images of different size ({first.shape[0]} × {first.shape[1]} and {other.shape[0]} × "
                f"{other.shape[1]} pixels) cannot be compared: choose contours of the same image."
            )
        if first.spacing_mm is None or other.spacing_mm is None:
            if first.spacing_mm is not other.spacing_mm:
                raise RoiError("The pixel size is known of one contour only: read both contours on the same image.")
            continue
        if not all(
            math.isclose(*pair, rel_tol=_RELATIVE_TOLERANCE)
            for pair in zip(first.spacing_mm, other.spacing_mm, strict=True)
        ):
            raise RoiError("The contours have different pixel sizes: choose contours of the same image.")
