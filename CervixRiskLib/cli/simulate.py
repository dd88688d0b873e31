"""``cervixrisk simulate``: cohorts with a known truth, to learn and to test with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import JobsOption, JsonFlag, SeedOption, examples
from .output import print_json, print_lines
from .progress_bar import ProgressBar

app = typer.Typer(no_args_is_help=True, help="Simulate a cohort with a known truth, to learn and to test with.")


OutputFolder = Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the cohort; made if it is not there.")]
CasesOption = Annotated[int, typer.Option("--cases", min=2, max=100_000, help="How many patients.")]
EffectOption = Annotated[
    float, typer.Option("--effect", min=0.0, max=2.0, help="How much the images tell: 0 nothing, 1 as usual.")
]


@app.command(
    "ultrasound",
    epilog=examples(
        "cervixrisk simulate ultrasound cohort --cases 200 --seed 7",
        "cervixrisk simulate ultrasound easy --cases 60 --effect 2",
    ),
)
def ultrasound(
    output: OutputFolder,
    cases: CasesOption = 100,
    seed: SeedOption = 42,
    prevalence: Annotated[
        float, typer.Option("--prevalence", min=0.0, max=1.0, help="Share of patients with metastasis.")
    ] = 0.26,
    effect: EffectOption = 1.0,
    jobs: JobsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Ultrasound slices of cervical tumours with contours and clinical columns.

    Speckle, attenuation and lesions are computed; the clinical columns follow the published Table 1 by class. Writes
    cohort.csv, the images and masks, and simulation.json, which marks everything made from it as simulated.
    """
    from ..cohort.simulation import simulate_ultrasound

    with ProgressBar() as progress:
        table = simulate_ultrasound(
            output, cases, seed, prevalence=prevalence, effect=effect, jobs=jobs, progress=progress
        )
    if as_json:
        print_json({"cohort": str(table), "cases": cases, "seed": seed, "simulated": True})
        return
    print_lines([f"{cases} simulated cases: {table}", f"Next: cervixrisk train plnm {table} --output model.zip"])


@app.command(
    "mri",
    epilog=examples(
        "cervixrisk simulate mri cohort --cases 200 --seed 42",
        "cervixrisk simulate mri two-weightings --cases 60 --t1",
    ),
)
def mri(
    output: OutputFolder,
    cases: CasesOption = 100,
    seed: SeedOption = 42,
    effect: EffectOption = 1.0,
    t1: Annotated[bool, typer.Option("--t1", help="Add the T1-weighted image of each section.")] = False,
    jobs: JobsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """T2-weighted MRI sections through the cervix with contours and FIGO 2018 stages.

    Pelvis, tumour, coils and noise are computed; stages follow the published Table 1, and the size of the tumour and
    gaps in the dark stromal ring follow the stage. Writes cohort.csv, the images and masks, and simulation.json, which
    marks everything made from it as simulated.
    """
    from ..cohort.simulation import simulate_mri

    with ProgressBar() as progress:
        table = simulate_mri(output, cases, seed, effect=effect, t1=t1, jobs=jobs, progress=progress)
    if as_json:
        print_json({"cohort": str(table), "cases": cases, "seed": seed, "simulated": True})
        return
    print_lines([f"{cases} simulated cases: {table}", f"Next: cervixrisk train staging {table} --output model.zip"])
