"""Who takes part in a study."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, RowMapping, insert, select

from ..errors import ReadingError
from . import schema
from .folder_names import clean_name, folder_name
from .journal import COORDINATOR
from .records import ReaderRecord, Role

if TYPE_CHECKING:
    from .study import Study


def people(study: Study) -> tuple[ReaderRecord, ...]:
    """Everyone in the study, in the order in which they came."""
    table = schema.readers
    with study.store.reading() as connection:
        rows = connection.execute(select(table.c.name, table.c.role).order_by(table.c.id)).all()
    return tuple(ReaderRecord(name, Role(role)) for name, role in rows)


def find_person(connection: Connection, name: str, roles: tuple[Role, ...]) -> RowMapping:
    """The row of somebody with one of ``roles``.

    Raises
    ------
    ReadingError
        Nobody of that name has such a role. Who else takes part is not said.
    """
    table = schema.readers
    row = connection.execute(select(table).where(table.c.name == clean_name(name, "reader"))).mappings().first()
    if row is None or Role(row["role"]) not in roles:
        wanted = "reviewer" if roles == (Role.REVIEWER,) else "reader"
        raise ReadingError(
            f"Nobody of this name is a {wanted} in this study: check the spelling, or let the coordinator assign it."
        )
    return row


def add_person(connection: Connection, name: str, role: Role, at: datetime) -> RowMapping:
    """The row of a person, added where it is not there.

    Raises
    ------
    ReadingError
        The person has another role, the study has its primary reader or reviewer already, or the name is the one that
        the audit trail gives to the coordinator.
    """
    table = schema.readers
    name = clean_name(name, "reader")
    if name.casefold() == COORDINATOR:
        raise ReadingError("“Coordinator” stands in the audit trail for whoever runs the study: give a person's name.")
    rows = connection.execute(select(table)).mappings().all()
    for row in rows:
        if row["name"].casefold() != name.casefold():
            continue
        if Role(row["role"]) is not role:
            raise ReadingError("One of these people has another role in this study already: one person has one role.")
        return row
    if role in (Role.PRIMARY, Role.REVIEWER) and any(row["role"] == role.value for row in rows):
        what = "primary reader" if role is Role.PRIMARY else "reviewer"
        raise ReadingError(f"The study has its {what} already: a study has one.")
    folder = folder_name(name, [row["folder"] for row in rows])
    connection.execute(insert(table).values(name=name, role=role.value, folder=folder, added_at=at))
    return connection.execute(select(table).where(table.c.name == name)).mappings().one()
