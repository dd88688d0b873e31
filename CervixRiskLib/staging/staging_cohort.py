"""Read a staging cohort: groups from the outcome column, or from FIGO stages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..cohort import Cohort, load_cohort
from ..cohort.cells import is_missing
from ..cohort.shown_text import shown
from ..errors import CohortError
from .figo import GROUP_NAMES, treatment_group

if TYPE_CHECKING:
    from .settings import StagingSettings


def load_staging_cohort(path: str | Path, settings: StagingSettings, *, outcome: str = "outcome") -> Cohort:
    """The cohort table with named groups.

    Without names of its own the cohort has the paper's two groups: 0 is surgery, 1 chemoradiotherapy, and
    ``figo_stage`` gives the group where ``outcome`` does not, and must agree where it does.

    Raises
    ------
    CohortError
        As :func:`CervixRiskLib.cohort.load_cohort` raises it; or a patient has cases in both treatment groups.
    """
    own_names = settings.group_order
    cohort = load_cohort(
        path,
        outcome=outcome,
        skip_invalid=settings.skip_invalid,
        require_roi=False,
        outcome_kind="group",
        stage_group=None if own_names and own_names != GROUP_NAMES else _group_name,
        group_order=own_names or GROUP_NAMES,
    )
    if cohort.class_names != GROUP_NAMES:
        return cohort
    _check_patients(cohort)
    return replace(cohort, notes=(*cohort.notes, *_unplaced(cohort)))


def _check_patients(cohort: Cohort) -> None:
    """A patient has one treatment, however many slices; groups of other names may be of slices."""
    groups = cohort.table.groupby("patient_id", sort=False)["outcome"].nunique()
    divided = [str(patient) for patient in groups.index[groups > 1]]
    if divided:
        count = "A patient has" if len(divided) == 1 else f"{len(divided)} patients have"
        raise CohortError(
            f"{count} cases in both treatment groups (the first is '{shown(divided[0])}'): correct the outcome, the "
            "stage or the patient_id."
        )


def _unplaced(cohort: Cohort) -> tuple[str, ...]:
    """A note where the outcome alone decided, because the stage beside it names no group."""
    unplaced = 0
    for stage in cohort.table["figo_stage"]:
        try:
            if stage is not None and not is_missing(stage):
                treatment_group(stage)
        except CohortError:
            unplaced += 1
    if not unplaced:
        return ()
    have = "case has" if unplaced == 1 else "cases have"
    return (f"{unplaced} {have} a FIGO stage that names no treatment group; the outcome beside it was taken.",)


def _group_name(stage: str) -> str:
    return treatment_group(stage).value
