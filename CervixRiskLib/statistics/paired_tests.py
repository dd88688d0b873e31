"""Do two classifiers differ in how many of the same cases they call correctly?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, chdtrc


@dataclass(frozen=True)
class McNemarTest:
    """``only_a`` and ``only_b`` cases that one alone called correctly, and the two-sided p-value.

    ``exact``: from the binomial distribution; else from the chi-square one with Edwards' correction.
    """

    only_a: int
    only_b: int
    p_value: float
    exact: bool


def mcnemar_test(correct_a: ArrayLike, correct_b: ArrayLike, *, exact: bool = True) -> McNemarTest:
    """McNemar's test of two classifiers on the same cases.

    McNemar, Psychometrika 1947;12:153-157. Cases on which both are right or both wrong say nothing. Exact: the smaller
    of the two counts against Binomial(only_a + only_b, 1/2), doubled, at most 1; with no such case p = 1. Not exact:
    ``(|only_a - only_b| - 1)^2 / (only_a + only_b)`` against chi-square with one degree of freedom, as R's
    ``mcnemar.test``. Both take cases as independent: one case a patient.

    Parameters
    ----------
    correct_a, correct_b
        ``(n,)`` booleans (or 0 and 1): whether each called the case correctly.
    """
    a, b = (_booleans(values) for values in (correct_a, correct_b))
    if a.shape != b.shape:
        raise ValueError(f"The classifiers were asked about {a.size} and {b.size} cases; they must be the same.")
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    differing = only_a + only_b
    if exact and abs(only_a - only_b) <= 1:
        p_value = 1.0  # also what the sum below comes to, but for rounding
    elif exact:
        p_value = min(1.0, 2.0 * float(bdtr(min(only_a, only_b), differing, 0.5)))
    else:
        p_value = float(chdtrc(1, max(0, abs(only_a - only_b) - 1) ** 2 / max(1, differing)))
    return McNemarTest(only_a, only_b, p_value, exact)


def _booleans(values: ArrayLike) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1 or not np.isin(array, (0, 1)).all():
        raise ValueError("Whether a case was called correctly is true or false, one a case.")
    return array.astype(bool)
