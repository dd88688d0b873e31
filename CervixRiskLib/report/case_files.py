"""A case report on the disk: pages, picture, line of a table; all of them or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import RESEARCH_USE_NOTICE, __version__
from ..errors import MissingComponentError, SettingsError
from ..progress import SILENT, Progress
from .case_report import CaseReport
from .case_table import case_csv
from .written_together import files_together

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("pdf", "png", "csv")
_PICTURE_DOTS_PER_INCH = 200


def report_paths(base_path: str | os.PathLike[str], formats: Sequence[str] = FORMATS) -> dict[str, Path]:
    """Where each format goes: ``base_path`` with its ending. A ``base_path`` with one of the endings is taken without.

    Raises
    ------
    SettingsError
        No format, or one that there is not.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise SettingsError(f"A case report is written as {', '.join(FORMATS)}.")
    base = Path(base_path)
    if base.suffix.lower().removeprefix(".") in FORMATS:
        base = base.with_suffix("")
    # with_suffix would take the end of a name with a full stop in it.
    return {name: base.with_name(f"{base.name}.{name}") for name in dict.fromkeys(formats)}


def write_case_report(
    report: CaseReport,
    base_path: str | os.PathLike[str],
    formats: Sequence[str] = FORMATS,
    progress: Progress = SILENT,
) -> tuple[Path, ...]:
    """Write the report beside each other as ``base_path.pdf``, ``.png`` and ``.csv``; returns what is there now.

    ``pdf`` has the pages, ``png`` the slice with contour and heat map, ``csv`` one line with the columns of
    :data:`.case_table.COLUMNS`.

    Raises
    ------
    SettingsError
        No format, or one that there is not.
    MissingComponentError
        matplotlib is not installed (``pdf`` and ``png`` need it).
    StorageError
        The disk is full, the place cannot be written, or an earlier report cannot be replaced.
    Cancelled
        ``progress`` said so.
    """
    return _write(report, report_paths(base_path, formats), _WRITERS, progress)


def write_case_page(
    report: CaseReport,
    base_path: str | os.PathLike[str],
    formats: Sequence[str] = ("pdf", "png"),
    progress: Progress = SILENT,
) -> tuple[Path, ...]:
    """Write the case on one page as ``base_path.pdf`` and, the same as a picture, ``.png``; ``csv`` is its line.

    Where it needs further pages, the picture shows them below each other.

    Raises
    ------
    SettingsError, MissingComponentError, StorageError, Cancelled
        As :func:`write_case_report`.
    """
    return _write(report, report_paths(base_path, formats), _PAGE_WRITERS, progress)


def _write(
    report: CaseReport, paths: Mapping[str, Path], writers: Mapping[str, _Writer], progress: Progress
) -> tuple[Path, ...]:
    with files_together(list(paths.values())) as partials, progress.task("Writing the report", len(paths)) as task:
        for name, partial in zip(paths, partials, strict=True):
            writers[name](report, partial, progress)
            task.advance(detail=name)
    return tuple(paths.values())


def _write_pdf(report: CaseReport, path: Path, progress: Progress) -> None:
    _check_matplotlib()
    from .case_sheet import case_pages

    _save_pdf(case_pages(report, progress), path, progress)


def _write_page_pdf(report: CaseReport, path: Path, progress: Progress) -> None:
    _check_matplotlib()
    from .case_page import case_page

    _save_pdf(case_page(report, progress), path, progress)


def _save_pdf(figures: Sequence[Figure], path: Path, progress: Progress) -> None:
    from matplotlib.backends.backend_pdf import PdfPages

    from .figures.pages import page_style

    # Neither the case's name nor a reader's: file lists show a document's title.
    metadata = {"Creator": f"CervixRisk {__version__}", "CreationDate": None, "Subject": RESEARCH_USE_NOTICE}
    with page_style(), PdfPages(path, metadata=metadata) as pages:
        for figure in figures:
            pages.savefig(figure)
            progress.check()


def _write_png(report: CaseReport, path: Path, progress: Progress) -> None:
    _check_matplotlib()
    from .case_sheet import slice_picture
    from .figures.pages import page_style

    figure: Figure = slice_picture(report)
    progress.check()
    metadata = {"Software": f"CervixRisk {__version__}", "Disclaimer": RESEARCH_USE_NOTICE}
    with page_style():
        figure.savefig(path, format="png", dpi=_PICTURE_DOTS_PER_INCH, metadata=metadata)


def _write_page_png(report: CaseReport, path: Path, progress: Progress) -> None:
    _check_matplotlib()
    from matplotlib.image import imsave

    from .case_page import case_page
    from .figures.pages import page_style

    pictures = []
    with page_style():
        for figure in case_page(report, progress):
            figure.set_dpi(_PICTURE_DOTS_PER_INCH)
            figure.canvas.draw()
            pictures.append(np.asarray(figure.canvas.buffer_rgba())[:, :, :3])  # type: ignore[attr-defined]
            progress.check()
    metadata = {"Software": f"CervixRisk {__version__}", "Disclaimer": RESEARCH_USE_NOTICE}
    imsave(path, np.concatenate(pictures), format="png", dpi=_PICTURE_DOTS_PER_INCH, metadata=metadata)


def _write_csv(report: CaseReport, path: Path, progress: Progress) -> None:
    path.write_text(case_csv(report), encoding="utf-8", newline="")


_Writer = Callable[[CaseReport, Path, Progress], None]
_WRITERS: dict[str, _Writer] = {"pdf": _write_pdf, "png": _write_png, "csv": _write_csv}
_PAGE_WRITERS: dict[str, _Writer] = {"pdf": _write_page_pdf, "png": _write_page_png, "csv": _write_csv}


def _check_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingComponentError(
            "Drawing the report needs matplotlib, which is not installed: pip install matplotlib. "
            "Without it a report can be written as .csv alone."
        ) from error
