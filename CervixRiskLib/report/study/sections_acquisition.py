"""Does the recording tell the outcome? What a model could reach that never looks at the tumour."""

from __future__ import annotations

from ...bundle.acquisition_record import CONTOUR, AcquisitionRecord, TraitRecord
from ...bundle.study_file import Study
from .cells import Cell, Estimate
from .document import Absence, Block, KeyNumber, KeyNumbers, Paragraph, Section, TableBlock, WarningBlock
from .performance import Judged

_OLDER = (
    "The bundle was trained before the images' recording was looked at. Train again to learn whether it tells the "
    "outcome."
)
_HOW = (
    "A model that learns the scanner instead of the tumour does well here and fails in the next hospital (Geirhos et "
    "al. 2020, Zech et al. 2018, DeGrave et al. 2021). So a small forest of shallow trees was fitted to the recording "
    "alone: {cases} cases that the model may learn from, {folds}-fold cross-validation by patient, {repeats} repeats."
)
_AT_ONE_SIZE = (
    "Who sets the depth to fit the lesion lets its size decide the pixel size and the brightness. So this AUC and "
    "those of the recording's traits compare only cases whose tumours are about equally large (at most a tenth of the "
    "cases lie between)."
)
_FRAME = (
    "The frame is the slice's outer 15 % on each side, without the contour and its surroundings; brightness and "
    "contrast (median and interquartile range) in grey values, parts from 0 to 1. Medians by group, per cent of the "
    "cases where it says so. The AUC is of the trait alone, turned so as to lie above 0.5, and not cross-validated."
)
_TUMOUR = (
    "The contour's size and place are the tumour's, not the recording's: they have no part in the verdict, may "
    "tell the outcome rightly, and their AUCs compare all cases."
)
_SEVERAL = "With more than two groups each is held against the rest, and the mean is given."


def acquisition_sections(study: Study) -> tuple[Section, ...]:
    """Beside the cohort's description: what differs between the groups but is not the tumour."""
    return (Section("Does the images' recording tell the outcome?", _blocks(study), level=2),)


def acquisition_warning(study: Study, model: Judged | None, auc: Estimate | None = None) -> tuple[Block, ...]:
    """For the summary: where the recording tells the outcome clearly, and the model is not shown to do better.

    Parameters
    ----------
    model
        The study's own; ``None`` without an honest one, for which the recording's verdict stands alone.
    auc
        The model's, where it is not that of a binary score.
    """
    found = study.record.acquisition
    if found is None or not found.tells_clearly:
        return ()
    if model is None:
        return (WarningBlock(found.sentence()),)
    value = (auc or model.auc()).value
    if not found.rivals(value):
        return ()
    return (WarningBlock(f"{found.sentence()} The model's own AUC, {value:.2f}, is not shown to be better."),)


def _blocks(study: Study) -> tuple[Block, ...]:
    found = study.record.acquisition
    if found is None:
        return (Absence(_OLDER),)
    if found.reason:
        return (Absence(found.sentence()),)
    verdict: Block = WarningBlock(found.sentence()) if found.tells_clearly else Paragraph(found.sentence())
    if found.auc is None:
        return (verdict, *_table(study, found))
    note = f"out of fold, {found.cases} cases"
    number = KeyNumber("AUC, recording alone", Estimate(found.auc, found.lower, found.upper), "acquisition_auc", note)
    how = _HOW.format(cases=found.cases, folds=found.folds, repeats=found.repeats)
    if any(trait.kind == CONTOUR for trait in found.traits):
        how = f"{how} {_AT_ONE_SIZE}"
    return (verdict, KeyNumbers((number,)), Paragraph(how), *_table(study, found))


def _table(study: Study, found: AcquisitionRecord) -> tuple[Block, ...]:
    if not found.traits:
        return ()
    names = study.manifest.class_names
    own = [trait for trait in found.traits if trait.kind == CONTOUR]
    rows = [_row(trait) for trait in (*(trait for trait in found.traits if trait.kind != CONTOUR), *own)]
    notes = (_FRAME, *((_TUMOUR,) if own else ()), *((_SEVERAL,) if len(names) > 2 else ()))
    if found.alike:
        notes = (*notes, f"The same in all cases: {', '.join(found.alike)}.")
    head = ("Trait", *names, "AUC alone")
    return (TableBlock("What differs between the images", head, tuple(rows), "acquisition_traits", notes),)


def _row(trait: TraitRecord) -> tuple[Cell, ...]:
    return (trait.label, *(_value(trait, value) for value in trait.groups), Estimate(trait.auc, digits=2))


def _value(trait: TraitRecord, value: float | None) -> Cell:
    if value is None or not trait.share:
        return value
    return Estimate(100 * value, digits=0, unit="%")
