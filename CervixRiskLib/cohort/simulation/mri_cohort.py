"""A simulated MRI cohort on disk: pictures, contours, stages, dictionary, and what it is."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...progress import SILENT, Progress
from .case import check_effect
from .cohort_folder import (
    NOTICE,
    CaseRows,
    check_request,
    known_simulation,
    mask_bytes,
    png_bytes,
    write_bytes,
)
from .cohort_writer import CohortWords, write_cohort
from .figo_table import CLINICAL_COLUMNS, STAGE_SHARES, STAGES, outcome_of, staged_cases
from .mri_achievable import achievable_section_auc
from .mri_case import DEFAULT_SIZE, SMALLEST_CONTOUR_MM, SectionPlan, check_size, plan_section, render_section
from .reader_contours import LesionOnGrid
from .readings import USUAL_VARIABILITY, ReadingPlan, write_readings

GENERATOR_VERSION = 1
"""Counts up whenever the same seed gives other cases."""

_TRUTH_COLUMNS = (
    "looks_like", "maximum_diameter_mm", "section_diameter_mm", "ring_gap", "irregularity", "organ_invaded",
)  # fmt: skip


@dataclass(frozen=True)
class _Request:
    """What a process needs to know to make one case."""

    folder: Path
    seed: int
    effect: float
    size: int
    t1: bool
    stages: tuple[str, ...]
    readings: ReadingPlan


def simulate_mri(
    out: str | os.PathLike[str],
    cases: int,
    seed: int,
    *,
    effect: float = 1.0,
    size: int = DEFAULT_SIZE,
    t1: bool = False,
    readers: int = 1,
    repeat: bool = False,
    variability: float = USUAL_VARIABILITY,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Write a simulated MRI cohort and return the path of its table.

    Axial oblique T2-weighted sections through the cervix. The folder then holds ``cohort.csv`` (FIGO 2018 stage, and as
    outcome its group: 0 surgery, 1 chemoradiotherapy or systemic treatment), its dictionary ``cohort.columns.yaml``,
    ``images/`` and ``rois/`` (8-bit PNG, the pixel size in the column ``spacing_mm``), ``truth.csv`` (the latent
    parameters), ``simulation.json`` (seed, settings, achievable AUC) and ``README.txt``. Case ``i`` depends on
    ``seed``, ``i``, ``effect`` and ``size`` alone, so a larger cohort begins with the smaller one. Calling again with
    the same settings, after a kill too, or with more cases, only adds what is missing and leaves the same bytes.

    With more readers or a repeat, ``readings.csv`` and ``readings/`` (8-bit PNG) join them: see :mod:`.readings`. They
    change nothing else, may be asked for later, and stay when they are not asked for again.

    Parameters
    ----------
    cases
        How many, at least 1. Every prefix has the stages in the shares of the paper's Table 1.
    seed
        Not negative.
    effect
        How much the sections tell of the stage, 0-2; see :func:`simulate_mri_case`.
    size
        Smallest matrix, 192-1024; scanners take it, 9/8 or 5/4 of it.
    t1
        Write the T1-weighted image of the same grid too, column ``image_t1``.
    readers
        How many contour every case, 1-26; the first one's contours are the cohort's.
    repeat
        Whether the first reader contours every case again, at least eight weeks later.
    variability
        How far the readings lie apart, 0 (all the same) to 3; see :mod:`.reader_contours`.
    jobs
        Processes; ``None`` for one per core.

    Raises
    ------
    SettingsError
        A setting is out of range, or the folder holds a simulation with other settings, more cases, or readings of
        another variability.
    StorageError
        The folder holds something else, or cannot be written.
    """
    check_request(cases, seed, jobs)
    check_effect(effect)
    check_size(size)
    asked = ReadingPlan(readers, repeat, float(variability))
    request = _Request(Path(out), seed, float(effect), size, t1, tuple(staged_cases(cases)), asked)
    folder, settings = request.folder, _settings(request)
    known = known_simulation(folder, settings, cases)
    request = replace(request, readings=asked.with_known(folder, known))
    outcomes = [outcome_of(stage) for stage in request.stages]
    document = {
        **settings,
        "cases": cases,
        "positives": sum(outcomes),
        "plane": "axial oblique, across the cervical canal",
        "stages": {stage: request.stages.count(stage) for stage in STAGES},
        "stage_shares": {stage: round(share, 4) for stage, share in STAGE_SHARES.items()},
        "achievable_auc": asdict(achievable_section_auc(request.effect)),
        "clinical_source": "Dai et al. 2025, doi 10.3389/fonc.2025.1557486, Table 1, stage rows, both columns pooled",
        "notice": NOTICE,
        **request.readings.document(),
    }
    dictionary = Path(__file__).with_name("dai2025.columns.yaml").read_bytes()
    words = CohortWords(dictionary, _readme(document), _columns(t1), _TRUTH_COLUMNS)
    make = partial(_make_case, request)
    return write_cohort(folder, document, known, words, request.readings, make, jobs, progress)


def _columns(t1: bool) -> tuple[str, ...]:
    images = ("image", "image_t1") if t1 else ("image",)
    return ("case_id", *images, "roi", "figo_stage", "outcome", "spacing_mm", "center", *CLINICAL_COLUMNS)


def _make_case(request: _Request, index: int) -> CaseRows:
    """Write pictures, contour and readings unless they are there, and return the case's rows of the tables."""
    rng = np.random.default_rng((request.seed, index))
    stage = request.stages[index]
    plan = plan_section(rng, stage, size=request.size, effect=request.effect)
    case_id = f"sim-{index + 1:05d}"
    row = {
        "case_id": case_id,
        "image": f"images/{case_id}.png",
        "roi": f"rois/{case_id}.png",
        "figo_stage": stage,
        "outcome": outcome_of(stage),
        "spacing_mm": plan.scanner.pixel_mm,
        "center": plan.scanner.center,
        **asdict(plan.patient),
    }
    if request.t1:
        row["image_t1"] = f"images/{case_id}-t1.png"
    pictures = [request.folder / str(row[name]) for name in ("image", "image_t1") if name in row]
    _write_pictures(rng, plan, pictures, request.folder / str(row["roi"]))
    readings = write_readings(request.folder, request.seed, index, row, _lesion(plan), request.readings)
    return CaseRows(row, {"case_id": case_id, **_truth(plan)}, readings)


def _lesion(plan: SectionPlan) -> LesionOnGrid:
    x_mm, z_mm = plan.scanner.positions_mm()
    x, z = plan.cervix.lesion.center_mm
    pixel = plan.scanner.pixel_mm
    center = ((z - float(z_mm[0])) / pixel, (x - float(x_mm[0])) / pixel)
    drawn_mm = max(plan.latents.section_diameter_mm, SMALLEST_CONTOUR_MM)
    return LesionOnGrid(plan.cervix.lesion, center, pixel, diameter_mm=drawn_mm)


def _truth(plan: SectionPlan) -> dict[str, Any]:
    values = {name: getattr(plan.latents, name) for name in _TRUTH_COLUMNS}
    return {
        name: f"{value:.4f}" if isinstance(value, float) else int(value) if isinstance(value, bool) else value
        for name, value in values.items()
    }


def _write_pictures(rng: np.random.Generator, plan: SectionPlan, images: list[Path], roi: Path) -> None:
    # Each is written whole or not at all, so what exists is finished.
    if all(path.exists() for path in (*images, roi)):
        return
    pictures, mask = render_section(rng, plan, t1=len(images) == 2)
    for path, pixels in zip(images, pictures, strict=True):
        write_bytes(path, png_bytes(pixels.astype(np.uint8)))
    write_bytes(roi, mask_bytes(mask))


def _settings(request: _Request) -> dict[str, Any]:
    """What makes two simulations the same but for their size."""
    return {
        "simulated": True,
        "kind": "mri",
        "generator_version": GENERATOR_VERSION,
        "seed": request.seed,
        "effect": request.effect,
        "image_size": request.size,
        "t1": request.t1,
    }


def _readme(document: dict[str, Any]) -> bytes:
    ceiling = document["achievable_auc"]
    return f"""SIMULATED MRI COHORT

{NOTICE}

{document["cases"]} cases, axial oblique T2-weighted sections through the cervix; {document["positives"]} for
chemoradiotherapy or systemic treatment (outcome 1), the others for surgery (outcome 0).
Seed {document["seed"]}, effect {document["effect"]:g}.
cohort.csv lists them, cohort.columns.yaml explains the clinical columns, truth.csv holds the parameters behind each
picture (not to be used as predictors), simulation.json the settings.

The best AUC that anything can reach here: {ceiling["image"]} from the image, {ceiling["diameter"]} from the section's \
diameter alone.
Stages follow Table 1 of Dai et al. 2025 (doi 10.3389/fonc.2025.1557486); age, nerve invasion and vascular embolism
do too, and do not depend on the group.
""".encode()
