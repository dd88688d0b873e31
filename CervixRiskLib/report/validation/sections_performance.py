"""How well the fixed model tells further patients apart, beside what it promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...statistics import confusion_matrix, roc_band
from ..study.cells import Cell, cell_text
from ..study.document import Absence, Block, FigureBlock, Paragraph, Section, TableBlock
from ..study.headline import auc_2
from ..study.performance import Judged
from .external_validation import ExternalValidation
from .internal_estimate import STAGING, difference
from .verdict import Findings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HERE = "these patients"
_CUT_OFF = (
    ("Sensitivity", "sensitivity"),
    ("Specificity", "specificity"),
    ("Positive predictive value", "ppv"),
    ("Negative predictive value", "npv"),
    ("Accuracy", "accuracy"),
)


def performance_sections(found: Findings) -> tuple[Section, ...]:
    """ROC curve, measures at the bundle's threshold, confusion matrix, and all of it beside the internal estimate."""
    validation = found.validation
    blocks: list[Block] = []
    if found.judged is None:
        blocks.append(Absence("ROC curves are drawn for two groups; with more the AUC is a mean over the groups."))
    else:
        blocks += [_roc(found, found.judged), _at_threshold(validation, found.judged)]
    blocks.append(_confusion(validation))
    return (
        Section("How well it tells patients apart", tuple(blocks)),
        Section("Beside the model's own validation", (comparison_block(found),)),
    )


def _roc(found: Findings, judged: Judged) -> Block:
    if len(np.unique(judged.outcomes)) < 2:
        return Absence("No ROC curve: all of these cases have the same outcome.")
    internal = next((one for one in found.internal if one.judged is not None), None)
    models = [(HERE, judged)]
    if internal is not None and internal.judged is not None:
        models.append((f"the model's own validation, {internal.title}", internal.judged))

    def draw() -> Figure:
        from ..figures.roc import RocCurve, draw_roc

        curves = [
            RocCurve(
                title,
                model.outcomes,
                model.scores if len(model.scores) > 1 else model.scores[0],
                cell_text(auc_2(model.auc())),
                roc_band(model.outcomes, model.scores, model.patients) if place == 0 else None,
            )
            for place, (title, model) in enumerate(models)
        ]
        return draw_roc(curves, simulated=found.validation.simulated)

    areas = "; ".join(f"{title} {cell_text(auc_2(model.auc()))}" for title, model in models)
    return FigureBlock(
        "ROC curve on these patients",
        draw,
        "roc_further_patients",
        f"ROC curves. Areas under the curves: {areas}.",
        notes=("These patients were answered by the model in the bundle; its own validation was of models like it.",),
    )


def _at_threshold(validation: ExternalValidation, judged: Judged) -> TableBlock:
    threshold = validation.manifest.threshold
    rows: list[tuple[Cell, ...]] = [("AUC", judged.auc())]
    rows += [(title, judged.at_cut_off(name)) for title, name in _CUT_OFF]
    at = "" if threshold is None else f" at its threshold, {100 * threshold:.1f} %"
    return TableBlock(
        f"The model{at}, with 95 % intervals",
        ("Measure", HERE),
        tuple(rows),
        "at_threshold",
        notes=(
            "The threshold is the bundle's, chosen in training. Predictive values hold where the outcome is as "
            "frequent as here.",
            "Intervals: DeLong (AUC) and Clopper and Pearson; where patients have several cases, a bootstrap of the "
            "patients and the effective number of cases.",
        ),
    )


def _confusion(validation: ExternalValidation) -> FigureBlock:
    groups, cases = validation.manifest.class_names, validation.cases
    matrix = confusion_matrix(cases.outcomes, cases.called, len(groups))

    def draw() -> Figure:
        from ..figures.confusion import draw_confusion_matrices

        return draw_confusion_matrices([(HERE, matrix)], groups, simulated=validation.simulated)

    return FigureBlock(
        "Confusion matrix",
        draw,
        "confusion_further_patients",
        f"Confusion matrix: {int(np.trace(matrix))} of {int(matrix.sum())} right.",
    )


def comparison_block(found: Findings) -> Block:
    """Each measure here, in the bundle's own validations, and the difference."""
    if not found.internal:
        why = (
            "The bundle holds no study record (it is older than reports)"
            if found.validation.record is None
            else "The model was never validated by the honest protocol"
        )
        return Absence(f"{why}: there is no internal estimate to compare with.")
    head = ("Measure", HERE, *("its own", "difference") * len(found.internal))
    rows: list[tuple[Cell, ...]] = []
    for title, value in found.measures.items():
        row: list[Cell] = [title, value]
        for one in found.internal:
            own = one.measures.get(title)
            row += [own, None if own is None else difference(value, own)]
        if any(cell is not None for cell in row[2:]):
            rows.append(tuple(row))
    notes = [
        "Differences: these patients less the model's own validation, with 95 % intervals for patients of which none "
        "is in both (Zou & Donner 2008). Accuracy and Brier score also depend on how frequent the outcome is.",
        "The model's own validation is of models trained like it on parts of its cohort; that another cohort would "
        "have given another model is not in its interval, which is somewhat too narrow.",
    ]
    if found.judged is not None and found.validation.manifest.task == STAGING:
        notes.append(
            "The bundle's calibration was fitted to the cases of its own validation: there is no internal number to "
            "set its calibration here beside."
        )
    return TableBlock(
        "Here and in the model's own validation, with 95 % intervals",
        head,
        tuple(rows),
        "beside_internal",
        notes=tuple(notes),
        groups=(("", 2), *((one.title, 2) for one in found.internal)),
    )


def class_section(found: Findings) -> tuple[Section, ...]:
    """Table 2 of Dai et al. where there are more than two classes: the measures by themselves."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(found.measures.items())
    return (
        Section(
            "Measures of all groups",
            (
                TableBlock("Measures with 95 % intervals", ("Measure", HERE), rows, "class_measures"),
                Paragraph(
                    "Precision, recall and F1 are plain means over the groups; so is the AUC, each against the rest."
                ),
            ),
            level=2,
        ),
    )
