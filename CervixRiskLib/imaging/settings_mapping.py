"""Settings of the imaging room to plain mappings, as JSON has them, and strictly back."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from ..errors import SettingsError

Record = TypeVar("Record")


def settings_to_mapping(settings: Any) -> dict[str, Any]:
    """Field names to plain values; the settings hold numbers, text and ``None`` only."""
    return dataclasses.asdict(settings)


def settings_from_mapping(record: type[Record], mapping: Mapping[str, Any], what: str) -> Record:
    """The settings that ``mapping`` describes; what it leaves out keeps its default.

    Parameters
    ----------
    record
        A dataclass whose fields are ``int``, ``float``, ``str``, each perhaps optional.
    mapping
        Field names to values, as JSON has them.
    what
        What the settings are, for the sentence ("preprocessing").

    Raises
    ------
    SettingsError
        Not a mapping, an unknown entry, or a value of another type or out of range.
    """
    if not isinstance(mapping, Mapping):
        raise SettingsError(f"The settings of the {what} must be entries with names.")
    hints = get_type_hints(record)
    values = {}
    for name, value in mapping.items():
        if name not in hints:
            raise SettingsError(
                f"There is no setting of the {what} called {str(name)[:40]!r}; there are {', '.join(hints)}."
            )
        values[name] = value
    return record(**values)


def check_types(settings: Any, what: str) -> None:
    """Refuse values of another type than the field's; make whole numbers of float fields floats.

    For ``__post_init__`` of a frozen dataclass, so that settings made in code and those read from a file meet the
    same checks.

    Raises
    ------
    SettingsError
        The sentence names the setting.
    """
    for name, wanted in get_type_hints(type(settings)).items():
        value = getattr(settings, name)
        optional = get_origin(wanted) is not None and type(None) in get_args(wanted)
        if optional:
            if value is None:
                continue
            wanted = next(kind for kind in get_args(wanted) if kind is not type(None))
        object.__setattr__(settings, name, _checked(value, wanted, name, what))


def check_range(settings: Any, what: str, **limits: tuple[float, float]) -> None:
    """Refuse numbers outside ``name=(lowest, highest)``; both ends are allowed, ``None`` passes.

    Raises
    ------
    SettingsError
        The sentence names the setting and its range.
    """
    for name, (lowest, highest) in limits.items():
        value = getattr(settings, name)
        if value is not None and not lowest <= value <= highest:
            raise SettingsError(f"The setting {name} of the {what} must lie between {lowest:g} and {highest:g}.")


def _checked(value: Any, wanted: type, name: str, what: str) -> Any:
    number = not isinstance(value, bool) and isinstance(value, int | float)
    if wanted is float and number and math.isfinite(value):
        return float(value)
    if wanted is int and number and isinstance(value, int):
        return value
    if wanted is str and isinstance(value, str):
        return value
    kinds = {float: "a number", int: "a whole number", str: "text"}
    raise SettingsError(f"The setting {name} of the {what} must be {kinds[wanted]}.")
