"""Which columns of a table are features that can be used, which rows have them, and what is to be said of the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..errors import CohortError
from .delimited_text import DelimitedText
from .feature_text import CASE, TITLE, UNNAMED, numbers
from .shown_text import one_line, shown
from .table_rows import CASE_COLUMNS, CaseRow, RowProblem

_DIAGNOSTICS = "diagnostics_"
"""PyRadiomics' notes about an image and its settings: they tell scanners and hospitals apart, not tumours."""
_MOST_NAMED = 3


def usable_features(
    text: DelimitedText, rows: list[CaseRow], apart: set[int], not_features: set[str]
) -> tuple[pd.DataFrame, list[CaseRow], list[RowProblem], tuple[str, ...]]:
    """Finite features of the rows that have them, the rows without, and what is to be said.

    Parameters
    ----------
    apart
        Positions of columns that are something else.
    not_features
        Names in lower case that are no features either.
    """
    reserved = {*not_features, *CASE_COLUMNS, CASE, UNNAMED}
    candidates, reserved_names, diagnostics = [], [], 0
    for place, name in enumerate(text.header):
        if place in apart:
            continue
        if name.casefold() in reserved:
            reserved_names.append(name)
        elif name.casefold().startswith(_DIAGNOSTICS):
            diagnostics += 1
        else:
            candidates.append(place)
    by_number = {row.number: row for row in text.rows}
    values = np.array([numbers(by_number[row.row], candidates, text.decimal_comma) for row in rows], dtype=float)
    values = values.reshape(len(rows), len(candidates))
    numeric = np.isfinite(values).sum(axis=0) * 2 >= max(len(rows), 1)
    texts = [text.header[place] for place, yes in zip(candidates, numeric, strict=True) if not yes]
    names = [one_line(text.header[place]) for place, yes in zip(candidates, numeric, strict=True) if yes]
    values = values[:, numeric]
    if not names:
        raise CohortError(f"The {TITLE} has no column of numbers beside identifiers and outcome.")
    enough = np.isfinite(values).sum(axis=1) * 2 > len(names)
    short = [
        RowProblem(shown(row.case_id), row.row, "features of half or more columns are missing or no numbers")
        for row, yes in zip(rows, enough, strict=True)
        if not yes
    ]
    kept_rows = [row for row, yes in zip(rows, enough, strict=True) if yes]
    values = values[enough]
    complete = np.isfinite(values).all(axis=0)
    partial = [name for name, yes in zip(names, complete, strict=True) if not yes]
    if kept_rows and not complete.any():
        raise CohortError(f"No feature of the {TITLE} has a number in every case: every column misses some.")
    frame = pd.DataFrame(
        values[:, complete],
        index=pd.Index([row.case_id for row in kept_rows], name=CASE, dtype=object),
        columns=[name for name, yes in zip(names, complete, strict=True) if yes],
    )
    if not frame.columns.is_unique:
        raise CohortError(f"Two features of the {TITLE} have the same name: rename one of them.")
    notes = [
        _left_out(reserved_names, "they are a cohort table's and no features"),
        f"Columns left out because they tell how features were measured (diagnostics_…): {diagnostics}."
        if diagnostics
        else "",
        _left_out(texts, "they hold text or are empty in most cases"),
        _left_out(partial, "a value is missing, infinite or no number in some case"),
    ]
    return frame, kept_rows, short, tuple(note for note in notes if note)


def _left_out(names: Sequence[str], why: str) -> str:
    return f"Columns left out because {why}: {len(names)} ({named(names)})." if names else ""


def named(names: Sequence[str]) -> str:
    first = ", ".join(shown(name) for name in names[:_MOST_NAMED])
    return first if len(names) <= _MOST_NAMED else f"{first} and {len(names) - _MOST_NAMED} more"
