"""``train plnm --reading``: the agreement of a reader study as the training takes it, and the options for that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .agreement_options import ANALYSIS_HELP, BOUND_HELP, RULE_HELP, Analysis, Bound, Rule
from .output import remark
from .reading_options import opened

if TYPE_CHECKING:
    from ..plnm.icc_table import IccTable
    from ..progress import Progress

ReadingOption = Annotated[
    Path | None,
    typer.Option(
        "--reading",
        metavar="STUDY",
        help="A reader study: only features that its readers reproduce are used. Instead of --icc.",
        show_default=False,
    ),
]
IccThresholdOption = Annotated[
    float, typer.Option("--icc-threshold", min=0.0, max=1.0, help="Smallest ICC of a feature that is used.")
]
IccRuleOption = Annotated[Rule, typer.Option("--icc-rule", help=RULE_HELP)]
IccBoundOption = Annotated[Bound, typer.Option("--icc-bound", help=BOUND_HELP)]
IccAnalysisOption = Annotated[
    list[Analysis] | None, typer.Option("--icc-analysis", help=ANALYSIS_HELP, show_default=False)
]
PerturbOption = Annotated[
    int,
    typer.Option(
        "--icc-perturb",
        metavar="N",
        min=0,
        max=100,
        help="With --reading: perturb each first contour N times, an alternative to further readers. Decides beside "
        "readers only with --icc-analysis perturbation.",
    ),
]


def icc_of_study(
    folder: Path,
    *,
    database: str | None,
    preset: str,
    engine: str,
    perturb: int,
    jobs: int | None,
    scheduler: str | None,
    skip_invalid: bool,
    progress: Progress,
) -> IccTable:
    """The agreement of all features of the training's preset, measured or read from what was measured before."""
    from ..plnm.icc_table import IccTable
    from ..reading import compared_readings, feature_agreement

    study = opened(folder, database)
    found = feature_agreement(
        study,
        compared_readings(study),
        preset=preset,
        engine=engine,
        perturb=perturb,
        jobs=jobs,
        scheduler=scheduler,
        skip_invalid=skip_invalid,
        progress=progress,
    )
    for note in (*found.notes, *(f"Left out: {failure}" for failure in found.left_out)):
        remark(note)
    return IccTable(
        values=found.table(),
        origin=f"reader study {study.settings.study_id}",
        cases={analysis.kind: len(analysis.case_ids) for analysis in found.analyses},
        simulated=study.settings.simulated,
        preset_hash=found.preset_hash,
        pixel_size_known=found.pixel_size_known,
    )
