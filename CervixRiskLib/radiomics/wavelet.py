"""One level of the stationary wavelet transform, in the plane or on a volume of one slice.

The reference transforms in float32, along columns, then rows, then (in three dimensions) slices, having doubled odd
lengths by wrapping round. Two slices that are equal leave nothing to the high pass across slices but rounding: which of
the filter's taps is added first decides it, so the order of the reference is kept here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .roi_grid import RoiGrid


def wavelet_bands(pixels: np.ndarray, grid: RoiGrid, wavelet: str, force_2d: bool) -> dict[str, np.ndarray]:
    """The bands in the region: name (``"LLH"``, or ``"LH"`` when ``force_2d``) → ``(n_pixels,)`` float32.

    Parameters
    ----------
    pixels
        ``(rows, columns)`` float32, the whole image. Where the filter would reach over the image's edge, all of
        it is transformed; a crop would wrap round elsewhere.
    """
    low, high = _taps(wavelet)
    # Values that overflow float32 are found, and said in a sentence, when they become grey levels.
    with np.errstate(over="ignore", invalid="ignore"):
        return _bands(pixels, grid, wavelet, force_2d, low, high)


def _bands(
    pixels: np.ndarray, grid: RoiGrid, wavelet: str, force_2d: bool, low: np.ndarray, high: np.ndarray
) -> dict[str, np.ndarray]:
    if grid.margin_to_edge() >= len(low) // 2:
        in_plane = _bands_of_crop(pixels, grid, low, high)
    else:
        in_plane = _bands_of_image(pixels, grid, wavelet)
    if force_2d:
        return in_plane
    order = _tap_order_on_two_slices(len(low))
    bands = {}
    for name, values in in_plane.items():
        for letter, taps in (("L", low), ("H", high)):
            summed = taps[order[0]] * values
            for tap in order[1:]:
                summed += taps[tap] * values
            bands[name + letter] = summed
    return bands


@lru_cache(maxsize=32)
def _taps(wavelet: str) -> tuple[np.ndarray, np.ndarray]:
    """The low and high pass taps, float32 as PyWavelets has them (their last bit differs from its float64 ones)."""
    import pywt

    filters = pywt.Wavelet(wavelet)
    n_taps = filters.dec_len
    impulse = np.zeros(4 * n_taps, dtype=np.float32)
    impulse[2 * n_taps] = 1
    approximation, detail = pywt.swt(impulse, filters, level=1)[0]
    first = 2 * n_taps - n_taps // 2
    taps = approximation[first : first + n_taps].copy(), detail[first : first + n_taps].copy()
    for one in taps:
        one.flags.writeable = False
    return taps


def _tap_order_on_two_slices(n_taps: int) -> list[int]:
    """The order in which PyWavelets adds the taps for the first of two samples."""
    half = n_taps // 2
    return [*range(half - 2, -1, -1), *range(max(half - 1, 0), n_taps)]


def _bands_of_crop(pixels: np.ndarray, grid: RoiGrid, low: np.ndarray, high: np.ndarray) -> dict[str, np.ndarray]:
    n_taps = len(low)
    rows, columns, _, _ = grid.window(n_taps // 2)
    crop = pixels[rows, columns]
    height, width = grid.box.shape
    bands = {}
    for first_letter, first_taps in (("L", low), ("H", high)):
        filtered = _convolve(crop, first_taps, width, axis=1)
        for second_letter, second_taps in (("L", low), ("H", high)):
            bands[first_letter + second_letter] = grid.take(_convolve(filtered, second_taps, height, axis=0))
    return bands


def _convolve(values: np.ndarray, taps: np.ndarray, length: int, axis: int) -> np.ndarray:
    """Σ_j taps[j] · x[o + n/2 - j], added in this order in float32, for the ``length`` outputs of the bounding box."""
    n_taps = len(taps)

    def shifted(tap: int) -> np.ndarray:
        window: list[Any] = [slice(None), slice(None)]
        # The crop begins n/2 pixels before the box.
        start = n_taps - tap
        window[axis] = slice(start, start + length)
        return values[tuple(window)]

    summed = taps[0] * shifted(0)
    scratch = np.empty_like(summed)
    for tap in range(1, n_taps):
        np.multiply(shifted(tap), taps[tap], out=scratch)
        summed += scratch
    return summed


def _bands_of_image(pixels: np.ndarray, grid: RoiGrid, wavelet: str) -> dict[str, np.ndarray]:
    import pywt

    even = np.pad(pixels, [(0, length % 2) for length in pixels.shape], mode="wrap")
    transformed = pywt.swtn(even, pywt.Wavelet(wavelet), level=1, start_level=0, axes=(1, 0))[0]
    box = slice(grid.top, grid.bottom), slice(grid.left, grid.right)
    return {
        name.replace("a", "L").replace("d", "H"): grid.take(np.ascontiguousarray(band[box]))
        for name, band in transformed.items()
    }
