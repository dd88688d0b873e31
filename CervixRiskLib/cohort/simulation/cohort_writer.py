"""Writes a simulated cohort of any kind, so that what a killed call leaves behind is known and can be gone on with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...progress import Progress
from .cohort_folder import (
    DICTIONARY_NAME,
    READINGS_NAME,
    README_NAME,
    TABLE_NAME,
    TRUTH_NAME,
    CaseRows,
    made_cases,
    write_bytes,
    write_mark,
    write_table,
)
from .readings import READING_COLUMNS, ReadingPlan


@dataclass(frozen=True)
class CohortWords:
    """What stands in a cohort's folder beside the cases.

    Parameters
    ----------
    dictionary
        The clinical columns' data dictionary, YAML.
    readme
        What the folder holds; the readings are told of after it.
    columns, truth_columns
        Of ``cohort.csv``; and of ``truth.csv`` behind ``case_id``.
    """

    dictionary: bytes
    readme: bytes
    columns: tuple[str, ...]
    truth_columns: tuple[str, ...]


def write_cohort(
    folder: Path,
    document: dict[str, Any],
    known: dict[str, Any] | None,
    words: CohortWords,
    readings: ReadingPlan,
    make: Callable[[int], CaseRows],
    jobs: int | None,
    progress: Progress,
) -> Path:
    """Make and write every case, then the tables, and return the path of ``cohort.csv``.

    Parameters
    ----------
    document
        What ``simulation.json`` will say; ``cases`` in it is how many are made.
    known
        What it says already.
    make
        Writes the pictures of case ``i`` unless they are there, and gives its rows.

    Raises
    ------
    StorageError
        The folder cannot be written.
    """
    if known != {**document, "complete": True}:
        write_mark(folder, document, complete=False)
    made = made_cases(make, document["cases"], jobs, progress)
    write_bytes(folder / DICTIONARY_NAME, words.dictionary)
    write_table(folder / TRUTH_NAME, [case.truth for case in made], ("case_id", *words.truth_columns))
    write_bytes(folder / README_NAME, words.readme + readings.readme().encode())
    write_table(folder / TABLE_NAME, [case.row for case in made], words.columns)
    if readings.any:
        write_table(folder / READINGS_NAME, [row for case in made for row in case.readings], READING_COLUMNS)
    write_mark(folder, document, complete=True)
    return folder / TABLE_NAME
