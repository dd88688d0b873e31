"""``cervixrisk simulate``: cohorts with a known truth, to learn and to test with."""

from __future__ import annotations

import json
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
ReadersOption = Annotated[
    int,
    typer.Option(
        "--readers",
        min=1,
        max=26,
        help="How many readers contour every case. The first one's contours are the cohort's; more add readings.csv "
        "and the folder readings, for a reader study.",
    ),
]
RepeatFlag = Annotated[
    bool, typer.Option("--repeat", help="The first reader contours every case again, eight weeks later.")
]
VariabilityOption = Annotated[
    float,
    typer.Option(
        "--variability",
        min=0.0,
        max=3.0,
        help="How far the readings lie apart: 0 all the same, 1 as usual (mean Dice .91 between the first and another "
        "reader, .94 between the first and her repeat), 2 about .82 and .87.",
    ),
]


@app.command(
    "ultrasound",
    epilog=examples(
        "cervixrisk simulate ultrasound cohort --cases 200 --seed 7",
        "cervixrisk simulate ultrasound easy --cases 60 --effect 2",
        "cervixrisk simulate ultrasound read --cases 60 --readers 2 --repeat",
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
    readers: ReadersOption = 1,
    repeat: RepeatFlag = False,
    variability: VariabilityOption = 1.0,
    jobs: JobsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Ultrasound slices of cervical tumours with contours and clinical columns.

    Speckle, attenuation and lesions are computed; the clinical columns follow the published Table 1 by class. Writes
    cohort.csv, the images and masks, and simulation.json, which marks everything made from it as simulated.

    Readers and a repeat can be added to a cohort later: run the same command again with --readers or --repeat. Nothing
    else changes, and a run that was stopped is taken up where it ended.
    """
    from ..cohort.simulation import simulate_ultrasound

    with ProgressBar() as progress:
        table = simulate_ultrasound(
            output,
            cases,
            seed,
            prevalence=prevalence,
            effect=effect,
            readers=readers,
            repeat=repeat,
            variability=variability,
            jobs=jobs,
            progress=progress,
        )
    _answer(table, cases, seed, "plnm", as_json)


@app.command(
    "mri",
    epilog=examples(
        "cervixrisk simulate mri cohort --cases 200 --seed 42",
        "cervixrisk simulate mri two-weightings --cases 60 --t1",
        "cervixrisk simulate mri read --cases 60 --readers 3 --repeat --variability 1.5",
    ),
)
def mri(
    output: OutputFolder,
    cases: CasesOption = 100,
    seed: SeedOption = 42,
    effect: EffectOption = 1.0,
    t1: Annotated[bool, typer.Option("--t1", help="Add the T1-weighted image of each section.")] = False,
    readers: ReadersOption = 1,
    repeat: RepeatFlag = False,
    variability: VariabilityOption = 1.0,
    jobs: JobsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """T2-weighted MRI sections through the cervix with contours and FIGO 2018 stages.

    Pelvis, tumour, coils and noise are computed; stages follow the published Table 1, and the size of the tumour and
    gaps in the dark stromal ring follow the stage. Writes cohort.csv, the images and masks, and simulation.json, which
    marks everything made from it as simulated.

    Readers and a repeat can be added to a cohort later: run the same command again with --readers or --repeat. Nothing
    else changes, and a run that was stopped is taken up where it ended.
    """
    from ..cohort.simulation import simulate_mri

    with ProgressBar() as progress:
        table = simulate_mri(
            output,
            cases,
            seed,
            effect=effect,
            t1=t1,
            readers=readers,
            repeat=repeat,
            variability=variability,
            jobs=jobs,
            progress=progress,
        )
    _answer(table, cases, seed, "staging", as_json)


def _answer(table: Path, cases: int, seed: int, study: str, as_json: bool) -> None:
    """Say what was made, and what can be done with it."""
    readings = table.with_name("readings.csv")
    # The folder's own word: it may hold readings from an earlier call.
    readers = json.loads(table.with_name("simulation.json").read_bytes()).get("readings", {}).get("readers", [])
    if as_json:
        answer = {"cohort": str(table), "cases": cases, "seed": seed, "simulated": True}
        print_json(answer | ({"readings": str(readings), "readers": readers} if readers else {}))
        return
    lines = [f"{cases} simulated cases: {table}"]
    if readers:
        second = "".join(f' --second "{reader}"' for reader in readers[1:])
        lines += [
            f"Readings by {', '.join(readers)}: {readings}",
            "Next, a reader study:",
            f"  cervixrisk reading create STUDY --cohort {_quoted(table)}",
            f'  cervixrisk reading assign STUDY --primary "{readers[0]}"{second} --reviewer NAME --cases {cases}',
            f"  cervixrisk reading import STUDY {_quoted(readings)}",
            f"Or without one: cervixrisk train {study} {_quoted(table)} --output model.zip",
        ]
    else:
        lines.append(f"Next: cervixrisk train {study} {_quoted(table)} --output model.zip")
    print_lines(lines)


def _quoted(path: Path) -> str:
    """The path as it is typed in any shell."""
    return f'"{path}"' if " " in str(path) else str(path)
