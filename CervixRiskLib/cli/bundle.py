"""``cervixrisk bundle``: look into a trained model, and check that nobody changed it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonFlag, examples
from .output import print_json, print_lines, print_table
from .validation_table import range_text, validation_table

if TYPE_CHECKING:
    from ..bundle import Bundle, BundleManifest

app = typer.Typer(no_args_is_help=True, help="Look into a trained model (a bundle), and check that it is unchanged.")

BundlePath = Annotated[Path, typer.Argument(metavar="PATH", help="The bundle's folder or .zip file.")]


@app.command(
    "inspect", epilog=examples("cervixrisk bundle inspect model.zip", "cervixrisk bundle inspect model --json")
)
def inspect(path: BundlePath, as_json: JsonFlag = False) -> None:
    """Show what a bundle says about itself: task, training cohort, features, clinical predictors, numbers."""
    from ..bundle import load_bundle

    bundle = load_bundle(path)
    if as_json:
        print_json({"hash": bundle.hash, "files": list(bundle.names), **bundle.manifest.to_json()})
        return
    _print(bundle)


@app.command("verify", epilog=examples("cervixrisk bundle verify model.zip"))
def verify(path: BundlePath, as_json: JsonFlag = False) -> None:
    """Check every file's SHA-256 and every estimator's types. Exit code 2 when something is wrong."""
    from ..bundle import verify_bundle
    from ..errors import BundleError

    report = verify_bundle(path)
    if as_json:
        from ..bundle.json_record import to_json

        print_json({"ok": report.ok, **to_json(report)})
        if not report.ok:
            raise typer.Exit(2)
        return
    if not report.ok:
        more = f" ({len(report.problems) - 1} more problems: see --json)" if len(report.problems) > 1 else ""
        raise BundleError(report.problems[0] + more)
    rows = [(file.name, f"{file.size:,}", file.sha256[:16]) for file in report.files]
    print_table("", ("File", "Bytes", "SHA-256 begins"), rows)
    print_lines(
        [
            f"Unchanged since it was made: {len(report.files)} files. Bundle {report.hash}",
            *(["SIMULATED: this bundle was trained on simulated images."] if report.simulated else []),
        ]
    )


def _print(bundle: Bundle) -> None:
    from .. import RESEARCH_USE_NOTICE
    from ..bundle.acquisition_record import recording_words

    manifest = bundle.manifest
    training = manifest.training
    lines = [
        *(["SIMULATED: trained on simulated images; it says nothing about any patient."] if manifest.simulated else []),
        f"Task {manifest.task}, made {manifest.created}, schema {manifest.schema_version}",
        f"Bundle {bundle.hash}",
        f"Answers: {_answers(manifest)}; calibration {manifest.calibration.method}",
        f"Trained on {training.cases} cases, {_groups(manifest)}; pixel size known for "
        f"{training.known_pixel_size_share:.0%}; rows left out: {training.excluded}",
    ]
    if manifest.radiomics is not None:
        lines.append(f"Radiomics preset {manifest.radiomics.preset}, engine {manifest.radiomics.engine}")
    print_lines([*lines, *recording_words(manifest)])
    if manifest.metrics:
        print_table("Validation", *validation_table(manifest.metrics))
    if manifest.clinical:
        rows = [
            (item.name, item.label, item.unit, range_text(item.observed_low, item.observed_high), item.kind)
            for item in manifest.clinical
        ]
        print_table("Clinical predictors", ("Name", "Label", "Unit", "Seen in training", "Kind"), rows)
    if manifest.selected_features:
        print_table("Selected features", ("Feature",), [(name,) for name in manifest.selected_features])
    print_lines([*(f"Deviation: {text}" for text in manifest.deviations), manifest.intended_use, RESEARCH_USE_NOTICE])


def _answers(manifest: BundleManifest) -> str:
    if manifest.threshold is None:
        return f"the most probable of {', '.join(manifest.class_names)}"
    return f"probability of {manifest.positive_class}; threshold {manifest.threshold:.3f}"


def _groups(manifest: BundleManifest) -> str:
    training = manifest.training
    if not training.class_counts:
        return f"{training.positives} positive"
    counted = zip(training.class_counts, manifest.class_names, strict=True)
    return ", ".join(f"{count} {name}" for count, name in counted)
