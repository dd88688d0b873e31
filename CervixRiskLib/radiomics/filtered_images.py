"""The filtered images of a preset, in the region only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import intensity_filters
from .preset import Preset
from .roi_grid import RoiGrid

_INTENSITY_FILTERS = {
    "Square": intensity_filters.square,
    "SquareRoot": intensity_filters.square_root,
    "Logarithm": intensity_filters.logarithm,
    "Exponential": intensity_filters.exponential,
}


@dataclass(frozen=True, eq=False)
class FilteredImage:
    """One filtered image in the region.

    Parameters
    ----------
    name
        In PyRadiomics' naming (``"wavelet-LLH"``).
    image_type
        The image type of the parameter file that made it (``"Wavelet"``).
    values
        ``(n_pixels,)`` in the precision in which the reference holds this image: float32 or float64.
    by_convention
        Whether its formula has no value on this image, so that all its features rest on a convention.
    """

    name: str
    image_type: str
    values: np.ndarray
    by_convention: bool = False


def filtered_images(
    pixels: np.ndarray, grid: RoiGrid, spacing: tuple[float, float], preset: Preset
) -> list[FilteredImage]:
    """The images of ``preset`` in its order; ``pixels`` is the whole image, ``(rows, columns)`` float32."""
    made = {
        image.name: image for kind in preset.image_types for image in _images_of(kind, pixels, grid, spacing, preset)
    }
    return [made[name] for _, name in preset.image_names]


def _images_of(
    kind: str, pixels: np.ndarray, grid: RoiGrid, spacing: tuple[float, float], preset: Preset
) -> Iterator[FilteredImage]:
    settings = preset.settings_of(kind)
    if kind == "Original":
        yield FilteredImage("original", kind, _in_region(pixels, grid))
    elif kind in _INTENSITY_FILTERS:
        largest = max(float(pixels.max()), -float(pixels.min()))
        scale_is_convention = largest == 0 or (kind == "Logarithm" and largest + 1 == 1)
        filtered = _INTENSITY_FILTERS[kind](_in_region(pixels, grid), largest)
        yield FilteredImage(kind.lower(), kind, filtered, by_convention=scale_is_convention)
    elif kind == "Gradient":
        from .gradient import gradient_magnitude

        step = spacing if settings["gradientUseSpacing"] else (1.0, 1.0)
        yield FilteredImage("gradient", kind, gradient_magnitude(pixels, grid, step))
    elif kind == "Wavelet":
        from .wavelet import wavelet_bands

        bands = wavelet_bands(pixels, grid, settings["wavelet"], preset.force_2d)
        for letters, values in bands.items():
            yield FilteredImage(f"wavelet-{letters}", kind, values)
    elif kind == "LoG":
        from .image_type_names import image_names_of
        from .laplacian_of_gaussian import laplacian_of_gaussian

        names = image_names_of(kind, settings, preset.force_2d)
        for name, sigma in zip(names, settings["sigma"], strict=True):
            yield FilteredImage(name, kind, laplacian_of_gaussian(pixels, grid, spacing, sigma))
    elif kind == "LBP2D":
        from .lbp2d import lbp2d

        yield FilteredImage("lbp-2D", kind, lbp2d(pixels, grid, settings["lbp2DRadius"], settings["lbp2DSamples"]))
    else:
        from .lbp3d import lbp3d

        images, flat = lbp3d(pixels, grid)
        for name, values in images.items():
            yield FilteredImage(name, kind, values, by_convention=flat and name == "lbp-3D-k")


def _in_region(pixels: np.ndarray, grid: RoiGrid) -> np.ndarray:
    return grid.take(pixels[grid.top : grid.bottom, grid.left : grid.right])
