"""A proportion of cases whose patients have several, with an interval that knows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, stdtrit

from .outcome import check_confidence
from .patient_resampling import shares_patients
from .patient_weights import patient_numbers
from .proportions import Estimate, proportion


def patient_proportion(
    hit: ArrayLike,
    patients: Sequence[Any] | np.ndarray | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """The share of cases with ``hit``: Clopper and Pearson's interval on the effective number of cases.

    The effective number is that of independent cases with the variance that the share has over the patients
    (``p (1 - p)`` over the ratio estimator's variance; Rao & Scott, Biometrics 1992;48:577-585), no more than the
    cases, and less by the degrees of freedom that few patients leave (Korn & Graubard, Survey Methodology
    1998;24:193-201; in R ``svyciprop(method = "beta")``). Where all cases agree there is no variance to see: then a
    patient counts once, as if its cases always agreed. One case a patient gives Clopper and Pearson's interval itself,
    for any ``patients``.

    Parameters
    ----------
    hit
        ``(n,)`` booleans (or 0 and 1): of the cases that the share is about. Of none at all the value is NaN, the
        interval 0 to 1.
    patients
        ``(n,)`` identifiers; without them every case is a patient.
    """
    found = np.asarray(hit)
    if found.ndim != 1 or not np.isin(found, (0, 1)).all():
        raise ValueError("Whether a case is counted is true or false, one a case.")
    alpha = 1 - check_confidence(confidence)
    exact = proportion(int(found.sum()), found.size, confidence)
    if not shares_patients(patients, found.size):
        return Estimate(exact.value, exact.lower, exact.upper)
    numbers = patient_numbers(patients, found.size)
    count = int(numbers.max()) + 1
    share = exact.value
    if share in (0.0, 1.0):
        once = proportion(count if share else 0, count, confidence)
        return Estimate(share, once.lower, once.upper)
    if count == 1:
        return Estimate(share, 0.0, 1.0)
    residuals = np.bincount(numbers, weights=found - share)
    variance = count / (count - 1) * float(residuals @ residuals) / found.size**2
    effective = float(found.size) if variance == 0.0 else min(found.size, share * (1 - share) / variance)
    effective *= (stdtrit(found.size - 1, 1 - alpha / 2) / stdtrit(count - 1, 1 - alpha / 2)) ** 2
    hits, misses = share * effective, (1 - share) * effective
    lower, upper = betaincinv(hits, misses + 1, alpha / 2), betaincinv(hits + 1, misses, 1 - alpha / 2)
    return Estimate(share, float(lower), float(upper))
