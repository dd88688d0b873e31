"""Clinical columns as numbers that a regression takes: categories become one column per level but the first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..cohort import ClinicalColumn, ColumnDictionary


def encoded_names(column: ClinicalColumn) -> tuple[str, ...]:
    """``("histology=adenocarcinoma", …)`` for a category (its first level is the reference), else the name."""
    if column.kind != "category":
        return (column.name,)
    return tuple(f"{column.name}={level}" for level in column.levels[1:])


def encode_clinical(frame: pd.DataFrame, columns: ColumnDictionary) -> pd.DataFrame:
    """Encode ``(cases, columns)`` of numbers and level codes; a missing value is missing in all its columns."""
    encoded = {}
    for column in columns:
        values = frame[column.name].to_numpy(float)
        if column.kind == "category":
            for code, name in enumerate(encoded_names(column), start=1):
                encoded[name] = np.where(np.isnan(values), np.nan, values == code)
        else:
            encoded[column.name] = values
    return pd.DataFrame(encoded, index=frame.index, dtype=float)


def source_column(encoded_name: str, columns: ColumnDictionary) -> ClinicalColumn:
    """The column that an encoded name comes from."""
    return columns[encoded_name if encoded_name in columns else encoded_name.split("=", 1)[0]]


def label_of(encoded_name: str, columns: ColumnDictionary) -> str:
    """What a person reads: ``"Histology: adenocarcinoma"``."""
    column = source_column(encoded_name, columns)
    if encoded_name == column.name:
        return column.label
    return f"{column.label}: {encoded_name.split('=', 1)[1]}"


def encode_case(values: Mapping[str, float], columns: ColumnDictionary) -> dict[str, float]:
    """Encode the parsed values of one case; columns without a value are left out."""
    encoded: dict[str, float] = {}
    for column in columns:
        if column.name not in values:
            continue
        if column.kind == "category":
            for code, name in enumerate(encoded_names(column), start=1):
                encoded[name] = float(values[column.name] == code)
        else:
            encoded[column.name] = float(values[column.name])
    return encoded
