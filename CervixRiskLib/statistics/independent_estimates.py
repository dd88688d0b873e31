"""The difference of one number on two sets of patients that have nobody in common."""

from __future__ import annotations

import math

from .proportions import Estimate


def independent_difference(a: Estimate, b: Estimate) -> Estimate:
    """``a - b`` with its interval, from the two intervals alone, which need not be symmetric.

    Each limit takes the distances of the two limits that pull it outwards, as for independent numbers: with ``d`` the
    difference, ``d - sqrt((a - a_low)² + (b_high - b)²)`` to ``d + sqrt((a_high - a)² + (b - b_low)²)`` (Zou & Donner,
    Stat Med 2008;27:1693-1702; for two proportions with Wilson's intervals it is method 10 of Newcombe, Stat Med
    1998;17:873-890). The confidence is that of the two intervals. Where a number or a limit is undefined, so is what
    rests on it.
    """
    difference = a.value - b.value
    return Estimate(
        difference,
        difference - math.hypot(a.value - a.lower, b.upper - b.value),
        difference + math.hypot(a.upper - a.value, b.value - b.lower),
    )
