"""From a cohort to what the networks see: read, cull, preprocess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

import numpy as np
import pandas as pd

from ..cohort import Cohort, load_slices, shuffle_outcome
from ..cohort.acquisition_check import acquisition_frame
from ..cohort.acquisition_traits import AcquisitionTraits, acquisition_traits
from ..cohort.first_lines import first_lines
from ..errors import CervixRiskError, CohortError, ImageError, RoiError, TrainingError
from ..imaging import SliceImage, SlicePreprocessing, assess_slice, preprocess_channels, quality_problems
from ..progress import SILENT, Progress
from .choices import Centre
from .settings import StagingSettings

FEWEST_CASES = 20
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
    acquisition
        How the slices were recorded, as :func:`CervixRiskLib.cohort.acquisition_check.acquisition_frame` makes it.
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
    acquisition: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class _Survey:
    """What the slices of a cohort have."""

    usable: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    culled: tuple[tuple[str, str], ...]
    known_pixel_sizes: int
    contours: int
    fewest_roi_pixels: int | None
    acquisition: dict[str, tuple[AcquisitionTraits, ...]]


def build_case_crops(cohort: Cohort, settings: StagingSettings, *, progress: Progress = SILENT) -> CaseCrops:
    """Read every case, leave out what is too poor to learn from, and crop the rest alike.

    Raises
    ------
    CohortError
        Slices cannot be read or cropped, or are those of another patient, and ``settings.skip_invalid`` is false; or
        too few cases are left.
    TrainingError
        Some images have a pixel size and some have none, or contours are asked for and missing.
    """
    survey = _survey(cohort, settings, progress)
    if not settings.skip_invalid:
        _refuse(survey.unreadable, len(cohort))
    preprocessing, note = _choose(settings, survey)
    crops, failed = _crop(cohort, survey.usable, preprocessing, progress)
    if not settings.skip_invalid:
        _refuse(failed, len(cohort))
    unreadable = (*survey.unreadable, *failed)
    left_out = [f"Left out: case {case_id}: {reason}" for case_id, reason in unreadable]
    left_out += [f"Left out for its quality: case {case_id}: {reason}" for case_id, reason in survey.culled]
    notes = [*_counted(len(unreadable), len(survey.culled)), note]
    lost = {case_id for case_id, _ in failed}
    cohort = cohort.select(case_id for case_id in survey.usable if case_id not in lost)
    labels = cohort.outcomes.astype(int)
    for code, name in enumerate(cohort.class_names):
        if np.count_nonzero(labels == code) < 2:
            raise CohortError(
                f"Fewer than two usable cases are in the group {name}; a network cannot learn a group from one."
                + _culling(survey)
            )
    if len(cohort) < FEWEST_CASES:
        raise TrainingError(
            f"{len(cohort)} usable cases are left; training needs at least {FEWEST_CASES}." + _culling(survey)
        )
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
        acquisition_frame([survey.acquisition[case_id] for case_id in cohort.case_ids], cohort.channels),
    )


def _crop(
    cohort: Cohort, case_ids: Sequence[str], preprocessing: SlicePreprocessing, progress: Progress
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """The crops of the cases that can be cropped, and ``(case_id, reason)`` of the others."""
    crops = np.empty((len(case_ids), len(cohort.channels), preprocessing.size, preprocessing.size), dtype=np.float32)
    kept, failed = [], []
    with progress.task("Preprocessing slices", total=len(case_ids)) as task:
        for index, case_id in enumerate(case_ids):
            case = load_slices(cohort, case_id)
            roi = case.roi if preprocessing.centre == "roi" else None
            try:
                crops[index] = [crop.pixels for crop in preprocess_channels(case.images, roi, preprocessing)]
                kept.append(index)
            except (ImageError, RoiError) as error:
                failed.append((case_id, str(error)))
            task.advance()
    return crops[kept] if failed else crops, failed


def _refuse(unreadable: Sequence[tuple[str, str]], cases: int) -> None:
    """Raise ``CohortError`` where there are cases that cannot be used."""
    if not unreadable:
        return
    lines = [f"{len(unreadable)} of {cases} cases cannot be used:"]
    lines += first_lines(f"case {case_id}: {reason}" for case_id, reason in unreadable)
    lines.append("Mend them, or go on without them (--skip-invalid).")
    raise CohortError("\n".join(lines))


def _counted(unusable: int, culled: int) -> list[str]:
    """How many cases were left out, in words that a bundle may hold."""
    notes = []
    if unusable:
        notes.append(f"{unusable} case{'' if unusable == 1 else 's'} could not be used and {_were(unusable)} left out.")
    if culled:
        notes.append(
            f"{culled} slice{'' if culled == 1 else 's'} {_were(culled)} left out for {_their(culled)} quality."
        )
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
    acquisition: dict[str, tuple[AcquisitionTraits, ...]] = {}
    seen: dict[bytes, tuple[str, str]] = {}
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
            # Not where the slice is one grey: blank ones are alike and are culled.
            first, patient = case.images[0], str(cohort.table["patient_id"].loc[case_id])
            twin = seen.setdefault(_fingerprint(first), (case_id, patient)) if np.ptp(first.pixels) else ("", patient)
            if twin[1] != patient:
                # In training and test at once it would be recognised, not judged.
                reason = (
                    f"its image is that of case {twin[0]}, and they count as two patients: give both one patient_id."
                )
                unreadable.append((case_id, reason))
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
                acquisition[case_id] = tuple(
                    acquisition_traits(cohort.image_path(case_id, channel), image, case.roi)
                    for channel, image in zip(cohort.channels, case.images, strict=True)
                )
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
    return _Survey(tuple(usable), tuple(unreadable), tuple(culled), known, contours, fewest, acquisition)


def _fingerprint(image: SliceImage) -> bytes:
    """Equal for equal pixels, whatever file they come from."""
    return sha256(repr(image.shape).encode() + np.ascontiguousarray(image.pixels).tobytes()).digest()


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
