"""Three-dimensional local binary patterns on one slice (Banerjee et al. 2013, doi 10.1007/978-3-642-37410-4_3).

Each pixel is compared with 42 samples on a unit sphere around it (cubic splines, zero outside the image). ``m1`` and
``m2`` are the norms of the pattern's spherical harmonics of degree 0 and 1, ``k`` the excess kurtosis of the samples.

On one slice 34 of the 42 samples lie outside the volume and are zero. So the pattern has 2 × 2⁸ forms, tabulated once,
and the kurtosis has 8 samples that vary. Of those, 4 fall on neighbouring pixels and 4 between pixels.

The reference holds the samples in float32 and sums them in NumPy's order of eight partial sums; both are repeated.
Where a pixel is exactly zero the comparison with a zero neighbour is decided by the spline's rounding on the whole
image, so those pixels go through the same spline arithmetic as in the reference.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Literal

import numpy as np

from .icosphere import directions, directions_in_plane
from .roi_grid import RoiGrid

# The spline prefilter's memory: 0.268 to this power is far below what float64 can hold beside 1.
_MARGIN = 32
_ACCUMULATORS = 8


def lbp3d(pixels: np.ndarray, grid: RoiGrid) -> tuple[dict[str, np.ndarray], bool]:
    """The three images in the region.

    Parameters
    ----------
    pixels
        ``(rows, columns)`` float32, the whole image.

    Returns
    -------
    images
        ``"lbp-3D-m1"``, ``"lbp-3D-m2"``, ``"lbp-3D-k"`` → ``(n_pixels,)`` float64 (k holds float32 values).
    flat
        Whether at some pixel all samples are equal. Its kurtosis is 0/0, and 0 by convention; the reference fails.
    """
    centre = grid.take(pixels[grid.top : grid.bottom, grid.left : grid.right])
    samples = _samples(pixels, grid, centre)
    # The samples outside the slice are zero: "not less than the centre" unless the centre is positive.
    pattern = (centre <= 0).astype(np.intp)
    for sample in samples:
        pattern *= 2
        pattern += sample >= centre
    degree_0, degree_1 = _pattern_table()
    kurtosis, flat = _kurtosis_of_samples(samples)
    images = {
        "lbp-3D-m1": degree_0[pattern],
        "lbp-3D-m2": degree_1[pattern],
        "lbp-3D-k": kurtosis.astype(np.float64),
    }
    return images, flat


def _samples(pixels: np.ndarray, grid: RoiGrid, centre: np.ndarray) -> list[np.ndarray]:
    """The 8 in-plane samples of each pixel, ``(n_pixels,)`` float32, in the order of the directions."""
    from scipy import ndimage

    zeros = np.flatnonzero(centre == 0)
    # A black patch rings with the spline of all that surrounds it, however faintly: only the whole image gives that.
    rows, columns, top, left = grid.window(_MARGIN if len(zeros) == 0 else max(pixels.shape))
    crop = pixels[rows, columns]
    # "constant" extends by mirroring in the prefilter and by zero when sampling, in SciPy as in the reference.
    spline = ndimage.spline_filter(crop, order=3, output=np.float64, mode="constant")
    height, width = grid.box.shape
    # Two pixels around the box, so that a sample's four spline knots exist; beyond the image they mirror.
    knots = _around_box(spline, top, left, height, width, 2, "reflect")
    values = _around_box(crop, top, left, height, width, 1, "constant")
    in_image_rows = np.arange(grid.top, grid.bottom)
    in_image_columns = np.arange(grid.left, grid.right)
    samples = []
    along_rows: dict[float, np.ndarray] = {}
    for row, column in directions()[directions_in_plane(), 1:]:
        if row == int(row) and column == int(column):
            box = values[1 + int(row) : 1 + int(row) + height, 1 + int(column) : 1 + int(column) + width]
            sample = grid.take(box).astype(np.float32)
            if len(zeros):
                _repeat_reference_at_ties(sample, zeros, spline, grid, top, left, row, column)
        else:
            if row not in along_rows:
                along_rows[row] = _interpolate(knots, row, height, axis=0)
            box = _interpolate(along_rows[row], column, width, axis=1).astype(np.float32)
            outside_rows = (in_image_rows + row < 0) | (in_image_rows + row > pixels.shape[0] - 1)
            outside_columns = (in_image_columns + column < 0) | (in_image_columns + column > pixels.shape[1] - 1)
            box[outside_rows, :] = 0
            box[:, outside_columns] = 0
            sample = grid.take(box)
        samples.append(sample)
    return samples


def _around_box(
    values: np.ndarray, top: int, left: int, height: int, width: int, margin: int, mode: Literal["reflect", "constant"]
) -> np.ndarray:
    """The box at (``top``, ``left``) with a margin, continued by ``mode`` where ``values`` ends."""
    before = max(margin - top, 0), max(margin - left, 0)
    after = (
        max(top + height + margin - values.shape[0], 0),
        max(left + width + margin - values.shape[1], 0),
    )
    padded = np.pad(values, list(zip(before, after, strict=True)), mode=mode) if any(before + after) else values
    first_row, first_column = top + before[0] - margin, left + before[1] - margin
    return padded[first_row : first_row + height + 2 * margin, first_column : first_column + width + 2 * margin]


def _interpolate(knots: np.ndarray, offset: float, length: int, axis: int) -> np.ndarray:
    """Cubic B-spline at ``offset`` (between -1 and 1) from each of ``length`` positions; ``knots`` begin 2 before."""
    below = int(np.floor(offset))
    x = offset - below
    z = 1 - x
    weights = [z * z * z / 6, (x * x * (x - 2) * 3 + 4) / 6, (z * z * (z - 2) * 3 + 4) / 6]
    weights.append(1 - sum(weights))
    summed: np.ndarray | None = None
    for knot, weight in enumerate(weights):
        start = 2 + below - 1 + knot
        window = knots[start : start + length] if axis == 0 else knots[:, start : start + length]
        summed = weight * window if summed is None else summed + weight * window
    assert summed is not None
    return summed


def _repeat_reference_at_ties(
    sample: np.ndarray,
    zeros: np.ndarray,
    spline: np.ndarray,
    grid: RoiGrid,
    top: int,
    left: int,
    row: float,
    column: float,
) -> None:
    """Overwrites ``sample``, where a zero pixel meets a zero neighbour, with the spline's value there: its rounding."""
    from scipy import ndimage

    ties = zeros[sample[zeros] == 0]
    if len(ties) == 0:
        return
    rows, columns = grid.rows_columns
    at = np.stack([np.zeros(len(ties)), rows[ties] + top + row, columns[ties] + left + column])
    sample[ties] = ndimage.map_coordinates(spline[None], at, order=3, prefilter=False, output=np.float32)


def _kurtosis_of_samples(samples: list[np.ndarray]) -> tuple[np.ndarray, bool]:
    """Excess kurtosis (biased) of 42 samples, 34 of them zero, per pixel, in float32; and whether any had none."""
    n_directions = len(directions())
    n_samples = np.float32(n_directions)
    where = {int(position): sample for position, sample in zip(directions_in_plane(), samples, strict=True)}
    # Values too large for float32's fourth power end as 0/0 too.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        mean = _pairwise_sum(where, np.zeros_like(samples[0])) / n_samples
        squares = {position: (sample - mean) ** 2 for position, sample in where.items()}
        square_of_zero = mean**2
        second = _pairwise_sum(squares, square_of_zero) / n_samples
        fourth_powers = {position: square**2 for position, square in squares.items()}
        fourth = _pairwise_sum(fourth_powers, square_of_zero**2) / n_samples
        kurtosis = fourth / second**2 - np.float32(3)
        # SciPy's measure of "no variance", in the samples' own precision.
        flat = second <= (np.finfo(np.float32).eps * mean) ** 2
    flat |= ~np.isfinite(kurtosis)
    kurtosis[flat] = 0
    return kurtosis, bool(flat.any())


def _pairwise_sum(special: dict[int, np.ndarray], common: np.ndarray) -> np.ndarray:
    """The sum of 42 columns, ``special`` by position and ``common`` elsewhere, in the order NumPy sums a row in."""
    n_directions = len(directions())
    n_blocks = n_directions // _ACCUMULATORS
    partial = []
    repeated = [common]
    for _ in range(n_blocks - 1):
        repeated.append(repeated[-1] + common)
    for start in range(_ACCUMULATORS):
        positions = [start + _ACCUMULATORS * block for block in range(n_blocks)]
        leading = next((i for i, position in enumerate(positions) if position in special), n_blocks)
        if leading == 0:
            summed = special[positions[0]]
            leading = 1
        else:
            summed = repeated[leading - 1]
        for position in positions[leading:]:
            summed = summed + special.get(position, common)
        partial.append(summed)
    total = ((partial[0] + partial[1]) + (partial[2] + partial[3])) + (
        (partial[4] + partial[5]) + (partial[6] + partial[7])
    )
    for position in range(_ACCUMULATORS * n_blocks, n_directions):
        total = total + special.get(position, common)
    return total


@lru_cache(maxsize=1)
def _pattern_table() -> tuple[np.ndarray, np.ndarray]:
    """m1 and m2 of each pattern: bit 8 is the 34 samples outside the slice, bits 7 to 0 the 8 inside.

    Kept as numbers, not computed: patterns that mirror each other differ in the last bit, percentiles tell them apart,
    and the last bit would depend on the machine. ``Testing/reference/radiomics`` holds the script that made them.
    """
    content = resources.files(__package__).joinpath("lbp3d_patterns.json").read_text(encoding="ascii")
    table = json.loads(content)
    return np.array(table["m1"]), np.array(table["m2"])
