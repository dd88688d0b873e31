"""Neighbouring grey tone difference: a pixel's level against the mean of its eight neighbours (Amadasun and King 1989).

Only neighbours inside the region count. A pixel without any counts towards its level with a difference of 0, as in the
reference. Formulas: PyRadiomics 3.0.1, "Neighbouring Gray Tone Difference Matrix (NGTDM) Features".
"""

from __future__ import annotations

import numpy as np

from .grey_levels import LevelStack

_COARSENESS_OF_UNIFORMITY = 1e6
# Few enough to stay in the processor's cache.
_PAIRS_AT_ONCE = 20_000


def ngtdm_features(stack: LevelStack) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """All NGTDM features of all images.

    Returns
    -------
    features
        Name → ``(n_images,)``.
    by_convention
        Name → ``(n_images,)`` bool: without any difference Coarseness is 10⁶, and Strength 0; with one level only,
        Contrast and Busyness are 0.
    """
    differences = _differences(stack)
    values = np.empty((5, stack.n_images))
    uniform = np.empty(stack.n_images, dtype=bool)
    one_level = np.empty(stack.n_images, dtype=bool)
    no_busyness = np.empty(stack.n_images, dtype=bool)
    for image in range(stack.n_images):
        level = np.flatnonzero(stack.counts[image]).astype(np.float64)
        p = stack.counts[image][stack.counts[image] > 0] / stack.n_pixels
        s = differences[image][: len(stack.counts[image])][stack.counts[image] > 0]
        values[:, image], uniform[image], one_level[image], no_busyness[image] = _of_one_image(
            level, p, s, stack.n_pixels
        )
    features = dict(zip(("Busyness", "Coarseness", "Complexity", "Contrast", "Strength"), values, strict=True))
    by_convention = {"Coarseness": uniform, "Strength": uniform, "Contrast": one_level, "Busyness": no_busyness}
    return features, by_convention


def _differences(stack: LevelStack) -> np.ndarray:
    """Σ |level - mean of neighbours| over the pixels of each level, ``(n_images, highest level + 1)``."""
    frame = stack.frame
    sums = stack.take(_neighbour_sum(frame, np.uint16 if frame.dtype == np.uint8 else np.uint32))
    n_neighbours = stack.take(_neighbour_sum((frame[:1] != 0).view(np.uint8), np.uint8))[0]
    alone = n_neighbours == 0
    mean = sums / np.where(alone, 1, n_neighbours)
    difference = np.abs(stack.levels - mean)
    difference[:, alone] = 0
    size = stack.counts.shape[1]
    keys = stack.levels + (np.arange(stack.n_images, dtype=np.int64) * size)[:, None]
    return np.bincount(keys.ravel(), difference.ravel(), minlength=stack.n_images * size).reshape(-1, size)


def _neighbour_sum(frame: np.ndarray, dtype: type[np.unsignedinteger]) -> np.ndarray:
    """Sum over the eight neighbours, ``(n_images, box rows, box columns)``."""
    rows: np.ndarray = frame[:, :-2].astype(dtype)
    rows += frame[:, 1:-1]
    rows += frame[:, 2:]
    sums = rows[:, :, :-2] + rows[:, :, 1:-1]
    sums += rows[:, :, 2:]
    sums -= frame[:, 1:-1, 1:-1]
    return sums


def _of_one_image(
    level: np.ndarray, p: np.ndarray, s: np.ndarray, n_pixels: int
) -> tuple[tuple[float, float, float, float, float], bool, bool, bool]:
    """The five values from level, share and difference of each level that occurs, and what of them is convention."""
    weighted = p * s
    total, sum_s = float(weighted.sum()), float(s.sum())
    n_levels = len(level)
    weighted_level = level * p
    contrast = spread = complexity = strength = 0.0
    # Sums over pairs of levels, some rows at a time: deep images have thousands of levels.
    step = max(1, _PAIRS_AT_ONCE // n_levels)
    for first in range(0, n_levels, step):
        rows = slice(first, first + step)
        distance = np.abs(level[rows, None] - level[None, :])
        squared = distance * distance
        both = p[rows, None] + p[None, :]
        contrast += float((p[rows, None] * p[None, :] * squared).sum())
        spread += float(np.abs(weighted_level[rows, None] - weighted_level[None, :]).sum())
        complexity += float((distance * (weighted[rows, None] + weighted[None, :]) / both).sum())
        strength += float((both * squared).sum())
    contrast = contrast * sum_s / n_pixels / (n_levels * (n_levels - 1)) if n_levels > 1 else 0.0
    complexity /= n_pixels
    strength = strength / sum_s if sum_s else 0.0
    values = (
        total / spread if spread else 0.0,
        1 / total if total else _COARSENESS_OF_UNIFORMITY,
        complexity,
        contrast,
        strength,
    )
    return values, total == 0, n_levels == 1, spread == 0
