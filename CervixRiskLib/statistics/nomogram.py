"""The nomogram's arithmetic: values to points, points to a total, a total to a risk.

The conventions are those of R's ``rms::nomogram`` (Harrell, Regression Modeling Strategies, 2015): each predictor has
0 points at the end of its axis with the lowest effect; the predictor with the largest effect over its axis spans 100
points; axes of continuous predictors reach out to round numbers. All of it is exact, so the risk read off the total is
the model's own probability.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import BundleError, ClinicalValueError, TrainingError
from .nomogram_axis import INTERVALS, NomogramAxis, NomogramLevel
from .pretty_ticks import pretty

#: The version of :meth:`Nomogram.to_dict`'s layout.
SCHEMA = 1
LARGEST_POINTS = 100.0
_RISKS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Nomogram:
    """Predictors' axes, the total, and the risk.

    Parameters
    ----------
    axes
        In the order they are drawn.
    intercept
        The logistic model's.
    points_per_unit
        Points for one unit of the linear predictor.
    calibration
        ``(slope, intercept)`` of Platt scaling on the model's log-odds; ``(1, 0)`` leaves the risk as it is.
    """

    axes: tuple[NomogramAxis, ...]
    intercept: float
    points_per_unit: float
    calibration: tuple[float, float] = (1.0, 0.0)

    @classmethod
    def from_logistic(
        cls,
        names: Sequence[str],
        labels: Sequence[str],
        units: Sequence[str],
        coefficients: ArrayLike,
        intercept: float | np.ndarray,
        ranges: Sequence[tuple[float, float]] | Mapping[str, tuple[float, float]],
        *,
        levels: Mapping[str, Mapping[str, float]] | None = None,
        calibration: tuple[float, float] = (1.0, 0.0),
        extend_ranges: bool = True,
    ) -> Nomogram:
        """Lay out a fitted logistic model.

        Parameters
        ----------
        names, labels, units
            The ``k`` predictors: column name, what is shown, unit (may be empty).
        coefficients, intercept
            ``(k,)`` (or scikit-learn's ``(1, k)``) log odds ratios and the intercept.
        ranges
            The values each axis must hold, ``(low, high)`` in the order of ``names`` or by name. Those of categorical
            predictors are not looked at.
        levels
            Categorical predictors by name: each level's label and code. A factor with a coefficient for every level
            is given the coefficient 1 and those coefficients as codes; its values are then passed by label.
        calibration
            ``(slope, intercept)`` of :class:`PlattScaling` fitted on the model's log-odds.
        extend_ranges
            Let continuous axes reach out to round numbers, as rms does.

        Raises
        ------
        TrainingError
            No predictor, a range that is empty, a number that is not finite, a falling calibration, or a model in
            which no predictor has an effect.
        """
        weights = [float(weight) for weight in np.ravel(np.asarray(coefficients, dtype=float))]
        start = float(np.ravel(np.asarray(intercept, dtype=float))[0])
        levels = levels or {}
        if not names or not len(names) == len(labels) == len(units) == len(weights) == len(ranges):
            raise TrainingError("A nomogram needs predictors, each with a label, a unit, a coefficient and a range.")
        if not all(math.isfinite(number) for number in (*weights, start, *calibration)):
            raise TrainingError("A coefficient of the nomogram is not a finite number: fit the model again.")
        if calibration[0] < 0:
            raise TrainingError("The calibration turns the risk upside down (negative slope): it cannot be drawn.")
        spans = []
        for place, name in enumerate(names):
            if name in levels:
                spans.append(_levels_span(name, levels[name]))
            else:
                wanted = ranges[name] if isinstance(ranges, Mapping) else ranges[place]
                spans.append(_continuous_span(name, float(wanted[0]), float(wanted[1]), extend_ranges))
        effect = max(abs(weight) * (high - low) for weight, (low, high, _) in zip(weights, spans, strict=True))
        if effect == 0:
            raise TrainingError("No predictor of the nomogram has an effect: there is nothing to draw.")
        per_unit = LARGEST_POINTS / effect
        axes = []
        for name, label, unit, weight, (low, high, steps) in zip(names, labels, units, weights, spans, strict=True):
            reach = abs(weight) * (high - low) * per_unit
            ends = (0.0, reach) if weight >= 0 else (reach, 0.0)
            axes.append(NomogramAxis(str(name), str(label), str(unit), low, high, weight, *ends, steps))
        return cls(tuple(axes), start, per_unit, (float(calibration[0]), float(calibration[1])))

    @property
    def offset(self) -> float:
        """The linear predictor at zero total points."""
        return self.intercept + sum(
            min(axis.coefficient * axis.low, axis.coefficient * axis.high) for axis in self.axes
        )

    @property
    def total_largest(self) -> float:
        """The right end of the axis of total points; the left end is 0."""
        return sum(axis.points_largest for axis in self.axes)

    def axis(self, name: str) -> NomogramAxis:
        """The axis of a predictor.

        Raises
        ------
        ClinicalValueError
            There is none of this name.
        """
        for axis in self.axes:
            if axis.name == name:
                return axis
        known = ", ".join(axis.name for axis in self.axes)
        raise ClinicalValueError(f'The nomogram has no predictor "{name}": it has {known}.')

    def in_range(self, name: str, value: float | str) -> bool:
        """Does the value lie on its axis? Beyond its ends the points go on along the same line."""
        axis = self.axis(name)
        return axis.low <= axis.number(value) <= axis.high

    def points(self, name: str, value: float | str) -> float:
        """Points of one predictor's value; below 0 or above the axis' largest when the value lies beyond its ends.

        A categorical value is a level's label or its code.

        Raises
        ------
        ClinicalValueError
            Unknown predictor, a value that is not a number, or an unknown level.
        """
        axis = self.axis(name)
        free = axis.low if axis.coefficient >= 0 else axis.high
        # Adding 0 turns the negative zero of a free end into a plain one, which prints better.
        return self.points_per_unit * axis.coefficient * (axis.number(value) - free) + 0.0

    def total(self, values: Mapping[str, float | str]) -> float:
        """Total points of a patient; ``values`` holds each predictor by name (others are left aside).

        Raises
        ------
        ClinicalValueError
            A predictor is missing or cannot be used.
        """
        missing = [axis.name for axis in self.axes if axis.name not in values]
        if missing:
            raise ClinicalValueError(f"The nomogram needs a value for {', '.join(missing)}.")
        return sum(self.points(axis.name, values[axis.name]) for axis in self.axes)

    def linear_predictor(self, total_points: float) -> float:
        """The model's log-odds at a total, before calibration."""
        return self.offset + total_points / self.points_per_unit

    def risk(self, total_points: float) -> float:
        """Calibrated probability at a total."""
        slope, shift = self.calibration
        log_odds = shift + slope * self.linear_predictor(total_points)
        # Of the two forms the one that does not overflow.
        if log_odds >= 0:
            return 1.0 / (1.0 + math.exp(-log_odds))
        odds = math.exp(log_odds)
        return odds / (1.0 + odds)

    def total_at_risk(self, p: float) -> float:
        """The total at which the risk is ``p``; may lie beyond the axis. NaN when the calibration's slope is 0."""
        if not 0.0 < p < 1.0:
            raise ValueError(f"A risk lies between 0 and 1, not at {p}.")
        slope, shift = self.calibration
        if slope == 0:
            return math.nan
        return ((math.log(p / (1 - p)) - shift) / slope - self.offset) * self.points_per_unit

    def total_ticks(self) -> np.ndarray:
        """Total points to mark, from 0 to beyond the largest total."""
        return pretty(0.0, self.total_largest, INTERVALS)

    def risk_ticks(self) -> tuple[float, ...]:
        """Those of the usual risks (.01, .05, .1, ... .9, .95, .99) that lie within the axis of total points."""
        last = float(self.total_ticks()[-1])
        return tuple(risk for risk in _RISKS if 0.0 <= self.total_at_risk(risk) <= last)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts for JSON; :meth:`from_dict` gives an equal nomogram back."""
        return {
            "schema": SCHEMA,
            "intercept": self.intercept,
            "calibration": {"slope": self.calibration[0], "intercept": self.calibration[1]},
            "axes": [
                {
                    "name": axis.name,
                    "label": axis.label,
                    "unit": axis.unit,
                    "low": axis.low,
                    "high": axis.high,
                    "coefficient": axis.coefficient,
                    "levels": [{"label": level.label, "code": level.code} for level in axis.levels],
                }
                for axis in self.axes
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Nomogram:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        BundleError
            Another schema, or parts that are missing or of the wrong kind.
        """
        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
            raise BundleError("The nomogram is of another version: use the version of CervixRisk that wrote it.")
        try:
            axes = data["axes"]
            return cls.from_logistic(
                [_text(axis["name"]) for axis in axes],
                [_text(axis["label"]) for axis in axes],
                [_text(axis["unit"]) for axis in axes],
                [float(axis["coefficient"]) for axis in axes],
                float(data["intercept"]),
                [(float(axis["low"]), float(axis["high"])) for axis in axes],
                levels={
                    axis["name"]: {_text(level["label"]): float(level["code"]) for level in axis["levels"]}
                    for axis in axes
                    if axis["levels"]
                },
                calibration=(float(data["calibration"]["slope"]), float(data["calibration"]["intercept"])),
                extend_ranges=False,
            )
        except (KeyError, TypeError, ValueError, AttributeError, TrainingError) as error:
            raise BundleError("The nomogram is damaged: take the bundle from its source again.") from error


def _levels_span(name: str, levels: Mapping[str, float]) -> tuple[float, float, tuple[NomogramLevel, ...]]:
    """The ends of a categorical predictor's axis, and its levels."""
    steps = tuple(NomogramLevel(label, float(code)) for label, code in levels.items())
    low, high = min(step.code for step in steps), max(step.code for step in steps)
    _check_ends(name, low, high)
    return low, high, steps


def _continuous_span(
    name: str, low: float, high: float, extend: bool
) -> tuple[float, float, tuple[NomogramLevel, ...]]:
    """The ends of a continuous predictor's axis that holds ``low`` and ``high``."""
    _check_ends(name, low, high)
    if extend:
        marks = pretty(low, high, INTERVALS)
        low, high = min(low, float(marks[0])), max(high, float(marks[-1]))
    return low, high, ()


def _check_ends(name: str, low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise TrainingError(f'The range of "{name}" is empty: it needs two different values.')


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"A text was expected, not {type(value).__name__}.")
    return value
