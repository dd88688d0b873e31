"""The optimism bootstrap: how much a model's apparent performance owes to being judged on its own cases.

Harrell, Regression Modeling Strategies, 2nd edition 2015, section 5.3.4; Efron, JASA 1983;78:316-331.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import TrainingError
from ..progress import SILENT, Progress

#: With more resamples than this share undefined, what is left is no longer a sample of what could have been.
_MOST_UNDEFINED = 0.1


@dataclass(frozen=True, eq=False)
class OptimismBootstrap:
    """Apparent performance, its optimism, and what remains.

    Parameters
    ----------
    apparent
        Of the model fitted to all cases, on all cases.
    optimism
        Mean over the resamples of ``on_resample - on_all``.
    corrected
        ``apparent - optimism``.
    spread
        Standard deviation of a resample's optimism, NaN of fewer than two.
    standard_error
        Of ``optimism`` and so of ``corrected`` from the finite number of resamples: ``spread / √repeats``.
    repeats, undefined
        Resamples that were drawn; those among them without a number (left out).
    on_resample, on_all
        ``(repeats,)``: each resample's model on its own cases, and on all cases.
    """

    apparent: float
    optimism: float
    corrected: float
    spread: float
    standard_error: float
    repeats: int
    undefined: int
    on_resample: np.ndarray
    on_all: np.ndarray


def optimism_bootstrap(
    fit: Callable[[Any, np.ndarray, np.ndarray], Any],
    score: Callable[[Any, Any, np.ndarray], float],
    X: Any,
    y: ArrayLike,
    groups: Sequence[Any] | np.ndarray | None = None,
    *,
    repeats: int = 200,
    rng: np.random.Generator | int = 42,
    stratified: bool = True,
    progress: Progress = SILENT,
) -> OptimismBootstrap:
    """Refit the whole model in each resample of the patients, and compare it with itself on all cases.

    Parameters
    ----------
    fit
        ``fit(X, y, groups)`` gives a fitted model; every step that looks at the outcome belongs inside. ``groups`` are
        the drawn patients' identifiers: a patient that is drawn twice appears twice under one name, so a
        cross-validation inside keeps it on one side.
    score
        ``score(model, X, y)`` gives a number, higher is better; NaN where it is not defined.
    X
        ``(n, ...)`` array or table.
    y
        ``(n,)`` outcome.
    groups
        ``(n,)`` patients; ``None``: every case is one.
    stratified
        Draw as many patients of each outcome as there are; ``False`` draws from all, as Harrell's ``rms::validate``.

    Raises
    ------
    TrainingError
        There are no cases, or more than a tenth of the resamples have no number.
    """
    outcome = np.asarray(y)
    patients = np.arange(len(outcome)) if groups is None else np.asarray(groups)
    apparent = float(score(fit(X, outcome, patients), X, outcome))
    on_resample, on_all = np.empty(repeats), np.empty(repeats)
    draws = optimism_resamples(outcome, patients, repeats, rng, stratified=stratified)
    with progress.task("Bootstrapping the optimism", total=repeats) as task:
        for repeat, chosen in enumerate(draws):
            drawn = _rows(X, chosen)
            model = fit(drawn, outcome[chosen], patients[chosen])
            on_resample[repeat] = score(model, drawn, outcome[chosen])
            on_all[repeat] = score(model, X, outcome)
            task.advance()
    return optimism_summary(apparent, on_resample, on_all)


def optimism_resamples(
    y: ArrayLike,
    groups: Sequence[Any] | np.ndarray | None,
    repeats: int,
    rng: np.random.Generator | int = 42,
    *,
    stratified: bool = True,
) -> Iterator[np.ndarray]:
    """``repeats`` arrays of case numbers: patients drawn with replacement, each with all their cases.

    ``y`` and ``groups`` are ``(n,)``: outcome 0/1, and the patient of each case (``None``: each is one).

    For a caller that fits the resamples elsewhere or goes on after a kill: a generator made from the same seed gives
    the same resamples. A patient's stratum is the largest outcome of its cases.
    """
    outcome = np.asarray(y)
    if outcome.size == 0:
        raise TrainingError("There are no cases to resample.")
    if repeats < 1:
        raise ValueError("At least one resample is needed.")
    patients = np.arange(len(outcome)) if groups is None else np.asarray(groups)
    if len(patients) != len(outcome):
        raise ValueError(f"{len(patients)} patient identifiers do not fit {len(outcome)} cases.")
    _, codes = np.unique(patients, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    cases = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    strata = np.array([outcome[places].max() for places in cases]) if stratified else np.zeros(len(cases))
    members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    generator = np.random.default_rng(rng)
    for _ in range(repeats):
        drawn = [group[generator.integers(0, group.size, group.size)] for group in members]
        yield np.concatenate([cases[patient] for patient in np.concatenate(drawn)])


def optimism_summary(apparent: float, on_resample: ArrayLike, on_all: ArrayLike) -> OptimismBootstrap:
    """The summary of resamples that were scored before: arrays ``(repeats,)``, NaN where one has no number.

    Raises
    ------
    TrainingError
        The apparent performance is undefined, or that of more than a tenth of the resamples.
    """
    inside, outside = np.asarray(on_resample, dtype=float), np.asarray(on_all, dtype=float)
    if inside.shape != outside.shape or inside.ndim != 1 or inside.size == 0:
        raise ValueError("Each resample needs one number on its own cases and one on all cases.")
    if math.isnan(apparent):
        raise TrainingError("The apparent performance is undefined: there are too few cases.")
    difference = inside - outside
    known = difference[~np.isnan(difference)]
    undefined = difference.size - known.size
    if undefined > _MOST_UNDEFINED * difference.size:
        raise TrainingError(
            f"The performance is undefined in {undefined} of {difference.size} resamples: there are too few cases."
        )
    optimism = float(known.mean())
    spread = float(known.std(ddof=1)) if known.size > 1 else math.nan
    return OptimismBootstrap(
        apparent=float(apparent),
        optimism=optimism,
        corrected=float(apparent) - optimism,
        spread=spread,
        standard_error=spread / math.sqrt(known.size),
        repeats=int(difference.size),
        undefined=int(undefined),
        on_resample=inside,
        on_all=outside,
    )


def _rows(X: Any, chosen: np.ndarray) -> Any:
    return X.iloc[chosen] if hasattr(X, "iloc") else np.asarray(X)[chosen]
