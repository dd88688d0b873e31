"""Grey level size zones: connected pixels of one level (Thibault et al. 2014), corners count as contact.

Zones are the connected components of a graph whose nodes are horizontal runs, not pixels: runs of one level in
neighbouring rows are joined where they overlap or touch at a corner.
Formulas: PyRadiomics 3.0.1, "Gray Level Size Zone Matrix (GLSZM) Features".
"""

from __future__ import annotations

import numpy as np

from .cells import Cells
from .grey_levels import LevelStack
from .size_emphasis import SizeNames, size_emphasis_features

_NAMES = SizeNames(
    "SmallArea", "LargeArea", "GrayLevelZoneEmphasis", "SizeZoneNonUniformity", "ZoneVariance", "ZoneEntropy"
)


def glszm_features(stack: LevelStack) -> dict[str, np.ndarray]:
    """All GLSZM features of all images: name → ``(n_images,)``."""
    image, level, size = _zones(stack.frame)
    cells = Cells.counted(stack.n_images, image, level, size)
    features = size_emphasis_features(cells, _NAMES)
    features["ZonePercentage"] = cells.sum(cells.count) / cells.sum(cells.count * cells.j)
    return features


def _zones(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image, level and size of each zone of a ``(n_images, rows, columns)`` frame that is zero outside the region."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    width = frame.shape[2]
    inside = frame != 0
    # A run starts where the level differs from the left, and ends where it differs from the right.
    changes = np.ones(frame.shape, dtype=bool)
    np.not_equal(frame[:, :, 1:], frame[:, :, :-1], out=changes[:, :, 1:])
    starts = changes & inside
    ends = np.zeros(frame.shape, dtype=bool)
    ends[:, :, :-1] = changes[:, :, 1:]
    ends &= inside
    first = np.flatnonzero(starts)
    length = np.flatnonzero(ends) - first + 1
    run_of = np.cumsum(starts.ravel(), dtype=np.int32)
    run_of -= 1

    above, below = frame[:, :-1], frame[:, 1:]
    edges = []
    # Straight below: one edge where the overlap of two runs begins.
    touch = (below == above) & (starts[:, 1:] | starts[:, :-1]) & inside[:, 1:]
    edges.append(_edges(touch, frame.shape, run_of, 0))
    # At corners: only where the runs do not overlap anyway, so an end above and a start below, or the reverse.
    touch = np.zeros_like(touch)
    np.equal(below[:, :, 1:], above[:, :, :-1], out=touch[:, :, 1:])
    touch[:, :, 1:] &= starts[:, 1:, 1:] & ends[:, :-1, :-1]
    edges.append(_edges(touch, frame.shape, run_of, -1))
    touch = np.zeros_like(touch)
    np.equal(below[:, :, :-1], above[:, :, 1:], out=touch[:, :, :-1])
    touch[:, :, :-1] &= ends[:, 1:, :-1] & starts[:, :-1, 1:]
    edges.append(_edges(touch, frame.shape, run_of, 1))
    lower, upper = (np.concatenate(column) for column in zip(*edges, strict=True))

    n_runs = len(first)
    graph = csr_array((np.ones(len(lower), dtype=np.int8), (lower, upper)), shape=(n_runs, n_runs))
    n_zones, zone = connected_components(graph, directed=False)
    size = np.bincount(zone, length, minlength=n_zones).astype(np.int64)
    representative = np.empty(n_zones, dtype=np.int64)
    representative[zone] = first
    level = frame.ravel()[representative].astype(np.int64)
    return representative // (frame.shape[1] * width), level, size


def _edges(touch: np.ndarray, shape: tuple[int, ...], run_of: np.ndarray, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Runs below and above at each touch; ``touch`` lacks the frame's first row, ``shift`` is the column above."""
    at = np.flatnonzero(touch)
    _, height, width = shape
    # Put the missing first row of each image back.
    lower = at + (at // ((height - 1) * width) + 1) * width
    return run_of[lower], run_of[lower - width + shift]
