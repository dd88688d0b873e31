"""Who was answered, who was not and why, and what the answers warned of."""

from __future__ import annotations

from ..study.cells import Cell, Share
from ..study.document import Absence, Block, BulletList, Section, TableBlock
from .external_validation import ExternalValidation
from .verdict import Findings


def case_sections(found: Findings) -> tuple[Section, ...]:
    """The flow of cases, the outcomes, warnings, and what is known of patients who were in the training cohort."""
    validation = found.validation
    return (
        Section("The cases", (_flow(validation), _outcomes(validation), _warnings(validation))),
        Section("Were some of them in the training cohort?", (BulletList(validation.overlap),), level=2),
    )


def _flow(validation: ExternalValidation) -> TableBlock:
    flow, answered = validation.flow, len(validation.cases.outcomes)
    rows: list[tuple[Cell, ...]] = [("Rows of the table", flow.rows)]
    indented = []
    usable = flow.rows - sum(flow.unusable.values())
    for title, left, remaining in (
        ("Usable rows", flow.unusable, usable),
        ("Cases that the model answered", flow.failed, answered),
    ):
        for reason, count in left.items():
            indented.append(len(rows))
            rows.append((f"left out: {reason}", count))
        rows.append((title, remaining))
    return TableBlock(
        "From the table to the answers",
        ("Step", "cases"),
        tuple(rows),
        "case_flow",
        notes=(
            "The model was not fitted to any of them, and nothing was harmonised. A case that it cannot answer counts "
            "against its use, and is in none of the measures below.",
        ),
        strong=(len(rows) - 1,),
        indented=tuple(indented),
    )


def _outcomes(validation: ExternalValidation) -> TableBlock:
    manifest, cases = validation.manifest, validation.cases
    training = manifest.training
    counts = training.class_counts or (
        (training.cases - training.positives, training.positives) if len(manifest.class_names) == 2 else ()
    )
    rows: list[tuple[Cell, ...]] = []
    for code, name in enumerate(manifest.class_names):
        here = Share(int((cases.outcomes == code).sum()), len(cases.outcomes))
        rows.append((name, here, Share(counts[code], training.cases) if counts else None))
    return TableBlock(
        "Outcomes here and in the training cohort", ("Outcome", "these cases", "training"), tuple(rows), "outcomes"
    )


def _warnings(validation: ExternalValidation) -> Block:
    if not validation.warnings:
        return Absence("No answer carried a warning.")
    total = len(validation.cases.outcomes)
    return TableBlock(
        "Warnings that answers carried",
        ("Warning", "cases"),
        tuple((words, Share(count, total)) for words, count in validation.warnings.items()),
        "answer_warnings",
        notes=("With many cases far from the training cohort the model is asked about patients it does not know.",),
    )
