"""``cervixrisk report case``: one page for one patient."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import case_options
from .options import DeviceOption, HeatMapMethodOption, JsonFlag, Runtime, RuntimeOption, examples
from .output import print_json, print_lines
from .progress_bar import ProgressBar

EXAMPLES = examples(
    "cervixrisk report case --bundle model.zip --image case.dcm --roi case.seg.nrrd --clinical rbc_count=4.1 "
    "--output case.pdf",
    "cervixrisk report case -b model.zip --image case.png --roi mask.png --spacing-mm 0.1 --case-id M027 -o M027.pdf",
    "cervixrisk report case -b staging.zip --image t2.dcm --channel image_t1=t1.dcm -o case.pdf --csv",
)


def case(
    bundle: Annotated[Path, typer.Option("--bundle", "-b", metavar="BUNDLE", help="The trained model.")],
    image: Annotated[Path, case_options.IMAGE],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE.pdf", help="The page; the same as a .png stands beside it."),
    ],
    roi: Annotated[Path | None, case_options.ROI] = None,
    channel: Annotated[list[str] | None, case_options.CHANNEL] = None,
    label: Annotated[int | None, case_options.LABEL] = None,
    segment: Annotated[str | None, case_options.SEGMENT] = None,
    slice_index: Annotated[int | None, case_options.SLICE] = None,
    spacing_mm: Annotated[str | None, case_options.SPACING] = None,
    clinical: Annotated[list[str] | None, case_options.CLINICAL] = None,
    case_id: Annotated[
        str | None,
        typer.Option("--case-id", metavar="NAME", help="The case's name on the page; the file's when not given."),
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Write the answer as a line of a table beside the page too.")] = (
        False
    ),
    heatmap_method: HeatMapMethodOption = None,
    device: DeviceOption = "auto",
    runtime: RuntimeOption = Runtime.auto,
    as_json: JsonFlag = False,
) -> None:
    """One page for one patient, as PDF and picture.

    Slice, contour and heat map; the probability with its 95 % interval; the nomogram with the patient's marks; what
    moves the score; every warning; and what the model is, with its validation and hash. The full account of the model
    on further pages is written by 'predict --report'.
    """
    from ..report.earlier_report import check_only_reports
    from ..worker.predictors import heat_map_options, open_predictor
    from .answer import prediction_json
    from .answer_files import check_report_path, report_files, write_page
    from .case_reading import channel_paths, channels_in_order, check_case_options, check_part, read_case
    from .destinations import check_destinations

    check_report_path(output)
    check_part(roi, label, segment)
    further = channel_paths(channel or ())
    written_files = report_files(output, csv=csv)
    check_destinations(written_files, [bundle, image, roi, *further.values()])
    check_only_reports(written_files)
    study, predictor = open_predictor(bundle, device=device, runtime=runtime.value)
    check_case_options(predictor, roi=roi, clinical=clinical or (), nomogram=None)
    asked = read_case(
        image,
        roi,
        further_paths=channels_in_order(further, predictor.channels),
        label=label,
        segment=segment,
        slice_index=slice_index,
        spacing_mm=spacing_mm,
        clinical=clinical or (),
    )
    chosen = heat_map_options(study, None if heatmap_method is None else heatmap_method.value)
    with ProgressBar() as progress:
        prediction = predictor.predict(asked, heatmap=True, progress=progress, **chosen)
        name = output.stem if case_id is None else case_id
        written = write_page(output, name, study, predictor, asked, prediction, csv=csv, progress=progress)
    if as_json:
        print_json({**prediction_json(prediction), "files": {key: str(path) for key, path in written.items()}})
        return
    print_lines(f"{key}: {path}" for key, path in written.items())
