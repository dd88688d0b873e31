"""The clinical values that a model asks for, as fields of a form, and what is to be said of a typed value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..bundle.prediction_text import readable_unit
from ..errors import ClinicalValueError

if TYPE_CHECKING:
    from ..cohort import ColumnDictionary
    from ..imaging import Roi
    from ..worker import StudyFacts

# Columns that the contour gives, and how many of their unit make a millimetre.
_FROM_CONTOUR = frozenset({"maximum_diameter"})
_PER_MM = {"mm": 1.0, "cm": 0.1}
_THREE_DECIMALS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


@dataclass(frozen=True)
class ClinicalField:
    """One value of the form.

    Parameters
    ----------
    name
        The column's name (``"rbc_count"``).
    label, unit, description
        What a person reads; the unit as it is printed (``"10¹²/L"``), ``""`` for none.
    kind
        ``"continuous"``, ``"count"``, ``"binary"`` or ``"category"``.
    levels
        Names of a category's levels in the order of their codes.
    low, high
        The plausible range; a value outside it is refused. ``None`` for no bound.
    training_low, training_high
        The range in the training cohort, ``None`` where it was not kept.
    measured
        The contour gives it, where the pixel size is known.
    """

    name: str
    label: str
    unit: str = ""
    description: str = ""
    kind: str = "continuous"
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    training_low: float | None = None
    training_high: float | None = None
    measured: bool = False

    @property
    def training_range(self) -> str:
        """``"2 to 7"``; empty where it was not kept, and for yes and no and for categories, whose codes say nothing."""
        if self.training_low is None or self.training_high is None or self.kind in ("binary", "category"):
            return ""
        return f"{self.training_low:g} to {self.training_high:g}"

    @property
    def plausible_range(self) -> str:
        """``"0.5 to 10"``, ``"from 0"``; empty where nothing bounds it."""
        if self.kind in ("binary", "category"):
            return ""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"from {self.low:g}"
        return "" if self.high is None else f"up to {self.high:g}"


@dataclass(frozen=True)
class FieldState:
    """What is to be said of a field's text.

    Parameters
    ----------
    value
        The number, a level's code, 1 and 0 for yes and no; ``None`` while the text is empty or has a problem.
    problem
        A sentence: why the text cannot be used.
    remark
        A sentence: what to know of a value that can.
    """

    value: float | None = None
    problem: str = ""
    remark: str = ""


class ClinicalForm:
    """The fields of a model, in its order. Without a model, or for one that takes images alone, it has none."""

    def __init__(self, fields: tuple[ClinicalField, ...] = (), columns: ColumnDictionary | None = None) -> None:
        self.fields = fields
        self._columns = columns

    @classmethod
    def of(cls, facts: StudyFacts | None) -> ClinicalForm:
        """The form of a loaded model."""
        if facts is None or not facts.clinical_predictors:
            return cls()
        columns = facts.columns
        seen = {predictor.name: predictor for predictor in facts.manifest.clinical}
        fields = []
        for name in facts.clinical_predictors:
            column = columns[name]
            unit = readable_unit(column.unit)
            fields.append(
                ClinicalField(
                    name,
                    column.label,
                    unit,
                    column.description,
                    column.kind,
                    column.levels,
                    0.0 if column.kind == "count" and column.low is None else column.low,
                    column.high,
                    seen[name].observed_low if name in seen else None,
                    seen[name].observed_high if name in seen else None,
                    name in _FROM_CONTOUR and unit in _PER_MM,
                )
            )
        return cls(tuple(fields), columns)

    def field(self, name: str) -> ClinicalField:
        """The field of that name.

        Raises
        ------
        ClinicalValueError
            The model does not ask for it.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise ClinicalValueError(f"The model does not ask for “{name}”.")

    def check(self, name: str, text: str) -> FieldState:
        """What is to be said of ``text`` in the field ``name``.

        Raises
        ------
        ClinicalValueError
            The model does not ask for it.
        """
        field = self.field(name)
        if self._columns is None or not text.strip():
            return FieldState()
        try:
            value = self._columns.check(name, plain_number(text))
        except ClinicalValueError as error:
            return FieldState(problem=readable_unit(str(error)))
        return FieldState(value, remark=_remark(field, text, value))

    def missing(self, values: Mapping[str, str]) -> tuple[ClinicalField, ...]:
        """The fields that have no usable value among ``values``, texts by name."""
        return tuple(field for field in self.fields if self.check(field.name, values.get(field.name, "")).value is None)


def measured_values(form: ClinicalForm, roi: Roi | None) -> dict[str, str]:
    """What the contour gives, by field name, as text with one decimal; nothing where the pixel size is unknown."""
    if roi is None or not any(field.measured for field in form.fields):
        return {}
    diameter = roi.max_diameter_mm
    if diameter is None:
        return {}
    return {field.name: f"{diameter * _PER_MM[field.unit]:.1f}" for field in form.fields if field.measured}


def plain_number(text: str) -> str:
    """The text with a decimal point where it is a number with a decimal comma, as a cohort table's cells are read."""
    from ..cohort.cells import number_text

    return number_text(text.strip(), decimal_comma=True)


def _remark(field: ClinicalField, text: str, value: float) -> str:
    remarks = []
    if field.kind == "continuous" and _THREE_DECIMALS.fullmatch(text.strip()):
        remarks.append(f"Read as {value:g}: the comma is a decimal comma.")
    low, high = field.training_low, field.training_high
    if low is not None and high is not None and not low <= value <= high:
        seen = field.training_range
        where = f"Outside the training cohort's range, {seen}" if seen else "The training cohort had no such case"
        remarks.append(f"{where}: trust the answer less.")
    return " ".join(remarks)
