"""How many cases a prediction model of a two-class outcome needs (Riley et al.).

Riley, Snell, Ensor et al., Stat Med 2019;38:1276-1296; Riley, Ensor, Snell et al., BMJ 2020;368:m441. The conversion
of a C-statistic follows Riley, Van Calster & Collins, Stat Med 2021;40:859-864.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import logit, ndtri

from ..errors import SettingsError

#: The least accepted expected shrinkage factor.
_LEAST_SHRINKAGE = 0.9
#: Greatest accepted difference between apparent and adjusted share of explained variation (Nagelkerke's R²).
_MOST_OPTIMISM = 0.05
#: Half width of the 95 % interval of the overall risk.
_RISK_MARGIN = 0.05
#: As the authors write it.
_NORMAL_QUANTILE = 1.96


@dataclass(frozen=True)
class SampleSize:
    """The cases that a model with ``parameters`` candidate predictors needs.

    Parameters
    ----------
    prevalence, parameters, r_squared
        What it was computed for; ``r_squared`` is Cox and Snell's.
    c_statistic
        The one that ``r_squared`` was converted from, ``None`` where that was given itself.
    cases_shrinkage, cases_optimism, cases_risk
        Of the three criteria: a shrinkage of at least 0.9, an optimism of at most 0.05 in Nagelkerke's R², the overall
        risk within ± 0.05. ``None`` where the anticipated model tells nothing apart: no number is enough then.
    cases_needed, events_needed
        The largest of the three, and the cases of the positive class among so many.
    cases
        How many there were, ``None`` where unknown.
    """

    prevalence: float
    parameters: int
    r_squared: float
    c_statistic: float | None
    cases_shrinkage: int | None
    cases_optimism: int | None
    cases_risk: int
    cases: int | None = None

    @property
    def cases_needed(self) -> int | None:
        if self.cases_shrinkage is None or self.cases_optimism is None:
            return None
        return max(self.cases_shrinkage, self.cases_optimism, self.cases_risk)

    @property
    def events_needed(self) -> int | None:
        return None if self.cases_needed is None else math.ceil(self.cases_needed * self.prevalence)

    @property
    def is_enough(self) -> bool | None:
        """Whether there were as many as needed; ``None`` where the number of cases is unknown."""
        if self.cases is None:
            return None
        return self.cases_needed is not None and self.cases >= self.cases_needed

    def sentence(self) -> str:
        """What a report says."""
        predictors = f"{self.parameters} candidate predictor{'' if self.parameters == 1 else 's'}"
        had = "" if self.cases is None else f"; this one had {self.cases}"
        if self.cases_needed is None:
            return (
                f"A model with {predictors} that tells nothing apart needs more cases than there can be{had} "
                "(Riley et al. 2020)."
            )
        expected = (
            f"C-statistic {self.c_statistic:.2f}"
            if self.c_statistic is not None
            else f"Cox-Snell R² {self.r_squared:.3f}"
        )
        return (
            f"A model with {predictors} and this outcome ({100 * self.prevalence:.1f} % positive, anticipated "
            f"{expected}) needs {self.cases_needed} cases{had} (Riley et al. 2020)."
        )


def sample_size(
    prevalence: float,
    parameters: int,
    *,
    c_statistic: float | None = None,
    r_squared: float | None = None,
    cases: int | None = None,
) -> SampleSize:
    """The cases needed for ``parameters`` candidate predictors; the largest of three criteria counts.

    With Cox and Snell's R² and P parameters, the cases for a shrinkage S are ``P / ((S - 1) ln(1 - R² / S))``; the
    optimism criterion is the same with ``S = R² / (R² + 0.05 max R²)``; the overall risk p needs
    ``(1.96 / 0.05)² p (1 - p)``.

    Parameters
    ----------
    prevalence
        Share of positive cases, above 0 and below 1.
    parameters
        Every candidate counts, also those that a selection drops; a category counts its levels but one.
    c_statistic, r_squared
        What the model is expected to reach: one of the two, from earlier studies rather than from these cases.
    cases
        How many cases there were, for the sentence.

    Raises
    ------
    SettingsError
        A number lies outside its range, or not exactly one of C-statistic and R² is given.
    """
    if not 0.0 < prevalence < 1.0:
        raise SettingsError(f"The prevalence must lie between 0 and 1, not {prevalence:g}.")
    if parameters < 1:
        raise SettingsError(f"A model has at least one candidate predictor, not {parameters}.")
    if (c_statistic is None) == (r_squared is None):
        raise SettingsError("Give the anticipated C-statistic or the anticipated R², and not both.")
    most = most_explained(prevalence)
    explained = r_squared_from_c_statistic(c_statistic, prevalence) if c_statistic is not None else r_squared
    assert explained is not None
    if not 0.0 <= explained < most:
        raise SettingsError(
            f"An R² (Cox-Snell) of {explained:g} cannot be: with this prevalence it lies between 0 and {most:.3f}."
        )
    by_optimism = explained / (explained + _MOST_OPTIMISM * most)
    return SampleSize(
        prevalence=float(prevalence),
        parameters=int(parameters),
        r_squared=float(explained),
        c_statistic=None if c_statistic is None else float(c_statistic),
        cases_shrinkage=_cases_for(parameters, explained, _LEAST_SHRINKAGE),
        cases_optimism=_cases_for(parameters, explained, by_optimism),
        cases_risk=math.ceil((_NORMAL_QUANTILE / _RISK_MARGIN) ** 2 * prevalence * (1 - prevalence)),
        cases=cases,
    )


def most_explained(prevalence: float) -> float:
    """The largest Cox-Snell R² with this prevalence p: ``1 - (p^p (1 - p)^(1 - p))²``."""
    entropy = prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence)
    return -math.expm1(2 * entropy)


def r_squared_from_c_statistic(c_statistic: float, prevalence: float) -> float:
    """Cox and Snell's R² of a model with that C-statistic, its linear predictor normal in either class.

    Riley et al. 2021 draw a million linear predictors, N(√2 Φ⁻¹(C), 1) in the positive and N(0, 1) in the negative
    cases, and fit a logistic regression. Its limit is known, so the likelihood ratio is integrated here instead.

    Raises
    ------
    SettingsError
        The C-statistic lies outside 0.5 to 1 (ends excluded above).
    """
    if not 0.5 <= c_statistic < 1.0:
        raise SettingsError(f"An anticipated C-statistic lies between 0.5 and 1, not at {c_statistic:g}.")
    if c_statistic == 0.5:
        return 0.0
    distance = math.sqrt(2) * float(ndtri(c_statistic))
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    weights = weights / weights.sum()
    start = logit(prevalence) - distance**2 / 2
    # Cross-entropy of the cases of either class under the true model: ln(1 + e^-η) and ln(1 + e^η).
    positive = float(weights @ np.logaddexp(0.0, -(start + distance * (nodes + distance))))
    negative = float(weights @ np.logaddexp(0.0, start + distance * nodes))
    without = -(prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence))
    gain = without - prevalence * positive - (1 - prevalence) * negative
    return -math.expm1(-2 * max(gain, 0.0))


def _cases_for(parameters: int, explained: float, shrinkage: float) -> int | None:
    if explained == 0.0:
        return None
    return math.ceil(parameters / ((shrinkage - 1) * math.log1p(-explained / shrinkage)))
