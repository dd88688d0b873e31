"""Frozen dataclasses to JSON and back, exactly, with their arrays set aside for the exchange file.

Unlike a bundle's manifest (:mod:`CervixRiskLib.bundle.json_record`) an answer may hold NaN (a feature that is
undefined on this region), and must come back as it was: floats travel as their shortest exact decimal, NaN and infinite
ones as the words that Python's own JSON reads. Reading is strict: unknown and missing fields and other types are
refused, by the type hints of the dataclass, so a new field of an answer travels without a change here.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

Json = Any
"""Anything JSON can say: ``None``, bool, int, float, str, lists and dicts with string keys."""

Record = TypeVar("Record")

_ARRAY = "array"


class NotARecordError(ValueError):
    """A message that does not hold what it should; names the field, never its content."""


def to_words(value: object, arrays: list[np.ndarray]) -> Json:
    """``value`` as JSON; arrays are appended to ``arrays`` and stand as ``{"array": position}``.

    Raises
    ------
    NotARecordError
        A value of a type that does not travel.
    """
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {_ARRAY: len(arrays) - 1}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_words(getattr(value, field.name), arrays) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.generic):
        return to_words(value.item(), arrays)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {str(key): to_words(item, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_words(item, arrays) for item in value]
    raise NotARecordError(f"a value of the type {type(value).__name__} does not travel")


def from_words(record: type[Record], words: Json, arrays: Sequence[np.ndarray] = ()) -> Record:
    """The record that ``words`` and ``arrays`` describe.

    Raises
    ------
    NotARecordError
        A field is missing or unknown, or has another type.
    CervixRiskError
        The record itself refuses its content.
    """
    content: Record = _read(record, words, arrays, record.__name__)
    return content


@cache
def _fields(record: type) -> dict[str, Any]:
    hints = get_type_hints(record)
    return {field.name: hints[field.name] for field in dataclasses.fields(record)}


def _read(wanted: Any, words: Json, arrays: Sequence[np.ndarray], where: str) -> Any:
    if wanted is Any:
        return words
    if wanted is np.ndarray:
        return _read_array(words, arrays, where)
    if isinstance(wanted, type) and dataclasses.is_dataclass(wanted):
        return _read_record(wanted, words, arrays, where)
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return _read_enum(wanted, words, where)
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        return _read_union(arguments, words, arrays, where)
    if origin is tuple:
        return _read_tuple(arguments, words, arrays, where)
    if origin in (dict, Mapping):
        if not isinstance(words, dict):
            raise NotARecordError(f"{where} must be an object")
        return {key: _read(arguments[1], item, arrays, f"{where}[…]") for key, item in words.items()}
    # A whole number may stand for a float; it comes back as it went.
    if type(words) is wanted or (wanted is float and type(words) is int):
        return words
    raise NotARecordError(f"{where} must be {getattr(wanted, '__name__', wanted)}")


def _read_array(words: Json, arrays: Sequence[np.ndarray], where: str) -> np.ndarray:
    position = words.get(_ARRAY) if isinstance(words, dict) and len(words) == 1 else None
    if type(position) is not int or not 0 <= position < len(arrays):
        raise NotARecordError(f"{where} must be one of the {len(arrays)} arrays")
    return arrays[position]


def _read_enum(wanted: type[Enum], words: Json, where: str) -> Enum:
    try:
        return wanted(words)
    except ValueError:
        raise NotARecordError(f"{where} must be a {wanted.__name__}") from None


def _read_union(members: tuple[Any, ...], words: Json, arrays: Sequence[np.ndarray], where: str) -> Any:
    if words is None and type(None) in members:
        return None
    refused = NotARecordError(f"{where} must not be null")
    for member in members:
        if member is not type(None):
            try:
                return _read(member, words, arrays, where)
            except NotARecordError as error:
                refused = error
    raise refused


def _read_tuple(items: tuple[Any, ...], words: Json, arrays: Sequence[np.ndarray], where: str) -> tuple[Any, ...]:
    if not isinstance(words, list):
        raise NotARecordError(f"{where} must be a list")
    if len(items) == 2 and items[1] is Ellipsis:
        items = (items[0],) * len(words)
    if len(items) != len(words):
        raise NotARecordError(f"{where} must have {len(items)} items")
    return tuple(_read(item, word, arrays, f"{where}[…]") for item, word in zip(items, words, strict=True))


def _read_record(record: type, words: Json, arrays: Sequence[np.ndarray], where: str) -> Any:
    if not isinstance(words, dict):
        raise NotARecordError(f"{where} must be an object")
    fields = _fields(record)
    missing = [name for name in fields if name not in words]
    if missing:
        raise NotARecordError(f"{where} lacks {missing[0]}")
    if len(words) != len(fields):
        raise NotARecordError(f"{where} has fields that are not known")
    return record(**{name: _read(kind, words[name], arrays, f"{where}.{name}") for name, kind in fields.items()})
