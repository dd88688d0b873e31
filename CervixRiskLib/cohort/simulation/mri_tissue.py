"""What each tissue gives on T2- and T1-weighted spin-echo images, and the canvas it is painted on.

Signals are relative to each other (fat on T2 is 0.8), chosen to look right, not measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .smooth_field import smooth_field_on_grid


@dataclass(frozen=True)
class Tissue:
    """One tissue: its signal on T2- and on T1-weighted images, and how much its texture changes the T2 signal."""

    t2: float
    t1: float
    grain: float = 0.0


GAS = Tissue(0.01, 0.01)
SKIN = Tissue(0.22, 0.35)
FAT = Tissue(0.80, 0.95, 0.045)
CARTILAGE = Tissue(0.34, 0.42)
MUSCLE = Tissue(0.17, 0.36, 0.025)
CORTICAL_BONE = Tissue(0.05, 0.05)
MARROW = Tissue(0.40, 0.62, 0.045)
FASCIA = Tissue(0.20, 0.30)
URINE = Tissue(1.05, 0.15, 0.008)
BLADDER_WALL = Tissue(0.24, 0.36)
BOWEL_WALL = Tissue(0.30, 0.38)
BOWEL_CONTENT = Tissue(0.62, 0.35, 0.12)
STOOL = Tissue(0.36, 0.42, 0.09)
FLOW_VOID = Tissue(0.05, 0.06)
VEIN = Tissue(0.66, 0.33)
PLEXUS = Tissue(0.58, 0.45, 0.10)
OVARY = Tissue(0.42, 0.37, 0.03)
FOLLICLE = Tissue(1.0, 0.16)
MYOMETRIUM = Tissue(0.40, 0.37, 0.035)
JUNCTIONAL_ZONE = Tissue(0.22, 0.35, 0.02)
ENDOMETRIUM = Tissue(0.86, 0.36, 0.03)
OUTER_STROMA = Tissue(0.36, 0.37, 0.03)
STROMA = Tissue(0.145, 0.34, 0.028)
MUCOSA = Tissue(0.50, 0.37, 0.03)
MUCUS = Tissue(0.92, 0.30)


@dataclass(frozen=True, eq=False)
class Canvas:
    """The signals of a rectangle of pixels; ``part`` gives a smaller one that shares them.

    Parameters
    ----------
    x_mm, z_mm
        ``(columns,)`` and ``(rows,)`` float32 positions of the pixels' centres, to the patient's left and backwards.
    bend_x, bend_z
        ``(rows, columns)`` mm by which organs are pushed out of their ideal shapes.
    grain
        ``(rows, columns)`` fine texture with unit variance, shared by all tissues.
    bundles
        ``(rows, columns)`` longer texture with unit variance: the bundles of muscle.
    signal
        ``(weightings, rows, columns)`` float32: T2, then T1 where it is wanted.
    """

    x_mm: np.ndarray
    z_mm: np.ndarray
    bend_x: np.ndarray
    bend_z: np.ndarray
    grain: np.ndarray
    bundles: np.ndarray
    signal: np.ndarray

    @property
    def pixel_mm(self) -> float:
        return float(self.x_mm[1] - self.x_mm[0])

    def part(self, x: float, z: float, reach_x: float, reach_z: float | None = None) -> Canvas | None:
        """The pixels at most ``reach`` mm (and what organs may be bent) from a point; ``None`` when there are few."""
        columns = _between(self.x_mm, x, reach_x + 6)
        rows = _between(self.z_mm, z, (reach_x if reach_z is None else reach_z) + 6)
        if columns.stop - columns.start < 4 or rows.stop - rows.start < 4:
            return None
        whole = (self.bend_x, self.bend_z, self.grain, self.bundles, self.signal)
        arrays = (array[..., rows, columns] for array in whole)
        return Canvas(self.x_mm[columns], self.z_mm[rows], *arrays)

    def from_point(self, x: float, z: float, *, bent: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Each pixel's place relative to a point, in mm."""
        dx, dz = (self.x_mm - np.float32(x))[None, :], (self.z_mm - np.float32(z))[:, None]
        if bent:
            return dx + self.bend_x, dz + self.bend_z
        return np.broadcast_arrays(dx, dz)  # type: ignore[return-value]

    def soft_step(self, inside_mm: np.ndarray, width_mm: float = 0.0) -> np.ndarray:
        """0 outside, 1 inside; the edge is at least one pixel wide, which is the pixel's own averaging."""
        return np.clip(inside_mm / np.float32(max(width_mm, self.pixel_mm)) + np.float32(0.5), 0, 1)

    def paint(self, share: np.ndarray, tissue: Tissue, texture: np.ndarray | None = None) -> None:
        """Replace what is there by ``tissue`` where ``share`` is 1, with its grain or another texture."""
        pattern = self.grain if texture is None else texture
        for index, level in enumerate((tissue.t2, tissue.t1)[: len(self.signal)]):
            signal = self.signal[index]
            # On T1 the same texture is there, weaker.
            wanted = np.float32(level) + pattern * np.float32(tissue.grain * (1.0, 0.5)[index])
            signal += (wanted - signal) * share


def blank_canvas(rng: np.random.Generator, x_mm: np.ndarray, z_mm: np.ndarray, weightings: int) -> Canvas:
    """An empty canvas with random bends and grain."""
    x_mm, z_mm = x_mm.astype(np.float32), z_mm.astype(np.float32)
    bend_x, bend_z = (
        np.float32(1.9) * smooth_field_on_grid(rng, x_mm, z_mm, (14.0, 14.0))
        + np.float32(0.35) * smooth_field_on_grid(rng, x_mm, z_mm, (4.5, 4.5))
        for _ in range(2)
    )
    grain = np.float32(0.8) * smooth_field_on_grid(rng, x_mm, z_mm, (1.1, 1.1))
    grain += np.float32(0.6) * smooth_field_on_grid(rng, x_mm, z_mm, (3.0, 3.0))
    bundles = smooth_field_on_grid(rng, x_mm, z_mm, (3.4, 2.0))
    shape = (weightings, len(z_mm), len(x_mm))
    return Canvas(x_mm, z_mm, bend_x, bend_z, grain, bundles, np.zeros(shape, dtype=np.float32))


def ellipse_depth(
    dx: np.ndarray, dz: np.ndarray, half_x: float, half_z: float, tilt: float = 0.0, power: float = 2.0
) -> np.ndarray:
    """Roughly how far each point lies inside an ellipse (a rounder box for ``power`` > 2), in mm; negative outside."""
    if tilt:
        cosine, sine = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))
        dx, dz = dx * cosine + dz * sine, dz * cosine - dx * sine
    across, along = np.abs(dx) * np.float32(1 / half_x), np.abs(dz) * np.float32(1 / half_z)
    if power == 2.0:
        ring = np.sqrt(across * across + along * along)
    else:
        ring = (across**power + along**power) ** np.float32(1 / power)
    return np.asarray((1 - ring) * np.float32(min(half_x, half_z)))


def _between(positions: np.ndarray, middle: float, reach: float) -> slice:
    first, last = np.searchsorted(positions, (middle - reach, middle + reach))
    return slice(int(first), int(last))
