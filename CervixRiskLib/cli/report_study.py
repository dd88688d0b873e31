"""``cervixrisk report study``: how good a trained model is, every table and figure of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import JsonFlag, examples
from .output import print_json, print_lines
from .progress_bar import ProgressBar

EXAMPLES = examples(
    "cervixrisk report study model.zip --output report",
    "cervixrisk report study model_report --output model_report",
    "cervixrisk report study staging.zip -o report --no-pdf --no-figures",
)


def study(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="BUNDLE|RUN",
            help="The trained model, or the folder that training wrote beside it. Only that folder has the pictures of "
            "example cases: they are patients' data and never part of a bundle.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="An earlier report in it is replaced, other files are left alone."
        ),
    ],
    no_pdf: Annotated[bool, typer.Option("--no-pdf", help="Do not write report.pdf.")] = False,
    no_figures: Annotated[
        bool, typer.Option("--no-figures", help="Do not write the figures as files; page and PDF have them anyway.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """How good a trained model is, in every table and figure, and what must be known to believe it.

    Writes index.html (one page that needs no network), report.pdf, report.json (every number by its name),
    MODEL_CARD.md, and the figures as SVG and PNG. All numbers are computed anew from the scores that training kept in
    the bundle: out-of-fold scores ('honest'), and those of the printed protocol ('paper') beside them.

    Training writes this report by itself; make it again after an update, or from a bundle that was handed to you.
    """
    from ..bundle.study_file import load_study
    from ..report.study.writer import FIGURES, FORMATS, PDF, check_study_folder, write_study_report
    from .destinations import check_destinations

    left_out = [PDF] * no_pdf + [FIGURES] * no_figures
    formats = [name for name in FORMATS if name not in left_out]
    check_study_folder(output, formats)
    check_destinations([output / "report.json"], [])
    found = load_study(source)
    with ProgressBar() as progress:
        files = write_study_report(found, output, formats=formats, progress=progress)
    if as_json:
        print_json({"simulated": found.manifest.simulated, "folder": str(output), "files": [str(p) for p in files]})
        return
    print_lines(
        [
            *(["SIMULATED: these numbers say nothing about any patient."] if found.manifest.simulated else []),
            f"Report: {files[0]} ({len(files)} files)",
        ]
    )
