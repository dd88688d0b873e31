"""The comparison of staging networks on the screen: the table of the study report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import print_table, remark

if TYPE_CHECKING:
    from ..staging import StagingResult


def print_comparison(result: StagingResult) -> None:
    """Every network's measures with their intervals, the published value beside."""
    from ..bundle.study_file import Study
    from ..report.study.cells import cell_text
    from ..report.study.staging_networks import networks_table

    table = networks_table(Study(result.manifest, result.record, ""))
    head = list(table.head)
    if table.groups:
        own = sum(span for _, span in table.groups[:-1])
        head[own:] = [f"{name}, published" for name in head[own:]]
    print_table(table.title, head, ([cell_text(cell) for cell in row] for row in table.rows))
    for note in table.notes:
        remark(note)
