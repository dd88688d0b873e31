"""Where the organs around a cervix lie on an axial oblique section at the level of the hip joints.

Seen from the feet as radiologists do: the patient's front is at the top, her left at the right. Sizes in mm, chosen to
look right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mri_cervix import CervixSection


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
