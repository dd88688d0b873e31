"""The pelvis around the cervix on an axial oblique section at the level of the hip joints.

Seen from the feet as radiologists do: the patient's front is at the top, her left at the right. Sizes in mm, chosen to
look right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import mri_tissue as tissue
from .mri_cervix import CervixSection
from .mri_tissue import Canvas, ellipse_depth
from .smooth_field import smooth_field_on_grid


@dataclass(frozen=True)
class PelvisLayout:
    """Where the organs lie: depths (z) and half widths that depend on the size of the cervix.

    Parameters
    ----------
    front, back
        z of the skin.
    subcutaneous
        Thickness of the fat under the skin of the belly.
    wall
        x of the pelvic wall at both sides.
    rectum
        ``(x, z, half_x, half_z)``.
    sacrum
        z of the lowest sacral vertebra's middle.
    uterus, bladder
        ``(x, z, half_x, half_z)``, or ``None`` where the section misses them.
    """

    front: float
    back: float
    subcutaneous: float
    wall: float
    rectum: tuple[float, float, float, float]
    sacrum: float
    uterus: tuple[float, float, float, float] | None
    bladder: tuple[float, float, float, float] | None


def draw_layout(rng: np.random.Generator, cervix: CervixSection) -> PelvisLayout:
    """Organs around this cervix; a large one pushes them aside."""
    half_x, half_z = float(rng.uniform(13, 20)), float(rng.uniform(10, 16))
    below = cervix.reach_mm(np.pi / 2, 0.7)
    touch = -5.0 if cervix.invades == "rectum" else float(rng.uniform(2, 6))
    rectum = (float(rng.normal(0, 4)), below + touch + half_z, half_x, half_z)
    sacrum = max(66.0, rectum[1] + half_z + 13) + float(rng.uniform(0, 6))
    back = sacrum + float(rng.uniform(30, 44))
    front, subcutaneous = -float(rng.uniform(94, 112)), float(rng.uniform(17, 36))
    top = -cervix.reach_mm(-np.pi / 2, 0.7)
    limit = front + subcutaneous + 15
    uterus = None
    if cervix.invades != "bladder" and top - limit > 40 and rng.random() < 0.75:
        half_x, half_z = float(rng.uniform(25, 35)), float(min(rng.uniform(17, 22), 0.36 * (top - limit)))
        side = float(rng.choice([-1.0, 1.0]) * rng.uniform(2, 16))
        uterus = (side, top - 0.80 * half_z, half_x, half_z)
        top = uterus[1] - 0.9 * half_z
    touch = -6.0 if cervix.invades == "bladder" else float(rng.uniform(1.5, 5))
    room = (top - touch - limit) / 2
    half_z = min(float(rng.uniform(10, 24)), room)
    bladder = None
    if half_z > 5:
        half_x = float(rng.uniform(26, 40)) * min(1.0, 0.55 + half_z / 30)
        bladder = (float(rng.normal(0, 6)), top - touch - half_z, half_x, half_z)
    wall = max(float(rng.uniform(53, 61)), cervix.reach_mm(0.0) + 7, cervix.reach_mm(np.pi) + 7)
    return PelvisLayout(front, back, subcutaneous, wall, rectum, sacrum, uterus, bladder)


def paint_pelvis(rng: np.random.Generator, canvas: Canvas, layout: PelvisLayout, cervix: CervixSection) -> None:
    """Everything but the cervix."""
    _paint_body(rng, canvas, layout)
    for side in (-1.0, 1.0):
        _paint_hip(rng, canvas, layout, side)
        _paint_back_muscles(rng, canvas, layout, side)
        _paint_vessels(rng, canvas, layout, side)
    _paint_sacrum(canvas, layout)
    _paint_parametria(rng, canvas, cervix)
    _paint_bowel(rng, canvas, layout)
    _paint_ovaries(rng, canvas, layout, cervix)
    _paint_rectum(rng, canvas, layout)
    if layout.uterus is not None:
        _paint_uterus(rng, canvas, layout.uterus)
    if layout.bladder is not None:
        _paint_bladder(rng, canvas, layout.bladder)


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
