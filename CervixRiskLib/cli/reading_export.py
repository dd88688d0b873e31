"""``cervixrisk reading export``: the final contours as a cohort."""

from __future__ import annotations

import shlex
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from .options import JsonFlag, examples
from .output import print_json, print_lines, remark
from .progress_bar import ProgressBar
from .reading_options import DatabaseOption, StudyArgument, opened

EXPORT_EXAMPLES = examples(
    "cervixrisk reading export study --cohort cohort/cohort.csv --output reviewed",
    "cervixrisk reading export study --cohort cohort/cohort.csv --output primary --consensus primary",
)


class ConsensusRule(str, Enum):
    """Which contour stands for a case."""

    review = "review"
    staple = "staple"
    primary = "primary"


def export(
    study: StudyArgument,
    cohort: Annotated[
        Path, typer.Option("--cohort", metavar="TABLE", help="The cohort table that the study was made of.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for the cohort.")],
    consensus: Annotated[
        ConsensusRule,
        typer.Option(
            "--consensus",
            help="Whose contour stands for a case. review: what the reviewer accepted or drew; staple: an estimate "
            "from all first contours, for three readers and more; primary: the primary reader's.",
        ),
    ] = ConsensusRule.review,
    skip_unreviewed: Annotated[
        bool, typer.Option("--skip-unreviewed", help="Leave out cases that have no such contour yet, and list them.")
    ] = False,
    database: DatabaseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a cohort with the final contours, to train from.

    OUTPUT is a new folder: cohort.csv with every column of the table, rois, consensus.csv (where each contour comes
    from), audit_trail.csv and study.json. Images stay where they are, and must be those that the study was made of.
    """
    from ..reading import Consensus, export_cohort

    with ProgressBar() as progress:
        made = export_cohort(
            opened(study, database),
            cohort,
            output,
            Consensus(consensus.value),
            skip_unreviewed=skip_unreviewed,
            progress=progress,
        )
    table = output / "cohort.csv"
    if as_json:
        print_json(
            {
                "table": str(table),
                "cases": made.cases,
                "consensus": consensus.value,
                "left_out": list(made.left_out),
                "notes": list(made.notes),
            }
        )
        return
    for line in made.left_out:
        remark(f"Left out: {line}")
    for note in made.notes:
        remark(note)
    print_lines(
        [
            f"{made.cases} cases: {table}",
            "Next: cervixrisk "
            + shlex.join(["train", "plnm", str(table), "--reading", str(study), "--output", "model.zip"]),
        ]
    )
