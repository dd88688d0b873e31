"""Who reads which case, in which order.

The primary reader delineates every case, the second readers a random part of them, the primary the same part again
after the washout (Wang et al. 2025: 50 cases, eight weeks). Every list has its own random order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, func, insert, select, update

from ..errors import ReadingError, SettingsError
from . import schema
from .folder_names import clean_name
from .journal import COORDINATOR, record_event
from .person_list import add_person
from .records import Role, Round

if TYPE_CHECKING:
    from .study import Study

DEFAULT_SECOND_CASES = 50


@dataclass(frozen=True)
class AssignmentSummary:
    """What is assigned now: cases of the primary reader, of each second reader, and of the repeat."""

    primary_cases: int
    second_cases: int
    repeat_cases: int


def assign(
    study: Study,
    *,
    primary: str,
    seconds: Sequence[str] = (),
    reviewer: str | None = None,
    second_cases: int = DEFAULT_SECOND_CASES,
    repeat: bool = True,
) -> AssignmentSummary:
    """Give everyone a work list. Called again it adds who and what is missing and changes nothing else.

    Parameters
    ----------
    primary, seconds, reviewer
        Names; each a different person.
    second_cases
        How many random cases the second readers and the repeat get; all when there are fewer. The same cases for
        all of them, drawn from the study's seed.
    repeat
        Whether the primary reader repeats those cases after the washout.

    Raises
    ------
    ReadingError
        A person has another role already, two names are the same, or another number of cases was drawn before.
    """
    if second_cases < 2:
        raise SettingsError("Agreement needs at least two cases that two people read.")
    given = (primary, *seconds, *([] if reviewer is None else [reviewer]))
    names = [clean_name(name, "reader").casefold() for name in given]
    if len(set(names)) < len(names):
        raise ReadingError("One person cannot have two roles: give different names.")
    now = study.clock()
    with study.store.writing() as connection:
        # One assignment at a time, on PostgreSQL too.
        connection.execute(update(schema.study).values(schema_version=schema.SCHEMA_VERSION))
        keys = list(connection.execute(select(schema.cases.c.id).order_by(schema.cases.c.number)).scalars())
        part = _random_part(study.settings.seed, keys, second_cases)
        _check_part(connection, part)
        first = add_person(connection, primary, Role.PRIMARY, now)
        _add_list(connection, study.settings.seed, first["id"], Round.INITIAL, keys)
        if repeat:
            _add_list(connection, study.settings.seed, first["id"], Round.REPEAT, part)
        for name in seconds:
            person = add_person(connection, name, Role.SECOND, now)
            _add_list(connection, study.settings.seed, person["id"], Round.INITIAL, part)
        if reviewer is not None:
            add_person(connection, reviewer, Role.REVIEWER, now)
        record_event(
            connection, now, COORDINATOR, "assigned",
            detail=f"{len(keys)} cases; {len(part)} for {len(seconds)} second readers and the repeat: {repeat}",
        )  # fmt: skip
        return AssignmentSummary(len(keys), *_counts(connection))


def _random_part(seed: int, keys: list[int], count: int) -> list[int]:
    order = np.random.default_rng((seed, 1)).permutation(len(keys))
    return [keys[position] for position in sorted(order[:count].tolist())]


def _check_part(connection: Connection, part: list[int]) -> None:
    """Raise where second readers or the repeat have other cases than these."""
    table = schema.assignments
    joined = table.join(schema.readers, table.c.reader == schema.readers.c.id)
    known = set(
        connection.execute(
            select(table.c.case)
            .select_from(joined)
            .where((schema.readers.c.role == Role.SECOND.value) | (table.c.round == Round.REPEAT.value))
        ).scalars()
    )
    if known and known != set(part):
        raise ReadingError(
            f"Second readers or the repeat have {len(known)} cases already: give the same number (--cases)."
        )


def _counts(connection: Connection) -> tuple[int, int]:
    """Cases of second readers and of the repeat."""
    table = schema.assignments
    counted = select(func.count(table.c.case.distinct())).select_from(
        table.join(schema.readers, table.c.reader == schema.readers.c.id)
    )
    second = connection.execute(counted.where(schema.readers.c.role == Role.SECOND.value)).scalar_one()
    repeat = connection.execute(counted.where(table.c.round == Round.REPEAT.value)).scalar_one()
    return int(second), int(repeat)


def _add_list(connection: Connection, seed: int, reader: int, round_: Round, keys: list[int]) -> None:
    """Add a list in random order where it is not there."""
    table = schema.assignments
    query = select(table.c.case).where(table.c.reader == reader, table.c.round == round_.value)
    if set(connection.execute(query).scalars()) == set(keys):
        return
    order = np.random.default_rng((seed, 2, reader, list(Round).index(round_))).permutation(len(keys))
    connection.execute(
        insert(table),
        [
            {"case": keys[place], "reader": reader, "round": round_.value, "position": position + 1}
            for position, place in enumerate(order.tolist())
        ],
    )
