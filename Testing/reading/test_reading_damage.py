"""A damaged database: every kind of damage is told as such, and nothing outside the study's folder is touched."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Table

from CervixRiskLib.errors import CervixRiskError, ReadingError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import (
    ReaderDesk,
    ReviewDesk,
    Study,
    all_contours,
    check_integrity,
    open_study,
    read_audit_trail,
    schema,
    study_status,
)

MakeRoi = Callable[..., Roi]


def _use(study: Study, draw: MakeRoi) -> None:
    ReaderDesk(study, "Reader A").submit(1, draw(1))
    ReaderDesk(study, "Reader B")
    ReviewDesk(study, "Reviewer C").tasks()


def test_a_damaged_database_is_said_to_be_damaged(study: Study, draw: MakeRoi) -> None:
    _use(study, draw)
    sound = (study.folder / "study.db").read_bytes()
    random = np.random.default_rng(5)
    other = sqlite3.connect(":memory:")
    other.execute("CREATE TABLE things (a)")
    damaged = [b"", b"x" * 100, sound[:50], sound[: len(sound) // 2], sound[: len(sound) - 4096], other.serialize()]
    for _ in range(60):
        content = bytearray(sound)
        for _ in range(random.integers(1, 4)):
            start, length = random.integers(0, len(content)), random.integers(1, 5000)
            part = content[start : start + length]
            content[start : start + length] = random.bytes(len(part))
        damaged.append(bytes(content))
    sentences = []
    for content in damaged:
        (study.folder / "study.db").write_bytes(content)
        (study.folder / "study.db-journal").unlink(missing_ok=True)
        try:
            found = open_study(study.folder)
            study_status(found)
            _use(found, draw)
        except CervixRiskError as error:
            sentences.append(str(error))
    assert len(sentences) > 30
    assert not [sentence for sentence in sentences if "Reader" in sentence]


OUTSIDE = ["contours/../../x", "../x", "/etc/passwd", "contours/a/b/../../../x", "images/x", "contours/a/b/x\n", ""]


def _overwrite(study: Study, table: Table, column: str, value: str) -> None:
    with study.store.writing() as connection:
        connection.execute(table.update().where(table.c.id == 1).values({column: value}))


@pytest.mark.parametrize("place", OUTSIDE)
def test_a_contour_whose_place_leads_out_of_the_folder(study: Study, draw: MakeRoi, place: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"somebody else's")
    ReaderDesk(study, "Reader A").submit(1, draw(1))
    _overwrite(study, schema.contours, "file", place)
    (contour,) = all_contours(study)
    for work in (
        lambda: study.roi(contour, study.image(study.cases()[0])),
        lambda: check_integrity(study),
        lambda: ReaderDesk(study, "Reader A").submit(1, draw(1)),
    ):
        with pytest.raises(ReadingError, match="damaged"):
            work()
    assert (tmp_path / "x").read_bytes() == b"somebody else's"


@pytest.mark.parametrize("place", ["../../x", "..", "a/b", "/elsewhere/x"])
def test_folders_and_staged_names_that_lead_out_of_the_folder(study: Study, draw: MakeRoi, place: str) -> None:
    desk = ReaderDesk(study, "Reader A")
    desk.submit(1, draw(1))
    for table, column in ((schema.contours, "staged"), (schema.readers, "folder")):
        _overwrite(study, table, column, place)
    with pytest.raises(ReadingError, match="damaged"):
        desk.submit(1, draw(1))
    with pytest.raises(ReadingError, match="damaged"):
        ReaderDesk(study, "Reader A").submit(2, draw(2))
    assert os.listdir(study.folder / "incoming") == []


def test_an_image_whose_place_leads_out_of_the_folder(study: Study) -> None:
    with study.store.writing() as connection:
        connection.execute(schema.cases.update().where(schema.cases.c.number == 3).values(image_file="../x"))
    with pytest.raises(ReadingError, match="damaged"):
        ReaderDesk(study, "Reader A").open_image(3)
    assert check_integrity(study).changed_images == (3,)


def _loosened(study: Study) -> None:
    """The tables without their NOT NULL: one byte of the file that turns over empties a value, whatever they say."""
    with closing(sqlite3.connect(study.folder / "study.db")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'")
        connection.commit()


@pytest.mark.parametrize("table", ["contours", "readers", "cases", "study", "events"])
def test_a_value_of_another_kind_is_said_to_be_damage(study: Study, draw: MakeRoi, table: str) -> None:
    """Column by column: nothing where something must be, words for numbers, bytes for words."""
    _use(study, draw)
    _loosened(study)
    sound = (study.folder / "study.db").read_bytes()
    columns = [column.name for column in schema.metadata.tables[table].columns if not column.foreign_keys]
    refused = 0
    for column in columns:
        for value in (None, "x", b"\xff"):
            (study.folder / "study.db").write_bytes(sound)
            with closing(sqlite3.connect(study.folder / "study.db")) as connection:
                try:
                    connection.execute(f'UPDATE {table} SET "{column}" = ? WHERE id = 1', (value,))
                except sqlite3.IntegrityError:
                    continue
                connection.commit()
            try:
                found = open_study(study.folder)
                all_contours(found)
                ReaderDesk(found, "Reader A").tasks()
                ReviewDesk(found, "Reviewer C").tasks()
                read_audit_trail(found)
            except ReadingError:
                refused += 1
    assert refused >= 3


def test_a_contour_without_a_round_is_a_sentence(study: Study, draw: MakeRoi) -> None:
    ReaderDesk(study, "Reader A").submit(1, draw(1))
    _loosened(study)
    with closing(sqlite3.connect(study.folder / "study.db")) as connection:
        connection.execute("UPDATE contours SET round = NULL")
        connection.commit()
    for look in (lambda: all_contours(study), lambda: ReaderDesk(study, "Reader A").tasks()):
        with pytest.raises(ReadingError, match=r"database is damaged: restore it from a copy"):
            look()
