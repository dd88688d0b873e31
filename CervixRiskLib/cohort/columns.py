"""The data dictionary: what each clinical column is called, measured in, and may plausibly hold."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import ClinicalValueError, CohortError

ColumnKind = Literal["continuous", "count", "binary", "category"]

_KINDS: tuple[str, ...] = get_args(ColumnKind)
_FIELDS = ("label", "unit", "kind", "low", "high", "levels", "description")
_YES = frozenset({"1", "yes", "y", "true", "positive", "pos"})
_NO = frozenset({"0", "no", "n", "false", "negative", "neg"})
_LARGEST_FILE = 262_144


@dataclass(frozen=True)
class ClinicalColumn:
    """One clinical predictor.

    Parameters
    ----------
    name
        The column's name in the table (``"rbc_count"``).
    label
        What a person reads (``"RBC count"``).
    unit
        The unit as text, ``""`` for none.
    kind
        ``"continuous"``; ``"count"`` (whole, not negative); ``"binary"`` (0/1, yes/no); ``"category"`` (a level's
        name or its code).
    low, high
        The plausible range, both ends included; ``None`` for no bound.
    levels
        The names of a category; the code of a level is its position, from 0.
    description
        A sentence for the person.
    """

    name: str
    label: str
    unit: str = ""
    kind: ColumnKind = "continuous"
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()
    description: str = ""

    def parse(self, value: object) -> float:
        """The value as a number; a level's name becomes its code, yes and no become 1 and 0.

        Raises
        ------
        ClinicalValueError
            It is not a number, not a level, or outside the plausible range.
        """
        if self.kind == "category":
            return self._parse_level(value)
        if self.kind == "binary":
            return self._parse_binary(value)
        number = parse_number(value)
        if number is None:
            raise ClinicalValueError(f"{self.label} is {_shown(value)}, which is not a number.")
        if self.kind == "count" and number != math.floor(number):
            raise ClinicalValueError(f"{self.label} is {_shown(value)}: it counts, so it must be a whole number.")
        low = 0.0 if self.kind == "count" and self.low is None else self.low
        if (low is not None and number < low) or (self.high is not None and number > self.high):
            raise ClinicalValueError(
                f"{self.label} is {_shown(value)}, outside its plausible range {self.range_text}: check the unit."
            )
        return number

    @property
    def range_text(self) -> str:
        """The plausible range with its unit in words: ``"0.5-10 10^12/L"``."""
        low = 0.0 if self.kind == "count" and self.low is None else self.low
        if low is None and self.high is None:
            return "any number"
        if self.high is None:
            text = f"from {low:g}"
        elif low is None:
            text = f"up to {self.high:g}"
        else:
            text = f"{low:g}-{self.high:g}"
        return f"{text} {self.unit}".rstrip()

    def _parse_level(self, value: object) -> float:
        text = str(value).strip().casefold()
        for code, level in enumerate(self.levels):
            if text == level.casefold():
                return float(code)
        number = parse_number(value)
        if number is not None and number == math.floor(number) and 0 <= number < len(self.levels):
            return number
        choices = ", ".join(f"{code} ({level})" for code, level in enumerate(self.levels))
        raise ClinicalValueError(f"{self.label} is {_shown(value)}; it can be {choices}.")

    def _parse_binary(self, value: object) -> float:
        number = parse_yes_no(value)
        if number is None:
            raise ClinicalValueError(f"{self.label} is {_shown(value)}; it can be 0 (no) or 1 (yes).")
        return number


@dataclass(frozen=True)
class ColumnDictionary:
    """The clinical columns of a cohort or a model, in order."""

    columns: tuple[ClinicalColumn, ...] = ()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ColumnDictionary:
        """Read a ``.columns.yaml`` file: ``columns:`` maps each name to its label, unit, kind, low, high, levels.

        The file is read as plain data (YAML's safe subset, no aliases, no repeated keys, at most 256 KiB).

        Raises
        ------
        CohortError
            It is missing, not such a file, or contradicts itself.
        """
        path = Path(path)
        try:
            with path.open("rb") as handle:
                raw = handle.read(_LARGEST_FILE + 1)
        except (OSError, ValueError) as error:
            raise CohortError("The data dictionary does not exist or cannot be read.") from error
        if len(raw) > _LARGEST_FILE:
            raise CohortError("The data dictionary is larger than 256 KiB: this is not a data dictionary.")
        return cls.from_mapping(_plain_yaml(raw))

    @classmethod
    def from_mapping(cls, document: object) -> ColumnDictionary:
        """Build from ``{"columns": {name: {label, unit, kind, low, high, levels, description}}}``.

        Raises
        ------
        CohortError
            It has another form, or a column contradicts itself.
        """
        entries = document.get("columns") if isinstance(document, Mapping) else None
        if not isinstance(entries, Mapping):
            raise CohortError("A data dictionary starts with 'columns:' and names each column below it.")
        return cls(tuple(_column(name, entry) for name, entry in entries.items()))

    def to_mapping(self) -> dict[str, Any]:
        """The inverse of :meth:`from_mapping`, of plain types only, for a bundle or a file."""
        entries: dict[str, Any] = {}
        for column in self.columns:
            entry = {field: getattr(column, field) for field in _FIELDS}
            entry["levels"] = list(column.levels)
            # What is at its default says nothing and is left out.
            entries[column.name] = {
                field: value
                for field, value in entry.items()
                if field in ("label", "kind") or value not in (None, "", [])
            }
        return {"columns": entries}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def __iter__(self) -> Iterator[ClinicalColumn]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)

    def __getitem__(self, name: str) -> ClinicalColumn:
        """The column of that name.

        Raises
        ------
        ClinicalValueError
            There is none; the sentence suggests the nearest name.
        """
        for column in self.columns:
            if column.name == name:
                return column
        near = difflib.get_close_matches(name, self.names, n=1, cutoff=0.5)
        if near:
            raise ClinicalValueError(f"There is no clinical column '{name}'. Did you mean '{near[0]}'?")
        known = ", ".join(self.names) or "none"
        raise ClinicalValueError(f"There is no clinical column '{name}'. The columns are: {known}.")

    def check(self, name: str, value: object) -> float:
        """The value of column ``name`` as a number.

        Raises
        ------
        ClinicalValueError
            The column does not exist; the value is not a number or not a level, or lies outside its plausible range.
        """
        return self[name].parse(value)

    def subset(self, names: Iterable[str]) -> ColumnDictionary:
        """These columns, in the order given."""
        return ColumnDictionary(tuple(self[name] for name in names))


@lru_cache(maxsize=4)
def builtin_columns(name: str = "wang2025") -> ColumnDictionary:
    """A dictionary that comes with the library: ``"wang2025"``, the fifteen columns of the paper's Table 1."""
    return ColumnDictionary.load(Path(__file__).with_name(f"{name}.columns.yaml"))


def parse_yes_no(value: object) -> float | None:
    """1.0 or 0.0 for a yes or no, however it is written; ``None`` for anything else."""
    number = parse_number(value)
    if number is not None:
        return number if number in (0.0, 1.0) else None
    text = str(value).strip().casefold()
    if text in _YES:
        return 1.0
    return 0.0 if text in _NO else None


def parse_number(value: object) -> float | None:
    """A finite number, or ``None``. Python's own digit grouping (``1_000``) is not how people write numbers."""
    if isinstance(value, str) and "_" in value:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _shown(value: object) -> str:
    """The value as it was typed, cut where it would flood the screen."""
    text = " ".join(str(value).split())
    return "empty" if not text else text if len(text) <= 40 else f"{text[:37]}..."


def _plain_yaml(raw: bytes) -> object:
    """Parse YAML as plain data.

    Aliases are refused before anything is built: merge keys over aliases grow exponentially even in safe mode.
    """
    import yaml

    try:
        text = raw.decode("utf-8-sig")
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise CohortError("The data dictionary uses YAML aliases (*name): write each column out.")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_repeated_keys(node)
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError, AttributeError) as error:
        raise CohortError("The data dictionary is not a readable YAML file.") from error


def _refuse_repeated_keys(node: Any) -> None:
    """YAML's readers silently keep the last of two equal keys: here that would lose a column or a bound."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        repeated = sorted({key for key in keys if keys.count(key) > 1})
        if repeated:
            raise CohortError(f"The data dictionary has '{_shown(repeated[0])}' twice: keep one.")
        for _, value in node.value:
            _refuse_repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value)


def _column(name: object, entry: object) -> ClinicalColumn:
    if not isinstance(name, str) or not name.strip():
        raise CohortError("A column's name in the data dictionary must be text: put quotes around it.")
    if entry is None:
        entry = {}
    if not isinstance(entry, Mapping):
        raise CohortError(f"Column '{_shown(name)}' of the data dictionary must list label, unit, kind, low, high.")
    unknown = [field for field in entry if field not in _FIELDS]
    if unknown:
        raise CohortError(
            f"Column '{_shown(name)}' of the data dictionary has an unknown entry '{_shown(unknown[0])}'; "
            f"known are {', '.join(_FIELDS)}."
        )
    levels = entry.get("levels") or []
    kind = entry.get("kind", "category" if levels else "continuous")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise CohortError(f"Column '{_shown(name)}' of the data dictionary: kind is one of {', '.join(_KINDS)}.")
    low, high = _bound(name, entry.get("low")), _bound(name, entry.get("high"))
    if low is not None and high is not None and low >= high:
        raise CohortError(f"Column '{_shown(name)}' of the data dictionary: low must be below high.")
    return ClinicalColumn(
        name=name.strip(),
        label=_text(name, entry, "label") or name.strip(),
        unit=_text(name, entry, "unit"),
        kind=kind,  # type: ignore[arg-type]
        low=low,
        high=high,
        levels=_levels(name, kind, levels),
        description=_text(name, entry, "description"),
    )


def _levels(name: str, kind: str, levels: object) -> tuple[str, ...]:
    where = f"Column '{_shown(name)}' of the data dictionary"
    if not isinstance(levels, list) or not all(isinstance(level, str) and level.strip() for level in levels):
        raise CohortError(f"{where}: levels is a list of names; put quotes around numbers, yes and no.")
    if (kind == "category") != bool(levels):
        raise CohortError(f"{where}: a category needs levels, and only a category has them.")
    if len({level.strip().casefold() for level in levels}) < len(levels):
        raise CohortError(f"{where} has a level twice.")
    return tuple(level.strip() for level in levels)


def _bound(name: str, value: object) -> float | None:
    if value is None:
        return None
    number = None if isinstance(value, (bool, str)) else parse_number(value)
    if number is None:
        raise CohortError(f"Column '{_shown(name)}' of the data dictionary: low and high are numbers.")
    return number


def _text(name: str, entry: Mapping[Any, Any], field: str) -> str:
    value = entry.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CohortError(f"Column '{_shown(name)}' of the data dictionary: {field} is text; put quotes around it.")
    return value.strip()
