"""What surrounds the pelvic organs: skin, fat, muscles, bones and the vessels along the wall."""

from __future__ import annotations

import numpy as np

from . import mri_tissue as tissue
from .mri_layout import PelvisLayout
from .mri_tissue import Canvas, ellipse_depth
from .smooth_field import smooth_field_on_grid


def paint_pelvic_wall(rng: np.random.Generator, canvas: Canvas, layout: PelvisLayout) -> None:
    """The empty pelvis."""
    _paint_body(rng, canvas, layout)
    for side in (-1.0, 1.0):
        _paint_hip(rng, canvas, layout, side)
        _paint_back_muscles(rng, canvas, layout, side)
        _paint_vessels(rng, canvas, layout, side)
    _paint_sacrum(canvas, layout)


def _paint_body(rng: np.random.Generator, canvas: Canvas, layout: PelvisLayout) -> None:
    """Skin, fat with its septa, and the muscles of the belly."""
    half_z, middle = (layout.back - layout.front) / 2, (layout.back + layout.front) / 2
    half_x = float(rng.uniform(165, 195))
    # The skin is smoother than what lies below it.
    sag = np.float32(2.0) * smooth_field_on_grid(rng, canvas.x_mm, canvas.z_mm, (38.0, 38.0))
    dx, dz = canvas.from_point(0, middle, bent=False)
    depth = ellipse_depth(dx, dz, half_x, half_z, power=2.4) + sag
    canvas.paint(canvas.soft_step(depth), tissue.SKIN)
    septa = np.abs(smooth_field_on_grid(rng, canvas.x_mm, canvas.z_mm, (7.0, 4.0)))
    lines = np.clip(1 - septa / np.float32(0.09), 0, 1) * np.float32(0.22)
    canvas.paint(canvas.soft_step(depth - 1.8), tissue.FAT)
    canvas.paint(lines * canvas.soft_step(depth - 3), tissue.FASCIA)
    thickness = float(rng.uniform(3.8, 6.5))
    for side in (-1.0, 1.0):
        dx, dz = canvas.from_point(side * 31, layout.front + layout.subcutaneous + 5)
        # The belly's wall curves back towards the flanks.
        dz = dz - np.float32(0.0035) * (canvas.x_mm[None, :] ** 2)
        rectus = ellipse_depth(dx, dz, float(rng.uniform(26, 31)), thickness, power=2.6)
        _paint_muscle(canvas, canvas.soft_step(rectus))


def _paint_muscle(part: Canvas, share: np.ndarray, *, streaks: float = 0.22) -> None:
    """Muscle with streaks of fat between its bundles."""
    part.paint(share, tissue.MUSCLE)
    if streaks:
        part.paint(share * np.clip(1 - np.abs(part.bundles) / np.float32(0.1), 0, 1) * np.float32(streaks), tissue.FAT)


def _paint_hip(rng: np.random.Generator, canvas: Canvas, layout: PelvisLayout, side: float) -> None:
    """Femoral head in its socket, obturator internus inside, iliopsoas and the femoral vessels in front."""
    head = float(rng.uniform(22.5, 25.5))
    x, z = side * (layout.wall + 17 + head + 10), float(rng.normal(-6, 3))
    part = canvas.part(x, z, head + 40, head + 46)
    if part is not None:
        dx, dz = part.from_point(x, z)
        distance = np.hypot(dx, dz)
        inward = np.abs(np.arctan2(dz, -side * dx))
        # Muscle on the socket's inner face, tapering to the front and the back.
        thick = np.float32(rng.uniform(11, 15)) * np.clip(1.25 - inward / np.float32(1.05), 0, 1)
        socket = np.float32(head + 11)
        obturator = np.minimum(distance - socket + 2, socket + thick - distance)
        _paint_muscle(part, part.soft_step(obturator) * (thick > 1))
        bone = np.minimum(distance - (head + 2), socket - distance) + np.float32(1.2) * (np.cos(3 * inward) + 0.3)
        # The socket opens to the outside, where its walls taper.
        taper = (np.float32(1.95) - inward) * np.float32(0.5 * head)
        bone = np.minimum(bone, taper)
        part.paint(part.soft_step(bone), tissue.CORTICAL_BONE)
        part.paint(part.soft_step(bone - 1.5, 1.2), tissue.MARROW)
        joint = np.minimum(head + np.float32(2.6) - distance, taper)
        part.paint(part.soft_step(joint), tissue.CARTILAGE)
        part.paint(part.soft_step(head - distance), tissue.CORTICAL_BONE)
        part.paint(part.soft_step(head - 1.5 - distance, 1.2), tissue.MARROW)
    for depth, along in ((-36.0, 13.0), (34.0, 11.0)):  # the socket's columns in front and behind
        shift = -side * 17
        part = canvas.part(x + shift, z + depth, 20)
        if part is not None:
            dx, dz = part.from_point(x + shift, z + depth)
            column = ellipse_depth(dx, dz, 15, along, side * (0.5 if depth < 0 else -0.6))
            part.paint(part.soft_step(column), tissue.CORTICAL_BONE)
            part.paint(part.soft_step(column - 1.9), tissue.MARROW)
    part = canvas.part(x + side * 2, z - 48, 26)
    if part is not None:
        dx, dz = part.from_point(x + side * 2, z - 48)
        _paint_muscle(part, part.soft_step(ellipse_depth(dx, dz, 24, 15, side * 0.35)))
    for offset, radius, kind in ((-24.0, 5.0, tissue.FLOW_VOID), (-36.0, 6.0, tissue.VEIN)):
        _paint_vessel(canvas, x + side * offset, z - 54 - 0.1 * offset, radius, kind)


def _paint_back_muscles(rng: np.random.Generator, canvas: Canvas, layout: PelvisLayout, side: float) -> None:
    """Gluteus maximus with its fat streaks, and the muscle between sacrum and hip."""
    z = layout.sacrum
    part = canvas.part(side * 70, z + 2, 62, 40)
    if part is not None:
        dx, dz = part.from_point(side * 68, z + 1)
        dz = dz + np.float32(0.004) * dx * dx
        thick = float(rng.uniform(12.5, 18.5))
        gluteus = ellipse_depth(dx, dz, 56, thick, -side * float(rng.normal(0.30, 0.06)), power=2.5)
        _paint_muscle(part, part.soft_step(gluteus), streaks=0.5)
    part = canvas.part(side * 40, z - 12, 32, 16)
    if part is not None:
        dx, dz = part.from_point(side * 38, z - 9)
        _paint_muscle(part, part.soft_step(ellipse_depth(dx, dz, 27, 5.0, -side * 0.35)))


def _paint_vessels(rng: np.random.Generator, canvas: Canvas, layout: PelvisLayout, side: float) -> None:
    """Branches of the internal iliac vessels along the pelvic wall."""
    for _ in range(int(rng.integers(4, 8))):
        x = side * (layout.wall - rng.uniform(3, 9))
        kind = tissue.FLOW_VOID if rng.random() < 0.5 else tissue.VEIN
        _paint_vessel(canvas, float(x), float(rng.uniform(-28, 38)), float(rng.uniform(1.2, 2.9)), kind)


def _paint_vessel(canvas: Canvas, x: float, z: float, radius: float, kind: tissue.Tissue) -> None:
    part = canvas.part(x, z, radius + 2)
    if part is not None:
        distance = np.hypot(*part.from_point(x, z))
        part.paint(part.soft_step(radius + 0.8 - distance), tissue.FASCIA)
        part.paint(part.soft_step(radius - distance), kind)


def _paint_sacrum(canvas: Canvas, layout: PelvisLayout) -> None:
    """The lowest vertebra of the sacrum or the coccyx."""
    part = canvas.part(0, layout.sacrum, 28, 14)
    if part is not None:
        dx, dz = part.from_point(0, layout.sacrum)
        dz = dz - np.float32(0.012) * dx * dx
        bone = ellipse_depth(dx, dz, 22, 8.0, power=2.5)
        part.paint(part.soft_step(bone), tissue.CORTICAL_BONE)
        part.paint(part.soft_step(bone - 1.6), tissue.MARROW)
