"""The cohort table: one row a case, checked before anything long begins."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import CohortError
from .cells import shown
from .column_inference import clinical_columns
from .columns import ColumnDictionary, builtin_columns
from .delimited_text import DelimitedText, read_delimited
from .table_rows import CaseRow, RowProblem, RowReader, refuse

if TYPE_CHECKING:
    from ..imaging import Roi, SliceImage

CASE_COLUMNS = (
    "image", "roi", "outcome", "patient_id", "slice", "label", "spacing_mm", "center", "split", "figo_stage",
)  # fmt: skip
"""Columns with a meaning of their own, never clinical predictors. Case is ignored when a header is read."""

SIMULATION_MARK = "simulation.json"


@dataclass(frozen=True, eq=False)
class Cohort:
    """The cases of a study that can be used.

    Parameters
    ----------
    table
        Index ``case_id`` (text). Columns, always all of them: ``image`` and ``roi`` (paths relative to ``root``, as
        in the table; ``roi`` may be ``None``), ``outcome`` (int64 0/1; float64 with NaN where it was not required and
        is missing), ``patient_id`` (the ``case_id`` where the table has none), ``slice`` and ``label`` (int or
        ``None``), ``spacing_mm`` (``(row_mm, column_mm)`` or ``None``), ``center``, ``split`` (``"train"``,
        ``"test"``, or ``None`` for all), ``figo_stage``; then the clinical columns as float64, NaN where missing.
    columns
        The data dictionary of the clinical columns, in their order. Categories are stored as codes (the position in
        ``levels``), binary columns as 0 and 1.
    root
        The folder of the table, absolute.
    excluded
        Rows left out on request (``skip_invalid``), with the reason.
    simulated
        A ``simulation.json`` lies beside the table: results made from it must say so.
    content_hash
        SHA-256 of the usable rows as read (not of the images), whatever the file's encoding and separator.
    notes
        Sentences the person should know of.
    """

    table: pd.DataFrame
    columns: ColumnDictionary
    root: Path
    excluded: tuple[RowProblem, ...]
    simulated: bool
    content_hash: str
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    @property
    def case_ids(self) -> tuple[str, ...]:
        return tuple(self.table.index)

    @property
    def clinical_names(self) -> tuple[str, ...]:
        return self.columns.names

    @property
    def outcomes(self) -> np.ndarray:
        """``(n,)`` outcomes in the order of the table."""
        return self.table["outcome"].to_numpy()

    @property
    def patients(self) -> np.ndarray:
        """``(n,)`` patient identifiers as text."""
        return self.table["patient_id"].to_numpy(dtype=object)

    @property
    def has_split(self) -> bool:
        """Whether the table says which cases are for training and which for the test."""
        return len(self) > 0 and self.table["split"].iloc[0] is not None

    @property
    def missing_clinical(self) -> dict[str, int]:
        """How many cases lack the value, for each clinical column where any does."""
        counts = clinical_frame(self).isna().sum()
        return {str(name): int(count) for name, count in counts.items() if count}

    def image_path(self, case_id: str) -> Path:
        return self.root / self._case(case_id)["image"]

    def roi_path(self, case_id: str) -> Path | None:
        roi = self._case(case_id)["roi"]
        return None if roi is None else self.root / roi

    def select(self, case_ids: Iterable[str]) -> Cohort:
        """These cases alone, in the order given. The hash stays that of the whole table."""
        chosen = list(case_ids)
        for case_id in chosen:
            self._case(case_id)
        return replace(self, table=self.table.loc[chosen])

    def _case(self, case_id: str) -> pd.Series:
        try:
            case = self.table.loc[case_id]
        except KeyError:
            raise CohortError(f"The cohort has no case '{shown(str(case_id))}'.") from None
        assert isinstance(case, pd.Series)
        return case


def load_cohort(
    path: str | os.PathLike[str],
    *,
    outcome: str = "outcome",
    columns: ColumnDictionary | str | os.PathLike[str] | None = None,
    skip_invalid: bool = False,
    require_roi: bool = True,
    require_outcome: bool = True,
) -> Cohort:
    """Read and check a cohort table (CSV). No image is opened; that every file exists is checked.

    Parameters
    ----------
    path
        The table: ``case_id, image, roi, outcome``, optionally ``patient_id, slice, label, center, spacing_mm, split,
        figo_stage``; every further column is a clinical predictor. Paths in it are relative to its folder.
    outcome
        Name of the outcome's column. A column named ``outcome`` is no predictor even when it is not the outcome.
    columns
        The data dictionary, or its file. By default ``<name>.columns.yaml`` beside ``<name>.csv`` where it exists;
        columns it does not name are looked up in the paper's dictionary (:func:`.columns.builtin_columns`).
    skip_invalid
        Go on without rows that cannot be used and keep them in ``Cohort.excluded``.
    require_roi, require_outcome
        Whether each case needs one; prediction needs no outcome.

    Raises
    ------
    CohortError
        The table is unreadable or lacks a column; rows cannot be used (all are reported together); fewer than two
        outcomes are left; a patient is in both parts of the split.
    """
    path = Path(path)
    text = read_delimited(path)
    positions = _case_positions(text, outcome, require_roi, require_outcome)
    reserved = {*CASE_COLUMNS, "case_id", outcome.casefold()}
    others = [position for position, name in enumerate(text.header) if name.casefold() not in reserved]
    found, notes = clinical_columns(
        [text.header[position] for position in others],
        [[row.cells[position] if position < len(row.cells) else "" for row in text.rows] for position in others],
        _dictionary(path, columns),
        text.decimal_comma,
    )
    clinical = [(others[place], column) for place, column in found]
    root = path.resolve().parent
    rows, problems = RowReader(text, positions, clinical, root, require_roi, require_outcome).read()
    if problems and not skip_invalid:
        raise refuse(problems, len(text.rows))
    if not rows:
        raise CohortError(str(refuse(problems, len(text.rows))) if problems else "The cohort table holds no case.")
    dictionary = ColumnDictionary(tuple(column for _, column in clinical))
    table = _frame(rows, dictionary.names)
    if require_outcome:
        _check_classes(table)
    _check_split(table)
    return Cohort(
        table=table,
        columns=dictionary,
        root=root,
        excluded=tuple(problems),
        simulated=(root / SIMULATION_MARK).is_file(),
        content_hash=_content_hash(rows, dictionary.names),
        notes=text.notes + notes,
    )


def load_case(cohort: Cohort, case_id: str) -> tuple[SliceImage, Roi]:
    """Read one case's slice and region of interest.

    Raises
    ------
    CohortError
        There is no such case, or it has no region of interest.
    ImageError, RoiError
        A file cannot be read or the two do not fit.
    """
    from ..imaging import read_image, read_roi

    case = cohort._case(case_id)
    roi_path = cohort.roi_path(case_id)
    if roi_path is None:
        raise CohortError(f"Case '{shown(case_id)}' has no region of interest.")
    image = read_image(cohort.image_path(case_id), slice_index=case["slice"], spacing_mm=case["spacing_mm"])
    return image, read_roi(roi_path, image, label=case["label"])


def clinical_frame(cohort: Cohort) -> pd.DataFrame:
    """A copy of the clinical columns, float64: index ``case_id``, NaN where missing, categories as codes."""
    return cohort.table[list(cohort.clinical_names)].copy()


def _case_positions(text: DelimitedText, outcome: str, require_roi: bool, require_outcome: bool) -> dict[str, int]:
    folded = {name.casefold(): position for position, name in enumerate(text.header)}
    positions = {name: folded[name] for name in ("case_id", *CASE_COLUMNS) if name in folded and name != "outcome"}
    if outcome.casefold() in folded:
        positions["outcome"] = folded[outcome.casefold()]
    required = ["case_id", "image"] + ["roi"] * require_roi + ["outcome"] * require_outcome
    missing = [outcome if name == "outcome" else name for name in required if name not in positions]
    if missing:
        there = ", ".join(shown(name) for name in text.header[:20])
        more = f" and {len(text.header) - 20} more" if len(text.header) > 20 else ""
        plural = "s" if len(missing) > 1 else ""
        raise CohortError(f"The cohort table has no column{plural} {', '.join(missing)}. It has: {there}{more}.")
    return positions


def _dictionary(path: Path, columns: ColumnDictionary | str | os.PathLike[str] | None) -> ColumnDictionary:
    if columns is None:
        beside = path.with_name(f"{path.stem}.columns.yaml")
        columns = ColumnDictionary.load(beside) if beside.is_file() else ColumnDictionary()
    elif not isinstance(columns, ColumnDictionary):
        columns = ColumnDictionary.load(columns)
    given = {column.name.casefold() for column in columns}
    return ColumnDictionary(columns.columns + tuple(column for column in builtin_columns() if column.name not in given))


def _frame(rows: Sequence[CaseRow], clinical_names: Sequence[str]) -> pd.DataFrame:
    index = pd.Index([row.case_id for row in rows], name="case_id", dtype=object)
    data: dict[str, pd.Series] = {}
    for name in CASE_COLUMNS:
        cells = np.empty(len(rows), dtype=object)  # pairs stay pairs, None stays None
        cells[:] = [getattr(row, name) for row in rows]
        data[name] = pd.Series(cells, index=index, dtype=object)
    outcomes = [row.outcome for row in rows]
    kind = "float64" if None in outcomes else "int64"
    data["outcome"] = pd.Series([np.nan if value is None else value for value in outcomes], index=index, dtype=kind)
    for position, name in enumerate(clinical_names):
        data[name] = pd.Series([row.clinical[position] for row in rows], index=index, dtype="float64")
    return pd.DataFrame(data, index=index)


def _check_classes(table: pd.DataFrame) -> None:
    if table["outcome"].nunique() < 2:
        raise CohortError(
            f"All {len(table)} cases have outcome {table['outcome'].iloc[0]}: a cohort needs cases with outcome 0 and "
            "cases with outcome 1."
        )


def _check_split(table: pd.DataFrame) -> None:
    if table["split"].iloc[0] is None:
        return
    parts = table.groupby("patient_id", sort=False)["split"].nunique()
    divided = [str(patient) for patient in parts.index[parts > 1]]
    if divided:
        raise CohortError(
            f"{len(divided)} patients are in both the train and the test split (the first is '{shown(divided[0])}'): "
            "all cases of a patient belong into one."
        )
    if "train" not in set(table["split"]):
        raise CohortError("The split column puts no case into train.")


def _content_hash(rows: Sequence[CaseRow], clinical_names: Sequence[str]) -> str:
    content = [
        [getattr(row, name) for name in ("case_id", *CASE_COLUMNS)] + [repr(value) for value in row.clinical]
        for row in rows
    ]
    text = json.dumps([list(clinical_names), content], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
