"""What a report says of the cohort and of the final model before any performance: flow of cases, tables 1 and 2,
and how the features were chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..bundle.study_record import FlowStep, RecordTable, SelectionTrace
from ..cohort import ClinicalColumn, Cohort, clinical_frame, exclusion_reasons
from ..statistics import Characteristic, hide_small_groups, odds_ratio_table, table_one
from ..statistics.small_groups import FEWEST_CASES
from ..statistics.suppression import complementary_suppression
from .bundle_manifest import NEGATIVE, POSITIVE
from .case_table import CaseTable
from .clinical_design import encode_clinical, encoded_names, label_of
from .model import PlnmModel
from .selection_trace import trace_selection


@dataclass(frozen=True, eq=False)
class StudyDescription:
    """Parts of a :class:`CervixRiskLib.bundle.study_record.StudyRecord` of the same names."""

    flow: tuple[FlowStep, ...]
    table_one: RecordTable | None
    odds_ratios: RecordTable | None
    selection: SelectionTrace


def describe_study(
    model: PlnmModel,
    cohort: Cohort,
    cases: CaseTable,
    train: np.ndarray,
    test: np.ndarray,
    *,
    seed: int = 42,
) -> StudyDescription:
    """Describe a study whose final model is fitted.

    Parameters
    ----------
    model
        Fitted to the cases at ``train``.
    cohort
        As it was read, before any case was measured.
    cases, train, test
        The measured cases, and positions of both sides among them; ``test`` may be empty.
    """
    return StudyDescription(
        flow=flow_of_cases(cohort, cases, train, test),
        table_one=_characteristics(cases, train, test),
        odds_ratios=_odds_ratios(cases, train),
        selection=trace_selection(
            model,
            cases.X.iloc[train],
            cases.y[train],
            cases.groups[train],
            measured=cases.published_columns,
            seed=seed,
        ),
    )


def flow_of_cases(cohort: Cohort, cases: CaseTable, train: np.ndarray, test: np.ndarray) -> tuple[FlowStep, ...]:
    """From the rows of the table to the cases that the model learned from. Reasons name kinds, never cases."""
    steps = [FlowStep("Rows of the cohort table", len(cohort) + len(cohort.excluded))]
    if cohort.excluded:
        reasons = exclusion_reasons(cohort.excluded)
        steps.append(FlowStep("Usable rows", len(cohort), len(cohort.excluded), reasons))
    lost = len(cohort) - len(cases.y)
    if lost:
        steps.append(FlowStep("Measured cases", len(cases.y), lost, {"image or contour could not be measured": lost}))
    held_out = {"held out for testing": int(test.size)} if test.size else {}
    return (*steps, FlowStep("Training cases", int(train.size), int(test.size), held_out))


def _characteristics(cases: CaseTable, train: np.ndarray, test: np.ndarray) -> RecordTable | None:
    """Table 1 as :meth:`CervixRiskLib.statistics.TableOne.to_frame` prints it."""
    cohort = cases.cohort
    if not cohort.clinical_names:
        return None
    columns = [
        Characteristic(column.name, column.label, column.unit, column.kind, column.levels) for column in cohort.columns
    ]
    order = np.concatenate([train, test])
    sides = np.array(["training"] * train.size + ["test"] * test.size)
    table = table_one(
        clinical_frame(cohort).iloc[order],
        columns,
        cases.y[order],
        group_names=(NEGATIVE, POSITIVE),
        split=sides if test.size else None,
    )
    table = hide_small_groups(table)
    return RecordTable.from_frame(table.to_frame(), table.notes)


def _odds_ratios(cases: CaseTable, train: np.ndarray) -> RecordTable | None:
    """Table 2 on the training cases, all clinical columns of the cohort: those that the model may not use, too."""
    cohort = cases.cohort
    X = encode_clinical(clinical_frame(cohort), cohort.columns).iloc[train]
    y = cases.y[train]
    # With the sums known the odds ratio tells the count, and that of one case its outcome.
    rare = [name for column in cohort.columns for name in _told_by_table_one(X, column, y)]
    X = X.drop(columns=rare)
    if not X.shape[1]:
        return None
    labels = {str(name): label_of(str(name), cohort.columns) for name in X.columns}
    table = odds_ratio_table(X, y, labels)
    left_out = [
        f"{label_of(name, cohort.columns)}, {'counted with the reference' if '=' in name else 'left out'}: its odds "
        f"ratio would tell of fewer than {FEWEST_CASES} training cases."
        for name in rare
    ]
    return RecordTable.from_frame(table.to_frame(), (*table.warnings, *left_out))


def _told_by_table_one(X: pd.DataFrame, column: ClinicalColumn, y: np.ndarray) -> list[str]:
    """The encoded columns of those levels whose counts by outcome Table 1 hides."""
    names = [name for name in encoded_names(column) if name in X.columns]
    known = X[names].notna().all(axis=1).to_numpy()
    if column.kind not in ("category", "binary") or not names or not known.any():
        return []
    levels = X.loc[known, names].to_numpy(dtype=int)
    levels = np.column_stack([1 - levels.sum(axis=1), levels])
    counts = np.column_stack([levels.sum(axis=0), levels[y[known] == 0].sum(axis=0), levels[y[known] == 1].sum(axis=0)])
    hidden = complementary_suppression(counts, (counts > 0) & (counts < FEWEST_CASES))
    return [name for name, of_level in zip(names, hidden[1:], strict=True) if of_level.any()]
