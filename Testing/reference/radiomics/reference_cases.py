"""Small images and regions on which the reference values were computed; the same from every run of the same seed.

Used by ``make_reference.py`` (with PyRadiomics) and by the tests (without). NumPy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class ReferenceCase:
    """``pixels``: ``(rows, columns)`` float32; ``mask``: bool; ``spacing``: ``(row_mm, column_mm)``."""

    name: str
    pixels: np.ndarray
    mask: np.ndarray
    spacing: tuple[float, float]


def reference_cases() -> list[ReferenceCase]:
    """All cases, in the order of the frozen values."""
    # The legacy generator's stream is guaranteed not to change between NumPy versions.
    random = np.random.RandomState(20251121)
    one = (1.0, 1.0)
    fractions = (random.normal(size=(80, 90)) * 40).astype(np.float32)
    negative = _speckle(random, 100, 120) - np.float32(100)
    many_levels = _speckle(random, 70, 80) * np.float32(9.5)
    flat_areas = _with_flat_areas(_speckle(random, 100, 120))
    return [
        ReferenceCase("lesion", _speckle(random, 120, 140), _ellipse(120, 140, 60, 70, 25, 32), one),
        ReferenceCase("anisotropic", _speckle(random, 101, 117), _ellipse(101, 117, 50, 60, 20, 30), (0.31, 0.087)),
        ReferenceCase("edge", _speckle(random, 91, 101), _ellipse(91, 101, 5, 50, 25, 30), (0.2, 0.2)),
        ReferenceCase("corner", _speckle(random, 80, 81), _ellipse(80, 81, 78, 79, 22, 26), (0.2, 0.3)),
        ReferenceCase("l_shape", _speckle(random, 90, 100), _l_shape(), one),
        ReferenceCase("parts", _speckle(random, 100, 120), _parts(), (0.5, 0.4)),
        ReferenceCase("flat_areas", flat_areas, _ellipse(100, 120, 50, 60, 28, 35), one),
        ReferenceCase("negative", negative, _ellipse(100, 120, 50, 60, 20, 25), (0.3, 0.3)),
        ReferenceCase("fractions", fractions, _ellipse(80, 90, 40, 45, 15, 20), one),
        ReferenceCase("scattered", _speckle(random, 60, 70), _scattered(random, 60, 70), (0.7, 0.3)),
        ReferenceCase("many_levels", many_levels, _ellipse(70, 80, 35, 40, 14, 17), (0.6, 0.6)),
        ReferenceCase("checkerboard", _checkerboard(), _ellipse(50, 60, 25, 30, 14, 17), one),
        ReferenceCase("sliver", _speckle(random, 60, 70), _sliver(), (0.4, 0.5)),
    ]


def _speckle(random: np.random.RandomState, rows: int, columns: int) -> np.ndarray:
    """Fully developed speckle: scatterers through a point-spread function, envelope, log compression to whole greys."""
    field = random.normal(size=(rows, columns)) + 1j * random.normal(size=(rows, columns))
    kernel = np.array([1.0, 4.0, 6.0, 4.0, 1.0])
    for axis in (0, 1, 1):
        field = np.apply_along_axis(np.convolve, axis, field, kernel, mode="same")
    envelope = np.abs(field)
    decibels = 20 * np.log10(envelope / envelope.max() + 1e-4)
    return np.clip(np.round((decibels + 50) / 50 * 255), 0, 255).astype(np.float32)


def _ellipse(rows: int, columns: int, row: float, column: float, half_rows: float, half_columns: float) -> np.ndarray:
    y, x = np.mgrid[:rows, :columns]
    return ((y - row) / half_rows) ** 2 + ((x - column) / half_columns) ** 2 <= 1


def _l_shape() -> np.ndarray:
    mask = np.zeros((90, 100), dtype=bool)
    mask[30:60, 30:40] = True
    mask[50:60, 30:70] = True
    return mask


def _parts() -> np.ndarray:
    mask = _ellipse(100, 120, 40, 40, 12, 9) | _ellipse(100, 120, 60, 80, 10, 14)
    mask[80, 100] = True
    return mask


def _with_flat_areas(pixels: np.ndarray) -> np.ndarray:
    pixels[40:60, 40:75] = 0
    pixels[30:36] = 120
    return pixels


def _scattered(random: np.random.RandomState, rows: int, columns: int) -> np.ndarray:
    mask = random.uniform(size=(rows, columns)) < 0.4
    inside = np.zeros_like(mask)
    inside[6:-6, 6:-6] = True
    return mask & inside


def _checkerboard() -> np.ndarray:
    # 97, because the filters that keep the image's maximum would put 100 on the edge of a bin, give or take a rounding.
    y, x = np.mgrid[:50, :60]
    return (40 + 57 * ((y + x) % 2)).astype(np.float32)


def _sliver() -> np.ndarray:
    mask = np.zeros((60, 70), dtype=bool)
    mask[30:32, 20:50] = True
    return mask
