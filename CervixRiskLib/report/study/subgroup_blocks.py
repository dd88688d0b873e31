"""The model in each subgroup that the record knows: where it holds and where it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...bundle.study_record import CaseSet, JudgedModel
from ...statistics.small_groups import FEWEST_CASES, NOT_SHOWN
from ...statistics.suppression import complementary_suppression
from .cells import Cell, Estimate, cell_text
from .document import Absence, Block, FigureBlock, TableBlock
from .performance import Judged

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..figures.forest import ForestRow

_UNKNOWN = "not known, or too few"
_TOO_FEW = "too few"
_NOTES = (
    "Exploratory: subgroups are small and not corrected for their number. Overlapping intervals do not show that the "
    "model is equally good, nor different ones that it is not.",
)
_FEW_NOTE = (
    f"Subgroups with fewer than {FEWEST_CASES} cases of an outcome are not judged. Their number is not shown, nor what "
    "it would follow from."
)


def subgroup_blocks(
    model: Judged, *, simulated: bool, name: str = "subgroups", positive: str = "positive"
) -> tuple[Block, ...]:
    """Forest and table of the AUC in each subgroup of the model's cases.

    Parameters
    ----------
    positive
        The heading over the number of cases with the positive outcome.
    """
    groups = {
        grouping: parts for grouping, values in model.cases.subgroups.items() if len(parts := _parts(model, values)) > 1
    }
    if not groups:
        return (
            Absence(
                "No subgroups: the cohort table has no column that divides the cases (center, histology, diameter), or "
                "one value alone in each."
            ),
        )
    rows: list[tuple[Cell, ...]] = [_row("All cases", model)]
    strong, indented = [0], []
    any_hidden = False
    for grouping, parts in groups.items():
        strong.append(len(rows))
        rows.append((grouping, "", "", "", "", ""))
        hidden, sizeless = _hidden(parts), _sizeless(parts)
        any_hidden = any_hidden or bool(hidden | sizeless)
        for value, part in parts.items():
            indented.append(len(rows))
            rows.append(_row(value, part, counted=value not in hidden, sized=value not in sizeless))

    def draw() -> Figure:
        from ..figures.forest import draw_forest

        return draw_forest({"": _forest(model, groups)}, "AUC", scale="linear", reference=0.5, simulated=simulated)

    words = "; ".join(
        f"{grouping}, {value}: {_TOO_FEW if _few(part) else cell_text(part.auc())}"
        for grouping, parts in groups.items()
        for value, part in parts.items()
    )
    return (
        FigureBlock("AUC in subgroups", draw, name, f"Forest of AUCs with 95 % intervals. {words}."),
        TableBlock(
            f"Subgroups: {model.model.name}",
            ("Subgroup", "cases", positive, "AUC", "sensitivity", "specificity"),
            tuple(rows),
            f"{name}_numbers",
            notes=(*_NOTES, *((_FEW_NOTE,) if any_hidden else ())),
            strong=tuple(strong),
            indented=tuple(indented),
        ),
    )


def part_of(model: Judged, members: np.ndarray) -> Judged:
    """The model judged on those of its cases alone where ``members`` ``(cases,)`` is true."""
    places = np.flatnonzero(members)
    cases = CaseSet(
        model.cases.name,
        tuple(model.cases.outcomes[place] for place in places),
        tuple(model.cases.patients[place] for place in places),
    )
    own = model.model
    return Judged(
        JudgedModel(
            own.name,
            own.table,
            own.protocol,
            own.cases,
            tuple(tuple(row[place] for place in places) for row in own.scores),
            tuple(tuple(row[place] for place in places) for row in own.predicted),
            own.probability,
            own.note,
        ),
        cases,
    )


def _parts(model: Judged, values: tuple[str, ...]) -> dict[str, Judged]:
    column = np.array([value or _UNKNOWN for value in values], dtype=object)
    return {str(value): part_of(model, column == value) for value in dict.fromkeys(sorted(column, key=_rank))}


def _rank(value: str) -> tuple[int, str]:
    """Ranges of a number from below, what is not known last, names as the alphabet has them."""
    places = {"up to": 0, "above": 2, "over": 2, _UNKNOWN: 3}
    return next((place for start, place in places.items() if value.startswith(start)), 1), value


def _few(part: Judged) -> bool:
    """Whether an outcome has too few cases to judge by, or to be told."""
    positives = int(part.outcomes.sum())
    return min(positives, len(part.outcomes) - positives) < FEWEST_CASES


def _hidden(parts: dict[str, Judged]) -> set[str]:
    """The parts whose outcomes are not counted: those of few cases, and what these follow from by subtraction."""
    positives = np.array([int(part.outcomes.sum()) for part in parts.values()])
    cases = np.array([len(part.outcomes) for part in parts.values()])
    counts = np.column_stack([cases - positives, positives])
    small = (counts > 0) & (counts < FEWEST_CASES)
    hidden = complementary_suppression(counts, small)
    return {value for value, line in zip(parts, hidden, strict=True) if line.any()}


def _sizeless(parts: dict[str, Judged]) -> set[str]:
    """The parts whose size is not told: those of few cases, and what theirs follows from by subtraction."""
    sizes = np.array([len(part.outcomes) for part in parts.values()])
    # Only the sum over the parts is known: what would make up a row is printed nowhere.
    nowhere = np.zeros_like(sizes)
    hidden = complementary_suppression(
        np.column_stack([sizes, nowhere]),
        np.column_stack([sizes < FEWEST_CASES, nowhere > 0]),
        np.column_stack([nowhere > 0, nowhere == 0]),
    )
    return {value for value, line in zip(parts, hidden, strict=True) if line[0]}


def _row(title: str, model: Judged, *, counted: bool = True, sized: bool = True) -> tuple[Cell, ...]:
    cases, positives = len(model.cases.outcomes), int(model.outcomes.sum())
    if cases < FEWEST_CASES:
        # What one or two patients had is nobody's business, and no measure of a model.
        return (title, f"< {FEWEST_CASES}", None, None, None, None)
    if not sized:
        return (title, NOT_SHOWN, NOT_SHOWN, _TOO_FEW if _few(model) else model.auc(), None, None)
    if _few(model):
        return (title, cases, positives if counted else NOT_SHOWN, _TOO_FEW, None, None)
    if not counted:
        return (title, cases, NOT_SHOWN, model.auc(), None, None)
    return (title, cases, positives, model.auc(), model.at_cut_off("sensitivity"), model.at_cut_off("specificity"))


def _forest(model: Judged, groups: dict[str, dict[str, Judged]]) -> list[ForestRow]:
    from ..figures.forest import ForestRow

    def row(title: str, part: Judged, level: int, sized: bool = True) -> ForestRow:
        count = len(part.cases.outcomes)
        if count < FEWEST_CASES:
            return ForestRow(f"{title} (n < {FEWEST_CASES})", None, None, None, _TOO_FEW, level)
        label = f"{title} (n = {count})" if sized else f"{title} (n {NOT_SHOWN})"
        if _few(part):
            return ForestRow(label, None, None, None, _TOO_FEW, level)
        auc = part.auc()
        text = cell_text(Estimate(auc.value, auc.lower, auc.upper, digits=2))
        return ForestRow(label, auc.value, auc.lower, auc.upper, text, level)

    rows = [row("All cases", model, 0)]
    for grouping, parts in groups.items():
        rows.append(ForestRow(grouping, None, None, None, "", 0))
        sizeless = _sizeless(parts)
        rows += [row(value, part, 1, value not in sizeless) for value, part in parts.items()]
    return rows
