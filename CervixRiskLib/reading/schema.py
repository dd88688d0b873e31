"""The tables of a study's database.

Outcomes, predictions and clinical values are not among them: what is not stored cannot be shown to a reader. Rows of
``contours``, ``reviews`` and ``events`` are only ever added.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, Table, UniqueConstraint

from .column_types import Choice, Line, Number, UtcTime, Whole, Words
from .records import Decision, Origin, Role, Round

SCHEMA_VERSION = 1
LARGEST_INTEGER = 2**31 - 1
"""What a column of numbers holds; a larger one is asked for by nobody but a fault or an attack."""


metadata = MetaData()

study = Table(
    "study",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("study_id", Line(36), nullable=False, unique=True),
    Column("schema_version", Whole(), nullable=False),
    Column("seed", Whole(), nullable=False),
    Column("washout_s", Number(), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    Column("library_version", Line(40), nullable=False),
)

readers = Table(
    "readers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Words(), nullable=False, unique=True),
    Column("role", Choice(Role), nullable=False),
    Column("folder", Line(120), nullable=False, unique=True),
    Column("added_at", UtcTime(), nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Words(), nullable=False, unique=True),
    Column("number", Whole(), nullable=False, unique=True),
    Column("folder", Line(120), nullable=False, unique=True),
    Column("image_file", Line(200), nullable=False),
    Column("image_sha256", Line(64), nullable=False),
    Column("source_sha256", Line(64), nullable=False),
    Column("slice_index", Whole(), nullable=False),
    Column("slice_count", Whole(), nullable=False),
    Column("modality", Line(16, optional=True)),
    Column("spacing_source", Line(80, optional=True)),
)

assignments = Table(
    "assignments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("reader", ForeignKey("readers.id"), nullable=False),
    Column("round", Choice(Round), nullable=False),
    Column("position", Whole(), nullable=False),
    UniqueConstraint("case", "reader", "round"),
)

contours = Table(
    "contours",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("reader", ForeignKey("readers.id"), nullable=False),
    Column("round", Choice(Round), nullable=False),
    Column("version", Whole(), nullable=False),
    Column("file", Line(300), nullable=False, unique=True),
    Column("staged", Line(120), nullable=False, unique=True),
    Column("file_sha256", Line(64), nullable=False),
    Column("mask_sha256", Line(64), nullable=False),
    Column("image_sha256", Line(64), nullable=False),
    Column("pixel_count", Whole(), nullable=False),
    Column("drawn_at", UtcTime(optional=True)),
    Column("stored_at", UtcTime(), nullable=False),
    Column("duration_s", Number(optional=True)),
    Column("duration_source", Line(40, optional=True)),
    Column("software", Words(), nullable=False),
    Column("library_version", Line(40), nullable=False),
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
    Column("reason", Words(), nullable=False),
    Column("at", UtcTime(), nullable=False),
    Index("reviews_of_a_case", "case", "id"),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime(), nullable=False),
    # The name at the computer's login, beside the name the person gave.
    Column("account", Words(), nullable=False),
    Column("actor", Words(), nullable=False),
    Column("action", Line(24), nullable=False),
    Column("case", ForeignKey("cases.id")),
    Column("round", Choice(Round, optional=True)),
    Column("contour", ForeignKey("contours.id")),
    Column("detail", Words(), nullable=False),
    Column("library_version", Line(40), nullable=False),
    Index("events_of_a_case", "case", "id"),
)
