"""The organs around the cervix: parametria, bowel, ovaries, rectum, the uterine body and the bladder."""

from __future__ import annotations

import numpy as np

from . import mri_tissue as tissue
from .mri_cervix import CervixSection
from .mri_layout import PelvisLayout
from .mri_tissue import Canvas, ellipse_depth
from .smooth_field import smooth_field_on_grid


def paint_organs(rng: np.random.Generator, canvas: Canvas, layout: PelvisLayout, cervix: CervixSection) -> None:
    """Every organ but the cervix; what comes later lies over what came before."""
    _paint_parametria(rng, canvas, cervix)
    _paint_bowel(rng, canvas, layout)
    _paint_ovaries(rng, canvas, layout, cervix)
    _paint_rectum(rng, canvas, layout)
    if layout.uterus is not None:
        _paint_uterus(rng, canvas, layout.uterus)
    if layout.bladder is not None:
        _paint_bladder(rng, canvas, layout.bladder)


def _paint_parametria(rng: np.random.Generator, canvas: Canvas, cervix: CervixSection) -> None:
    """Beside the cervix: veins and connective tissue, a bright speckled triangle that thins out to the pelvic wall."""
    for angle, side in ((0.0, 1.0), (np.pi, -1.0)):
        reach = cervix.reach_mm(angle)
        x = side * (reach + 7)
        part = canvas.part(x, 2, 24, 22)
        if part is None:
            continue
        dx, dz = part.from_point(x, 2)
        triangle = part.soft_step(ellipse_depth(dx, dz, 21, 16), 12.0)
        mesh = smooth_field_on_grid(rng, part.x_mm, part.z_mm, (2.6, 1.6))
        part.paint(np.float32(0.7) * triangle * np.clip(0.55 + mesh, 0, 1), tissue.PLEXUS)
        veins = smooth_field_on_grid(rng, part.x_mm, part.z_mm, (1.9, 1.3))
        part.paint(np.float32(0.5) * triangle * np.clip(-veins - np.float32(0.8), 0, 1), tissue.FASCIA)
        part.paint(np.float32(0.8) * triangle * np.clip((veins - np.float32(1.2)) * 2, 0, 1), tissue.FOLLICLE)


def _paint_bowel(rng: np.random.Generator, canvas: Canvas, layout: PelvisLayout) -> None:
    """Loops of small bowel or sigmoid between bladder and pelvic wall."""
    for side in (-1.0, 1.0):
        for _ in range(int(rng.integers(1, 4))):
            x, z = side * rng.uniform(26, 50), rng.uniform(layout.front + layout.subcutaneous + 24, -24)
            half_x, half_z, tilt = rng.uniform(8, 15), rng.uniform(6, 10), rng.uniform(-0.7, 0.7)
            part = canvas.part(float(x), float(z), 17)
            if part is None:
                continue
            dx, dz = part.from_point(float(x), float(z))
            loop = ellipse_depth(dx, dz, float(half_x), float(half_z), float(tilt), power=2.3)
            part.paint(part.soft_step(loop), tissue.BOWEL_WALL)
            folds = smooth_field_on_grid(rng, part.x_mm, part.z_mm, (1.8, 1.8))
            part.paint(part.soft_step(loop - 1.8, 1.2), tissue.BOWEL_CONTENT, folds)
            if rng.random() < 0.3:
                part.paint(part.soft_step(np.minimum(loop - 1.8, -dz - 1)), tissue.GAS)


def _paint_ovaries(rng: np.random.Generator, canvas: Canvas, layout: PelvisLayout, cervix: CervixSection) -> None:
    """An ovary with bright follicles at the pelvic wall, where the section meets it."""
    for side, angle in ((-1.0, np.pi), (1.0, 0.0)):
        x, z = side * (layout.wall - 13.0), float(rng.uniform(-26, -12))
        if rng.random() > 0.35 or cervix.reach_mm(angle) > layout.wall - 28:
            continue
        part = canvas.part(x, z, 15)
        if part is None:
            continue
        dx, dz = part.from_point(x, z)
        ovary = ellipse_depth(dx, dz, 12.0, 8.5, float(rng.uniform(-0.8, 0.8)))
        part.paint(part.soft_step(ovary), tissue.OVARY)
        for _ in range(int(rng.integers(1, 6))):
            away, turn = rng.uniform(2, 6), rng.uniform(0, 2 * np.pi)
            follicle = np.hypot(dx - np.float32(away * np.cos(turn)), dz - np.float32(0.7 * away * np.sin(turn)))
            part.paint(part.soft_step(np.minimum(rng.uniform(1.2, 3.0) - follicle, ovary - 1)), tissue.FOLLICLE)


def _paint_rectum(rng: np.random.Generator, canvas: Canvas, layout: PelvisLayout) -> None:
    """Rectum in its fat and fascia; gas lies in front because the patient lies on her back."""
    x, z, half_x, half_z = layout.rectum
    part = canvas.part(x, z, 2.2 * half_x, 2.0 * half_z)
    if part is None:
        return
    dx, dz = part.from_point(x, z)
    sheath = ellipse_depth(dx, dz - 2, 1.75 * half_x, 1.45 * half_z)
    part.paint(np.float32(0.55) * np.exp(-((sheath / np.float32(0.8)) ** 2)) * (dz > -0.6 * half_z), tissue.FASCIA)
    tube = ellipse_depth(dx, dz, half_x, half_z, power=2.2)
    part.paint(part.soft_step(tube), tissue.BOWEL_WALL)
    thick = float(rng.uniform(2.2, 3.4))
    lumen = part.soft_step(tube - thick)
    part.paint(np.exp(-(((tube - thick) / np.float32(0.9)) ** 2)) * np.float32(0.5), tissue.MUCOSA)
    stool = smooth_field_on_grid(rng, part.x_mm, part.z_mm, (2.2, 2.2))
    part.paint(lumen, tissue.STOOL, stool)
    level = float(rng.uniform(-0.5, 1.2)) * half_z
    part.paint(lumen * part.soft_step(np.float32(level) - dz, 1.5), tissue.GAS)


def _paint_uterus(rng: np.random.Generator, canvas: Canvas, place: tuple[float, float, float, float]) -> None:
    """The body of an anteverted uterus: myometrium, dark junctional zone, bright endometrium."""
    x, z, half_x, half_z = place
    part = canvas.part(x, z, half_x + 3, half_z + 6)
    if part is None:
        return
    dx, dz = part.from_point(x, z)
    tilt = float(rng.normal(0, 0.12))
    mottle = smooth_field_on_grid(rng, part.x_mm, part.z_mm, (2.6, 1.8))
    wall = ellipse_depth(dx, dz, half_x, half_z, tilt, power=2.2)
    part.paint(part.soft_step(wall, 1.2), tissue.MYOMETRIUM, mottle)
    stripe = float(rng.uniform(1.4, 3.8))
    junction = float(rng.uniform(3.0, 5.0))
    inner = ellipse_depth(dx, dz, 0.52 * half_x + junction, stripe + junction, tilt)
    part.paint(np.float32(0.9) * part.soft_step(inner, 1.8), tissue.JUNCTIONAL_ZONE)
    cavity = ellipse_depth(dx, dz, 0.52 * half_x, stripe, tilt)
    part.paint(part.soft_step(cavity, 1.2), tissue.ENDOMETRIUM)


def _paint_bladder(rng: np.random.Generator, canvas: Canvas, place: tuple[float, float, float, float]) -> None:
    """Urine, bright and even, in a dark wall."""
    x, z, half_x, half_z = place
    part = canvas.part(x, z, half_x + 3, half_z + 6)
    if part is None:
        return
    dx, dz = part.from_point(x, z)
    # The organ below dents its floor.
    dz = dz + np.float32(0.25 * half_z) * (dx / np.float32(half_x)) ** 2 * (dz > 0)
    wall = ellipse_depth(dx, dz, half_x, half_z, power=2.6)
    part.paint(part.soft_step(wall), tissue.BLADDER_WALL)
    part.paint(part.soft_step(wall - float(rng.uniform(1.8, 3.6)) * min(1.0, half_z / 12)), tissue.URINE)
