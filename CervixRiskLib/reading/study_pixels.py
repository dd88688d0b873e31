"""The slices and contours of a study as pixels: copied in when it is made, checked whenever they are read."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ReadingError
from ..file_hash import file_sha256
from ..imaging import Roi, SliceImage
from ..progress import Progress
from .contour_files import ContourFiles, reading_errors
from .folder_names import clean_name, folder_name
from .records import ImageRecord

if TYPE_CHECKING:
    from ..cohort import Cohort

_NO_OUTCOME = "(no outcome is read)"


def load_images_table(path: str | os.PathLike[str], *, skip_invalid: bool = False) -> Cohort:
    """A cohort table without its outcomes and clinical columns, contours not needed."""
    from ..cohort import load_cohort

    return load_cohort(
        path,
        outcome=_NO_OUTCOME,
        require_roi=False,
        require_outcome=False,
        read_clinical=False,
        skip_invalid=skip_invalid,
    )


def read_study_image(folder: Path, case: ImageRecord) -> SliceImage:
    """See :meth:`Study.image`."""
    from ..imaging import read_image

    place = image_place(case.number)
    if case.image_file != place:
        # Readers are handed this path: a damaged or foreign database must not lead out of the folder.
        raise ReadingError("The study's database is damaged: restore it from a copy.")
    path = folder / place
    with reading_errors():
        unchanged = path.is_file() and file_sha256(path) == case.image_sha256
    if not unchanged:
        raise ReadingError(f"The image of case {case.number} is missing or was changed: restore it from a copy.")
    image = read_image(path)
    return replace(
        image,
        slice_index=case.slice_index,
        slice_count=case.slice_count,
        modality=case.modality,
        spacing_source=case.spacing_source,
    )


def read_contour(files: ContourFiles, place: str, sha256: str, mask_sha256: str, image: SliceImage) -> Roi:
    """A stored contour, checked against its row."""
    from ..imaging import read_roi

    path = files.read(place, sha256)
    # The file is one slice on the study's image, whichever slice of the cohort's file that was.
    roi = read_roi(path, replace(image, slice_index=0, slice_count=1))
    if roi.mask_hash != mask_sha256:
        raise ReadingError("A contour is not the one that its row describes: restore the study from a copy.")
    return roi


def image_place(number: int) -> str:
    """Where a case's slice stands, relative to the study's folder."""
    return f"images/{number:04d}.nrrd"


def write_study_images(cohort: Cohort, folder: Path, seed: int, progress: Progress) -> list[dict[str, Any]]:
    """Copy the slices under random numbers; the rows of the table of cases."""
    from ..cohort import load_slices
    from ..imaging import write_map

    numbers = np.random.default_rng((seed, 0)).permutation(len(cohort)) + 1
    names: set[str] = set()
    taken: list[str] = []
    rows: list[dict[str, Any]] = []
    with progress.task("Reading the cohort's slices", total=len(cohort)) as task:
        for case_id, number in zip(cohort.case_ids, numbers.tolist(), strict=True):
            name = clean_name(case_id, "case")
            if name in names:
                raise ReadingError(
                    "Two cases of the cohort have the same name but for how a letter is stored: rename one of them."
                )
            names.add(name)
            image = load_slices(_without_roi(cohort.select([case_id])), case_id).images[0]
            place = image_place(number)
            write_map(folder / place, image.pixels, image)
            taken.append(folder_name(name, taken))
            rows.append(
                {
                    "case_id": name,
                    "number": number,
                    "folder": taken[-1],
                    "image_file": place,
                    "image_sha256": file_sha256(folder / place),
                    "source_sha256": file_sha256(cohort.image_path(case_id)),
                    "slice_index": image.slice_index,
                    "slice_count": image.slice_count,
                    "modality": image.modality,
                    "spacing_source": image.spacing_source,
                }
            )
            task.advance()
    return rows


def _without_roi(cohort: Cohort) -> Cohort:
    """The same cohort whose contours nobody opens; a damaged one is no reason not to read the image."""
    return replace(cohort, table=cohort.table.assign(roi=None))
