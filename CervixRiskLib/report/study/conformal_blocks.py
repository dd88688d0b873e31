"""Prediction sets with a stated coverage, and how often a model must abstain to keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import MissingComponentError, TrainingError
from ...statistics import ConformalSummary, conformal_sets
from .cells import Cell, Estimate
from .document import Absence, Block, FigureBlock, Paragraph, TableBlock
from .performance import Judged

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COVERAGES = (0.8, 0.9, 0.95)
_SAID = 0.9
"""The coverage that the sentence is about."""


def conformal_blocks(
    model: Judged, class_names: tuple[str, str], *, simulated: bool, name: str = "conformal"
) -> tuple[Block, ...]:
    """Sets at three coverages, and at one of them for each class by itself.

    Parameters
    ----------
    model
        Its scores are probabilities of the second class, for cases that its fit had not seen.
    """
    if not model.model.probability:
        return (Absence("No prediction sets: the scores are not probabilities."),)
    try:
        summaries = [
            conformal_sets(model.outcomes, model.scores, model.patients, coverage=coverage).summary
            for coverage in COVERAGES
        ]
        summaries.append(
            conformal_sets(model.outcomes, model.scores, model.patients, coverage=_SAID, class_conditional=True).summary
        )
    except (TrainingError, MissingComponentError) as error:
        return (Absence(f"No prediction sets. {error}"),)

    def draw() -> Figure:
        from ..figures.conformal import draw_conformal

        return draw_conformal(summaries, class_names=class_names, simulated=simulated)

    sentence = conformal_sentence(
        next(one for one in summaries if one.asked == _SAID and not one.class_conditional), class_names
    )
    return (
        Paragraph(sentence),
        FigureBlock("Prediction sets: answers, abstentions and coverage", draw, name, sentence),
        _table(summaries, class_names, name),
    )


def conformal_sentence(summary: ConformalSummary, class_names: tuple[str, str]) -> str:
    """How often the model abstains to keep its coverage."""
    right = summary.right_of_single.value
    answers = f"of its single answers {_whole(right)} are right" if right == right else "it gives no single answer"
    return (
        f"Asked to hold the true outcome in {_whole(summary.asked)} of its prediction sets, the model reaches "
        f"{_whole(summary.coverage.value)} ({_whole(summary.coverage_negative.value)} of the cases with "
        f"{class_names[0]}, {_whole(summary.coverage_positive.value)} of those with {class_names[1]}) and abstains in "
        f"{_whole(summary.abstains.value)} of the cases; {answers}."
    )


def _whole(share: float) -> str:
    return f"{100 * share:.0f} %"


def _table(summaries: list[ConformalSummary], class_names: tuple[str, str], name: str) -> TableBlock:
    rows: list[tuple[Cell, ...]] = []
    for one in summaries:
        asked = f"{100 * one.asked:.0f} %" + (" in each outcome" if one.class_conditional else "")
        parts = (
            one.coverage, one.coverage_negative, one.coverage_positive, one.single, one.right_of_single, one.both,
            one.empty, one.abstains,
        )  # fmt: skip
        rows.append((asked, *(_percent(part.value, part.lower, part.upper) for part in parts)))
    return TableBlock(
        "Prediction sets, shares with 95 % intervals",
        (
            "Coverage asked for",
            "coverage",
            f"coverage, {class_names[0]}",
            f"coverage, {class_names[1]}",
            "one outcome",
            "right among these",
            "both outcomes",
            "no outcome",
            "abstains",
        ),
        tuple(rows),
        f"{name}_numbers",
        notes=(
            "Abstains: the set holds both outcomes or none. The threshold for each case was found on other patients.",
            "Coverage holds nearly, on average over cases like these; not for each case, nor for another centre. "
            "Thresholds and cases are of one cohort, so the overall coverage comes out near what was asked whatever "
            "the model is worth: read the coverage of each outcome and the abstentions.",
        ),
    )


def _percent(value: float, lower: float, upper: float) -> Estimate:
    return Estimate(100 * value, 100 * lower, 100 * upper, digits=0, unit="%")
