"""Which cases of a lymph node study are shown with their heat map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..bundle.example_choice import ChosenExample, choose_examples
from .case_table import CaseTable
from .model import PlnmModel
from .validation import CrossValidation


def choose_training_examples(
    cases: CaseTable,
    model: PlnmModel,
    validation: CrossValidation | None,
    training: np.ndarray,
    test: np.ndarray,
    class_names: Sequence[str],
) -> tuple[ChosenExample, ...]:
    """Examples from the held-out cases where there are any, else from the training cases by their out-of-fold answers.

    Parameters
    ----------
    model
        Fitted on the cases at ``training``.
    validation
        Of the same cases; without it the model's own inner folds answer.
    training, test
        Positions in ``cases``.
    class_names
        Of outcome 0 and 1.
    """
    held_out = bool(test.size)
    positions = test if held_out else training
    if held_out:
        probability = model.predict_proba(cases.X.iloc[test])[:, 1]
    else:
        probability = model.out_of_fold_probability_ if validation is None else validation.probability
    case_ids = cases.cohort.case_ids
    names = [case_ids[position] for position in positions]
    return choose_examples(names, cases.y[positions], probability, class_names, held_out=held_out)
