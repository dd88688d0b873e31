"""One simulated case: a slice, a contour, clinical values, and the truth behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d, map_coordinates

from ...errors import SettingsError
from ...imaging import Roi, SliceImage
from .anatomy import TISSUE_ATTENUATION, draw_tissue
from .latents import CALLIPER_SD_MM, MAXIMUM_EFFECT, LesionLatents, draw_latents
from .lesion_shape import Outline, draw_outline, draw_reader_contour
from .scanner import SAMPLE_MM, BeamGrid, Display, Scanner, beam_grid, display_for, draw_scanner
from .speckle import analytic_echo, draw_scatterers, log_compress
from .table_one import CLINICAL_COLUMNS, draw_table_one

DEFAULT_SIZE = (320, 400)
TOP_DB = 25.0
"""How far above connective tissue white lies, at a gain of 0 dB."""


@dataclass(frozen=True, eq=False)
class SimulatedCase:
    """A case with a known truth.

    Parameters
    ----------
    image
        Whole grey levels 0-255, spacing known.
    roi
        What a simulated reader drew: the lesion's mask with slight, smooth errors.
    clinical
        The fifteen columns of the paper's Table 1 by name; ``maximum_diameter`` is the contour's, measured by hand.
    truth
        The lesion's latent parameters.
    positive
        The class: pelvic lymph node metastasis or not.
    center
        The hospital whose machine this is.
    """

    image: SliceImage
    roi: Roi
    clinical: Mapping[str, float | int | str]
    truth: LesionLatents
    positive: bool
    center: str


@dataclass(frozen=True, eq=False)
class CasePlan:
    """A case before its picture is rendered: everything that is written into the table."""

    latents: LesionLatents
    clinical: Mapping[str, float | int | str]
    lesion: Outline
    scanner: Scanner
    display: Display
    positive: bool


def simulate_ultrasound_case(
    rng: np.random.Generator, positive: bool, *, size: tuple[int, int] = DEFAULT_SIZE, effect: float = 1.0
) -> SimulatedCase:
    """Draw one case of a class.

    Parameters
    ----------
    rng
        All randomness comes from here.
    positive
        Pelvic lymph node metastasis.
    size
        ``(rows, columns)`` of the picture, at least 160 × 200.
    effect
        How far the classes' images lie apart, 0 (not at all) to 2; 1 gives an achievable AUC near 0.9 and the
        diameters of the paper. The clinical columns other than the diameter do not depend on it.

    Raises
    ------
    SettingsError
        ``size`` or ``effect`` is out of range.
    """
    check_effect(effect)
    plan = plan_case(rng, positive, size=size, effect=effect)
    pixels, mask = render_case(rng, plan)
    spacing = plan.display.spacing_mm
    image = SliceImage(pixels, (spacing, spacing), spacing_source="simulation", modality="US")
    return SimulatedCase(
        image, Roi.from_mask(mask, image), plan.clinical, plan.latents, positive, center=plan.scanner.center
    )


def check_effect(effect: float) -> None:
    """Raise ``SettingsError`` unless ``effect`` is a number from 0 to 2."""
    if not 0 <= effect <= MAXIMUM_EFFECT:
        raise SettingsError(f"The effect must be a number from 0 to {MAXIMUM_EFFECT:g}; 1 is the usual one.")


def plan_case(
    rng: np.random.Generator, positive: bool, *, size: tuple[int, int] = DEFAULT_SIZE, effect: float = 1.0
) -> CasePlan:
    """Draw what is written into the table: latent parameters, clinical values, machine, place of the lesion."""
    if min(size[0] / 160, size[1] / 200) < 1:
        raise SettingsError("A simulated picture needs at least 160 rows and 200 columns.")
    latents = draw_latents(rng, positive, effect)
    values = draw_table_one(rng, positive)
    measured = latents.diameter_mm + CALLIPER_SD_MM * rng.standard_normal()
    values["maximum_diameter"] = round(float(measured), 1)
    outline = draw_outline(rng, latents.diameter_mm, latents.irregularity)
    extent = np.ptp(outline.points(), axis=0)
    scanner = draw_scanner(rng, float(max(extent[1], 0.8 * extent[0])))
    display = display_for(scanner, size)
    lesion = _place_lesion(rng, outline, scanner, display)
    clinical = {name: values[name] for name in CLINICAL_COLUMNS}
    return CasePlan(latents, clinical, lesion, scanner, display, positive)


def render_case(rng: np.random.Generator, plan: CasePlan) -> tuple[np.ndarray, np.ndarray]:
    """The picture, ``(rows, columns)`` float32 of whole numbers 0-255, and the reader's mask, bool."""
    mask = reader_mask(rng, plan)
    grid = beam_grid(plan.scanner)
    tissue = draw_tissue(rng, grid, plan.scanner, plan.lesion, plan.latents)
    beams = _scan(rng, plan.scanner, grid, tissue.echo_db, tissue.attenuation)
    return np.rint(255 * _scan_convert(beams, plan.scanner, grid, plan.display)).astype(np.float32), mask


def reader_mask(rng: np.random.Generator, plan: CasePlan) -> np.ndarray:
    """What one reader draws on this case, ``(rows, columns)`` bool; another ``rng`` is another reader."""
    contour = draw_reader_contour(rng, plan.lesion)
    x, z = np.meshgrid(plan.display.x_mm().astype(np.float32), plan.display.z_mm().astype(np.float32))
    return contour.depth_inside(x, z) >= 0


def _place_lesion(rng: np.random.Generator, outline: Outline, scanner: Scanner, display: Display) -> Outline:
    """Move the lesion to a place where the fan shows all of it; the most central of several tries if none does."""
    points = outline.points()
    top, bottom = -points[:, 1].min(), points[:, 1].max()
    best, best_margin = outline, -np.inf
    for _ in range(24):
        low, high = 6.5 + top, max(0.92 * scanner.depth_mm - bottom, 6.6 + top)
        center = (rng.normal(0, 0.1) * scanner.depth_mm, low + (high - low) * rng.beta(1.6, 2.2))
        moved = points + center
        below_array = moved[:, 1] + scanner.probe_radius_mm
        range_mm = np.hypot(moved[:, 0], below_array)
        from_edge = range_mm * (scanner.half_angle - np.abs(np.arctan2(moved[:, 0], below_array)))
        from_side = float(display.x_mm()[-1]) - np.abs(moved[:, 0])
        from_bottom = scanner.probe_radius_mm + scanner.depth_mm - range_mm
        margin = float(min(from_edge.min(), from_side.min(), from_bottom.min()))
        if margin > best_margin:
            best, best_margin = outline.moved_to((float(center[0]), float(center[1]))), margin
        if margin > 2.5:
            break
    return best


def _scan(
    rng: np.random.Generator, scanner: Scanner, grid: BeamGrid, echo_db: np.ndarray, attenuation: np.ndarray
) -> np.ndarray:
    """Grey 0-1 of every sample of the beams."""
    range_mm = scanner.probe_radius_mm + grid.depth_mm
    line_mm = range_mm * (grid.angle[1] - grid.angle[0])
    echo = analytic_echo(
        draw_scatterers(rng, np.power(np.float32(10), echo_db / np.float32(20))),
        sample_mm=SAMPLE_MM,
        wavelength_mm=scanner.wavelength_mm,
        fractional_bandwidth=scanner.fractional_bandwidth,
        lateral_sd_lines=scanner.lateral_sd_mm(grid.depth_mm) / line_mm,
    )
    # Two-way loss beyond what the depth compensation assumes; dB/cm/MHz to dB per sample.
    excess = np.cumsum(attenuation - np.float32(TISSUE_ATTENUATION), axis=0)
    excess *= np.float32(2 * scanner.frequency_mhz * SAMPLE_MM / 10)
    # The aperture looks around small obstacles, so shadows have soft edges.
    excess = gaussian_filter1d(excess, 2.0, axis=1, mode="nearest")
    share = grid.depth_mm / scanner.depth_mm
    knobs = np.interp(share, np.linspace(0, 1, 4), scanner.time_gain_db).astype(np.float32)
    envelope = np.abs(echo) * np.power(np.float32(10), (knobs[:, None] - np.clip(excess, -7, 40)) / np.float32(20))
    # Noise keeps its level at the receiver, so the depth compensation brings it up from below.
    noise_db = scanner.noise_db + 26.0 * share**2 + 8.0 * np.exp(-grid.depth_mm / 6.0)
    noise = rng.standard_exponential(envelope.shape, dtype=np.float32)
    noise *= np.power(10, noise_db / 10).astype(np.float32)[:, None]
    envelope = np.sqrt(envelope**2 + noise)
    return log_compress(envelope, top_db=TOP_DB - scanner.gain_db, dynamic_range_db=scanner.dynamic_range_db)


def _calm_speckle(beams: np.ndarray) -> np.ndarray:
    """What a machine's compounding and speckle filter leave: the mean of the grain and its low-pass."""
    return np.asarray(0.35 * beams + 0.65 * gaussian_filter(beams, (1.9, 0.75)), dtype=np.float32)


def _scan_convert(beams: np.ndarray, scanner: Scanner, grid: BeamGrid, display: Display) -> np.ndarray:
    """From beams to pixels; black outside the fan."""
    x, z = np.meshgrid(display.x_mm(), display.z_mm() + scanner.probe_radius_mm)
    angle = np.arctan2(x, z)
    depth = np.hypot(x, z) - scanner.probe_radius_mm
    line = (angle - grid.angle[0]) / (grid.angle[1] - grid.angle[0])
    sample = depth / SAMPLE_MM - 0.5
    picture = map_coordinates(_calm_speckle(beams), np.stack([sample, line]), order=1, mode="nearest")
    visible = (depth >= 0) & (depth <= scanner.depth_mm) & (np.abs(angle) <= scanner.half_angle)
    return np.where(visible, picture, 0).astype(np.float32)
