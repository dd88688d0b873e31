"""A simulated cohort on disk: pictures, contours, table, dictionary, and what it is."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...atomic import atomic_file, storage_errors
from ...errors import SettingsError, StorageError
from ...progress import SILENT, Progress
from .achievable import achievable_auc
from .case import DEFAULT_SIZE, CasePlan, check_effect, plan_case, render_case
from .latents import APPEARANCE, APPEARANCE_SHIFT
from .table_one import CLINICAL_COLUMNS

GENERATOR_VERSION = 1
"""Counts up whenever the same seed gives other cases."""

SIMULATION_MARK = "simulation.json"
TABLE_NAME = "cohort.csv"
NOTICE = (
    "Simulated data: no patient was examined. What a model reaches here says nothing about patients. "
    "For research use. Not a medical device."
)

DICTIONARY_NAME = "cohort.columns.yaml"
_OWN_NAMES = frozenset({SIMULATION_MARK, TABLE_NAME, DICTIONARY_NAME, "README.txt", "truth.csv", "images", "rois"})
_FIRST_COLUMNS = ("case_id", "image", "roi", "outcome", "spacing_mm", "center")
_TRUTH_COLUMNS = (*APPEARANCE, "diameter_mm")


@dataclass(frozen=True)
class _Request:
    """What a process needs to know to make one case."""

    folder: Path
    seed: int
    prevalence: float
    effect: float


def simulate_ultrasound(
    out_dir: str | os.PathLike[str],
    cases: int,
    seed: int,
    *,
    prevalence: float = 0.26,
    effect: float = 1.0,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Write a simulated ultrasound cohort and return the path of its table.

    The folder then holds ``cohort.csv``, its dictionary ``cohort.columns.yaml``, ``images/`` and ``rois/`` (8-bit PNG),
    ``truth.csv`` (the latent parameters), ``simulation.json`` (seed, settings, achievable AUC) and ``README.txt``.
    Case ``i`` depends on ``seed``, ``i``, ``prevalence`` and ``effect`` alone, so a larger cohort begins with the
    smaller one. Calling again with the same settings, after a kill too, or with more cases, only adds what is missing
    and leaves the same bytes.

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
    jobs
        Processes; ``None`` for one per core.

    Raises
    ------
    SettingsError
        A setting is out of range, or the folder holds a simulation with other settings or more cases.
    StorageError
        The folder holds something else, or cannot be written.
    """
    _check_settings(cases, seed, prevalence, effect)
    if jobs is not None and jobs < 1:
        raise SettingsError("The number of processes must be at least 1.")
    request = _Request(Path(out_dir), seed, float(prevalence), float(effect))
    settings = _settings(request)
    known = _known_simulation(request.folder, settings, cases)
    columns = Path(__file__).parent.parent.joinpath("wang2025.columns.yaml").read_bytes()
    document = {
        **settings,
        "cases": cases,
        "positives": _positives_before(cases, request.prevalence),
        "image_size": list(DEFAULT_SIZE),
        "class_shift_in_sd": dict(zip(APPEARANCE, APPEARANCE_SHIFT, strict=True)),
        "achievable_auc": asdict(achievable_auc(request.effect)),
        "clinical_source": "Wang et al. 2025, doi 10.3389/fonc.2025.1681029, Table 1, training set",
        "notice": NOTICE,
    }
    # The mark comes first, so that what a killed call leaves behind is known for what it is.
    if known != {**document, "complete": True}:
        _write(request.folder / SIMULATION_MARK, _json({**document, "complete": False}))
    rows: list[dict[str, Any]] = []
    truths: list[dict[str, Any]] = []
    with progress.task("Simulating cases", total=cases) as task:
        for row, truth in _made_cases(request, cases, jobs):
            rows.append(row)
            truths.append(truth)
            task.advance()
    folder = request.folder
    _write(folder / DICTIONARY_NAME, columns)
    _write(folder / "truth.csv", _table(truths, ("case_id", *_TRUTH_COLUMNS)))
    _write(folder / "README.txt", _readme(document))
    _write(folder / TABLE_NAME, _table(rows, (*_FIRST_COLUMNS, *CLINICAL_COLUMNS)))
    _write(folder / SIMULATION_MARK, _json({**document, "complete": True}))
    return folder / TABLE_NAME


def is_positive(index: int, prevalence: float) -> bool:
    """The outcome of case ``index``: positives are spread evenly, so that every prefix has the wanted share."""
    return _positives_before(index + 1, prevalence) > _positives_before(index, prevalence)


def _positives_before(index: int, prevalence: float) -> int:
    return int(np.floor(index * prevalence + 0.5 + 1e-9))


def _made_cases(request: _Request, cases: int, jobs: int | None) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    if jobs == 1 or cases < 4:
        yield from (_make_case(request, index) for index in range(cases))
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=-1 if jobs is None else jobs, return_as="generator", batch_size=4)
    yield from parallel(delayed(_make_case)(request, index) for index in range(cases))


def _make_case(request: _Request, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write picture and contour unless they are there, and return the case's rows of the two tables."""
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
    return row, truth


def _write_pictures(rng: np.random.Generator, plan: CasePlan, image_path: Path, roi_path: Path) -> None:
    # Both are written whole or not at all, so what exists is finished.
    if image_path.exists() and roi_path.exists():
        return
    pixels, mask = render_case(rng, plan)
    _write(image_path, _png(pixels.astype(np.uint8)))
    _write(roi_path, _png(mask.astype(np.uint8) * np.uint8(255)))


def _png(grey: np.ndarray) -> bytes:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Description", NOTICE)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format="PNG", compress_level=6, pnginfo=text)
    return buffer.getvalue()


def _check_settings(cases: int, seed: int, prevalence: float, effect: float) -> None:
    if cases < 1:
        raise SettingsError("A simulated cohort needs at least one case.")
    if seed < 0:
        raise SettingsError("The seed must be 0 or a positive whole number.")
    if not 0 < prevalence < 1:
        raise SettingsError("The prevalence is the share of positive cases: a number between 0 and 1, such as 0.26.")
    check_effect(effect)


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


def _known_simulation(folder: Path, settings: dict[str, Any], cases: int) -> dict[str, Any] | None:
    """The mark that the folder carries; ``None`` when it is new or empty, an error when it may not be written to."""
    with storage_errors():
        if not folder.exists():
            return None
        if not folder.is_dir():
            raise StorageError(f"{folder.name} is a file: choose a folder for the simulated cohort.")
        present = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        if not present:
            return None
        if SIMULATION_MARK not in present or not present <= _OWN_NAMES:
            raise StorageError(
                f"The folder {folder.name} already holds other files. "
                "Choose an empty or new folder for the simulated cohort."
            )
        text = (folder / SIMULATION_MARK).read_bytes()
    try:
        known = json.loads(text)
    except ValueError:
        known = None
    if not isinstance(known, dict) or {name: known.get(name) for name in settings} != settings:
        raise SettingsError(
            f"The folder {folder.name} holds a simulation with other settings. Choose another folder, or remove it."
        )
    size = known.get("cases")
    if isinstance(size, int) and size > cases:
        raise SettingsError(
            f"The folder {folder.name} holds this simulation with {size} cases already. "
            "Ask for at least as many, or choose another folder."
        )
    return known


def _write(path: Path, content: bytes) -> None:
    with atomic_file(path) as partial:
        partial.write_bytes(content)


def _json(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2) + "\n").encode()


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


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
