"""Filters that look at one pixel at a time, scaled by the largest magnitude in the whole image.

With x the intensity and M the image's largest |x| (PyRadiomics 3.0.1, "Image processing/filters"):

- square: (x / sqrt(M))²
- square root: sign(x) · sqrt(|x| · M)
- logarithm: sign(x) · log(|x| + 1) · M / log(M + 1)
- exponential: exp(x · log(M) / M)

All are computed in float64 and keep the image's range. On an image that is zero everywhere the scale is 0/0, and the
filtered image is zero by convention; so is the logarithm of an image whose values all vanish beside 1.
"""

from __future__ import annotations

import numpy as np


def square(values: np.ndarray, largest: float) -> np.ndarray:
    """``values``: the region's intensities, float32; ``largest``: M."""
    x = values.astype(np.float64)
    if largest == 0:
        return x
    return (1 / np.sqrt(largest) * x) ** 2


def square_root(values: np.ndarray, largest: float) -> np.ndarray:
    x = values.astype(np.float64)
    return np.copysign(np.sqrt(np.abs(x) * largest), x)


def logarithm(values: np.ndarray, largest: float) -> np.ndarray:
    x = values.astype(np.float64)
    if largest + 1 == 1:
        return np.zeros_like(x)
    return np.copysign(np.log(np.abs(x) + 1), x) * (largest / np.log(np.float64(largest) + 1))


def exponential(values: np.ndarray, largest: float) -> np.ndarray:
    x = values.astype(np.float64)
    if largest == 0:
        return x
    return np.exp(np.log(np.float64(largest)) / largest * x)
