"""Z-score normalisation of image crops, the only intensity normalisation a network here sees."""

from __future__ import annotations

import numpy as np

from ..errors import SettingsError


def zscore_crops(crops: np.ndarray) -> np.ndarray:
    """Bring each crop, and each channel of it, to mean 0 and standard deviation 1 over its own pixels.

    ``z = (x - mean(x)) / std(x)`` with the population standard deviation (Wang et al. 2025, section 2.4). A crop
    without contrast becomes zero. Sums run in float64, so a crop's result does not depend on its brightness offset.

    Parameters
    ----------
    crops
        ``(n, rows, columns)`` or ``(n, channels, rows, columns)``, finite.

    Returns
    -------
    numpy.ndarray
        ``(n, channels, rows, columns)`` float32; one channel for three-dimensional input.

    Raises
    ------
    SettingsError
        Another number of dimensions, an empty crop, or values that are not finite.
    """
    array = np.asarray(crops)
    if array.ndim == 3:
        array = array[:, np.newaxis]
    if array.ndim != 4 or 0 in array.shape[1:]:
        raise SettingsError(
            f"Crops come as (cases, rows, columns) or (cases, channels, rows, columns), not {np.shape(crops)}."
        )
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        raise SettingsError("A crop holds values that are not numbers (NaN or infinite): export the image again.")
    centred = values - values.mean(axis=(2, 3), keepdims=True)
    spread = np.sqrt(np.mean(np.square(centred), axis=(2, 3), keepdims=True))
    # Rounding of a constant crop leaves a spread of the order of its epsilon, which is no contrast.
    flat = spread <= 1e-12 * np.maximum(np.abs(values).max(axis=(2, 3), keepdims=True), np.finfo(np.float64).tiny)
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, spread)).astype(np.float32)


def network_crops(crops: np.ndarray, title: str, *, in_channels: int, input_size: int) -> np.ndarray:
    """:func:`zscore_crops` for the network ``title``, which takes ``(n, in_channels, input_size, input_size)``.

    Raises
    ------
    SettingsError
        The crops have another size or number of channels.
    """
    images = zscore_crops(crops)
    if images.shape[1:] != (in_channels, input_size, input_size):
        raise SettingsError(
            f"{title} was set up for crops of {input_size} x {input_size} pixels with {in_channels} "
            f"channel(s); these have {images.shape[2]} x {images.shape[3]} with {images.shape[1]}."
        )
    return images
