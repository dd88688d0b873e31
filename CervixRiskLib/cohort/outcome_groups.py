"""Outcomes with names: which group a row belongs to, and the code each group gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import CohortError
from .cells import is_missing, parse_group
from .shown_text import shown

if TYPE_CHECKING:
    from .table_rows import CaseRow

FEWEST_CASES = 2
"""A group with fewer cases can be in the training or in the test, never in both."""


@dataclass(frozen=True)
class GroupReader:
    """Reads the group of one row.

    Parameters
    ----------
    stage_group
        Gives the group of a FIGO stage's text, or raises ``ValueError`` or :class:`.CohortError` with the reason.
        ``None``: stages are not read.
    order
        Names of the groups that are expected, in the order of their codes.
    numbered
        Whether a number in the outcome column is a position in ``order``.
    decimal_comma
        How numbers are written.
    """

    stage_group: Callable[[str], str] | None
    order: tuple[str, ...]
    numbered: bool
    decimal_comma: bool

    @classmethod
    def for_cells(
        cls,
        cells: Iterable[str],
        stage_group: Callable[[str], str] | None,
        order: Sequence[str],
        decimal_comma: bool,
    ) -> GroupReader:
        """The reader of a table whose outcome column holds ``cells``: numbers that all lie in ``order`` name it."""
        numbers: set[int] = set()
        for cell in cells:
            try:
                value = parse_group(cell, decimal_comma)
            except ValueError:
                continue  # its row is refused when it is read
            if isinstance(value, int):
                numbers.add(value)
        numbered = bool(numbers) and max(numbers) < len(order)
        return cls(stage_group, tuple(order), numbered, decimal_comma)

    def read(self, outcome: str, stage: str, required: bool) -> str | None:
        """The group's name; ``None`` where there is none and none is required.

        Raises
        ------
        ValueError
            The cell is no group, the stage has none while one is required, or the two disagree.
        """
        written = None if is_missing(outcome) else self._written(outcome)
        if self.stage_group is None or is_missing(stage):
            if written is None and required:
                raise ValueError("outcome is missing" if self.stage_group is None else "outcome and stage are missing")
            return written
        try:
            staged = shown(str(self.stage_group(stage)))
        except (ValueError, CohortError) as error:
            if written is None and required:
                raise ValueError(str(error).removesuffix(".")) from error
            return written
        if written is not None and written.casefold() != staged.casefold():
            known = written.casefold() in (name.casefold() for name in self.order)
            remedy = "" if known else " (groups of your own are named with --groups)"
            raise ValueError(f"outcome is '{written}' but FIGO stage '{shown(stage)}' belongs to '{staged}'{remedy}")
        return staged

    def _written(self, outcome: str) -> str:
        value = parse_group(outcome, self.decimal_comma)
        if isinstance(value, int):
            return self.order[value] if self.numbered else str(value)
        return value


def code_groups(
    rows: Sequence[CaseRow], order: Sequence[str], require_outcome: bool
) -> tuple[list[CaseRow], tuple[str, ...], tuple[str, ...]]:
    """The rows with ``outcome`` set to the code of their group, the groups' names in code order, and notes.

    Names in ``order`` come first, then numbers by size, then other names by their letters. Upper and lower case count
    as equal; the spelling in ``order``, else the first in the table, is kept. A name in ``order`` that no case has is
    left out where an outcome is required (nothing can be learnt about it).

    Raises
    ------
    CohortError
        An outcome is required and there are fewer than two groups, or one has a single case.
    """
    present = {row.group.casefold(): row.group for row in reversed(rows) if row.group is not None}
    expected = {name.casefold(): name for name in order}
    others = sorted((key for key in present if key not in expected), key=_place)
    kept = [key for key in expected if key in present or not require_outcome] + others
    names = tuple(expected.get(key) or present[key] for key in kept)
    codes = {key: code for code, key in enumerate(kept)}
    coded = [replace(row, outcome=None if row.group is None else codes[row.group.casefold()]) for row in rows]
    if require_outcome:
        _check_groups(Counter(row.outcome for row in coded if row.outcome is not None), names)
    notes: tuple[str, ...] = ()
    if expected and others:
        found = ", ".join(f"'{present[key]}'" for key in others[:5])
        notes = (f"The outcome column has groups beside {', '.join(order)}: {found}.",)
    return coded, names, notes


def _place(name: str) -> tuple[bool, int, str]:
    number = name.isascii() and name.isdigit()
    return not number, int(name) if number else 0, name


def _check_groups(counts: Counter[int], names: Sequence[str]) -> None:
    if len(names) < 2:
        raise CohortError(
            f"All {counts.total()} cases belong to the group '{names[0]}': a cohort needs cases of two groups at least."
        )
    few = [name for code, name in enumerate(names) if counts[code] < FEWEST_CASES]
    if few:
        raise CohortError(
            f"The group '{few[0]}' has one case only: each group needs at least {FEWEST_CASES}. Add cases, correct the "
            "name, or leave the row out."
        )
