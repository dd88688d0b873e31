"""Univariate and multivariate odds ratios of clinical predictors, and a look at signs that flip between the two.

Every regression has an intercept: without one an odds ratio says how far the predictor's mean lies from zero, not how
it goes with the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
    return _table([{name: values} for name, values in numbers.items()], y, confidence, penalty)


def multivariate_odds_ratios(
    X: pd.DataFrame, y: ArrayLike, confidence: float = 0.95, penalty: str = "auto"
) -> pd.DataFrame:
    """All columns of ``X`` in one logistic regression with intercept; otherwise as :func:`univariate_odds_ratios`."""
    return _table([_numeric(X)], y, confidence, penalty)


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


def _table(designs: Sequence[Mapping[str, np.ndarray]], y: ArrayLike, confidence: float, penalty: str) -> pd.DataFrame:
    """One regression a design, the rows of all together; the columns were checked."""
    outcome = binary_outcome(y).astype(int)
    columns: dict[str, list[Any]] = {"name": [name for design in designs for name in design]}
    for design in designs:
        names = list(design)
        # Column by column, as a table's values lie in memory: the last digits of sums follow the layout.
        values = np.array(list(design.values())).T
        if len(values) != len(outcome):
            raise ValueError(f"{len(values)} cases do not fit {len(outcome)} outcomes.")
        model = LogisticModel(penalty=penalty).fit_checked(values, outcome, names)
        for name, numbers in model.odds_ratio_columns(confidence).items():
            columns.setdefault(name, []).extend(numbers)
        columns.setdefault("penalty", []).extend([model.penalty_used_] * len(names))
        columns.setdefault("separated", []).extend([model.separated_] * len(names))
    return pd.DataFrame(columns)


def _numeric(X: pd.DataFrame) -> dict[str, np.ndarray]:
    """The columns by name, finite float64 ``(n,)``."""
    if X.shape[1] == 0:
        raise TrainingError("There is no predictor: name at least one clinical column.")
    columns = {}
    for name in X.columns:
        column = pd.to_numeric(X[name], errors="coerce").astype(float).to_numpy()
        unusable = int((~np.isfinite(column)).sum())
        if unusable:
            raise TrainingError(
                f'The predictor "{name}" is missing or not a number in {unusable} of {len(X)} cases: '
                "complete it or leave it out."
            )
        columns[str(name)] = column
    return columns
