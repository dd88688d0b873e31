"""``cervixrisk train staging``: from a cohort of MRI slices to a validated bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..staging.choices import Centre, Search, Validation
from .held_out_answers import write_held_out_answers
from .options import DeviceOption, JsonFlag, SeedOption, SkipInvalidFlag, examples
from .output import print_json, print_lines, remark
from .progress_bar import ProgressBar
from .training_report import NoReportFlag, ReportOption, report_folder, report_training

if TYPE_CHECKING:
    from ..staging import StagingResult

EXAMPLES = examples(
    "cervixrisk train staging cohort/cohort.csv --output staging.zip",
    "cervixrisk train staging cohort.csv -o staging.zip --network all --report report",
    "cervixrisk train staging cohort.csv -o quick.zip --weights none --size 96 --epochs 15",
    "cervixrisk train staging cohort.csv -o staging.zip --validation cv --search random --trials 10",
)


def staging(
    cohort: Annotated[
        Path,
        typer.Argument(
            metavar="COHORT",
            help="The cohort table: case_id, image, outcome or figo_stage; roi, image_t1, patient_id, split, …",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="BUNDLE", help="The bundle: a folder or a .zip.")],
    network: Annotated[
        str,
        typer.Option(
            "--network",
            metavar="all|NAME,…",
            help="hrnet_w32, densenet121, fbnetc_100, regnety_016, resnet50, shufflenet_v2_x1_0, "
            "vit_base_patch16_224; a name's beginning suffices. The bundle holds the first; the others are compared "
            "with it.",
        ),
    ] = "hrnet_w32",
    weights: Annotated[
        str, typer.Option("--weights", metavar="imagenet|none|FILE", help="Start from: by name, random, or a file.")
    ] = "imagenet",
    size: Annotated[int, typer.Option("--size", min=32, max=1024, help="Side of what the network sees, pixels.")] = 224,
    epochs: Annotated[int, typer.Option("--epochs", min=1, max=10_000, help="Passes over the training cases.")] = 100,
    learning_rate: Annotated[float, typer.Option("--learning-rate", help="Of SGD, at the start.")] = 0.01,
    batch: Annotated[int, typer.Option("--batch", min=2, max=1024, help="Slices a step.")] = 16,
    weight_decay: Annotated[float, typer.Option("--weight-decay", help="L2 regularisation.")] = 1e-4,
    patience: Annotated[
        int | None,
        typer.Option(
            "--patience",
            min=1,
            help="Stop when so many epochs brought nothing on cases held out of the training cases; the published "
            "training never stops early.",
            show_default=False,
        ),
    ] = None,
    search: Annotated[
        Search, typer.Option("--search", help="Search rate, batch and decay inside the training cases.")
    ] = Search.NONE,
    trials: Annotated[int, typer.Option("--trials", min=1, max=1000, help="Draws of the random search.")] = 8,
    validation: Annotated[
        Validation, typer.Option("--validation", help="holdout: 70:30 as published. cv: cross-validation.")
    ] = Validation.HOLDOUT,
    folds: Annotated[int, typer.Option("--folds", min=2, max=20, help="Of the cross-validation.")] = 5,
    test_fraction: Annotated[float, typer.Option("--test-fraction", help="Share of the patients held out.")] = 0.3,
    centre: Annotated[
        Centre,
        typer.Option("--centre", help="What the network looks at: around the contour, the slice, or auto."),
    ] = Centre.AUTO,
    field_of_view: Annotated[
        float, typer.Option("--field-of-view-mm", help="Side of the square around the contour, in mm.")
    ] = 120.0,
    vary_size: Annotated[
        bool,
        typer.Option(
            "--vary-size", help="Let augmentation scale tumours shown in mm, as published; the stage turns at 4 cm."
        ),
    ] = False,
    preprocessing: Annotated[
        Path | None,
        typer.Option(
            "--preprocessing",
            metavar="FILE.json",
            help="Denoising, edge filter and contrast, as in a bundle's bundle.json.",
            show_default=False,
        ),
    ] = None,
    keep_poor: Annotated[bool, typer.Option("--keep-poor", help="Keep blank, clipped and blurred slices too.")] = False,
    groups: Annotated[
        str | None,
        typer.Option(
            "--groups",
            metavar="NAME,NAME,…",
            help="Names of the groups in the order of outcome 0, 1, …  [default: surgery,chemoradiotherapy]",
            show_default=False,
        ),
    ] = None,
    outcome: Annotated[str, typer.Option("--outcome", metavar="COLUMN", help="The column of the groups.")] = "outcome",
    report: ReportOption = None,
    no_report: NoReportFlag = False,
    seed: SeedOption = 42,
    skip_invalid: SkipInvalidFlag = False,
    shuffle_outcome: Annotated[
        bool,
        typer.Option("--shuffle-outcome", help="A check: shuffle the groups first; the AUC must be near 0.5."),
    ] = False,
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """The treatment group (surgery, or chemoradiotherapy) from one MRI slice a patient.

    Trains as Dai et al. 2025 printed it, judges every network on patients it has not seen, and calibrates the bundle's
    probabilities on them. The report's folder also holds what each network answered to each of them (held_out.csv). A
    killed training goes on where it stopped when it is started again the same way.
    """
    from dataclasses import replace

    from ..bundle import check_destination
    from ..imaging import QualityLimits
    from ..networks import TrainingPlan
    from ..staging import StagingSettings, load_staging_cohort, train

    settings = StagingSettings(
        networks=network_names(network),
        weights=weights,
        plan=replace(
            TrainingPlan.published(),
            epochs=epochs,
            learning_rate=learning_rate,
            batch_size=batch,
            weight_decay=weight_decay,
            patience=patience,
        ),
        centre=centre,
        field_of_view_mm=field_of_view,
        vary_size=vary_size,
        preprocessing=_preprocessing(preprocessing, size),
        quality=None if keep_poor else QualityLimits(),
        validation=validation,
        test_fraction=test_fraction,
        folds=folds,
        search=search,
        trials=trials,
        group_order=tuple(part.strip() for part in groups.split(",")) if groups else (),
        seed=seed,
        shuffle_outcome=shuffle_outcome,
        skip_invalid=skip_invalid,
        device=device,
    )
    check_destination(output)
    folder = report_folder(output, report, no_report)
    table = load_staging_cohort(cohort, settings, outcome=outcome)
    for problem in table.excluded:
        remark(f"Left out: {problem}")
    with ProgressBar() as progress:
        result = train(table, settings, output, progress)
    if not as_json:
        # Before the report, so that the numbers are there whatever becomes of it.
        print_staging(result)
    files = {}
    if folder is not None:
        files = report_training(result.bundle_path, folder, table, result.examples, device)
        files["Held-out answers"] = write_held_out_answers(result, folder)
    if as_json:
        print_json(
            {
                "bundle": str(result.bundle_path),
                "simulated": table.simulated,
                "groups": result.class_names,
                "metrics": result.manifest.metrics,
                "comparison": result.comparison,
                "notes": result.notes,
                "files": {name: str(path) for name, path in files.items()},
            }
        )
        return
    print_lines(f"{name}: {path}" for name, path in files.items())


def network_names(text: str) -> tuple[str, ...]:
    """``"all"`` or names with commas, each as far as it is unique: ``"shufflenet,vit"``.

    All begins with the published study's own choice, HRNet. What is no name is left for the settings to refuse.
    """
    from ..networks import STAGING_NETWORKS

    if text.strip() == "all":
        headline = "hrnet_w32"
        return (headline, *(name for name in STAGING_NETWORKS if name != headline))
    return tuple(_whole_name(part.strip(), STAGING_NETWORKS) for part in text.split(",") if part.strip())


def _whole_name(beginning: str, names: Sequence[str]) -> str:
    fitting = [name for name in names if name.startswith(beginning.lower())]
    return fitting[0] if len(fitting) == 1 else beginning


def _preprocessing(path: Path | None, size: int) -> Any:
    import json
    from dataclasses import replace

    from ..errors import SettingsError
    from ..imaging import SlicePreprocessing

    if path is None:
        return SlicePreprocessing(size=size)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError("The preprocessing file cannot be read as JSON: check its path and content.") from error
    if not isinstance(content, dict):
        raise SettingsError("The preprocessing file holds no settings by name.")
    content.pop("zscore", None)
    return replace(SlicePreprocessing.from_json(content), size=size)


def print_staging(result: StagingResult) -> None:
    """What was decided and how good it is, on stdout."""
    from .staging_table import print_comparison

    print_lines(result.notes)
    print_comparison(result)
    print_lines(
        [
            *(["SIMULATED: these numbers say nothing about any patient."] if result.manifest.simulated else []),
            f"Bundle: {result.bundle_path}",
        ]
    )
