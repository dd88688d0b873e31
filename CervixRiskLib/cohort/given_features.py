"""Features that were measured elsewhere: a table of them, checked, and joined with a cohort or taken as one.

A table of radiomic features comes from many hands: an unnamed column of identifiers first, columns of text about how
the features were measured, numbers that could not be computed. What is left out is told; nothing is imputed, because
a value that could not be measured in training will not be measured in a new patient either.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import CohortError
from .case_frame import case_frame, content_hash
from .cells import number_text
from .cohort_checks import check_classes, check_split
from .columns import ColumnDictionary
from .feature_columns import named, usable_features
from .feature_text import CASE, TITLE, case_position, feature_rows, numbers, read_feature_text
from .shown_text import one_line, shown
from .simulation_mark import SIMULATION_MARK
from .table import Cohort
from .table_rows import RowProblem, refuse


@dataclass(frozen=True, eq=False)
class GivenFeatures:
    """Features that can be used.

    Parameters
    ----------
    values
        ``(cases, features)`` float64, finite, index ``case_id``.
    file_name
        Of the table.
    content_hash
        SHA-256 of the values with their names and cases.
    notes
        Sentences for the person: what was left out and why.
    simulated
        A ``simulation.json`` lies beside the table.
    """

    values: pd.DataFrame
    file_name: str
    content_hash: str
    notes: tuple[str, ...]
    simulated: bool


def load_features_cohort(
    path: str | os.PathLike[str], *, outcome: str = "outcome", skip_invalid: bool = False
) -> tuple[Cohort, GivenFeatures]:
    """A table of features that is its own cohort: identifiers, outcome, features.

    Parameters
    ----------
    path
        CSV or Parquet. The column ``case_id``, else the first whatever its name, identifies cases; ``patient_id``,
        ``center`` and ``split`` mean what they mean in a cohort table; every other column is a feature.
    outcome
        Name of the outcome's column, 0 or 1.
    skip_invalid
        Go on without rows that cannot be used.

    Raises
    ------
    CohortError
        The table is unreadable, has no outcome, or a feature that repeats it; rows cannot be used; no feature is left.
    """
    path = Path(path)
    text = read_feature_text(path)
    positions = case_position(text)
    folded = [name.casefold() for name in text.header]
    if outcome.casefold() not in folded:
        raise CohortError(
            f"The {TITLE} has no column '{shown(outcome)}' for the outcome: name it by --outcome, or give a cohort "
            "table beside the features."
        )
    positions["outcome"] = folded.index(outcome.casefold())
    if positions["outcome"] == positions[CASE]:
        raise CohortError(f"The first column of the {TITLE} is the outcome: put the cases' identifiers before it.")
    used = {name: folded.index(name) for name in ("patient_id", "center", "split") if name in folded}
    rows, problems = feature_rows(text, positions | used, path, require_outcome=True).read()
    if not rows:
        raise refuse(problems, len(text.rows), TITLE)
    apart = set((positions | used).values())
    matrix, rows, short, notes = usable_features(text, rows, apart, {outcome.casefold()})
    problems = sorted((*problems, *short), key=lambda problem: problem.row)
    if problems and not skip_invalid:
        raise refuse(problems, len(text.rows), TITLE)
    if not rows:
        raise CohortError(f"The {TITLE} holds no case that can be used.")
    table = case_frame(rows, (), ())
    check_classes(table)
    check_split(table)
    _check_values(matrix, table["outcome"].to_numpy())
    features = _given(path, matrix, notes)
    cohort = Cohort(
        table=table,
        columns=ColumnDictionary(),
        root=path.resolve().parent,
        excluded=tuple(problems),
        simulated=features.simulated,
        content_hash=content_hash(rows, (), (), ("0", "1")),
        notes=text.notes,
    )
    return cohort, features


def load_given_features(
    path: str | os.PathLike[str], cohort: Cohort, *, outcome: str = "outcome", skip_invalid: bool = False
) -> tuple[Cohort, GivenFeatures]:
    """The features of a cohort's cases, joined by ``case_id``, and the cases of the cohort that have them.

    Columns that the cohort's table knows (its clinical predictors) and those of a cohort table (the outcome above all)
    are no features.

    Parameters
    ----------
    path
        As for :func:`load_features_cohort`.
    cohort
        Read with ``require_image=False``.
    outcome
        The outcome's name in the cohort's table.
    skip_invalid
        Go on without cases that have no features.

    Raises
    ------
    CohortError
        As :func:`load_features_cohort`; cases of the cohort have no features (without ``skip_invalid``); no case is in
        both.
    """
    path = Path(path)
    text = read_feature_text(path)
    positions = case_position(text)
    rows, problems = feature_rows(text, positions, path, require_outcome=False).read()
    wanted = set(cohort.case_ids)
    known = [row for row in rows if row.case_id in wanted]
    if not known:
        raise CohortError(
            f"No case of the cohort is in the {TITLE}: its identifiers ({named([row.case_id for row in rows])}) are "
            "not those of the cohort's column case_id."
        )
    clinical = {name.casefold() for name in cohort.clinical_names}
    matrix, found, short, notes = usable_features(text, known, set(positions.values()), {*clinical, outcome.casefold()})
    problems = [problem for problem in problems if problem.case_id in wanted] + short
    have, listed = {row.case_id for row in found}, {problem.case_id for problem in problems}
    without = [case_id for case_id in cohort.case_ids if case_id not in have | listed]
    problems += [RowProblem(shown(case_id), 0, f"it has no features in the {TITLE}") for case_id in without]
    if problems and not skip_invalid:
        raise refuse(problems, len(cohort), TITLE)
    kept = [case_id for case_id in cohort.case_ids if case_id in have]
    joined = replace(cohort.select(kept), excluded=(*cohort.excluded, *problems))
    check_classes(joined.table)
    matrix = matrix.loc[kept]
    _check_values(matrix, joined.outcomes)
    extra = len(rows) - len(known)
    if extra:
        notes = (*notes, f"Cases of the {TITLE} left out because they are not in the cohort: {extra}.")
    features = _given(path, matrix, notes)
    return replace(joined, simulated=cohort.simulated or features.simulated), features


@dataclass(frozen=True, eq=False)
class FeatureRows:
    """Cases to be answered.

    Parameters
    ----------
    values
        ``(cases, features)`` float64, index ``case_id``; NaN where a value is missing or no number.
    clinical
        For each case the text of the clinical columns that the table has.
    """

    values: pd.DataFrame
    clinical: tuple[dict[str, str], ...]


def read_feature_rows(path: str | os.PathLike[str], names: Sequence[str], clinical: Sequence[str] = ()) -> FeatureRows:
    """The features ``names`` and the columns ``clinical`` of every case of a table.

    Raises
    ------
    CohortError
        The table is unreadable, lacks a feature or a clinical column, or has rows that cannot be told apart.
    """
    path = Path(path)
    text = read_feature_text(path)
    place = {one_line(name): position for position, name in enumerate(text.header)}
    lacking = [name for name in (*names, *clinical) if name not in place]
    if lacking:
        raise CohortError(f"The {TITLE} lacks what the model needs: {named(lacking)}.")
    rows, problems = feature_rows(text, case_position(text), path, require_outcome=False).read()
    if problems:
        raise refuse(problems, len(text.rows), TITLE)
    by_number = {row.number: row for row in text.rows}
    values = [numbers(by_number[row.row], [place[name] for name in names], text.decimal_comma) for row in rows]
    index = pd.Index([row.case_id for row in rows], name=CASE, dtype=object)
    return FeatureRows(
        pd.DataFrame(np.array(values, dtype=float).reshape(len(rows), len(names)), index=index, columns=list(names)),
        tuple(
            {name: number_text(by_number[row.row].cells[place[name]], text.decimal_comma) for name in clinical}
            for row in rows
        ),
    )


def _check_values(matrix: pd.DataFrame, outcomes: np.ndarray) -> None:
    """Some feature varies, and none is the outcome under another name: any model of such a one would be perfect."""
    values = matrix.to_numpy()
    if not np.ptp(values, axis=0).any():
        raise CohortError(f"Every feature of the {TITLE} has the same value in every case: there is nothing to learn.")
    negative, positive = values[outcomes == 0], values[outcomes == 1]
    copies = (np.ptp(negative, axis=0) == 0) & (np.ptp(positive, axis=0) == 0) & (negative[0] != positive[0])
    if copies.any():
        copied = named([str(name) for name in matrix.columns[copies]])
        raise CohortError(f"The {TITLE} repeats the outcome in {copied}: delete what is no measurement of the image.")


def _given(path: Path, matrix: pd.DataFrame, notes: tuple[str, ...]) -> GivenFeatures:
    digest = hashlib.sha256("\n".join([*matrix.index, "", *matrix.columns]).encode("utf-8", "surrogatepass"))
    digest.update(np.ascontiguousarray(matrix.to_numpy(np.float64)).astype("<f8").tobytes())
    return GivenFeatures(
        matrix, path.name, digest.hexdigest(), notes, (path.resolve().parent / SIMULATION_MARK).is_file()
    )
