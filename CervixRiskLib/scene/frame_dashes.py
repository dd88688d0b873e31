"""A straight line as dashes."""

from __future__ import annotations

import math

Segment = tuple[float, float, float, float]
"""``(x0, y0, x1, y1)``."""

_DASH, _GAP = 0.5, 0.4


def dashes(line: Segment, unit: float) -> list[Segment]:
    """Dashes of equal length that begin and end with the line, so that the frame's corners are closed.

    One is half as long as ``unit``, the gaps between them at least 0.4 of it.
    """
    x0, y0, x1, y1 = line
    length = math.hypot(x1 - x0, y1 - y0)
    dash = _DASH * unit
    if length <= dash:
        return [line]
    number = 1 + int((length - dash) / (dash + _GAP * unit))
    step = (length - dash) / max(number - 1, 1)
    across, up = (x1 - x0) / length, (y1 - y0) / length
    begins = [index * step for index in range(number)] if number > 1 else [0.0]
    return [
        (x0 + across * begin, y0 + up * begin, x0 + across * (begin + dash), y0 + up * (begin + dash))
        for begin in begins
    ]
