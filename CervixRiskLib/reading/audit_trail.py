"""The audit trail as a table: who did what to which contour, when, and with which software.

Rows are only ever added (:mod:`.journal`). The table names readers and cases: it is the coordinator's, and no desk of a
reader or reviewer gives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, type_coerce

from . import schema
from .column_types import Choice, Whole, Words
from .records import Round

if TYPE_CHECKING:
    import pandas as pd

    from .study import Study

AUDIT_COLUMNS = (
    "event", "at_utc", "account", "actor", "action", "case_id", "case_number", "round", "version", "file",
    "file_sha256", "detail", "library_version",
)  # fmt: skip


def read_audit_trail(study: Study) -> pd.DataFrame:
    """Every event of a study, the oldest first.

    Returns
    -------
    pandas.DataFrame
        One row an event, all columns text but the numbers: ``event`` (its number, Int64), ``at_utc`` (ISO 8601 with
        ``+00:00``), ``account`` (the computer's login), ``actor`` (the name in the study), ``action``, ``case_id`` and
        ``case_number`` (Int64), ``round``, ``version`` (Int64), ``file`` and ``file_sha256`` of the contour that it is
        about, ``detail``, ``library_version``. What an event is not about is ``None`` or ``<NA>``.
    """
    import pandas as pd

    events, cases, contours = schema.events, schema.cases, schema.contours
    query = (
        select(
            events,
            # An event need not be about a case or a contour.
            type_coerce(cases.c.case_id, Words(optional=True)).label("case_id"),
            type_coerce(cases.c.number, Whole(optional=True)).label("number"),
            type_coerce(contours.c.round, Choice(Round, optional=True)).label("contour_round"),
            type_coerce(contours.c.version, Whole(optional=True)).label("version"),
            type_coerce(contours.c.file, Words(optional=True)).label("file"),
            type_coerce(contours.c.file_sha256, Words(optional=True)).label("file_sha256"),
        )
        .outerjoin(cases, events.c.case == cases.c.id)
        .outerjoin(contours, events.c.contour == contours.c.id)
        .order_by(events.c.id)
    )
    with study.store.reading() as connection:
        rows = connection.execute(query).mappings().all()
    table = pd.DataFrame(
        [
            (
                row["id"],
                row["at"].isoformat(),
                row["account"],
                row["actor"],
                row["action"],
                row["case_id"],
                row["number"],
                # A decision is about a contour, and so about its round.
                row["round"] or row["contour_round"],
                row["version"],
                row["file"],
                row["file_sha256"],
                row["detail"],
                row["library_version"],
            )
            for row in rows
        ],
        columns=list(AUDIT_COLUMNS),
        dtype=object,
    )
    return table.astype(dict.fromkeys(("event", "case_number", "version"), "Int64"))
