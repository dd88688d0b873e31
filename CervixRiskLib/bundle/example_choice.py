"""Which cases a study shows: chosen by rule, never by looks, so that nobody can pick the pictures that please."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import TrainingError
from .study_examples import StudyExample

PERCENTILES = (10, 50, 90)
_MOST_CANDIDATES = 10


@dataclass(frozen=True)
class ChosenExample:
    """A case to show.

    Parameters
    ----------
    outcome
        Its true class.
    reason
        The rule in a few words.
    held_out
        The final model was not fitted on it.
    candidates
        Names of cases, the nearest to the percentile first; those after the first stand in where it cannot be answered.
    """

    outcome: str
    reason: str
    held_out: bool
    candidates: tuple[str, ...]


def choose_examples(
    case_ids: Sequence[str],
    outcomes: np.ndarray,
    probability: np.ndarray,
    class_names: Sequence[str],
    *,
    held_out: bool,
) -> tuple[ChosenExample, ...]:
    """Of each outcome the cases at the 10th, 50th and 90th percentile of their probability.

    The percentile of ``n`` cases is the one at the rank nearest to ``p / 100 * (n - 1)`` from below (0 is the lowest);
    among equal probabilities the case that comes first in the table. An outcome with fewer than three cases shows each.

    Parameters
    ----------
    case_ids, outcomes
        ``(n,)`` names and codes (the position in ``class_names``).
    probability
        ``(n,)`` or ``(repeats, n)`` answers of models that had not seen the case; the mean over repeats counts.
    held_out
        The final model was not fitted on these cases.

    Raises
    ------
    TrainingError
        Numbers of cases that do not match, or a probability that is not a number.
    """
    answers = np.atleast_2d(np.asarray(probability, dtype=float)).mean(axis=0)
    codes = np.asarray(outcomes)
    if not len(case_ids) == len(codes) == len(answers) or not np.isfinite(answers).all():
        raise TrainingError("Examples are chosen among cases that each have an outcome and a probability.")
    chosen = []
    for code, name in enumerate(class_names):
        members = np.flatnonzero(codes == code)
        ordered = members[np.argsort(answers[members], kind="stable")]
        taken: list[int] = []
        for percentile in PERCENTILES:
            if not len(ordered):
                break
            rank = round(percentile / 100 * (len(ordered) - 1))
            near = sorted(range(len(ordered)), key=lambda other: (abs(other - rank), other))
            free = [place for place in near if place not in taken]
            # With one or two cases further percentiles are the same ones again.
            if not free or len(taken) >= len(ordered):
                break
            taken.append(free[0])
            candidates = tuple(str(case_ids[ordered[place]]) for place in free[:_MOST_CANDIDATES])
            chosen.append(ChosenExample(name, f"{percentile}th percentile of {name}", held_out, candidates))
    return tuple(chosen)


def examples_notes(examples: Sequence[StudyExample]) -> tuple[str, ...]:
    """Sentences for under the pictures: the rule, and what the final model knew of these cases."""
    rule = (
        "Cases were chosen by rule, not by looks: of each outcome those whose probability lies at its 10th, 50th and "
        "90th percentile, as answered by models that had not seen them."
    )
    if not examples:
        return ()
    if all(example.held_out for example in examples):
        return (rule, "The model that answers here was not fitted on these cases.")
    return (
        rule,
        "The model that answers here was fitted on the cases marked as seen in training: their probabilities and maps "
        "look better than those of new patients.",
    )
