"""How a simulated ultrasound machine looks at the slice: probe geometry, beam, gain, display.

A transvaginal probe is a small curved array: its beams leave an arc of about 11 mm radius and open into a fan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SPEED_MM_PER_US = 1.54
DEPTH_STEPS_MM = (50.0, 60.0, 70.0, 80.0, 95.0, 110.0, 130.0)
"""What the machine's depth knob offers."""

APERTURE_MM = 11.0
"""The part of a curved array that can look into one direction."""

CENTERS = ("A", "B", "C")
"""Hospitals with different machines; the outcome does not depend on them."""


@dataclass(frozen=True)
class Scanner:
    """Settings of one examination.

    Parameters
    ----------
    center
        Hospital.
    frequency_mhz, fractional_bandwidth
        Centre frequency of the received pulse and its -6 dB width as a share of it.
    depth_mm
        Displayed depth.
    probe_radius_mm, half_angle
        Radius of the array and half of the fan's opening in radians.
    f_number, focus_mm
        Smallest f-number of the receive aperture, and the depth of the transmit focus.
    gain_db, dynamic_range_db
        Overall gain and the range that the grey scale spans.
    time_gain_db
        Residual of the depth compensation at the four knobs from the probe to the full depth.
    noise_db
        Electronic noise at the probe's surface relative to tissue; the depth compensation lifts it.
    """

    center: str
    frequency_mhz: float
    fractional_bandwidth: float
    depth_mm: float
    probe_radius_mm: float
    half_angle: float
    f_number: float
    focus_mm: float
    gain_db: float
    dynamic_range_db: float
    time_gain_db: tuple[float, float, float, float]
    noise_db: float

    @property
    def wavelength_mm(self) -> float:
        return SPEED_MM_PER_US / self.frequency_mhz

    def lateral_sd_mm(self, depth_mm: np.ndarray) -> np.ndarray:
        """Standard deviation of the two-way beam profile at each depth.

        The aperture grows with the depth until the whole of it is used; away from the transmit focus the beam widens.
        """
        f_number = np.maximum(self.f_number, depth_mm / APERTURE_MM)
        defocus = (depth_mm - self.focus_mm) / (1.5 * self.focus_mm)
        return 0.5 * self.wavelength_mm * f_number * np.sqrt(1 + defocus**2)


def draw_scanner(rng: np.random.Generator, lesion_extent_mm: float) -> Scanner:
    """Settings an examiner would choose for a lesion of this extent along the depth and across."""
    center = int(rng.integers(len(CENTERS)))
    wanted = 24.0 + 1.12 * lesion_extent_mm + rng.uniform(0, 12)
    depth = next((step for step in DEPTH_STEPS_MM if step >= wanted), DEPTH_STEPS_MM[-1])
    frequency = (6.5, 7.2, 6.0)[center] - 0.014 * (depth - 60) + rng.normal(0, 0.15)
    return Scanner(
        center=CENTERS[center],
        frequency_mhz=float(np.clip(frequency, 4.5, 7.6)),
        fractional_bandwidth=(0.62, 0.7, 0.58)[center],
        depth_mm=depth,
        probe_radius_mm=(11.0, 10.0, 12.0)[center],
        half_angle=float(np.deg2rad((62.0, 66.0, 58.0)[center])),
        f_number=(2.0, 1.8, 2.2)[center],
        focus_mm=float(depth * rng.uniform(0.35, 0.55)),
        gain_db=float(rng.normal((0.0, 1.5, -1.0)[center], 1.5)),
        dynamic_range_db=(60.0, 64.0, 58.0)[center],
        time_gain_db=tuple(float(value) for value in rng.normal((0.0, 0.5, -1.0, -7.0), 1.3)),  # type: ignore[arg-type]
        noise_db=float(rng.normal(-47.0, 2.0)),
    )


@dataclass(frozen=True, eq=False)
class BeamGrid:
    """Where the samples of the beams lie.

    Parameters
    ----------
    x_mm, z_mm
        ``(samples, lines)`` float32: lateral position and depth below the probe's tip.
    depth_mm
        ``(samples,)`` along the beam.
    angle
        ``(lines,)`` in radians, 0 pointing straight down.
    """

    x_mm: np.ndarray
    z_mm: np.ndarray
    depth_mm: np.ndarray
    angle: np.ndarray

    def every_second_sample(self) -> BeamGrid:
        """Half the samples along each beam: enough for tissue, which is coarser than the pulse."""
        return BeamGrid(self.x_mm[::2], self.z_mm[::2], self.depth_mm[::2], self.angle)


LINES = 240
SAMPLE_MM = 0.105
"""Spacing of the demodulated samples along a beam."""


def beam_grid(scanner: Scanner) -> BeamGrid:
    """The grid of samples of one frame."""
    samples = _fast_even_length(int(np.ceil(scanner.depth_mm / SAMPLE_MM)))
    depth = (np.arange(samples) + 0.5) * SAMPLE_MM
    angle = np.linspace(-scanner.half_angle, scanner.half_angle, LINES)
    range_mm = (scanner.probe_radius_mm + depth).astype(np.float32)
    x = range_mm[:, None] * np.sin(angle).astype(np.float32)
    z = range_mm[:, None] * np.cos(angle).astype(np.float32) - np.float32(scanner.probe_radius_mm)
    return BeamGrid(x, z, depth, angle)


@dataclass(frozen=True)
class Display:
    """The picture's grid: ``(rows, columns)`` square pixels of ``spacing_mm``.

    ``top_mm`` is the depth of the first row's centre; the probe's tip lies at depth 0 in the middle of the picture.
    """

    rows: int
    columns: int
    spacing_mm: float
    top_mm: float

    def x_mm(self) -> np.ndarray:
        """``(columns,)`` lateral positions of the pixel centres."""
        return (np.arange(self.columns) - (self.columns - 1) / 2) * self.spacing_mm

    def z_mm(self) -> np.ndarray:
        """``(rows,)`` depths of the pixel centres."""
        return self.top_mm + np.arange(self.rows) * self.spacing_mm

    def to_pixels(self, points_mm: np.ndarray) -> np.ndarray:
        """(x, z) in mm to (row, column)."""
        row = (points_mm[:, 1] - self.top_mm) / self.spacing_mm
        return np.stack([row, points_mm[:, 0] / self.spacing_mm + (self.columns - 1) / 2], axis=1)


def display_for(scanner: Scanner, size: tuple[int, int]) -> Display:
    """The picture that shows the whole depth of the fan, with its arc at the upper edge."""
    rows, columns = size
    arc = scanner.probe_radius_mm * (1 - np.cos(scanner.half_angle))
    spacing = round(float((scanner.depth_mm + arc) * 1.02 / rows), 4)
    return Display(rows, columns, spacing, top_mm=-arc - 0.01 * scanner.depth_mm)


def _fast_even_length(samples: int) -> int:
    """The next even length that the Fourier transform likes."""
    from scipy.fft import next_fast_len

    return 2 * int(next_fast_len((samples + 1) // 2, real=False))
