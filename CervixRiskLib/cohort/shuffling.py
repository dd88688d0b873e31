"""Outcomes without any relation to the cases, for checking that a pipeline then finds none."""

from __future__ import annotations

import numpy as np


def shuffle_outcome(y: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Outcomes ``(n,)`` permuted among patients; with several cases a patient, all outcomes of one move together."""
    if len(np.unique(groups)) == len(groups):
        return rng.permutation(y)
    patients, first = np.unique(groups, return_index=True)
    drawn = dict(zip(patients, rng.permutation(y[first]), strict=True))
    return np.array([drawn[patient] for patient in groups])
