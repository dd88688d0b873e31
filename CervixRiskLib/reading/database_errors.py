"""What the database refuses, as a sentence.

A database's own message may quote what was to be stored (``Key (name)=(…) already exists``), so none of it is passed
on: neither in the text nor as the cause that a traceback prints.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from ..errors import CervixRiskError, ReadingError, StorageError

DATABASE_VARIABLE = "CERVIXRISK_DATABASE"

_UNREACHABLE = (
    "The study's database cannot be reached: check that the PostgreSQL server runs, and that address, user and "
    f"password are right (--database URL, or the variable {DATABASE_VARIABLE}; the password also in PGPASSWORD)."
)
_BUSY = "Another program has kept the study's database busy: nothing was stored. Try again."
_FULL = "The disk is full: nothing was stored. Free some space and do it again."
_NO_RIGHT = "The study's database may not be written: check the permissions of the folder or of the PostgreSQL user."
_DAMAGED = "The study's database is damaged or not this study's: restore it from a copy."
_TOO_LARGE = "A number is far too large for a study: check what was given."
_AT_ONCE = "Another program has stored the same at this moment: nothing was stored. Look again, then try again."
_NO_SIGN = "A text holds a sign that cannot be stored: type it again."

# https://www.postgresql.org/docs/current/errcodes-appendix.html; the longest beginning decides.
_BY_STATE: dict[str, tuple[type[CervixRiskError], str]] = {
    "08": (StorageError, _UNREACHABLE),
    "28": (StorageError, _UNREACHABLE),
    "3D000": (StorageError, _UNREACHABLE),
    "57P": (StorageError, _UNREACHABLE),
    "53300": (StorageError, "The PostgreSQL server has too many connections: nothing was stored. Try again."),
    "53100": (StorageError, _FULL),
    "55P03": (StorageError, _BUSY),
    "40": (StorageError, _BUSY),
    "25P03": (StorageError, _BUSY),
    "25006": (StorageError, _NO_RIGHT),
    "42501": (StorageError, _NO_RIGHT),
    "42P01": (ReadingError, _DAMAGED),
    "42703": (ReadingError, _DAMAGED),
    "3F000": (ReadingError, _DAMAGED),
    "XX": (ReadingError, _DAMAGED),
    "22003": (ReadingError, _TOO_LARGE),
    "22021": (ReadingError, _NO_SIGN),
    "23505": (StorageError, _AT_ONCE),
}
_BY_WORDS: tuple[tuple[tuple[str, ...], type[CervixRiskError], str], ...] = (
    (("locked", "busy"), StorageError, _BUSY),
    (("disk is full",), StorageError, _FULL),
    (("readonly", "read-only", "unable to open"), StorageError, _NO_RIGHT),
    (
        ("disk i/o",),
        StorageError,
        "The study's database cannot be read or written just now: check the disk or network drive.",
    ),
    (("malformed", "not a database", "no such", "decode"), ReadingError, _DAMAGED),
    (("unique constraint",), StorageError, _AT_ONCE),
)


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn the database's refusals into :class:`StorageError` or :class:`ReadingError` without anything of the row."""
    try:
        yield
    except DBAPIError as error:
        raise _explained(error) from None
    except (ConnectionError, TimeoutError):
        raise StorageError(_UNREACHABLE) from None
    except OverflowError:
        raise ReadingError(_TOO_LARGE) from None
    except UnicodeDecodeError:  # SQLite's message quotes a part of the file
        raise ReadingError(_DAMAGED) from None
    except UnicodeEncodeError:
        raise ReadingError(_NO_SIGN) from None


def _explained(error: DBAPIError) -> CervixRiskError:
    state = _sql_state(error)
    for length in range(len(state), 1, -1):
        if state[:length] in _BY_STATE:
            kind, sentence = _BY_STATE[state[:length]]
            return kind(sentence)
    if not state:
        # SQLite's messages are fixed words; Python tells its codes from 3.11 on.
        words = str(error.orig).lower()
        for some, kind, sentence in _BY_WORDS:
            if any(word in words for word in some):
                return kind(sentence)
        if isinstance(error.orig, sqlite3.DatabaseError) and not isinstance(error.orig, sqlite3.IntegrityError):
            return ReadingError(_DAMAGED)
        if type(error.orig).__name__ == "InterfaceError":
            return StorageError(_UNREACHABLE)
    what = state or type(error.orig).__name__
    return StorageError(f"The study's database has refused what was asked ({what}): nothing was stored.")


def _sql_state(error: DBAPIError) -> str:
    """PostgreSQL's code of five signs, empty where there is none."""
    arguments: tuple[Any, ...] = getattr(error.orig, "args", ())
    fields = arguments[0] if arguments else None
    state = fields.get("C", "") if isinstance(fields, dict) else ""
    return state if isinstance(state, str) else ""
