"""Outcomes, patients and centres of a table of features, for cases that a trained model is to be judged on."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import CohortError
from .case_frame import case_frame, content_hash
from .cohort_checks import check_classes
from .columns import ColumnDictionary
from .feature_text import CASE, TITLE, case_position, feature_rows, read_feature_text
from .shown_text import shown
from .simulation_mark import SIMULATION_MARK
from .table import Cohort
from .table_rows import refuse


def load_feature_outcomes(path: str | os.PathLike[str], outcome: str = "outcome") -> Cohort:
    """The cases of the table with their outcome; rows without one that can be used are in ``excluded``.

    No feature is looked at: which ones a model needs, the model knows.

    Parameters
    ----------
    path
        CSV or Parquet, as for :func:`.given_features.load_features_cohort`.
    outcome
        Name of the outcome's column, 0 or 1.

    Raises
    ------
    CohortError
        The table is unreadable, has no such column, or one outcome alone.
    """
    path = Path(path)
    text = read_feature_text(path)
    positions = case_position(text)
    folded = [name.casefold() for name in text.header]
    if outcome.casefold() not in folded or folded.index(outcome.casefold()) == positions[CASE]:
        raise CohortError(f"The {TITLE} has no column '{shown(outcome)}' for the outcome: name it by --outcome.")
    positions["outcome"] = folded.index(outcome.casefold())
    # The split belongs to what the table is known by, and has no other part here.
    positions |= {name: folded.index(name) for name in ("patient_id", "center", "split") if name in folded}
    rows, problems = feature_rows(text, positions, path, require_outcome=True).read()
    if not rows:
        raise refuse(problems, len(text.rows), TITLE)
    table = case_frame(rows, (), ())
    check_classes(table)
    return Cohort(
        table=table,
        columns=ColumnDictionary(),
        root=path.resolve().parent,
        excluded=tuple(problems),
        simulated=(path.resolve().parent / SIMULATION_MARK).is_file(),
        content_hash=content_hash(rows, (), (), ("0", "1")),
        notes=text.notes,
    )
