"""What must hold of all usable rows of a cohort together."""

from __future__ import annotations

import pandas as pd

from ..errors import CohortError
from .shown_text import shown


def check_classes(table: pd.DataFrame) -> None:
    """Raise ``CohortError`` unless there are cases of both outcomes."""
    if table["outcome"].nunique() < 2:
        raise CohortError(
            f"All {len(table)} cases have outcome {table['outcome'].iloc[0]}: a cohort needs cases with outcome 0 and "
            "cases with outcome 1."
        )


def check_split(table: pd.DataFrame) -> None:
    """Raise ``CohortError`` where the table's own split divides a patient or leaves nothing to train on."""
    if table["split"].iloc[0] is None:
        return
    parts = table.groupby("patient_id", sort=False)["split"].nunique()
    divided = [str(patient) for patient in parts.index[parts > 1]]
    if divided:
        raise CohortError(
            f"{len(divided)} patients are in both the train and the test split (the first is '{shown(divided[0])}'): "
            "all cases of a patient belong into one."
        )
    if "train" not in set(table["split"]):
        raise CohortError("The split column puts no case into train: write train for the cases to learn from.")


def check_split_outcomes(table: pd.DataFrame) -> None:
    """Raise ``CohortError`` where the table's own split leaves a part with cases of one outcome alone."""
    if table["split"].iloc[0] is None:
        return
    for part, cases in table.groupby("split"):
        if cases["outcome"].nunique() < 2:
            raise CohortError(
                f"The split column puts only cases with outcome {cases['outcome'].iloc[0]} into {part}: a part needs "
                "cases of both outcomes."
            )
