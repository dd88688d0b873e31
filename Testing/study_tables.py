"""Tables for reader studies in tests: what is handed in, and what stands in a study's database."""

from __future__ import annotations

from pathlib import Path

from CervixRiskLib.reading import Round, Study


def write_table(path: Path, rows: list[dict[str, object]], separator: str = ",") -> Path:
    """Write a CSV whose columns are all that any row has."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [separator.join(columns)]
    lines += [separator.join(str(row.get(name, "")) for name in columns) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def listed(study: Study, reader: str, round_: Round) -> list[str]:
    """Names of the cases on a reader's list, from the database alone."""
    from sqlalchemy import select

    from CervixRiskLib.reading import schema

    query = (
        select(schema.cases.c.case_id)
        .join(schema.assignments, schema.assignments.c.case == schema.cases.c.id)
        .join(schema.readers, schema.assignments.c.reader == schema.readers.c.id)
        .where(schema.readers.c.name == reader, schema.assignments.c.round == round_.value)
        .order_by(schema.cases.c.case_id)
    )
    with study.store.reading() as connection:
        return list(connection.execute(query).scalars())
