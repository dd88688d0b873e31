"""How many patients it takes to validate a two-class model on further patients (Riley et al. 2021).

Riley, Debray, Collins et al., Stat Med 2021;40:4230-4251; the slope's criterion: Riley, Collins, Ensor et al., Stat Med
2022;41:1280-1295.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, ndtri

from ..errors import SettingsError
from .calibration_smoothing import LEAST_SPREAD, log_odds
from .outcome import check_confidence

#: Widths of the 95 % intervals that are aimed at, those of the authors' program pmvalsampsize.
RATIO_WIDTH, SLOPE_WIDTH, C_STATISTIC_WIDTH = 0.2, 0.2, 0.1
#: Of each outcome, below which a validation is called too small (Collins et al., Stat Med 2016;35:214-226).
FEWEST_OF_AN_OUTCOME = 100


@dataclass(frozen=True)
class ValidationCases:
    """The patients that a validation needs for intervals of a stated width, and those there were.

    Parameters
    ----------
    prevalence, c_statistic
        What it was computed for; ``c_statistic`` is ``None`` where none was anticipated.
    for_ratio, for_slope, for_c_statistic
        Patients for a 95 % interval of observed over expected that is :data:`RATIO_WIDTH` wide, of the calibration
        slope :data:`SLOPE_WIDTH`, of the C-statistic :data:`C_STATISTIC_WIDTH`. ``None`` where it cannot be said: risks
        that hardly vary have no slope.
    patients, events
        How many there were, and how many of them had the outcome.
    """

    prevalence: float
    c_statistic: float | None
    for_ratio: int
    for_slope: int | None
    for_c_statistic: int | None
    patients: int
    events: int

    @property
    def needed(self) -> int:
        """The largest of the criteria."""
        return max(number for number in (self.for_ratio, self.for_slope, self.for_c_statistic) if number is not None)

    @property
    def events_needed(self) -> int:
        return math.ceil(self.needed * self.prevalence)

    @property
    def is_enough(self) -> bool:
        return self.patients >= self.needed

    @property
    def is_tiny(self) -> bool:
        """Fewer than :data:`FEWEST_OF_AN_OUTCOME` of either outcome."""
        return min(self.events, self.patients - self.events) < FEWEST_OF_AN_OUTCOME

    def sentence(self) -> str:
        """What a report says."""
        had = f"these are {self.patients} with {self.events}"
        need = (
            f"To know observed : expected, calibration slope and AUC to within ± 0.1, ± 0.1 and ± 0.05 takes about "
            f"{self.needed} patients, {self.events_needed} of them with the outcome; {had} (Riley et al. 2021)."
        )
        if self.is_enough:
            return need
        if self.is_tiny:
            return (
                f"{need} With fewer than {FEWEST_OF_AN_OUTCOME} of an outcome (Collins et al. 2016) a difference that "
                "is not seen here is not shown to be absent."
            )
        return f"{need} A difference that is not seen here is not shown to be absent."


def validation_cases(
    prevalence: float, p: ArrayLike, *, c_statistic: float | None, patients: int, events: int
) -> ValidationCases:
    """The patients needed; the largest of three criteria counts.

    With prevalence φ: observed over expected takes ``(1 - φ) / (φ s²)`` patients, ``s`` the standard error of its
    logarithm whose interval around 1 has the width aimed at. The slope takes ``I_a / (s² (I_a I_b - I_ab²))``, where
    ``I_a``, ``I_ab`` and ``I_b`` are the means of ``w``, ``w x`` and ``w x²`` over the risks, ``x`` their log-odds and
    ``w`` their ``p (1 - p)``: the model is taken to be calibrated. The C-statistic takes as many as Newcombe's variance
    says (Stat Med 2006;25:559-573).

    Parameters
    ----------
    prevalence
        Share with the outcome among patients like these, above 0 and below 1.
    p
        ``(n,)`` risks that patients like these are given.
    c_statistic
        The one that is expected, above 0.5 and below 1; otherwise, and for ``None``, its criterion is left out.
    patients, events
        How many there were.

    Raises
    ------
    SettingsError
        A prevalence outside its range.
    """
    if not 0.0 < prevalence < 1.0:
        raise SettingsError(f"The prevalence must lie between 0 and 1, not {prevalence:g}.")
    z = float(ndtri(1 - (1 - check_confidence(0.95)) / 2))
    of_logarithm = math.asinh(RATIO_WIDTH / 2) / z
    usable = c_statistic is not None and 0.5 < c_statistic < 1.0
    return ValidationCases(
        float(prevalence),
        c_statistic if usable else None,
        math.ceil((1 - prevalence) / (prevalence * of_logarithm**2)),
        _for_slope(log_odds(np.asarray(p, dtype=float)), SLOPE_WIDTH / (2 * z)),
        _for_c_statistic(c_statistic, prevalence, C_STATISTIC_WIDTH / (2 * z))
        if c_statistic is not None and usable
        else None,
        int(patients),
        int(events),
    )


def _for_slope(x: np.ndarray, error: float) -> int | None:
    if np.std(x) < LEAST_SPREAD:
        return None
    weight = expit(x) * expit(-x)
    a, ab, b = float(weight.mean()), float((weight * x).mean()), float((weight * x * x).mean())
    determinant = a * b - ab * ab
    # Where all risks are all but certain no number of patients tells a slope.
    return None if determinant <= 1e-12 else math.ceil(a / (error**2 * determinant))


def _for_c_statistic(c: float, prevalence: float, error: float) -> int:
    """The variance falls as the patients rise, so the number is found by halving."""

    def variance(n: float) -> float:
        more = (n / 2 - 1) * ((1 - c) / (2 - c) + c / (1 + c))
        return c * (1 - c) * (1 + more) / (n * n * prevalence * (1 - prevalence))

    low, high = 2, 4
    while variance(high) > error**2:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if variance(middle) > error**2 else (low, middle)
    return high
