"""Profile-likelihood intervals and likelihood-ratio tests of a logistic regression's coefficients.

Venzon & Moolgavkar, Appl Stat 1988;37:87-94; with Firth's penalty: Heinze & Schemper, Stat Med 2002;21:2409-2419.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri

from .likelihood import LikelihoodState, curvature_at, fit_likelihood, likelihood_at, standardised
from .outcome import check_confidence

_MOST_STEPS = 200
_MOST_HALVINGS = 40
_MOST_WIDENINGS = 60
_LONGEST_STEP = 2.0
#: What another step is expected to add to the log-likelihood where the search ends.
_SETTLED = 1e-11
#: How near the root of the fall comes to that of the quantile. Firth's takes longer, and is printed to few digits.
_CLOSE = 1e-9
_CLOSE_FIRTH = 1e-5
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
        self._offset = np.zeros(len(target))
        self.top = self._at(best).value
        self._last = best

    def fall(self, value: float) -> float:
        """Twice the fall of the log-likelihood from its maximum, where the coordinate is ``value``."""
        # Neighbours on the profile have nearly the same other coordinates.
        starts = [self._last]
        if self.firth:
            # With the classes separated the penalised likelihood has ridges, and more than one maximum across them.
            starts.append(self.best)
            if self.best[-1] != 0:
                starts.append(self.best * (value / self.best[-1]))
        found = [self._climb(np.append(start[:-1], value)) for start in starts]
        self._last, highest = max(found, key=lambda end: end[1])
        return min(2.0 * (self.top - highest), _DEEPEST_FALL)

    def crossing(self, drop: float, step: float) -> float:
        """Where on the side of ``step`` the fall reaches ``drop``; NaN if it does not.

        By false position (Illinois) on the root of the fall, which is next to linear.
        """
        goal = math.sqrt(drop)
        centre = float(self.best[-1])
        inside, short = centre, -goal
        outside = centre + 2.0 * step
        for _ in range(_MOST_WIDENINGS):
            beyond = math.sqrt(max(self.fall(outside), 0.0)) - goal
            if beyond >= 0:
                break
            inside, short, outside = outside, beyond, outside + 2.0 * (outside - centre)
        else:
            return math.nan
        before = math.nan
        for _ in range(_MOST_STEPS):
            value = inside - short * (outside - inside) / (beyond - short)
            here = math.sqrt(max(self.fall(value), 0.0)) - goal
            if abs(here) < (_CLOSE_FIRTH if self.firth else _CLOSE) or abs(outside - inside) < 1e-12 * abs(step):
                break
            # An end that stays is weighed half as much from the second time on.
            if here < 0:
                inside, short, beyond = value, here, beyond / (2 if before < 0 else 1)
            else:
                outside, beyond, short = value, here, short / (2 if before >= 0 else 1)
            before = here
        return value

    def _climb(self, place: np.ndarray) -> tuple[np.ndarray, float]:
        """The maximum over all coordinates but the last, from ``place``, and its value."""
        here = self._at(place)
        for _ in range(_MOST_STEPS):
            if len(place) == 1 or np.isinf(here.value):
                break
            try:
                curvature = curvature_at(self.basis, self._offset, place, here, self.firth)
                step = np.append(np.linalg.solve(curvature[:-1, :-1], here.gradient[:-1]), 0.0)
            except np.linalg.LinAlgError:
                break
            if float(step @ here.gradient) < _SETTLED:
                break
            step *= min(1.0, _LONGEST_STEP * (1.0 + np.abs(place).max()) / np.abs(step).max())
            for _ in range(_MOST_HALVINGS):
                there = self._at(place + step)
                if there.value >= here.value:
                    break
                step /= 2
            else:
                break
            place, here = place + step, there
        return place, here.value

    def _at(self, place: np.ndarray) -> LikelihoodState:
        return likelihood_at(self.basis, self.target, self._offset, place, self.firth)
