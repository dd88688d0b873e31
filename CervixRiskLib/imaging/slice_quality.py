"""How good a slice is: blank, clipped, noisy, blurred, ghosted.

Everything is measured on a grid of at most 256 pixels along the longer side, close to what a network sees; larger
slices are averaged down to it. So the cost is bounded for every matrix, and a blur counts where it matters. No measure
depends on the unit of the grey values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .body_region import body_region
from .slice_image import SliceImage

_GRID = 256
# Grey values within this part of the range of its lower end are at that end.
_DARK_END = 0.01
# The upper end is where the body's brightest grey values lie, for burnt-in letters and the ringing of JPEG are brighter
# than what was clipped: what is within this part of the range of this percentile is at it.
_BRIGHT_PERCENTILE = 98.0
_BRIGHT_END = 0.02
# Pixels along the strip that blurs once more (Crété-Roffet 2007, section 2), and the standard deviation of the Gaussian
# that takes the noise away before. Without it noise looks like sharpness.
_BLUR_STRIP = 9
_BLUR_SIGMA = 1.0
# Air: this far from the body and from burnt-in letters, in grid pixels; letters are as bright as this part of the body.
_AIR_DISTANCE = 4
_LETTER_DISTANCE = 3
_LETTER_BRIGHTNESS = 0.7
# Ghosts are judged only where at least this part of the slice is air. Where the field of view lies within the body, dim
# tissue looks like air; so the line this far inside the slice's border, in parts of the slice, must be dark (below this
# part of the body's mean) along this part of its length.
_LEAST_AIR = 0.02
_BORDER = 0.05
_DARK = 0.25
_LEAST_DARK_BORDER = 0.2
_AIR_CELL = 5


@dataclass(frozen=True)
class SliceQuality:
    """What :func:`assess_slice` measured.

    Parameters
    ----------
    contrast
        Difference of the 99th and the 1st percentile of grey, relative to the larger of their magnitudes; 0 for an even
        picture, 1 for tissue beside black air.
    grey_levels
        How many different grey values a sample of at most 65,536 pixels holds.
    foreground_share
        The body's part of the slice, 0 to 1.
    clipped_bright, clipped_dark
        The body's part at its highest grey value (the 98th percentile, less 2 % of the slice's range, and above; hence
        not less than 0.02) and at the lowest of the slice (and 1 % above), 0 to 1.
    noise
        Standard deviation of the noise inside the body relative to the difference of the 99th and the 1st percentile;
        from differences of second differences (Immerkær, Computer Vision and Image Understanding 64 (1996) 300-302), by
        their median instead of their mean, so that edges do not count. ``None`` without a body.
    blur
        How much of the differences between neighbouring pixels remains when the slice is blurred once more, after a
        Gaussian against noise: 0 (sharp) to 1 (nothing left to blur); Crété-Roffet et al., The blur effect, SPIE 6492
        (2007). The worse of both directions. ``None`` without a body.
    ghosting
        Structure in the air around the body, as ghosts of breathing or bowel leave it: the span from the 5th to the
        95th percentile of its local mean, less a quadratic surface for the coil's haze, relative to the body's mean.
        ``None`` where the body leaves less than 2 % of the slice to air or fills the slice up to most of its border.
    """

    contrast: float
    grey_levels: int
    foreground_share: float
    clipped_bright: float
    clipped_dark: float
    noise: float | None
    blur: float | None
    ghosting: float | None


def assess_slice(image: SliceImage) -> SliceQuality:
    """Measure the quality of a slice; :func:`CervixRiskLib.imaging.quality_problems` says what is wrong with it.

    Parameters
    ----------
    image
        The whole slice as it came from the scanner: a crop without air has no ghosts that could be seen.

    Returns
    -------
    SliceQuality
        An even slice has neither contrast nor a body.
    """
    low, high = float(image.pixels.min()), float(image.pixels.max())
    if low == high:
        return SliceQuality(0.0, 1, 0.0, 0.0, 0.0, None, None, None)
    unit = ((image.pixels - np.float64(low)) / (np.float64(high) - low)).astype(np.float32)
    grid, sample = _on_grid(unit)
    dark, bright = (low + (high - low) * float(value) for value in np.percentile(grid, (1.0, 99.0)))
    contrast = (bright - dark) / max(abs(bright), abs(dark)) if bright > dark else 0.0
    body = body_region(grid)
    inside = sample[body]
    grey_levels = len(np.unique(sample))
    if not len(inside):
        return SliceQuality(contrast, grey_levels, 0.0, 0.0, 0.0, None, None, None)
    return SliceQuality(
        contrast=contrast,
        grey_levels=grey_levels,
        foreground_share=float(body.mean()),
        clipped_bright=float((inside >= np.percentile(inside, _BRIGHT_PERCENTILE) - _BRIGHT_END).mean()),
        clipped_dark=float((inside <= _DARK_END).mean()),
        noise=_noise(grid, body, (bright - dark) / (high - low)),
        blur=_blur(grid, body),
        ghosting=_ghosting(grid, body),
    )


def _on_grid(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The slice averaged down to the grid, and the pixels in the middle of the grid's cells."""
    from PIL import Image

    longest = max(unit.shape)
    if longest <= _GRID:
        return unit, unit
    shape = [max(1, round(length * _GRID / longest)) for length in unit.shape]
    grid = np.asarray(Image.fromarray(unit).resize((shape[1], shape[0]), Image.Resampling.BOX), dtype=np.float32)
    rows, columns = (
        ((np.arange(cells) + 0.5) * length / cells).astype(np.intp)
        for cells, length in zip(shape, unit.shape, strict=True)
    )
    return grid, unit[rows[:, np.newaxis], columns]


def _noise(grid: np.ndarray, body: np.ndarray, span: float) -> float | None:
    inner = body[1:-1, 1:-1]
    if span <= 0.0 or not inner.any():
        return None
    curvature = grid[:-2] - 2.0 * grid[1:-1] + grid[2:]
    curvature = curvature[:, :-2] - 2.0 * curvature[:, 1:-1] + curvature[:, 2:]
    # The mask's coefficients have the root sum of squares 6; 0.6745 makes a median a standard deviation.
    return float(np.median(np.abs(curvature[inner]))) / (6.0 * 0.6745 * span)


def _blur(grid: np.ndarray, body: np.ndarray) -> float | None:
    from scipy.ndimage import gaussian_filter, uniform_filter1d

    smooth = gaussian_filter(grid, _BLUR_SIGMA, mode="nearest")
    remaining = []
    for axis in (0, 1):
        inside = body[1:] if axis == 0 else body[:, 1:]
        before = np.abs(np.diff(smooth, axis=axis))[inside]
        after = np.abs(np.diff(uniform_filter1d(smooth, _BLUR_STRIP, axis=axis, mode="nearest"), axis=axis))[inside]
        total = float(before.sum())
        if total > 0.0:
            remaining.append(1.0 - float(np.maximum(before - after, 0.0).sum()) / total)
    return max(remaining) if remaining else None


def _ghosting(grid: np.ndarray, body: np.ndarray) -> float | None:
    from scipy.ndimage import uniform_filter

    brightness = float(grid[body].mean())
    top, left = (int(np.ceil(_BORDER * length)) for length in grid.shape)
    if 2 * top >= grid.shape[0] or 2 * left >= grid.shape[1]:
        return None
    inner = (slice(top, -top), slice(left, -left))
    middle = grid[inner]
    border = np.concatenate([middle[0], middle[-1], middle[:, 0], middle[:, -1]])
    if (border < _DARK * brightness).mean() < _LEAST_DARK_BORDER:
        return None
    air = np.zeros_like(body)
    letters = grid > _LETTER_BRIGHTNESS * brightness
    air[inner] = ~(_widened(body, _AIR_DISTANCE) | _widened(letters, _LETTER_DISTANCE))[inner]
    share = uniform_filter(air.astype(np.float32), _AIR_CELL, mode="constant")
    signal = uniform_filter(np.where(air, grid, np.float32(0.0)), _AIR_CELL, mode="constant")
    seen = air & (share > 0.3)
    if seen.mean() < _LEAST_AIR:
        return None
    level = (signal[seen] / share[seen]).astype(np.float64)

    row, column = np.nonzero(seen)
    row, column = row / grid.shape[0] - 0.5, column / grid.shape[1] - 0.5
    surface = np.stack([np.ones_like(row), row, column, row * row, row * column, column * column])
    coefficients = np.linalg.lstsq(surface @ surface.T, surface @ level, rcond=None)[0]
    lower, upper = np.percentile(level - coefficients @ surface, (5.0, 95.0))
    return float(upper - lower) / brightness


def _widened(mask: np.ndarray, distance: int) -> np.ndarray:
    from scipy.ndimage import maximum_filter

    return maximum_filter(mask.view(np.uint8), 2 * distance + 1, mode="constant").view(bool)
