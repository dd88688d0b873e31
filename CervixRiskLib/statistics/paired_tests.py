"""Do two classifiers differ in how many of the same cases they call correctly?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, chdtrc

from .patient_resampling import shares_patients
from .patient_weights import patient_numbers


@dataclass(frozen=True)
class McNemarTest:
    """``only_a`` and ``only_b`` cases that one alone called correctly, and the two-sided p-value.

    ``exact``: from the binomial distribution, or that of the patients' signs; else from the chi-square one with
    Edwards' correction.
    """

    only_a: int
    only_b: int
    p_value: float
    exact: bool


def mcnemar_test(
    correct_a: ArrayLike,
    correct_b: ArrayLike,
    patients: Sequence[Any] | np.ndarray | None = None,
    *,
    exact: bool = True,
) -> McNemarTest:
    """McNemar's test of two classifiers on the same cases.

    McNemar, Psychometrika 1947;12:153-157. Cases on which both are right or both wrong say nothing. Exact: the smaller
    of the two counts against Binomial(only_a + only_b, 1/2), doubled, at most 1; with no such case p = 1. Not exact:
    ``(|only_a - only_b| - 1)^2 / (only_a + only_b)`` against chi-square with one degree of freedom, as R's
    ``mcnemar.test``.

    Where patients have several cases, these are not independent (Obuchowski, Statistics in Medicine
    1998;17:1495-1507), and the test is that of whole patients: were the classifiers alike, each patient could as well
    have had their answers exchanged, so ``|only_a - only_b|`` is held against all ways of doing so (Edgington &
    Onghena, Randomization Tests, 2007). With one case a patient that is the exact test above.

    Parameters
    ----------
    correct_a, correct_b
        ``(n,)`` booleans (or 0 and 1): whether each called the case correctly.
    patients
        ``(n,)`` identifiers; without them every case is a patient.
    """
    a, b = (_booleans(values) for values in (correct_a, correct_b))
    if a.shape != b.shape:
        raise ValueError(f"The classifiers were asked about {a.size} and {b.size} cases; they must be the same.")
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    differing = only_a + only_b
    if shares_patients(patients, a.size):
        if not exact:
            raise ValueError("With several cases a patient there is the exact test alone.")
        ahead = np.bincount(patient_numbers(patients, a.size), weights=a.astype(float) - b).astype(int)
        return McNemarTest(only_a, only_b, _by_signs(ahead), True)
    if exact and abs(only_a - only_b) <= 1:
        p_value = 1.0  # also what the sum below comes to, but for rounding
    elif exact:
        p_value = min(1.0, 2.0 * float(bdtr(min(only_a, only_b), differing, 0.5)))
    else:
        p_value = float(chdtrc(1, max(0, abs(only_a - only_b) - 1) ** 2 / max(1, differing)))
    return McNemarTest(only_a, only_b, p_value, exact)


def _by_signs(ahead: np.ndarray) -> float:
    """How often patients whose signs are drawn add up to as much as ``ahead`` ``(patients,)`` does, or more."""
    sizes = np.abs(ahead)
    reach = int(sizes.sum())
    # The distribution of the sum of signed sizes, from -reach to reach.
    chances = np.zeros(2 * reach + 1)
    chances[reach] = 1.0
    for size in sizes[sizes > 0]:
        chances = (np.roll(chances, size) + np.roll(chances, -size)) / 2
    far = np.abs(np.arange(-reach, reach + 1)) >= abs(int(ahead.sum()))
    return min(1.0, float(chances[far].sum()))


def _booleans(values: ArrayLike) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1 or not np.isin(array, (0, 1)).all():
        raise ValueError("Whether a case was called correctly is true or false, one a case.")
    return array.astype(bool)
