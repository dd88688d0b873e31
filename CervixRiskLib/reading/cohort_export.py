"""A study's final contours as a cohort: a folder from which models are trained.

The study knows no outcome and no clinical value. They come back from the cohort table the study was made of, which is
why the export needs it, and checks that its images are still those that were read.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..atomic import atomic_folder
from ..cohort.first_lines import first_lines
from ..errors import ReadingError, StorageError
from ..file_hash import file_sha256
from ..progress import SILENT, Progress
from .audit_trail import read_audit_trail
from .consensus import Consensus, ConsensusContour, choose_contours, each_consensus
from .contour_table import study_case_id
from .exported_table import rewritten_table, table_text
from .journal import record_event
from .person_list import people
from .records import CaseRecord
from .study_file import EXPORT_FORMAT, STUDY_FILE
from .study_pixels import load_images_table

if TYPE_CHECKING:
    from ..cohort import Cohort
    from ..imaging import SliceImage
    from .study import Study

TABLE_NAME = "cohort.csv"
_ROIS = "rois"
_SPACING_TOLERANCE = 1e-6
_CONSENSUS_HEADER = (
    "case_id", "source", "readers", "versions", "contour_sha256", "roi", "roi_sha256", "pixel_count", "area_mm2",
    "max_diameter_px", "max_diameter_mm",
)  # fmt: skip
_TWO_CONTOURS = (
    "STAPLE of two contours is mostly what both of them mark: it is meant for three readers and more. With two, let "
    "the reviewer decide."
)


@dataclass(frozen=True)
class CohortExport:
    """What was written.

    Parameters
    ----------
    folder
        Absolute; ``cohort.csv`` in it is the table to train from.
    cases
        How many are in it.
    left_out
        Cases of the study or of the table that are not, each with the reason.
    notes
        Sentences that the person should know of.
    """

    folder: Path
    cases: int
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def export_cohort(
    study: Study,
    cohort_table: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    rule: Consensus = Consensus.REVIEW,
    *,
    skip_unreviewed: bool = False,
    progress: Progress = SILENT,
) -> CohortExport:
    """Write a cohort with the study's final contours; the folder is there as a whole or not at all.

    It holds ``cohort.csv`` (every column of the table; images are named where they lie, ``label`` is dropped) with its
    data dictionary, ``rois/``, ``consensus.csv`` (where each contour comes from and how large it is),
    ``audit_trail.csv``, ``study.json`` (a summary) and, if the cohort is simulated, ``simulation.json``.

    Every contour is read back on the image that the new table names.

    Parameters
    ----------
    cohort_table
        The table that the study was made of, perhaps with outcomes and columns that were added since.
    destination
        A new or empty folder outside the study.
    skip_unreviewed
        As in :func:`.consensus.consensus_contours`.

    Raises
    ------
    ReadingError
        As :func:`.consensus.consensus_contours`; or an image, slice or pixel size is not what it was when the study was
        made, or a row can no longer be used: the cases are named.
    CohortError, StorageError
        The table cannot be read; the folder holds something, or cannot be written.
    """
    from ..cohort.delimited_text import read_delimited

    destination = _checked_destination(study, Path(destination))
    chosen = choose_contours(study, rule, skip_unreviewed=skip_unreviewed)
    cohort = load_images_table(cohort_table, skip_invalid=True)
    cases = study.cases()
    _check_rows(cohort, cases)
    known = {study_case_id(case_id): case_id for case_id in cohort.case_ids}
    kept = {case: contours for case, contours in chosen.items() if case.case_id in known}
    if not kept:
        raise ReadingError(
            "None of the study's cases is in this cohort table: give the one that the study was made of."
        )
    _check_sources(cohort, kept, known, progress)
    left_out = _left_out(cases, chosen, known, rule)
    with atomic_folder(destination) as partial:
        (partial / _ROIS).mkdir()
        rows = [
            _write_contour(partial, contour, study.image(contour.case), _original(cohort, known[contour.case.case_id]))
            for contour in each_consensus(study, rule, kept, progress=progress)
        ]
        order = {name: position for position, name in enumerate(known)}
        rows.sort(key=lambda row: order[row[0]])
        rois = {str(row[0]): str(row[5]) for row in rows}
        text = rewritten_table(read_delimited(cohort_table), cohort, rois, destination)
        (partial / TABLE_NAME).write_text(text, encoding="utf-8")
        (partial / "consensus.csv").write_text(table_text([_CONSENSUS_HEADER, *rows]), encoding="utf-8")
        summary = json.dumps(_summary(study, rule, len(rows), left_out), indent=2, ensure_ascii=False)
        (partial / STUDY_FILE).write_text(summary + "\n", encoding="utf-8")
        _copy_companions(study, cohort, Path(cohort_table), partial)
        # The folder moves only its name: what loads here loads there.
        if len(load_images_table(partial / TABLE_NAME)) != len(rows):
            raise ReadingError("The exported table does not hold every case: two of them have the same name.")
        # Written down before the folder has its name: no export is missing in the trail.
        with study.store.writing() as connection:
            record_event(
                connection, study.clock(), "coordinator", "exported", detail=f"{rule.value}: {len(rows)} cases"
            )
        read_audit_trail(study).to_csv(partial / "audit_trail.csv", index=False, lineterminator="\n")
    pairs = rule is Consensus.STAPLE and any(len(contours) == 2 for contours in kept.values())
    return CohortExport(destination, len(rows), left_out, (_TWO_CONTOURS,) if pairs else ())


def _checked_destination(study: Study, destination: Path) -> Path:
    destination = Path(os.path.abspath(destination))
    destination = destination.parent.resolve() / destination.name
    if destination.is_relative_to(study.folder.resolve()):
        raise StorageError("The export does not belong into the study's own folder: choose a folder outside it.")
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise StorageError("The folder for the export already holds something: choose a new or empty one.")
    return destination


def _check_rows(cohort: Cohort, cases: Iterable[CaseRecord]) -> None:
    """Raise where a row of one of the study's cases can no longer be used; other rows do not matter."""
    mine = {case.case_id for case in cases}
    problems = [problem for problem in cohort.excluded if problem.case_id and study_case_id(problem.case_id) in mine]
    if problems:
        raise ReadingError(
            _lines(f"{len(problems)} of the study's cases cannot be used as the table stands:", map(str, problems))
        )


def _check_sources(cohort: Cohort, cases: Iterable[CaseRecord], known: dict[str, str], progress: Progress) -> None:
    """Raise where a cohort's image file is not the one that the study was made of."""
    cases = list(cases)
    sums: dict[Path, str] = {}
    changed: list[str] = []
    with progress.task("Checking the cohort's images", total=len(cases)) as task:
        for case in cases:
            path = cohort.image_path(known[case.case_id])
            if path not in sums:
                sums[path] = file_sha256(path)
            if sums[path] != case.source_sha256:
                changed.append(case.case_id)
            task.advance()
    if changed:
        raise ReadingError(
            _lines(
                f"The study was made of other images than the table has for {len(changed)} of {len(cases)} cases; the "
                "contours would lie on something else. Restore the images of:",
                changed,
            )
        )


def _original(cohort: Cohort, case_id: str) -> SliceImage:
    """The case's slice as a training reads it; all its channels are read, so that a missing one is found now."""
    from ..cohort import load_slices

    # The table's own contours are being replaced: nobody opens them.
    bare = replace(cohort, table=cohort.table.loc[[case_id]].assign(roi=None))
    return load_slices(bare, case_id).images[0]


def _write_contour(folder: Path, contour: ConsensusContour, drawn_on: SliceImage, original: SliceImage) -> list[Any]:
    """Write one contour on the cohort's own image and read it back; its row of ``consensus.csv``."""
    from ..imaging import read_roi, write_roi

    case, roi = contour.case, contour.roi
    if not _same_slice(original, drawn_on):
        raise ReadingError(
            f"The table shows another slice or pixel size of case '{case.case_id}' than the study was made of: restore "
            "its slice and spacing_mm."
        )
    place = f"{_ROIS}/{case.folder}.seg.nrrd"
    write_roi(folder / place, roi, original)
    if read_roi(folder / place, original).mask_hash != roi.mask_hash:
        raise ReadingError(f"The contour of case '{case.case_id}' does not lie on its image as it was drawn.")
    return [
        case.case_id,
        contour.source,
        "; ".join(contour.readers),
        "; ".join(str(part.version) for part in contour.contours),
        "; ".join(part.file_sha256 for part in contour.contours),
        place,
        file_sha256(folder / place),
        roi.n_pixels,
        _rounded(roi.area_mm2),
        _rounded(roi.max_diameter_px),
        _rounded(roi.max_diameter_mm),
    ]


def _same_slice(first: SliceImage, second: SliceImage) -> bool:
    if first.slice_index != second.slice_index or not np.array_equal(first.pixels, second.pixels):
        return False
    if first.spacing_mm is None or second.spacing_mm is None:
        return first.spacing_mm is second.spacing_mm
    # The study's copy keeps directions times sizes, which may differ in the last digit.
    return bool(np.allclose(first.spacing_mm, second.spacing_mm, rtol=_SPACING_TOLERANCE, atol=0))


def _copy_companions(study: Study, cohort: Cohort, table: Path, folder: Path) -> None:
    """The data dictionary, and the mark of a simulated cohort."""
    from ..cohort.simulation_mark import SIMULATION_MARK

    dictionary = table.with_name(f"{table.stem}.columns.yaml")
    if dictionary.is_file():
        shutil.copyfile(dictionary, folder / f"{Path(TABLE_NAME).stem}.columns.yaml")
    mark = cohort.root / SIMULATION_MARK
    if mark.is_file():
        shutil.copyfile(mark, folder / SIMULATION_MARK)
    elif study.settings.simulated:
        content = {"simulated": True, "reader_study": study.settings.study_id}
        (folder / SIMULATION_MARK).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _left_out(
    cases: Iterable[CaseRecord], chosen: Iterable[CaseRecord], known: Iterable[str], rule: Consensus
) -> tuple[str, ...]:
    decided, names = {case.case_id for case in chosen}, {case.case_id for case in cases}
    listed = set(known)
    why = "not decided by the reviewer" if rule is Consensus.REVIEW else "not drawn by the primary reader"
    return (
        *(f"{name}: {why}" for name in sorted(names - decided)),
        *(f"{name}: not in this cohort table" for name in sorted(decided - listed)),
        *(f"{name}: not in the study" for name in sorted(listed - names)),
    )


def _summary(study: Study, rule: Consensus, cases: int, left_out: tuple[str, ...]) -> dict[str, Any]:
    settings = study.settings
    return {
        "format": EXPORT_FORMAT,
        "study_id": settings.study_id,
        "study_created_at": settings.created_at.isoformat(),
        "exported_at": study.clock().isoformat(),
        "library_version": __version__,
        "simulated": settings.simulated,
        "seed": settings.seed,
        "washout_days": settings.washout.total_seconds() / 86400,
        "people": [{"name": person.name, "role": person.role.value} for person in people(study)],
        "consensus": rule.value,
        "cases": cases,
        "left_out": list(left_out),
    }


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _lines(head: str, items: Iterable[str]) -> str:
    return "\n".join([head, *first_lines(items)])
