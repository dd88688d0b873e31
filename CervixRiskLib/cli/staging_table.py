"""The comparison of staging networks on the screen: the table of the study report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..bundle.study_file import Study
from ..report.study.cells import Cell, Estimate, cell_text
from ..report.study.published_staging import PUBLISHED
from ..report.study.staging_networks import networks_table
from .output import print_table, remark

if TYPE_CHECKING:
    from ..staging import StagingResult


def print_comparison(result: StagingResult) -> None:
    """Every network's measures with their intervals, and the published values below."""
    table = networks_table(Study(result.manifest, result.record, ""))
    first = 1
    # Beside each other, as on the page, they are too wide for a screen.
    spans = [span for _, span in table.groups[1:]] or [len(table.head) - 1]
    for title, span in zip((table.title, PUBLISHED), spans, strict=False):
        columns = (0, *range(first, first + span))
        short = _short if first == 1 else _as_printed
        rows = [[cell_text(short(row[place])) for place in columns] for row in table.rows]
        print_table(title, [table.head[place] for place in columns], rows)
        first += span
    for note in table.notes:
        remark(note)


def _short(cell: Cell) -> Cell:
    return replace(cell, digits=2) if isinstance(cell, Estimate) else cell


def _as_printed(cell: Cell) -> Cell:
    return cell
