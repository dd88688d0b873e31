"""A case report as one line of a table, with the same columns for every case, model and question.

Lines of several cases can be put under one header. Where a model has its own predictors or groups they share a cell, as
``name=value`` parted by ``; ``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from .. import RESEARCH_USE_NOTICE
from .case_report import CaseReport

COLUMNS: dict[str, str] = {
    "case_id": "name of the case as the person typed it",
    "date": "when the report was made",
    "task": "plnm or staging",
    "question": "the task in words",
    "positive_class": "what the probability is of",
    "probability": "0-1",
    "interval_low": "lower end of the 95 % interval, 0-1",
    "interval_high": "upper end of the 95 % interval, 0-1",
    "threshold": "0-1; empty where the most probable group is taken",
    "class": "the class at the threshold, or the most probable group",
    "group_probabilities": "name=probability of each group; empty without groups",
    "score": "fusion score before clinical predictors and calibration, 0-1",
    "total_points": "of the nomogram; empty without one",
    "points": "name=points of each predictor of the nomogram",
    "clinical": "name=value with unit, as asked with",
    "sensitivity": "how far the answer moves with the contour, in words",
    "other_contours": "name=probability of the case's other contours",
    "other_contours_dice": "name=overlap of the case's other contours with this one",
    "further_images": "that the model looked at beside the slice; empty for a model of one image",
    "reader": "who drew the contour, and in which round",
    "modality": "US or MR; empty where unknown",
    "rows": "of the slice, in pixels",
    "columns": "of the slice, in pixels",
    "slice": "which slice or frame, from 1",
    "row_mm": "height of a pixel in mm; empty where unknown",
    "column_mm": "width of a pixel in mm; empty where unknown",
    "pixel_size_source": "where the pixel size comes from",
    "contour_pixels": "pixels inside the contour; empty without one",
    "contour_area_mm2": "in mm²; empty where the pixel size is unknown",
    "contour_diameter_mm": "largest calliper diameter in mm; empty where the pixel size is unknown",
    "warnings": "codes of the answer's warnings",
    "simulated": "yes where the model was trained on simulated data: the answer means nothing for a patient",
    "computed_by": "processor, in words",
    "model_sha256": "SHA-256 of the model",
    "contour_sha256": "SHA-256 of the contour",
    "cervixrisk": "version that answered",
    "notice": "what the answer is for",
}
"""Each column and what it holds."""

# The wide ones too: East Asian spreadsheets take them for the narrow ones.
_FORMULA_SIGNS = tuple("=+-@＝＋－＠")
_BYTE_ORDER_MARK = "\ufeff"


def case_row(report: CaseReport) -> dict[str, str]:
    """The line's cells by :data:`COLUMNS`.

    A text that a spreadsheet would take for a formula begins with an apostrophe; fractions have six digits.
    """
    prediction, image, roi = report.prediction, report.image, report.roi
    row_mm, column_mm = image.spacing_mm or (None, None)
    groups, others = prediction.class_probabilities, report.other_contours
    texts = {
        "case_id": report.case_id,
        "date": report.date,
        "task": prediction.task,
        "question": report.title,
        "positive_class": prediction.positive_class,
        "class": prediction.label,
        "group_probabilities": _pairs((group.name, _number(group.probability)) for group in groups),
        "points": _pairs((point.name, _number(point.points)) for point in prediction.points),
        "clinical": _pairs((value.name, value.words) for value in report.clinical),
        "sensitivity": report.sensitivity,
        "other_contours": _pairs((other.name, _number(other.probability)) for other in others),
        "other_contours_dice": _pairs((other.name, _number(other.dice)) for other in others),
        "further_images": "; ".join(report.further_images),
        "reader": report.reader,
        "modality": image.modality or "",
        "pixel_size_source": image.spacing_source or "",
        "warnings": "; ".join(warning.code.value for warning in prediction.warnings),
        "simulated": "yes" if report.simulated else "no",
        "computed_by": report.processor,
        "model_sha256": prediction.bundle_hash,
        "contour_sha256": prediction.mask_hash,
        "cervixrisk": report.versions.get("cervixrisk", ""),
        "notice": RESEARCH_USE_NOTICE,
    }
    numbers = {
        "probability": prediction.probability,
        "interval_low": prediction.interval[0],
        "interval_high": prediction.interval[1],
        "threshold": prediction.threshold,
        "score": prediction.score,
        "total_points": prediction.total_points,
        "rows": image.shape[0],
        "columns": image.shape[1],
        "slice": image.slice_index + 1,
        "row_mm": row_mm,
        "column_mm": column_mm,
        "contour_pixels": None if roi is None else roi.n_pixels,
        "contour_area_mm2": None if roi is None else roi.area_mm2,
        "contour_diameter_mm": None if roi is None else roi.max_diameter_mm,
    }
    return {name: _text(texts[name]) if name in texts else _number(numbers[name]) for name in COLUMNS}


def case_csv(report: CaseReport) -> str:
    """Header and line.

    It begins with a byte order mark: spreadsheet programs take the file for another encoding without one, and names of
    cases hold more than ASCII.
    """
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerow(case_row(report))
    return _BYTE_ORDER_MARK + stream.getvalue()


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{name}={value}" for name, value in pairs)


def _text(cell: str) -> str:
    line = " ".join(cell.split())
    return f"'{line}" if line.startswith(_FORMULA_SIGNS) else line


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
