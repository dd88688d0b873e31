"""Grey level dependence: how many of a pixel's eight neighbours have (nearly) its level (Sun and Wee 1983).

Formulas: PyRadiomics 3.0.1, "Gray Level Dependence Matrix (GLDM) Features"; a pixel counts among its dependents.
"""

from __future__ import annotations

import numpy as np

from .cells import Cells
from .grey_levels import LevelStack
from .size_emphasis import SizeNames, size_emphasis_features

_NAMES = SizeNames(
    "SmallDependence",
    "LargeDependence",
    "GrayLevelEmphasis",
    "DependenceNonUniformity",
    "DependenceVariance",
    "DependenceEntropy",
)
_HALF_NEIGHBOURS = ((0, 1), (1, -1), (1, 0), (1, 1))


def gldm_features(stack: LevelStack, tolerance: int) -> dict[str, np.ndarray]:
    """All GLDM features of all images: name → ``(n_images,)``.

    Parameters
    ----------
    tolerance
        Largest difference of levels at which a neighbour is dependent (``gldm_a``).
    """
    dependence = stack.take(_dependence(stack.frame, tolerance))
    image = np.repeat(np.arange(stack.n_images), stack.n_pixels)
    cells = Cells.counted(stack.n_images, image, stack.levels.ravel(), dependence.ravel())
    features = size_emphasis_features(cells, _NAMES)
    # Level non-uniformity, normalised, is first-order Uniformity; the reference leaves it out.
    del features["GrayLevelNonUniformityNormalized"]
    return features


def _dependence(frame: np.ndarray, tolerance: int) -> np.ndarray:
    """``(n_images, box rows, box columns)`` uint8: 1 and the dependent neighbours of each pixel of the region."""
    counts = np.ones(frame.shape, dtype=np.uint8)
    inside = frame != 0
    for down, right in _HALF_NEIGHBOURS:
        rows = slice(0, frame.shape[1] - down), slice(down, None)
        columns = (
            (slice(0, frame.shape[2] - right), slice(right, None))
            if right >= 0
            else (slice(-right, None), slice(0, frame.shape[2] + right))
        )
        here, there = (slice(None), rows[0], columns[0]), (slice(None), rows[1], columns[1])
        if tolerance == 0:
            # Where both are outside the region they are equal too, but that is counted for no pixel of it.
            alike = (frame[here] == frame[there]).view(np.uint8)
        else:
            first, second = frame[here], frame[there]
            distance = np.maximum(first, second) - np.minimum(first, second)
            alike = ((distance <= tolerance) & inside[here] & inside[there]).view(np.uint8)
        counts[here] += alike
        counts[there] += alike
    return counts[:, 1:-1, 1:-1]
