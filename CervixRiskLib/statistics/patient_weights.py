"""Bootstrap weights of cases whose patients are drawn: many resamples as one matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import TrainingError

#: With a larger share of undefined resamples an interval is not given.
MOST_UNDEFINED = 0.1


def patient_numbers(patients: Sequence[Any] | np.ndarray | None, cases: int) -> np.ndarray:
    """``(cases,)`` numbers 0 … patients - 1 as they first appear; without identifiers every case is a patient.

    What is drawn by these numbers does not depend on what the patients are called: a record names them otherwise than
    the cohort it was made of.

    Raises
    ------
    ValueError
        There is not one identifier a case.
    """
    if patients is None:
        return np.arange(cases)
    if len(patients) != cases:
        raise ValueError(f"{len(patients)} patient identifiers do not fit {cases} cases.")
    _, first, numbers = np.unique(np.asarray(patients), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[numbers]


def patient_weights(
    patients: Sequence[Any] | np.ndarray | None,
    cases: int,
    resamples: int,
    rng: np.random.Generator | int,
    *,
    outcome: np.ndarray | None = None,
) -> np.ndarray:
    """How often each case is in each bootstrap resample, ``(resamples, cases)``.

    Patients are drawn with all their cases (Davison & Hinkley, Bootstrap Methods and their Application, 1997,
    section 3.8), like :func:`.patient_bootstrap`. A statistic that is a function of weighted sums needs one matrix
    product for all resamples.

    Parameters
    ----------
    outcome
        ``(cases,)`` codes: patients are drawn within the outcomes (a patient's is the largest of its cases'), so that
        their numbers stay. ``None``: from all patients, so that the prevalence varies as in a new cohort.
    """
    if resamples < 1:
        raise ValueError("At least one resample is needed.")
    numbers = patient_numbers(patients, cases)
    count = int(numbers.max()) + 1
    stratum = np.zeros(count, dtype=int)
    if outcome is not None:
        np.maximum.at(stratum, numbers, np.asarray(outcome, dtype=int))
    generator = np.random.default_rng(rng)
    drawn = np.zeros((resamples, count))
    for label in np.unique(stratum):
        members = np.flatnonzero(stratum == label)
        chosen = generator.integers(0, members.size, (resamples, members.size))
        chosen += members.size * np.arange(resamples)[:, np.newaxis]
        counts = np.bincount(chosen.ravel(), minlength=resamples * members.size)
        drawn[:, members] = counts.reshape(resamples, members.size)
    return drawn[:, numbers]


def percentile_bounds(draws: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval over the first axis of ``(resamples, ...)``; undefined (NaN) resamples are left out.

    Raises
    ------
    TrainingError
        More than a tenth of the resamples are undefined.
    """
    undefined = np.isnan(draws).sum(axis=0)
    if np.any(undefined > MOST_UNDEFINED * len(draws)):
        raise TrainingError(
            f"The statistic is undefined in {int(np.max(undefined))} of {len(draws)} resamples: there are too few "
            "cases."
        )
    tail = (1 - confidence) / 2
    quantile = np.nanquantile if np.any(undefined) else np.quantile
    lower, upper = quantile(draws, [tail, 1 - tail], axis=0)
    return lower, upper
