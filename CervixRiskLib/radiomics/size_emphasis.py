"""The features that run lengths, zone sizes and dependences share: how counts spread over level (i) and size (j).

With P(i, j) the counts and N their sum (Galloway 1975; Thibault et al. 2014; Sun and Wee 1983; formulas as PyRadiomics
3.0.1 states them for GLRLM, GLSZM and GLDM). The classes differ only in what they call a size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .cells import EPSILON, Cells


@dataclass(frozen=True)
class SizeNames:
    """What a class calls its features: ``ShortRun`` … ``Run`` … for run lengths."""

    small: str
    large: str
    level: str
    size_non_uniformity: str
    size_variance: str
    entropy: str


def size_emphasis_features(cells: Cells, names: SizeNames) -> dict[str, np.ndarray]:
    """Name → value per matrix, NaN for an empty matrix."""
    count, matrix = cells.count, cells.matrix
    i2, j2 = cells.i.astype(np.float64) ** 2, cells.j.astype(np.float64) ** 2
    n = cells.sum(count)
    n[n == 0] = np.nan
    level = cells.marginal(cells.i)
    size = cells.marginal(cells.j)
    level_squares = level.sum(level.total**2)
    size_squares = size.sum(size.total**2)
    level_share = level.total / n[level.matrix]
    size_share = size.total / n[size.matrix]
    level_mean = level.sum(level_share * level.value)
    size_mean = size.sum(size_share * size.value)
    share = count / n[matrix]
    low, high = f"Low{names.level}", f"High{names.level}"
    # "ShortRunLowGrayLevelEmphasis": the level's part of the name is bare in the joint features.
    joint_low, joint_high = "LowGrayLevelEmphasis", "HighGrayLevelEmphasis"
    return {
        "GrayLevelNonUniformity": level_squares / n,
        "GrayLevelNonUniformityNormalized": level_squares / n**2,
        "GrayLevelVariance": level.sum(level_share * (level.value - level_mean[level.matrix]) ** 2),
        names.size_non_uniformity: size_squares / n,
        f"{names.size_non_uniformity}Normalized": size_squares / n**2,
        names.size_variance: size.sum(size_share * (size.value - size_mean[size.matrix]) ** 2),
        names.entropy: -cells.sum(share * np.log2(share + EPSILON)),
        f"{names.small}Emphasis": cells.sum(count / j2) / n,
        f"{names.large}Emphasis": cells.sum(count * j2) / n,
        low: cells.sum(count / i2) / n,
        high: cells.sum(count * i2) / n,
        f"{names.small}{joint_low}": cells.sum(count / (i2 * j2)) / n,
        f"{names.small}{joint_high}": cells.sum(count * i2 / j2) / n,
        f"{names.large}{joint_low}": cells.sum(count * j2 / i2) / n,
        f"{names.large}{joint_high}": cells.sum(count * (j2 * i2)) / n,
    }
