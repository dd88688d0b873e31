"""Table 1: what the patients of each group were like (Wang et al. 2025, Table 1)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from .group_tests import GroupTest

CharacteristicKind = Literal["continuous", "count", "binary", "category"]
EVERYONE = "all"
"""The group of a cohort's every case."""
AGAINST = " against "


@dataclass(frozen=True)
class Characteristic:
    """A column of the table: ``levels`` name a category's codes 0, 1, ...; a binary one is 0/1, ``levels`` may name it.

    A category without levels takes the values that occur.
    """

    name: str
    label: str
    unit: str = ""
    kind: CharacteristicKind = "continuous"
    levels: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """Label and unit: ``"RBC count (10^12/L)"``."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True)
class CharacteristicCell:
    """One group of one cohort in one row; what does not apply, or is undefined, is ``None``.

    ``cases`` have a value and ``missing`` have none; ``count`` and ``share`` are a level's; ``hidden`` is printed in
    place of what is not shown (:func:`.small_groups.hide_small_groups`); the rest is a number's.
    """

    cohort: str
    group: str
    cases: int
    missing: int
    count: int | None = None
    share: float | None = None
    mean: float | None = None
    standard_deviation: float | None = None
    median: float | None = None
    lower_quartile: float | None = None
    upper_quartile: float | None = None
    hidden: str = ""


@dataclass(frozen=True)
class GroupComparison:
    """Groups of a cohort compared, or the cohorts (``cohort`` is then ``"training against test"``).

    ``difference`` is the standardised mean difference, second group minus first; of three or more groups the largest
    of any two, without sign. ``None`` where it is undefined.
    """

    cohort: str
    test: GroupTest
    difference: float | None


@dataclass(frozen=True)
class TableOneRow:
    """A number's row, a binary's (its second level), a category's heading row, or one of its levels.

    ``level`` is ``None`` in a number's and a heading row. A category is compared in its heading row.
    """

    characteristic: Characteristic
    level: str | None
    normal: bool | None
    cells: tuple[CharacteristicCell, ...]
    comparisons: tuple[GroupComparison, ...]


@dataclass(frozen=True)
class TableOne:
    """The table; ``sizes`` gives the cases of each ``(cohort, group)``, ``notes`` what a reader must know."""

    rows: tuple[TableOneRow, ...]
    cohorts: tuple[str, ...]
    groups: tuple[str, ...]
    sizes: dict[tuple[str, str], int]
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """The table as it is printed: one row a row, every cell text.

        Columns ``Characteristic``; then for each cohort its cases and groups (``"training (N = 294)"``, ``"training,
        node-negative (n = 218)"`` …), ``"training p"``, ``"training test"``, ``"training SMD"``, ``"training
        missing"``; then, with two cohorts, ``"training against test p"``, ``… test``, ``… SMD``.
        """
        return pd.DataFrame([self._printed(row) for row in self.rows], columns=self._heads())

    def to_values(self) -> pd.DataFrame:
        """The numbers behind it, in long form: one row for each row, cohort and group.

        Columns ``name, level, normal``, those of :class:`CharacteristicCell`, and ``test, p_value, difference`` of
        the cohort's comparison on the rows of the group ``"all"``. The cohorts' comparison has rows of its own, with
        an empty group. What does not apply or is undefined is ``None``.
        """
        rows = []
        for row in self.rows:
            about = {"name": row.characteristic.name, "level": row.level, "normal": row.normal}
            compared = {found.cohort: found for found in row.comparisons}
            for cell in row.cells:
                found = compared.pop(cell.cohort, None) if cell.group == EVERYONE else None
                rows.append({**about, **vars(cell), **_numbers(found)})
            rows.extend({**about, "cohort": name, "group": "", **_numbers(found)} for name, found in compared.items())
        return pd.DataFrame(rows).astype(object).where(lambda frame: frame.notna(), None)

    def _heads(self) -> list[str]:
        heads = ["Characteristic"]
        for cohort in self.cohorts:
            heads.append(f"{cohort} (N = {self.sizes[cohort, EVERYONE]})")
            heads.extend(f"{cohort}, {group} (n = {self.sizes[cohort, group]})" for group in self.groups)
            heads.extend(f"{cohort} {what}" for what in ("p", "test", "SMD", "missing"))
        if len(self.cohorts) > 1:
            heads.extend(f"{cohorts_label(self.cohorts)} {what}" for what in ("p", "test", "SMD"))
        return heads

    def _printed(self, row: TableOneRow) -> list[str]:
        heading = row.characteristic.heading
        if row.level is None:
            texts = [heading]
        else:
            texts = [f"{heading}: {row.level}" if row.characteristic.kind == "binary" else f"    {row.level}"]
        compared = {found.cohort: found for found in row.comparisons}
        decimals = _decimals(row)
        for cohort in self.cohorts:
            cells = [cell for cell in row.cells if cell.cohort == cohort]
            texts.extend(_cell_text(cell, row.normal, decimals) for cell in cells)
            texts.extend(_comparison_texts(compared.get(cohort)))
            texts.append("" if row.level is not None else str(cells[0].missing))
        if len(self.cohorts) > 1:
            texts.extend(_comparison_texts(compared.get(cohorts_label(self.cohorts))))
        return texts


def cohorts_label(cohorts: Sequence[str]) -> str:
    """What the comparison of two cohorts is called."""
    return AGAINST.join(cohorts)


def _numbers(found: GroupComparison | None) -> dict[str, object]:
    if found is None:
        return {"test": None, "p_value": None, "difference": None}
    return {"test": found.test.name, "p_value": found.test.p_value, "difference": found.difference}


def _decimals(row: TableOneRow) -> int:
    """Two or three significant digits of how far the values spread; counts are whole, or have one decimal."""
    if row.characteristic.kind == "count" and not row.normal:
        told = [(cell.lower_quartile, cell.median, cell.upper_quartile) for cell in row.cells]
        return int(any(value % 1 for values in told for value in values if value is not None))
    spreads = [_spread(cell, row.normal) for cell in row.cells]
    widest = max(spreads, default=0.0)
    if widest <= 0:
        return 2
    digits = math.floor(math.log10(widest))
    return max(0, 2 - digits) if digits >= 0 else min(8, 1 - digits)


def _spread(cell: CharacteristicCell, normal: bool | None) -> float:
    if normal:
        return cell.standard_deviation or 0.0
    if cell.lower_quartile is None or cell.upper_quartile is None:
        return 0.0
    return cell.upper_quartile - cell.lower_quartile


def _cell_text(cell: CharacteristicCell, normal: bool | None, decimals: int) -> str:
    if cell.hidden:
        return cell.hidden
    if cell.count is not None:
        return f"{cell.count} ({100 * cell.share:.1f} %)" if cell.share is not None else "no value"
    if normal is None:
        return ""
    if cell.cases == 0:
        return "no value"
    if normal and cell.standard_deviation is not None:
        return f"{cell.mean:.{decimals}f} ± {cell.standard_deviation:.{decimals}f}"
    return f"{cell.median:.{decimals}f} [{cell.lower_quartile:.{decimals}f}; {cell.upper_quartile:.{decimals}f}]"


def _comparison_texts(found: GroupComparison | None) -> list[str]:
    if found is None:
        return ["", "", ""]
    p = found.test.p_value
    p_text = "undefined" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"
    return [p_text, found.test.name, "undefined" if found.difference is None else f"{found.difference:.2f}"]
