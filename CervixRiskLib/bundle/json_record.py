"""Frozen dataclasses to JSON and back, strictly.

Reading refuses unknown and missing keys and values of another type, so a manifest is either understood whole or not at
all. The types understood are those of the manifest: ``str``, ``int``, ``float``, ``bool``, optional ones of these,
``tuple[X, ...]``, ``dict[str, X]``, nested dataclasses and :data:`Json` for free-form content.
"""

from __future__ import annotations

import dataclasses
import math
import types
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from ..errors import BundleError
from .foreign_text import printable

Json = Any
"""Anything JSON can say: ``None``, bool, int, float, str, lists and dicts with string keys."""

Record = TypeVar("Record")


def to_json(value: object) -> Json:
    """Plain JSON types of a record, a container or a NumPy value.

    JSON has no NaN: numbers that are not finite become ``None``, which a field must allow to be read again.

    Raises
    ------
    BundleError
        A value of a type that JSON cannot hold.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict) or hasattr(value, "items"):
        return {_key(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, np.ndarray):
        return to_json(value.tolist())
    if isinstance(value, np.generic):
        return to_json(value.item())
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value.value) if hasattr(value, "value") else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    raise BundleError(f"A bundle's manifest cannot hold a value of the type {type(value).__name__}.")


def from_json(record: type[Record], value: Json) -> Record:
    """The record that ``value`` describes.

    Raises
    ------
    BundleError
        A key is missing or unknown, or a value has another type; the sentence names the field.
    """
    content: Record = _read(record, value, "")
    return content


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise BundleError(f"A bundle's manifest has text as keys, not {type(key).__name__}.")
    return key


@cache
def _fields(record: type) -> dict[str, tuple[Any, bool]]:
    """Field name to its type and whether it must be there."""
    hints = get_type_hints(record)
    return {
        field.name: (
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(record)
    }


def _read(wanted: Any, value: Json, where: str) -> Any:
    if wanted is Any:
        return value
    if isinstance(wanted, type) and dataclasses.is_dataclass(wanted):
        return _read_record(wanted, value, where)
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _read(next(item for item in arguments if item is not type(None)), value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise _mismatch(where, "a list")
        return tuple(_read(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise _mismatch(where, "an object")
        return {key: _read(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return _finite(value, where)
    if wanted is float and isinstance(value, float):
        return _finite(value, where)
    if type(value) is not wanted:
        raise _mismatch(where, {str: "text", int: "a whole number", float: "a number", bool: "true or false"}[wanted])
    return value


def _finite(value: float, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _mismatch(where, "a finite number")
    return number


def _read_record(record: type, value: Json, where: str) -> Any:
    if not isinstance(value, dict):
        raise _mismatch(where, "an object")
    fields = _fields(record)
    prefix = f"{where}." if where else ""
    unknown = sorted(set(value) - set(fields))
    if unknown:
        raise BundleError(f"The bundle's manifest has the unknown entry '{prefix}{printable(unknown[0])}'.")
    missing = sorted(name for name, (_, needed) in fields.items() if needed and name not in value)
    if missing:
        raise BundleError(f"The bundle's manifest lacks the entry '{prefix}{missing[0]}'.")
    return record(**{name: _read(fields[name][0], item, f"{prefix}{name}") for name, item in value.items()})


def _mismatch(where: str, wanted: str) -> BundleError:
    return BundleError(f"The bundle's manifest is not valid: '{printable(where) or 'bundle.json'}' must be {wanted}.")
