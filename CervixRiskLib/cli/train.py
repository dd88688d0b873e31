"""``cervixrisk train``: from a cohort to a validated bundle."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..plnm.settings import Effort, FineTuning, Harmonisation, TrainingProtocol, TrainingSettings
from .agreement_options import Bound, Rule
from .options import (
    DeviceOption,
    EngineOption,
    JobsOption,
    JsonFlag,
    PresetOption,
    SchedulerOption,
    SeedOption,
    SkipInvalidFlag,
    examples,
)
from .output import print_json, print_lines, print_table, remark
from .progress_bar import ProgressBar
from .reading_options import DatabaseOption
from .train_staging import EXAMPLES as STAGING_EXAMPLES
from .train_staging import staging
from .training_readings import (
    IccAnalysisOption,
    IccBoundOption,
    IccRuleOption,
    IccThresholdOption,
    PerturbOption,
    ReadingOption,
    icc_of_study,
)
from .training_report import NoReportFlag, ReportOption, report_folder, report_training
from .training_tables import FeaturesOption, read_training_tables
from .validation_table import METRIC_HEAD, metric_rows

if TYPE_CHECKING:
    from ..plnm import TrainingResult

app = typer.Typer(no_args_is_help=True, help="Train a model on a cohort of your own and validate it honestly.")


class Network(str, Enum):
    """The networks of the PLNM study."""

    densenet121 = "densenet121"
    resnet50 = "resnet50"
    alexnet = "alexnet"
    all = "all"


@app.command(
    "plnm",
    epilog=examples(
        "cervixrisk train plnm cohort/cohort.csv --output model.zip",
        "cervixrisk train plnm cohort.csv -o quick.zip --effort quick --no-deep",
        "cervixrisk train plnm --features features.csv --outcome label -o model.zip",
        "cervixrisk train plnm reviewed/cohort.csv -o model.zip --reading study",
        "cervixrisk train plnm cohort.csv -o model.zip --weights densenet121.safetensors --clinical rbc_count "
        "--clinical maximum_diameter",
    ),
)
def plnm(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="BUNDLE", help="The bundle: a folder or a .zip.")],
    cohort: Annotated[
        Path | None,
        typer.Argument(
            metavar="[COHORT]", help="The cohort table: case_id, image, roi, outcome, …", show_default=False
        ),
    ] = None,
    features: FeaturesOption = None,
    network: Annotated[Network, typer.Option("--network", help="Network whose features join the radiomics.")] = (
        Network.densenet121
    ),
    weights: Annotated[
        str, typer.Option("--weights", metavar="imagenet|none|FILE", help="Its weights: by name, random, or a file.")
    ] = "imagenet",
    finetune: Annotated[
        FineTuning, typer.Option("--finetune", help="Which part of the network learns from the cohort.")
    ] = FineTuning.NONE,
    no_deep: Annotated[bool, typer.Option("--no-deep", help="Radiomics alone; needs no PyTorch.")] = False,
    effort: Annotated[
        Effort,
        typer.Option(
            "--effort",
            help="quick: three classifiers, one 5-fold. standard: all eight, two repeats. full: all eight, 5 x 10 "
            "folds and a permutation test.",
        ),
    ] = Effort.STANDARD,
    protocol: Annotated[
        TrainingProtocol,
        typer.Option("--protocol", help="honest: everything refitted in every resample. paper: as printed, stamped."),
    ] = TrainingProtocol.HONEST,
    classifier: Annotated[
        list[str] | None,
        typer.Option(
            "--classifier",
            metavar="NAME",
            help="Try only this classifier, such as logistic_regression or svm; repeat it for more.",
            show_default=False,
        ),
    ] = None,
    preset: PresetOption = "wang2025",
    engine: EngineOption = "cervixrisk",
    icc: Annotated[
        Path | None,
        typer.Option(
            "--icc",
            metavar="TABLE.csv",
            help="Reproducibility of the features: columns feature, inter_icc, intra_icc.",
            show_default=False,
        ),
    ] = None,
    reading: ReadingOption = None,
    database: DatabaseOption = None,
    icc_threshold: IccThresholdOption = 0.75,
    icc_rule: IccRuleOption = Rule.either,
    icc_bound: IccBoundOption = Bound.estimate,
    icc_analysis: IccAnalysisOption = None,
    icc_perturb: PerturbOption = 0,
    outcome: Annotated[str, typer.Option("--outcome", metavar="COLUMN", help="The outcome's column, 0 or 1.")] = (
        "outcome"
    ),
    clinical: Annotated[
        list[str] | None,
        typer.Option(
            "--clinical",
            metavar="NAME",
            help="Use exactly this clinical column; repeat it for more. Without it the columns are selected.",
            show_default=False,
        ),
    ] = None,
    no_clinical: Annotated[bool, typer.Option("--no-clinical", help="Use no clinical columns.")] = False,
    seed: SeedOption = 42,
    jobs: JobsOption = None,
    scheduler: SchedulerOption = None,
    skip_invalid: SkipInvalidFlag = False,
    shuffle_outcome: Annotated[
        bool,
        typer.Option("--shuffle-outcome", help="A check: permute the outcomes first. The AUC must then be about 0.5."),
    ] = False,
    permutations: Annotated[
        int | None,
        typer.Option(
            "--permutations",
            metavar="N",
            min=0,
            help="Permute the outcomes so often, to see whether chance could do as well.  [default: 100 with full]",
            show_default=False,
        ),
    ] = None,
    optimism: Annotated[
        int | None,
        typer.Option(
            "--optimism",
            metavar="N",
            min=0,
            help="Bootstrap resamples for the optimism.  [default: 20 with standard, 50 with full]",
            show_default=False,
        ),
    ] = None,
    harmonise: Annotated[
        Harmonisation,
        typer.Option(
            "--harmonise",
            help="combat: also judge the model with radiomics harmonised between centres. The bundle's is not.",
        ),
    ] = Harmonisation.NONE,
    report: ReportOption = None,
    no_report: NoReportFlag = False,
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Pelvic lymph node metastasis from one ultrasound slice a patient.

    Features, network, selection, classifier, clinical predictors, nomogram and calibration are fitted, and fitted again
    in every resample. The bundle holds the model, its numbers with 95 % intervals, and a model card.
    """
    from ..bundle import check_destination
    from ..errors import SettingsError
    from ..plnm import train

    if clinical and no_clinical:
        raise SettingsError("--clinical and --no-clinical contradict each other: give one of them.")
    if icc is not None and reading is not None:
        raise SettingsError("--icc and --reading contradict each other: give one of them.")
    if icc_perturb and reading is None:
        raise SettingsError("--icc-perturb needs the contours of a reader study: give it by --reading.")
    if features is not None and (reading is not None or finetune is not FineTuning.NONE):
        raise SettingsError("--features comes without images: --reading and --finetune do not go with it.")
    settings = TrainingSettings(
        networks=() if no_deep or features is not None else (network.value,),
        weights=weights,
        fine_tuning=finetune,
        effort=effort,
        protocol=protocol,
        preset=preset,
        engine=engine,
        icc_table=icc,
        icc_threshold=icc_threshold,
        icc_rule=icc_rule.value,
        icc_bound=icc_bound.value,
        icc_analyses=tuple(one.value for one in icc_analysis) if icc_analysis else None,
        outcome=outcome,
        clinical=() if no_clinical else (tuple(clinical) if clinical else None),
        seed=seed,
        jobs=jobs,
        scheduler=scheduler,
        skip_invalid=skip_invalid,
        shuffle_outcome=shuffle_outcome,
        device=device,
        classifiers=tuple(classifier or ()),
        permutations=permutations,
        optimism=optimism,
        harmonise=harmonise,
    )
    check_destination(output)
    folder = report_folder(output, report, no_report)
    table, given = read_training_tables(cohort, features, outcome=outcome, skip_invalid=skip_invalid)
    for problem in table.excluded:
        remark(f"Left out: {problem}")
    for note in table.notes:
        remark(note)
    with ProgressBar() as progress:
        agreement = None
        if reading is not None:
            agreement = icc_of_study(
                reading,
                database=database,
                preset=preset,
                engine=engine,
                perturb=icc_perturb,
                jobs=jobs,
                scheduler=scheduler,
                skip_invalid=skip_invalid,
                progress=progress,
            )
        result = train(table, settings, output, progress, icc=agreement, features=given)
    if not as_json:
        # Before the report, so that the numbers are there whatever becomes of it.
        print_training(result)
    files = {}
    if folder is not None:
        files = report_training(result.bundle_path, folder, None if features else table, result.examples, device)
    if as_json:
        print_json(
            {
                "bundle": str(result.bundle_path),
                "simulated": table.simulated,
                "metrics": result.metrics,
                "files": {name: str(path) for name, path in files.items()},
            }
        )
        return
    print_lines(f"{name}: {path}" for name, path in files.items())


def print_training(result: TrainingResult) -> None:
    """What was decided and how good it is, on stdout."""
    manifest = result.manifest
    print_lines(result.notes)
    print_table("Validation", METRIC_HEAD, metric_rows(manifest.metrics))
    print_lines(
        [
            *(["SIMULATED: these numbers say nothing about any patient."] if manifest.simulated else []),
            f"Bundle: {result.bundle_path}",
        ]
    )


app.command("staging", epilog=STAGING_EXAMPLES)(staging)
