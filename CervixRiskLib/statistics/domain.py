"""Where the training cases lie, so that a case from elsewhere can be told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Domain:
    """Location and spread of the training cases in a feature space.

    Parameters
    ----------
    mean, precision
        ``(features,)`` and its inverse covariance.
    limit
        The 99th percentile of the Mahalanobis distance of held-out cases from the cases they were held out of.
    """

    mean: np.ndarray
    precision: np.ndarray
    limit: float

    def distance(self, features: np.ndarray) -> float:
        """Mahalanobis distance of one case ``(features,)``."""
        offset = features - self.mean
        return float(np.sqrt(max(offset @ self.precision @ offset, 0.0)))


def held_out_limit(distances: np.ndarray) -> float:
    """:attr:`Domain.limit` from the distances ``(cases,)`` of held-out cases."""
    return float(np.quantile(distances, 0.99))
