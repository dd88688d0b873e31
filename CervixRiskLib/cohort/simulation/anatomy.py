"""What lies in the slice: tissue around the probe, the cervix with its canal, the lesion, bladder, bowel gas.

Each structure gives every sample of the beams an echo strength in dB relative to connective tissue, and an attenuation.
Strengths are chosen to look right, not measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .latents import LesionLatents
from .lesion_shape import Outline
from .scanner import BeamGrid, Scanner
from .smooth_field import smooth_field

FLUID_DB = -60.0
TISSUE_ATTENUATION = 0.5
"""dB/cm/MHz, one way; what the depth compensation assumes everywhere."""


@dataclass(frozen=True, eq=False)
class Tissue:
    """What the beams meet.

    Parameters
    ----------
    echo_db
        ``(samples, lines)`` echo strength.
    attenuation
        ``(samples, lines)`` in dB/cm/MHz, one way.
    """

    echo_db: np.ndarray
    attenuation: np.ndarray


@dataclass(frozen=True)
class CervixPlacement:
    """Where the cervix lies: an ellipse around ``center_mm`` (x, z) with half axes and a tilt in radians."""

    center_mm: tuple[float, float]
    half_axes_mm: tuple[float, float]
    tilt: float

    def along_and_across(self, x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates in mm along and across the cervix."""
        dx, dz = x - np.float32(self.center_mm[0]), z - np.float32(self.center_mm[1])
        cosine, sine = np.float32(np.cos(self.tilt)), np.float32(np.sin(self.tilt))
        return dx * cosine + dz * sine, dz * cosine - dx * sine


def draw_tissue(
    rng: np.random.Generator, grid: BeamGrid, scanner: Scanner, lesion: Outline, latents: LesionLatents
) -> Tissue:
    """The slice around and inside one lesion, painted on every second sample and interpolated."""
    full, grid = grid, grid.every_second_sample()
    x, z = grid.x_mm, grid.z_mm
    inside_lesion = lesion.depth_inside(x, z)
    echo, attenuation = _connective_tissue(rng, x, z), np.full_like(x, TISSUE_ATTENUATION)
    cervix = _place_cervix(rng, lesion)
    _paint_cervix(rng, echo, attenuation, x, z, cervix)
    _paint_cysts(rng, echo, attenuation, x, z, cervix, lesion)
    if rng.random() < 0.55:
        _paint_bladder(rng, echo, attenuation, grid, scanner, lesion)
    if rng.random() < 0.6:
        _paint_bowel_gas(rng, echo, attenuation, grid, scanner, lesion)
    _paint_lesion(rng, echo, attenuation, x, z, lesion, inside_lesion, latents)
    _paint_near_field(rng, echo, grid)
    return Tissue(_between_samples(echo, len(full.depth_mm)), _between_samples(attenuation, len(full.depth_mm)))


def _connective_tissue(rng: np.random.Generator, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Grey tissue with broad patches, crossed by bright fascial lines that run mostly sideways."""
    tilt = np.float32(rng.normal(0, 0.22))
    along, across = x + tilt * z, z - tilt * x
    # Layers bend around the cervix instead of running straight.
    across = across + np.float32(1.6) * smooth_field(rng, x, z, (11.0, 8.0))
    echo = np.float32(3.0) * smooth_field(rng, along, across, (6.0, 3.0))
    echo += np.float32(2.4) * smooth_field(rng, along, across, (2.6, 0.7))
    strength = np.clip(smooth_field(rng, along, across, (7.0, 4.0)) + np.float32(0.5), 0, 2)
    for length, width, gain in ((9.0, 2.4, 9.0), (5.0, 1.1, 5.0)):
        ridge = smooth_field(rng, along, across, (length, width))
        echo += np.float32(gain) * strength * np.exp(-((ridge / np.float32(0.14)) ** 2))
    return echo


def _place_cervix(rng: np.random.Generator, lesion: Outline) -> CervixPlacement:
    """A cervix around the lesion: about 36 × 28 mm, larger where the tumour fills it."""
    half_lesion = lesion.feret_mm() / 2
    half_along = max(rng.normal(21, 2), half_lesion * rng.uniform(1.18, 1.35))
    half_across = max(rng.normal(14.5, 1.2), half_lesion * rng.uniform(0.95, 1.1))
    free = (max(half_along - half_lesion, 0), max(half_across - half_lesion, 0))
    center = (
        lesion.center_mm[0] + rng.uniform(-0.7, 0.7) * free[0],
        lesion.center_mm[1] + rng.uniform(-0.7, 0.7) * free[1],
    )
    return CervixPlacement(center, (float(half_along), float(half_across)), float(rng.normal(0, np.deg2rad(9))))


def _paint_cervix(
    rng: np.random.Generator,
    echo: np.ndarray,
    attenuation: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    cervix: CervixPlacement,
) -> None:
    """Even, slightly darker stroma in a bright capsule, with the canal's bright line in its darker mucosa."""
    along, across = cervix.along_and_across(x, z)
    half_along, half_across = cervix.half_axes_mm
    wobble = np.float32(0.06) * smooth_field(rng, x, z, (6.0, 6.0))
    ring = np.hypot(along / np.float32(half_along), across / np.float32(half_across)) + wobble
    inside = _soft_step((1 - ring) * np.float32(half_across), 0.5)
    stroma = np.float32(-7.0 + rng.normal(0, 0.8)) + np.float32(1.5) * smooth_field(rng, along, across, (3.0, 1.2))
    _blend(echo, stroma, inside)
    rim = np.exp(-(((ring - 1) * np.float32(half_across / 0.55)) ** 2))
    echo += np.float32(4.5) * rim * np.clip(0.7 + 0.6 * smooth_field(rng, x, z, (4.0, 4.0)), 0, 1.6)
    attenuation += np.float32(0.12) * inside

    bend = np.float32(rng.normal(0, 0.1)) * across.dtype.type(1 / half_along)
    from_canal = across - bend * along**2 - np.float32(0.5) * smooth_field(rng, along, np.zeros_like(along), (4.0, 4.0))
    reach = _soft_step(np.float32(0.86) - np.abs(along) / np.float32(half_along), 0.08)
    mucosa = np.float32(rng.uniform(1.3, 2.2))
    echo -= np.float32(4.0) * inside * reach * np.exp(-((from_canal / mucosa) ** 2))
    broken = np.clip(0.75 + 0.6 * smooth_field(rng, along, across, (2.5, 2.0)), 0, 1.3)
    echo += np.float32(16.0) * inside * reach * broken * np.exp(-((from_canal / np.float32(0.45)) ** 2))


def _paint_cysts(
    rng: np.random.Generator,
    echo: np.ndarray,
    attenuation: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    cervix: CervixPlacement,
    lesion: Outline,
) -> None:
    """Nabothian cysts: small, round, without echoes, with a bright back wall."""
    for _ in range(int(rng.poisson(0.9))):
        radius = np.float32(rng.uniform(1.2, 3.2))
        angle, share = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.8)
        along, across = share * np.cos(angle) * cervix.half_axes_mm[0], share * np.sin(angle) * cervix.half_axes_mm[1]
        center_x = cervix.center_mm[0] + along * np.cos(cervix.tilt) - across * np.sin(cervix.tilt)
        center_z = cervix.center_mm[1] + along * np.sin(cervix.tilt) + across * np.cos(cervix.tilt)
        if float(lesion.depth_inside(np.array([center_x]), np.array([center_z]))[0]) > -float(radius) - 1.5:
            continue
        dx, dz = x - np.float32(center_x), z - np.float32(center_z)
        distance = np.hypot(dx, dz * np.float32(1.15))
        _paint_fluid(echo, attenuation, radius - distance, dz / (distance + np.float32(0.1)))


def _paint_bladder(
    rng: np.random.Generator,
    echo: np.ndarray,
    attenuation: np.ndarray,
    grid: BeamGrid,
    scanner: Scanner,
    lesion: Outline,
) -> None:
    """A bladder, little filled, in front of the cervix at one side, as far as the lesion leaves room."""
    side = 1.0 if rng.random() < 0.3 else -1.0
    depth = scanner.depth_mm
    half_x, half_z = depth * rng.uniform(0.16, 0.26), depth * rng.uniform(0.09, 0.15)
    center_x, center_z = side * depth * rng.uniform(0.42, 0.55), depth * rng.uniform(0.2, 0.34)
    tilt = side * rng.uniform(0.2, 0.7)
    dx, dz = grid.x_mm - np.float32(center_x), grid.z_mm - np.float32(center_z)
    along = dx * np.float32(np.cos(tilt)) + dz * np.float32(np.sin(tilt))
    across = dz * np.float32(np.cos(tilt)) - dx * np.float32(np.sin(tilt))
    ring = np.hypot(along / np.float32(half_x), across / np.float32(half_z))
    ring += np.float32(0.1) * smooth_field(rng, grid.x_mm, grid.z_mm, (5.0, 5.0))
    inside = (1 - ring) * np.float32(half_z)
    room = -lesion.depth_inside(grid.x_mm, grid.z_mm) - np.float32(3.0)
    _paint_fluid(echo, attenuation, np.minimum(inside, room), across / np.float32(half_z))


def _paint_fluid(echo: np.ndarray, attenuation: np.ndarray, inside_mm: np.ndarray, back: np.ndarray) -> None:
    """Fluid where ``inside_mm`` is positive, with a bright wall, brightest at the back (``back`` near 1)."""
    inside = _soft_step(inside_mm, 0.25)
    # Reverberation and the beam's thickness blur the wall into the fluid, most of all in front.
    haze = np.float32(-24.0) - np.float32(4.0) * np.clip(inside_mm, 0, 9) * (np.float32(1.3) + np.clip(back, -0.8, 0.8))
    _blend(echo, np.maximum(haze, np.float32(FLUID_DB)), inside)
    wall = np.exp(-(((inside_mm + np.float32(0.45)) / np.float32(0.4)) ** 2))
    echo += np.float32(7.0) * wall * (np.float32(0.35) + np.float32(0.65) * np.clip(np.abs(back), 0, 1) ** 2)
    attenuation -= attenuation * inside


def _paint_bowel_gas(
    rng: np.random.Generator,
    echo: np.ndarray,
    attenuation: np.ndarray,
    grid: BeamGrid,
    scanner: Scanner,
    lesion: Outline,
) -> None:
    """Gas behind the cervix: a bright broken arc, dirty shadow below."""
    lowest = float(lesion.points()[:, 1].max())
    depth = max(lowest + rng.uniform(4, 9), scanner.depth_mm * rng.uniform(0.68, 0.85))
    if depth > 0.95 * scanner.depth_mm:
        return
    middle = rng.normal(0, 0.3 * scanner.half_angle) + rng.choice([-1.0, 1.0]) * 0.35 * scanner.half_angle
    width = rng.uniform(0.08, 0.22)
    angle = grid.angle.astype(np.float32)
    surface = depth + 1.2 * np.sin(7 * angle + rng.uniform(0, 6)) + 3.0 * ((angle - middle) / width) ** 2
    below = grid.depth_mm.astype(np.float32)[:, None] - surface.astype(np.float32)[None, :]
    present = np.clip(1.15 - ((angle - middle) / width) ** 2, 0, 1)[None, :].astype(np.float32)
    broken = np.clip(1.0 + 0.4 * smooth_field(rng, grid.x_mm, grid.z_mm, (1.5, 1.5)), 0, 1.6)
    echo += np.float32(15.0) * present * broken * np.exp(-((below / np.float32(0.6)) ** 2))
    attenuation += np.float32(1.6) * present * (below > 0)


def _paint_lesion(
    rng: np.random.Generator,
    echo: np.ndarray,
    attenuation: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    lesion: Outline,
    inside_mm: np.ndarray,
    latents: LesionLatents,
) -> None:
    """The tumour: darker with ``hypoechogenicity``; patches and necrotic spots grow with ``heterogeneity``."""
    heterogeneity = float(np.clip(latents.heterogeneity, -3.0, 3.0))
    level = -13.0 - 2.6 * float(np.clip(latents.hypoechogenicity, -3.5, 3.5))
    patch_sd = 2.3 * np.exp(0.42 * heterogeneity)
    length = float(rng.uniform(1.3, 2.0))
    patches = smooth_field(rng, x, z, (length, 0.85 * length))
    fine = smooth_field(rng, x, z, (0.55, 0.5))
    texture = np.float32(patch_sd) * (np.float32(0.85) * patches + np.float32(0.5) * fine)
    inside = _soft_step(inside_mm, 0.35)
    _blend(echo, np.float32(level) + texture, inside)
    radius = float(np.median(lesion.radius_mm))
    for _ in range(int(rng.poisson(0.9 * np.exp(0.5 * heterogeneity)))):
        angle, share = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 0.45))
        size = radius * rng.uniform(0.06, 0.15)
        dx = x - np.float32(lesion.center_mm[0] + share * radius * np.cos(angle))
        dz = z - np.float32(lesion.center_mm[1] + share * radius * 0.8 * np.sin(angle))
        spot = _soft_step(np.float32(size) * (1 + np.float32(0.25) * patches) - np.hypot(dx, 1.3 * dz), 0.4)
        echo -= np.float32(rng.uniform(9, 16)) * spot * inside
    attenuation += np.float32(rng.uniform(0.0, 0.25)) * inside
    # A beam that grazes the margin is refracted away: it stays long in this band and casts the thin edge shadow.
    attenuation += np.float32(rng.uniform(0.2, 0.7)) * np.exp(-((inside_mm / np.float32(0.5)) ** 2))


def _paint_near_field(rng: np.random.Generator, echo: np.ndarray, grid: BeamGrid) -> None:
    """The probe's cover and the vaginal wall: bright thin layers that follow the probe, fading downwards."""
    depth = grid.depth_mm[:, None]
    wave = 0.25 * np.cumsum(rng.standard_normal(grid.angle.shape)) / np.sqrt(len(grid.angle))
    layers = sum(
        strength * np.exp(-(((depth - where - wave) / 0.28) ** 2))
        for where, strength in ((0.5, 12.0), (1.7, 7.0), (3.1, 5.0), (4.9, 2.5))
    )
    echo += (layers + 5.0 * np.exp(-depth / 2.5)).astype(np.float32)


def _between_samples(every_second: np.ndarray, samples: int) -> np.ndarray:
    """Values at all samples along the beams, linear between the given ones."""
    values = np.repeat(every_second, 2, axis=0)[:samples]
    values[1:-1:2] += every_second[1:]
    values[1:-1:2] *= np.float32(0.5)
    return values


def _soft_step(inside_mm: np.ndarray, width_mm: float) -> np.ndarray:
    """0 outside, 1 inside, over ``width_mm``."""
    return np.clip(inside_mm / np.float32(width_mm) + np.float32(0.5), 0, 1)


def _blend(echo: np.ndarray, other: np.ndarray | np.float32, share: np.ndarray) -> None:
    """Replace ``echo`` by ``other`` in place where ``share`` is 1."""
    echo += (other - echo) * share
