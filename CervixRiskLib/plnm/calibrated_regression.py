"""The nomogram's logistic regression and its calibration, with what is needed for an interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from ..bundle import BundleManifest
from ..errors import BundleError
from .model import SCORE

_NORMAL_QUANTILE = 1.959963984540054


@dataclass(frozen=True, eq=False)
class CalibratedRegression:
    """Coefficients and covariances on the log-odds scale.

    Parameters
    ----------
    names
        Predictors, the fusion score among them.
    coefficients, covariance
        Intercept first: ``(1 + predictors,)`` and its square.
    slope, intercept, calibration_covariance
        Platt scaling of the regression's log-odds; the covariance is of intercept and slope, in this order.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    covariance: np.ndarray
    slope: float
    intercept: float
    calibration_covariance: np.ndarray

    @classmethod
    def of(cls, manifest: BundleManifest) -> CalibratedRegression:
        """Read from a bundle's manifest.

        Raises
        ------
        BundleError
            Parts are missing or do not fit together.
        """
        try:
            stored: dict[str, Any] = manifest.details["regression"]
            names = tuple(str(name) for name in stored["names"])
            coefficients = np.array(stored["coefficients"], dtype=float)
            covariance = np.array(stored["covariance"], dtype=float)
            calibration_covariance = np.array(stored["calibration_covariance"], dtype=float)
            slope, intercept = manifest.calibration.slope, manifest.calibration.intercept
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError("The bundle's nomogram is incomplete: get the bundle again.") from error
        size = 1 + len(names)
        if (
            SCORE not in names
            or slope is None
            or intercept is None
            or coefficients.shape != (size,)
            or covariance.shape != (size, size)
            or calibration_covariance.shape != (2, 2)
        ):
            raise BundleError("The bundle's nomogram is incomplete: get the bundle again.")
        return cls(names, coefficients, covariance, slope, intercept, calibration_covariance)

    def probability(self, values: np.ndarray, score_variance: float) -> tuple[float, tuple[float, float]]:
        """Calibrated probability and 95 % interval of one case ``values`` ``(predictors,)``.

        The variance of the log-odds is the sum of the regression's and the calibration's (delta method) and of the
        fusion score's own, times its squared coefficient.
        """
        x = np.concatenate([[1.0], values])
        raw = float(x @ self.coefficients)
        variance = float(x @ self.covariance @ x)
        variance += self.coefficients[1 + self.names.index(SCORE)] ** 2 * score_variance
        calibrated = self.intercept + self.slope * raw
        pair = np.array([1.0, raw])
        total = self.slope**2 * variance + float(pair @ self.calibration_covariance @ pair)
        half = _NORMAL_QUANTILE * np.sqrt(max(total, 0.0))
        return float(expit(calibrated)), (float(expit(calibrated - half)), float(expit(calibrated + half)))
