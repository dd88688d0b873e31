"""The audit trail: who did what, when, with which software. Rows are only ever added."""

from __future__ import annotations

import getpass
from datetime import datetime

from sqlalchemy import Connection, insert

from .. import __version__
from . import schema
from .records import Round

COORDINATOR = "coordinator"
"""The actor of what no reader or reviewer did."""


def record_event(
    connection: Connection,
    at: datetime,
    actor: str,
    action: str,
    *,
    case: int | None = None,
    round_: Round | None = None,
    contour: int | None = None,
    detail: str = "",
) -> None:
    """Add an event to the transaction of ``connection``.

    Parameters
    ----------
    actor
        The reader's or reviewer's name, or ``"coordinator"``.
    case, contour
        Keys of their rows.
    """
    connection.execute(
        insert(schema.events).values(
            at=at,
            account=login_account(),
            actor=actor,
            action=action,
            case=case,
            round=None if round_ is None else round_.value,
            contour=contour,
            detail=detail,
            library_version=__version__,
        )
    )


def login_account() -> str:
    """The name at the computer's login, ``"unknown"`` where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # which one depends on the Python version
        return "unknown"
