"""Grey level run lengths: how many pixels in a row share a level (Galloway 1975).

One matrix per direction (rows, columns, both diagonals); features are computed per matrix and averaged. Directions in
which every line of the region is a single pixel are left out.
Formulas: PyRadiomics 3.0.1, "Gray Level Run Length Matrix (GLRLM) Features".
"""

from __future__ import annotations

import numpy as np

from .cells import Cells, mean_over_directions
from .grey_levels import LevelStack
from .roi_grid import RoiGrid
from .size_emphasis import SizeNames, size_emphasis_features

_NAMES = SizeNames("ShortRun", "LongRun", "GrayLevelRunEmphasis", "RunLengthNonUniformity", "RunVariance", "RunEntropy")


def glrlm_features(stack: LevelStack, grid: RoiGrid) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """All GLRLM features of all images.

    Returns
    -------
    features
        Name → ``(n_images,)``.
    by_convention
        Name → ``(n_images,)`` bool: all features are 0 where no two pixels of the region share a line.
    """
    n_images, n_directions = stack.n_images, len(grid.run_orders)
    if n_directions == 0:
        names = [*size_emphasis_features(_no_cells(), _NAMES), "RunPercentage"]
        nothing = {name: np.zeros(n_images) for name in names}
        return nothing, {name: np.ones(n_images, dtype=bool) for name in names}
    per_direction = [_runs(stack, order, breaks) for order, breaks in grid.run_orders]
    # Matrices stand direction by direction.
    cells = Cells(
        n_images * n_directions,
        np.concatenate([runs.matrix + direction * n_images for direction, runs in enumerate(per_direction)]),
        np.concatenate([runs.i for runs in per_direction]),
        np.concatenate([runs.j for runs in per_direction]),
        np.concatenate([runs.count for runs in per_direction]),
    )
    per_matrix = size_emphasis_features(cells, _NAMES)
    per_matrix["RunPercentage"] = cells.sum(cells.count) / cells.sum(cells.count * cells.j)
    image = np.tile(np.arange(n_images), n_directions)
    features = {name: mean_over_directions(values, image, n_images) for name, values in per_matrix.items()}
    return features, {}


def _runs(stack: LevelStack, order: np.ndarray | None, breaks: np.ndarray) -> Cells:
    """Runs of all images along one direction: one matrix per image, level by length."""
    levels = stack.levels if order is None else np.take(stack.levels, order, axis=1)
    starts = np.empty(levels.shape, dtype=bool)
    np.not_equal(levels[:, 1:], levels[:, :-1], out=starts[:, 1:])
    # Every image's first pixel is a break, so that no run crosses from one image to the next.
    starts[:, 0] = True
    starts |= breaks
    first = np.flatnonzero(starts)
    length = np.diff(first, append=starts.size)
    image = np.repeat(np.arange(stack.n_images), np.count_nonzero(starts, axis=1))
    return Cells.counted(stack.n_images, image, levels.ravel()[first], length)


def _no_cells() -> Cells:
    nothing = np.zeros(0, dtype=np.int64)
    return Cells(1, nothing, nothing, nothing, np.zeros(0))
