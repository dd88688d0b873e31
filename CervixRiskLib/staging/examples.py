"""Which cases of a staging study are shown with their heat map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..bundle.example_choice import ChosenExample, choose_examples
from .evaluation import NetworkEvaluation


def choose_judged_examples(
    evaluation: NetworkEvaluation, case_ids: Sequence[str], class_names: Sequence[str], *, held_out: bool
) -> tuple[ChosenExample, ...]:
    """Examples among the cases that a network was judged on, by answers of networks that had not seen them.

    With two groups ranked by the softmax share of the second, with more by that of the case's own group.

    Parameters
    ----------
    case_ids
        In the order of the evaluation's arrays.
    held_out
        The bundle's network was not trained on these cases.
    """
    truth = evaluation.truth
    two_groups = len(class_names) == 2
    shares = evaluation.probabilities[:, 1] if two_groups else evaluation.probabilities[np.arange(len(truth)), truth]
    return choose_examples(case_ids, truth, shares, class_names, held_out=held_out)
