"""What stands where a case report goes: the picture and table of an earlier one may be replaced, nothing else.

The person names the page alone, ``case.pdf``. That ``case.png`` is the patient's slice, or ``case.csv`` a cohort's
table, comes to nobody's mind.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import SettingsError
from .case_table import COLUMNS

# More than a table of one case has.
_MOST_BYTES = 65_536
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SOFTWARE = b"Software\x00CervixRisk "
# Those that all versions begin with.
_FIRST_COLUMNS = ",".join(tuple(COLUMNS)[:9]).encode()
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def check_only_reports(paths: Iterable[Path]) -> None:
    """Refuse a report of which ``paths`` are the files where a picture or a table stands that is of no report.

    Raises
    ------
    SettingsError
        One is there; the sentence says which.
    """
    for path in paths:
        # Not Path.exists, which raises for a name that is too long.
        if os.path.exists(path) and not _may_be_replaced(path):
            raise SettingsError(
                f"{path.name} is there already and belongs to no earlier report: give the report another name."
            )


def _may_be_replaced(path: Path) -> bool:
    looks = {".png": _is_our_picture, ".csv": _is_our_table}.get(path.suffix.lower())
    if looks is None:
        # The page: the person has named it.
        return True
    try:
        with open(path, "rb") as file:
            return looks(file.read(_MOST_BYTES))
    except OSError:
        # What cannot be looked at is not known to be ours.
        return False


def _is_our_picture(begin: bytes) -> bool:
    return begin.startswith(_SIGNATURE) and _SOFTWARE in begin.partition(b"IDAT")[0]


def _is_our_table(begin: bytes) -> bool:
    """Header and one line: lines of several cases under one header are somebody's collection."""
    header = begin.removeprefix(_BYTE_ORDER_MARK)
    return header.startswith(_FIRST_COLUMNS) and begin.count(b"\n") == 2 and len(begin) < _MOST_BYTES
