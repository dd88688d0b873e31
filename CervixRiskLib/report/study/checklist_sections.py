"""Reporting checklists: what software knows is filled, the rest is left to the authors and says so."""

from __future__ import annotations

from ...bundle.study_file import Study
from .checklist import CHECKLISTS, Checklist, load_checklist
from .checklist_answers import answer
from .document import Paragraph, Section, TableBlock

FOR_THE_AUTHORS = "NOT PROVIDED: for the authors"
_OPENING = (
    "Numbers are those of the published checklists, the words are ours: read the original for what an item asks. "
    "Filled is what the software knows; a filled item can still need the authors' words."
)


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
    rows = []
    filled = 0
    for item in checklist.items:
        words = answer(item.filled_by, study) if item.filled_by else ""
        filled += bool(words)
        rows.append((item.number, item.section, item.item, words or FOR_THE_AUTHORS))
    return TableBlock(
        f"{checklist.name}: {filled} of {len(rows)} entries filled by software",
        ("Item", "Part", "What is asked", "Answer"),
        tuple(rows),
        f"checklist_{name}",
        (f"{checklist.source}.",),
    )
