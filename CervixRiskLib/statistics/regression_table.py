"""Table 2: each clinical predictor alone and beside the others, in logistic regression (Wang et al. 2025, Table 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import TrainingError
from .logistic import LogisticModel
from .odds_ratios import sign_flip_warnings
from .outcome import binary_outcome
from .profile_likelihood import profile_likelihood

#: Peduzzi et al., J Clin Epidemiol 1996;49:1373-1379.
_LEAST_EVENTS_PER_VARIABLE = 10.0
#: A column of which less than this share is left beside the columns before it is a combination of them.
_RANK_SHARE = 1e-6


@dataclass(frozen=True)
class OddsRatio:
    """An odds ratio per unit of its predictor; what is too large for a number is ``None``.

    Parameters
    ----------
    cases, events
        Complete cases of the regression, and those of the positive class among them.
    odds_ratio, lower, upper, p_value
        With Wald's interval and test.
    profile_lower, profile_upper, likelihood_ratio_p_value
        Of the profile likelihood; an end is ``None`` where the likelihood does not fall far enough.
    method
        ``"maximum likelihood"``, or ``"Firth"`` where the predictors separate the classes; Wald's interval and test
        mean little then, the profile's hold.
    """

    cases: int
    events: int
    odds_ratio: float | None
    lower: float | None
    upper: float | None
    p_value: float
    profile_lower: float | None
    profile_upper: float | None
    likelihood_ratio_p_value: float
    method: str

    @property
    def p_of_method(self) -> float:
        """Wald's p-value, but the likelihood ratio's with Firth's estimate (Heinze & Schemper 2002)."""
        return self.p_value if self.method == MAXIMUM_LIKELIHOOD else self.likelihood_ratio_p_value


MAXIMUM_LIKELIHOOD = "maximum likelihood"
FIRTH = "Firth"


@dataclass(frozen=True)
class OddsRatioRow:
    """A predictor alone and beside the others; ``None`` where it is not in that regression.

    ``interquartile_range`` is that of its values, in its unit: an odds ratio raised to it is that of the upper quartile
    against the lower, which is comparable between predictors (Harrell, Regression Modeling Strategies, 2015). ``None``
    of two values (yes and no, a category's level), and where both quartiles are one.
    """

    name: str
    label: str
    univariate: OddsRatio | None
    multivariate: OddsRatio | None
    interquartile_range: float | None = None


@dataclass(frozen=True)
class OddsRatioTable:
    """The table, and in ``warnings`` a sentence for everything a reader must know of it.

    ``events_per_variable`` are the cases of the rarer class per predictor of the multivariate regression, ``None``
    without one.
    """

    rows: tuple[OddsRatioRow, ...]
    events_per_variable: float | None
    warnings: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a predictor: ``name, label, interquartile_range``, then ``univariate_`` and ``multivariate_`` fields.

        The fields are those of :class:`OddsRatio`; ``None`` where the predictor is not in that regression.
        """
        names = [f.name for f in fields(OddsRatio)]
        rows = []
        for row in self.rows:
            cells: dict[str, object] = {
                "name": row.name,
                "label": row.label,
                "interquartile_range": row.interquartile_range,
            }
            for side, found in (("univariate", row.univariate), ("multivariate", row.multivariate)):
                cells.update({f"{side}_{name}": None if found is None else getattr(found, name) for name in names})
            rows.append(cells)
        columns = ["name", "label", "interquartile_range"]
        columns += [f"{side}_{name}" for side in ("univariate", "multivariate") for name in names]
        return pd.DataFrame(rows, columns=columns, dtype=object)


def odds_ratio_table(
    X: pd.DataFrame,
    y: ArrayLike,
    labels: Mapping[str, str] | None = None,
    *,
    multivariate: Sequence[str] | None = None,
    significance: float = 0.05,
    confidence: float = 0.95,
) -> OddsRatioTable:
    """Odds ratios of every predictor alone, and of those that enter the joint regression.

    Every regression has an intercept. A predictor is judged on the cases that have its value, the joint regression on
    those that have all its predictors' values. A predictor that cannot be judged is left out with a warning; nothing
    is imputed. This describes the cohort: choosing predictors on all cases and then judging a model on them is
    optimistic.

    Parameters
    ----------
    X
        ``(n, k)`` numeric predictors, a category as one column per level but the first; missing is NaN.
    y
        ``(n,)`` outcome 0/1.
    labels
        What a person reads for a column; its name where there is none.
    multivariate
        The columns of the joint regression; ``None``: those whose p-value alone lies below ``significance``.

    Raises
    ------
    TrainingError
        There are no cases or one class only, there is no predictor, or a column is not numeric.
    """
    positive = binary_outcome(y)
    if X.shape[1] == 0:
        raise TrainingError("There is no predictor: name at least one clinical column.")
    if len(X) != positive.size:
        raise ValueError(f"{len(X)} rows do not fit {positive.size} outcomes.")
    numbers = {str(name): _numbers(X[name], str(name)) for name in X.columns}
    read = {name: (labels or {}).get(name, name) for name in numbers}
    absent = [name for name in multivariate or () if name not in numbers]
    if absent:
        raise TrainingError(f'There is no predictor "{absent[0]}" for the multivariate regression.')
    warnings: list[str] = []
    alone: dict[str, OddsRatio] = {}
    for name in numbers:
        alone.update(_regression(numbers, [name], positive, read, confidence, warnings, "alone"))
    if multivariate is None:
        entering = [name for name, found in alone.items() if found.p_of_method < significance]
        if not entering:
            warnings.append(f"No predictor reached p < {significance:g} alone: there is no multivariate regression.")
    else:
        # What could not be judged alone has its warning, and would empty the complete cases of the others.
        entering = [name for name in multivariate if name in alone]
    together = _regression(numbers, entering, positive, read, confidence, warnings, "together") if entering else {}
    per_variable = None
    if together:
        cases, events = next((found.cases, found.events) for found in together.values())
        rarer = min(events, cases - events)
        per_variable = rarer / len(together)
        if per_variable < _LEAST_EVENTS_PER_VARIABLE:
            warnings.append(
                f"{rarer} cases of the rarer outcome for {len(together)} predictors are {per_variable:.1f} per "
                "predictor: with fewer than 10 the multivariate odds ratios are unreliable (Peduzzi et al. 1996)."
            )
        warnings.extend(sign_flip_warnings(_for_flips(alone, read), _for_flips(together, read)))
    rows = tuple(
        OddsRatioRow(name, read[name], alone.get(name), together.get(name), _interquartile_range(values))
        for name, values in numbers.items()
    )
    return OddsRatioTable(rows, per_variable, tuple(warnings))


def _regression(
    numbers: Mapping[str, np.ndarray],
    names: list[str],
    positive: np.ndarray,
    read: Mapping[str, str],
    confidence: float,
    warnings: list[str],
    kind: str,
) -> dict[str, OddsRatio]:
    """One regression on its complete cases; what stands in its way is told in ``warnings``."""
    values = np.column_stack([numbers[name] for name in names])
    complete = ~np.isnan(values).any(axis=1)
    values, outcome = values[complete], positive[complete]
    here = f'"{read[names[0]]}" alone' if kind == "alone" else "the multivariate regression"
    if len(values) == 0 or outcome.all() or not outcome.any():
        warnings.append(f"The complete cases for {here} are not of both classes: it is left out.")
        return {}
    if kind == "together" and not complete.all():
        warnings.append(f"The multivariate regression uses the {len(values)} of {len(complete)} complete cases.")
    kept = _independent(values)
    for place, name in enumerate(names):
        if place not in kept:
            what = "has one value throughout" if np.ptp(values[:, place]) == 0 else "is a combination of the others"
            warnings.append(f'"{read[name]}" {what} among the complete cases for {here}: it is left out.')
    names, values = [names[place] for place in kept], values[:, kept]
    if not names:
        return {}
    if len(values) <= len(names) + 1:
        warnings.append(f"There are {len(values)} complete cases for {len(names)} predictors: {here} is left out.")
        return {}
    try:
        return _odds_ratios(names, values, outcome, confidence, read, warnings, here)
    except TrainingError as error:
        # A likelihood that does not settle must not keep the other rows from the reader.
        warnings.append(f"{here[0].upper()}{here[1:]} is left out. {error}")
        return {}


def _odds_ratios(
    names: list[str],
    values: np.ndarray,
    outcome: np.ndarray,
    confidence: float,
    read: Mapping[str, str],
    warnings: list[str],
    here: str,
) -> dict[str, OddsRatio]:
    model = LogisticModel(penalty="auto").fit(pd.DataFrame(values, columns=names), outcome.astype(int))
    firth = model.penalty_used_ == "firth"
    if firth:
        warnings.append(
            f"The classes are separated in {here}: Firth's estimates stand there, with likelihood-ratio tests and "
            "profile-likelihood intervals to be read."
        )
    profile = profile_likelihood(values, outcome.astype(float), names, firth=firth, confidence=confidence)
    with np.errstate(over="ignore"):
        ends = np.exp(np.column_stack([profile.lower, profile.upper]))
    wald = model.odds_ratios(confidence)
    return {
        name: OddsRatio(
            cases=len(values),
            events=int(outcome.sum()),
            odds_ratio=_known(wald["odds_ratio"][place]),
            lower=_known(wald["lower"][place]),
            upper=_known(wald["upper"][place]),
            p_value=float(wald["p"][place]),
            profile_lower=_known(ends[place, 0]),
            profile_upper=_known(ends[place, 1]),
            likelihood_ratio_p_value=float(profile.p_value[place]),
            method=FIRTH if firth else MAXIMUM_LIKELIHOOD,
        )
        for place, name in enumerate(names)
    }


def _interquartile_range(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    if len(np.unique(known)) <= 2:
        return None
    lower, upper = np.quantile(known, [0.25, 0.75])
    return float(upper - lower) or None


def _independent(values: np.ndarray) -> list[int]:
    """Columns that vary and are no linear combination of those before them."""
    basis = np.full((len(values), 1), 1.0 / np.sqrt(len(values)))
    kept = []
    for place, column in enumerate(values.T):
        centred = column - column.mean()
        length = float(np.linalg.norm(centred))
        if length <= 1e-12 * np.abs(column).max() * np.sqrt(len(column)):
            continue
        left = centred / length
        # Twice, against rounding (Kahan's rule).
        for _ in range(2):
            left = left - basis @ (basis.T @ left)
        size = float(np.linalg.norm(left))
        if size > _RANK_SHARE:
            kept.append(place)
            basis = np.column_stack([basis, left / size])
    return kept


def _for_flips(found: Mapping[str, OddsRatio], read: Mapping[str, str]) -> pd.DataFrame:
    known = {read[name]: value.odds_ratio for name, value in found.items() if value.odds_ratio is not None}
    return pd.DataFrame({"name": list(known), "odds_ratio": list(known.values())})


def _numbers(column: pd.Series, name: str) -> np.ndarray:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = int((np.isinf(numbers) | (np.isnan(numbers) & column.notna().to_numpy())).sum())
    if wrong:
        raise TrainingError(f'The predictor "{name}" is not a number in {wrong} of {len(column)} cases: correct it.')
    return numbers


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
