"""Which further cells of a table must be hidden so that a hidden one cannot be found by subtraction."""

from __future__ import annotations

import heapq

import numpy as np


def complementary_suppression(counts: np.ndarray, small: np.ndarray, absent: np.ndarray | None = None) -> np.ndarray:
    """The cells to hide: those at ``small``, and others that keep them.

    Every row and every column has a known sum (a total that is printed is a cell of its row, one that is hidden too).
    Take rows and columns as points and each hidden cell as a line between its row and its column: then a cell follows
    from the others exactly where its line is the only way between its ends (Gusfield, SIAM Journal on Computing
    1988;17:552-571). For each small cell where that is so, the cells of a second way are hidden too, that with the
    fewest cases in them (complementary suppression: Cox, JASA 1980;75:377-385). Counts that are hidden can still be
    narrowed down, as "fewer than three" does itself.

    Parameters
    ----------
    counts, small
        ``(rows, columns)`` whole numbers, and the cells that nobody may know.
    absent
        ``(rows, columns)`` cells that are not printed anyway, whatever they are; ``None``: none.

    Returns
    -------
    np.ndarray
        ``(rows, columns)`` booleans: hidden, ``absent`` ones included.
    """
    hidden = small.copy() if absent is None else small | absent
    for row, column in np.argwhere(small):
        for place in _second_way(counts, hidden, int(row), int(column)):
            hidden[place] = True
    return hidden


def _second_way(counts: np.ndarray, hidden: np.ndarray, row: int, column: int) -> list[tuple[int, int]]:
    """The cells of the cheapest way from a row to a column beside their own cell (Dijkstra); empty without any.

    Hidden cells cost nothing, others their cases and one.
    """
    rows, columns = counts.shape
    cost = np.where(hidden, 0, counts + 1)
    # Rows are the points 0 … rows - 1, columns follow.
    queue: list[tuple[int, int, list[tuple[int, int]]]] = [(0, row, [])]
    done: set[int] = set()
    while queue:
        spent, point, way = heapq.heappop(queue)
        if point == rows + column:
            return way
        if point in done:
            continue
        done.add(point)
        if point < rows:
            steps = [(rows + other, (point, other)) for other in range(columns)]
        else:
            steps = [(other, (other, point - rows)) for other in range(rows)]
        for reached, cell in steps:
            if cell != (row, column) and reached not in done:
                heapq.heappush(queue, (spent + int(cost[cell]), reached, [*way, cell]))
    return []
