"""The square of tissue that a network looks at, and the way back from it to the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import SettingsError
from .roi import Roi
from .slice_image import SliceImage


@dataclass(frozen=True, eq=False)
class Crop:
    """A square of tissue cut out of a slice and resampled to as many rows as columns.

    Where the image's pixels are not square, a square of tissue is a rectangle of pixels.

    Parameters
    ----------
    pixels
        ``(size, size)`` float32, read-only.
    row0, column0
        The upper left corner in image pixels; the centre of the image's first pixel is (0, 0), its upper left corner
        (-0.5, -0.5). Negative where the crop reaches beyond the image.
    height, width
        Lengths along rows and columns in image pixels; the same where the image's pixels are square.
    """

    pixels: np.ndarray
    row0: float
    column0: float
    height: float
    width: float

    @property
    def side(self) -> float:
        """Length of the longer side in image pixels: of any side where the image's pixels are square."""
        return max(self.height, self.width)

    def to_image_grid(self, values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """Lay a map over this crop back on the image's grid, bilinearly.

        Parameters
        ----------
        values
            ``(h, w)``: any resolution, each cell standing for an equal part of the crop (a 4 × 4 class activation
            map, say). Between the outermost cell centres and the crop's edge the value stays that of the cell.
        shape
            ``(rows, columns)`` of the image.

        Returns
        -------
        numpy.ndarray
            ``(rows, columns)`` float32, NaN where a pixel's centre lies outside the crop.
        """
        values = np.asarray(values, dtype=np.float32)
        if values.ndim != 2 or values.size == 0:
            raise SettingsError(f"A map has rows and columns; this one has the shape {values.shape}.")
        result = np.full(shape, np.nan, dtype=np.float32)
        rows, row_weights = _placement(self.row0, self.height, values.shape[0], shape[0])
        columns, column_weights = _placement(self.column0, self.width, values.shape[1], shape[1])
        result[rows, columns] = row_weights @ values @ column_weights.T
        return result


def crop_around_roi(image: SliceImage, roi: Roi, *, size: int = 128, margin: float = 0.1) -> Crop:
    """Cut the square centred on the region's bounding box and resample it to ``size`` × ``size``.

    The square's side is the larger side of the bounding box times ``1 + 2 * margin``, in pixels. What lies beyond the
    image repeats its nearest edge pixel. Resampling is bilinear, with the kernel widened when shrinking (antialiased).

    Parameters
    ----------
    image, roi
        The slice and the region on its grid.
    size
        Side of the result in pixels.
    margin
        Border on each side as a fraction of the bounding box's larger side, >= 0.

    Raises
    ------
    RoiError
        ``roi`` has another size than ``image``.
    SettingsError
        ``size`` or ``margin`` is out of range.
    """
    roi.check_lies_on(image)
    if not 1 <= size <= 4096:
        raise SettingsError("The crop's size must lie between 1 and 4096 pixels.")
    if not 0.0 <= margin <= 10.0:
        raise SettingsError("The crop's margin must lie between 0 and 10.")

    box_row0, box_column0, box_row1, box_column1 = roi.bounding_box
    side = max(box_row1 - box_row0, box_column1 - box_column0) * (1.0 + 2.0 * margin)
    row0 = (box_row0 + box_row1 - 1 - side) / 2.0
    column0 = (box_column0 + box_column1 - 1 - side) / 2.0

    return cut_rectangle(image, row0, column0, side, side, size)


def cut_rectangle(image: SliceImage, row0: float, column0: float, height: float, width: float, size: int) -> Crop:
    """Resample a rectangle of the image to ``size`` × ``size``, as :func:`crop_around_roi` does its square.

    Parameters
    ----------
    image
        The slice.
    row0, column0, height, width
        The rectangle in image pixels, as :class:`Crop` has it. What lies beyond the image repeats its nearest edge
        pixel, and is laid out in memory: the caller bounds it.
    size
        Rows and columns of the result.
    """
    from PIL import Image

    rows, upper = _window(row0, height, size, image.shape[0])
    columns, left = _window(column0, width, size, image.shape[1])
    window = image.pixels.take(rows, axis=0).take(columns, axis=1)
    resized = Image.fromarray(window).resize(
        (size, size), Image.Resampling.BILINEAR, box=(left, upper, left + width, upper + height)
    )
    pixels = np.array(resized, dtype=np.float32)
    pixels.flags.writeable = False
    return Crop(pixels, row0, column0, height, width)


def _window(start: float, length: float, size: int, image_length: int) -> tuple[np.ndarray, float]:
    """Along one axis: the image indices to resample from, and where the rectangle begins among them, as Pillow counts.

    The kernel reaches one output pixel beyond the rectangle; those neighbours are real pixels where there are any.
    """
    reach = int(np.ceil(max(length / size, 1.0))) + 1
    first = int(np.floor(start)) - reach
    extent = int(np.ceil(length)) + 2 * reach + 2
    index = np.clip(np.arange(first, first + extent), 0, image_length - 1)
    # Pillow counts from the corner of the first pixel, half a pixel before its centre.
    return index, start + 0.5 - first


def _placement(start: float, side: float, cells: int, length: int) -> tuple[slice, np.ndarray]:
    """The image indices inside the crop along one axis and their ``(indices, cells)`` interpolation weights."""
    first = max(0, int(np.ceil(start)))
    last = min(length - 1, int(np.floor(start + side)))
    index = np.arange(first, last + 1)
    position = np.clip((index - start) * (cells / side) - 0.5, 0.0, cells - 1.0)
    below = np.minimum(position.astype(int), max(cells - 2, 0))
    fraction = position - below
    weights = np.zeros((len(index), cells), dtype=np.float32)
    weights[np.arange(len(index)), below] = 1.0 - fraction
    if cells > 1:
        weights[np.arange(len(index)), below + 1] += fraction
    return slice(first, last + 1), weights
