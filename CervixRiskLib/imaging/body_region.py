"""Where on a slice the body lies."""

from __future__ import annotations

import numpy as np

# Grey values above this percentile (fat beside a surface coil, contrast medium) do not pull the threshold up.
_BRIGHTEST_PERCENTILE = 95.0
_BELOW_OTSU = 0.9
# A row or column of pixels this near the border and this full is a drawn frame.
_FRAME_BORDER = 0.05
_FRAME_FULL = 0.7
# Smaller parts are letters: of the slice, and of the largest part.
_LEAST_PART = 0.01
_LEAST_OF_LARGEST = 0.05
# On how many of its four sides a pixel inside the body has tissue; at the border of a slice that cuts the body off, dim
# muscle has none towards the border.
_SIDES = 3


def body_region(pixels: np.ndarray) -> np.ndarray:
    """The body as one filled region, without frames and letters burnt into the picture.

    Otsu's threshold (IEEE Transactions on Systems, Man, and Cybernetics 9 (1979) 62-66) finds tissue; what has tissue
    on three of its four sides is inside the body.

    Parameters
    ----------
    pixels
        ``(rows, columns)``, not negative; some hundred pixels along each axis are enough.

    Returns
    -------
    numpy.ndarray
        ``(rows, columns)`` bool; empty for an even slice.
    """
    from scipy.ndimage import label

    tissue = pixels > _BELOW_OTSU * _otsu_threshold(np.minimum(pixels, np.percentile(pixels, _BRIGHTEST_PERCENTILE)))
    for lines in (tissue, tissue.T):
        frame = lines.mean(axis=1) > _FRAME_FULL
        border = int(np.ceil(_FRAME_BORDER * len(lines)))
        frame[border : len(lines) - border] = False
        lines[frame] = False

    parts, count = label(tissue, structure=np.ones((3, 3), dtype=bool))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    tissue = (sizes >= max(_LEAST_PART * tissue.size, _LEAST_OF_LARGEST * sizes.max(), 1))[parts]

    reached = np.logical_or.accumulate
    directions = (
        reached(tissue, axis=0).view(np.uint8)
        + reached(tissue[::-1], axis=0)[::-1]
        + reached(tissue, axis=1)
        + reached(tissue[:, ::-1], axis=1)[:, ::-1]
    )
    return directions >= _SIDES


def _otsu_threshold(pixels: np.ndarray) -> float:
    """The grey value that divides the pixels into two classes with the largest variance between them."""
    counts, edges = np.histogram(pixels, bins=256)
    centres = (edges[:-1] + edges[1:]) / 2.0
    below = counts.cumsum()[:-1]
    above = pixels.size - below
    sums = (counts * centres).cumsum()
    mean_below = sums[:-1] / np.maximum(below, 1)
    mean_above = (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = below.astype(np.float64) * above * (mean_below - mean_above) ** 2
    return float(centres[int(between.argmax())])
