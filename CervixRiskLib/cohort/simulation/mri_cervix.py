"""The cervix with its canal and dark stromal ring, and the tumour that grows in it, on an axial oblique section.

On T2-weighted images the fibrous stroma is a dark ring around bright mucosa and a brighter canal; a tumour is of
intermediate signal. Where the ring is closed around it, the tumour has not reached the parametria; where the ring has a
gap through which tumour bulges into the fat, it has (FIGO IIB and above).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from .lesion_shape import ANGLES, Outline, draw_outline
from .mri_latents import SectionLatents
from .mri_tissue import (
    FOLLICLE,
    MUCOSA,
    MUCUS,
    OUTER_STROMA,
    STROMA,
    Canvas,
    Tissue,
    ellipse_depth,
)
from .smooth_field import smooth_field_on_grid

_ANGLE = np.arange(ANGLES) * (2 * np.pi / ANGLES)


@dataclass(frozen=True, eq=False)
class CervixSection:
    """Where cervix and tumour lie.

    Parameters
    ----------
    outline
        The cervix's outer margin, around (0, 0) or near it.
    lesion
        The tumour's margin; its Feret diameter is the section's diameter.
    gap
        ``(ANGLES,)`` from 0 where the stromal ring is whole to 1 where it is gone, by the angle around the outline.
    outer_mm
        ``(ANGLES,)`` thickness of the loose outer stroma.
    extension_mm
        How far the tumour reaches into the fat where the ring is broken.
    invades
        ``"bladder"``, ``"rectum"`` or nothing.
    """

    outline: Outline
    lesion: Outline
    gap: np.ndarray
    outer_mm: np.ndarray
    extension_mm: float
    invades: str

    def reach_mm(self, angle: float, half_width: float = 0.5) -> float:
        """How far cervix or tumour reach from (0, 0) in a direction (radians from x towards z), within a sector."""
        points = np.concatenate([self.outline.points(), self.lesion.points()])
        # Element by element: a matrix product's last bits depend on the number of threads.
        along = points[:, 0] * np.cos(angle) + points[:, 1] * np.sin(angle)
        across = points[:, 1] * np.cos(angle) - points[:, 0] * np.sin(angle)
        near = np.abs(np.arctan2(across, along)) < half_width
        return float(along[near].max()) if near.any() else 0.0


def draw_cervix_section(rng: np.random.Generator, latents: SectionLatents) -> CervixSection:
    """A cervix that holds the tumour, with what is left of its ring."""
    center = (float(rng.normal(0, 3.0)), float(rng.normal(0, 2.0)))
    normal = _normal_radius(rng)
    diameter, size = latents.section_diameter_mm, latents.ring_gap
    invades = ("bladder" if rng.random() < 0.6 else "rectum") if latents.organ_invaded else ""
    toward = {"bladder": -np.pi / 2, "rectum": np.pi / 2}.get(invades, 0.0 if rng.random() < 0.5 else np.pi)
    toward += rng.normal(0, 0.25 if invades else 0.4)
    half_width = np.deg2rad(24 + 80 * size)
    from_gap = np.abs(np.angle(np.exp(1j * (_ANGLE - toward))))
    gap = _smooth_step((half_width - from_gap) / 0.3 + 0.5)
    extension = min(4.0 + 17.0 * size + float(rng.uniform(-1, 2)), 0.25 * diameter)
    if invades:
        extension = max(extension, 9.0)
    broken = size > 0 or bool(invades)
    if not broken:
        gap, extension = np.zeros(ANGLES), 0.0

    shape = draw_outline(rng, diameter, latents.irregularity)
    ragged = np.exp(_waves(rng, 0.3, 5, 24))
    lesion = Outline((0.0, 0.0), shape.radius_mm + 0.5 * extension * gap * ragged).scaled_to(diameter)
    lesion = _placed(rng, lesion, center, normal, toward, extension, broken)

    reach = _reach(lesion, center)
    # The ring is stretched by a large tumour, nowhere of quite the same thickness.
    rim = np.clip(6.0 - 0.07 * diameter, 2.6, 5.0) * rng.uniform(0.8, 1.2) * np.exp(_waves(rng, 0.28))
    closed = np.maximum(normal, reach + rim)
    opened = np.minimum(closed, np.maximum(reach - extension, 0.93 * normal))
    radius = gaussian_filter1d(closed * (1 - gap) + opened * gap, 3.0, mode="wrap")
    outer = np.clip(0.3 * (radius - reach), 0.4, float(rng.uniform(1.4, 3.2)))
    return CervixSection(Outline(center, radius), lesion, gap, outer, extension, invades)


def paint_cervix(rng: np.random.Generator, canvas: Canvas, section: CervixSection, latents: SectionLatents) -> None:
    """Cervix, canal and tumour over what is already there."""
    middle = section.outline.center_mm
    reach = max(float(section.outline.radius_mm.max()), section.reach_mm(0), section.reach_mm(np.pi)) + 24
    part = canvas.part(*middle, reach)
    if part is None:
        return
    dx, dz = part.from_point(*middle, bent=False)
    x, z = dx + np.float32(middle[0]), dz + np.float32(middle[1])
    margin = section.outline.depth_inside(x, z)
    gap, outer = (_by_angle(values, dx, dz) for values in (section.gap, section.outer_mm))
    signal_shift = float(rng.normal(0, 0.02))
    tumour = Tissue(0.475 + float(rng.normal(0, 0.04)), 0.385 + float(rng.normal(0, 0.012)), 0.045)

    part.paint(part.soft_step(margin, 1.2), OUTER_STROMA)
    stroma = Tissue(STROMA.t2 + 0.5 * signal_shift, STROMA.t1, STROMA.grain)
    ring = part.soft_step(margin - outer, 1.4) * (1 - np.float32(0.92) * gap)
    part.paint(ring, stroma, _layers(rng, part, margin))
    _paint_canal(rng, part, section, middle)
    _paint_cysts(rng, part, section)
    _paint_strands(rng, part, section, margin, gap, tumour)
    _paint_tumour(rng, part, section.lesion.depth_inside(x, z), latents, tumour)


def _normal_radius(rng: np.random.Generator) -> np.ndarray:
    """A cervix without tumour: about 35 × 30 mm, hardly ever a perfect ellipse."""
    half_x, half_z, tilt = rng.normal(17.5, 1.4), rng.normal(14.8, 1.1), rng.normal(0, 0.2)
    radius = half_x * half_z / np.hypot(half_z * np.cos(_ANGLE - tilt), half_x * np.sin(_ANGLE - tilt))
    return np.asarray(radius * np.exp(_waves(rng, 0.025)))


def _waves(rng: np.random.Generator, sd: float, low: int = 2, high: int = 7) -> np.ndarray:
    """A random curve around the circumference, of the harmonics ``low`` to ``high``; those from 2 to 7 are slow."""
    orders = np.arange(low, high + 1)[:, None]
    amplitude = rng.normal(0, sd, (len(orders), 1)) * np.sqrt(2) / orders**0.7
    return np.asarray((amplitude * np.cos(orders * _ANGLE + rng.uniform(0, 2 * np.pi, (len(orders), 1)))).sum(axis=0))


def _placed(
    rng: np.random.Generator,
    lesion: Outline,
    center: tuple[float, float],
    normal: np.ndarray,
    toward: float,
    extension: float,
    broken: bool,
) -> Outline:
    """The tumour where it belongs: beside the canal while it is small, across the margin where the ring is broken."""
    at = round(float(toward) / (2 * np.pi) * ANGLES) % ANGLES
    if broken:
        offset = max(0.0, float(normal[at]) + extension - float(lesion.radius_mm[at])) * 0.8
        direction = toward
    else:
        free = max(3.5, float(normal.min()) - 3.5 - float(np.max(lesion.radius_mm)))
        offset, direction = free * rng.uniform(0.35, 0.8), rng.uniform(0, 2 * np.pi)
    return lesion.moved_to((center[0] + offset * np.cos(direction), center[1] + offset * np.sin(direction)))


def _reach(lesion: Outline, center: tuple[float, float]) -> np.ndarray:
    """How far the tumour reaches from the cervix's centre, by the angle; 0 where it does not."""
    x, z = (lesion.points() - center).T
    index = np.round(np.arctan2(z, x) * (ANGLES / (2 * np.pi))).astype(int) % ANGLES
    reach = np.zeros(ANGLES)
    np.maximum.at(reach, index, np.hypot(x, z))
    return np.asarray(gaussian_filter1d(maximum_filter1d(reach, 25, mode="wrap"), 8.0, mode="wrap"))


def _layers(rng: np.random.Generator, part: Canvas, margin: np.ndarray) -> np.ndarray:
    """Fibres that run around the canal: fine changes of the signal with the distance from the margin."""
    waves = np.sin(margin * np.float32(1.9) + 2 * smooth_field_on_grid(rng, part.x_mm, part.z_mm, (5.0, 5.0)))
    return np.asarray(np.float32(0.6) * waves + np.float32(0.8) * part.grain)


def _paint_canal(rng: np.random.Generator, part: Canvas, section: CervixSection, middle: tuple[float, float]) -> None:
    """Mucosa with its folds around a bright slit of mucus, pushed aside by a tumour."""
    away = np.array(middle) - np.array(section.lesion.center_mm)
    push = min(float(np.median(section.lesion.radius_mm)), 9.0) * 0.5
    shift = push * away / max(float(np.hypot(*away)), 1.0)
    dx, dz = part.from_point(middle[0] + float(shift[0]), middle[1] + float(shift[1]))
    tilt = float(rng.normal(0, 0.25))
    half_x, half_z = float(rng.uniform(6.0, 8.5)), float(rng.uniform(4.2, 5.8))
    part.paint(part.soft_step(ellipse_depth(dx, dz, half_x, half_z, tilt), 1.8), MUCOSA)
    slit = ellipse_depth(dx, dz, half_x * float(rng.uniform(0.5, 0.75)), float(rng.uniform(1.0, 2.1)), tilt)
    part.paint(np.float32(rng.uniform(0.75, 1.0)) * part.soft_step(slit, 1.0), MUCUS)


def _paint_cysts(rng: np.random.Generator, part: Canvas, section: CervixSection) -> None:
    """Nabothian cysts: small, round, bright, in the stroma near the canal."""
    for _ in range(int(rng.poisson(0.5))):
        angle, share, radius = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.7), rng.uniform(1.2, 3.0)
        away = share * section.outline.radius_mm[int(angle / (2 * np.pi) * ANGLES) % ANGLES]
        x = section.outline.center_mm[0] + away * np.cos(angle)
        z = section.outline.center_mm[1] + away * np.sin(angle)
        dx, dz = part.from_point(float(x), float(z))
        part.paint(part.soft_step(np.float32(radius) - np.hypot(dx, dz)), FOLLICLE)


def _paint_strands(
    rng: np.random.Generator,
    part: Canvas,
    section: CervixSection,
    margin: np.ndarray,
    gap: np.ndarray,
    tumour: Tissue,
) -> None:
    """Where the ring is broken: spiculated strands of tumour and oedema in the fat beyond."""
    if section.extension_mm == 0:
        return
    length = np.float32(section.extension_mm + 5)
    ridge = np.abs(smooth_field_on_grid(rng, part.x_mm, part.z_mm, (2.4, 2.4)))
    beyond = -margin
    fading = np.clip(1 - beyond / length, 0, 1) * part.soft_step(beyond + 2)
    strands = gap * fading * np.clip(1.25 - ridge / np.float32(0.3), 0.3, 1)
    part.paint(np.float32(0.75) * strands, tumour)


def _paint_tumour(
    rng: np.random.Generator, part: Canvas, depth: np.ndarray, latents: SectionLatents, tumour: Tissue
) -> None:
    """Intermediate signal, patchy; microscopic tumours hardly show, large ones may hold bright necrosis."""
    visible = float(np.clip((latents.section_diameter_mm - 2.5) / 6.0, 0.12, 1.0))
    patches = smooth_field_on_grid(rng, part.x_mm, part.z_mm, (3.2, 3.2))
    texture = np.float32(0.75) * patches + np.float32(0.6) * part.grain
    inside = part.soft_step(depth, float(rng.uniform(0.9, 1.8)))
    part.paint(np.float32(visible) * inside, tumour, texture)
    if latents.section_diameter_mm > 38 and rng.random() < 0.4:
        wide = smooth_field_on_grid(rng, part.x_mm, part.z_mm, (4.5, 4.5))
        necrosis = np.clip((wide - np.float32(1.1)) * 3, 0, 1) * part.soft_step(depth - 6, 3.0)
        part.paint(necrosis, Tissue(0.78, 0.30, 0.04))


def _by_angle(values: np.ndarray, dx: np.ndarray, dz: np.ndarray) -> np.ndarray:
    index = (np.arctan2(dz, dx) * np.float32(ANGLES / (2 * np.pi))).astype(np.int32) % ANGLES
    return np.asarray(values.astype(np.float32)[index])


def _smooth_step(value: np.ndarray) -> np.ndarray:
    clipped = np.clip(value, 0, 1)
    return np.asarray(clipped * clipped * (3 - 2 * clipped))
