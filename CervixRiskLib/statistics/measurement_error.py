"""How exact one reading is, in its own unit, and how large a change must be to be more than reading error.

With the residual mean square ``MSE`` of the two-way layout of targets and raters:

    standard error of measurement     SEM = √MSE
    smallest detectable change        SDC = 1.96 √2 SEM

Source: Weir, Journal of Strength and Conditioning Research 2005;19:231-240 (there "minimal difference"). A constant
offset between raters does not count: it is the bias of :func:`~CervixRiskLib.statistics.bland_altman`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri

from ..errors import TrainingError
from .outcome import check_confidence


@dataclass(frozen=True)
class MeasurementError:
    """Both in the ratings' unit, with the confidence interval of the first."""

    standard_error: float
    standard_error_interval: tuple[float, float]
    smallest_detectable_change: float


def standard_error_of_measurement(ratings: ArrayLike, confidence: float = 0.95) -> MeasurementError:
    """Standard error of measurement and smallest detectable change of one size.

    Parameters
    ----------
    ratings
        ``(targets, raters)``, finite, at least two of each.
    confidence
        Level of the two-sided interval, from the chi-square distribution of the residual.

    Raises
    ------
    TrainingError
        Fewer than two targets or raters, or a rating that is missing or infinite.
    """
    level = 1.0 - (1.0 - check_confidence(confidence)) / 2.0
    table = np.asarray(ratings, dtype=float)
    if table.ndim != 2:
        raise ValueError("Ratings must be (targets, raters).")
    targets, raters = table.shape
    if targets < 2 or raters < 2:
        raise TrainingError(
            f"Agreement needs at least two targets and two raters: there are {targets} targets and {raters} raters."
        )
    if not np.isfinite(table).all():
        raise TrainingError("A rating is missing or infinite: leave that case out.")
    residual = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    squares = float((residual**2).sum())
    freedom = (targets - 1) * (raters - 1)
    error = float(np.sqrt(squares / freedom))
    low, high = (float(np.sqrt(squares / chdtri(freedom, tail))) for tail in (1.0 - level, level))
    return MeasurementError(error, (low, high), 1.96 * float(np.sqrt(2.0)) * error)
