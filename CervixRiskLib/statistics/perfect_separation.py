"""The interval of an AUC of 0 or 1, where DeLong's has no width."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from .outcome import check_confidence


def perfect_auc_bound(positives: int, negatives: int, confidence: float = 0.95) -> float:
    """Lower limit of an AUC of 1 (one minus it is the upper limit of an AUC of 0).

    That three positive cases came out above all others does not show that every positive case would. The limit is the
    AUC θ that lies z standard errors below 1 with the variance at θ itself, (1 - θ)² = z² V(θ), and ::

        V(θ) = θ(1 - θ) (1 + N(1 - θ)/(2 - θ) + Nθ/(1 + θ)) / (positives · negatives),
        N = (positives + negatives)/2 - 1

    Source: Newcombe, Statistics in Medicine 2006;25:559-573, method 5; the variance is Hanley and McNeil's (Radiology
    1982;143:29-36).

    Parameters
    ----------
    positives, negatives
        Patients of each outcome, one at least.
    """
    z = float(ndtri(1 - (1 - check_confidence(confidence)) / 2))
    size = (positives + negatives) / 2 - 1

    def beyond(area: float) -> float:
        shape = 1 + size * (1 - area) / (2 - area) + size * area / (1 + area)
        # Both sides divided by 1 - θ, of which θ = 1 would be a solution that says nothing.
        return (1 - area) - z**2 * area * shape / (positives * negatives)

    return float(brentq(beyond, 0.0, 1.0, xtol=np.finfo(float).eps * 8))
