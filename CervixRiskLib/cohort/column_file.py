"""Reads a data dictionary from YAML, trusting nothing in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import CohortError
from .columns import COLUMN_FIELDS, COLUMN_KINDS, ClinicalColumn, parse_number
from .shown_text import one_line, shown_value

_LARGEST_FILE = 262_144
_DEEPEST = 8


def read_plain_yaml(path: Path) -> object:
    """The file's content as plain data: YAML's safe subset, no aliases, no repeated keys, at most 256 KiB.

    Raises
    ------
    CohortError
        It is missing, too large, or not such a file.
    """
    try:
        with path.open("rb") as handle:
            raw = handle.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise CohortError(
            "The data dictionary does not exist or cannot be read: check its path and permissions."
        ) from error
    if len(raw) > _LARGEST_FILE:
        raise CohortError("The data dictionary is larger than 256 KiB: this is not a data dictionary.")
    return _plain_yaml(raw)


def column_from_entry(name: object, entry: object) -> ClinicalColumn:
    """One column from its name and its entry.

    Raises
    ------
    CohortError
        An entry is unknown, of the wrong type, or contradicts another.
    """
    if not isinstance(name, str) or not name.strip():
        raise CohortError("A column's name in the data dictionary must be text: put quotes around it.")
    if entry is None:
        entry = {}
    if not isinstance(entry, Mapping):
        raise CohortError(
            f"Column '{shown_value(name)}' of the data dictionary must list label, unit, kind, low, high."
        )
    unknown = [field for field in entry if field not in COLUMN_FIELDS]
    if unknown:
        raise CohortError(
            f"Column '{shown_value(name)}' of the data dictionary has an unknown entry '{shown_value(unknown[0])}'; "
            f"known are {', '.join(COLUMN_FIELDS)}."
        )
    levels = entry.get("levels") or []
    kind = entry.get("kind", "category" if levels else "continuous")
    if not isinstance(kind, str) or kind not in COLUMN_KINDS:
        raise CohortError(
            f"Column '{shown_value(name)}' of the data dictionary: kind is one of {', '.join(COLUMN_KINDS)}."
        )
    low, high = _bound(name, entry.get("low")), _bound(name, entry.get("high"))
    if low is not None and high is not None and low >= high:
        raise CohortError(f"Column '{shown_value(name)}' of the data dictionary: low must be below high.")
    return ClinicalColumn(
        name=name.strip(),
        label=_text(name, entry, "label") or one_line(name),
        unit=_text(name, entry, "unit"),
        kind=kind,  # type: ignore[arg-type]
        low=low,
        high=high,
        levels=_levels(name, kind, levels),
        description=_text(name, entry, "description"),
    )


def _plain_yaml(raw: bytes) -> object:
    """Parse YAML as plain data.

    Aliases and deep nesting are refused while the file is scanned, before anything is built: merge keys over aliases
    grow exponentially even in safe mode, and the scanner's time grows with the square of the nesting.
    """
    import yaml

    try:
        text = raw.decode("utf-8-sig")
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent):
                raise CohortError("The data dictionary uses YAML aliases (*name): write each column out.")
            if depth > _DEEPEST:
                raise CohortError("The data dictionary is nested too deeply: it names columns, and their entries.")
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            _refuse_repeated_keys(node)
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError, AttributeError) as error:
        raise CohortError("The data dictionary is not a readable YAML file.") from error


def _refuse_repeated_keys(node: Any) -> None:
    """YAML's readers silently keep the last of two equal keys: here that would lose a column or a bound."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        counts = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        repeated = next((key for key, count in counts.items() if count > 1), None)
        if repeated is not None:
            raise CohortError(f"The data dictionary has '{shown_value(repeated)}' twice: keep one.")
        for _, value in node.value:
            _refuse_repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value)


def _levels(name: str, kind: str, levels: object) -> tuple[str, ...]:
    where = f"Column '{shown_value(name)}' of the data dictionary"
    if not isinstance(levels, list) or not all(isinstance(level, str) and level.strip() for level in levels):
        raise CohortError(f"{where}: levels is a list of names; put quotes around numbers, yes and no.")
    if (kind == "category") != bool(levels):
        raise CohortError(f"{where}: a category needs levels, and only a category has them.")
    if len({level.strip().casefold() for level in levels}) < len(levels):
        raise CohortError(f"{where} has a level twice: keep one.")
    return tuple(level.strip() for level in levels)


def _bound(name: str, value: object) -> float | None:
    if value is None:
        return None
    number = None if isinstance(value, (bool, str)) else parse_number(value)
    if number is None:
        raise CohortError(f"Column '{shown_value(name)}' of the data dictionary: low and high are numbers.")
    return number


def _text(name: str, entry: Mapping[Any, Any], field: str) -> str:
    value = entry.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CohortError(
            f"Column '{shown_value(name)}' of the data dictionary: {field} is text; put quotes around it."
        )
    return one_line(value)
