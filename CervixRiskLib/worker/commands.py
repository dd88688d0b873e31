"""What a worker's owner tells its conductor to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .events import Ticket, WorkerOptions

if TYPE_CHECKING:
    from ..bundle import CaseInput

NEVER = float("inf")
"""A deadline that does not come, by :func:`time.monotonic`."""


@dataclass(eq=False)
class Job:
    """A request on its way.

    Parameters
    ----------
    case
        ``None`` when only the bundle is to be loaded.
    cancelled, deadline, stop_deadline, files, token
        The conductor's own notes.
    """

    ticket: Ticket
    bundle: str
    options: WorkerOptions
    case: CaseInput | None
    cancelled: bool = False
    deadline: float = NEVER
    stop_deadline: float = NEVER
    files: list[Path] = field(default_factory=list)
    token: bytes = b""


@dataclass(frozen=True)
class Launch:
    """Start the program before the first request."""


@dataclass(frozen=True)
class Cancel:
    ticket: Ticket


@dataclass(frozen=True)
class Close:
    """End the program; whatever is under way is cancelled."""
