"""From intensities to grey levels.

With a bin width w, level = ⌊x / w⌋ - ⌊min / w⌋ + 1: bins start at multiples of w, and the lowest level in the region is
1. With a bin count, the region's range is cut into that many equal bins. The lower edge is computed in the image's own
precision, as the reference does, because where all values are rounding noise that decides the level.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import FeatureError

LARGEST_LEVEL = 20_000


def grey_levels(values: np.ndarray, bin_width: float, bin_count: int | None) -> np.ndarray:
    """Levels of one image in the region, ``(n_pixels,)`` integers from 1.

    Parameters
    ----------
    values
        ``(n_pixels,)`` float32 or float64.

    Raises
    ------
    FeatureError
        More than 20,000 levels would be needed, or the filter that made the values overflowed.
    """
    lowest, highest = values.min(), values.max()
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise FeatureError("The intensities in the region are too large to be filtered. Rescale the image.")
    if bin_count is not None:
        return np.searchsorted(_equal_bins(lowest, highest, bin_count), values, side="right")
    width = values.dtype.type(bin_width)
    low_edge = np.float64(lowest - np.mod(lowest, width))
    n_levels = (np.float64(highest) - low_edge) / bin_width
    # Edges are low_edge + k · width in float64; far from zero neighbouring edges may be one number.
    step = np.float64(low_edge + bin_width) - low_edge
    if not n_levels < LARGEST_LEVEL - 2 or step <= 0:
        raise FeatureError(
            f"The intensities in the region span too many grey levels of width {bin_width:g}. "
            "Use a preset with a larger binWidth, or rescale the image."
        )
    # The quotient may miss by one where it rounds.
    x = values.astype(np.float64)
    level = ((x - low_edge) / step).astype(np.int64)
    level -= low_edge + level * step > x
    level += low_edge + (level + 1) * step <= x
    level += 1
    return level


def _equal_bins(lowest: np.floating, highest: np.floating, bin_count: int) -> np.ndarray:
    """Lower edges of equal bins, and one edge above all; in the image's own precision, whatever the NumPy version."""
    kind = type(lowest)
    if lowest == highest:
        lowest, highest = lowest - kind(0.5), highest + kind(0.5)
    step = (highest - lowest) / kind(bin_count)
    edges = np.arange(bin_count + 1).astype(kind) * step + lowest
    # The highest intensity belongs to the last bin.
    edges[-1] = highest + kind(1)
    return edges


@dataclass(frozen=True, eq=False)
class LevelStack:
    """The grey levels of several filtered images in one region.

    Parameters
    ----------
    levels
        ``(n_images, n_pixels)`` unsigned integers from 1.
    frame
        ``(n_images, box rows + 2, box columns + 2)``: the same levels in the bounding box, zero around the region.
    inside
        Positions of the region's pixels in the flattened bounding box.
    """

    levels: np.ndarray
    frame: np.ndarray
    inside: np.ndarray

    @classmethod
    def of(cls, levels: list[np.ndarray], box: np.ndarray, inside: np.ndarray) -> LevelStack:
        """Levels per image, the mask in its bounding box, and its positions."""
        largest = max(int(one.max()) for one in levels)
        # Bytes are moved and compared fastest, and hold what ordinary images need.
        stack = np.array(levels, dtype=np.uint8 if largest <= 255 else np.uint16)
        height, width = box.shape
        frame = np.zeros((len(levels), height + 2, width + 2), dtype=stack.dtype)
        rows, columns = np.divmod(inside, width)
        frame.reshape(len(levels), -1)[:, (rows + 1) * (width + 2) + columns + 1] = stack
        return cls(stack, frame, inside)

    @property
    def n_images(self) -> int:
        return len(self.levels)

    @property
    def n_pixels(self) -> int:
        return self.levels.shape[1]

    def take(self, box_values: np.ndarray) -> np.ndarray:
        """``(n, box rows, box columns)`` → ``(n, n_pixels)``."""
        return np.take(box_values.reshape(len(box_values), -1), self.inside, axis=1)

    @cached_property
    def largest(self) -> np.ndarray:
        """``(n_images,)``: the highest level of each image."""
        return self.levels.max(axis=1).astype(np.int64)

    @cached_property
    def counts(self) -> np.ndarray:
        """``(n_images, highest level + 1)``: pixels of each level."""
        size = int(self.largest.max()) + 1
        keys = self.levels + (np.arange(self.n_images, dtype=np.int64) * size)[:, None]
        return np.bincount(keys.ravel(), minlength=self.n_images * size).reshape(self.n_images, size)
