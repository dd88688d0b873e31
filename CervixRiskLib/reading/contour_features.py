"""Radiomic features of any contours of a study, measured once and kept in the study's folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ReadingError
from ..progress import SILENT, Progress
from .records import CaseRecord

if TYPE_CHECKING:
    from ..cohort import Cohort, Extraction
    from ..radiomics import Preset
    from .study import Study

#: Where measurements are kept; hidden from the study's own lists of files. The folder can be deleted.
FEATURES_FOLDER = ".features"


@dataclass(frozen=True)
class ContourFile:
    """A contour to be measured.

    Parameters
    ----------
    case
        Whose image it lies on.
    words
        Who drew it, unique within the case: for sentences.
    path
        The file, already checked.
    """

    case: CaseRecord
    words: str
    path: Path

    @property
    def label(self) -> str:
        """Names it in a sentence; unique in a study."""
        return f"case {self.case.number} ({self.case.case_id}), {self.words}"


def measure_contours(
    study: Study,
    contours: Sequence[ContourFile],
    *,
    preset: Preset | str,
    engine: str = "cervixrisk",
    work_dir: Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    skip_invalid: bool = False,
    progress: Progress = SILENT,
) -> Extraction:
    """The features of every contour; the index holds the contours' labels.

    Parameters
    ----------
    work_dir
        Where finished contours are kept; ``None`` for the study's own folder.

    Raises
    ------
    ReadingError
        An image of the study is missing or was changed; some images have a pixel size and some have none.
    CohortError
        Contours cannot be measured and ``skip_invalid`` is false.
    """
    from ..cohort import extract_cohort

    for case in {contour.case.number: contour.case for contour in contours}.values():
        _check_image(study, case)
    extraction = extract_cohort(
        _as_cohort(study, contours),
        preset=preset,
        engine=engine,
        work_dir=work_dir or study.folder / FEATURES_FOLDER / "cases",
        jobs=jobs,
        scheduler=scheduler,
        progress=progress,
        skip_invalid=skip_invalid,
    )
    _check_pixel_sizes(contours, extraction)
    return extraction


def _as_cohort(study: Study, contours: Sequence[ContourFile]) -> Cohort:
    """The contours as cases of a cohort, for the extraction."""
    from ..cohort import Cohort, ColumnDictionary
    from ..cohort.case_frame import BINARY_NAMES, case_frame, content_hash
    from ..cohort.table_rows import CaseRow

    rows = [
        CaseRow(
            case_id=contour.label,
            row=position,
            image=contour.case.image_file,
            roi=str(contour.path),
            outcome=None,
            patient_id=contour.case.case_id,
            slice=None,
            label=None,
            spacing_mm=None,
            center=None,
            split=None,
            figo_stage=None,
            clinical=(),
        )
        for position, contour in enumerate(contours)
    ]
    return Cohort(
        table=case_frame(rows, (), ()),
        columns=ColumnDictionary(()),
        root=study.folder,
        excluded=(),
        simulated=study.settings.simulated,
        content_hash=content_hash(rows, (), (), BINARY_NAMES),
    )


def _check_image(study: Study, case: CaseRecord) -> None:
    from .study_pixels import file_sha256

    path = study.folder / case.image_file
    if not path.is_file() or file_sha256(path) != case.image_sha256:
        raise ReadingError(f"The image of case {case.number} is missing or was changed: restore it from a copy.")


def _check_pixel_sizes(contours: Sequence[ContourFile], extraction: Extraction) -> None:
    """Known and unknown pixel sizes are not mixed (docs/decisions/0006)."""
    known = extraction.diameters_mm.notna()
    if known.all() or not known.any():
        return
    measured = {contour.label: contour.case.number for contour in contours}
    without = {measured[str(label)] for label in known.index[~known]}
    raise ReadingError(
        f"{len(without)} of {len({measured[str(label)] for label in known.index})} images have no pixel size and the "
        "others have one: features in pixels and in millimetres cannot be mixed. Give the cohort a spacing_mm column "
        "and make the study again, or compare the contours alone (--no-features)."
    )
