"""``cervixrisk extract``: the radiomic features of a whole cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    EngineOption,
    JobsOption,
    JsonFlag,
    PresetOption,
    SchedulerOption,
    SkipInvalidFlag,
    examples,
)
from .output import print_json, print_lines, remark
from .progress_bar import ProgressBar

EXAMPLES = examples(
    "cervixrisk extract cohort/cohort.csv --output features.parquet",
    "cervixrisk extract cohort/cohort.csv --preset slice2d --output features.csv --jobs 4",
)


def extract(
    cohort: Annotated[Path, typer.Argument(metavar="COHORT", help="The cohort table: case_id, image, roi, outcome, …")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The table of features: a .parquet or .csv file."),
    ],
    preset: PresetOption = "wang2025",
    engine: EngineOption = "cervixrisk",
    jobs: JobsOption = None,
    scheduler: SchedulerOption = None,
    skip_invalid: SkipInvalidFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Compute the features of every case of a cohort, on all cores.

    Finished cases are kept in OUTPUT.cases: after an interruption, or with more cases, the same command does only what
    is missing. That folder can be deleted. The output is a .parquet or .csv table with one row a case.
    """
    from ..cohort import extract_cohort, load_cohort, write_features
    from ..errors import SettingsError
    from .destinations import check_destinations

    if output.suffix.lower() not in (".parquet", ".csv"):
        raise SettingsError("Features are written to a .parquet or a .csv file: choose a name with that ending.")
    check_destinations([output], [cohort])
    table = load_cohort(cohort, skip_invalid=skip_invalid, require_outcome=False)
    with ProgressBar() as progress:
        extraction = extract_cohort(
            table,
            preset=preset,
            engine=engine,
            work_dir=output.with_name(output.name + ".cases"),
            jobs=jobs,
            scheduler=scheduler,
            skip_invalid=skip_invalid,
            progress=progress,
        )
    write_features(output, extraction)
    left_out = [*map(str, table.excluded), *map(str, extraction.failed)]
    if as_json:
        print_json(
            {
                "output": str(output),
                "cases": len(extraction.features),
                "features": extraction.features.shape[1],
                "reused": extraction.reused,
                "simulated": table.simulated,
                "left_out": left_out,
            }
        )
        return
    for line in left_out:
        remark(f"Left out: {line}")
    print_lines([f"{len(extraction.features)} cases, {extraction.features.shape[1]} features: {output}"])
