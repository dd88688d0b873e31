"""Read a staging cohort: groups from the outcome column, or from FIGO stages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..cohort import Cohort, load_cohort
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
        As :func:`CervixRiskLib.cohort.load_cohort` raises it.
    """
    own_names = settings.group_order
    return load_cohort(
        path,
        outcome=outcome,
        skip_invalid=settings.skip_invalid,
        require_roi=False,
        outcome_kind="group",
        stage_group=None if own_names and own_names != GROUP_NAMES else _group_name,
        group_order=own_names or GROUP_NAMES,
    )


def _group_name(stage: str) -> str:
    return treatment_group(stage).value
