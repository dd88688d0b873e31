"""The contour that stands for a case in the end, by one rule for the whole study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ..errors import ReadingError, RoiError
from ..imaging import Roi
from ..progress import SILENT, Progress
from .contour_list import all_contours, independent_contours, reviewed_contours
from .records import CaseRecord, Role, Round, StoredContour

if TYPE_CHECKING:
    from .study import Study

_MOST_SHOWN = 10
_ROLES = {Role.PRIMARY: "primary reader", Role.SECOND: "second reader", Role.REVIEWER: "reviewer"}


class Consensus(str, Enum):
    """Which contour stands for a case.

    ``REVIEW``: the one that the reviewer accepted or drew (Dai et al. 2025, the third radiologist). ``STAPLE``: the
    estimate from all readers' independent first contours where two or more have drawn the case, else the primary
    reader's; see :mod:`CervixRiskLib.imaging.staple` for what two contours can give and what they cannot. ``PRIMARY``:
    the primary reader's newest first-round contour, corrections included.
    """

    REVIEW = "review"
    STAPLE = "staple"
    PRIMARY = "primary"


@dataclass(frozen=True, eq=False)
class ConsensusContour:
    """The contour of a case and where it comes from.

    Parameters
    ----------
    case
        The case.
    roi
        On the study's image of it.
    source
        In words: ``"accepted: primary reader"``, ``"adjusted by the reviewer"``, ``"STAPLE of 2 contours: …"``.
    contours
        What it is made of, the primary reader's first.
    """

    case: CaseRecord
    roi: Roi
    source: str
    contours: tuple[StoredContour, ...]

    @property
    def readers(self) -> tuple[str, ...]:
        """Who drew what it is made of."""
        return tuple(contour.reader for contour in self.contours)


def consensus_contours(
    study: Study,
    rule: Consensus = Consensus.REVIEW,
    *,
    skip_unreviewed: bool = False,
    progress: Progress = SILENT,
) -> tuple[ConsensusContour, ...]:
    """The contour of every case, by case number.

    Parameters
    ----------
    skip_unreviewed
        Leave out cases without a decision, or, under the other rules, without the primary reader's contour.

    Raises
    ------
    ReadingError
        Cases have no decision (or no contour) and are not to be left out; contours of a case agree too little for
        STAPLE; a contour's file is missing or was changed.
    """
    chosen = choose_contours(study, rule, skip_unreviewed=skip_unreviewed)
    return tuple(each_consensus(study, rule, chosen, progress=progress))


def choose_contours(
    study: Study, rule: Consensus, *, skip_unreviewed: bool = False
) -> dict[CaseRecord, tuple[StoredContour, ...]]:
    """Which stored contours make up each case's, by case number; no file is opened. See :func:`consensus_contours`."""
    by_number = _CHOICES[rule](study)
    cases = study.cases()
    missing = [case.case_id for case in cases if not by_number.get(case.number)]
    if missing and not skip_unreviewed:
        raise ReadingError(_sentence(rule, missing, len(cases)))
    return {case: by_number[case.number] for case in cases if by_number.get(case.number)}


def each_consensus(
    study: Study,
    rule: Consensus,
    chosen: Mapping[CaseRecord, tuple[StoredContour, ...]],
    *,
    progress: Progress = SILENT,
) -> Iterator[ConsensusContour]:
    """One case after the other, so that no more than one mask need be kept. See :func:`consensus_contours`."""
    disagreeing: list[str] = []
    with progress.task("Finding the consensus", total=len(chosen)) as task:
        for case, contours in chosen.items():
            image = study.image(case)
            rois = [study.roi(contour, image) for contour in contours]
            if len(rois) == 1:
                yield ConsensusContour(case, rois[0], _source(rule, contours[0]), contours)
            else:
                try:
                    yield _staple(case, rois, contours)
                except RoiError:
                    disagreeing.append(case.case_id)
            task.advance()
    if disagreeing:
        raise ReadingError(
            f"In {_count(len(disagreeing))} the readers' contours agree too little for STAPLE "
            f"({_listed(disagreeing)}): let the reviewer decide (--consensus review)."
        )


def _staple(case: CaseRecord, rois: list[Roi], contours: tuple[StoredContour, ...]) -> ConsensusContour:
    from ..imaging import staple_consensus

    estimate = staple_consensus(rois)
    performance = "; ".join(
        f"{_ROLES[contour.role]} sensitivity {sensitivity:.3f}, specificity {specificity:.3f}"
        for contour, sensitivity, specificity in zip(contours, estimate.sensitivity, estimate.specificity, strict=True)
    )
    return ConsensusContour(case, estimate.roi, f"STAPLE of {len(rois)} contours: {performance}", contours)


def _source(rule: Consensus, contour: StoredContour) -> str:
    if rule is Consensus.REVIEW:
        return "adjusted by the reviewer" if contour.role is Role.REVIEWER else f"accepted: {_ROLES[contour.role]}"
    corrected = ", corrected after a return" if contour.after_return else ""
    return f"primary reader{' alone' if rule is Consensus.STAPLE else ''}{corrected}"


def _of_review(study: Study) -> dict[int, tuple[StoredContour, ...]]:
    return {number: (contour,) for number, contour in reviewed_contours(study).items()}


def _of_staple(study: Study) -> dict[int, tuple[StoredContour, ...]]:
    drawn: dict[int, list[StoredContour]] = {}
    for contour in independent_contours(study):
        if contour.round is Round.INITIAL:
            drawn.setdefault(contour.number, []).append(contour)
    order = list(Role)
    return {
        number: tuple(sorted(contours, key=lambda contour: order.index(contour.role)))
        for number, contours in drawn.items()
        if len(contours) > 1 or contours[0].role is Role.PRIMARY
    }


def _of_primary(study: Study) -> dict[int, tuple[StoredContour, ...]]:
    return {
        contour.number: (contour,)
        for contour in all_contours(study)  # by version: the newest comes last
        if contour.role is Role.PRIMARY and contour.round is Round.INITIAL
    }


_CHOICES = {Consensus.REVIEW: _of_review, Consensus.STAPLE: _of_staple, Consensus.PRIMARY: _of_primary}


def _sentence(rule: Consensus, missing: list[str], total: int) -> str:
    what = "no decision of the reviewer" if rule is Consensus.REVIEW else "no contour of the primary reader"
    return (
        f"{len(missing)} of {total} cases have {what} ({_listed(missing)}): finish them, or leave them out "
        "(--skip-unreviewed)."
    )


def _listed(case_ids: list[str]) -> str:
    more = f" and {len(case_ids) - _MOST_SHOWN} more" if len(case_ids) > _MOST_SHOWN else ""
    return ", ".join(sorted(case_ids)[:_MOST_SHOWN]) + more


def _count(cases: int) -> str:
    return "1 case" if cases == 1 else f"{cases} cases"
