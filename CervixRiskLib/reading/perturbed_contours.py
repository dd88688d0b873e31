"""Perturbed versions of the primary reader's contours, kept beside the study's measurements.

For feature robustness where there is no second reader (Zwanenburg et al. 2019; see
:mod:`CervixRiskLib.imaging.roi_perturbation`). They model readers and are none: nothing made of them is agreement
between people.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..cohort.case_scheduling import run_tasks
from ..cohort.engine_version import engine_version
from ..imaging import Roi, RoiPerturbation, SliceImage
from ..progress import SILENT, Progress
from .records import CaseRecord, StoredContour

if TYPE_CHECKING:
    from .study import Study

# Keeps these draws apart from all others that the study's seed makes.
_STREAM = 71

#: As far as two experienced readers differ.
READER_LIKE = RoiPerturbation()


@dataclass(frozen=True)
class _PerturbTask:
    """One contour and the versions of it that are not there yet: ``(which, file)``."""

    contour: Roi
    image: SliceImage
    seed: int
    number: int
    settings: RoiPerturbation
    versions: tuple[tuple[int, Path], ...]


def perturbed_contours(
    study: Study,
    contours: Sequence[tuple[CaseRecord, StoredContour]],
    count: int,
    *,
    folder: Path,
    settings: RoiPerturbation = READER_LIKE,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> tuple[tuple[Path, ...], ...]:
    """Files of ``count`` perturbed versions of every contour, made where they are not there yet.

    Version i of a case is drawn from the study's seed, the case's number and i: more versions leave the first ones as
    they are, and no case depends on another.

    Parameters
    ----------
    folder
        Where they are kept. File names are hashes.

    Raises
    ------
    ReadingError
        A file of the study is missing or was changed.
    StorageError
        ``folder`` cannot be written.
    """
    files = [
        tuple(folder / _file_name(study, contour, which, settings) for which in range(count)) for _, contour in contours
    ]
    tasks = []
    for (case, contour), places in zip(contours, files, strict=True):
        lacking = tuple((which, place) for which, place in enumerate(places) if not place.is_file())
        if lacking:
            image = study.image(case)
            roi = study.roi(contour, image)
            tasks.append(_PerturbTask(roi, image, study.settings.seed, case.number, settings, lacking))
    with progress.task("Perturbing contours", total=len(contours)) as task:
        task.advance(len(contours) - len(tasks))
        running = run_tasks(_perturb, tasks, jobs=jobs)
        with contextlib.closing(running):
            for _ in running:
                task.advance()
    return tuple(files)


def _perturb(task: _PerturbTask) -> None:
    from threadpoolctl import threadpool_limits

    from ..imaging import perturb_roi
    from ..imaging.image_writer import write_roi

    image = replace(task.image, slice_index=0, slice_count=1)
    with threadpool_limits(limits=1):
        for which, place in task.versions:
            rng = np.random.default_rng((task.seed, _STREAM, task.number, which))
            write_roi(place, perturb_roi(task.contour, rng, task.settings), image)


def _file_name(study: Study, contour: StoredContour, which: int, settings: RoiPerturbation) -> str:
    """A hash of all that the version depends on, the code that makes it included."""
    content = [
        contour.mask_sha256,
        contour.image_sha256,
        study.settings.seed,
        contour.number,
        which,
        asdict(settings),
        engine_version("cervixrisk"),
    ]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()
    return f"{digest[:2]}/{digest}.seg.nrrd"
