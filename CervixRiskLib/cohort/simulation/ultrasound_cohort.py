"""A simulated cohort on disk: pictures, contours, table, dictionary, and what it is."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SettingsError
from ...progress import SILENT, Progress
from .achievable import achievable_auc
from .case import DEFAULT_SIZE, CasePlan, check_effect, plan_case, render_case
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
from .latents import APPEARANCE, APPEARANCE_SHIFT
from .reader_contours import LesionOnGrid
from .readings import USUAL_VARIABILITY, ReadingPlan, write_readings
from .table_one import CLINICAL_COLUMNS

GENERATOR_VERSION = 1
"""Counts up whenever the same seed gives other cases."""

_FIRST_COLUMNS = ("case_id", "image", "roi", "outcome", "spacing_mm", "center")
_TRUTH_COLUMNS = (*APPEARANCE, "diameter_mm")


@dataclass(frozen=True)
class _Request:
    """What a process needs to know to make one case."""

    folder: Path
    seed: int
    prevalence: float
    effect: float
    readings: ReadingPlan


def simulate_ultrasound(
    out_dir: str | os.PathLike[str],
    cases: int,
    seed: int,
    *,
    prevalence: float = 0.26,
    effect: float = 1.0,
    readers: int = 1,
    repeat: bool = False,
    variability: float = USUAL_VARIABILITY,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Write a simulated ultrasound cohort and return the path of its table.

    The folder then holds ``cohort.csv``, its dictionary ``cohort.columns.yaml``, ``images/`` and ``rois/`` (8-bit PNG),
    ``truth.csv`` (the latent parameters), ``simulation.json`` (seed, settings, achievable AUC) and ``README.txt``.
    Case ``i`` depends on ``seed``, ``i``, ``prevalence`` and ``effect`` alone, so a larger cohort begins with the
    smaller one. Calling again with the same settings, after a kill too, or with more cases, only adds what is missing
    and leaves the same bytes.

    With more readers or a repeat, ``readings.csv`` and ``readings/`` (8-bit PNG) join them: see :mod:`.readings`. They
    change nothing else, may be asked for later, and stay when they are not asked for again.

    Parameters
    ----------
    cases
        How many, at least 1. The first ``n`` hold ``round(n * prevalence)`` positives, halves rounded up.
    seed
        Not negative.
    prevalence
        Share of positives, between 0 and 1.
    effect
        How far the classes' images lie apart, 0-2; see :func:`simulate_ultrasound_case`.
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
    if not 0 < prevalence < 1:
        raise SettingsError("The prevalence is the share of positive cases: a number between 0 and 1, such as 0.26.")
    check_effect(effect)
    asked = ReadingPlan(readers, repeat, float(variability))
    request = _Request(Path(out_dir), seed, float(prevalence), float(effect), asked)
    settings = _settings(request)
    known = known_simulation(request.folder, settings, cases)
    request = replace(request, readings=asked.with_known(request.folder, known))
    dictionary = Path(__file__).parent.parent.joinpath("wang2025.columns.yaml").read_bytes()
    document = {
        **settings,
        "cases": cases,
        "positives": _positives_before(cases, request.prevalence),
        "image_size": list(DEFAULT_SIZE),
        "class_shift_in_sd": dict(zip(APPEARANCE, APPEARANCE_SHIFT, strict=True)),
        "achievable_auc": asdict(achievable_auc(request.effect)),
        "clinical_source": "Wang et al. 2025, doi 10.3389/fonc.2025.1681029, Table 1, training set",
        "notice": NOTICE,
        **request.readings.document(),
    }
    words = CohortWords(dictionary, _readme(document), (*_FIRST_COLUMNS, *CLINICAL_COLUMNS), _TRUTH_COLUMNS)
    make = partial(_make_case, request)
    return write_cohort(request.folder, document, known, words, request.readings, make, jobs, progress)


def is_positive(index: int, prevalence: float) -> bool:
    """The outcome of case ``index``: positives are spread evenly, so that every prefix has the wanted share."""
    return _positives_before(index + 1, prevalence) > _positives_before(index, prevalence)


def _positives_before(index: int, prevalence: float) -> int:
    return int(np.floor(index * prevalence + 0.5 + 1e-9))


def _make_case(request: _Request, index: int) -> CaseRows:
    """Write picture, contour and readings unless they are there, and return the case's rows of the tables."""
    positive = is_positive(index, request.prevalence)
    rng = np.random.default_rng((request.seed, index))
    plan = plan_case(rng, positive, effect=request.effect)
    case_id = f"sim-{index + 1:05d}"
    row = {
        "case_id": case_id,
        "image": f"images/{case_id}.png",
        "roi": f"rois/{case_id}.png",
        "outcome": int(positive),
        "spacing_mm": plan.display.spacing_mm,
        "center": plan.scanner.center,
        **plan.clinical,
    }
    _write_pictures(rng, plan, request.folder / str(row["image"]), request.folder / str(row["roi"]))
    truth = {"case_id": case_id, **{name: f"{getattr(plan.latents, name):.4f}" for name in _TRUTH_COLUMNS}}
    readings = write_readings(request.folder, request.seed, index, row, _lesion(plan), request.readings)
    return CaseRows(row, truth, readings)


def _lesion(plan: CasePlan) -> LesionOnGrid:
    row, column = plan.display.to_pixels(np.array([plan.lesion.center_mm]))[0]
    return LesionOnGrid(
        plan.lesion, (float(row), float(column)), plan.display.spacing_mm, diameter_mm=plan.latents.diameter_mm
    )


def _write_pictures(rng: np.random.Generator, plan: CasePlan, image_path: Path, roi_path: Path) -> None:
    # Both are written whole or not at all, so what exists is finished.
    if image_path.exists() and roi_path.exists():
        return
    pixels, mask = render_case(rng, plan)
    write_bytes(image_path, png_bytes(pixels.astype(np.uint8)))
    write_bytes(roi_path, mask_bytes(mask))


def _settings(request: _Request) -> dict[str, Any]:
    """What makes two simulations the same but for their size."""
    return {
        "simulated": True,
        "kind": "ultrasound",
        "generator_version": GENERATOR_VERSION,
        "seed": request.seed,
        "prevalence": request.prevalence,
        "effect": request.effect,
    }


def _readme(document: dict[str, Any]) -> bytes:
    ceiling = document["achievable_auc"]
    return f"""SIMULATED ULTRASOUND COHORT

{NOTICE}

{document["cases"]} cases, {document["positives"]} positive (pelvic lymph node metastasis).
Seed {document["seed"]}, effect {document["effect"]:g}.
cohort.csv lists them, cohort.columns.yaml explains the clinical columns, truth.csv holds the parameters behind each
picture (not to be used as predictors), simulation.json the settings.

The best AUC that anything can reach here: {ceiling["image"]} from the image, {ceiling["clinical"]} from the clinical \
columns, {ceiling["both"]} from both.
Clinical columns follow Table 1 of Wang et al. 2025 (doi 10.3389/fonc.2025.1681029), training set, by class.
""".encode()
