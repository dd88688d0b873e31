"""The table of features as a file: Parquet, which also says what measured it, or CSV."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .. import __version__
from ..atomic import atomic_file
from ..errors import CohortError, SettingsError
from .extraction import Extraction

_METADATA = b"cervixrisk"
_CASE = "case_id"


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features read from a file.

    Parameters
    ----------
    features
        ``(cases, features)`` float64, index ``case_id`` (text).
    preset, preset_hash, engine, engine_version
        What measured them; ``""`` where the file does not say (CSV).
    """

    features: pd.DataFrame
    preset: str = ""
    preset_hash: str = ""
    engine: str = ""
    engine_version: str = ""


def write_features(path: str | os.PathLike[str], extraction: Extraction) -> None:
    """Write ``extraction.features`` to a ``.parquet`` or ``.csv`` file; full precision in both.

    Raises
    ------
    SettingsError
        The name ends otherwise.
    StorageError
        The place cannot be written or the disk is full.
    """
    path = Path(path)
    suffix = _suffix(path)
    with atomic_file(path) as partial:
        if suffix == ".csv":
            extraction.features.to_csv(partial, index_label=_CASE, lineterminator="\n", encoding="utf-8")
        else:
            _write_parquet(partial, extraction)


def read_features(path: str | os.PathLike[str]) -> FeatureTable:
    """Read what :func:`write_features` wrote, or a table of the same form from elsewhere.

    Raises
    ------
    CohortError
        The file is missing or damaged, has no ``case_id``, repeats one, or holds something that is not a number.
    SettingsError
        The name ends neither in ``.parquet`` nor in ``.csv``.
    """
    path = Path(path)
    suffix = _suffix(path)
    if not path.is_file():
        raise CohortError("The feature table does not exist: check the path.")
    table, metadata = _read_csv(path) if suffix == ".csv" else _read_parquet(path)
    if _CASE not in table.columns:
        raise CohortError("The feature table has no column case_id: add one that names the cases.")
    index = pd.Index([str(case_id) for case_id in table.pop(_CASE)], name=_CASE, dtype=object)
    if not index.is_unique or not table.columns.is_unique:
        raise CohortError("The feature table has a case_id or a column twice: keep one.")
    try:
        values = table.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CohortError(
            "The feature table holds something that is not a number: correct or empty that cell."
        ) from error
    features = pd.DataFrame(values, index=index, columns=[str(name) for name in table.columns])
    known = {name: metadata.get(name, "") for name in ("preset", "preset_hash", "engine", "engine_version")}
    return FeatureTable(features, **{name: value if isinstance(value, str) else "" for name, value in known.items()})


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in (".parquet", ".csv"):
        raise SettingsError("Features are written to a .parquet or a .csv file: choose a name with that ending.")
    return suffix


def _write_parquet(partial: Path, extraction: Extraction) -> None:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    features = extraction.features
    columns = {_CASE: arrow.array(list(features.index), type=arrow.string())}
    columns |= {name: arrow.array(features[name].to_numpy()) for name in features.columns}
    about = {
        "preset": extraction.preset,
        "preset_hash": extraction.preset_hash,
        "engine": extraction.engine,
        "engine_version": extraction.engine_version,
        "library_version": __version__,
    }
    table = arrow.table(columns).replace_schema_metadata({_METADATA: json.dumps(about, sort_keys=True).encode()})
    parquet.write_table(table, partial)


def _read_parquet(path: Path) -> tuple[pd.DataFrame, dict[str, object]]:
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        table = parquet.read_table(path)
        about = json.loads((table.schema.metadata or {}).get(_METADATA, b"{}"))
        columns = {name: table.column(name).to_numpy() for name in table.column_names}
    except (arrow.ArrowException, OSError, ValueError, KeyError) as error:
        raise CohortError("The feature table is not a readable Parquet file: write it again, or as .csv.") from error
    return pd.DataFrame(columns), about if isinstance(about, dict) else {}


def _read_csv(path: Path) -> tuple[pd.DataFrame, dict[str, object]]:
    """All cells as text: Python reads a number exactly as it was written, and a case may be called NA."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise CohortError("The feature table is not a readable CSV file: save it as CSV in UTF-8.") from error
    return table.where(table != "", "nan"), {}
