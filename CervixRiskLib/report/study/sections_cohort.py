"""Who was in the study: flow of cases, Table 1, missing values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...bundle.prediction_text import readable_unit
from ...bundle.study_file import Study
from ...bundle.study_record import RecordTable
from .document import Absence, Block, FigureBlock, Paragraph, Section, TableBlock
from .published_names import published_characteristic
from .published_plnm import COLUMN, SOURCE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COHORT = re.compile(r"(.+) \(N = \d+\)")
_AGAINST = " against "
_NO_BREAK = "\u00a0"
_LETTERS = "ᵃᵇᶜᵈᵉᶠᵍʰ"
_REPLACED = "In training a missing value is replaced by the median of the training side of each resample."

Printed = Callable[[str, int], tuple[str, str, str] | None]
"""What the paper printed of a characteristic's label for a side (0 training, 1 test): both groups and p."""


def cohort_sections(
    study: Study,
    *,
    printed: Printed = published_characteristic,
    missing_values: str = _REPLACED,
    figure: str = "Figure 1",
) -> tuple[Section, ...]:
    """Flow chart and characteristics.

    Parameters
    ----------
    missing_values
        What became of them, a sentence.
    figure
        The paper's figure that the flow chart is the counterpart of.
    """
    return (Section("The cohort", (*_flow(study, figure), *_characteristics(study, printed, missing_values))),)


def _flow(study: Study, number: str) -> tuple[Block, ...]:
    steps = study.record.flow
    if not steps:
        return (Absence("The flow of cases is not in the record."),)

    def draw() -> Figure:
        from ..figures.flow_chart import draw_flow_chart

        return draw_flow_chart(steps, simulated=study.manifest.simulated)

    words = "; ".join(f"{step.label}: {step.remaining}" for step in steps)
    return (FigureBlock("Flow of cases", draw, "flow_chart", f"Flow chart. {words}.", number=number),)


def _characteristics(study: Study, printed: Printed, missing_values: str) -> tuple[Block, ...]:
    table = study.record.table_one
    if table is None:
        return (Absence("No Table 1: the cohort table has no clinical columns."),)
    cohorts = [found[1] for column in table.columns if (found := _COHORT.fullmatch(column))]
    if not cohorts:
        return (_whole(table),)
    clusters = _clusters(study)
    blocks: list[Block] = [_one_cohort(table, cohort, place, printed, clusters) for place, cohort in enumerate(cohorts)]
    against = [column for column in table.columns if _AGAINST in column]
    if against:
        blocks.append(_compared(table, against))
    figure = _differences(study, table)
    return (*blocks, *([figure] if figure else []), _missing(table, cohorts, missing_values))


def _whole(table: RecordTable) -> TableBlock:
    """A table of another shape, as it is."""
    rows = tuple(tuple(_text(cell) for cell in row) for row in table.rows)
    return TableBlock("Characteristics", table.columns, rows, "table_one", table.notes, "Table 1")


def _clusters(study: Study) -> tuple[str, ...]:
    """What must be said where a patient has several cases; empty where each has one."""
    training = study.manifest.training
    if training.patients is None or training.patients == training.cases:
        return ()
    return (
        f"Counted by case, {training.cases} of {training.patients} patients: who has several counts as often, and the "
        "tests take cases as independent.",
    )


def _one_cohort(
    table: RecordTable, cohort: str, place: int, published: Printed, clusters: tuple[str, ...]
) -> TableBlock:
    """Of one side of the split; what the paper printed stands beside the side it printed it of."""
    columns = [
        column
        for column in table.columns[1:]
        if (column.startswith((f"{cohort} ", f"{cohort}, "))) and _AGAINST not in column
    ]
    # Tests are told below, and who has no value in a table of its own: the groups get the room.
    columns = [column for column in columns if column not in (f"{cohort} test", f"{cohort} missing")]
    places = [table.columns.index(column) for column in columns]
    tests = _Tests(table, cohort)
    heads = tuple(re.sub(rf"^{re.escape(cohort)},? ", "", column) for column in columns)
    heads = tuple(f"all {head}" if head.startswith("(N") else head for head in heads)
    rows = []
    printed_any = False
    heading = ""
    for row in table.rows:
        label = str(row[0])
        # A level stands below its category: a level of one is none of another.
        heading = heading if label.startswith(" ") else label
        printed = published(label, place) if label == heading or published(heading, place) else None
        printed_any = printed_any or printed is not None
        own = (tests.marked(row) if table.columns[index] == f"{cohort} p" else _own(row[index]) for index in places)
        rows.append((readable_unit(label.strip()), *own, *map(_text, printed or (None, None, None))))
    width = 1 + len(places) + (3 if printed_any else 0)
    title = cohort.replace("patients", "cases") if clusters else cohort
    groups: tuple[tuple[str, int], ...] = (("", 1), (title, len(places)))
    # Once is enough: both sides are told in the same way.
    notes = (*tests.notes(), *((*clusters, *table.notes) if place == 0 else ()))
    if printed_any:
        groups = (*groups, (COLUMN, 3))
        notes = (*notes, f"Published: {SOURCE}.")
        heads = (*heads, "PLNM (−)", "PLNM (+)", "p")
    return TableBlock(
        f"Characteristics, {title}",
        ("Characteristic", *heads),
        tuple(row[:width] for row in rows),
        f"table_one_{place + 1}",
        notes,
        "Table 1",
        groups,
        # A category's levels stand below it.
        indented=tuple(position for position, row in enumerate(table.rows) if str(row[0]).startswith(" ")),
    )


def _compared(table: RecordTable, columns: list[str]) -> TableBlock:
    places = [table.columns.index(column) for column in columns]
    title = columns[0].rpartition(" ")[0]
    rows = [
        (readable_unit(str(row[0]).strip()), *(_own(row[place]) for place in places))
        for row in table.rows
        if any(row[place] for place in places)
    ]
    heads = tuple(column.rpartition(" ")[2] for column in columns)
    return TableBlock(f"Are both sides alike? {title}", ("Characteristic", *heads), tuple(rows), "table_one_sides")


def _differences(study: Study, table: RecordTable) -> FigureBlock | None:
    comparisons = {}
    for column in table.columns:
        if not column.endswith(" SMD"):
            continue
        place = table.columns.index(column)
        found = {
            readable_unit(str(row[0]).strip()): value
            for row in table.rows
            if (value := _number(row[place])) is not None
        }
        name = column.removesuffix(" SMD")
        if found:
            comparisons[name if _AGAINST in name else f"outcome groups, {name}"] = found
    if not comparisons:
        return None

    def draw() -> Figure:
        from ..figures.standardised_differences import draw_standardised_differences

        return draw_standardised_differences(comparisons, simulated=study.manifest.simulated)

    return FigureBlock(
        "Standardised differences of the characteristics",
        draw,
        "standardised_differences",
        "Absolute standardised mean difference of each characteristic, between outcome groups and between both sides.",
    )


def _missing(table: RecordTable, cohorts: list[str], note: str) -> Block:
    places = {cohort: table.columns.index(f"{cohort} missing") for cohort in cohorts}
    rows = [
        (readable_unit(str(row[0]).strip()), *(_own(row[place]) for place in places.values()))
        for row in table.rows
        if any(str(row[place]) not in ("", "0", "None") for place in places.values())
    ]
    if not rows:
        return Paragraph("No clinical value is missing.")
    return TableBlock(
        "Missing values",
        ("Characteristic", *(f"{cohort}, missing" for cohort in cohorts)),
        tuple(rows),
        "missing_values",
        (note,),
    )


class _Tests:
    """Which test a p-value comes from: a letter behind it, and the letters' names below the table."""

    def __init__(self, table: RecordTable, cohort: str) -> None:
        names = [row[place] for place in _places(table, f"{cohort} test") for row in table.rows]
        self._letters = dict(zip(dict.fromkeys(str(name) for name in names if name), _LETTERS, strict=False))
        self._places = [*_places(table, f"{cohort} p"), *_places(table, f"{cohort} test")]

    def marked(self, row: Sequence[object]) -> str:
        p, *test = (row[place] for place in self._places)
        letter = self._letters.get(str(*test), "")
        return f"{_own(p)}{_NO_BREAK}{letter}" if letter else _own(p)

    def notes(self) -> tuple[str, ...]:
        named = "; ".join(f"{letter} {name}" for name, letter in self._letters.items())
        return (f"Tests of p: {named}.",) if named else ()


def _places(table: RecordTable, column: str) -> list[int]:
    return [place for place, name in enumerate(table.columns) if name == column]


def _own(cell: object) -> str:
    """A cell of this study: empty where the row has none."""
    return _text(cell) or ""


def _text(cell: object) -> str | None:
    if cell is None or cell == "":
        return None
    words = str(cell).rstrip()
    if words.startswith("-"):
        words = f"\N{MINUS SIGN}{words[1:]}"
    # The paper prints "<0.001"; beside our own it is written as ours.
    words = re.sub(r"^<(?=\d)", "< ", words)
    # A number and its spread stay on one line.
    return words.replace(" ", _NO_BREAK) if words[0].isdigit() or words[0] in "<-−" else words


def _number(cell: object) -> float | None:
    try:
        return float(str(cell))
    except ValueError:
        # "undefined" is what the table prints where a difference has no value.
        return None
