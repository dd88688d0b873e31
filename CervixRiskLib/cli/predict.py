"""``cervixrisk predict``: one case, or a whole cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..worker.predictors import heat_map_options, open_predictor
from . import case_options
from .answer import prediction_json, prediction_lines
from .answer_files import check_report_path, report_files, write_extras, write_report
from .asked_program import asked_program
from .case_reading import channel_paths, channels_in_order, check_case_options, check_part, read_case
from .cohort_answers import answer_cohort
from .destinations import check_destinations
from .feature_answers import answer_features
from .options import DeviceOption, HeatMapMethodOption, JsonFlag, Runtime, RuntimeOption, SkipInvalidFlag, examples
from .output import print_json, print_lines, print_panel
from .progress_bar import ProgressBar

EXAMPLES = examples(
    "cervixrisk predict --bundle model.zip --image case.dcm --roi case.seg.nrrd --clinical rbc_count=4.1",
    "cervixrisk predict --bundle model.zip --image case.png --roi mask.png --spacing-mm 0.1 --picture answer.png",
    "cervixrisk predict --bundle staging.zip --image t2.dcm --channel image_t1=t1.dcm --picture answer.png",
    "cervixrisk predict --bundle model.zip --image case.png --roi mask.png --report case.pdf",
    "cervixrisk predict --bundle model.zip --cohort cohort.csv --output predictions.csv",
    "cervixrisk predict --bundle model.zip --features features.csv --output predictions.csv",
)


def predict(
    bundle: Annotated[Path, typer.Option("--bundle", "-b", metavar="BUNDLE", help="The trained model.")],
    image: Annotated[Path | None, case_options.IMAGE] = None,
    roi: Annotated[Path | None, case_options.ROI] = None,
    channel: Annotated[list[str] | None, case_options.CHANNEL] = None,
    label: Annotated[int | None, case_options.LABEL] = None,
    segment: Annotated[str | None, case_options.SEGMENT] = None,
    slice_index: Annotated[int | None, case_options.SLICE] = None,
    spacing_mm: Annotated[str | None, case_options.SPACING] = None,
    clinical: Annotated[list[str] | None, case_options.CLINICAL] = None,
    heatmap: Annotated[
        Path | None, typer.Option("--heatmap", metavar="FILE.nrrd", help="Write the heat map on the image's grid.")
    ] = None,
    heatmap_method: HeatMapMethodOption = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.png", help="Draw slice, contour, heat map and answer.")
    ] = None,
    nomogram: Annotated[
        Path | None, typer.Option("--nomogram", metavar="FILE.png", help="Draw the nomogram with this case's marks.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE.pdf", help="Write the case's report: PDF, picture, line of a table."),
    ] = None,
    cohort: Annotated[
        Path | None, typer.Option("--cohort", metavar="COHORT", help="Answer for every case of this table instead.")
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(
            "--features",
            metavar="FILE",
            help="Answer for every row of this table of features; for models that were trained on such a table.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.csv", help="With --cohort or --features: where the answers go."),
    ] = None,
    skip_invalid: SkipInvalidFlag = False,
    device: DeviceOption = "auto",
    runtime: RuntimeOption = Runtime.auto,
    as_json: JsonFlag = False,
) -> None:
    """Answer with a trained model of any study: probability with 95 % interval, reasons on the image, and warnings.

    Give one case with --image (and --roi where the model looks at the tumour), or a table with --cohort and --output.
    """
    from ..errors import SettingsError
    from ..report.earlier_report import check_only_reports

    if cohort is not None or features is not None:
        unwanted = (image, roi, channel, label, segment, slice_index, spacing_mm, clinical)
        table = "--features" if cohort is None else "--cohort"
        drawn_things = (heatmap, heatmap_method, picture, nomogram, report)
        if any(item is not None and item != [] for item in (*unwanted, *drawn_things)):
            raise SettingsError(f"{table} answers for a table; options for one case (--image, …) do not go with it.")
        if output is None:
            raise SettingsError("Say where the answers go: --output predictions.csv.")
        if cohort is not None and features is not None:
            raise SettingsError("--cohort and --features are two tables of cases: give one of them.")
        check_destinations([output], [bundle, cohort, features])
        if features is not None:
            answer_features(bundle, features, output, skip_invalid=skip_invalid, as_json=as_json)
            return
        assert cohort is not None
        with asked_program(bundle, device=device, runtime=runtime.value) as program:
            answer_cohort(program, cohort, output, skip_invalid=skip_invalid, as_json=as_json)
        return
    if image is None:
        raise SettingsError("Give one case with --image (and --roi), or a table with --cohort and --output.")
    check_part(roi, label, segment)
    if output is not None:
        raise SettingsError(
            "--output goes with --cohort and --features; for one case use --json, --heatmap or --picture."
        )
    if report is not None:
        check_report_path(report)
    further = channel_paths(channel or ())
    written_files = [heatmap, picture, nomogram, *report_files(report)]
    check_destinations(written_files, [bundle, image, roi, *further.values()])
    check_only_reports(report_files(report))
    study, predictor = open_predictor(bundle, device=device, runtime=runtime.value)
    check_case_options(predictor, roi=roi, clinical=clinical or (), nomogram=nomogram)
    case = read_case(
        image,
        roi,
        further_paths=channels_in_order(further, predictor.channels),
        label=label,
        segment=segment,
        slice_index=slice_index,
        spacing_mm=spacing_mm,
        clinical=clinical or (),
    )
    drawn = any(path is not None for path in (heatmap, picture, report))
    chosen = heat_map_options(study, None if heatmap_method is None else heatmap_method.value)
    with ProgressBar() as progress:
        prediction = predictor.predict(case, heatmap=drawn, progress=progress, **chosen)
        written = write_extras(predictor, case, prediction, heatmap=heatmap, picture=picture, nomogram=nomogram)
        if report is not None:
            written |= write_report(report, study, predictor, case, prediction, progress)
    if as_json:
        print_json({**prediction_json(prediction), "files": {name: str(path) for name, path in written.items()}})
        return
    print_panel(study.title, prediction_lines(prediction))
    print_lines(f"{name}: {path}" for name, path in written.items())
