"""``cervixrisk validate``: how a trained model does on further patients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .asked_program import asked_program
from .options import DeviceOption, JsonFlag, Runtime, RuntimeOption, examples
from .output import print_json, print_lines, remark
from .progress_bar import ProgressBar

if TYPE_CHECKING:
    from ..bundle import Bundle
    from .validation_answers import Answered

EXAMPLES = examples(
    "cervixrisk validate model.zip cohort.csv --output validation",
    "cervixrisk validate staging.zip mri.csv -o validation --training-cohort training/cohort.csv",
    "cervixrisk validate model.zip features.csv -o validation --outcome label",
)
_MOST_REMARKS = 20


def validate(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The trained model, as it was handed over.")],
    cohort: Annotated[
        Path,
        typer.Argument(
            metavar="COHORT",
            help="A cohort table with known outcomes, of patients that the model has not seen; a table of features for "
            "models that were trained on one.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="An earlier validation in it is replaced, other files are left alone.",
        ),
    ],
    outcome: Annotated[str, typer.Option("--outcome", metavar="COLUMN", help="The column of the outcome.")] = "outcome",
    training_cohort: Annotated[
        Path | None,
        typer.Option(
            "--training-cohort",
            metavar="COHORT",
            help="The table that the model was trained on, where you have it: no image may be in both.",
        ),
    ] = None,
    no_pdf: Annotated[bool, typer.Option("--no-pdf", help="Do not write report.pdf.")] = False,
    no_figures: Annotated[
        bool, typer.Option("--no-figures", help="Do not write the figures as files; page and PDF have them anyway.")
    ] = False,
    device: DeviceOption = "auto",
    runtime: RuntimeOption = Runtime.auto,
    as_json: JsonFlag = False,
) -> None:
    """How a trained model does on your own patients, before you believe it: external validation.

    The model answers every case as it is; nothing is fitted to these patients. Writes index.html (one page that needs
    no network), report.pdf, report.json, the figures, and answers.csv, which names cases and stays with you:
    discrimination, calibration, measures at the model's threshold, decision curve, coverage of prediction sets and
    subgroups, all beside the model's own validation.

    Cases that cannot be used or answered are counted and listed; the others go on.
    """
    from ..bundle import load_bundle
    from ..report.study.writer import FIGURES, FORMATS, PDF
    from ..report.validation.validation_document import validation_document
    from ..report.validation.writer import check_validation_folder, write_validation
    from .destinations import check_destinations
    from .validation_inputs import answers_table, external_validation

    formats = [name for name in FORMATS if name not in [PDF] * no_pdf + [FIGURES] * no_figures]
    check_validation_folder(output, formats)
    check_destinations([output / "report.json"], [])
    loaded = load_bundle(bundle)
    answered, overlap = _answered(loaded, bundle, cohort, outcome, training_cohort, device, runtime.value)
    validation = external_validation(loaded, answered, *overlap)
    document = validation_document(validation)
    table = answers_table(answered, validation)
    with ProgressBar() as progress:
        files = write_validation(document, loaded.manifest, output, table, formats=formats, progress=progress)
    if as_json:
        summary = {
            "headline": document.headline,
            "simulated": validation.simulated,
            "answered": len(answered.answers),
            "left_out": [str(problem) for problem in answered.cohort.excluded],
            "not_answered": [f"{case_id}: {reason}" for case_id, reason in answered.failures.items()],
            "files": [str(path) for path in files],
        }
        print_json(summary)
        return
    _tell(answered, validation.simulated)
    print_lines([document.headline, f"Report: {files[0]} ({len(files)} files)"])


def _answered(
    loaded: Bundle, bundle: Path, path: Path, outcome: str, training: Path | None, device: str, runtime: str
) -> tuple[Answered, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The answers, and what is known of patients who were in the training cohort."""
    from ..cohort.seen_before import check_not_training_table, known_of_overlap
    from ..errors import CohortError, SettingsError
    from .validation_answers import answer_labelled, answer_labelled_features, labelled_cohort, training_table

    known_hash = loaded.manifest.training.cohort_hash
    if loaded.manifest.details.get("given_features"):
        if training is not None:
            raise SettingsError("--training-cohort compares images; this model was trained on a table of features.")
        with ProgressBar() as progress:
            answered = answer_labelled_features(loaded, path, outcome, progress)
        check_not_training_table(answered.cohort, known_hash)
        overlap: tuple[tuple[str, ...], tuple[str, ...]] = (
            (
                "It is not the table that the model was trained on. Features were measured elsewhere, so no image "
                "could be compared.",
            ),
            (),
        )
    else:
        with asked_program(bundle, device=device, runtime=runtime) as program:
            cohort = labelled_cohort(path, outcome, loaded.manifest, program)
            check_not_training_table(cohort, known_hash)
            overlap = known_of_overlap(cohort, None if training is None else training_table(training))
            with ProgressBar() as progress:
                answered = answer_labelled(cohort, program, progress)
    if not answered.answers:
        first = next(iter(answered.failures.values()), "")
        raise CohortError(f"The model could answer none of the cases. The first: {first}")
    return answered, overlap


def _tell(answered: Answered, simulated: bool) -> None:
    """What was left out, on stderr."""
    lines = [f"Left out: {problem}" for problem in answered.cohort.excluded]
    lines += [f"Not answered: {case_id}: {reason}" for case_id, reason in answered.failures.items()]
    for line in lines[:_MOST_REMARKS]:
        remark(line)
    if len(lines) > _MOST_REMARKS:
        remark(f"… and {len(lines) - _MOST_REMARKS} more: the report counts them, answers.csv names them.")
    if simulated:
        remark("SIMULATED: these numbers say nothing about any patient.")
