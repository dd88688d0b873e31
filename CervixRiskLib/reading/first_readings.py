"""The first round of each case, as the reviewer sees it: who has drawn it, and whether it awaits a decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from . import schema
from .records import Decision, Role, Round


@dataclass(frozen=True)
class FirstReading:
    """Who is to draw a case in the first round, and the newest contour; without one its fields are empty."""

    name: str
    role: Role
    contour: int | None = None
    version: int = 0
    file: str = ""
    file_sha256: str = ""
    mask_sha256: str = ""


def first_readings(connection: Connection, case: int | None = None) -> defaultdict[int, list[FirstReading]]:
    """The first round by the case's key, the primary reader first; of all cases, or of one."""
    readers, own, table = schema.readers, schema.assignments, schema.contours
    people = (
        select(own.c.case, readers.c.id, readers.c.name, readers.c.role)
        .join(readers, own.c.reader == readers.c.id)
        .where(own.c.round == Round.INITIAL.value)
        .order_by(readers.c.role, readers.c.id)
    )
    newest = (
        select(
            table.c.case, table.c.reader, table.c.id, table.c.version, table.c.file, table.c.file_sha256,
            table.c.mask_sha256,
        )
        .where(table.c.round == Round.INITIAL.value)
        .order_by(table.c.version)
    )  # fmt: skip
    if case is not None:
        people, newest = people.where(own.c.case == case), newest.where(table.c.case == case)
    contours = {(key, reader): contour for key, reader, *contour in connection.execute(newest)}
    found: defaultdict[int, list[FirstReading]] = defaultdict(list)
    for key, reader, name, role in connection.execute(people):
        found[key].append(FirstReading(name, Role(role), *contours.get((key, reader), ())))
    return found


def waiting_cases(connection: Connection, drawn: Mapping[int, Sequence[FirstReading]]) -> set[int]:
    """Cases that all their readers have drawn, and corrected where they came back, and that are not decided."""
    table = schema.reviews
    newest: dict[int, str] = {}
    returned = set()
    query = select(table.c.case, table.c.contour, table.c.decision).order_by(table.c.id)
    for case, contour, decision in connection.execute(query):
        newest[case] = decision
        if decision == Decision.RETURNED.value:
            returned.add(contour)
    return {
        case
        for case, readings in drawn.items()
        if newest.get(case, Decision.RETURNED.value) == Decision.RETURNED.value
        and all(one.contour is not None and one.contour not in returned for one in readings)
    }
