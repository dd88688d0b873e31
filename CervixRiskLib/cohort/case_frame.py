"""The usable rows of a cohort table as a pandas table, and the hash of what they say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from .table_rows import CASE_COLUMNS, CaseRow

BINARY_NAMES: tuple[str, ...] = ("0", "1")
"""The names of outcomes that have none."""


def case_frame(rows: Sequence[CaseRow], channels: Sequence[str], clinical_names: Sequence[str]) -> pd.DataFrame:
    """The table that :class:`.table.Cohort` describes."""
    index = pd.Index([row.case_id for row in rows], name="case_id", dtype=object)
    data: dict[str, pd.Series] = {}
    for name in CASE_COLUMNS:
        cells = np.empty(len(rows), dtype=object)  # pairs stay pairs, None stays None
        cells[:] = [getattr(row, name) for row in rows]
        data[name] = pd.Series(cells, index=index, dtype=object)
    outcomes = [row.outcome for row in rows]
    kind = "float64" if None in outcomes else "int64"
    data["outcome"] = pd.Series([np.nan if value is None else value for value in outcomes], index=index, dtype=kind)
    for position, name in enumerate(channels):
        data[name] = pd.Series([row.channels[position] for row in rows], index=index, dtype=object)
    for position, name in enumerate(clinical_names):
        data[name] = pd.Series([row.clinical[position] for row in rows], index=index, dtype="float64")
    return pd.DataFrame(data, index=index)


def content_hash(
    rows: Sequence[CaseRow], clinical_names: Sequence[str], channels: Sequence[str], class_names: Sequence[str]
) -> str:
    """SHA-256 in hex of the rows as they were read."""
    content: list[object] = [
        list(clinical_names),
        [
            [getattr(row, name) for name in ("case_id", *CASE_COLUMNS)] + [repr(value) for value in row.clinical]
            for row in rows
        ],
    ]
    # What a table does not have leaves no trace, so that its hash is what it was before this could be had.
    if channels:
        content.append([list(channels), [row.channels for row in rows]])
    if tuple(class_names) != BINARY_NAMES:
        content.append({"classes": list(class_names)})
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
