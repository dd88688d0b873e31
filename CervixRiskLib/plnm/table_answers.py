"""Answers for rows of a table of features, by a model that was trained on such a table."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from ..bundle import Bundle, Prediction, PredictionWarning
from ..bundle.answer_warnings import bundle_warnings
from ..cohort import read_feature_rows
from ..errors import BundleError, CervixRiskError, CohortError
from ..progress import SILENT, Progress
from .answering_model import AnsweringModel
from .clinical_values import clinical_values


def answer_feature_table(
    bundle: Bundle, path: str | os.PathLike[str], *, skip_invalid: bool = False, progress: Progress = SILENT
) -> tuple[tuple[Prediction, ...], tuple[str, ...]]:
    """Answer for every case of a table.

    Parameters
    ----------
    path
        CSV or Parquet with the features that the bundle was trained on, measured in the same way, and the clinical
        columns that its nomogram needs.
    skip_invalid
        Go on without cases that cannot be answered.

    Returns
    -------
    tuple
        The answers in the table's order, and a sentence for each case that was left out.

    Raises
    ------
    BundleError
        The bundle measures images itself.
    CohortError
        The table is unreadable, lacks a feature or a clinical column, or a case cannot be answered (without
        ``skip_invalid``).
    """
    model = AnsweringModel.of(bundle)
    if not model.features_given:
        raise BundleError(
            "This bundle measures images itself: give it an image and a contour, or a table of them by --cohort."
        )
    features = model.fusion.scorer.radiomics_names
    # The fold models tell how uncertain the score is; each looks at features of its own.
    names = tuple(dict.fromkeys([*features, *(n for one in model.fusion.fold_scorers for n in one.radiomics_names)]))
    rows = read_feature_rows(path, names, [predictor.name for predictor in model.manifest.clinical])
    warnings = bundle_warnings(model.manifest, "nomogram")
    answers: list[Prediction] = []
    left_out: list[str] = []
    with progress.task("Answering", total=len(rows.values)) as task:
        for case_id, row, clinical in zip(rows.values.index, rows.values.to_numpy(), rows.clinical, strict=True):
            try:
                answers.append(_answer(model, str(case_id), names, row, clinical, warnings))
            except CervixRiskError as error:
                if not skip_invalid:
                    raise CohortError(f"Case {case_id}: {error} (--skip-invalid goes on without it.)") from error
                left_out.append(f"{case_id}: {error}")
            task.advance()
    if not answers:
        raise CohortError("No case of the table could be answered.")
    return tuple(answers), tuple(left_out)


def _answer(
    model: AnsweringModel,
    case_id: str,
    names: Sequence[str],
    row: np.ndarray,
    clinical: Mapping[str, str],
    warnings: Sequence[PredictionWarning],
) -> Prediction:
    lacking = int((~np.isfinite(row)).sum())
    if lacking:
        raise CohortError(f"{lacking} of the {len(names)} features that the model needs are missing or no numbers.")
    values, clinical_warnings = clinical_values(clinical, None, model.columns, model.manifest.clinical)
    radiomics = dict(zip(names, (float(value) for value in row), strict=True))
    return model.answer(case_id, radiomics, None, values, [*warnings, *clinical_warnings])
