"""Profile-likelihood intervals and likelihood-ratio tests of a logistic regression's coefficients.

Venzon & Moolgavkar, Appl Stat 1988;37:87-94; with Firth's penalty: Heinze & Schemper, Stat Med 2002;21:2409-2419.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri

from .likelihood import LikelihoodState, fit_likelihood, likelihood_at, standardised
from .outcome import check_confidence

_MOST_STEPS = 500
_MOST_HALVINGS = 40
_MOST_WIDENINGS = 60
#: Where the information vanishes the penalised likelihood is 0, its fall infinite: too much for the search of a root.
_DEEPEST_FALL = 1e6


@dataclass(frozen=True, eq=False)
class LikelihoodProfile:
    """``(k,)`` arrays: ends of the coefficients' intervals, and p of the likelihood-ratio test against 0.

    An end is NaN where the likelihood does not fall far enough.
    """

    lower: np.ndarray
    upper: np.ndarray
    p_value: np.ndarray


def profile_likelihood(
    X: np.ndarray, target: np.ndarray, names: list[str], *, firth: bool = False, confidence: float = 0.95
) -> LikelihoodProfile:
    """Where twice the log-likelihood, maximised over all other coefficients, falls by χ²₁'s quantile.

    Parameters
    ----------
    X
        ``(n, k)`` finite predictors.
    target
        ``(n,)`` of 0 and 1 that the predictors do not separate, unless ``firth``.
    names
        The predictors' names, for errors.
    firth
        Profile Firth's penalised likelihood, the penalty being that of the whole model.

    Raises
    ------
    TrainingError
        As :func:`.likelihood.fit_likelihood`.
    """
    drop = float(chdtri(1.0, 1.0 - check_confidence(confidence)))
    fit = fit_likelihood(X, target, names, firth=firth)
    design, centre, spread = standardised(X, names)
    best = np.concatenate([[fit.coefficients[0] + centre @ fit.coefficients[1:]], fit.coefficients[1:] * spread])
    error = np.sqrt(np.diag(fit.covariance))[1:] * spread
    lower, upper, p_value = (np.full(X.shape[1], np.nan) for _ in range(3))
    for column in range(X.shape[1]):
        # With the column last, an orthogonal basis keeps its coefficient as the last coordinate but for a factor.
        order = [*(place for place in range(design.shape[1]) if place != column + 1), column + 1]
        basis, triangle = np.linalg.qr(design[:, order])
        basis, triangle = basis * np.sqrt(len(basis)), triangle / np.sqrt(len(basis))
        curve = _Profile(basis, target, triangle @ best[order], firth)
        if triangle[-1, -1] < 0:
            basis[:, -1] *= -1
            triangle[-1] *= -1
        curve = _Profile(basis, target, triangle @ best[order], firth)
        factor = float(triangle[-1, -1])
        lower[column] = curve.crossing(drop, -factor * error[column]) / (factor * spread[column])
        upper[column] = curve.crossing(drop, factor * error[column]) / (factor * spread[column])
        p_value[column] = float(chdtrc(1.0, max(0.0, curve.fall(0.0))))
    return LikelihoodProfile(lower, upper, p_value)


class _Profile:
    """The likelihood along the last coordinate of ``basis``, the others at their best."""

    def __init__(self, basis: np.ndarray, target: np.ndarray, best: np.ndarray, firth: bool) -> None:
        self.basis, self.target, self.best, self.firth = basis, target, best, firth
        self.top = self._at(best).value

    def fall(self, value: float) -> float:
        """Twice the fall of the log-likelihood from its maximum, where the coordinate is ``value``."""
        place = self.best.copy()
        place[-1] = value
        here = self._at(place)
        for _ in range(_MOST_STEPS):
            step = np.zeros(len(place))
            if len(place) > 1:
                step[:-1] = np.linalg.lstsq(here.information[:-1, :-1], here.gradient[:-1], rcond=None)[0]
            if step @ here.gradient < 1e-14:
                break
            for _ in range(_MOST_HALVINGS):
                there = self._at(place + step)
                if there.value >= here.value:
                    break
                step /= 2
            else:
                break
            place, here = place + step, there
        return min(2.0 * (self.top - here.value), _DEEPEST_FALL)

    def crossing(self, drop: float, step: float) -> float:
        """Where on the side of ``step`` the fall reaches ``drop``; NaN if it does not."""
        from scipy.optimize import brentq

        inside, outside = float(self.best[-1]), float(self.best[-1]) + 2.0 * step
        for _ in range(_MOST_WIDENINGS):
            if self.fall(outside) >= drop:
                return float(brentq(lambda value: self.fall(value) - drop, inside, outside, xtol=1e-10, rtol=1e-12))
            inside, outside = outside, outside + 2.0 * (outside - float(self.best[-1]))
        return float("nan")

    def _at(self, place: np.ndarray) -> LikelihoodState:
        return likelihood_at(self.basis, self.target, np.zeros(len(self.target)), place, self.firth)
