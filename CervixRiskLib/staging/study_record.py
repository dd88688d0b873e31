"""What a training of staging networks leaves for its report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..bundle.acquisition_record import AcquisitionRecord
from ..bundle.recorded_order import in_random_order, order_seed
from ..bundle.study_record import TEST, TRAINING, CaseSet, FlowStep, JudgedModel, ModelTable, RecordTable, StudyRecord
from ..cohort import Cohort, clinical_frame, exclusion_reasons, subgroups
from ..statistics import Characteristic, hide_small_groups, table_one
from .case_crops import CaseCrops
from .choices import Validation
from .evaluation import HONEST, PairedComparison
from .settings import StagingSettings

if TYPE_CHECKING:
    from .training import ValidatedNetwork

TASK = "staging"


def build_record(
    validated: Sequence[ValidatedNetwork],
    comparison: PairedComparison | None,
    cohort: Cohort,
    cases: CaseCrops,
    settings: StagingSettings,
    notes: Sequence[str],
    acquisition: AcquisitionRecord | None = None,
) -> StudyRecord:
    """The record of a validation; every network has answered the same cases.

    ``details`` holds ``networks`` (the names behind the titles), ``logits`` by title (``(cases, groups)`` in the order
    of the case set), and ``comparison``, the sentence on the best two.

    Parameters
    ----------
    cohort
        As it was read.
    cases
        Those of it that could be used.
    """
    from ..networks import network_spec

    rows = {case_id: position for position, case_id in enumerate(cases.cohort.case_ids)}
    positions = np.array([rows[case_id] for case_id in validated[0].case_ids])
    held_out = settings.validation is Validation.HOLDOUT
    groups = {name: tuple(np.array(column)[positions].tolist()) for name, column in subgroups(cases.cohort).items()}
    judged = CaseSet(
        TEST if held_out else TRAINING,
        tuple(int(code) for code in validated[0].evaluation.truth),
        tuple(int(number) for number in pd.factorize(cases.patients[positions].astype(str))[0]),
        {name: column for name, column in groups.items() if len(set(column) - {""}) > 1},
    )
    titles = [network_spec(network.name).title for network in validated]
    models = [_judged(title, network, judged.name) for title, network in zip(titles, validated, strict=True)]
    drawn, answered, order = in_random_order(judged, models, order_seed(settings.seed, cases.crops))
    return StudyRecord(
        TASK,
        (drawn,),
        answered,
        flow=_flow(cohort, cases, positions.size if held_out else 0),
        table_one=_characteristics(cases, positions if held_out else None),
        training_curves={
            title if len(network.trials) == 1 else f"{title}, fold {fold}": list(trial.history)
            for title, network in zip(titles, validated, strict=True)
            for fold, trial in enumerate(network.trials, start=1)
        },
        acquisition=acquisition,
        notes=tuple(notes),
        details={
            "networks": {title: network.name for title, network in zip(titles, validated, strict=True)},
            "logits": {
                title: network.evaluation.logits[order].tolist()
                for title, network in zip(titles, validated, strict=True)
            },
            "comparison": None if comparison is None else comparison.sentence(),
        },
    )


def _judged(title: str, network: ValidatedNetwork, cases: str) -> JudgedModel:
    """For two groups the second's log-odds, which never tie at 1; for more the last group's softmax share."""
    found = network.evaluation
    several = found.logits.shape[1] > 2
    scores = found.probabilities[:, -1] if several else found.logits[:, 1] - found.logits[:, 0]
    return JudgedModel(
        title,
        ModelTable.NETWORKS.value,
        HONEST,
        cases,
        (tuple(float(value) for value in scores),),
        (tuple(int(code) for code in found.predicted),),
        note="The score is the softmax share of the last group." if several else "",
    )


def _flow(cohort: Cohort, cases: CaseCrops, held_out: int) -> tuple[FlowStep, ...]:
    steps = [FlowStep("Rows of the cohort table", len(cohort) + len(cohort.excluded))]
    if cohort.excluded:
        steps.append(FlowStep("Usable rows", len(cohort), len(cohort.excluded), exclusion_reasons(cohort.excluded)))
    lost = len(cohort) - len(cases.labels)
    if lost:
        culled = len(cases.culled)
        reasons = {"poor image quality": culled, "image or contour could not be used": lost - culled}
        reasons = {reason: count for reason, count in reasons.items() if count}
        steps.append(FlowStep("Slices that can be used", len(cases.labels), lost, reasons))
    if held_out:
        left: dict[str, int] = {"held out for testing": held_out}
        steps.append(FlowStep("Training cases", len(cases.labels) - held_out, held_out, left))
    return tuple(steps)


def _characteristics(cases: CaseCrops, held_out: np.ndarray | None) -> RecordTable | None:
    """Table 1 by group, and by side of the split where cases were held out."""
    cohort = cases.cohort
    if not cohort.clinical_names:
        return None
    columns = [
        Characteristic(column.name, column.label, column.unit, column.kind, column.levels) for column in cohort.columns
    ]
    split: Any = None
    if held_out is not None:
        split = np.full(len(cases.labels), "training", dtype=object)
        split[held_out] = "test"
    table = table_one(clinical_frame(cohort), columns, cases.labels, group_names=cohort.class_names, split=split)
    table = hide_small_groups(table)
    return RecordTable.from_frame(table.to_frame(), table.notes)
