"""Round tick values, where R's ``pretty`` puts them.

The rule is that of Becker, Chambers & Wilks, The New S Language, 1988, as documented in R's ``help(pretty)``: steps of
1, 2 or 5 times a power of ten, about ``n`` of them, covering the range, with a bias towards larger steps.
"""

from __future__ import annotations

import math
import sys

import numpy as np


def pretty(low: float, high: float, n: int = 5) -> np.ndarray:
    """About ``n`` intervals of equal round length that cover ``low`` to ``high``: their ``n + 1`` or so end points.

    The first may lie below ``low``, the last above ``high``.

    Raises
    ------
    ValueError
        The range is not finite or runs backwards.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low <= high and n >= 1):
        raise ValueError(f"There are no ticks from {low} to {high} in {n} steps.")
    fewest = n // 3
    bias, bias_of_five = 1.5, 0.5 + 1.5 * 1.5
    span = high - low
    size = max(abs(low), abs(high))
    if span == 0 and high == 0:
        cell, narrow = 1.0, True
    else:
        cell = size
        rounding = (1 + 1 / (1 + bias)) * max(1, n) * np.finfo(float).eps
        narrow = bool(span < cell * rounding * 3)
    if narrow:
        if cell > 10:
            cell = 9 + cell / 10
        cell *= 0.75
        if fewest > 1:
            cell /= fewest
    else:
        cell = span / n
    # Below this the steps would leave the range of normal numbers; R stops here too.
    cell = max(cell, 20 * sys.float_info.min)
    base = 10.0 ** math.floor(math.log10(cell))
    unit = base
    if 2 * base - cell < bias * (cell - unit):
        unit = 2 * base
        if 5 * base - cell < bias_of_five * (cell - unit):
            unit = 5 * base
            if 10 * base - cell < bias * (cell - unit):
                unit = 10 * base
    slack = 1e-10
    first = math.floor(low / unit + slack)
    last = math.ceil(high / unit - slack)
    while first * unit > low + slack * unit:
        first -= 1
    while last * unit < high - slack * unit:
        last += 1
    missing = fewest - (last - first)
    if missing > 0:
        if low == 0 and first == 0 and high != 0:
            last += missing
        elif high == 0 and last == 0 and low != 0:
            first -= missing
        elif first >= 0:
            last += missing // 2
            first -= missing - missing // 2
        else:
            first -= missing // 2
            last += missing - missing // 2
    # Dividing by a whole number keeps 0.3 from becoming 0.30000000000000004.
    steps = np.arange(first, last + 1)
    return steps / round(1 / unit) if unit < 1 else steps * unit
