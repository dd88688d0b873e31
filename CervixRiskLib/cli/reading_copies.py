"""Copies of images and contours in a folder that a person works in; what stands there is never overwritten."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ..atomic import atomic_file, storage_errors
from ..errors import ReadingError, StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..imaging import Roi, SliceImage
    from ..reading import OpenedImage, ReaderDesk, ReadingTask, ReviewedContour, Study

_FORGOTTEN = (
    "The folder still holds contours of the case that comes next, which you are to draw without looking at an earlier "
    "one: give a new folder."
)
_INSIDE = "Copies go into a folder of your own: this one belongs to the study."


def contour_name(task: ReadingTask) -> str:
    """The name that is proposed for the contour of a task."""
    return f"case-{task.number:04d}-{task.round.value}.seg.nrrd"


def copy_task(study: Study, desk: ReaderDesk, task: ReadingTask, folder: Path) -> list[Path]:
    """Open a task and copy its image into ``folder``, and the own contour where it was returned; returns the paths.

    Raises
    ------
    ReadingError
        The folder holds contours of an earlier round of the case, or another file where the image belongs.
    StorageError
        The folder cannot be written.
    """
    from ..reading import Round, TaskState

    _prepare(study, folder)
    if task.round is Round.REPEAT and any(folder.glob(f"case-{task.number:04d}-{Round.INITIAL.value}*")):
        raise ReadingError(_FORGOTTEN)
    opened = desk.open_image(task.number, task.round)
    paths = [_copy_image(opened.path, folder, task.number)]
    if task.state is TaskState.RETURNED:
        stem = f"case-{task.number:04d}-{task.round.value}-returned"
        paths.append(_write_contour(folder, stem, desk.returned_contour(task.number, task.round), opened.image))
    return paths


def copy_for_review(
    study: Study, number: int, opened: OpenedImage, contours: Sequence[ReviewedContour], folder: Path
) -> tuple[Path, dict[str, Path]]:
    """Copy the image of a case and its contours into ``folder``; returns their paths, the contours' by reader.

    Raises
    ------
    ReadingError
        Another file stands where the image belongs.
    StorageError
        The folder cannot be written.
    """
    from ..reading.folder_names import folder_name

    _prepare(study, folder)
    image = _copy_image(opened.path, folder, number)
    names: dict[str, str] = {}
    for contour in contours:
        names[contour.reader] = folder_name(contour.reader, names.values())
    return image, {
        contour.reader: _write_contour(
            folder, f"case-{number:04d}-{names[contour.reader]}-v{contour.version}", contour.roi, opened.image
        )
        for contour in contours
    }


def _prepare(study: Study, folder: Path) -> None:
    """Make ``folder``; refuse one that is the study's own."""
    from ..reading.drawn_file import check_outside

    check_outside(study, folder, _INSIDE)
    if folder.exists() and not folder.is_dir():
        raise StorageError("Copies go into a folder, and this is a file: give another name.")
    with storage_errors():
        folder.mkdir(parents=True, exist_ok=True)


def _copy_image(source: Path, folder: Path, number: int) -> Path:
    """Copy an image; the same one that is there already is left as it is."""
    target = folder / f"case-{number:04d}.nrrd"
    with storage_errors():
        if not target.exists():
            with atomic_file(target) as partial:
                shutil.copyfile(source, partial)
        elif target.read_bytes() != source.read_bytes():
            raise ReadingError(f"Another file is called {target.name} in this folder: give a new folder.")
    return target


def _write_contour(folder: Path, stem: str, roi: Roi, image: SliceImage) -> Path:
    """Write a contour under a free name that begins with ``stem``: somebody may be working on the last copy."""
    from ..imaging.image_writer import segmentation_bytes

    content = segmentation_bytes(roi, replace(image, slice_index=0, slice_count=1))
    with storage_errors():
        for number in count(1):
            path = folder / (f"{stem}.seg.nrrd" if number == 1 else f"{stem}-{number}.seg.nrrd")
            if not path.exists():
                break
            if path.read_bytes() == content:
                return path
        with atomic_file(path) as partial:
            partial.write_bytes(content)
    return path
