"""Stratified folds that never divide a group (a patient)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..errors import TrainingError


def stratified_folds(
    labels: np.ndarray, groups: np.ndarray | None, *, folds: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield ``(training, held_out)`` index arrays, each with every class on both sides.

    Raises
    ------
    TrainingError
        A class has fewer cases (or patients) than there are folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    labels = np.asarray(labels)
    rarest = smallest_class(labels, groups)
    if rarest < folds:
        raise TrainingError(
            f"The rarest class has {rarest} patients, too few for {folds} folds: add cases or take fewer folds."
        )
    placeholder = np.zeros(len(labels))
    if groups is None:
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed).split(placeholder, labels)
    else:
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(placeholder, labels, groups)
    classes = np.unique(labels)
    for training, held_out in splitter:
        for part in (training, held_out):
            if len(np.unique(labels[part])) < len(classes):
                raise TrainingError(
                    "The patients cannot be divided so that every fold holds every class: take fewer folds."
                )
        yield training, held_out


def hold_out(
    labels: np.ndarray, groups: np.ndarray | None, *, fraction: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """One ``(training, held_out)`` pair: the first of as many stratified folds as come next to ``fraction``.

    Raises
    ------
    TrainingError
        A class has fewer than two cases (or patients).
    """
    rarest = smallest_class(labels, groups)
    if rarest < 2:
        raise TrainingError(
            "Early stopping needs at least two patients of each class: one to learn from, one to check."
        )
    folds = max(2, min(round(1 / fraction), rarest))
    return next(stratified_folds(labels, groups, folds=folds, seed=seed))


def smallest_class(labels: np.ndarray, groups: np.ndarray | None = None) -> int:
    """Cases of the rarest class; patients where ``groups`` are given."""
    if groups is None:
        return int(np.unique(labels, return_counts=True)[1].min())
    return min(len(np.unique(np.asarray(groups)[labels == label])) for label in np.unique(labels))
