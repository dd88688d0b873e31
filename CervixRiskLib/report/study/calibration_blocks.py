"""Calibration of two-class probabilities: the figure, and the numbers a reviewer asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...errors import TrainingError
from ...statistics import CalibrationSummary, calibration_curve, calibration_summary
from .cells import Cell, Estimate, PValue, cell_text
from .document import Absence, Block, FigureBlock, TableBlock
from .performance import HONEST, Judged

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..figures.calibration import CalibratedModel

MOST_MODELS = 4
_ESTIMATES = (
    ("Calibration slope", "slope"),
    ("Calibration intercept", "intercept"),
    ("Calibration in the large", "in_the_large"),
    ("Expected : observed", "expected_observed"),
    ("Brier score", "brier"),
    ("Scaled Brier score", "scaled_brier"),
)
_NOTES = (
    "Perfect: slope 1, intercept 0, calibration in the large 0, expected : observed 1. A slope below 1 means risks "
    "that are too extreme.",
    "Hosmer-Lemeshow: ten groups of equal size by rank of the risk, cases taken as independent; with several repeats "
    "the median p, which describes and does not test. A large p does not show good calibration: the test sees little "
    "in small cohorts.",
)

_NO_SLOPE = (
    "Slope, intercept and index are undefined where the risks hardly vary from case to case, or part the outcomes."
)


def calibration_blocks(
    models: Mapping[str, Judged],
    class_names: tuple[str, str],
    *,
    simulated: bool,
    name: str = "calibration",
    number: str = "",
    published: Mapping[str, Mapping[str, Cell]] | None = None,
) -> tuple[Block, ...]:
    """Figure and table of up to four models.

    Parameters
    ----------
    models
        What the reader sees as a panel's name ("nomogram, cross-validated") to the model; its scores are
        probabilities of the second class.
    class_names
        Negative and positive.
    published
        Columns of published values, by their heading, each a measure's title to its cell; the first rows of the table
        are named as in :data:`_ESTIMATES`, the last "Hosmer-Lemeshow p".
    """
    usable = {title: model for title, model in models.items() if model.model.probability}
    if not usable:
        return (Absence("No calibration: the scores of these models are not probabilities."),)
    summaries: dict[str, CalibrationSummary] = {}
    reasons = []
    for title, model in list(usable.items())[:MOST_MODELS]:
        try:
            summaries[title] = _summary(model)
        except TrainingError as error:
            reasons.append(Absence(f"Calibration of the {title} is undefined. {error}"))
    if not summaries:
        return tuple(reasons)
    shown = {title: usable[title] for title in summaries}
    return (
        _figure(shown, summaries, class_names, simulated, name, number),
        _table(summaries, name, published or {}),
        *reasons,
    )


def miscalibration(model: Judged) -> list[str]:
    """What a reader of its risks must know first, a sentence each: only what intervals leave no doubt about."""
    if not model.model.probability:
        return []
    try:
        summary = _summary(model)
    except TrainingError:
        return []
    sentences = []
    slope, ratio = summary.slope, summary.expected_observed
    if slope.upper < 1:
        words = cell_text(Estimate(slope.value, slope.lower, slope.upper, digits=2))
        sentences.append(
            f"The risks are too extreme, the high ones too high and the low ones too low: calibration slope {words}."
        )
    if ratio.lower > 1 or ratio.upper < 1:
        words = cell_text(Estimate(ratio.value, ratio.lower, ratio.upper, digits=2))
        sentences.append(
            f"On average the risks are too {'high' if ratio.lower > 1 else 'low'}: expected : observed {words}."
        )
    return sentences


def _summary(model: Judged) -> CalibrationSummary:
    unseen = model.model.protocol == HONEST or "test" in model.cases.name
    return calibration_summary(model.outcomes, model.scores, model.patients, validation=unseen)


def _figure(
    models: Mapping[str, Judged],
    summaries: Mapping[str, CalibrationSummary],
    class_names: tuple[str, str],
    simulated: bool,
    name: str,
    number: str,
) -> FigureBlock:
    def draw() -> Figure:
        from ..figures.calibration import draw_calibration

        panels = [_panel(title, model, summaries[title]) for title, model in models.items()]
        return draw_calibration(panels, class_names, simulated=simulated)

    words = "; ".join(
        f"{title}: slope {_short(summary.slope.value)}, Brier score {_short(summary.brier.value)}"
        for title, summary in summaries.items()
    )
    return FigureBlock(
        "Calibration: predicted risk against observed share",
        draw,
        name,
        f"Calibration curves with 95 % bands. {words}.",
        notes=("Smooth curve with its 95 % band, groups with Wilson intervals, and below the risks of both outcomes.",),
        number=number,
    )


def _panel(title: str, model: Judged, summary: CalibrationSummary) -> CalibratedModel:
    from ..figures.calibration import CalibratedModel

    curve = calibration_curve(model.outcomes, model.scores, model.patients)
    return CalibratedModel(title, model.outcomes, model.scores, curve, summary)


def _table(
    summaries: Mapping[str, CalibrationSummary], name: str, published: Mapping[str, Mapping[str, Cell]]
) -> TableBlock:
    rows: list[tuple[Cell, ...]] = []
    found = list(summaries.values())
    for title, field in _ESTIMATES:
        values = [getattr(summary, field) for summary in found]
        cells: list[Cell] = [Estimate(value.value, value.lower, value.upper) for value in values]
        rows.append((title, *cells, *_printed(published, title)))
    index: list[Cell] = [Estimate(summary.integrated_calibration_index) for summary in found]
    rows.append(("Integrated calibration index", *index, *_printed(published, "Integrated calibration index")))
    tests: list[Cell] = [
        PValue(summary.hosmer_lemeshow_p) if summary.hosmer_lemeshow else "undefined" for summary in found
    ]
    rows.append(("Hosmer-Lemeshow p", *tests, *_printed(published, "Hosmer-Lemeshow p")))
    undefined = dict.fromkeys(summary.hosmer_lemeshow_undefined for summary in found)
    if any(math.isnan(summary.slope.value) for summary in found):
        undefined[_NO_SLOPE] = None
    return TableBlock(
        "Calibration in numbers, with 95 % intervals",
        ("Measure", *summaries, *published),
        tuple(rows),
        f"{name}_numbers",
        notes=(*_NOTES, *(reason for reason in undefined if reason)),
    )


def _printed(published: Mapping[str, Mapping[str, Cell]], title: str) -> list[Cell]:
    return [column.get(title) for column in published.values()]


def _short(value: float) -> str:
    return cell_text(Estimate(value, digits=2))
