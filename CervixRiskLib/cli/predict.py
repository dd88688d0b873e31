"""``cervixrisk predict``: one case, or a whole cohort."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .answer import prediction_json, prediction_lines, prediction_row
from .options import DeviceOption, JsonFlag, SkipInvalidFlag, examples
from .output import print_json, print_lines, print_panel, remark
from .progress_bar import ProgressBar

if TYPE_CHECKING:
    import pandas as pd

    from ..bundle import CaseInput, Prediction
    from ..plnm import PlnmPredictor

EXAMPLES = examples(
    "cervixrisk predict --bundle model.zip --image case.dcm --roi case.seg.nrrd --clinical rbc_count=4.1",
    "cervixrisk predict --bundle model.zip --image case.png --roi mask.png --spacing-mm 0.1 --picture answer.png",
    "cervixrisk predict --bundle model.zip --cohort cohort.csv --output predictions.csv",
)


def predict(
    bundle: Annotated[Path, typer.Option("--bundle", "-b", metavar="BUNDLE", help="The trained model.")],
    image: Annotated[
        Path | None,
        typer.Option("--image", metavar="FILE", help="The slice: DICOM, NRRD, NIfTI, MetaImage, PNG, JPEG or TIFF."),
    ] = None,
    roi: Annotated[
        Path | None,
        typer.Option("--roi", metavar="FILE", help="The tumour on it: label image, segmentation, or polygon points."),
    ] = None,
    label: Annotated[
        int | None, typer.Option("--label", min=1, help="Which label is the tumour, where there are several.")
    ] = None,
    segment: Annotated[
        str | None, typer.Option("--segment", help="Which segment of a .seg.nrrd is the tumour, by name.")
    ] = None,
    slice_index: Annotated[
        int | None, typer.Option("--slice", min=0, help="Which slice or frame of the image, from 0.")
    ] = None,
    spacing_mm: Annotated[
        str | None,
        typer.Option("--spacing-mm", metavar="MM", help="Pixel size, such as 0.1, or rows x columns: 0.1x0.12"),
    ] = None,
    clinical: Annotated[
        list[str] | None,
        typer.Option("--clinical", metavar="NAME=VALUE", help="A clinical value, such as rbc_count=4.1; repeatable."),
    ] = None,
    heatmap: Annotated[
        Path | None, typer.Option("--heatmap", metavar="FILE.nrrd", help="Write the heat map on the image's grid.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.png", help="Draw slice, contour, heat map and answer.")
    ] = None,
    nomogram: Annotated[
        Path | None, typer.Option("--nomogram", metavar="FILE.png", help="Draw the nomogram with this case's marks.")
    ] = None,
    cohort: Annotated[
        Path | None, typer.Option("--cohort", metavar="COHORT", help="Answer for every case of this table instead.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.csv", help="With --cohort: where the answers go.")
    ] = None,
    skip_invalid: SkipInvalidFlag = False,
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Answer with a trained model: probability with 95 % interval, nomogram points, reasons and warnings.

    Give one case with --image and --roi, or a table with --cohort and --output.
    """
    from ..errors import SettingsError

    if cohort is not None:
        unwanted = (image, roi, label, segment, slice_index, spacing_mm, clinical, heatmap, picture, nomogram)
        if any(item is not None and item != [] for item in unwanted):
            raise SettingsError("--cohort answers for a table; options for one case (--image, …) do not go with it.")
        if output is None:
            raise SettingsError("Say where the answers go: --output predictions.csv.")
        _predict_cohort(bundle, cohort, output, skip_invalid, device, as_json)
        return
    if image is None or roi is None:
        raise SettingsError("Give one case with --image and --roi, or a table with --cohort and --output.")
    if output is not None:
        raise SettingsError("--output goes with --cohort; for one case use --json, --heatmap or --picture.")
    predictor = _load(bundle, device)
    case = read_case(
        image,
        roi,
        label=label,
        segment=segment,
        slice_index=slice_index,
        spacing_mm=spacing_mm,
        clinical=clinical or (),
    )
    with ProgressBar() as progress:
        prediction = predictor.predict(case, heatmap=heatmap is not None or picture is not None, progress=progress)
    written = write_extras(predictor, case, prediction, heatmap=heatmap, picture=picture, nomogram=nomogram)
    if as_json:
        print_json({**prediction_json(prediction), "files": {name: str(path) for name, path in written.items()}})
        return
    print_panel("Pelvic lymph node metastasis", prediction_lines(prediction))
    print_lines(f"{name}: {path}" for name, path in written.items())


def read_case(
    image_path: Path,
    roi_path: Path,
    *,
    label: int | None = None,
    segment: str | None = None,
    slice_index: int | None = None,
    spacing_mm: str | None = None,
    clinical: Sequence[str] = (),
) -> CaseInput:
    """The case that the options describe.

    Raises
    ------
    CervixRiskError
        An image, contour or value that cannot be used.
    """
    from ..bundle import CaseInput
    from ..cohort.cells import parse_spacing
    from ..errors import SettingsError
    from ..imaging import read_image, read_roi

    try:
        spacing = None if spacing_mm is None else parse_spacing(spacing_mm, decimal_comma=False)
    except ValueError as error:
        raise SettingsError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    values = clinical_values(clinical)
    image = read_image(image_path, slice_index=slice_index, spacing_mm=spacing)
    return CaseInput("case", image, read_roi(roi_path, image, label=label, segment=segment), values)


def clinical_values(pairs: Sequence[str]) -> dict[str, float | str]:
    """``NAME=VALUE`` pairs as a mapping; the values are read by the model's own data dictionary.

    Raises
    ------
    ClinicalValueError
        Not such a pair, or the same name twice.
    """
    from ..cohort.cells import shown
    from ..errors import ClinicalValueError

    values: dict[str, float | str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not (equals and name and value.strip()):
            raise ClinicalValueError(f"'{shown(pair)}' is not NAME=VALUE: write, for example, rbc_count=4.1.")
        if name in values:
            raise ClinicalValueError(f"The clinical value {shown(name)} is given twice.")
        values[name] = value.strip()
    return values


def write_extras(
    predictor: PlnmPredictor,
    case: CaseInput,
    prediction: Prediction,
    *,
    heatmap: Path | None = None,
    picture: Path | None = None,
    nomogram: Path | None = None,
) -> dict[str, Path]:
    """Write what was asked for beside the answer; returns what is there now."""
    written: dict[str, Path] = {}
    if heatmap is not None and prediction.heatmap is not None:
        from ..imaging import write_map

        write_map(heatmap, prediction.heatmap, case.image)
        written["Heat map"] = heatmap
    if picture is not None:
        from ..scene import render_slice_png

        written["Picture"] = render_slice_png(picture, case.image, case.roi, prediction)
    if nomogram is not None:
        from ..report import draw_nomogram

        marks = {point.name: point.value for point in prediction.points}
        draw_nomogram(
            predictor.nomogram, marks, path=nomogram, interval=prediction.interval, simulated=prediction.simulated
        )
        written["Nomogram"] = nomogram
    return written


def _load(path: Path, device: str) -> PlnmPredictor:
    from ..bundle import load_bundle
    from ..plnm import load_predictor

    return load_predictor(load_bundle(path), device=device)


def _predict_cohort(
    bundle: Path, cohort_path: Path, output: Path, skip_invalid: bool, device: str, as_json: bool
) -> None:
    import pandas as pd

    from ..atomic import atomic_file
    from ..bundle import CaseInput
    from ..cohort import clinical_frame, load_case, load_cohort
    from ..errors import CervixRiskError, CohortError

    predictor = _load(bundle, device)
    cohort = load_cohort(cohort_path, columns=predictor.columns, skip_invalid=skip_invalid, require_outcome=False)
    clinical = clinical_frame(cohort)
    rows: list[dict[str, Any]] = []
    left_out = [f"{problem}" for problem in cohort.excluded]
    with ProgressBar() as progress, progress.task("Answering", total=len(cohort)) as task:
        for case_id in cohort.case_ids:
            try:
                image, roi = load_case(cohort, case_id)
                case = CaseInput(case_id, image, roi, known_values(clinical.loc[case_id], predictor))
                rows.append(prediction_row(predictor.predict(case, heatmap=False)))
            except CervixRiskError as error:
                if not skip_invalid:
                    raise CohortError(f"Case {case_id}: {error} (--skip-invalid goes on without it.)") from error
                left_out.append(f"{case_id}: {error}")
            task.advance()
    if not rows:
        raise CohortError("No case of the table could be answered.")
    table = pd.DataFrame(rows)
    with atomic_file(output) as partial:
        table.to_csv(partial, index=False)
    simulated = bool(table["simulated"].any())
    if as_json:
        print_json({"output": str(output), "cases": len(rows), "left_out": left_out, "simulated": simulated})
        return
    for line in left_out:
        remark(f"Left out: {line}")
    if simulated:
        remark("SIMULATED: the bundle was trained on simulated images; its answers mean nothing for a patient.")
    print_lines([f"{len(rows)} cases answered: {output}"])


def known_values(values: pd.Series, predictor: PlnmPredictor) -> dict[str, float | str]:
    """Those of a cohort's clinical values that are there and that the model knows."""
    return {
        str(name): float(value) for name, value in values.items() if str(name) in predictor.columns and value == value
    }
