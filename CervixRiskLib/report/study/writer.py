"""A study report as a folder of files: all of them are written, or none is and the earlier report stays."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ...atomic import PARTIAL_SUFFIX, storage_errors
from ...bundle.bundle_folder import lies_in_bundle
from ...errors import MissingComponentError, SettingsError, StorageError
from ...progress import SILENT, Progress
from ..written_together import files_together
from .document import BulletList, StudyDocument
from .drawn_figures import DrawnFigure, draw_figures
from .html_page import html_page
from .report_json import FORMAT, report_json

if TYPE_CHECKING:
    from ...bundle.study_file import Study

HTML, PDF, FIGURES = "html", "pdf", "figures"
FORMATS = (HTML, PDF, FIGURES)
"""What can be left out; ``report.json`` and ``MODEL_CARD.md`` are always written."""

PAGE_NAME = "index.html"
PDF_NAME = "report.pdf"
JSON_NAME = "report.json"
CARD_NAME = "MODEL_CARD.md"
ANSWERS_NAME = "answers.csv"
"""What a validation answered to each case; a study's report has none."""
FIGURES_FOLDER = "figures"
_SUFFIXES = (".svg", ".png")
_MOST_JSON_BYTES = 256 << 20


def write_study_report(
    study: Study,
    folder: str | os.PathLike[str],
    *,
    formats: Sequence[str] = FORMATS,
    progress: Progress = SILENT,
) -> tuple[Path, ...]:
    """Write the report of ``study`` into ``folder``, in place of an earlier one; returns its files.

    ``index.html``, ``report.pdf``, ``report.json``, ``MODEL_CARD.md`` and ``figures/`` with every figure as
    SVG and PNG. Other files in the folder are left alone.

    Raises
    ------
    SettingsError
        A format that there is not.
    MissingComponentError
        matplotlib or Jinja2 is not installed.
    StorageError
        A file of the same name stands there that is not of a report, the disk is full, or the place cannot be written.
    Cancelled
        ``progress`` said so.
    """
    from ...bundle import model_card
    from .study_document import study_document

    check_study_folder(folder, formats)
    document = study_document(study)
    sentences = [sentence for block in document.summary if isinstance(block, BulletList) for sentence in block.items]
    card = model_card(study.manifest, (document.headline, *sentences))
    return write_document(document, folder, card, formats=formats, progress=progress)


def write_document(
    document: StudyDocument,
    folder: str | os.PathLike[str],
    card: str,
    *,
    formats: Sequence[str] = FORMATS,
    answers: bytes | None = None,
    progress: Progress = SILENT,
) -> tuple[Path, ...]:
    """Like :func:`write_study_report` for a document that is there, and the words of its model card.

    ``answers`` is the table of answers (CSV) that belongs to it; ``None`` without one.
    """
    folder = Path(folder)
    check_study_folder(folder, formats, answers=answers is not None)
    _check_matplotlib()
    earlier = _files_of_report(folder)
    drawn = draw_figures(document, progress)
    contents = {CARD_NAME: card.encode("utf-8"), **({} if answers is None else {ANSWERS_NAME: answers})}
    names = _names(drawn, formats, contents)
    destinations = [folder / name for name in names]
    try:
        with files_together(destinations) as partials, progress.task("Writing the report", total=len(names)) as task:
            for name, partial in zip(names, partials, strict=True):
                partial.write_bytes(_content(name, document, drawn, names, contents, progress))
                task.advance(detail=name)
        with storage_errors():
            for name in earlier.difference(names):
                (folder / name).unlink(missing_ok=True)
    finally:
        for made in (folder / FIGURES_FOLDER, folder):
            _remove_empty(made)
    return tuple(destinations)


def check_study_folder(
    folder: str | os.PathLike[str], formats: Sequence[str] = FORMATS, *, answers: bool = False
) -> None:
    """Raise where the report cannot be written, before long work.

    Parameters
    ----------
    answers
        A table of answers belongs to it. A report without one takes no such report's place, nor the other way round.

    Raises
    ------
    SettingsError
        A format that there is not.
    StorageError
        ``folder`` is a file, lies below one, in a bundle or where nothing may be written, or a file of the same name
        stands there that is not of a report.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise SettingsError(f'A study report cannot be written as "{unknown[0]}": choose from {", ".join(FORMATS)}.')
    folder = Path(folder)
    with storage_errors():
        found = folder.exists()
    _check_place(folder)
    if not found:
        return
    if not folder.is_dir():
        raise StorageError("A file stands where the folder of the report belongs: choose another name.")
    ours = _files_of_report(folder)
    if ours and answers != (ANSWERS_NAME in ours):
        other = "a study's report" if answers else "the validation of a model, with its answers"
        raise StorageError(f"The folder for the report holds {other}, which would be replaced: choose another folder.")
    for name in (PAGE_NAME, PDF_NAME, JSON_NAME, CARD_NAME, ANSWERS_NAME, FIGURES_FOLDER):
        is_ours = name in ours
        if name == FIGURES_FOLDER:
            is_ours = any(_is_figure(other) for other in ours) or _holds_partial_files_alone(folder / name)
        if os.path.lexists(folder / name) and not is_ours:
            raise StorageError(
                f'The folder for the report holds "{name}", which is not of an earlier report: choose another folder.'
            )


def _check_place(folder: Path) -> None:
    """A folder can be made there, and a bundle keeps the files it lists alone: with others it is not opened."""
    places = (folder.absolute(), *folder.absolute().parents)
    if lies_in_bundle(folder):
        raise StorageError("The folder for the report is a bundle or lies in one: choose another place.")
    nearest = next(place for place in places if place.exists())
    if nearest != places[0] and not nearest.is_dir():
        raise StorageError("The folder for the report lies below a file, not a folder: choose another place.")
    if not os.access(nearest, os.W_OK):
        raise StorageError("The folder for the report may not be written: choose a folder you own.")


def _names(drawn: dict[str, DrawnFigure], formats: Sequence[str], contents: Mapping[str, bytes]) -> list[str]:
    """The files, relative to the folder.

    The last is put into place first: it lists the others, so that what a killed writer leaves is known as a report's.
    """
    names = [PAGE_NAME] * (HTML in formats) + [PDF_NAME] * (PDF in formats) + [*contents]
    if FIGURES in formats:
        shown = [name for name, figure in drawn.items() if figure.figure is not None]
        names += [f"{FIGURES_FOLDER}/{name}{suffix}" for name in shown for suffix in _SUFFIXES]
    return [*names, JSON_NAME]


def _content(
    name: str,
    document: StudyDocument,
    drawn: dict[str, DrawnFigure],
    names: Sequence[str],
    contents: Mapping[str, bytes],
    progress: Progress,
) -> bytes:
    if name == PAGE_NAME:
        return html_page(document, drawn).encode("utf-8")
    if name == PDF_NAME:
        return _pdf(document, drawn, progress)
    if name == JSON_NAME:
        return report_json(document, drawn, names).encode("utf-8")
    if name in contents:
        return contents[name]
    path = PurePosixPath(name)
    figure = drawn[path.stem]
    return figure.svg if path.suffix == ".svg" else figure.png


def _pdf(document: StudyDocument, drawn: dict[str, DrawnFigure], progress: Progress) -> bytes:
    from .pdf_pages import write_pdf

    with TemporaryDirectory() as folder:
        path = Path(folder) / PDF_NAME
        write_pdf(document, drawn, path, progress)
        return path.read_bytes()


def _files_of_report(folder: Path) -> set[str]:
    """The files that an earlier report says it has and that a report can have; empty where there is none."""
    path = folder / JSON_NAME
    try:
        if not path.is_file() or path.stat().st_size > _MOST_JSON_BYTES:
            return set()
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return set()
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return set()
    files = content.get("files")
    known = (PAGE_NAME, PDF_NAME, JSON_NAME, CARD_NAME, ANSWERS_NAME)
    listed = files if isinstance(files, list) else []
    return {name for name in listed if isinstance(name, str) and (name in known or _is_figure(name))}


def _holds_partial_files_alone(folder: Path) -> bool:
    """What a writer leaves that was killed before anything was in place."""
    left = list(folder.iterdir()) if folder.is_dir() else []
    return bool(left) and all(PARTIAL_SUFFIX in path.suffixes for path in left)


def _is_figure(name: str) -> bool:
    """Whether it is the name of a figure's file, directly in the folder of figures."""
    path = PurePosixPath(name)
    return str(path.parent) == FIGURES_FOLDER and path.suffix in _SUFFIXES and "\\" not in name


def _remove_empty(folder: Path) -> None:
    """What was made for files that are not there, or no longer."""
    if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
        folder.rmdir()


def _check_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingComponentError(
            "Drawing the report needs matplotlib, which is not installed: pip install matplotlib."
        ) from error
