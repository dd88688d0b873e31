"""``study.json``: says that a folder is a reader study, and where its database is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..errors import ReadingError
from .contour_files import reading_errors
from .schema import SCHEMA_VERSION
from .store import DATABASE_FILE

STUDY_FILE = "study.json"
_FORMAT = "cervixrisk-reader-study"
EXPORT_FORMAT = "cervixrisk-reading-export"
_LARGEST = 1 << 16


def write_study_file(folder: Path, study_id: str, where: Mapping[str, str]) -> None:
    """Write the file; ``where`` holds ``database`` (without a password) and, on PostgreSQL, ``namespace``."""
    about = {"format": _FORMAT, "schema_version": SCHEMA_VERSION, "study_id": study_id, **where}
    (folder / STUDY_FILE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def read_study_file(folder: Path) -> dict[str, str]:
    """What the file says, checked.

    Raises
    ------
    ReadingError
        The folder is no study, of another version, or the file is damaged.
    StorageError
        It cannot be read.
    """
    path = folder / STUDY_FILE
    with reading_errors():
        if not path.is_file():
            raise ReadingError("This folder is no reader study: make one with 'cervixrisk reading create'.")
        with path.open("rb") as handle:
            text = handle.read(_LARGEST)
    try:
        about = json.loads(text)
    except (ValueError, RecursionError):
        about = None
    if isinstance(about, dict) and about.get("format") == EXPORT_FORMAT:
        raise ReadingError("This folder is a cohort exported from a reader study: give the folder of the study itself.")
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise ReadingError("The study's file study.json is damaged: restore it from a copy.")
    if about.get("schema_version") != SCHEMA_VERSION:
        raise ReadingError("The study was made by another version of CervixRisk: open it with that one.")
    names = (
        ("study_id", "database") if about.get("database") == DATABASE_FILE else ("study_id", "database", "namespace")
    )
    if not all(isinstance(about.get(name), str) for name in names):
        raise ReadingError("The study's file study.json is damaged: restore it from a copy.")
    return about
