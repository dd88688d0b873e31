"""Bootstrap that draws patients, not cases, where a patient has several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .resampling import BootstrapInterval, BootstrapMethod, bootstrap_interval


def shares_patients(groups: Sequence[Any] | np.ndarray | None, cases: int) -> bool:
    """Whether any two of the cases are of the same patient; ``groups`` holds ``(cases,)`` identifiers, or none.

    Raises
    ------
    ValueError
        There is not one identifier a case.
    """
    if groups is None:
        return False
    if len(groups) != cases:
        raise ValueError(f"{len(groups)} patient identifiers do not fit {cases} cases.")
    return len(set(groups)) < cases


def patient_bootstrap(
    statistic: Callable[..., float],
    arrays: Sequence[np.ndarray],
    truth: np.ndarray,
    groups: Sequence[Any] | np.ndarray | None = None,
    *,
    resamples: int = 2000,
    seed: np.random.Generator | int = 42,
    confidence: float = 0.95,
    method: str | BootstrapMethod = BootstrapMethod.PERCENTILE,
) -> BootstrapInterval:
    """Interval of ``statistic(*arrays)``: patients are drawn with all their cases, within the outcomes.

    A patient's outcome is the largest code of its cases. With one case a patient this is
    :func:`.resampling.bootstrap_interval` with the outcome as strata. Resampling whole clusters: Davison & Hinkley,
    Bootstrap Methods and their Application, 1997, section 3.8.

    Parameters
    ----------
    statistic
        Takes the resampled arrays, gives a number, NaN where it is not defined.
    arrays
        Each ``(n, ...)``.
    truth
        ``(n,)`` codes of the outcome.
    groups
        ``(n,)`` patient identifiers; ``None``: every case is a patient.
    method
        As for :func:`.resampling.bootstrap_interval`; BCa leaves out patients.

    Raises
    ------
    TrainingError
        As :func:`.resampling.bootstrap_interval`.
    """
    if groups is None or not shares_patients(groups, len(truth)):
        return bootstrap_interval(
            statistic, arrays, seed, strata=truth, repeats=resamples, confidence=confidence, method=method
        )
    members: dict[Any, list[int]] = {}
    for case, patient in enumerate(groups):
        members.setdefault(patient, []).append(case)
    cases = [np.array(places) for places in members.values()]

    def of_patients(chosen: np.ndarray) -> float:
        places = np.concatenate([cases[patient] for patient in chosen])
        return statistic(*(array[places] for array in arrays))

    strata = [int(truth[places].max()) for places in cases]
    return bootstrap_interval(
        of_patients,
        [np.arange(len(cases))],
        seed,
        strata=strata,
        repeats=resamples,
        confidence=confidence,
        method=method,
    )
