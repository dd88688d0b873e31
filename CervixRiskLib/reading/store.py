"""The study's database: SQLite in its folder, or PostgreSQL for a department.

Reading sees one state of the database; writing is one transaction that holds the only pen (SQLite) or locks the rows
of its case (PostgreSQL), so that two programs at once wait for each other instead of failing.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from ..errors import ReadingError
from .database_errors import database_errors
from .database_url import PostgresqlDriver
from .schema import metadata

DATABASE_FILE = "study.db"
PATIENCE_S = 60.0
"""How long a transaction waits for another one's."""

_WRITES = "cervixrisk_writes"

# A connection that breaks ends in a sentence; the pool would print a page beside it where nobody has set up logging.
logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())


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
        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
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
        engine = create_engine(
            "postgresql+pg8000://",
            creator=PostgresqlDriver(url).connect,
            poolclass=NullPool,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _prepare_postgresql)
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
        with database_errors(), self._engine.connect() as connection:
            if self._namespace is not None:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends well, else undone."""
        with database_errors(), self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: True})
            if self._namespace is not None:
                # What a statement sees after it has waited for a row must be what the other one has committed.
                connection = connection.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                yield connection


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # A rollback journal, not a write-ahead log: the folder may lie on a network drive. Each commit reaches the disk,
    # and so does the journal's removal (EXTRA): a power cut must not undo a row whose file was moved already.
    connection.execute("PRAGMA synchronous = EXTRA")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{PATIENCE_S * 1000:.0f}ms'")
    # A program that was stopped in its transaction, or a computer that fell asleep, must not hold the others up.
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{PATIENCE_S * 1000:.0f}ms'")
    cursor.close()
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the pen at once: two that first read and then both want to write would block each other.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
