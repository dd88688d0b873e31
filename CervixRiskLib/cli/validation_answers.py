"""What a fixed model answers to another cohort with known outcomes: every case, and why where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..bundle import Bundle, BundleManifest, Prediction
    from ..cohort import Cohort
    from ..progress import Progress
    from .asked_program import AskedProgram


@dataclass(frozen=True)
class Answered:
    """The answers in the order of the cohort.

    Parameters
    ----------
    cohort
        Cases with an outcome, those that could not be answered among them.
    answers
        By case.
    failures
        By case, the sentence that says why there is no answer.
    """

    cohort: Cohort
    answers: dict[str, Prediction]
    failures: dict[str, str]


def labelled_cohort(path: Path, outcome: str, manifest: BundleManifest, program: AskedProgram) -> Cohort:
    """The table with outcomes in the model's classes; rows that cannot be used are in ``excluded``.

    Raises
    ------
    CohortError
        The table is unreadable, lacks a column or a channel, or has one outcome alone or one that the model does not
        know.
    """
    from ..cohort import load_cohort
    from ..errors import CohortError

    named: dict[str, Any] = {}
    if manifest.task == "staging":
        named = {"outcome_kind": "group", "stage_group": _stage_group(manifest), "group_order": manifest.class_names}
    cohort = load_cohort(
        path, outcome=outcome, columns=program.columns, skip_invalid=True, require_roi=program.needs_roi, **named
    )
    missing = [name for name in program.channels if name not in cohort.channels]
    if missing:
        raise CohortError(f"The model looks at several images: the table has no column {', '.join(missing)}.")
    return _in_classes_of(cohort, manifest) if named else cohort


def training_table(path: Path) -> Cohort:
    """The table that the model was trained on, for its images and patients alone."""
    from ..cohort import load_cohort
    from .cohort_answers import NO_OUTCOME

    return load_cohort(
        path, outcome=NO_OUTCOME, skip_invalid=True, require_roi=False, require_outcome=False, read_clinical=False
    )


def answer_labelled(cohort: Cohort, program: AskedProgram, progress: Progress) -> Answered:
    """Ask about every case; one that cannot be answered is remembered with its reason, and the work goes on.

    Raises
    ------
    StorageError
        The disk is full.
    Cancelled
        ``progress`` said so.
    """
    from ..cohort import clinical_frame
    from ..errors import Cancelled, CervixRiskError, StorageError
    from .cohort_answers import cohort_case

    clinical = clinical_frame(cohort)
    answers: dict[str, Prediction] = {}
    failures: dict[str, str] = {}
    with progress.task("Answering", total=len(cohort)) as task:
        for case_id in cohort.case_ids:
            try:
                answers[case_id] = program.ask(cohort_case(cohort, case_id, clinical.loc[case_id], program))
            except (StorageError, Cancelled):
                raise
            except CervixRiskError as error:
                failures[case_id] = str(error)
            task.advance()
    return Answered(cohort, answers, failures)


def answer_labelled_features(bundle: Bundle, path: Path, outcome: str, progress: Progress) -> Answered:
    """The same for a table of features that was measured elsewhere and has a column of outcomes.

    Raises
    ------
    CohortError
        The table lacks the outcome or what the model needs, or has one outcome alone.
    """
    from ..cohort.feature_outcomes import load_feature_outcomes
    from ..plnm.table_answers import answer_feature_table

    cohort = load_feature_outcomes(path, outcome)
    found, left_out = answer_feature_table(bundle, path, skip_invalid=True, progress=progress)
    answers = {answer.case_id: answer for answer in found if answer.case_id in set(cohort.case_ids)}
    reasons = {case_id: line.removeprefix(f"{case_id}: ") for case_id, line in _by_case(cohort, left_out).items()}
    return Answered(cohort, answers, reasons)


def _by_case(cohort: Cohort, lines: tuple[str, ...]) -> dict[str, str]:
    """Each line to the case that it begins with; a name may itself hold a colon."""
    return {
        case_id: line
        for line in lines
        for case_id in sorted(cohort.case_ids, key=len, reverse=True)
        if line.startswith(f"{case_id}: ")
    }


def _stage_group(manifest: BundleManifest) -> Callable[[str], str] | None:
    from ..staging.figo import GROUP_NAMES, treatment_group

    return (lambda stage: treatment_group(stage).value) if manifest.class_names == GROUP_NAMES else None


def _in_classes_of(cohort: Cohort, manifest: BundleManifest) -> Cohort:
    """The outcomes' codes as positions in the model's classes, of which the table may lack some."""
    from dataclasses import replace

    from ..cohort.shown_text import shown
    from ..errors import CohortError

    places = {name.casefold(): place for place, name in enumerate(manifest.class_names)}
    unknown = [name for name in cohort.class_names if name.casefold() not in places]
    if unknown:
        raise CohortError(
            f"The outcome column has a group that the model does not know ('{shown(unknown[0])}'): it knows "
            f"{', '.join(manifest.class_names)}. Write those names, or leave the cases out."
        )
    codes = [places[cohort.class_names[int(code)].casefold()] for code in cohort.outcomes]
    return replace(cohort, table=cohort.table.assign(outcome=codes), class_names=manifest.class_names)
