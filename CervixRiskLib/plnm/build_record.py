"""The study record of a lymph node training run: what was judged on what, in an order that recognises no patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..bundle.acquisition_record import AcquisitionRecord
from ..bundle.recorded_order import in_random_order, order_seed
from ..bundle.study_record import PAPER_TEST, PAPER_TRAINING, TEST, TRAINING, CaseSet, JudgedModel, StudyRecord
from ..cohort import subgroups
from ..statistics import selection_stability
from .bundle_manifest import TASK
from .case_table import CaseTable
from .honest_protocol import HonestResult
from .paper_protocol import PaperResult
from .study_description import StudyDescription


def build_record(
    cases: CaseTable,
    training: np.ndarray,
    test: np.ndarray,
    *,
    seed: int,
    honest: HonestResult | None,
    held_out: Sequence[JudgedModel],
    paper: PaperResult | None,
    description: StudyDescription,
    notes: Sequence[str],
    acquisition: AcquisitionRecord | None = None,
) -> StudyRecord:
    """Assemble what a training run learned.

    Parameters
    ----------
    training, test
        Positions of both sides in ``cases``; ``test`` may be empty.
    honest
        Judged on the cases at ``training``; ``None`` when only the paper protocol was run.
    held_out
        Judged on the cases at ``test``.
    paper
        ``None`` when only the honest protocol was run.
    """
    groupings = subgroups(cases.cohort)
    sides = [(TRAINING, training), (TEST, test)]
    models: tuple[JudgedModel, ...] = (*(honest.models if honest else ()), *held_out)
    if paper is not None:
        sides += [(PAPER_TRAINING, paper.train), (PAPER_TEST, paper.test)]
        models += paper.models
    sets = []
    secret = order_seed(seed, cases.X.to_numpy(np.float64))
    for name, positions in sides:
        if positions.size:
            drawn, models, _ = in_random_order(_case_set(name, cases, positions, groupings), models, secret)
            sets.append(drawn)
    record = StudyRecord(
        task=TASK,
        case_sets=tuple(sets),
        models=models,
        flow=description.flow,
        table_one=description.table_one,
        odds_ratios=description.odds_ratios,
        selection=description.selection,
        acquisition=acquisition,
        notes=tuple(notes),
    )
    if honest is None:
        return record
    folds = honest.validation.folds
    several = len({fold.network for fold in folds}) > 1
    return replace(
        record,
        feature_frequency=honest.validation.feature_frequency(),
        stability=selection_stability([fold.features for fold in folds], len(cases.radiomics_columns)).value,
        winners=dict(
            Counter(f"{fold.network} {fold.classifier}" if several else fold.classifier for fold in folds).most_common()
        ),
        permutation=honest.permutation,
        optimism=honest.optimism,
    )


def _case_set(name: str, cases: CaseTable, positions: np.ndarray, groupings: dict[str, tuple[str, ...]]) -> CaseSet:
    patients = pd.factorize(pd.Series(cases.groups[positions]))[0]
    return CaseSet(
        name,
        tuple(int(code) for code in cases.y[positions]),
        tuple(int(number) for number in patients),
        {label: tuple(groups[position] for position in positions) for label, groups in groupings.items()},
    )
