"""A contour that somebody has drawn on the study's image with a program of their own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ReadingError
from .contour_files import CONTOURS, INCOMING

if TYPE_CHECKING:
    from ..imaging import Roi
    from .records import ImageRecord
    from .study import Study


def read_drawn_file(
    study: Study, case: ImageRecord, path: str | os.PathLike[str], *, label: int | None, segment: str | None
) -> Roi:
    """Read a contour as :func:`CervixRiskLib.imaging.read_roi` does, on the study's image.

    Raises
    ------
    ReadingError
        The file is one of the study's own: nobody hands in what is stored there under another name.
    RoiError, ImageError
        It cannot be read, or does not lie on the image.
    """
    from ..imaging import read_roi

    path = Path(path)
    check_outside(study, path, "Draw the contour and save it in a folder of your own: this one lies in the study.")
    # The study's image is one slice, whichever slice of the cohort's file it was.
    image = replace(study.image(case), slice_index=0, slice_count=1)
    return read_roi(path, image, label=label, segment=segment)


def check_outside(study: Study, path: Path, sentence: str) -> None:
    """Raise ``ReadingError`` with ``sentence`` where ``path`` lies among the study's contours or images."""
    place = path.resolve()
    root = study.folder.resolve()
    for name in (CONTOURS, INCOMING, "images"):
        if place.is_relative_to(root / name):
            raise ReadingError(sentence)
