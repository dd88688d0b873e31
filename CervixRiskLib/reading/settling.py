"""Finish what a killed program has begun, and clear what it has left.

A staged file with a row belongs to its place, whoever moves it. A staged file without one is litter as soon as no
storing transaction runs: :func:`keep_incoming` and :func:`clear_litter` exclude each other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from sqlalchemy import Connection, select

from ..errors import ReadingError, StorageError
from . import schema
from .contour_files import ContourFiles
from .store import StudyStore


def settle(files: ContourFiles, store: StudyStore) -> int:
    """Move the contours whose program was killed after their row was added; returns how many.

    Who may not write to the study leaves this to the next one who may.
    """
    names = files.on_the_way()
    if not names:
        return 0
    with store.reading() as connection:
        places = _places(connection, names)
    moved = 0
    for name, place in places.items():
        # A file that cannot be moved must not keep everybody from the study; reading status names it.
        with contextlib.suppress(ReadingError, StorageError):
            files.publish(name, place)
            moved += 1
    litter = [name for name in names if name not in places]
    if litter:
        with contextlib.suppress(StorageError):
            clear_litter(files, store, litter)
    return moved


def keep_incoming(connection: Connection) -> None:
    """Let nobody clear ``incoming/`` until the transaction ends; others may store beside it.

    On SQLite one transaction writes at a time anyway.
    """
    connection.execute(select(schema.study.c.id).with_for_update(read=True)).first()


def clear_litter(files: ContourFiles, store: StudyStore, names: Sequence[str]) -> None:
    """Remove those of the staged files ``names`` that have no row, while nobody stores.

    Raises
    ------
    StorageError
        Somebody stores just now (PostgreSQL; SQLite waits), or the study may not be written.
    """
    with store.writing() as connection:
        connection.execute(select(schema.study.c.id).with_for_update(nowait=True)).first()
        places = _places(connection, names)
        for name in names:
            if name not in places:
                files.discard(name)


def _places(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Where staged files belong, by their names; those without a row are not in it."""
    table = schema.contours
    return dict(connection.execute(select(table.c.staged, table.c.file).where(table.c.staged.in_(names))).all())
