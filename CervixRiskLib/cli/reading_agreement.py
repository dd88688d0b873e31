"""``cervixrisk reading agreement``: how far the readers of a study agree, in contours and in features."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from .agreement_options import ANALYSIS_HELP, BOUND_HELP, RULE_HELP, Analysis, Bound, Rule
from .options import EngineOption, JobsOption, JsonFlag, PresetOption, SchedulerOption, SkipInvalidFlag, examples
from .output import print_json, print_lines, print_table, remark
from .progress_bar import ProgressBar
from .reading_options import DatabaseOption, StudyArgument, opened

AGREEMENT_EXAMPLES = examples(
    "cervixrisk reading agreement study --output agreement",
    "cervixrisk reading agreement study -o agreement --preset slice2d --bound lower",
    "cervixrisk reading agreement study -o robustness --perturb 10",
    "cervixrisk reading agreement study -o contours --no-features",
)


class Form(str, Enum):
    """Shrout & Fleiss's six forms."""

    icc_1_1 = "ICC(1,1)"
    icc_2_1 = "ICC(2,1)"
    icc_3_1 = "ICC(3,1)"
    icc_1_k = "ICC(1,k)"
    icc_2_k = "ICC(2,k)"
    icc_3_k = "ICC(3,k)"


def agreement(
    study: StudyArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for tables and figures.")],
    preset: PresetOption = "wang2025",
    form: Annotated[Form, typer.Option("--form", help="Form of the readers' ICC.")] = Form.icc_2_1,
    threshold: Annotated[
        float, typer.Option("--threshold", min=-1.0, max=1.0, help="Smallest ICC of a reproducible feature.")
    ] = 0.75,
    rule: Annotated[Rule, typer.Option("--rule", help=RULE_HELP)] = Rule.either,
    bound: Annotated[Bound, typer.Option("--bound", help=BOUND_HELP)] = Bound.estimate,
    analysis: Annotated[
        list[Analysis] | None, typer.Option("--analysis", help=ANALYSIS_HELP, show_default=False)
    ] = None,
    perturb: Annotated[
        int,
        typer.Option(
            "--perturb",
            metavar="N",
            min=0,
            max=100,
            help="Also perturb every first contour of the primary reader N times: an alternative to further readers, "
            "not agreement between people.",
        ),
    ] = 0,
    perturb_form: Annotated[
        Form,
        typer.Option("--perturb-form", help="Form of that ICC; perturbed contours have no reader in common."),
    ] = Form.icc_1_1,
    features: Annotated[
        bool, typer.Option("--features/--no-features", help="Contours alone, without features.")
    ] = True,
    engine: EngineOption = "cervixrisk",
    jobs: JobsOption = None,
    scheduler: SchedulerOption = None,
    skip_invalid: SkipInvalidFlag = False,
    database: DatabaseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure how far the readers agree, on their contours as they were before any review.

    Inter-observer: the primary reader against every second reader. Intra-observer: the primary reader's first contours
    against the repeat. Overlap, distances and limits of agreement of the sizes for every two readings; the ICC of every
    feature over all readers at once. Measured features are kept in the study: the next call is quick.
    """
    from ..errors import SettingsError
    from ..reading import AgreementSettings, study_agreement
    from ..reading.reproducibility_rule import rule_of
    from ..report.agreement_report import check_report_folder, write_agreement_report
    from ..report.agreement_summary import FEATURE_HEAD, PAIR_HEAD, feature_rows, pair_rows, summary_json, verdict

    if perturb and not features:
        raise SettingsError("--perturb measures features and --no-features does not: give one of them.")
    check_report_folder(output)
    settings = AgreementSettings(
        features=features,
        preset=preset,
        engine=engine,
        form=form.value,
        perturb=perturb,
        perturbation_form=perturb_form.value,
        rule=rule_of(threshold, rule.value, bound.value, [one.value for one in analysis] if analysis else None),
    )
    place = opened(study, database)
    with ProgressBar() as progress:
        found = study_agreement(
            place, settings, jobs=jobs, scheduler=scheduler, skip_invalid=skip_invalid, progress=progress
        )
        files = write_agreement_report(place, found, output, progress=progress)
    if as_json:
        print_json({**summary_json(found), "output": str(output), "files": list(files)})
        return
    for note in found.notes:
        remark(note)
    if found.simulated:
        print_lines(["SIMULATED: these numbers say nothing about any reader."])
    if found.contours.summaries:
        print_table("Contours: median (quartiles; worst case)", PAIR_HEAD, pair_rows(found))
    if found.features is not None:
        print_table(f"Features of {found.features.preset}", FEATURE_HEAD, feature_rows(found))
        print_lines([verdict(found)])
    chosen = "" if preset == "wang2025" else f" --preset {preset}"
    following = f"Next: cervixrisk train plnm COHORT --reading {study}{chosen} --output model.zip"
    print_lines([f"Tables and figures: {output}", *([following] if found.kept else [])])
