"""Restricted cubic splines: smooth between the knots, straight beyond them.

Harrell, Regression Modeling Strategies, 2nd edition 2015, section 2.4.5; the same basis as R's ``rms::rcs``.
"""

from __future__ import annotations

import numpy as np

#: Quantiles of the predictor at which the knots lie (Harrell 2015, table 2.3).
KNOT_QUANTILES = {3: (0.10, 0.50, 0.90), 4: (0.05, 0.35, 0.65, 0.95), 5: (0.05, 0.275, 0.50, 0.725, 0.95)}


def spline_knots(x: np.ndarray, count: int) -> np.ndarray:
    """The distinct ones of ``count`` knots (3 to 5), or none for 0; tied values may leave fewer."""
    if count == 0:
        return np.empty(0)
    if count not in KNOT_QUANTILES:
        raise ValueError(f"There are splines of 3 to 5 knots, not of {count}.")
    return np.unique(np.quantile(x, KNOT_QUANTILES[count]))


def spline_basis(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """``x`` and the ``k - 2`` terms ``((x - t_j)+^3 - (x - t_k-1)+^3 (t_k - t_j) / (t_k - t_k-1) + (x - t_k)+^3
    (t_k-1 - t_j) / (t_k - t_k-1)) / (t_k - t_1)^2``: ``(n, k - 1)``, or ``(n, 1)`` without knots.
    """
    if knots.size == 0:
        return x[:, np.newaxis]
    first, beside, last = knots[0], knots[-2], knots[-1]

    def cube(knot: float) -> np.ndarray:
        return np.maximum(x - knot, 0.0) ** 3

    gap = last - beside
    terms = [
        (cube(knot) - cube(beside) * (last - knot) / gap + cube(last) * (beside - knot) / gap) / (last - first) ** 2
        for knot in knots[:-2]
    ]
    return np.column_stack([x, *terms])
