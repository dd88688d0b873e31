"""What is written beside an answer: heat map, picture, nomogram, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bundle import CaseInput, Prediction
    from ..progress import Progress
    from ..report.case_report import CaseReport
    from ..worker.predictors import Study, StudyPredictor


def write_extras(
    predictor: StudyPredictor,
    case: CaseInput,
    prediction: Prediction,
    *,
    heatmap: Path | None = None,
    picture: Path | None = None,
    nomogram: Path | None = None,
) -> dict[str, Path]:
    """Write what was asked for beside the answer; returns what is there now.

    Raises
    ------
    CervixRiskError
        A file cannot be written, or the bundle has no nomogram to draw.
    """
    written: dict[str, Path] = {}
    if heatmap is not None and prediction.heatmap is not None:
        from ..imaging import write_map

        write_map(heatmap, prediction.heatmap, case.image)
        written["Heat map"] = heatmap
    if picture is not None:
        from ..scene import render_slice_png

        written["Picture"] = render_slice_png(picture, case.image, case.roi, prediction)
    if nomogram is not None:
        from ..errors import SettingsError
        from ..report import draw_nomogram
        from ..statistics import Nomogram

        if predictor.manifest.nomogram is None:
            raise SettingsError("This model has no nomogram to draw.")
        draw_nomogram(
            Nomogram.from_dict(predictor.manifest.nomogram),
            {point.name: point.value for point in prediction.points},
            path=nomogram,
            interval=prediction.interval,
            simulated=prediction.simulated,
        )
        written["Nomogram"] = nomogram
    return written


def check_report_path(path: Path) -> None:
    """Refuse a report's path that says another format, before anything is computed.

    Raises
    ------
    SettingsError
        It ends in something else than ``.pdf``.
    """
    from ..errors import SettingsError

    if path.suffix.lower() != ".pdf":
        raise SettingsError(f'The report is written as a .pdf, not "{path.suffix}"; picture and table stand beside it.')


def report_files(path: Path | None, *, csv: bool = True) -> tuple[Path, ...]:
    """What a report called ``path`` writes: the page, the picture beside it, and its line of a table."""
    from ..report.case_files import FORMATS, report_paths

    formats = FORMATS if csv else tuple(name for name in FORMATS if name != "csv")
    return () if path is None else tuple(report_paths(path, formats).values())


def write_report(
    path: Path, study: Study, predictor: StudyPredictor, case: CaseInput, prediction: Prediction, progress: Progress
) -> dict[str, Path]:
    """Write the case's report: PDF, and beside it the picture and one line of a table; returns what is there now.

    Raises
    ------
    CervixRiskError
        The files cannot be written.
    """
    from ..report.case_files import FORMATS, write_case_report

    # The person has named no case, but the report.
    report = case_report(path.stem, study, predictor, case, prediction)
    paths = write_case_report(report, path, FORMATS, progress)
    return dict(zip(("Report", "Report's picture", "Report's table"), paths, strict=True))


def write_page(
    path: Path,
    case_id: str,
    study: Study,
    predictor: StudyPredictor,
    case: CaseInput,
    prediction: Prediction,
    *,
    csv: bool,
    progress: Progress,
) -> dict[str, Path]:
    """Write the case's single page as PDF and picture, and one line of a table where asked; returns what is there now.

    Raises
    ------
    CervixRiskError
        The files cannot be written.
    """
    from ..report.case_files import write_case_page

    formats = {"Page": "pdf", "Picture": "png", **({"Table": "csv"} if csv else {})}
    report = case_report(case_id, study, predictor, case, prediction)
    return dict(zip(formats, write_case_page(report, path, tuple(formats.values()), progress), strict=True))


def case_report(
    case_id: str, study: Study, predictor: StudyPredictor, case: CaseInput, prediction: Prediction
) -> CaseReport:
    """What a report tells of an answered case."""
    from ..report.case_report import CaseReport
    from ..worker.study_facts import processor_of
    from ..workflow.channel_words import channel_label
    from ..workflow.session_report import answering_versions, now_text, reported_values

    return CaseReport(
        case_id=case_id,
        date=now_text(),
        title=study.title,
        image=case.image,
        prediction=prediction,
        manifest=predictor.manifest,
        roi=case.roi,
        processor=processor_of(predictor),
        clinical=reported_values(case.clinical, predictor.manifest),
        further_images=tuple(channel_label(name) for name in predictor.channels[1:]),
        versions=answering_versions(),
    )
