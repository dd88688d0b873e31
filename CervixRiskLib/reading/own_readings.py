"""Where each of one reader's tasks stands: every question that the reader's desk asks of the database.

Blinding lies here. Each query is bound to the reader's own key; none selects another reader's contour, anybody's name,
or the name of a case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select

from . import schema
from .records import Decision, ImageRecord, Round, TaskState

_IMAGE_COLUMNS = tuple(schema.cases.c[name] for name in ImageRecord.__dataclass_fields__)


@dataclass(frozen=True)
class OwnReading:
    """One contour that the reader is asked for, now or later.

    Parameters
    ----------
    case, number
        Key and number of the case.
    state
        As the reader sees it once the task is open.
    opens_at
        When a repeat may be drawn; ``None`` while the first contour is missing or is to be corrected. The first round
        is always open.
    contour
        Key of the newest contour.
    drawn_at
        When that was drawn.
    remark
        The reviewer's words where it was returned.
    """

    case: int
    number: int
    round: Round
    state: TaskState
    opens_at: datetime | None
    contour: int | None
    drawn_at: datetime | None
    remark: str | None

    def is_due(self, now: datetime) -> bool:
        """Whether a contour may be drawn today."""
        return self.round is Round.INITIAL or (self.opens_at is not None and self.opens_at <= now)

    def is_shown(self, now: datetime) -> bool:
        """Whether the reader hears of the task. A repeat that is drawn stays on the list whatever comes after it."""
        return self.contour is not None or self.is_due(now)


def own_readings(connection: Connection, reader: int, washout: timedelta, case: int | None = None) -> list[OwnReading]:
    """All of a reader's tasks in the reader's own order, or those of one case.

    The washout runs from the newest first contour: whoever draws a case again, because it was returned or of the own
    accord, has seen it again.
    """
    newest = _newest_contours(connection, reader, case)
    returned = _returned_contours(connection, reader, case)
    decided = _decided_cases(connection, reader, case)
    readings = []
    for key, number, name in connection.execute(_assigned(reader, case)):
        round_ = Round(name)
        first, own = newest.get((key, Round.INITIAL)), newest.get((key, round_))
        opens_at = None
        if round_ is Round.REPEAT and first is not None and first["id"] not in returned:
            opens_at = _drawn_at(first) + washout
        if own is None:
            # A case that was decided before this reader came is drawn all the same: agreement needs it.
            state = TaskState.OPEN
        elif round_ is Round.REPEAT:
            # Who has seen or drawn the first contour again since cannot change the repeat any more.
            seen = first is None or first["id"] in returned or first["id"] > own["id"]
            state = TaskState.REVIEWED if seen else TaskState.SUBMITTED
        elif key in decided:
            state = TaskState.REVIEWED
        else:
            state = TaskState.RETURNED if own["id"] in returned else TaskState.SUBMITTED
        readings.append(
            OwnReading(
                key,
                number,
                round_,
                state,
                opens_at,
                None if own is None else own["id"],
                None if own is None else _drawn_at(own),
                returned[own["id"]] if own is not None and state is TaskState.RETURNED else None,
            )
        )
    return readings


def own_image(connection: Connection, reader: int, number: int, round_: Round) -> tuple[int, ImageRecord] | None:
    """Key and image of a case on the reader's list of a round; ``None`` where there is none of this number."""
    if not 0 < number <= schema.LARGEST_INTEGER:
        return None
    own = schema.assignments
    query = (
        select(schema.cases.c.id, *_IMAGE_COLUMNS)
        .join(own, own.c.case == schema.cases.c.id)
        .where(schema.cases.c.number == number, own.c.reader == reader, own.c.round == round_.value)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    return row["id"], ImageRecord(**{name: row[name] for name in ImageRecord.__dataclass_fields__})


def _assigned(reader: int, case: int | None) -> Select[Any]:
    own = schema.assignments
    query = (
        select(own.c.case, schema.cases.c.number, own.c.round)
        .join(schema.cases, own.c.case == schema.cases.c.id)
        .where(own.c.reader == reader)
        .order_by(own.c.position, own.c.round)
    )
    return query if case is None else query.where(own.c.case == case)


def _newest_contours(connection: Connection, reader: int, case: int | None) -> dict[tuple[int, Round], RowMapping]:
    table = schema.contours
    query = (
        select(table.c.id, table.c.case, table.c.round, table.c.drawn_at, table.c.stored_at)
        .where(table.c.reader == reader)
        .order_by(table.c.version)
    )
    if case is not None:
        query = query.where(table.c.case == case)
    return {(row["case"], Round(row["round"])): row for row in connection.execute(query).mappings()}


def _returned_contours(connection: Connection, reader: int, case: int | None) -> dict[int, str]:
    """The reviewer's newest words for each of the reader's own contours that came back, by the contour's key."""
    reviews, contours = schema.reviews, schema.contours
    query = (
        select(reviews.c.contour, reviews.c.reason)
        .join(contours, reviews.c.contour == contours.c.id)
        .where(reviews.c.decision == Decision.RETURNED.value, contours.c.reader == reader)
        .order_by(reviews.c.id)
    )
    if case is not None:
        query = query.where(reviews.c.case == case)
    return dict(connection.execute(query).all())


def _decided_cases(connection: Connection, reader: int, case: int | None) -> set[int]:
    """Cases on the reader's list whose newest decision is not a return; whose contour was taken is not looked at."""
    reviews, own = schema.reviews, schema.assignments
    query = (
        select(reviews.c.case, reviews.c.decision)
        .where(reviews.c.case.in_(select(own.c.case).where(own.c.reader == reader)))
        .order_by(reviews.c.id)
    )
    if case is not None:
        query = query.where(reviews.c.case == case)
    newest = dict(connection.execute(query).all())
    return {key for key, decision in newest.items() if decision != Decision.RETURNED.value}


def _drawn_at(contour: RowMapping) -> datetime:
    drawn_at: datetime = contour["drawn_at"] or contour["stored_at"]
    return drawn_at
