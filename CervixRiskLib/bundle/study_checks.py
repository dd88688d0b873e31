"""Whether the numbers of a study record can be what they say they are.

A record can be signed anew after it was changed, so its hash alone does not make a report's numbers possible.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import BundleError
from .acquisition_record import AcquisitionRecord
from .study_record import JudgedModel, StudyRecord

_DAMAGED = "The study record is damaged: {}. Get the bundle again, or train again."


def check_record(record: StudyRecord, groups: int | None = None) -> None:
    """Refuse what no study can have answered.

    Parameters
    ----------
    groups
        How many there are to code outcomes by; ``None``: not known here.

    Raises
    ------
    BundleError
        Columns or answers do not match their cases, a code is of no group, or a probability, an AUC or a share lies
        outside 0 to 1.
    """
    sizes: dict[str, int] = {}
    for cases in record.case_sets:
        columns = (cases.patients, *cases.subgroups.values())
        if any(len(column) != len(cases.outcomes) for column in columns):
            raise _damaged("its columns of cases differ in length")
        if not cases.outcomes or cases.name in sizes:
            raise _damaged("a set of cases is empty or stands there twice")
        if not _codes(cases.outcomes, groups):
            raise _damaged("an outcome is of no group that the model knows")
        sizes[cases.name] = len(cases.outcomes)
    for model in record.models:
        _check_answers(model, sizes.get(model.cases, -1), groups)
    shares = list(record.feature_frequency.values())
    if record.permutation is not None:
        shares += [record.permutation.observed, record.permutation.p_value, *record.permutation.permuted]
    if record.optimism is not None:
        shares.append(record.optimism.apparent)
    if record.acquisition is not None:
        shares += _check_acquisition(record.acquisition, groups)
    if not _shares(shares):
        raise _damaged("an AUC, a p-value or a share lies outside 0 to 1")


def _check_acquisition(found: AcquisitionRecord, groups: int | None) -> list[float]:
    """All that must lie between 0 and 1."""
    interval = [value for value in (found.lower, found.auc, found.upper) if value is not None]
    if len(interval) not in (0, 3) or interval != sorted(interval):
        raise _damaged("the AUC of the images' recording does not lie in its interval")
    if groups is not None and any(len(trait.groups) != groups for trait in found.traits):
        raise _damaged("a trait of the images' recording does not have a value for each group")
    told = [value for trait in found.traits if trait.share for value in trait.groups if value is not None]
    return [*interval, *told, *(trait.auc for trait in found.traits)]


def _check_answers(model: JudgedModel, cases: int, groups: int | None) -> None:
    if any(len(row) != cases for row in (*model.scores, *model.predicted)):
        raise _damaged("a model's answers do not match its cases")
    if not model.scores or len(model.predicted) not in (0, len(model.scores)):
        raise _damaged("a model lacks the answers of a repeat")
    if model.probability and not all(_shares(row) for row in model.scores):
        raise _damaged("a model's probability lies outside 0 to 1")
    if not all(_codes(row, groups) for row in model.predicted):
        raise _damaged("a model answered with a group that it does not know")


def _codes(values: Iterable[int], groups: int | None) -> bool:
    return all(value >= 0 and (groups is None or value < groups) for value in values)


def _shares(values: Iterable[float]) -> bool:
    return all(0 <= value <= 1 for value in values)


def _damaged(what: str) -> BundleError:
    return BundleError(_DAMAGED.format(what))
