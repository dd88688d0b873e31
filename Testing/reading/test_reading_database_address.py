"""Names, addresses and servers: what is refused is refused in a sentence, without a name or password in it."""

from __future__ import annotations

import socket
import traceback
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from CervixRiskLib.errors import ReadingError, StorageError
from CervixRiskLib.reading import ReaderDesk, ReviewDesk, Study, assign, create_study, open_study, people, schema


def test_refusals_hold_no_name(any_study: Study, clock: Any) -> None:
    """The database's own message quotes the row: ``Key (name)=(Reader A) already exists``."""
    secret = "Reader A"

    def again() -> None:
        with any_study.store.writing() as connection:
            connection.execute(
                insert(schema.readers).values(name=secret, role="primary", folder="elsewhere", added_at=clock.now)
            )

    def incomplete() -> None:
        with any_study.store.writing() as connection:
            connection.execute(insert(schema.readers).values(name=secret, role="primary", folder="elsewhere"))

    def naive() -> None:
        with any_study.store.writing() as connection:
            moment = clock.now.replace(tzinfo=None)
            connection.execute(insert(schema.readers).values(name=secret, role="x", folder="y", added_at=moment))

    def unknown() -> None:
        with any_study.store.writing() as connection:
            connection.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": secret})

    for work, kind in ((again, StorageError), (incomplete, StorageError), (naive, Exception), (unknown, ReadingError)):
        with pytest.raises(kind) as caught:
            work()
        shown = "".join(traceback.format_exception(caught.value)) + str(caught.value) + repr(caught.value)
        lines = [line for line in shown.splitlines() if "Error" in line or "parameters" in line or "Key" in line]
        assert lines
        assert not [line for line in lines if secret in line]


@pytest.mark.parametrize(
    "words", ["Reader\x00A", "Reader \ud800", "Reader\nA", "'; DROP TABLE readers; --", '"', "%s %(x)s :x ?", "\\"]
)
def test_names_that_attack_the_database(any_study: Study, words: str) -> None:
    before = people(any_study)
    for work in (
        lambda: ReaderDesk(any_study, words),
        lambda: ReviewDesk(any_study, words),
        lambda: assign(any_study, primary=words, second_cases=4),
    ):
        with pytest.raises(ReadingError):
            work()
    assert people(any_study) == before


def test_a_server_that_is_not_there(tmp_path: Path, cohort_table: Path, postgresql: str) -> None:
    study = create_study(tmp_path / "study", cohort_table, database=postgresql)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"postgresql://cervixrisk:hush-hush@127.0.0.1:{probe.getsockname()[1]}/postgres"
        wrong = [
            nobody,
            postgresql.replace("/postgres", "/no-such-database"),
            postgresql.replace("//cervixrisk@", "//stranger:hush-hush@"),
            postgresql + "?sslmode=require",
        ]
        for address in wrong:
            with pytest.raises(StorageError, match="cannot be reached") as caught:
                open_study(study.folder, database=address)
            assert "hush" not in "".join(traceback.format_exception(caught.value))
        with pytest.raises(StorageError, match="cannot be reached"):
            create_study(tmp_path / "other", cohort_table, database=nobody)
    assert not (tmp_path / "other").exists()


def test_a_password_is_never_written(
    tmp_path: Path, cohort_table: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index, address in enumerate(
        (postgresql.replace("cervixrisk@", "cervixrisk:hush-hush@"), postgresql + "?password=hush-hush")
    ):
        study = create_study(tmp_path / str(index), cohort_table, database=address)
        for path in study.folder.rglob("*"):
            assert path.is_dir() or b"hush" not in path.read_bytes()
        # The address that was written down is enough where the server asks for no password, or PGPASSWORD has it.
        monkeypatch.setenv("PGPASSWORD", "hush-hush")
        assert open_study(study.folder).settings.study_id == study.settings.study_id


@pytest.mark.parametrize(
    "address",
    [
        "mysql://user@host/name",
        "sqlite:///elsewhere.db",
        "not an address",
        "postgresql://user:hush@host:port/name",
        "postgresql://user:hush@host",
        "postgresql://host/name",
        "postgresql://user:hush@host/name?options=-c%20x",
        "postgresql://user:hush@host/name?sslmode=perhaps",
        "postgresql://user:hush@host/name?sslmode=disable&sslmode=require",
        "",
    ],
)
def test_addresses_that_are_none(tmp_path: Path, cohort_table: Path, address: str) -> None:
    with pytest.raises(ReadingError) as caught:
        create_study(tmp_path / "study", cohort_table, database=address)
    assert "hush" not in "".join(traceback.format_exception(caught.value))
    assert not (tmp_path / "study").exists()
