"""First-order statistics: the distribution of intensities in the region, whatever their places.

Formulas: PyRadiomics 3.0.1, "First Order Features" (IBSI, doi 10.1148/radiol.2020191145, intensity-based statistics and
intensity histogram; kurtosis here without subtracting 3).
"""

from __future__ import annotations

import numpy as np

from .cells import EPSILON
from .grey_levels import LevelStack


def first_order_features(
    values: np.ndarray, stack: LevelStack, voxel_volume: float, shift: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """All first-order features of all images.

    Parameters
    ----------
    values
        ``(n_images, n_pixels)`` float64 intensities.
    stack
        Their grey levels.
    voxel_volume
        Size of a pixel, for TotalEnergy: mm² in the plane, mm³ on a slice of 1 mm.
    shift
        Added to the intensities in Energy, TotalEnergy and RootMeanSquared (``voxelArrayShift``).

    Returns
    -------
    features
        Name → ``(n_images,)``.
    by_convention
        Name → ``(n_images,)`` bool: skewness and kurtosis are 0 where all intensities are equal, and the robust
        deviation is 0 where no pixel lies between the percentiles (two pixels only).
    """
    n_pixels = values.shape[1]
    # NumPy sorts faster than it selects ten order statistics.
    ordered = np.sort(values, axis=1)
    tenth, quarter, median, three_quarters, ninetieth = _percentiles(ordered, (0.10, 0.25, 0.50, 0.75, 0.90))
    minimum, maximum = ordered[:, 0], ordered[:, -1]
    mean = values.mean(axis=1)
    # The fourth power of what float32 can hold fits into float64 only below 1e77; the rest is found by the final check.
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = values - mean[:, None]
        mean_absolute_deviation = np.abs(deviation).mean(axis=1)
        squared = deviation * deviation
        second = squared.mean(axis=1)
        third = np.einsum("ij,ij->i", squared, deviation) / n_pixels
        fourth = np.einsum("ij,ij->i", squared, squared) / n_pixels
        shifted = values + shift if shift else values
        energy = np.square(shifted, out=squared).sum(axis=1)
        flat = (second == 0) | (minimum == maximum)
        divisor = np.where(flat, 1, second)
        skewness = np.where(flat, 0, third / divisor**1.5)
        kurtosis = np.where(flat, 0, fourth / divisor**2)
    robust_deviation, nothing_kept = _robust_deviation(ordered, tenth, ninetieth)
    probability = stack.counts / n_pixels
    features = {
        "10Percentile": tenth,
        "90Percentile": ninetieth,
        "Energy": energy,
        "Entropy": -(probability * np.log2(probability + EPSILON)).sum(axis=1),
        "InterquartileRange": three_quarters - quarter,
        "Kurtosis": kurtosis,
        "Maximum": maximum,
        "Mean": mean,
        "MeanAbsoluteDeviation": mean_absolute_deviation,
        "Median": median,
        "Minimum": minimum,
        "Range": maximum - minimum,
        "RobustMeanAbsoluteDeviation": robust_deviation,
        "RootMeanSquared": np.sqrt(energy / n_pixels),
        "Skewness": skewness,
        "StandardDeviation": np.sqrt(second),
        "TotalEnergy": energy * voxel_volume,
        "Uniformity": (probability**2).sum(axis=1),
        "Variance": second,
    }
    return features, {"Skewness": flat, "Kurtosis": flat, "RobustMeanAbsoluteDeviation": nothing_kept}


def _percentiles(ordered: np.ndarray, fractions: tuple[float, ...]) -> list[np.ndarray]:
    """Percentiles by linear interpolation between ``ordered`` intensities, ``(n_images,)`` each."""
    n_pixels = ordered.shape[1]
    results = []
    for fraction in fractions:
        position = fraction * (n_pixels - 1)
        low = int(np.floor(position))
        part = position - low
        first, second = ordered[:, low], ordered[:, min(low + 1, n_pixels - 1)]
        step = second - first
        # From the nearer end, as NumPy does, so that equal neighbours give exactly their value.
        results.append(second - step * (1 - part) if part >= 0.5 else first + step * part)
    return results


def _robust_deviation(ordered: np.ndarray, tenth: np.ndarray, ninetieth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean absolute deviation of what lies between the 10th and the 90th percentile, both included; and where none."""
    deviations = np.zeros(len(ordered))
    empty = np.zeros(len(ordered), dtype=bool)
    for image, (row, low, high) in enumerate(zip(ordered, tenth, ninetieth, strict=True)):
        kept = row[np.searchsorted(row, low, side="left") : np.searchsorted(row, high, side="right")]
        empty[image] = len(kept) == 0
        if len(kept):
            deviations[image] = np.abs(kept - kept.mean()).mean()
    return deviations, empty
