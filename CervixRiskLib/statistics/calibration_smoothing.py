"""The observed risk as a smooth function of the predicted one, for one set of probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtri

from ..errors import TrainingError
from .calibration import CLOSEST_TO_CERTAIN
from .likelihood import fit_likelihood
from .restricted_cubic_spline import spline_basis, spline_knots

#: Log-odds whose standard deviation is smaller are one risk to whoever reads them (at 50 % a quarter of a percentage
#: point): a slope over them is noise divided by next to nothing, in the thousands. Our choice.
LEAST_SPREAD = 0.01


@dataclass(frozen=True, eq=False)
class SmoothCalibration:
    """``logit P(y)`` on a restricted cubic spline of ``logit p``; without knots a straight line.

    ``coefficients`` ``(k,)`` and ``covariance`` ``(k, k)``, intercept first.
    """

    knots: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray

    def observed(self, p: np.ndarray, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Observed risk at predicted risks ``(m,)``, lower and upper bound (Wald, on the log-odds)."""
        basis = spline_basis(log_odds(p), self.knots)
        design = np.column_stack([np.ones(len(basis)), basis])
        centre = design @ self.coefficients
        error = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", design, self.covariance, design), 0.0))
        half = float(ndtri(1 - (1 - confidence) / 2)) * error
        return expit(centre), expit(centre - half), expit(centre + half)


def log_odds(p: np.ndarray) -> np.ndarray:
    """Log-odds; probabilities of 0 and 1 are taken as 1e-9 from the end."""
    return logit(np.clip(p, CLOSEST_TO_CERTAIN, 1 - CLOSEST_TO_CERTAIN))


def smooth_calibration(
    positive: np.ndarray, p: np.ndarray, knots: int, patients: np.ndarray
) -> SmoothCalibration | None:
    """Fit by maximum likelihood; ``None`` where there is no such curve.

    There is none where the probabilities hardly vary (:data:`LEAST_SPREAD`), have too few values for the knots, or part
    the classes.

    Parameters
    ----------
    knots
        0, or 3 to 5.
    patients
        ``(n,)`` numbers 0 … patients - 1. Where a patient has several cases the covariance is the sandwich over
        patients (Liang & Zeger, Biometrika 1986;73:13-22), with the factor ``m / (m - 1)`` for ``m`` patients.
    """
    x = log_odds(p)
    places = spline_knots(x, knots)
    if np.std(x) < LEAST_SPREAD or places.size != knots or np.unique(x).size <= max(knots, 1):
        return None
    basis = spline_basis(x, places)
    try:
        fit = fit_likelihood(basis, positive.astype(float), [f"term {i + 1}" for i in range(basis.shape[1])])
    except TrainingError:
        # Terms that cannot be told apart, or too few cases for them: no such curve, which the caller says.
        return None
    if fit.separated:
        return None
    design = np.column_stack([np.ones(len(basis)), basis])
    residual = positive - expit(design @ fit.coefficients)
    covariance = clustered_covariance(fit.covariance, design * residual[:, np.newaxis], patients)
    return SmoothCalibration(places, fit.coefficients, covariance)


def clustered_covariance(covariance: np.ndarray, gradients: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """The sandwich over patients of the cases' gradients ``(n, k)``; unchanged where every case is a patient."""
    count = int(patients.max()) + 1
    if count == len(patients) or count < 2:
        return covariance
    of_patients = np.zeros((count, gradients.shape[1]))
    np.add.at(of_patients, patients, gradients)
    return covariance @ (of_patients.T @ of_patients) @ covariance * count / (count - 1)


def common_smoothing(
    positive: np.ndarray, probabilities: np.ndarray, knots: int | None, patients: np.ndarray
) -> Sequence[SmoothCalibration]:
    """One curve a repeat, all with as many knots: as many of those asked for as every repeat bears; empty for none."""
    wanted = suitable_knots(positive) if knots is None else knots
    for count in [number for number in (5, 4, 3, 0) if number <= wanted]:
        found = [smooth_calibration(positive, repeat, count, patients) for repeat in probabilities]
        curves = [curve for curve in found if curve is not None]
        if len(curves) == len(found):
            return curves
    return []


def suitable_knots(positive: np.ndarray) -> int:
    """4 knots where the rarer class has 200 cases, 3 where it has 50, else a straight line.

    200 of each class are what a flexible curve needs (van Calster et al., Journal of Clinical Epidemiology
    2016;74:167-176); below, that paper recommends logistic recalibration. Three knots, one term more than that, from
    50 cases on are our choice.
    """
    rarer = int(min(positive.sum(), (~positive).sum()))
    return 4 if rarer >= 200 else 3 if rarer >= 50 else 0


def smoothing_name(knots: int) -> str:
    """How the curve was made, for people."""
    return "logistic recalibration" if knots == 0 else f"restricted cubic spline, {knots} knots"
