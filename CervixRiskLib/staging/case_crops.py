"""From a cohort to what the networks see: read, cull, preprocess."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..cohort import Cohort, load_slices, shuffle_outcome
from ..errors import CervixRiskError, CohortError, TrainingError
from ..imaging import SlicePreprocessing, assess_slice, preprocess_channels, quality_problems
from ..progress import SILENT, Progress
from .choices import Centre
from .settings import StagingSettings

CONTEXT_MARGIN = 1.0
"""Around a contour without a pixel size: half of the square's side is the tumour, the rest its surroundings."""


@dataclass(frozen=True, eq=False)
class CaseCrops:
    """The usable cases of a cohort, cropped.

    Parameters
    ----------
    cohort
        The cases in the order of the rows.
    crops
        ``(cases, channels, size, size)`` float32, not z-scored.
    labels, patients
        Group code and patient, ``(cases,)``.
    preprocessing
        What was done to every slice.
    pixel_size_known
        Whether all (rather than no) images had a pixel size.
    fewest_roi_pixels
        Of the smallest contour; ``None`` where contours are not used.
    culled
        ``(case_id, reasons)`` of slices left out for their quality.
    notes
        Sentences for the person and the bundle; they name no case.
    left_out
        A sentence for each case that was left out, by name: for the person alone.
    """

    cohort: Cohort
    crops: np.ndarray
    labels: np.ndarray
    patients: np.ndarray
    preprocessing: SlicePreprocessing
    pixel_size_known: bool
    fewest_roi_pixels: int | None
    culled: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Survey:
    """What the slices of a cohort have."""

    usable: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    culled: tuple[tuple[str, str], ...]
    known_pixel_sizes: int
    contours: int
    fewest_roi_pixels: int | None


def build_case_crops(cohort: Cohort, settings: StagingSettings, *, progress: Progress = SILENT) -> CaseCrops:
    """Read every case, leave out what is too poor to learn from, and crop the rest alike.

    Raises
    ------
    CohortError
        Slices cannot be read and ``settings.skip_invalid`` is false, or too few cases are left.
    TrainingError
        Some images have a pixel size and some have none, or contours are asked for and missing.
    """
    survey = _survey(cohort, settings, progress)
    left_out = [f"Left out: case {case_id}: {reason}" for case_id, reason in survey.unreadable]
    left_out += [f"Left out for its quality: case {case_id}: {reason}" for case_id, reason in survey.culled]
    notes = _counted(survey)
    if survey.unreadable and not settings.skip_invalid:
        shown = "\n".join(f"  case {case_id}: {reason}" for case_id, reason in survey.unreadable[:10])
        more = f"\n  and {len(survey.unreadable) - 10} more" if len(survey.unreadable) > 10 else ""
        raise CohortError(
            f"{len(survey.unreadable)} of {len(cohort)} cases cannot be used:\n{shown}{more}\n"
            "Mend them, or go on without them (--skip-invalid)."
        )
    cohort = cohort.select(survey.usable)
    labels = cohort.outcomes.astype(int)
    for code, name in enumerate(cohort.class_names):
        if np.count_nonzero(labels == code) < 2:
            raise CohortError(
                f"Fewer than two usable cases are in the group {name}; a network cannot learn a group from one."
                + _culling(survey)
            )
    preprocessing, note = _choose(settings, survey)
    notes.append(note)
    crops = np.empty((len(cohort), len(cohort.channels), preprocessing.size, preprocessing.size), dtype=np.float32)
    with progress.task("Preprocessing slices", total=len(cohort)) as task:
        for index, case_id in enumerate(cohort.case_ids):
            case = load_slices(cohort, case_id)
            roi = case.roi if preprocessing.centre == "roi" else None
            crops[index] = [crop.pixels for crop in preprocess_channels(case.images, roi, preprocessing)]
            task.advance()
    if settings.shuffle_outcome:
        labels = shuffle_outcome(labels, cohort.patients, np.random.default_rng(settings.seed))
    return CaseCrops(
        cohort,
        crops,
        labels,
        cohort.patients,
        preprocessing,
        survey.known_pixel_sizes > 0,
        survey.fewest_roi_pixels if preprocessing.centre == "roi" else None,
        survey.culled,
        tuple(notes),
        tuple(left_out),
    )


def _counted(survey: _Survey) -> list[str]:
    """How many cases were left out, in words that a bundle may hold."""
    notes = []
    if survey.unreadable:
        count = len(survey.unreadable)
        notes.append(f"{count} case{'' if count == 1 else 's'} could not be read and {_were(count)} left out.")
    if survey.culled:
        count = len(survey.culled)
        notes.append(f"{count} slice{'' if count == 1 else 's'} {_were(count)} left out for {_their(count)} quality.")
    return notes


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _their(count: int) -> str:
    return "its" if count == 1 else "their"


def _culling(survey: _Survey) -> str:
    """What was left out for its quality, for an error that it may explain."""
    if not survey.culled:
        return ""
    case_id, reason = survey.culled[0]
    return (
        f" {len(survey.culled)} slices were left out for their quality, the first case {case_id}: {reason} "
        "Look at them; --keep-poor keeps them."
    )


def _survey(cohort: Cohort, settings: StagingSettings, progress: Progress) -> _Survey:
    usable, unreadable, culled = [], [], []
    known = contours = 0
    fewest: int | None = None
    with progress.task("Looking through the slices", total=len(cohort)) as task:
        for case_id in cohort.case_ids:
            try:
                case = load_slices(cohort, case_id)
            except CervixRiskError as error:
                unreadable.append((case_id, str(error)))
                task.advance()
                continue
            reasons: list[str] = []
            if settings.quality is not None:
                for name, image in zip(cohort.channels, case.images, strict=True):
                    found = quality_problems(assess_slice(image), settings.quality)
                    reasons += [problem if name == "image" else f"{name}: {problem}" for problem in found]
            if reasons:
                culled.append((case_id, "; ".join(reasons)))
            else:
                usable.append(case_id)
                known += all(image.spacing_mm is not None for image in case.images)
                if case.roi is not None:
                    contours += 1
                    fewest = case.roi.n_pixels if fewest is None else min(fewest, case.roi.n_pixels)
            task.advance()
    if not usable:
        raise CohortError("No case is left: every slice is unreadable or too poor. Look at the reasons listed above.")
    if 0 < known < len(usable):
        raise TrainingError(
            f"{len(usable) - known} of {len(usable)} images have no pixel size and the others have one: a tumour's "
            "size would mean different things. Add a spacing_mm column, or train on one kind."
        )
    return _Survey(tuple(usable), tuple(unreadable), tuple(culled), known, contours, fewest)


def _choose(settings: StagingSettings, survey: _Survey) -> tuple[SlicePreprocessing, str]:
    """One way of cropping for all cases, and why, in a sentence."""
    cases = len(survey.usable)
    if settings.centre is Centre.ROI and survey.contours < cases:
        raise TrainingError(
            f"{cases - survey.contours} of {cases} cases have no contour: delineate them, or centre on the slice."
        )
    on_contour = settings.centre is Centre.ROI or (settings.centre is Centre.AUTO and survey.contours == cases)
    known = survey.known_pixel_sizes > 0
    field_of_view = settings.field_of_view_mm if known else None
    if on_contour and known:
        note = f"The network sees {settings.field_of_view_mm:g} mm around the contour's centre."
    elif on_contour:
        note = (
            "The pixel size is unknown, so the square is drawn in proportion to the contour: the network cannot see "
            "how large the tumour is. Add a spacing_mm column."
        )
    else:
        field_of_view = None
        note = "The network sees the whole slice" + (
            "." if settings.centre is Centre.SLICE else ": not every case has a contour."
        )
    chosen = replace(
        settings.preprocessing,
        centre="roi" if on_contour else "slice",
        field_of_view_mm=field_of_view,
        margin=CONTEXT_MARGIN if on_contour and not known else None,
    )
    return chosen, note
