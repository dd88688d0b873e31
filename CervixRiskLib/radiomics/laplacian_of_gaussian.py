"""Laplacian of Gaussian in the plane, normalised across scales (ITK's LaplacianRecursiveGaussianImageFilter)."""

from __future__ import annotations

import numpy as np

from ..errors import FeatureError
from .roi_grid import RoiGrid


def laplacian_of_gaussian(pixels: np.ndarray, grid: RoiGrid, spacing: tuple[float, float], sigma: float) -> np.ndarray:
    """The filtered image in the region, ``(n_pixels,)`` float32.

    Parameters
    ----------
    pixels
        ``(rows, columns)`` float32, the whole image: the recursive filter remembers all of a line.
    spacing
        ``(row, column)`` distance between pixels.
    sigma
        Width of the Gaussian, in the unit of ``spacing``.

    Raises
    ------
    FeatureError
        The image is smaller than 4 pixels, or than the filter.
    """
    # SimpleITK takes a while to load, and is needed for this filter alone.
    import SimpleITK as sitk  # noqa: N813

    if min(pixels.shape) < 4 or any(
        length < np.ceil(sigma / step) + 1 for length, step in zip(pixels.shape, spacing, strict=True)
    ):
        raise FeatureError(
            f"The image is too small for a Laplacian of Gaussian of width {sigma:g}. "
            "Use a larger image, or take the width out of the preset."
        )
    image = sitk.GetImageFromArray(pixels)
    image.SetSpacing((spacing[1], spacing[0]))
    laplacian = sitk.LaplacianRecursiveGaussianImageFilter()
    laplacian.SetNumberOfThreads(1)
    laplacian.SetNormalizeAcrossScale(True)
    laplacian.SetSigma(sigma)
    filtered = sitk.GetArrayFromImage(laplacian.Execute(image))
    return grid.take(filtered[grid.top : grid.bottom, grid.left : grid.right])
