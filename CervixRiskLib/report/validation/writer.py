"""A validation as a folder of files: all of them are written, or none is and the earlier ones stay."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...bundle import BundleManifest, model_card
from ...progress import SILENT, Progress
from ..study.document import StudyDocument
from ..study.writer import FORMATS, check_study_folder, write_document


def write_validation(
    document: StudyDocument,
    manifest: BundleManifest,
    folder: str | os.PathLike[str],
    answers: bytes,
    *,
    formats: Sequence[str] = FORMATS,
    progress: Progress = SILENT,
) -> tuple[Path, ...]:
    """Write the report and the table of answers into ``folder``, in place of an earlier validation; returns its files.

    ``index.html``, ``report.pdf``, ``MODEL_CARD.md`` of the bundle, ``answers.csv``, ``figures/``, and last
    ``report.json``.

    Parameters
    ----------
    document
        As :func:`.validation_document.validation_document` makes it.
    manifest
        Of the bundle.
    answers
        The table as CSV.

    Raises
    ------
    SettingsError
        A format that there is not.
    MissingComponentError
        matplotlib or Jinja2 is not installed.
    StorageError
        Something else stands there, the disk is full, or the place cannot be written.
    Cancelled
        ``progress`` said so.
    """
    check_validation_folder(folder, formats)
    return write_document(document, folder, model_card(manifest), formats=formats, answers=answers, progress=progress)


def check_validation_folder(folder: str | os.PathLike[str], formats: Sequence[str] = FORMATS) -> None:
    """Raise where the report cannot be written, before long work; as :func:`write_validation`."""
    check_study_folder(folder, formats, answers=True)
