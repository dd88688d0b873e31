"""Univariate and multivariate odds ratios of clinical predictors, and a look at signs that flip between the two.

Every regression has an intercept: without one an odds ratio says how far the predictor's mean lies from zero, not how
it goes with the outcome.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import TrainingError
from .logistic import LogisticModel
from .outcome import binary_outcome


def univariate_odds_ratios(
    X: pd.DataFrame, y: ArrayLike, confidence: float = 0.95, penalty: str = "auto"
) -> pd.DataFrame:
    """Each column of ``X`` alone in a logistic regression with intercept.

    Parameters
    ----------
    X
        ``(n, k)`` numeric clinical predictors.
    y
        ``(n,)`` outcome 0/1.
    confidence
        Level of the intervals.
    penalty
        As in :class:`LogisticModel`; ``"auto"`` takes Firth's estimate for a predictor that separates the classes.

    Returns
    -------
    pandas.DataFrame
        ``name, coefficient, standard_error, z, p, odds_ratio, lower, upper, penalty, separated``.

    Raises
    ------
    TrainingError
        A predictor has missing values, is not numeric or is constant (named), or there is one class only.
    """
    numbers = _numeric(X)
    outcome = binary_outcome(y).astype(int)
    rows = [_table(numbers[[name]], outcome, confidence, penalty) for name in numbers.columns]
    return pd.concat(rows, ignore_index=True)


def multivariate_odds_ratios(
    X: pd.DataFrame, y: ArrayLike, confidence: float = 0.95, penalty: str = "auto"
) -> pd.DataFrame:
    """All columns of ``X`` in one logistic regression with intercept; otherwise as :func:`univariate_odds_ratios`."""
    return _table(_numeric(X), binary_outcome(y).astype(int), confidence, penalty)


def sign_flip_warnings(univariate: pd.DataFrame, multivariate: pd.DataFrame) -> list[str]:
    """One sentence for each predictor whose odds ratio lies on the other side of 1 beside the other predictors.

    Takes the tables of :func:`univariate_odds_ratios` and :func:`multivariate_odds_ratios`; predictors that are in one
    table only are left aside. A flip points to predictors that go together, to confounding, or to a regression
    without intercept.
    """
    alone = univariate.set_index("name")["odds_ratio"]
    sentences = []
    for name, together in multivariate.set_index("name")["odds_ratio"].items():
        if name in alone.index and (alone[name] - 1.0) * (together - 1.0) < 0:
            sentences.append(
                f'"{name}" changes direction: odds ratio {alone[name]:.3f} alone, {together:.3f} beside the other '
                "predictors."
            )
    return sentences


def _table(X: pd.DataFrame, outcome: np.ndarray, confidence: float, penalty: str) -> pd.DataFrame:
    model = LogisticModel(penalty=penalty).fit(X, outcome)
    table = model.odds_ratios(confidence)
    table["penalty"] = model.penalty_used_
    table["separated"] = model.separated_
    return table


def _numeric(X: pd.DataFrame) -> pd.DataFrame:
    if X.shape[1] == 0:
        raise TrainingError("There is no predictor: name at least one clinical column.")
    columns = {}
    for name in X.columns:
        column = pd.to_numeric(X[name], errors="coerce").astype(float)
        unusable = int((~np.isfinite(column.to_numpy())).sum())
        if unusable:
            raise TrainingError(
                f'The predictor "{name}" is missing or not a number in {unusable} of {len(X)} cases: '
                "complete it or leave it out."
            )
        columns[str(name)] = column
    return pd.DataFrame(columns)
