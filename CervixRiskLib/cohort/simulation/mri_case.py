"""One simulated MRI case: an axial oblique section through the cervix, a contour, a stage, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import SettingsError
from ...imaging import Roi, SliceImage
from .case import check_effect
from .figo_table import STAGES, StagedPatient, draw_patient, outcome_of
from .lesion_shape import draw_reader_contour
from .mri_cervix import CervixSection, draw_cervix_section, paint_cervix
from .mri_latents import SectionLatents, draw_section
from .mri_layout import PelvisLayout, draw_layout
from .mri_organs import paint_organs
from .mri_pelvic_wall import paint_pelvic_wall
from .mri_scanner import MrScanner, acquire, display, draw_mr_scanner
from .mri_tissue import blank_canvas

DEFAULT_SIZE = 256
SMALLEST_SIZE = 192
SMALLEST_CONTOUR_MM = 6.0
"""A reader marks the place of a microscopic tumour with a contour of this diameter."""


@dataclass(frozen=True, eq=False)
class SimulatedSection:
    """A case with a known truth.

    Parameters
    ----------
    image
        T2-weighted, whole grey levels 0-255, spacing known.
    image_t1
        The same section T1-weighted, or ``None``.
    roi
        What a simulated reader drew: the tumour with slight, smooth errors.
    figo_stage, outcome
        The recorded stage and its group: 0 surgery, 1 chemoradiotherapy or systemic treatment.
    patient
        Age and two findings of the pathologist.
    truth
        The section's latent parameters.
    center
        The hospital whose scanner this is.
    """

    image: SliceImage
    image_t1: SliceImage | None
    roi: Roi
    figo_stage: str
    outcome: int
    patient: StagedPatient
    truth: SectionLatents
    center: str


@dataclass(frozen=True, eq=False)
class SectionPlan:
    """A case before its pictures are rendered: everything that is written into the tables."""

    figo_stage: str
    latents: SectionLatents
    patient: StagedPatient
    scanner: MrScanner
    cervix: CervixSection
    layout: PelvisLayout


def simulate_mri_case(
    rng: np.random.Generator, figo_stage: str, *, size: int = DEFAULT_SIZE, effect: float = 1.0, t1: bool = False
) -> SimulatedSection:
    """Draw one case of a stage.

    Parameters
    ----------
    rng
        All randomness comes from here.
    figo_stage
        One of :data:`~.figo_table.STAGES`.
    size
        Smallest matrix, at least 192; a scanner takes it, 9/8 of it or 5/4 of it.
    effect
        How much the section tells of the stage, 0 (nothing) to 2; 1 gives an achievable AUC near 0.95.
    t1
        Whether to render the T1-weighted image too. The T2-weighted one is the same either way.

    Raises
    ------
    SettingsError
        The stage is unknown, or ``size`` or ``effect`` is out of range.
    """
    check_effect(effect)
    plan = plan_section(rng, figo_stage, size=size, effect=effect)
    pictures, mask = render_section(rng, plan, t1=t1)
    spacing = (plan.scanner.pixel_mm, plan.scanner.pixel_mm)
    images = [SliceImage(pixels, spacing, spacing_source="simulation", modality="MR") for pixels in pictures]
    return SimulatedSection(
        image=images[0],
        image_t1=images[1] if t1 else None,
        roi=Roi.from_mask(mask, images[0]),
        figo_stage=figo_stage,
        outcome=outcome_of(figo_stage),
        patient=plan.patient,
        truth=plan.latents,
        center=plan.scanner.center,
    )


def check_size(size: int) -> None:
    """Raise ``SettingsError`` unless a matrix of this size can show a pelvis."""
    if not SMALLEST_SIZE <= size <= 1024:
        raise SettingsError(f"The size of a simulated MR image must be from {SMALLEST_SIZE} to 1024 pixels.")


def plan_section(
    rng: np.random.Generator, figo_stage: str, *, size: int = DEFAULT_SIZE, effect: float = 1.0
) -> SectionPlan:
    """Draw what is written into the tables: latent parameters, patient, scanner, place of the organs."""
    check_size(size)
    if figo_stage not in STAGES:
        raise SettingsError(f"The simulation knows the stages {', '.join(STAGES)}.")
    latents = draw_section(rng, figo_stage, effect)
    patient = draw_patient(rng)
    scanner = draw_mr_scanner(rng, size)
    cervix = draw_cervix_section(rng, latents)
    return SectionPlan(figo_stage, latents, patient, scanner, cervix, draw_layout(rng, cervix))


def render_section(
    rng: np.random.Generator, plan: SectionPlan, *, t1: bool = False
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The pictures (T2, then T1 if wanted), ``(rows, columns)`` float32 of whole numbers 0-255, and the mask, bool."""
    noise = rng.spawn(2)
    x_mm, z_mm = plan.scanner.positions_mm()
    canvas = blank_canvas(rng, x_mm, z_mm, 2 if t1 else 1)
    paint_pelvic_wall(rng, canvas, plan.layout)
    paint_organs(rng, canvas, plan.layout, plan.cervix)
    paint_cervix(rng, canvas, plan.cervix, plan.latents)
    pictures = tuple(
        display(plan.scanner, acquire(generator, plan.scanner, signal))
        for generator, signal in zip(noise, canvas.signal, strict=False)
    )
    contour = draw_reader_contour(rng, plan.cervix.lesion)
    contour = contour.scaled_to(max(plan.latents.section_diameter_mm, SMALLEST_CONTOUR_MM))
    mask = contour.depth_inside(*np.meshgrid(x_mm, z_mm)) >= 0
    return pictures, mask
