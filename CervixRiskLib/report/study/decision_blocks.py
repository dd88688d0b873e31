"""Decision curves of two-class probabilities, and what they say at a few thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ...errors import TrainingError
from ...statistics import DecisionCurve, decision_curve
from .cells import Cell, Estimate
from .document import Absence, Block, FigureBlock, Paragraph, TableBlock
from .performance import Judged

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_MODELS = 6
_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""The range in which the published nomogram is said to be of use."""


def decision_blocks(
    models: Mapping[str, Judged],
    *,
    main: str,
    simulated: bool,
    name: str = "decision_curve",
    number: str = "",
    spoken: str = "",
) -> tuple[Block, ...]:
    """Figure, table and sentence on the models of one case set.

    Parameters
    ----------
    models
        The reader's name to the model; scores are probabilities of the positive outcome, all of the same cases.
    main
        The one whose interval is drawn.
    spoken
        ``main`` within a sentence, where it is not "the" and its name.
    """
    usable = dict([item for item in models.items() if item[1].model.probability][:MOST_MODELS])
    if main not in usable:
        return (Absence("No decision curve: the scores are not probabilities."),)
    cases = usable[main]
    try:
        curve = decision_curve(
            cases.outcomes, {title: model.scores for title, model in usable.items()}, patients=cases.patients
        )
    except TrainingError as error:
        return (Absence(f"The decision curve is undefined. {error}"),)

    def draw() -> Figure:
        from ..figures.decision import draw_decision_curve

        return draw_decision_curve(curve, main=main, simulated=simulated)

    ranges = range_sentence(curve, main, spoken or f"the {main}")
    return (
        FigureBlock(
            "Decision curves",
            draw,
            name,
            f"Net benefit against the threshold probability. {ranges}",
            notes=("Net benefit with its pointwise 95 % interval; below it the unneeded treatments spared per 100.",),
            number=number,
        ),
        Paragraph(ranges),
        _table(curve, main, name),
    )


def range_sentence(curve: DecisionCurve, main: str, spoken: str) -> str:
    """Where acting on the model is better than treating everyone and no one."""
    found, certain = _ranges(curve, main, False), _ranges(curve, main, True)
    if not found:
        return f"At no threshold is acting on {spoken} better than treating everyone or no one."
    if not certain:
        return (
            f"These cases do not show at any threshold that acting on {spoken} is better than treating everyone or "
            f"no one: its curve lies above both at {found}, but there the pointwise 95 % interval of the advantage "
            "includes 0."
        )
    sentence = f"Acting on {spoken} is better than treating everyone or no one at thresholds of {found}"
    return f"{sentence}; the pointwise 95 % interval of the advantage lies above 0 at {certain}."


def _ranges(curve: DecisionCurve, main: str, certain: bool) -> str:
    ranges = [
        f"{100 * low:.0f} to {100 * high:.0f} %" if high > low else f"{100 * low:.0f} %"
        for low, high in curve.useful_ranges(main, certain=certain)
    ]
    return ", ".join(ranges[:-1]) + " and " + ranges[-1] if len(ranges) > 1 else "".join(ranges)


def _table(curve: DecisionCurve, main: str, name: str) -> TableBlock:
    rows: list[tuple[Cell, ...]] = []
    for threshold in _THRESHOLDS:
        place = int(np.argmin(np.abs(curve.thresholds - threshold)))
        benefits: list[Cell] = [
            Estimate(curve.net_benefit[title][place], curve.lower[title][place], curve.upper[title][place])
            for title in curve.net_benefit
        ]
        avoided = curve.interventions_avoided[main][place]
        rows.append(
            (f"{100 * threshold:.0f} %", *benefits, Estimate(curve.treat_all[place]), Estimate(avoided, digits=0))
        )
    return TableBlock(
        "Net benefit with 95 % intervals",
        ("Threshold", *curve.net_benefit, "treat everyone", f"spared per 100, {main}"),
        tuple(rows),
        f"{name}_numbers",
        notes=("Treating no one has a net benefit of 0.",),
    )
