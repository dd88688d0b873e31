"""The region of interest: the tumour as a reader delineated it on one slice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import RoiError
from .feret import max_feret_diameter
from .polygon import fill_polygon
from .slice_image import SliceImage

# Pixels that touch at a corner belong together; the background between them does not (the usual 8/4 pair).
_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, eq=False)
class Roi:
    """A mask on an image's grid, never empty.

    Parameters
    ----------
    mask
        ``(rows, columns)`` bool, read-only.
    spacing_mm
        ``(row_mm, column_mm)`` of the image, ``None`` when unknown.

    Raises
    ------
    RoiError
        The mask has no rows and columns or no pixel is set.
    """

    mask: np.ndarray
    spacing_mm: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        mask = np.asarray(self.mask)
        if mask.dtype != np.bool_:
            mask = mask != 0
        mask = np.array(mask, dtype=bool, order="C", copy=True)
        if mask.ndim != 2:
            raise RoiError(f"A region of interest has rows and columns; this one has the shape {mask.shape}.")
        if not mask.any():
            raise RoiError("The region of interest is empty: no pixel is marked. Draw the tumour and save it again.")
        mask.flags.writeable = False
        object.__setattr__(self, "mask", mask)

    @classmethod
    def from_mask(cls, mask: np.ndarray, image: SliceImage) -> Roi:
        """The pixels of ``mask`` ``(rows, columns)`` that are not zero.

        Raises
        ------
        RoiError
            ``mask`` is empty, has another size than ``image``, or holds NaN.
        """
        mask = np.asarray(mask)
        _check_size(mask, image)
        if mask.dtype.kind == "f" and not np.isfinite(mask).all():
            raise RoiError("The region of interest holds values that are not numbers (NaN or infinite).")
        return cls(mask != 0, image.spacing_mm)

    @classmethod
    def from_polygon(cls, points_rc: np.ndarray | Sequence[Sequence[float]], image: SliceImage) -> Roi:
        """The pixels whose centre lies inside a closed polygon or on its outline; see :mod:`.polygon`.

        Parameters
        ----------
        points_rc
            ``(n, 2)`` vertices as (row, column) in pixels; the centre of the first pixel is (0, 0). Parts outside the
            image are cut off.

        Raises
        ------
        RoiError
            Fewer than three points, points that are not finite numbers, or a polygon that holds no pixel's centre.
        """
        try:
            points = np.asarray(points_rc, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise RoiError("A contour is a list of points, each a row and a column in pixels.") from error
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
            raise RoiError("A contour needs at least three points, each a row and a column in pixels.")
        if not np.isfinite(points).all():
            raise RoiError("The contour holds points that are not numbers (NaN or infinite).")
        mask = fill_polygon(points, image.shape)
        if not mask.any():
            raise RoiError("The contour encloses no pixel of the image. Points are (row, column) in pixels.")
        return cls(mask, image.spacing_mm)

    @property
    def shape(self) -> tuple[int, int]:
        """``(rows, columns)`` of the image."""
        rows, columns = self.mask.shape
        return rows, columns

    @cached_property
    def n_pixels(self) -> int:
        return int(np.count_nonzero(self.mask))

    @property
    def area_mm2(self) -> float | None:
        """Area in mm², ``None`` when the pixel size is unknown."""
        if self.spacing_mm is None:
            return None
        return self.n_pixels * self.spacing_mm[0] * self.spacing_mm[1]

    @cached_property
    def max_diameter_px(self) -> float:
        """Largest calliper diameter in pixels, from pixel corner to pixel corner."""
        return max_feret_diameter(self.mask)

    @cached_property
    def max_diameter_mm(self) -> float | None:
        """Largest calliper diameter in mm, from corner to corner; ``None`` when the pixel size is unknown."""
        return None if self.spacing_mm is None else max_feret_diameter(self.mask, self.spacing_mm)

    @cached_property
    def bounding_box(self) -> tuple[int, int, int, int]:
        """``(row0, column0, row1, column1)``: first row and column, and one past the last, as in a Python slice."""
        rows = np.flatnonzero(self.mask.any(axis=1))
        columns = np.flatnonzero(self.mask[rows[0] : rows[-1] + 1].any(axis=0))
        return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1

    @property
    def touches_border(self) -> bool:
        """Whether the region reaches the image's first or last row or column, so that part of it may be missing."""
        row0, column0, row1, column1 = self.bounding_box
        return row0 == 0 or column0 == 0 or row1 == self.mask.shape[0] or column1 == self.mask.shape[1]

    @cached_property
    def component_count(self) -> int:
        """How many separate parts; parts that touch at a corner are one."""
        from scipy.ndimage import label

        return int(label(self._inside_box(), structure=_EIGHT_NEIGHBOURS)[1])

    @cached_property
    def hole_count(self) -> int:
        """How many holes: background that touches the outside not even along a pixel's edge."""
        from scipy.ndimage import label

        background = np.pad(~self._inside_box(), 1, constant_values=True)
        return int(label(background)[1]) - 1

    @cached_property
    def mask_hash(self) -> str:
        """SHA-256 of size and pixels, in hex: the same for the same mask, whatever file it came from."""
        rows, columns = self.mask.shape
        return hashlib.sha256(f"{rows}x{columns}:".encode() + np.packbits(self.mask).tobytes()).hexdigest()

    def check_lies_on(self, image: SliceImage) -> None:
        """Raise ``RoiError`` unless the region has the size of ``image``."""
        _check_size(self.mask, image)

    def _inside_box(self) -> np.ndarray:
        row0, column0, row1, column1 = self.bounding_box
        return self.mask[row0:row1, column0:column1]


def _check_size(mask: np.ndarray, image: SliceImage) -> None:
    if mask.shape != image.shape:
        raise RoiError(
            f"The region of interest has {_size(mask.shape)} but the image has {_size(image.shape)} "
            "(rows × columns). Save it on the grid of this image."
        )


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(str(length) for length in shape)
