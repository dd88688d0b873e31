"""The outline of a simulated lesion and the contour a reader draws around it.

Both are star-shaped curves around a centre: a radius in mm as a function of the angle, in the slice's plane with ``x``
to the right and ``z`` downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ANGLES = 512
"""Samples of the radius around the full turn."""

READER_SD = 0.012
"""How far a simulated reader's contour strays, as a share of the radius."""

READER_ORDERS = 60.0
"""How fine a simulated reader draws: the Gaussian's SD, in turns of the radius's Fourier series, that smooths it."""


@dataclass(frozen=True, eq=False)
class Outline:
    """A closed star-shaped curve.

    Parameters
    ----------
    center_mm
        ``(x, z)``.
    radius_mm
        ``(ANGLES,)`` radii at equally spaced angles, from the x axis towards the z axis.
    """

    center_mm: tuple[float, float]
    radius_mm: np.ndarray

    def points(self) -> np.ndarray:
        """Vertices ``(ANGLES, 2)`` as (x, z) in mm."""
        angle = _angles()
        return np.stack([np.cos(angle), np.sin(angle)], axis=1) * self.radius_mm[:, None] + self.center_mm

    def feret_mm(self) -> float:
        """Largest distance between two points of the curve."""
        points = self.points() - self.center_mm
        # A point whose radius and the largest one add up to less than a known distance has no part in the largest.
        apart = points - np.roll(points, ANGLES // 2, axis=0)
        known = np.sqrt(np.max(apart[:, 0] ** 2 + apart[:, 1] ** 2))
        points = points[self.radius_mm >= (1 - 1e-9) * known - np.max(self.radius_mm)]
        # Element by element: a matrix product's last bits depend on the number of threads.
        x, z = points.T
        return float(np.sqrt(np.max((x[:, None] - x) ** 2 + (z[:, None] - z) ** 2)))

    def depth_inside(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Roughly how far each point lies inside the curve, in mm along the ray from the centre; negative outside."""
        dx, dz = x - np.float32(self.center_mm[0]), z - np.float32(self.center_mm[1])
        turn = np.arctan2(dz, dx) * np.float32(ANGLES / (2 * np.pi))
        lower = np.floor(turn)
        share = turn - lower
        index = lower.astype(np.int32) % ANGLES
        radius = self.radius_mm.astype(np.float32)
        around = radius[index] * (1 - share) + radius[(index + 1) % ANGLES] * share
        return around - np.hypot(dx, dz)

    def moved_to(self, center_mm: tuple[float, float]) -> Outline:
        """The same curve around another centre."""
        return Outline(center_mm, self.radius_mm)

    def scaled_to(self, diameter_mm: float) -> Outline:
        """The same curve with this Feret diameter."""
        return Outline(self.center_mm, self.radius_mm * (diameter_mm / self.feret_mm()))


def draw_outline(rng: np.random.Generator, diameter_mm: float, irregularity: float) -> Outline:
    """A lesion's margin around (0, 0): an ellipse with lobes, roughness and spicules that grow with ``irregularity``.

    Parameters
    ----------
    diameter_mm
        Feret diameter of the result.
    irregularity
        Standardised latent parameter.
    """
    angle = _angles()
    aspect = rng.uniform(0.62, 0.9)
    tilt = rng.normal(0, np.deg2rad(18))
    radius = aspect / np.hypot(aspect * np.cos(angle - tilt), np.sin(angle - tilt))
    strength = float(np.exp(0.55 * np.clip(irregularity, -3.5, 3.5)))
    radius *= np.exp(ripple(rng, low=2, high=5, sd=0.035 * strength**0.6) + ripple(rng, 6, 24, 0.014 * strength))
    spicules = int(rng.poisson(1.6 * strength))
    for _ in range(spicules):
        where, width, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.025, 0.07), rng.uniform(0.05, 0.16)
        apart = np.angle(np.exp(1j * (angle - where)))
        radius *= 1 + length * np.exp(-np.abs(apart) / width)
    return Outline((0.0, 0.0), radius).scaled_to(diameter_mm)


def draw_reader_contour(rng: np.random.Generator, lesion: Outline) -> Outline:
    """What a careful reader draws: the lesion's outline, slightly smoothed, straying slowly, of the same diameter."""
    smooth = smooth_log_radius(lesion, READER_ORDERS)
    return Outline(lesion.center_mm, np.exp(smooth + ripple(rng, 1, 8, READER_SD))).scaled_to(lesion.feret_mm())


def smooth_log_radius(lesion: Outline, orders: float) -> np.ndarray:
    """The logarithm of the radius, ``(ANGLES,)``, without what is much finer than 1/``orders`` of a turn."""
    spectrum = np.fft.rfft(np.log(lesion.radius_mm))
    spectrum *= np.exp(-0.5 * (np.arange(len(spectrum)) / orders) ** 2)
    return np.asarray(np.fft.irfft(spectrum, ANGLES))


def _angles() -> np.ndarray:
    return np.arange(ANGLES) * (2 * np.pi / ANGLES)


def ripple(rng: np.random.Generator, low: int, high: int, sd: float) -> np.ndarray:
    """A periodic random curve of the harmonics ``low`` to ``high``, falling as 1/order, with SD ``sd``."""
    orders = np.arange(low, high + 1)
    amplitude = rng.standard_normal((2, len(orders))) / orders
    amplitude *= sd / np.sqrt((1.0 / orders**2).sum())
    phase = np.outer(_angles(), orders)
    return np.asarray((np.cos(phase) * amplitude[0] + np.sin(phase) * amplitude[1]).sum(axis=1))
