"""One predictor's line of a nomogram: its values, their points, and the numbers the model takes for them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import ClinicalValueError
from .pretty_ticks import pretty

INTERVALS = 10
"""Between the round numbers of an axis, about."""


@dataclass(frozen=True)
class NomogramLevel:
    """One level of a categorical predictor: what is shown, and the number the model knows it by."""

    label: str
    code: float


@dataclass(frozen=True)
class NomogramAxis:
    """One predictor's line. ``points_low`` and ``points_high`` belong to the values ``low`` and ``high``.

    ``levels`` is empty for a continuous predictor.
    """

    name: str
    label: str
    unit: str
    low: float
    high: float
    coefficient: float
    points_low: float
    points_high: float
    levels: tuple[NomogramLevel, ...] = ()

    @property
    def points_largest(self) -> float:
        """The points at the better paid end of the axis."""
        return max(self.points_low, self.points_high)

    def ticks(self, intervals: int = INTERVALS) -> np.ndarray:
        """Values to mark: the levels' codes, or round numbers within the axis."""
        if self.levels:
            return np.array(sorted(level.code for level in self.levels))
        marks = pretty(self.low, self.high, intervals)
        slack = 1e-9 * (self.high - self.low)
        return marks[(marks >= self.low - slack) & (marks <= self.high + slack)]

    def number(self, value: float | str) -> float:
        """The number the model takes for a value: itself, or the code of a level given by label or code.

        Raises
        ------
        ClinicalValueError
            The value is not a number, or is none of the levels.
        """
        if self.levels:
            for level in self.levels:
                if value == level.label or value == level.code:
                    return level.code
            raise ClinicalValueError(
                f'"{self.label}" has no level "{value}": it has {", ".join(level.label for level in self.levels)}.'
            )
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise ClinicalValueError(f'The value of "{self.label}" is not a number.')
        return number
