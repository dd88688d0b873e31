"""The study's database: SQLite in its folder, or PostgreSQL for a department.

Reading sees one state of the database; writing is one transaction that holds the only pen (SQLite) or locks the rows
of its case (PostgreSQL), so that two programs at once wait for each other instead of failing.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from ..errors import MissingComponentError, ReadingError, StorageError
from .schema import metadata

DATABASE_FILE = "study.db"
DATABASE_VARIABLE = "CERVIXRISK_DATABASE"
PATIENCE_S = 60.0
"""How long a transaction waits for another one's."""

_WRITES = "cervixrisk_writes"
_UNREACHABLE = (
    "The study's database cannot be reached: check that the PostgreSQL server runs, and that address, user and "
    f"password are right (--database URL, or the variable {DATABASE_VARIABLE}; the password also in PGPASSWORD)."
)


class StudyStore:
    """Transactions on one study's tables."""

    def __init__(self, engine: Engine, namespace: str | None) -> None:
        # A namespace is a PostgreSQL schema: several studies share one database.
        self._engine = engine.execution_options(schema_translate_map={None: namespace})
        self._namespace = namespace

    @classmethod
    def sqlite(cls, path: Path, *, create: bool = False) -> StudyStore:
        """The database in a file.

        Raises
        ------
        ReadingError
            There is no such file and ``create`` does not ask for one.
        """
        if not create and not path.is_file():
            raise ReadingError("The study's database is missing from its folder: restore it from a copy.")
        mode = "rwc" if create else "rw"
        address = f"file:{quote(path.resolve().as_posix())}?mode={mode}"

        def connect() -> sqlite3.Connection:
            return sqlite3.connect(address, uri=True, timeout=PATIENCE_S, isolation_level=None)

        # A connection lives for one transaction: nothing stays open that a fork, a copy or a removal would trip over.
        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return cls(engine, None)

    @classmethod
    def postgresql(cls, url: URL, namespace: str) -> StudyStore:
        """A schema in a PostgreSQL database; ``namespace`` is its name."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", namespace):
            raise ReadingError("The study's folder names its database wrongly: restore study.json from a copy.")
        if url.password is None and os.environ.get("PGPASSWORD"):
            url = url.set(password=os.environ["PGPASSWORD"])
        try:
            engine = create_engine(url.set(drivername="postgresql+pg8000"), poolclass=NullPool)
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise MissingComponentError(
                "A study on PostgreSQL needs the package pg8000: pip install 'cervixrisk[postgresql]'."
            ) from error
        return cls(engine, namespace)

    def create_tables(self) -> None:
        """Make the tables; they must not be there."""
        with self.writing() as connection:
            if self._namespace is not None:
                connection.execute(text(f'CREATE SCHEMA "{self._namespace}"'))
            metadata.create_all(connection, checkfirst=False)

    def drop_tables(self) -> None:
        """Remove a PostgreSQL schema whose study could not be made."""
        if self._namespace is not None:
            with self.writing() as connection:
                connection.execute(text(f'DROP SCHEMA IF EXISTS "{self._namespace}" CASCADE'))

    def has_tables(self) -> bool:
        with self.reading() as connection:
            return inspect(connection).has_table("study", schema=self._namespace)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One state of the database, for looking only."""
        with _sentences(), self._engine.connect() as connection:
            if self._namespace is not None:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends well, else undone."""
        with _sentences(), self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection


def parse_database_url(address: str) -> URL:
    """A PostgreSQL address.

    Raises
    ------
    ReadingError
        It is none.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise ReadingError("The database's address is not a URL: write postgresql://user@host/name.") from error
    if url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
        raise ReadingError(
            "A study's database is SQLite in its folder (nothing to say) or PostgreSQL: postgresql://user@host/name."
        )
    return url


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # A rollback journal, not a write-ahead log: the folder may lie on a network drive. Each commit reaches the disk.
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the pen at once: two that first read and then both want to write would block each other.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn the database's refusals into sentences; parameters of the statement are never shown."""
    try:
        yield
    except DBAPIError as error:
        raise _explained(error) from error


def _explained(error: DBAPIError) -> Exception:
    words = str(error.orig).lower()
    if "locked" in words or "busy" in words:
        return StorageError("Another program has kept the study's database busy for a minute: try again.")
    if "full" in words or "no space" in words:
        return StorageError("The disk is full: nothing was stored. Free some space and do it again.")
    if "readonly" in words or "read-only" in words or "unable to open" in words:
        return StorageError("The study's database may not be written: check the folder's permissions.")
    if "malformed" in words or "not a database" in words or "disk i/o" in words or "no such" in words:
        return ReadingError("The study's database is damaged: restore study.db from a copy.")
    if error.connection_invalidated or type(error.orig).__name__ in ("InterfaceError", "OperationalError"):
        return StorageError(_UNREACHABLE)
    # The message of a database may quote values: keep them out of logs.
    error.hide_parameters = True
    return error
