"""From a slice to what a network is shown: one square of tissue, denoised, its edges and contrast brought out.

Source: Dai et al. 2025, doi 10.3389/fonc.2025.1557486, which names Gaussian denoising, an edge-enhancing filter and
contrast adjustment and prints no value for any of them; see :class:`SlicePreprocessing` for ours.

The square is cut and resampled first and filtered afterwards. So every filter works on the scale that the network sees,
the same for every scanner's matrix, at the same cost; what was finer than that is averaged by the resampling anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import ImageError, RoiError
from .channel_grid import check_same_grid
from .contrast_equalisation import equalise_contrast
from .crop import Crop, cut_rectangle
from .preprocessing_settings import SlicePreprocessing
from .roi import Roi
from .slice_image import SliceImage

# A square this many times larger than the slice says that the pixel size is wrong.
_LARGEST_SQUARE = 10.0
# Cells of the square that the image only grazes, by rounding, are not part of it.
_GRAZING = 1e-6


def preprocess_slice(image: SliceImage, roi: Roi | None, settings: SlicePreprocessing) -> Crop:
    """Cut the square of tissue, denoise it, sharpen its edges, scale it to 0-1 and equalise its contrast.

    Networks bring crops to mean 0 and standard deviation 1 themselves (:func:`CervixRiskLib.networks.zscore_crops`);
    that is not done here.

    Parameters
    ----------
    image
        The slice.
    roi
        The tumour on the slice's grid. Only a square centred on it needs it.
    settings
        What to do.

    Returns
    -------
    Crop
        Pixels from 0 to 1, ``(size, size)``; a slice without any contrast becomes 0 everywhere.
        :meth:`Crop.to_image_grid` lays a heat map over the square back on the slice.

    Raises
    ------
    RoiError
        The square is centred on the tumour and there is none, or it lies on another grid.
    ImageError
        The square has a size in mm and the slice's pixel size is unknown or cannot be right.
    """
    row0, column0, height, width = _square(image, roi, settings)
    crop = cut_rectangle(image, row0, column0, height, width, settings.size)
    covered = _covered_cells(crop, image.shape)
    pixels = _to_unit_range(crop.pixels)
    if pixels.any():
        pixels = _denoise(pixels, settings.denoise_sigma)
        # Before sharpening: the dark rim it draws around bright tissue would lift air off black.
        low, high = _limits(pixels[covered], settings.low_percentile, settings.high_percentile)
        pixels = np.clip((_sharpen(pixels, settings) - low) * (1.0 / (high - low)), 0.0, 1.0)
        if settings.padding == "zero":
            # Blackened after filtering, so that no filter makes an edge of the image's border.
            inside = np.zeros_like(pixels)
            inside[covered] = pixels[covered]
            pixels = inside
        if settings.clahe_clip > 0.0:
            pixels = equalise_contrast(pixels, clip=settings.clahe_clip, tiles=settings.clahe_tiles)
    pixels.flags.writeable = False
    return Crop(pixels, row0, column0, height, width)


def preprocess_channels(
    images: Sequence[SliceImage], roi: Roi | None, settings: SlicePreprocessing
) -> tuple[Crop, ...]:
    """Preprocess several images of one section, T1 and T2 say, to the channels of one network input.

    Each image is filtered and scaled by itself; all share one square.

    Parameters
    ----------
    images
        At least one; all on one grid.
    roi, settings
        See :func:`preprocess_slice`.

    Raises
    ------
    ImageError
        No image, or images of different grids: other rows and columns, pixel sizes, or places in the patient.
    RoiError
        See :func:`preprocess_slice`.
    """
    if not images:
        raise ImageError("A case needs at least one image.")
    for number, further in enumerate(images[1:], 2):
        check_same_grid(images[0], further, name=f"Channel {number}")
    return tuple(preprocess_slice(image, roi, settings) for image in images)


def _square(image: SliceImage, roi: Roi | None, settings: SlicePreprocessing) -> tuple[float, float, float, float]:
    """Row, column, height and width of the square of tissue in image pixels, as :class:`Crop` has them."""
    if roi is not None:
        roi.check_lies_on(image)
    rows, columns = image.shape
    if settings.centre == "roi":
        if roi is None:
            raise RoiError(
                "The square is centred on the tumour, but this slice has no region of interest: draw the tumour, or "
                "choose the slice's centre."
            )
        box_row0, box_column0, box_row1, box_column1 = roi.bounding_box
    else:
        box_row0, box_column0, box_row1, box_column1 = 0, 0, rows, columns

    # Sizes of a pixel in mm; where they are unknown or equal, in pixels.
    row_size, column_size = image.spacing_mm or (1.0, 1.0)
    if settings.field_of_view_mm is None and row_size == column_size:
        row_size = column_size = 1.0
    if settings.field_of_view_mm is not None:
        if image.spacing_mm is None:
            raise ImageError(
                f"The pixel size of this slice is unknown, so {settings.field_of_view_mm:g} mm of it cannot be cut "
                "out: give the pixel size, or preprocess without a field of view."
            )
        side = settings.field_of_view_mm
        if side > _LARGEST_SQUARE * max(rows * row_size, columns * column_size):
            raise ImageError(
                f"By its pixel size the slice is only {max(rows * row_size, columns * column_size):.3g} mm long, and "
                f"{side:g} mm were asked for: check the pixel size."
            )
    elif settings.margin is not None:
        box_side = max((box_row1 - box_row0) * row_size, (box_column1 - box_column0) * column_size)
        side = box_side * (1.0 + 2.0 * settings.margin)
    else:
        side = max(rows * row_size, columns * column_size)
    height, width = side / row_size, side / column_size
    return (box_row0 + box_row1 - 1 - height) / 2.0, (box_column0 + box_column1 - 1 - width) / 2.0, height, width


def _covered_cells(crop: Crop, shape: tuple[int, int]) -> tuple[slice, slice]:
    """The cells of a crop that lie on the image, at least one along each axis."""

    def along(start: float, length: float, cells: int, image_length: int) -> slice:
        first = int(np.floor((-0.5 - start) * cells / length + _GRAZING))
        end = int(np.ceil((image_length - 0.5 - start) * cells / length - _GRAZING))
        first = min(max(first, 0), cells - 1)
        return slice(first, min(max(end, first + 1), cells))

    size = crop.pixels.shape[0]
    return along(crop.row0, crop.height, size, shape[0]), along(crop.column0, crop.width, size, shape[1])


def _to_unit_range(pixels: np.ndarray) -> np.ndarray:
    """The pixels from 0 to 1 by their extremes, so that the filters neither overflow nor lose a large offset."""
    low, high = float(pixels.min()), float(pixels.max())
    if low == high:
        return np.zeros_like(pixels)
    return ((pixels.astype(np.float64) - low) / (high - low)).astype(np.float32)


def _denoise(pixels: np.ndarray, sigma: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(pixels, sigma, mode="nearest") if sigma > 0.0 else pixels


def _sharpen(pixels: np.ndarray, settings: SlicePreprocessing) -> np.ndarray:
    """``x + amount * (x - G(x))``; for "laplacian" ``x - amount * sigma² / 2 * laplace(G(x))``."""
    from scipy.ndimage import gaussian_filter, laplace

    if settings.edge == "none" or settings.edge_amount == 0.0:
        return pixels
    smooth = gaussian_filter(pixels, settings.edge_sigma, mode="nearest")
    if settings.edge == "unsharp":
        return pixels + settings.edge_amount * (pixels - smooth)
    return pixels - settings.edge_amount * settings.edge_sigma**2 / 2.0 * laplace(smooth, mode="nearest")


def _limits(pixels: np.ndarray, low_percentile: float, high_percentile: float) -> tuple[float, float]:
    """The grey values that become 0 and 1: two percentiles, one behind the other.

    Where both are the same value, as in a dark slice with one bright dot, the extremes take their place, and where
    those are the same too, whatever is brighter becomes 1.
    """
    low, high = (float(value) for value in np.percentile(pixels, (low_percentile, high_percentile)))
    if low == high:
        low, high = float(pixels.min()), float(pixels.max())
    return (low, high) if low < high else (low, low + 1.0)
