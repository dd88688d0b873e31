"""Conformal prediction sets: which outcomes cannot be ruled out for a case, at a coverage that is promised.

Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, 2005; Angelopoulos & Bates, Foundations and Trends in
Machine Learning 2023;16:494-591.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import MissingComponentError, SettingsError
from .outcome import binary_outcome, check_confidence
from .patient_weights import MOST_UNDEFINED, patient_numbers, patient_weights, percentile_bounds
from .proportions import Estimate, Proportion, proportion
from .repeated_scores import repeated_probabilities


@dataclass(frozen=True)
class ConformalSummary:
    """How the sets came out; every share with its interval, averaged over the repeats.

    Parameters
    ----------
    asked
        The coverage that was asked for.
    coverage, coverage_positive, coverage_negative
        Share of all, the positive and the negative cases whose set holds their outcome.
    single
        Share of sets with one outcome: the model answers.
    right_of_single
        Share of those answers that are right; NaN (0 to 1) where there are none.
    both, empty
        Share of sets with both outcomes (neither can be ruled out) and with none (the case is unlike both).
    abstains
        Share of sets without a single answer: both or none.
    class_conditional
        The coverage was asked for in each class by itself.
    """

    asked: float
    coverage: Estimate
    coverage_positive: Estimate
    coverage_negative: Estimate
    single: Estimate
    right_of_single: Estimate
    both: Estimate
    empty: Estimate
    abstains: Estimate
    class_conditional: bool
    folds: int
    repeats: int
    cases: int


@dataclass(frozen=True, eq=False)
class ConformalSets:
    """``negative`` and ``positive`` ``(repeats, n)``: whether the case's set holds that outcome."""

    negative: np.ndarray
    positive: np.ndarray
    summary: ConformalSummary


def conformal_sets(
    y: ArrayLike,
    probability: ArrayLike,
    patients: Sequence[Any] | np.ndarray | None = None,
    *,
    coverage: float = 0.9,
    class_conditional: bool = False,
    folds: int = 10,
    resamples: int = 1000,
    seed: int = 42,
    confidence: float = 0.95,
) -> ConformalSets:
    """Prediction sets of cases from out-of-fold probabilities, with MAPIE.

    Within each repeat the patients are parted at random into folds; each fold's sets are made with the threshold found
    on the other folds, so that no case is judged by a threshold it took part in (cross-conformal in the manner of Vovk,
    Annals of Mathematics and Artificial Intelligence 2015;74:9-28). The score is the least ambiguous one, 1 less the
    probability of the outcome (Sadinle, Lei & Wasserman, JASA 2019;114:223-234).

    Coverage is promised on average over cases like these, not for each of them and not for another centre. It holds
    nearly, not exactly: out-of-fold probabilities come from models that differ a little from fold to fold, and a
    patient's cases are not independent. As thresholds and judged cases are of one cohort, its overall coverage comes
    out close to what was asked whatever the model is worth; the coverage of each class, and how often the model
    abstains, are what a reader learns.

    Parameters
    ----------
    y, probability
        ``(n,)`` outcome 0/1, and ``(n,)`` or ``(repeats, n)`` probabilities of the positive outcome for cases that the
        model had not seen.
    patients
        ``(n,)`` identifiers; without them every case is a patient.
    coverage
        Asked for, between 0 and 1.
    class_conditional
        A threshold for each outcome, so that the coverage holds among the positive cases and among the negative ones
        (Mondrian). Where an outcome has too few cases for it (fewer than ``1 / (1 - coverage)``), it is in every set.
    folds
        Folds of patients; as many as patients at most.

    Raises
    ------
    MissingComponentError
        MAPIE is not installed.
    TrainingError
        One class only, or a probability is missing or outside 0 to 1.
    SettingsError
        A coverage outside 0 to 1, or fewer than two folds.
    """
    if not 0 < coverage < 1:
        raise SettingsError(f"The coverage of prediction sets must lie between 0 and 1, not {coverage}.")
    if folds < 2:
        raise SettingsError("Prediction sets need two folds at least: one to find the threshold, one to judge.")
    confidence = check_confidence(confidence)
    outcome = binary_outcome(y)
    probabilities = repeated_probabilities(outcome, probability)
    numbers = patient_numbers(patients, outcome.size)
    people = int(numbers.max()) + 1
    parts = min(folds, people)
    generator = np.random.default_rng(seed)
    includes = np.ones((len(probabilities), outcome.size, 2), dtype=bool)
    for repeat, values in enumerate(probabilities):
        fold = (generator.permutation(people) % parts)[numbers]
        for part in range(parts):
            judged = fold == part
            calibrating = ~judged
            for label in (0, 1):
                taking_part = calibrating & (outcome == label) if class_conditional else calibrating
                if taking_part.sum() < 1 / (1 - coverage):
                    continue
                found = least_ambiguous_sets(values[taking_part], outcome[taking_part], values[judged], coverage)
                if class_conditional:
                    includes[repeat, judged, label] = found[:, label]
                else:
                    includes[repeat, judged] = found
                    break
    shares = SetShares(numbers, confidence)
    if people < outcome.size:
        shares.weights = patient_weights(numbers, outcome.size, resamples, generator, outcome=outcome)
    summary = set_summary(outcome, includes, shares, coverage, class_conditional, parts)
    return ConformalSets(includes[:, :, 0], includes[:, :, 1], summary)


class _Given:
    """A fitted classifier, for MAPIE, whose case is its probability."""

    _estimator_type = "classifier"

    def __init__(self) -> None:
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = 1

    def fit(self, X: np.ndarray, y: np.ndarray) -> _Given:
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.column_stack([1.0 - X[:, 0], X[:, 0]])

    def predict(self, X: np.ndarray) -> np.ndarray:
        return (X[:, 0] >= 0.5).astype(int)


def least_ambiguous_sets(
    calibration: np.ndarray, outcome: np.ndarray, judged: np.ndarray, coverage: float
) -> np.ndarray:
    """Sets of judged cases with the threshold found on other cases: whether they hold each outcome, ``(judged, 2)``.

    Parameters
    ----------
    calibration, outcome
        ``(n,)`` probabilities of the positive outcome and outcomes, at least ``1 / (1 - coverage)`` of them.
    judged
        ``(judged,)`` probabilities.

    Raises
    ------
    MissingComponentError
        MAPIE is not installed.
    """
    try:
        from mapie.classification import SplitConformalClassifier
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "mapie":
            raise
        raise MissingComponentError(
            'Prediction sets need the package MAPIE, which is not installed: run pip install "cervixrisk[train]".'
        ) from error
    model = SplitConformalClassifier(_Given(), confidence_level=coverage, conformity_score="lac", prefit=True)
    with warnings.catch_warnings():
        # One outcome alone calibrates its own threshold: that is what class-conditional sets are.
        warnings.filterwarnings("ignore", message=".*less labels than your training dataset")
        model.conformalize(calibration[:, np.newaxis], outcome.astype(int))
    return model.predict_set(judged[:, np.newaxis])[1][:, :, 0]


class SetShares:
    """Shares of the cases with their intervals, averaged over the repeats.

    Clopper-Pearson; the bootstrap over patients where patients have several cases, and Clopper-Pearson of the patients
    where the share is 0 or 1, of which every resample says the same.
    """

    def __init__(self, patients: np.ndarray, confidence: float) -> None:
        self.patients = patients
        self.confidence = confidence
        self.weights: np.ndarray | None = None

    def __call__(self, of: np.ndarray, among: np.ndarray) -> Estimate:
        """Share of ``of`` ``(repeats, n)`` among ``among`` ``(n,)`` or ``(repeats, n)``; NaN (0 to 1) of no case."""
        found = [self._one(one, those) for one, those in zip(of, np.broadcast_to(among, of.shape), strict=True)]
        defined = [one for one in found if not np.isnan(one.value)] or found
        return Estimate(*(float(np.mean([getattr(one, part) for one in defined])) for part in _PARTS))

    def _one(self, of: np.ndarray, among: np.ndarray) -> Proportion | Estimate:
        exact = proportion(int((of & among).sum()), int(among.sum()), self.confidence)
        if self.weights is None or exact.denominator == 0:
            return exact
        if exact.value in (0.0, 1.0):
            people = np.unique(self.patients[among]).size
            return proportion(round(exact.value) * people, people, self.confidence)
        total = self.weights @ among
        undefined = np.full(len(self.weights), np.nan)
        draws = np.divide(self.weights @ (of & among), total, out=undefined, where=total > 0)
        if np.isnan(draws).mean() > MOST_UNDEFINED:
            return Estimate(exact.value, 0.0, 1.0)
        lower, upper = percentile_bounds(draws, self.confidence)
        return Estimate(exact.value, float(lower), float(upper))


_PARTS = ("value", "lower", "upper")


def set_summary(
    outcome: np.ndarray, includes: np.ndarray, share: SetShares, asked: float, class_conditional: bool, folds: int
) -> ConformalSummary:
    """How sets came out; ``includes`` ``(repeats, n, 2)`` says whether a case's set holds each outcome."""
    everyone = np.ones_like(outcome)
    covered = np.where(outcome, includes[:, :, 1], includes[:, :, 0])
    size = includes.sum(axis=2)
    return ConformalSummary(
        asked=asked,
        coverage=share(covered, everyone),
        coverage_positive=share(covered, outcome),
        coverage_negative=share(covered, ~outcome),
        single=share(size == 1, everyone),
        right_of_single=share(covered, size == 1),
        both=share(size == 2, everyone),
        empty=share(size == 0, everyone),
        abstains=share(size != 1, everyone),
        class_conditional=class_conditional,
        folds=folds,
        repeats=len(includes),
        cases=outcome.size,
    )
