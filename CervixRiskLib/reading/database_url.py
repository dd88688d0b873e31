"""The address of a study's PostgreSQL database."""

from __future__ import annotations

import importlib
import ssl
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ..errors import MissingComponentError, ReadingError

# As psql understands them; without one the connection is encrypted where the server offers it.
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


class PostgresqlDriver:
    """Opens connections to one address with pg8000.

    Parameters
    ----------
    url
        From :func:`parse_database_url`.

    Raises
    ------
    MissingComponentError
        pg8000 is not installed.
    """

    def __init__(self, url: URL) -> None:
        try:
            self._driver = importlib.import_module("pg8000")
        except ModuleNotFoundError as error:
            raise MissingComponentError(
                "A study on PostgreSQL needs the package pg8000: pip install 'cervixrisk[postgresql]'."
            ) from error
        query = dict(url.query)
        mode = query.pop("sslmode", "prefer")
        self._may_be_plain = mode in ("allow", "prefer")
        # Made once: reading the computer's certificates takes longer than a whole transaction.
        self._context: ssl.SSLContext | bool = False if mode == "disable" else _encryption(str(mode))
        self._arguments: dict[str, Any] = {**url.translate_connect_args(username="user"), **query}

    def connect(self) -> Any:
        try:
            return self._driver.connect(ssl_context=self._context, **self._arguments)
        except self._driver.InterfaceError as error:
            if not self._may_be_plain or "refuses SSL" not in str(error):
                raise
        self._context, self._may_be_plain = False, False
        return self._driver.connect(ssl_context=False, **self._arguments)


def _encryption(mode: str) -> ssl.SSLContext:
    if mode in ("verify-ca", "verify-full"):
        context = ssl.create_default_context()
        context.check_hostname = mode == "verify-full"
        return context
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
