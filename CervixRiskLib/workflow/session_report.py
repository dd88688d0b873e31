"""The report of the case in work: what the session knows, as a :class:`CervixRiskLib.report.case_report.CaseReport`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ..bundle.library_versions import library_versions
from ..bundle.prediction_text import readable_unit
from ..errors import CervixRiskError, ReadingError, RoiError
from .channel_words import channel_label
from .reader_comparison import reading_title

if TYPE_CHECKING:
    from ..bundle import BundleManifest
    from ..imaging import Roi
    from ..report.case_report import CaseReport, OtherContour, ReportedValue
    from ..scene import HeatMapDisplay
    from .answer_checks import AnswerChecks
    from .case_session import CaseSession

_PACKAGES = (
    "numpy", "scipy", "scikit-learn", "SimpleITK", "PyWavelets", "torch", "openvino", "onnxruntime", "matplotlib",
)  # fmt: skip
_LONGEST_NAME = 60


def session_report(
    session: CaseSession,
    *,
    checks: AnswerChecks | None = None,
    heat_map: HeatMapDisplay | None = None,
    date: str = "",
) -> CaseReport:
    """The report of the session's answer.

    Parameters
    ----------
    checks
        What was found out about the answer: other readers' contours, the contour moved by a pixel.
    heat_map
        How the heat map is shown; by default as a report shows it.
    date
        As it is printed; by default now, in this computer's time.

    Raises
    ------
    ReadingError
        A study round is open.
    CervixRiskError
        There is no answer, or it is no longer the answer to this case.
    """
    from ..report.case_report import CaseReport

    if session.blinded:
        raise ReadingError("A study round is open: no answer is shown or saved until it is left.")
    answer = session.answer
    if answer is None:
        raise CervixRiskError("There is no answer to report yet. Ask a model in step 3.")
    if session.answer_is_stale:
        raise CervixRiskError("The case has changed since it was asked. Ask again, then save the report.")
    prediction, manifest = answer.prediction, answer.study.manifest
    roi = None if session.segmentation is None else session.contour()
    if prediction.mask_hash and (roi is None or roi.mask_hash != prediction.mask_hash):
        raise RoiError("The answer belongs to another contour. Ask again, then save the report.")
    sensitivity = None if checks is None or checks.sensitivity is None else checks.sensitivity.result
    display = {} if heat_map is None else {"heat_threshold": heat_map.threshold, "heat_opacity": heat_map.opacity}
    return CaseReport(
        case_id=session.case_id,
        date=date or now_text(),
        title=answer.study.title,
        image=session.image(),
        prediction=prediction,
        manifest=manifest,
        roi=roi,
        reader=_reader(session) if roi is not None else "",
        processor=answer.processor,
        clinical=reported_values(session.clinical, manifest),
        sensitivity="" if sensitivity is None else f"{sensitivity.text} with the contour moved by one pixel",
        other_contours=_other_contours(session, checks, roi),
        further_images=tuple(channel_label(name) for name in answer.study.channels[1:]),
        versions=answering_versions(),
        **display,
    )


def reported_values(values: Mapping[str, float | str], manifest: BundleManifest) -> tuple[ReportedValue, ...]:
    """Those of ``values``, as they were typed, that the model uses; a level's code becomes its name."""
    from ..report.case_report import ReportedValue

    found = []
    for predictor in manifest.clinical:
        if predictor.name not in values:
            continue
        text = str(values[predictor.name]).strip()
        if predictor.levels and text.isdecimal() and int(text) < len(predictor.levels):
            text = predictor.levels[int(text)]
        found.append(ReportedValue(predictor.name, predictor.label, text, readable_unit(predictor.unit)))
    return tuple(found)


def answering_versions() -> dict[str, str]:
    """The software that answers here, by name."""
    return library_versions(_PACKAGES)


def now_text() -> str:
    """``"2026-11-22 05:31"``, in this computer's time."""
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")


def _reader(session: CaseSession) -> str:
    return reading_title(session.reading) if session.reader or session.reading_round else ""


def _other_contours(session: CaseSession, checks: AnswerChecks | None, roi: Roi | None) -> tuple[OtherContour, ...]:
    """The other contours on this slice; asked about where the checks have done so."""
    from ..imaging import compare_contours
    from ..report.case_report import OtherContour
    from ..scene import read_contour

    answer = session.answer
    if answer is None:
        return ()
    asked = {} if checks is None or checks.readers is None else {one.name: one for one in checks.readers.answers}
    found: list[OtherContour] = []
    taken: dict[str, int] = {}
    for reading, node, segment in session.other_readings():
        name = reading_title(reading)
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            # As the checks tell two unnamed contours apart.
            name = f"{name} ({taken[name]})"
        try:
            other = read_contour(node, segment, session.volume, answer.choice)[1]
        except RoiError:
            # On another slice, or nothing drawn yet: not a contour of what is reported.
            continue
        known = asked.get(name)
        dice = None if roi is None else compare_contours(roi, other).dice
        found.append(OtherContour(name, None if known is None else known.probability, dice, other))
    return tuple(found)


def report_file_name(case_id: str) -> str:
    """A name for the report's files, without ending: ``"Report M027"``. What file systems do not take becomes ``-``."""
    kept = "".join(sign if sign.isalnum() or sign in " ._" else "-" for sign in case_id)
    return f"Report {' '.join(kept.split())[:_LONGEST_NAME]}".rstrip(" .")
