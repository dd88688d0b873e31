"""A case report on its way to the program that draws it: JSON beside an exchange file with the arrays."""

from __future__ import annotations

import contextlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from ..report.case_report import CaseReport
from ..worker.array_file import TOKEN_BYTES, read_arrays, write_arrays
from ..worker.records import from_words, to_words

_WORDS = "report.json"
_ARRAYS = "report.arrays"


@dataclass(frozen=True, eq=False)
class ReportRequest:
    """What is to be written: see :func:`CervixRiskLib.report.case_files.write_case_report`."""

    report: CaseReport
    base_path: str
    formats: tuple[str, ...]


def write_report_request(request: ReportRequest, folder: Path) -> None:
    """Put ``request`` into ``folder``.

    Raises
    ------
    StorageError
        The disk is full.
    """
    arrays: list = []
    words = to_words(request, arrays)
    token = secrets.token_bytes(TOKEN_BYTES)
    write_arrays(folder / _ARRAYS, token, arrays)
    content = json.dumps({"token": token.hex(), "request": words})
    (folder / _WORDS).write_text(content, encoding="utf-8")


def take_report_request(folder: Path) -> ReportRequest:
    """The request in ``folder``, as it was written. Its files go: who asked may be killed and then removes nothing.

    Raises
    ------
    ValueError
        It is damaged, or of another version.
    """
    content = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
    arrays = read_arrays(folder / _ARRAYS, bytes.fromhex(content["token"]))
    for name in (_WORDS, _ARRAYS):
        # One that is held open by another program goes with the folder.
        with contextlib.suppress(OSError):
            (folder / name).unlink()
    return from_words(ReportRequest, content["request"], arrays)
