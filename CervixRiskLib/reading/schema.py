"""The tables of a study's database.

Outcomes, predictions and clinical values are not among them: what is not stored cannot be shown to a reader. Rows of
``contours``, ``reviews`` and ``events`` are only ever added.
"""

from __future__ import annotations

from datetime import datetime, timezone
from enum import Enum
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from ..errors import ReadingError
from .records import Decision, Origin, Role, Round

SCHEMA_VERSION = 1
LARGEST_INTEGER = 2**31 - 1
"""What a column of numbers holds; a larger one is asked for by nobody but a fault or an attack."""


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite stores none of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time in a study needs its time zone.")
        value = value.astimezone(timezone.utc)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


class Choice(TypeDecorator[str]):
    """One of an enumeration's values, refused where a damaged database gives something else."""

    impl = String(16)
    cache_ok = True

    def __init__(self, kind: type[Enum], optional: bool = False) -> None:
        super().__init__()
        self.values = (*(member.value for member in kind), *([None] if optional else []))

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value not in self.values:
            raise ReadingError("The study's database is damaged: restore it from a copy.")
        return value


metadata = MetaData()

study = Table(
    "study",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", String(36), nullable=False, unique=True),
    Column("schema_version", Integer, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("washout_s", Float, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("library_version", String(40), nullable=False),
)

readers = Table(
    "readers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Choice(Role), nullable=False),
    Column("folder", String(120), nullable=False, unique=True),
    Column("added_at", UtcTime, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Text, nullable=False, unique=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("folder", String(120), nullable=False, unique=True),
    Column("image_file", String(200), nullable=False),
    Column("image_sha256", String(64), nullable=False),
    Column("source_sha256", String(64), nullable=False),
    Column("slice_index", Integer, nullable=False),
    Column("slice_count", Integer, nullable=False),
    Column("modality", String(16)),
    Column("spacing_source", String(80)),
)

assignments = Table(
    "assignments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("reader", ForeignKey("readers.id"), nullable=False),
    Column("round", Choice(Round), nullable=False),
    Column("position", Integer, nullable=False),
    UniqueConstraint("case", "reader", "round"),
)

contours = Table(
    "contours",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("reader", ForeignKey("readers.id"), nullable=False),
    # None where an outer join finds no contour.
    Column("round", Choice(Round, optional=True), nullable=False),
    Column("version", Integer, nullable=False),
    Column("file", String(300), nullable=False, unique=True),
    Column("staged", String(120), nullable=False, unique=True),
    Column("file_sha256", String(64), nullable=False),
    Column("mask_sha256", String(64), nullable=False),
    Column("image_sha256", String(64), nullable=False),
    Column("pixel_count", Integer, nullable=False),
    Column("drawn_at", UtcTime),
    Column("stored_at", UtcTime, nullable=False),
    Column("duration_s", Float),
    Column("duration_source", String(40)),
    Column("software", Text, nullable=False),
    Column("library_version", String(40), nullable=False),
    Column("origin", Choice(Origin), nullable=False),
    Column("after_return", Boolean, nullable=False),
    UniqueConstraint("case", "reader", "round", "version"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("reviewer", ForeignKey("readers.id"), nullable=False),
    Column("decision", Choice(Decision), nullable=False),
    # The contour accepted or returned, or the reviewer's own.
    Column("contour", ForeignKey("contours.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("reviews_of_a_case", "case", "id"),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    # The name at the computer's login, beside the name the person gave.
    Column("account", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(24), nullable=False),
    Column("case", ForeignKey("cases.id")),
    Column("round", Choice(Round, optional=True)),
    Column("contour", ForeignKey("contours.id")),
    Column("detail", Text, nullable=False),
    Column("library_version", String(40), nullable=False),
    Index("events_of_a_case", "case", "id"),
)
