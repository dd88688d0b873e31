"""Maximum likelihood of the logistic model by Newton's method, with Firth's correction, and the test for separation.

The design is standardised and orthogonalised first, so columns of very different sizes do not disturb the arithmetic;
what comes back is in the columns' own units. Fractional targets (Platt's) and an offset are allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import expit

from ..errors import TrainingError

#: Separated data let Newton step on for ever; ordinary data need fewer steps than this.
_STEPS_BEFORE_ASKING = 12
_MOST_STEPS = 200
_MOST_HALVINGS = 40
_LONGEST_STEP = 5.0
#: Log-odds that separated data pass long before their likelihood stops growing.
_CERTAIN = 15.0
#: A column of which less than this share is left beside the columns before it is a combination of them.
_RANK_SHARE = 1e-8


@dataclass(frozen=True, eq=False)
class LikelihoodFit:
    """``coefficients`` ``(k + 1,)`` and ``covariance`` ``(k + 1, k + 1)``, intercept first; inverse information.

    ``separated`` tells that the likelihood has no maximum; the numbers are then where the search stopped.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    steps: int
    separated: bool


def fit_likelihood(
    X: np.ndarray,
    target: np.ndarray,
    names: Sequence[str],
    *,
    firth: bool = False,
    offset: np.ndarray | None = None,
) -> LikelihoodFit:
    """Fit intercept and coefficients.

    Parameters
    ----------
    X
        ``(n, k)`` finite predictors; ``k`` may be 0.
    target
        ``(n,)`` in 0-1.
    names
        The ``k`` predictors' names, for errors.
    firth
        Maximise the likelihood times the square root of the information's determinant (Jeffreys' prior): finite
        estimates whatever the data. Firth, Biometrika 1993;80:27-38; Heinze & Schemper, Stat Med 2002;21:2409-2419.
    offset
        ``(n,)`` added to the linear predictor with coefficient 1.

    Raises
    ------
    TrainingError
        Fewer cases than coefficients, a constant predictor, or one that is a combination of others (named).
    """
    design, centre, spread = standardised(X, names)
    n, width = design.shape
    basis, triangle = np.linalg.qr(design)
    left = np.abs(np.diag(triangle))
    for column in range(1, width):
        if left[column] <= _RANK_SHARE * np.sqrt(n):
            raise TrainingError(
                f'The predictor "{names[column - 1]}" is a combination of the predictors before it and carries nothing '
                "of its own: leave it out."
            )
    basis = basis * np.sqrt(n)
    triangle = triangle / np.sqrt(n)
    shift = np.zeros(n) if offset is None else offset
    found, information, value, steps, separated = _newton(basis, target, shift, firth)
    # Back from the basis to the standardised columns, and from those to the columns' own units.
    back = solve_triangular(triangle, np.eye(width))
    units = np.diag(np.concatenate([[1.0], 1.0 / spread]))
    units[0, 1:] = -centre / spread
    back = units @ back
    if firth:
        # The prior's determinant is that of the columns' own units.
        value -= float(np.linalg.slogdet(back)[1])
    covariance = back @ np.linalg.pinv(information, hermitian=True) @ back.T
    return LikelihoodFit(back @ found, (covariance + covariance.T) / 2, value, steps, separated)


def is_separated(basis: np.ndarray, positive: np.ndarray) -> bool:
    """Is there a direction along which no case of either class lies on the wrong side, and some on the right one?

    Complete and quasi-complete separation alike (Albert & Anderson, Biometrika 1984;71:1-10), by the linear programme
    of Konis (2007): maximise the sum of the signed margins with all of them at least zero. ``basis`` is ``(n, k + 1)``
    with an intercept in its span and columns of size about 1.
    """
    from scipy.optimize import linprog

    margins = np.where(positive[:, np.newaxis], basis, -basis)
    answer = linprog(
        -margins.sum(axis=0),
        A_ub=-margins,
        b_ub=np.zeros(len(margins)),
        bounds=[(-1.0, 1.0)] * basis.shape[1],
        method="highs",
    )
    return bool(answer.status == 0 and -answer.fun > 1e-6 * len(margins))


def standardised(X: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Design with an intercept and columns of mean 0 and standard deviation 1, and those means and deviations."""
    n, k = X.shape
    if n < k + 1:
        raise TrainingError(f"There are {n} cases for {k} predictors: name fewer predictors, or add cases.")
    centre = X.mean(axis=0)
    spread = np.sqrt(((X - centre) ** 2).mean(axis=0))
    for column in range(k):
        if np.ptp(X[:, column]) == 0 or spread[column] <= 1e-13 * abs(centre[column]):
            raise TrainingError(f'The predictor "{names[column]}" has the same value in every case: leave it out.')
    return np.column_stack([np.ones(n), (X - centre) / spread]), centre, spread


def _newton(
    basis: np.ndarray, target: np.ndarray, offset: np.ndarray, firth: bool
) -> tuple[np.ndarray, np.ndarray, float, int, bool]:
    """Coefficients in ``basis``, information, (penalised) log-likelihood, steps, and whether data are separated."""
    # Where every target is a label, maximum likelihood may have no maximum; Firth's and fractional targets have one.
    may_part = not firth and bool(np.isin(target, (0.0, 1.0)).all())
    place = np.zeros(basis.shape[1])
    here = likelihood_at(basis, target, offset, place, firth)
    for step_number in range(1, _MOST_STEPS + 1):
        try:
            step = np.linalg.solve(curvature_at(basis, offset, place, here, firth), here.gradient)
        except np.linalg.LinAlgError:
            break
        size = 1.0 + np.abs(place).max()
        length = np.abs(step).max()
        if length < 1e-10 * size:
            return place, here.information, here.value, step_number, False
        if step_number == _STEPS_BEFORE_ASKING and may_part and is_separated(basis, target == 1):
            return place, here.information, here.value, step_number, True
        # What the step is expected to gain: the squared distance to the maximum in standard errors. Beyond this no
        # digit that is printed changes, however ill the data are conditioned. Parted classes gain as little, but only
        # where cases are next to certain.
        if step @ here.gradient < 1e-16:
            certain = np.abs(basis @ place + offset).max() > _CERTAIN
            if not (may_part and certain and is_separated(basis, target == 1)):
                place = place + step
                here = likelihood_at(basis, target, offset, place, firth)
                return place, here.information, here.value, step_number, False
        step *= min(1.0, _LONGEST_STEP * size / length)
        for _ in range(_MOST_HALVINGS):
            there = likelihood_at(basis, target, offset, place + step, firth)
            if there.value >= here.value - 1e-13 * abs(here.value):
                break
            step /= 2
        else:
            break
        place, here = place + step, there
    if may_part and is_separated(basis, target == 1):
        return place, here.information, here.value, step_number, True
    raise TrainingError(
        "The logistic regression did not settle: look for a predictor with extreme values, or leave out predictors."
    )


@dataclass(frozen=True, eq=False)
class LikelihoodState:
    """(Penalised) log-likelihood, its gradient, and the information."""

    value: float
    gradient: np.ndarray
    information: np.ndarray


def likelihood_at(
    basis: np.ndarray, target: np.ndarray, offset: np.ndarray, place: np.ndarray, firth: bool
) -> LikelihoodState:
    """The state at ``place`` ``(k,)`` in the coordinates of ``basis`` ``(n, k)``."""
    predictor = basis @ place + offset
    # Written so that nothing cancels where a probability is close to 0 or 1.
    probability, rest = expit(predictor), expit(-predictor)
    weight = probability * rest
    information = (basis * weight[:, np.newaxis]).T @ basis
    value = float(target @ predictor - np.logaddexp(0.0, predictor).sum())
    residual = target * rest - (1.0 - target) * probability
    if firth:
        sign, determinant = np.linalg.slogdet(information)
        if sign <= 0:
            return LikelihoodState(-np.inf, np.zeros(len(place)), information)
        value += 0.5 * float(determinant)
        leverage = weight * np.einsum("ij,ij->i", basis, np.linalg.solve(information, basis.T).T)
        residual = residual + leverage * (rest - probability) / 2
    return LikelihoodState(value, basis.T @ residual, information)


def curvature_at(
    basis: np.ndarray, offset: np.ndarray, place: np.ndarray, here: LikelihoodState, firth: bool
) -> np.ndarray:
    """The information; with Firth's penalty the negative second derivatives of the whole, where it curves downwards.

    With p the probabilities, w = p (1 - p), and c the rows of the basis made orthonormal under w: the penalty's second
    derivative is ``(Σ w (1 - 6 w) |c|² x x' - M M') / 2`` with row a of M being ``Σ w (1 - 2 p) x_a c c'``.
    """
    if not firth:
        return here.information
    predictor = basis @ place + offset
    probability, rest = expit(predictor), expit(-predictor)
    weight = probability * rest
    # Fails with LinAlgError where the information vanishes.
    rows = solve_triangular(np.linalg.cholesky(here.information), basis.T, lower=True).T
    length = np.einsum("ij,ij->i", rows, rows)
    outer = (rows[:, :, np.newaxis] * rows[:, np.newaxis, :]).reshape(len(rows), -1)
    moments = (basis * (weight * (rest - probability))[:, np.newaxis]).T @ outer
    bend = (basis * (weight * (1.0 - 6.0 * weight) * length)[:, np.newaxis]).T @ basis
    curvature = here.information - (bend - moments @ moments.T) / 2
    try:
        np.linalg.cholesky(curvature)
    except np.linalg.LinAlgError:
        # Far from the maximum the penalised likelihood may curve upwards; the information never does.
        return here.information
    return curvature
