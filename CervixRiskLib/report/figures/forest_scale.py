"""The axis of a forest plot: limits that keep the estimates apart however wide an interval is, and round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .tick_labels import number_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Ratios beyond these are drawn as arrows.
_LEAST_RATIO, _LARGEST_RATIO = 0.01, 100.0


@dataclass(frozen=True)
class ForestScale:
    """From ``low`` to ``high`` in the measure's own unit."""

    kind: Literal["log", "linear"]
    low: float
    high: float

    @classmethod
    def around(
        cls,
        estimates: Sequence[tuple[float, tuple[float, float] | None]],
        kind: Literal["log", "linear"],
        reference: float | None,
    ) -> ForestScale:
        """The scale that holds all estimates, their finite intervals and the reference, within reason for ratios."""
        ends = [value for value, _ in estimates] + ([] if reference is None else [reference])
        ends += [end for _, interval in estimates for end in interval or ()]
        ends = [end for end in ends if math.isfinite(end) and (kind == "linear" or end > 0)] or [1.0]
        if kind == "linear":
            low, high = min(ends), max(ends)
            margin = 0.06 * (high - low) or 0.5
            return cls(kind, low - margin, high + margin)
        logs = np.log10(np.clip(ends, _LEAST_RATIO, _LARGEST_RATIO))
        low, high = float(logs.min()), float(logs.max())
        margin = 0.06 * (high - low) or 0.1
        return cls(kind, 10 ** (low - margin), 10 ** (high + margin))

    def clipped(self, value: float) -> float:
        return min(max(value, self.low), self.high)

    def leaves(self, value: float) -> bool:
        """Whether it lies beyond the axis."""
        return not self.low <= value <= self.high

    def apply(self, axes: Axes, most: int) -> None:
        """Set scale, limits and at most ``most`` ticks."""
        from matplotlib.ticker import FixedLocator, NullLocator

        axes.set_xscale(self.kind)
        axes.set_xlim(self.low, self.high)
        ticks = self.ticks(most)
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks(ticks, [number_text(tick) for tick in ticks])

    def ticks(self, most: int) -> list[float]:
        """Round numbers: on a wide log axis 1, 2, 5 or 1 of each power of ten; else evenly spaced."""
        from matplotlib.ticker import MaxNLocator

        if self.kind == "log":
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for steps in ((1, 2, 5), (1, 3), (1,)):
                ticks = [step * 10.0**power for power in powers for step in steps]
                ticks = [tick for tick in ticks if self.low <= tick <= self.high]
                if 3 <= len(ticks) <= most:
                    return ticks
        places = MaxNLocator(nbins=most - 1, steps=[1, 2, 2.5, 5, 10]).tick_values(self.low, self.high)
        return [float(tick) for tick in places if self.low <= tick <= self.high]
