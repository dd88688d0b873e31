"""``cervixrisk demo``: both studies the whole way on simulated images, from nothing to pictures of answers."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import RESEARCH_USE_NOTICE
from .options import JobsOption, JsonFlag, examples
from .output import print_json, print_lines, print_panel, remark
from .progress_bar import ProgressBar

if TYPE_CHECKING:
    from ..cohort import Cohort
    from .study_demo import StudyDemo

EXAMPLES = examples("cervixrisk demo", "cervixrisk demo --output trial --cases 60")


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where everything goes.")] = Path(
        "demo"
    ),
    cases: Annotated[int, typer.Option("--cases", min=40, max=10_000, help="Size of each simulated cohort.")] = 200,
    jobs: JobsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Simulate cohorts, train on them, answer for cases the models have not seen, draw the answers, write the reports.

    First lymph node metastasis on ultrasound, then the treatment group on MRI. Takes a few minutes on two cores. All
    images are simulated: what you see shows how the program works, and says nothing about any patient.
    """
    from ..cohort import load_cohort
    from ..staging import StagingSettings, load_staging_cohort
    from .demo_plnm import run_plnm_demo
    from .demo_staging import run_staging_demo

    remark(f"Everything here is SIMULATED. {RESEARCH_USE_NOTICE}")
    with_network = importlib.util.find_spec("torch") is not None
    if not with_network:
        remark(
            "PyTorch is not installed, so the demo answers from radiomics alone and leaves the treatment group out; "
            'pip install "cervixrisk[train]" adds both.'
        )
    with ProgressBar() as progress:
        plnm = run_plnm_demo(output, cases=cases, jobs=jobs, progress=progress)
        staging = run_staging_demo(output, cases=cases, jobs=jobs, progress=progress) if with_network else None
    plnm_files = {"Bundle": plnm.result.bundle_path} | _extras(
        plnm, {"heatmap": "heatmap.nrrd", "nomogram": "nomogram.png", "picture": "slice.png"}, output
    )
    staging_files = {}
    if staging is not None:
        staging_files = {"Bundle": staging.result.bundle_path} | _extras(
            staging, {"heatmap": "staging-heatmap.nrrd", "picture": "staging-slice.png"}, output
        )
    plnm_files |= _study_report(plnm, load_cohort(plnm.table), output / "report")
    if staging is not None:
        images = load_staging_cohort(staging.table, StagingSettings())
        staging_files |= _study_report(staging, images, output / "staging-report")
    if as_json:
        _print_json(plnm, plnm_files, staging, staging_files)
        return
    _print_plnm(plnm, plnm_files)
    if staging is not None:
        _print_staging(staging, staging_files)


def _extras(shown: StudyDemo, wanted: dict[str, str], output: Path) -> dict[str, Path]:
    """The files beside the answer; what a missing package would draw is said and left out."""
    from ..errors import MissingComponentError
    from .predict import write_extras

    written: dict[str, Path] = {}
    for kind, name in wanted.items():
        try:
            written |= write_extras(shown.predictor, shown.case, shown.prediction, **{kind: output / name})
        except MissingComponentError as error:
            remark(str(error))
    return written


def _study_report(shown: StudyDemo, images: Cohort, folder: Path) -> dict[str, Path]:
    """How good the model is, beside what it answered."""
    from .training_report import report_training

    return report_training(shown.result.bundle_path, folder, images, shown.result.examples, "auto")


def _print_plnm(shown: StudyDemo, files: dict[str, Path]) -> None:
    from .answer import prediction_lines
    from .train import print_training

    print_training(shown.result)
    print_lines([shown.ceiling()])
    print_panel("SIMULATED: pelvic lymph node metastasis of an unseen case", prediction_lines(shown.prediction))
    print_lines(["This case was picked for its picture; the table above says how good the model is."])
    print_lines(f"{name}: {path}" for name, path in files.items())


def _print_staging(shown: StudyDemo, files: dict[str, Path]) -> None:
    from .answer import prediction_lines
    from .train_staging import print_staging

    print_lines([""])
    print_staging(shown.result)
    print_lines([shown.ceiling()])
    print_panel("SIMULATED: treatment group of an unseen case", prediction_lines(shown.prediction))
    print_lines(f"{name}: {path}" for name, path in files.items())


def _print_json(
    plnm: StudyDemo, plnm_files: dict[str, Path], staging: StudyDemo | None, staging_files: dict[str, Path]
) -> None:
    from .answer import prediction_json

    print_json(
        {
            "simulated": True,
            **{
                name: {
                    "metrics": shown.result.manifest.metrics,
                    "prediction": prediction_json(shown.prediction),
                    "files": {key: str(path) for key, path in files.items()},
                }
                for name, shown, files in (("plnm", plnm, plnm_files), ("staging", staging, staging_files))
                if shown is not None
            },
        }
    )
