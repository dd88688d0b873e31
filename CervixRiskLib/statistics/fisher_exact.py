"""Fisher's exact test of a table of any size (Freeman & Halton, Biometrika 1951;38:141-149)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

#: Tables of equal probability differ by rounding; the same tolerance as R's fisher.test.
_SAME = 1e-7
_MOST_TABLES = 2_000_000
_DRAWN_TABLES = 9999


@dataclass(frozen=True)
class ExactTest:
    """Two-sided p-value; ``drawn`` tables with the same margins where there are too many to visit, else ``None``."""

    p_value: float
    drawn: int | None


def freeman_halton(counts: np.ndarray, rng: np.random.Generator | int = 42) -> ExactTest:
    """The probability of all tables with these margins that are no more probable than this one.

    A table of two columns is answered exactly by visiting every table, unless there are more than two million; then,
    and with more than two columns, from 9,999 tables drawn with these margins (Patefield's algorithm).

    Parameters
    ----------
    counts
        ``(levels, groups)`` with at least two rows and columns that are not empty.
    """
    table = np.asarray(counts, dtype=np.int64)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if table.shape[0] < 2 or table.shape[1] < 2:
        raise ValueError("The exact test needs two levels and two groups that are not empty.")
    if table.shape[1] > 2 and table.shape[0] == 2:
        table = table.T
    if table.shape[1] == 2:
        levels = table.sum(axis=1)
        if np.prod(np.sort(levels)[:-1] + 1.0) <= _MOST_TABLES:
            return ExactTest(_visit(levels, table[:, 0]), None)
    return ExactTest(_draw(table, np.random.default_rng(rng)), _DRAWN_TABLES)


def _visit(levels: np.ndarray, first: np.ndarray) -> float:
    order = np.argsort(levels)
    levels, first = levels[order], first[order]
    total = int(first.sum())
    remaining, weight = np.array([total]), np.array([0.0])
    # The largest level takes what the others leave.
    for size in levels[:-1]:
        taken = np.arange(size + 1)
        remaining = (remaining[:, np.newaxis] - taken).ravel()
        weight = (weight[:, np.newaxis] + _log_choose(size, taken)).ravel()
        possible = remaining >= 0
        remaining, weight = remaining[possible], weight[possible]
    possible = remaining <= levels[-1]
    weight = weight[possible] + _log_choose(levels[-1], remaining[possible])
    weight -= _log_choose(levels.sum(), np.array([total]))
    here = _log_choose(levels, first).sum() - _log_choose(levels.sum(), np.array([total]))
    return float(min(1.0, np.exp(weight[weight <= here + _SAME]).sum()))


def _draw(table: np.ndarray, rng: np.random.Generator) -> float:
    from scipy.stats import random_table

    drawn = random_table(table.sum(axis=1), table.sum(axis=0)).rvs(_DRAWN_TABLES, random_state=rng)
    # With the margins fixed, a table's probability falls with the product of its cells' factorials.
    weight = gammaln(np.asarray(drawn) + 1.0).sum(axis=(1, 2))
    as_rare = int((weight >= gammaln(table + 1.0).sum() - _SAME).sum())
    return (as_rare + 1) / (_DRAWN_TABLES + 1)


def _log_choose(size: np.ndarray | int, taken: np.ndarray) -> np.ndarray:
    return gammaln(size + 1.0) - gammaln(taken + 1.0) - gammaln(size - taken + 1.0)
