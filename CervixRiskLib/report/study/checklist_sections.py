"""Reporting checklists: what software knows is filled, the rest is left to the authors and says so."""

from __future__ import annotations

from ...bundle.study_file import Study
from .cells import Cell
from .checklist import CHECKLISTS, Checklist, load_checklist
from .checklist_answers import answer
from .document import Paragraph, Section, TableBlock

FOR_THE_AUTHORS = "NOT PROVIDED: for the authors"
_OPENING = (
    "Numbers are those of the published checklists, the words are ours: read the original for what an item asks. "
    "Filled is what the software knows; a filled item can still need the authors' words."
)
_DOES_NOT_APPLY = {
    "plnm": "Does not apply: there are no features in a table.",
    "staging": "Does not apply: what the networks see becomes features in a table.",
}
"""By the only task that an item is about."""
_WEIGHTS = "Weight: share of the score. No score is computed: whether an item is met is for a human reader to judge."


def checklist_sections(study: Study) -> tuple[Section, ...]:
    """TRIPOD+AI, CLEAR and METRICS, for a study of either task."""
    checklists = [load_checklist(name) for name in CHECKLISTS]
    return (
        Section("Reporting checklists", (Paragraph(_OPENING),)),
        *(
            Section(one.name, (_table(study, one, name),), level=2)
            for name, one in zip(CHECKLISTS, checklists, strict=True)
        ),
    )


def _table(study: Study, checklist: Checklist, name: str) -> TableBlock:
    rows: list[tuple[Cell, ...]] = []
    filled = beside = 0
    weighted = any(item.weight is not None for item in checklist.items)
    for item in checklist.items:
        if item.task and item.task != study.record.task:
            words = _DOES_NOT_APPLY[item.task]
            beside += 1
        else:
            words = answer(item.filled_by, study) if item.filled_by else ""
            filled += bool(words)
        weight: tuple[Cell, ...] = (f"{100 * item.weight:.2f} %",) if item.weight is not None else ()
        rows.append((item.number, item.section, item.item, *weight, words or FOR_THE_AUTHORS))
    apart = f", {beside} that do{'es' if beside == 1 else ''} not apply" if beside else ""
    notes = (f"{checklist.source}.", *((_WEIGHTS,) if weighted else ()))
    return TableBlock(
        f"{checklist.name}: {filled} of {len(rows)} entries filled by software{apart}",
        ("Item", "Part", "What is asked", *(("Weight",) if weighted else ()), "Answer"),
        tuple(rows),
        f"checklist_{name}",
        notes,
    )
