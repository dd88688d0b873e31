"""How a simulated MR scanner sees the section: field of view, coils, k-space, noise, ghosts, display.

The signal is multiplied by the coils' sensitivity, noise is added to its real and imaginary part, and what lies beyond
the acquired part of k-space is lost, which blurs and rings as it does in a scanner. The magnitude is Rician
(Gudbjartsson and Patz 1995, doi 10.1002/mrm.1910340618).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

CENTERS = ("A", "B", "C")
"""Hospitals with different machines; stage and group do not depend on them."""

FIELDS_OF_VIEW_MM = (200.0, 220.0, 240.0, 256.0)
_MATRIX_FACTORS = (1.0, 1.125, 1.25)
_SHOWN_PERCENT = 97.0
_FAT = 0.8
"""Signal of fat on T2, which noise levels and the display's window refer to."""


@dataclass(frozen=True)
class MrScanner:
    """Settings of one examination.

    Parameters
    ----------
    center
        Hospital.
    matrix
        Rows and columns of the picture.
    pixel_mm
        Size of a pixel.
    offset_mm
        ``(x, z)`` of the picture's middle.
    acquired
        Share of k-space that is measured along rows and columns; the rest is filled with zeros.
    noise
        Standard deviation of real and imaginary part before the magnitude.
    coil_strength
        What is left of the coils' uneven sensitivity after the scanner's correction, 0-1.
    coils_mm
        ``(coils, 2)`` places (x, z) of the surface coils.
    ghost
        ``(share of the signal, periods along k-space, phase)``; a share of 0 is a patient who lay still.
    phase_along_rows
        Whether the phase is encoded from front to back, where breathing ghosts spread.
    white, gamma
        Signal that is shown white at least, and the exponent of the display's curve.
    """

    center: str
    matrix: int
    pixel_mm: float
    offset_mm: tuple[float, float]
    acquired: tuple[float, float]
    noise: float
    coil_strength: float
    coils_mm: np.ndarray
    ghost: tuple[float, float, float]
    phase_along_rows: bool
    white: float
    gamma: float

    def positions_mm(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the columns (x) and the rows (z) lie, float32."""
        from_middle = (np.arange(self.matrix) - (self.matrix - 1) / 2) * self.pixel_mm
        x, z = self.offset_mm
        return (from_middle + x).astype(np.float32), (from_middle + z).astype(np.float32)


def draw_mr_scanner(rng: np.random.Generator, size: int) -> MrScanner:
    """Settings of a pelvic T2 series; ``size`` is the smallest matrix."""
    center = int(rng.integers(len(CENTERS)))
    matrix = round(size * _MATRIX_FACTORS[int(rng.integers(3))] / 2) * 2
    field = FIELDS_OF_VIEW_MM[int(rng.integers(len(FIELDS_OF_VIEW_MM)))]
    angle = np.linspace(0, 2 * np.pi, 8, endpoint=False) + rng.normal(0, 0.1, 8)
    coils = np.stack([190 * np.cos(angle), 135 * np.sin(angle)], axis=1)
    phase_along_rows = bool(rng.random() < 0.35)
    share = float(rng.uniform(0.62, 0.9))
    moved = rng.random() < 0.3
    return MrScanner(
        center=CENTERS[center],
        matrix=matrix,
        pixel_mm=round(field / matrix, 4),
        offset_mm=(float(rng.normal(0, 5)), float(rng.normal(0, 5))),
        acquired=(share, 0.95) if phase_along_rows else (0.95, share),
        noise=_FAT * float(rng.uniform(0.028, 0.06)) * (1.0, 0.8, 1.2)[center],
        coil_strength=float(rng.uniform(0.15, 0.8)),
        coils_mm=coils,
        ghost=(
            float(rng.uniform(0.02, 0.055)) if moved else 0.0,
            float(rng.uniform(5, 14)),
            float(rng.uniform(0, 2 * np.pi)),
        ),
        phase_along_rows=phase_along_rows,
        white=_FAT * float(rng.uniform(1.15, 1.6)),
        gamma=float(rng.uniform(0.85, 1.1)),
    )


def acquire(rng: np.random.Generator, scanner: MrScanner, signal: np.ndarray) -> np.ndarray:
    """The magnitude image of ``(rows, columns)`` signals, float32, in the same unit."""
    uneven = signal * coil_sensitivity(scanner)
    noise = rng.standard_normal((2, *signal.shape), dtype=np.float32)
    space = fft.fft2((uneven + np.float32(scanner.noise) * (noise[0] + 1j * noise[1])).astype(np.complex64))
    for axis, share in enumerate(scanner.acquired):
        frequency = np.abs(fft.fftfreq(scanner.matrix)) * 2
        window = _k_space_window(frequency, share)
        strength, periods, phase = scanner.ghost
        if strength and scanner.phase_along_rows == (axis == 0):
            # Breathing modulates the lines as they are measured one after the other.
            line = np.arange(scanner.matrix) / scanner.matrix
            window = window * (1 + 2 * strength * np.sin(2 * np.pi * periods * line + phase))
        space *= window.astype(np.float32)[:, None] if axis == 0 else window.astype(np.float32)
    return np.abs(fft.ifft2(space)).astype(np.float32)


def coil_sensitivity(scanner: MrScanner) -> np.ndarray:
    """The bias field: root of the sum of squares of all coils, 1 in the middle, ``(rows, columns)`` float32."""
    across, along = scanner.positions_mm()
    total = np.zeros((scanner.matrix, scanner.matrix), dtype=np.float32)
    middle = 0.0
    for x, z in scanner.coils_mm:
        squared = ((across - np.float32(x)) ** 2)[None, :] + ((along - np.float32(z)) ** 2)[:, None]
        total += (1 + squared / np.float32(85.0**2)) ** -2
        middle += (1 + (x * x + z * z) / 85.0**2) ** -2
    return np.asarray((total / np.float32(middle)) ** np.float32(0.5 * scanner.coil_strength), dtype=np.float32)


def display(scanner: MrScanner, magnitude: np.ndarray) -> np.ndarray:
    """Whole grey levels 0-255, float32; a scanner's export cuts the brightest signals, 3 % of the slice at most."""
    white = np.float32(max(scanner.white, float(np.percentile(magnitude, _SHOWN_PERCENT))))
    return np.rint(255 * np.clip(magnitude / white, 0, 1) ** np.float32(scanner.gamma))


def _k_space_window(frequency: np.ndarray, share: float) -> np.ndarray:
    """1 in the acquired part, 0 beyond, with the mild roll-off that vendors use against ringing."""
    edge = np.clip((share - frequency) / (0.25 * share), 0, 1)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * edge))
