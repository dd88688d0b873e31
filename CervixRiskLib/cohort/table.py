"""The cohort table: one row a case, checked before anything long begins."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from ..errors import CohortError, SettingsError
from .case_frame import BINARY_NAMES, case_frame, content_hash
from .cohort_checks import check_classes, check_split
from .column_inference import clinical_columns
from .columns import ColumnDictionary, builtin_columns
from .delimited_text import DelimitedText, read_delimited
from .outcome_groups import GroupReader, code_groups
from .shown_text import shown
from .simulation_mark import SIMULATION_MARK
from .table_rows import CASE_COLUMNS, IMAGE_COLUMNS, RowProblem, RowReader, refuse

OutcomeKind = Literal["binary", "group"]

CHANNEL_PREFIX = "image_"
"""A column named ``image_t1`` holds one more image of each case, on the grid of ``image``."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """The cases of a study that can be used.

    Parameters
    ----------
    table
        Index ``case_id`` (text). Columns, always all of them: ``image`` and ``roi`` (paths relative to ``root``, as
        in the table; ``roi`` may be ``None``, ``image`` is empty where none was asked for), ``outcome`` (int64 0/1, or
        the code of the group; float64 with NaN where it was not required and is missing), ``patient_id`` (the
        ``case_id`` where the table has none),
        ``slice`` and ``label`` (int or ``None``), ``spacing_mm`` (``(row_mm, column_mm)`` or ``None``), ``center``,
        ``split`` (``"train"``, ``"test"``, or ``None`` for all), ``figo_stage``; then the further images
        (``image_t1``, …), in lower case; then the clinical columns as float64, NaN where missing.
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
    class_names
        Names of the outcomes in the order of their codes.
    channels
        The columns that hold images: ``"image"``, then the further ones in the order of the table.
    """

    table: pd.DataFrame
    columns: ColumnDictionary
    root: Path
    excluded: tuple[RowProblem, ...]
    simulated: bool
    content_hash: str
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = BINARY_NAMES
    channels: tuple[str, ...] = ("image",)

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

    def image_path(self, case_id: str, channel: str = "image") -> Path:
        return self.root / self._case(case_id)[channel]

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
    require_image: bool = True,
    require_roi: bool = True,
    require_outcome: bool = True,
    read_clinical: bool = True,
    outcome_kind: OutcomeKind = "binary",
    stage_group: Callable[[str], str] | None = None,
    group_order: Sequence[str] = (),
) -> Cohort:
    """Read and check a cohort table (CSV). No image is opened; that every file exists is checked.

    Parameters
    ----------
    path
        The table: ``case_id, image, roi, outcome``, optionally ``patient_id, slice, label, center, spacing_mm, split,
        figo_stage``; ``image_…`` (``image_t1``) for further images of each case on the same grid; every other column
        is a clinical predictor. Paths in it are relative to its folder.
    outcome
        Name of the outcome's column. A column named ``outcome`` is no predictor even when it is not the outcome.
    columns
        The data dictionary, or its file. By default ``<name>.columns.yaml`` beside ``<name>.csv`` where it exists;
        columns it does not name are looked up in the paper's dictionary (:func:`.columns.builtin_columns`).
    skip_invalid
        Go on without rows that cannot be used and keep them in ``Cohort.excluded``.
    require_image, require_roi, require_outcome
        Whether each case needs one; prediction needs no outcome. Without images nothing that describes them is read,
        contours neither.
    read_clinical
        Whether clinical columns are read, and their values checked.
    outcome_kind
        ``"binary"``: outcomes are 0 and 1. ``"group"``: two or more groups, written as whole numbers from 0 or as
        short names; ``Cohort.class_names`` are their names in the order of their codes.
    stage_group
        For ``"group"``: gives the group of a FIGO stage's text (``figo_stage``), or raises :class:`.CohortError` or
        ``ValueError`` with the reason. Used where the outcome is missing, and to check it where it is not.
    group_order
        For ``"group"``: the names that get the first codes. Numbers in the outcome column are positions in it if none
        lies beyond its end. Without it numbers come first, by size, then names by their letters.

    Raises
    ------
    CohortError
        The table is unreadable or lacks a column; rows cannot be used (all are reported together); fewer than two
        outcomes are left, or a group with a single case; a patient is in both parts of the split.
    SettingsError
        ``outcome_kind`` is unknown, or does not go with ``stage_group`` or ``group_order``.
    """
    _check_outcome_kind(outcome_kind, stage_group, group_order)
    path = Path(path)
    text = read_delimited(path)
    required = ["image"] * require_image + ["roi"] * (require_image and require_roi)
    positions = _case_positions(text, outcome, required, require_outcome, stage_group is not None)
    channels = _channel_names(text, outcome)
    reserved = {*CASE_COLUMNS, "case_id", outcome.casefold(), *channels}
    if require_image:
        positions.update(channels)
    else:
        positions = {name: place for name, place in positions.items() if name not in IMAGE_COLUMNS}
        channels = {}
    others = [
        position for position, name in enumerate(text.header) if read_clinical and name.casefold() not in reserved
    ]
    found, notes = clinical_columns(
        [text.header[position] for position in others],
        [[row.cells[position] if position < len(row.cells) else "" for row in text.rows] for position in others],
        _dictionary(path, columns),
        text.decimal_comma,
    )
    clinical = [(others[place], column) for place, column in found]
    root = path.resolve().parent
    groups = None
    if outcome_kind == "group":
        place = positions.get("outcome", len(text.header))
        cells = [row.cells[place] for row in text.rows if place < len(row.cells)]
        groups = GroupReader.for_cells(cells, stage_group, group_order, text.decimal_comma)
    reader = RowReader(
        text, positions, clinical, root, require_roi, require_outcome, tuple(channels), groups, require_image
    )
    rows, problems = reader.read()
    if problems and not skip_invalid:
        raise refuse(problems, len(text.rows))
    if not rows:
        raise CohortError(str(refuse(problems, len(text.rows))) if problems else "The cohort table holds no case.")
    names = BINARY_NAMES
    notes = text.notes + notes
    if groups is not None:
        rows, names, group_notes = code_groups(rows, group_order, require_outcome)
        notes += group_notes
    dictionary = ColumnDictionary(tuple(column for _, column in clinical))
    table = case_frame(rows, tuple(channels), dictionary.names)
    if require_outcome and groups is None:
        check_classes(table)
    check_split(table)
    return Cohort(
        table=table,
        columns=dictionary,
        root=root,
        excluded=tuple(problems),
        simulated=(root / SIMULATION_MARK).is_file(),
        content_hash=content_hash(rows, dictionary.names, tuple(channels), names),
        notes=notes,
        class_names=names,
        channels=("image", *channels),
    )


def clinical_frame(cohort: Cohort) -> pd.DataFrame:
    """A copy of the clinical columns, float64: index ``case_id``, NaN where missing, categories as codes."""
    return cohort.table[list(cohort.clinical_names)].copy()


def _check_outcome_kind(kind: str, stage_group: object, group_order: Sequence[str]) -> None:
    if kind not in get_args(OutcomeKind):
        raise SettingsError(f'There is no kind of outcome "{kind}": choose binary or group.')
    if kind == "binary" and (stage_group is not None or group_order):
        raise SettingsError("Stages and named groups need outcomes of the kind group.")
    if len({name.casefold() for name in group_order}) < len(group_order):
        raise SettingsError("Two groups have the same name.")


def _channel_names(text: DelimitedText, outcome: str) -> dict[str, int]:
    """Name in lower case and position of each column of further images, in the order of the table."""
    folded = {name.casefold(): position for position, name in enumerate(text.header)}
    return {
        name: position
        for name, position in folded.items()
        if name.startswith(CHANNEL_PREFIX) and name != CHANNEL_PREFIX and name != outcome.casefold()
    }


def _case_positions(
    text: DelimitedText, outcome: str, required: Sequence[str], require_outcome: bool, staged: bool
) -> dict[str, int]:
    folded = {name.casefold(): position for position, name in enumerate(text.header)}
    positions = {name: folded[name] for name in ("case_id", *CASE_COLUMNS) if name in folded and name != "outcome"}
    if outcome.casefold() in folded:
        positions["outcome"] = folded[outcome.casefold()]
    from_stage = staged and "figo_stage" in positions
    required = ["case_id", *required] + ["outcome"] * (require_outcome and not from_stage)
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
