"""Whether the images of one section lie on one grid, so that a pixel is the same place in each of them."""

from __future__ import annotations

import math

from ..errors import ImageError
from .slice_image import SliceImage

# As large as the rounding that file formats do to a pixel size.
_RELATIVE_TOLERANCE = 1e-3
_REMEDY = "resample it onto the grid of the image (T1 onto T2, for instance) before it is used as a channel."


def check_same_grid(first: SliceImage, other: SliceImage, *, name: str, remedy: str = _REMEDY) -> None:
    """Do nothing where ``other`` can be a channel of one network input beside the image ``first``.

    Parameters
    ----------
    name
        What ``other`` is called in a sentence: ``"T1"``, ``"image_t1"``.
    remedy
        What to do about another grid; the end of the sentence.

    Raises
    ------
    ImageError
        Other rows and columns, another pixel size, a pixel size that is known of one alone, or another place in the
        patient.
    """
    check_shape(first, other, name=name, remedy=remedy)
    if (first.spacing_mm is None) != (other.spacing_mm is None):
        which, known = ("the image", name) if first.spacing_mm is None else (name, "the image")
        raise ImageError(
            f"The pixel size of {which} is unknown and that of {known} is {_size(first.spacing_mm or other.spacing_mm)}"
            ": give the pixel size of both."
        )
    check_pixel_size(first.spacing_mm, other.spacing_mm, name=name, remedy=remedy)
    if first.geometry is None or other.geometry is None or first.spacing_mm is None:
        return
    if not first.geometry.agrees_with(other.geometry, max(first.spacing_mm)):
        raise ImageError(f"{name} and the image lie in different places of the patient: {remedy}")


def check_shape(first: SliceImage, other: SliceImage, *, name: str, remedy: str = _REMEDY) -> None:
    """As :func:`check_same_grid`, of the rows and columns alone."""
    if first.shape != other.shape:
        raise ImageError(
            f"{name} has {other.shape[0]} rows and {other.shape[1]} columns of pixels and the image has "
            f"{first.shape[0]} and {first.shape[1]}: {remedy}"
        )


def check_pixel_size(
    first: tuple[float, float] | None, other: tuple[float, float] | None, *, name: str, remedy: str = _REMEDY
) -> None:
    """As :func:`check_same_grid`, of pixel sizes ``(row_mm, column_mm)`` alone, where both are known."""
    if first is None or other is None:
        return
    if not all(math.isclose(*pair, rel_tol=_RELATIVE_TOLERANCE) for pair in zip(first, other, strict=True)):
        raise ImageError(f"The pixels of {name} are {_size(other)} and those of the image {_size(first)}: {remedy}")


def _size(spacing_mm: tuple[float, float] | None) -> str:
    return "unknown" if spacing_mm is None else f"{spacing_mm[0]:.4g} × {spacing_mm[1]:.4g} mm"
