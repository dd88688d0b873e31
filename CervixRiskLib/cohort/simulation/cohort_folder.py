"""The folder of a simulated cohort of any kind: what may be written where, and how cases are made in parallel."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ...atomic import atomic_file, storage_errors
from ...errors import SettingsError, StorageError
from ...progress import Progress
from ..case_scheduling import run_tasks
from ..simulation_mark import SIMULATION_MARK

TABLE_NAME = "cohort.csv"
DICTIONARY_NAME = "cohort.columns.yaml"
TRUTH_NAME = "truth.csv"
README_NAME = "README.txt"
READINGS_NAME = "readings.csv"
READINGS_FOLDER = "readings"
NOTICE = (
    "Simulated data: no patient was examined. What a model reaches here says nothing about patients. "
    "For research use. Not a medical device."
)
_OWN_NAMES = frozenset(
    {
        SIMULATION_MARK,
        TABLE_NAME,
        DICTIONARY_NAME,
        README_NAME,
        TRUTH_NAME,
        READINGS_NAME,
        READINGS_FOLDER,
        "images",
        "rois",
    }
)

Made = TypeVar("Made")


@dataclass(frozen=True)
class CaseRows:
    """A case's rows of ``cohort.csv``, ``truth.csv`` and, if it was read more than once, ``readings.csv``."""

    row: dict[str, Any]
    truth: dict[str, Any]
    readings: list[dict[str, Any]]


def check_request(cases: int, seed: int, jobs: int | None) -> None:
    """Raise ``SettingsError`` unless the size, the seed and the number of processes are possible."""
    if cases < 1:
        raise SettingsError("A simulated cohort needs at least one case.")
    if seed < 0:
        raise SettingsError("The seed must be 0 or a positive whole number.")
    if jobs is not None and jobs < 1:
        raise SettingsError("The number of processes must be at least 1.")


def known_simulation(folder: Path, settings: dict[str, Any], cases: int) -> dict[str, Any] | None:
    """The mark that the folder carries; ``None`` when it is new or empty, an error when it may not be written to.

    Parameters
    ----------
    settings
        What makes two simulations the same but for their size.
    cases
        How many are asked for.
    """
    with storage_errors():
        if not folder.exists():
            return None
        if not folder.is_dir():
            raise StorageError(f"{folder.name} is a file: choose a folder for the simulated cohort.")
        present = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        if not present:
            return None
        if SIMULATION_MARK not in present or not present <= _OWN_NAMES:
            raise StorageError(
                f"The folder {folder.name} already holds other files. "
                "Choose an empty or new folder for the simulated cohort."
            )
        text = (folder / SIMULATION_MARK).read_bytes()
    try:
        known = json.loads(text)
    except ValueError:
        known = None
    if not isinstance(known, dict) or {name: known.get(name) for name in settings} != settings:
        raise SettingsError(
            f"The folder {folder.name} holds a simulation with other settings. Choose another folder, or remove it."
        )
    size = known.get("cases")
    if isinstance(size, int) and size > cases:
        raise SettingsError(
            f"The folder {folder.name} holds this simulation with {size} cases already. "
            "Ask for at least as many, or choose another folder."
        )
    return known


def write_mark(folder: Path, document: dict[str, Any], *, complete: bool) -> None:
    """Say what the folder holds.

    The mark comes first, incomplete, so that what a killed call leaves behind is known for what it is; and last.
    """
    write_bytes(folder / SIMULATION_MARK, (json.dumps({**document, "complete": complete}, indent=2) + "\n").encode())


def made_cases(make: Callable[[int], Made], cases: int, jobs: int | None, progress: Progress) -> list[Made]:
    """What ``make`` gives for the cases 0 to ``cases`` - 1, in order; ``jobs`` processes, one per core for ``None``."""
    made: dict[int, Made] = {}
    with (
        progress.task("Simulating cases", total=cases) as task,
        closing(run_tasks(make, range(cases), jobs=jobs)) as run,
    ):
        for case, result in run:
            made[case] = result
            task.advance()
    return [made[case] for case in range(cases)]


def write_bytes(path: Path, content: bytes) -> None:
    """The whole file or none."""
    with atomic_file(path) as partial:
        partial.write_bytes(content)


def write_table(path: Path, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """A CSV file of these columns."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes(path, buffer.getvalue().encode())


def png_bytes(grey: np.ndarray) -> bytes:
    """An 8-bit PNG of ``(rows, columns)`` uint8 that says in its description that it is simulated."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("Description", NOTICE)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format="PNG", compress_level=6, pnginfo=text)
    return buffer.getvalue()


def mask_bytes(mask: np.ndarray) -> bytes:
    """The mask as a PNG of 0 and 255."""
    return png_bytes(mask.astype(np.uint8) * np.uint8(255))


def read_mask(path: Path) -> np.ndarray:
    """What :func:`mask_bytes` has written, ``(rows, columns)`` bool."""
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture) > 0
