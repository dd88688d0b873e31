"""What a column of a study's database gives back: what was stored, or a sentence.

SQLite keeps whatever is in the file, so a damaged one gives words for numbers and nothing where something must be.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from enum import Enum
from typing import Any

from sqlalchemy import DateTime, Dialect, Float, Integer, String, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from ..errors import ReadingError

DAMAGED = "The study's database is damaged: restore it from a copy."


class Stored(TypeDecorator[Any]):
    """A value of one kind.

    Parameters
    ----------
    optional
        There may be none: the column may be empty, or an outer join may find no row.
    """

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    kinds: tuple[type, ...] = (str,)

    def __init__(self, *details: int, optional: bool = False) -> None:
        super().__init__(*details)
        self.optional = optional

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if value is None and self.optional:
            return None
        if type(value) not in self.kinds:
            raise ReadingError(DAMAGED)
        return value


class Words(Stored):
    """A text of any length."""

    cache_ok = True


class Line(Stored):
    """A text of at most so many letters."""

    impl = String
    cache_ok = True


class Whole(Stored):
    """A whole number."""

    impl = Integer
    kinds = (int,)
    cache_ok = True


class Number(Stored):
    """A number; SQLite gives whole ones back as such."""

    impl = Float
    kinds = (float, int)
    cache_ok = True


class UtcTime(Stored):
    """An aware time in UTC; SQLite stores none of its own."""

    impl = DateTime
    kinds = (datetime,)
    cache_ok = True

    def __init__(self, *, optional: bool = False) -> None:
        super().__init__(True, optional=optional)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time in a study needs its time zone.")
        value = value.astimezone(timezone.utc)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        read = super().result_processor(dialect, coltype)

        def checked(value: Any) -> Any:
            try:
                return value if read is None else read(value)
            except (TypeError, ValueError):
                # The driver's own words quote what is stored.
                raise ReadingError(DAMAGED) from None

        return checked

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        moment: datetime | None = super().process_result_value(value, dialect)
        if moment is None:
            return None
        return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


class Choice(Stored):
    """One of an enumeration's values."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[Enum], *, optional: bool = False) -> None:
        super().__init__(16, optional=optional)
        self.kind = kind

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        word: str | None = super().process_result_value(value, dialect)
        if word is not None and word not in [member.value for member in self.kind]:
            raise ReadingError(DAMAGED)
        return word
