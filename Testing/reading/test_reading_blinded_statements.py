"""Blinding in the database: every statement of a reader's desk is bound to the reader."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from secret_study.desk_calls import ATTACKS, asked
from secret_study.theatre import PRIMARY, REVIEWER, SECOND
from sqlalchemy import event

from CervixRiskLib.reading import ReaderDesk, ReviewDesk, Study, open_study


@contextmanager
def recorded(study: Study) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Every statement that the study's database is asked, and its parameters by name."""
    log: list[tuple[str, dict[str, Any]]] = []

    def keep(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if not statement.startswith("BEGIN"):
            for compiled in getattr(context, "compiled_parameters", None) or [{}]:
                log.append((" ".join(statement.split()).replace("main.", ""), dict(compiled)))

    event.listen(study.store._engine, "before_cursor_execute", keep)
    try:
        yield log
    finally:
        event.remove(study.store._engine, "before_cursor_execute", keep)


@pytest.mark.parametrize(
    ("name", "stage"), [(PRIMARY, "all drawn"), (PRIMARY, "reviewed"), (PRIMARY, "repeats open"), (SECOND, "reviewed")]
)
def test_every_statement_is_bound_to_the_reader(stages: dict[str, Any], tmp_path: Path, name: str, stage: str) -> None:
    theatre, kept, now, drawn, _ = stages[stage]
    folder = Path(shutil.copytree(kept, tmp_path / "copy"))
    study = open_study(folder, clock=lambda: now)
    with recorded(study) as log:
        desk = ReaderDesk(study, name)
        for calls in ATTACKS.values():
            for call in calls(theatre, desk, drawn, folder):
                asked(call)
    key = desk._reader["id"]
    touched = set()
    for statement, parameters in log:
        assert "case_id" not in statement, statement
        assert "source_sha256" not in statement, statement
        named = [value for what, value in parameters.items() if what.startswith("reader")]
        assert set(named) <= {key}, statement
        assert {value for what, value in parameters.items() if what.startswith("actor")} <= {name}, statement
        for table in ("contours", "reviews", "assignments", "events"):
            if f" {table}" not in statement:
                continue
            touched.add(table)
            if statement.startswith(f"INSERT INTO {table}"):
                assert parameters.get("reader") == key or parameters.get("actor") == name, statement
            elif " contours.staged = " in statement:
                # After a refusal: is the file that this very call has staged in the study?
                assert statement.startswith("SELECT contours.id FROM contours WHERE contours.staged = "), statement
            elif table == "events":
                assert " events.actor = " in statement, statement
            elif table == "reviews":
                tied = 'reviews."case" IN (SELECT assignments."case" FROM assignments WHERE assignments.reader = '
                own = "JOIN contours ON reviews.contour = contours.id"
                alike = "JOIN contours ON contours.id = reviews.contour"
                assert tied in statement or ((own in statement or alike in statement) and named), statement
                # Of decisions on others' contours not even the remark or the contour's key is fetched.
                if tied in statement:
                    assert statement.startswith('SELECT reviews."case", reviews.decision FROM'), statement
            else:
                assert f"{table}.reader = " in statement, statement
                assert named, statement
        if " readers" in statement:
            assert "readers.name = " in statement, statement
            assert {value for what, value in parameters.items() if what.startswith("name")} == {name}
        assert " OR " not in statement
        assert " UNION " not in statement
    assert touched == {"contours", "reviews", "assignments", "events"}


def test_the_number_of_statements_does_not_grow_with_the_work(stages: dict[str, Any], tmp_path: Path) -> None:
    counts = set()
    for stage in ("nothing drawn", "all repeated"):
        _, kept, now, _, _ = stages[stage]
        study = open_study(shutil.copytree(kept, tmp_path / stage), clock=lambda now=now: now)
        desk, reviewer = ReaderDesk(study, PRIMARY), ReviewDesk(study, REVIEWER)
        with recorded(study) as log:
            desk.tasks()
            mine = len(log)
            reviewer.tasks()
        counts.add((mine, len(log) - mine))
    assert counts == {(4, 4)}
