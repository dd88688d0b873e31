"""The address of a study's PostgreSQL database."""

from __future__ import annotations

import ssl
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ..errors import ReadingError

# The driver encrypts where the server offers it; these ask for more or less, as psql understands them.
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_QUERY = frozenset({"sslmode", "unix_sock", "application_name", "password"})


def parse_database_url(address: str) -> URL:
    """A PostgreSQL address: ``postgresql://user@host:port/name``, with ``?sslmode=`` or ``?unix_sock=`` where needed.

    Raises
    ------
    ReadingError
        It is none. The address is not repeated: it may hold a password.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ReadingError("The database's address is not a URL: write postgresql://user@host/name.") from None
    if url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
        raise ReadingError(
            "A study's database is SQLite in its folder (nothing to say) or PostgreSQL: postgresql://user@host/name."
        )
    if url.username is None:
        raise ReadingError("The database's address names no user: write postgresql://user@host/name.")
    query = {name: value for name, value in url.query.items() if isinstance(value, str)}
    if set(url.query) - _QUERY or len(query) < len(url.query) or query.get("sslmode", "prefer") not in _SSL_MODES:
        raise ReadingError(
            "The database's address asks for something unknown behind its question mark: sslmode, unix_sock and "
            "application_name are understood."
        )
    if "password" in query:
        url = url.set(password=query.pop("password"))
    return url.set(query=query)


def without_password(url: URL) -> str:
    """The address as it may be written down."""
    return url.set(password=None).render_as_string()


def driver_arguments(url: URL) -> dict[str, Any]:
    """What the address's query means to pg8000."""
    query = dict(url.query)
    mode = query.pop("sslmode", "prefer")
    context: ssl.SSLContext | bool | None = None
    if mode == "disable":
        context = False
    elif mode == "require":
        context = True
    elif mode in ("verify-ca", "verify-full"):
        context = ssl.create_default_context()
        context.check_hostname = mode == "verify-full"
    return {"ssl_context": context, **query}
