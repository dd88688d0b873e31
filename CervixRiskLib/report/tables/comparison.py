"""Several networks on the same cases beside what a paper printed for them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...atomic import atomic_file
from ...bundle import Metric
from ...bundle.metric_table import measure_title, value_text
from ...errors import SettingsError, TrainingError
from ..style import closing_line

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "auc")
"""The columns of Table 2 of Dai et al. 2025, doi 10.3389/fonc.2025.1557486, in its order."""
NOT_MEASURED = "–"


@dataclass(frozen=True)
class ComparedNetwork:
    """One row of the table.

    Parameters
    ----------
    network
        Its name.
    metrics
        Its measures with their intervals; ``n`` of the first is the number of cases.
    published
        What the paper printed, by the measure's name; a measure that is missing or ``None`` was not printed.
    """

    network: str
    metrics: Sequence[Metric]
    published: Mapping[str, float | None] = field(default_factory=dict)


def comparison_table(rows: Sequence[ComparedNetwork], measures: Sequence[str] = MEASURES) -> pd.DataFrame:
    """One row a network: its name, ``n``, and each measure as ``"0.697 (0.51-0.84)"`` with the published value beside.

    Parameters
    ----------
    measures
        Names of metrics, in the order of the columns. The columns of published values are named
        ``"accuracy published"`` and left out when no row has any.

    Raises
    ------
    TrainingError
        There is no network to compare.
    """
    import pandas as pd

    if not rows:
        raise TrainingError("There is no network to compare.")
    with_published = any(_published(row, name) != NOT_MEASURED for row in rows for name in measures)
    records: list[dict[str, str]] = []
    for row in rows:
        found = {metric.name: metric for metric in row.metrics}
        record = {"network": row.network, "n": str(next((metric.n for metric in row.metrics), NOT_MEASURED))}
        for name in measures:
            record[measure_title(name)] = value_text(found[name]) if name in found else NOT_MEASURED
            if with_published:
                record[f"{measure_title(name)} published"] = _published(row, name)
        records.append(record)
    return pd.DataFrame(records)


def write_comparison(
    table: pd.DataFrame, path: str | os.PathLike[str], *, notes: Sequence[str] = (), simulated: bool = False
) -> Path:
    """Write the table as Markdown (``.md``, with ``notes`` and the closing line below) or as ``.csv``.

    A ``.csv`` holds the table alone, so that every program reads it; ``simulated`` is a column of it.

    Raises
    ------
    SettingsError
        Another suffix.
    StorageError
        The disk is full or the place cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".md", ".csv"):
        raise SettingsError(f'The comparison is written as .md or .csv, not "{path.suffix}".')
    if suffix == ".csv":
        text = table.assign(simulated=simulated).to_csv(index=False, lineterminator="\n")
    else:
        lines = [_line(table.columns), "|" + "---|" * len(table.columns)]
        lines += [_line(row) for row in table.itertuples(index=False)]
        text = "\n".join([*lines, "", *(f"{note}\n" for note in notes), f"**{closing_line(simulated)}**", ""])
    with atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")
    return path


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _published(row: ComparedNetwork, name: str) -> str:
    value = row.published.get(name)
    return NOT_MEASURED if value is None else f"{value:.4f}"
