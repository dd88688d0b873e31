"""Measures a whole cohort: on all cores, resumable at any moment, in the order of the table."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import CohortError, SettingsError
from ..progress import SILENT, Progress
from .acquisition_check import acquisition_frame
from .case_key import case_key
from .case_result import CaseFailure, CaseResult
from .case_scheduling import run_tasks
from .case_store import CaseStore
from .case_worker import CaseTask, look_at_case, measure_case
from .engine_version import engine_version
from .first_lines import first_lines

if TYPE_CHECKING:
    from ..radiomics import Preset
    from .table import Cohort

_ENGINES = ("cervixrisk", "pyradiomics")


@dataclass(frozen=True, eq=False)
class Extraction:
    """The measurements of a cohort; everything is in the cohort's order, without the failed cases.

    Parameters
    ----------
    features
        ``(cases, features)`` float64, index ``case_id``.
    crops
        ``(cases, size, size)`` float32, ``None`` when none were asked for.
    undefined
        For each case that has any, the names of the features that are not defined for its ROI.
    pixel_counts, diameters_mm, touches_border
        By ``case_id``: pixels in the ROI (int64), its largest diameter in mm (float64, NaN when the pixel size is
        unknown), whether it reaches the image's border (bool).
    failed
        Cases left out on request (``skip_invalid``), with the reason.
    preset, preset_hash, engine, engine_version
        What measured them.
    reused
        How many cases an earlier run had already finished.
    acquisition
        How the slices were recorded, as :func:`.acquisition_check.acquisition_frame` makes it.
    """

    features: pd.DataFrame
    crops: np.ndarray | None
    undefined: Mapping[str, tuple[str, ...]]
    pixel_counts: pd.Series
    diameters_mm: pd.Series
    touches_border: pd.Series
    failed: tuple[CaseFailure, ...]
    preset: str
    preset_hash: str
    engine: str
    engine_version: str
    reused: int = 0
    acquisition: pd.DataFrame | None = None


def extract_cohort(
    cohort: Cohort,
    *,
    preset: Preset | str = "wang2025",
    engine: str = "cervixrisk",
    work_dir: str | os.PathLike[str],
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Progress = SILENT,
    crop_size: int | None = None,
    crop_margin: float = 0.1,
    skip_invalid: bool = False,
) -> Extraction:
    """Extract radiomics, and crops for networks, of every case.

    Each finished case is kept in ``work_dir`` under a hash of its files and of all settings. After a kill, a cancel or
    an error the same call goes on where it stopped; when an image, a contour or a setting has changed, the cases
    concerned are measured again. The result does not depend on the number of processes.

    Parameters
    ----------
    cohort
        Every case needs a ROI.
    preset
        A preset, its name, or the path of a parameter file; see :func:`CervixRiskLib.radiomics.load_preset`.
    engine
        See :func:`CervixRiskLib.radiomics.extract`.
    work_dir
        Folder of finished cases; created. It may serve several cohorts and presets.
    jobs
        Processes; ``None`` for one a core.
    scheduler
        Address of a dask scheduler instead. Its workers must see the files under the same absolute paths.
    crop_size, crop_margin
        Side in pixels of the square crop around the ROI and its border; see
        :func:`CervixRiskLib.imaging.crop_around_roi`. ``None`` for no crops.
    skip_invalid
        Go on without cases that cannot be measured and list them in ``Extraction.failed``.

    Raises
    ------
    CohortError
        Cases cannot be measured: all are tried first, the finished ones are kept, the sentence names the others.
    StorageError
        ``work_dir`` cannot be written or the disk is full.
    SettingsError, FeatureError, MissingComponentError
        Preset, engine, jobs, scheduler or crop do not exist or are out of range.
    Cancelled
        The person asked to stop.
    """
    from ..radiomics import load_preset

    if crop_size is not None and not (1 <= crop_size <= 4096 and 0.0 <= crop_margin <= 10.0):
        raise SettingsError("The crop's size must lie between 1 and 4096 pixels and its margin between 0 and 10.")
    if engine not in _ENGINES:
        raise SettingsError(f"There is no engine '{engine}'. Use {' or '.join(_ENGINES)}.")
    loaded = load_preset(preset) if isinstance(preset, str) else preset
    names = tuple(loaded.feature_names)
    version = engine_version(engine)
    store = CaseStore(Path(work_dir))
    tasks, failed = _tasks(cohort, loaded, engine, crop_size, crop_margin)
    results: dict[str, CaseResult] = {}
    with progress.task("Extracting features", total=len(cohort)) as bar:
        bar.advance(len(failed))
        pending: list[tuple[CaseTask, str]] = []
        unseen: list[tuple[CaseTask, str]] = []
        for task in tasks:
            progress.check()
            try:
                key = case_key(task)
            except OSError:
                failed.append(CaseFailure(task.case_id, "A file of this case cannot be read."))
                bar.advance()
                continue
            kept = store.read(key)
            if kept is not None and len(kept.values) == len(names):
                results[task.case_id] = kept
                if kept.acquisition is None:
                    unseen.append((task, key))
            else:
                pending.append((task, key))
        reused = len(results)
        if reused:
            bar.advance(reused, f"{reused} finished earlier")
        running = run_tasks(measure_case, [task for task, _ in pending], jobs=jobs, scheduler=scheduler)
        with contextlib.closing(running):
            for position, outcome in running:
                task, key = pending[position]
                if isinstance(outcome, CaseFailure):
                    failed.append(outcome)
                else:
                    store.write(key, outcome)
                    results[task.case_id] = outcome
                bar.advance()
        for task, key in unseen:
            results[task.case_id] = replace(results[task.case_id], acquisition=look_at_case(task))
            store.write(key, results[task.case_id])
    order = {case_id: position for position, case_id in enumerate(cohort.case_ids)}
    failed.sort(key=lambda failure: order[failure.case_id])
    if failed and not (skip_invalid and results):
        raise _refuse(failed, len(cohort))
    done = [case_id for case_id in cohort.case_ids if case_id in results]
    return _assembled(done, [results[case_id] for case_id in done], names, failed, loaded, engine, version, reused)


def _tasks(
    cohort: Cohort, preset: Preset, engine: str, crop_size: int | None, crop_margin: float
) -> tuple[list[CaseTask], list[CaseFailure]]:
    tasks: list[CaseTask] = []
    failed: list[CaseFailure] = []
    columns = ("image", "roi", "slice", "label", "spacing_mm")
    for case_id, image, roi, slice_index, label, spacing in zip(
        cohort.case_ids, *(cohort.table[name] for name in columns), strict=True
    ):
        if roi is None:
            failed.append(CaseFailure(case_id, "It has no region of interest."))
            continue
        tasks.append(
            CaseTask(
                case_id=case_id,
                image=str(cohort.root / image),
                roi=str(cohort.root / roi),
                slice_index=slice_index,
                label=label,
                spacing_mm=spacing,
                preset=preset,
                engine=engine,
                crop_size=crop_size,
                crop_margin=crop_margin,
                engine_version=engine_version(engine),
            )
        )
    return tasks, failed


def _assembled(
    case_ids: Sequence[str],
    results: Sequence[CaseResult],
    names: tuple[str, ...],
    failed: Sequence[CaseFailure],
    preset: Preset,
    engine: str,
    version: str,
    reused: int,
) -> Extraction:
    index = pd.Index(list(case_ids), name="case_id", dtype=object)
    crops = [result.crop for result in results if result.crop is not None]
    seen = [(result.acquisition,) for result in results if result.acquisition is not None]
    return Extraction(
        features=pd.DataFrame(np.stack([result.values for result in results]), index=index, columns=list(names)),
        crops=np.stack(crops) if crops else None,
        undefined={
            case_id: tuple(names[position] for position in result.undefined)
            for case_id, result in zip(case_ids, results, strict=True)
            if len(result.undefined)
        },
        pixel_counts=pd.Series([result.pixel_count for result in results], index=index, dtype="int64"),
        diameters_mm=pd.Series([result.diameter_mm for result in results], index=index, dtype="float64"),
        touches_border=pd.Series([result.touches_border for result in results], index=index, dtype="bool"),
        failed=tuple(failed),
        preset=preset.name,
        preset_hash=preset.content_hash,
        engine=engine,
        engine_version=version,
        reused=reused,
        acquisition=acquisition_frame(seen, ("image",)),
    )


def _refuse(failed: Sequence[CaseFailure], total: int) -> CohortError:
    lines = [f"{len(failed)} of {total} cases cannot be measured:", *first_lines(failed)]
    some = "Mend them, or go on without them (--skip-invalid). The others are finished and kept."
    lines.append(some if len(failed) < total else "Mend them: none is left.")
    return CohortError("\n".join(lines))
