"""The data dictionary: what each clinical column is called, measured in, and may plausibly hold."""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import ClinicalValueError, CohortError
from .shown_text import shown_value

ColumnKind = Literal["continuous", "count", "binary", "category"]

COLUMN_KINDS: tuple[str, ...] = get_args(ColumnKind)
COLUMN_FIELDS = ("label", "unit", "kind", "low", "high", "levels", "description")
_YES = frozenset({"1", "yes", "y", "true", "positive", "pos"})
_BEGINS_WITH_NUMBER = re.compile(r"\s*[+-]?\d")
_NO = frozenset({"0", "no", "n", "false", "negative", "neg"})


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
            raise ClinicalValueError(
                f"{self.label} is {shown_value(value)}, which is not a number{self._advice(value)}."
            )
        if self.kind == "count" and number != math.floor(number):
            raise ClinicalValueError(f"{self.label} is {shown_value(value)}: it counts, so it must be a whole number.")
        low = 0.0 if self.kind == "count" and self.low is None else self.low
        if (low is not None and number < low) or (self.high is not None and number > self.high):
            raise ClinicalValueError(
                f"{self.label} is {shown_value(value)}, outside its plausible range {self.range_text}: check the unit."
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

    def _advice(self, value: object) -> str:
        """How a number is written, where the text begins with one: ``4,1``, ``45 y``, ``4.1 x10^12``."""
        if not _BEGINS_WITH_NUMBER.match(str(value)):
            return ""
        unit = f", in {self.unit}" if self.unit else ""
        return f": write the number alone, with a decimal point{unit}"

    def _parse_level(self, value: object) -> float:
        text = str(value).strip().casefold()
        for code, level in enumerate(self.levels):
            if text == level.casefold():
                return float(code)
        number = parse_number(value)
        if number is not None and number == math.floor(number) and 0 <= number < len(self.levels):
            return number
        choices = ", ".join(f"{code} ({level})" for code, level in enumerate(self.levels))
        raise ClinicalValueError(f"{self.label} is {shown_value(value)}; it can be {choices}.")

    def _parse_binary(self, value: object) -> float:
        number = parse_yes_no(value)
        if number is None:
            raise ClinicalValueError(f"{self.label} is {shown_value(value)}; it can be 0 (no) or 1 (yes).")
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
        from .column_file import read_plain_yaml

        return cls.from_mapping(read_plain_yaml(Path(path)))

    @classmethod
    def from_mapping(cls, document: object) -> ColumnDictionary:
        """Build from ``{"columns": {name: {label, unit, kind, low, high, levels, description}}}``.

        Raises
        ------
        CohortError
            It has another form, or a column contradicts itself.
        """
        from .column_file import column_from_entry

        entries = document.get("columns") if isinstance(document, Mapping) else None
        if not isinstance(entries, Mapping):
            raise CohortError("A data dictionary starts with 'columns:' and names each column below it.")
        return cls(tuple(column_from_entry(name, entry) for name, entry in entries.items()))

    def to_mapping(self) -> dict[str, Any]:
        """The inverse of :meth:`from_mapping`, of plain types only, for a bundle or a file."""
        entries: dict[str, Any] = {}
        for column in self.columns:
            entry = {field: getattr(column, field) for field in COLUMN_FIELDS}
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
            raise ClinicalValueError(f"There is no clinical column '{shown_value(name)}'. Did you mean '{near[0]}'?")
        known = ", ".join(self.names) or "none"
        raise ClinicalValueError(f"There is no clinical column '{shown_value(name)}'. The columns are: {known}.")

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
