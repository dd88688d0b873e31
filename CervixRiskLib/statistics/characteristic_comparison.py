"""Table 1: what the patients of each group were like, and which tests tell the groups apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import TrainingError
from .characteristics import (
    EVERYONE,
    Characteristic,
    CharacteristicCell,
    GroupComparison,
    TableOne,
    TableOneRow,
    cohorts_label,
)
from .group_tests import compare_counts, compare_values, looks_normal
from .standardised_difference import standardised_mean_difference, standardised_share_difference


def table_one(
    frame: pd.DataFrame,
    columns: Sequence[Characteristic],
    group: ArrayLike,
    *,
    group_names: Sequence[str] = ("negative", "positive"),
    split: ArrayLike | None = None,
    split_names: Sequence[str] = ("training", "test"),
) -> TableOne:
    """Describe each characteristic in each outcome group, and compare the groups and the two sides of the split.

    A number whose values look normal in every group of every cohort (:func:`.group_tests.looks_normal`) is told as
    mean ± standard deviation, any other as median [quartiles]; a row has one form and one kind of test throughout.
    Nothing is corrected for the number of tests. Cases without a value are left out of that row and counted.

    Parameters
    ----------
    frame
        ``(n, ...)``: at least the columns named; numbers, a category's codes or its levels' names. Missing is NaN.
    columns
        The rows of the table, in order.
    group
        ``(n,)`` positions in ``group_names``: the outcome.
    split
        ``(n,)`` of ``split_names``; ``None``: one cohort named "all patients".

    Raises
    ------
    TrainingError
        A column is absent or holds what it must not (named, without its values), or there are no cases.
    """
    codes = np.asarray(group)
    if len(frame) == 0:
        raise TrainingError("There are no cases to describe.")
    if codes.shape != (len(frame),) or not np.isin(codes, np.arange(len(group_names))).all():
        raise TrainingError(f"The group of each case must be a number from 0 to {len(group_names) - 1}.")
    groups = tuple(str(name) for name in group_names)
    if split is None:
        cohorts = {"all patients": np.ones(len(frame), dtype=bool)}
    else:
        sides = np.asarray(split).astype(str)
        if sides.shape != codes.shape or not np.isin(sides, list(split_names)).all():
            raise TrainingError(f"The split must name one of {', '.join(split_names)} for each case.")
        cohorts = {name: sides == name for name in split_names if (sides == name).any()}
    members = {
        (cohort, name): inside & (True if name == EVERYONE else codes == groups.index(name))
        for cohort, inside in cohorts.items()
        for name in (EVERYONE, *groups)
    }
    rows: list[TableOneRow] = []
    for column in columns:
        if column.name not in frame.columns:
            raise TrainingError(f'There is no column "{column.name}" to describe.')
        if column.kind in ("continuous", "count"):
            rows.append(_number_row(column, _numeric(frame[column.name], column), members, tuple(cohorts), groups))
        else:
            rows.extend(_category_rows(column, frame[column.name], members, tuple(cohorts), groups))
    sizes = {place: int(inside.sum()) for place, inside in members.items()}
    return TableOne(tuple(rows), tuple(cohorts), groups, sizes, _notes(rows, len(groups)))


def _number_row(
    column: Characteristic,
    values: np.ndarray,
    members: dict[tuple[str, str], np.ndarray],
    cohorts: tuple[str, ...],
    groups: tuple[str, ...],
) -> TableOneRow:
    known = {place: values[inside & ~np.isnan(values)] for place, inside in members.items()}
    normal = looks_normal([known[cohort, name] for cohort in cohorts for name in groups if known[cohort, name].size])
    cells = []
    for (cohort, name), inside in members.items():
        here = known[cohort, name]
        lower, middle, upper = np.quantile(here, [0.25, 0.5, 0.75]).tolist() if here.size else (None, None, None)
        cells.append(
            CharacteristicCell(
                cohort,
                name,
                here.size,
                int(inside.sum()) - here.size,
                mean=float(here.mean()) if here.size else None,
                standard_deviation=float(here.std(ddof=1)) if here.size > 1 else None,
                median=middle,
                lower_quartile=lower,
                upper_quartile=upper,
            )
        )

    def compared(label: str, sides: list[np.ndarray]) -> GroupComparison:
        apart = [standardised_mean_difference(a, b) for a, b in combinations(sides, 2)]
        return GroupComparison(label, compare_values(sides, normal=normal), _largest(apart))

    comparisons = [compared(cohort, [known[cohort, name] for name in groups]) for cohort in cohorts]
    if len(cohorts) > 1:
        comparisons.append(compared(cohorts_label(cohorts), [known[cohort, EVERYONE] for cohort in cohorts]))
    return TableOneRow(column, None, normal, tuple(cells), tuple(comparisons))


def _category_rows(
    column: Characteristic,
    values: pd.Series,
    members: dict[tuple[str, str], np.ndarray],
    cohorts: tuple[str, ...],
    groups: tuple[str, ...],
) -> list[TableOneRow]:
    codes, levels = _levels(values, column)
    counts = {
        place: np.bincount(codes[inside & (codes >= 0)], minlength=len(levels)) for place, inside in members.items()
    }

    def compared(label: str, sides: list[np.ndarray]) -> GroupComparison:
        table = np.column_stack(sides)
        apart = [standardised_share_difference(table[:, list(pair)]) for pair in combinations(range(len(sides)), 2)]
        return GroupComparison(label, compare_counts(table), _largest(apart))

    comparisons = [compared(cohort, [counts[cohort, name] for name in groups]) for cohort in cohorts]
    if len(cohorts) > 1:
        comparisons.append(compared(cohorts_label(cohorts), [counts[cohort, EVERYONE] for cohort in cohorts]))

    def cells_of(level: int | None) -> tuple[CharacteristicCell, ...]:
        cells = []
        for (cohort, name), inside in members.items():
            cases = int(counts[cohort, name].sum())
            count = None if level is None else int(counts[cohort, name][level])
            share = count / cases if count is not None and cases else None
            cells.append(CharacteristicCell(cohort, name, cases, int(inside.sum()) - cases, count, share))
        return tuple(cells)

    if column.kind == "binary":
        # The row of the other level would repeat it.
        return [TableOneRow(column, levels[1], None, cells_of(1), tuple(comparisons))]
    heading = TableOneRow(column, None, None, cells_of(None), tuple(comparisons))
    return [heading, *(TableOneRow(column, name, None, cells_of(code), ()) for code, name in enumerate(levels))]


def _numeric(values: pd.Series, column: Characteristic) -> np.ndarray:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = int((np.isinf(numbers) | (np.isnan(numbers) & values.notna().to_numpy())).sum())
    if wrong:
        raise TrainingError(
            f'The column "{column.name}" is not a number in {wrong} of {len(values)} cases: correct it.'
        )
    return numbers


def _levels(values: pd.Series, column: Characteristic) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes ``(n,)``, -1 for missing, and the levels' names."""
    levels = column.levels or (("no", "yes") if column.kind == "binary" else ())
    if not levels:
        codes, found = pd.factorize(values, sort=True)
        return codes, tuple(str(level) for level in found)
    place = {level: code for code, level in enumerate(levels)}
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    codes = np.array(
        [
            -1 if empty else place.get(str(value), int(number) if number in range(len(levels)) else -2)
            for value, number, empty in zip(values, numbers, values.isna(), strict=True)
        ]
    )
    wrong = int((codes == -2).sum())
    if wrong:
        raise TrainingError(
            f'The column "{column.name}" holds none of its levels in {wrong} of {len(values)} cases: correct it.'
        )
    return codes, levels


def _largest(differences: list[float]) -> float | None:
    if any(math.isnan(difference) for difference in differences):
        return None
    return differences[0] if len(differences) == 1 else max(abs(difference) for difference in differences)


def _notes(rows: Sequence[TableOneRow], groups: int) -> tuple[str, ...]:
    notes = []
    if any(row.normal for row in rows):
        notes.append("Mean ± standard deviation where Shapiro-Wilk does not reject normality in any group (p >= 0.05).")
    if any(row.normal is False for row in rows):
        notes.append("Median [quartiles] where a group's values are not normal (Shapiro-Wilk).")
    if any(row.level is not None for row in rows):
        notes.append(
            "Cases (share of those with a value); Fisher's exact test where fewer than 5 are expected in a cell."
        )
    notes.append(
        "SMD: standardised mean difference"
        + (", second group minus first" if groups == 2 else ", the largest of any two groups")
        + "; above 0.1 in size is often called an imbalance (Austin 2009)."
    )
    notes.append("p-values are not corrected for the number of tests.")
    return tuple(notes)
