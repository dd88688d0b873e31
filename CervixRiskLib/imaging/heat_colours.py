"""The heat map's colours: from dark violet over red to pale yellow, evenly spaced to the eye.

The path is drawn in CIELAB (CIE 15:2004; D65, 2 degree observer): lightness rises from 18 to 95 while the hue turns
from violet to yellow. It is then resampled so that neighbouring entries differ by the same CIE76 distance. A rising
lightness also keeps the order in grey print and for colour-blind readers.
"""

from __future__ import annotations

import numpy as np

TABLE_SIZE = 256

# Knots of the path: lightness, chroma, hue in degrees. Chroma stays inside sRGB at each lightness and hue.
_KNOTS = np.array(
    [
        (18.0, 42.0, 308.0),
        (32.0, 56.0, 330.0),
        (46.0, 60.0, 372.0),
        (60.0, 66.0, 404.0),
        (75.0, 66.0, 432.0),
        (88.0, 60.0, 452.0),
        (95.0, 44.0, 464.0),
    ]
)
_XYZ_TO_SRGB = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)
_WHITE_D65 = np.array([0.95047, 1.0, 1.08883])


def heat_colours(size: int = TABLE_SIZE) -> np.ndarray:
    """``(size, 3)`` sRGB colours in 0-1, from the lowest to the highest value."""
    path = _path()
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    even = np.linspace(0.0, length[-1], size)
    return _lab_to_srgb(np.column_stack([np.interp(even, length, path[:, axis]) for axis in range(3)]))


def _path() -> np.ndarray:
    """CIELAB points ``(1001, 3)`` along a smooth curve through the knots."""
    lightness, chroma, hue = np.column_stack([_through(knots, 1001) for knots in _KNOTS.T]).T
    angle = np.deg2rad(hue)
    return np.column_stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])


def _through(knots: np.ndarray, size: int) -> np.ndarray:
    """``(size,)`` values of the monotone cubic through evenly spaced knots (Fritsch and Butland, SIAM J Sci Stat
    Comput 1984). By hand: SciPy's takes a second to import, and a panel would stand still for it.
    """
    rises = np.diff(knots)
    left, right = rises[:-1], rises[1:]
    same = left * right > 0
    inner = np.zeros_like(left)
    inner[same] = 2 / (1 / left[same] + 1 / right[same])
    slopes = np.concatenate([[_end_slope(*rises[:2])], inner, [_end_slope(*rises[:-3:-1])]])
    place = np.linspace(0, len(rises), size)
    first = np.minimum(place.astype(int), len(rises) - 1)
    t = place - first
    return (
        knots[first] * (1 + 2 * t) * (1 - t) ** 2
        + slopes[first] * t * (1 - t) ** 2
        + knots[first + 1] * t**2 * (3 - 2 * t)
        + slopes[first + 1] * t**2 * (t - 1)
    )


def _end_slope(nearest: float, next_one: float) -> float:
    """Of the parabola through three knots, kept from overshooting."""
    slope = (3 * nearest - next_one) / 2
    if slope * nearest <= 0:
        return 0.0
    return 3 * nearest if nearest * next_one < 0 and abs(slope) > 3 * abs(nearest) else slope


def _lab_to_srgb(lab: np.ndarray) -> np.ndarray:
    """CIELAB ``(n, 3)`` to gamma-coded sRGB (IEC 61966-2-1), clipped to 0-1."""
    fy = (lab[:, 0] + 16) / 116
    f = np.column_stack([fy + lab[:, 1] / 500, fy, fy - lab[:, 2] / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE_D65
    linear = np.clip(xyz @ _XYZ_TO_SRGB.T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
