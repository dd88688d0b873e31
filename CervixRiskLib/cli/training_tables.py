"""``train plnm``: the cohort's table, the table of features, or both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..cohort import Cohort, GivenFeatures

FeaturesOption = Annotated[
    Path | None,
    typer.Option(
        "--features",
        metavar="FILE",
        help="Features that were measured elsewhere, one row a case: no image is opened, and no network trained. With "
        "COHORT they are joined by case_id; without, FILE holds identifiers (first column or case_id), the outcome and "
        "features.",
        show_default=False,
    ),
]


def read_training_tables(
    cohort: Path | None, features: Path | None, *, outcome: str, skip_invalid: bool
) -> tuple[Cohort, GivenFeatures | None]:
    """The cases to train on, and their features where they were measured elsewhere.

    Raises
    ------
    SettingsError
        Neither table was given.
    CohortError
        A table cannot be used, or the two do not go together.
    """
    from ..cohort import load_cohort, load_features_cohort, load_given_features
    from ..errors import SettingsError

    if features is None:
        if cohort is None:
            raise SettingsError("Give the cohort's table, or features that were measured elsewhere by --features.")
        return load_cohort(cohort, outcome=outcome, skip_invalid=skip_invalid), None
    if cohort is None:
        return load_features_cohort(features, outcome=outcome, skip_invalid=skip_invalid)
    table = load_cohort(cohort, outcome=outcome, skip_invalid=skip_invalid, require_image=False)
    return load_given_features(features, table, outcome=outcome, skip_invalid=skip_invalid)
