"""Do prediction sets reach the coverage they promise? On simulated cohorts, through an actual fit.

    python Testing/benchmarks/conformal_coverage.py [--seeds 20] [--cases 300] [--repeats 5] [--check]

Each cohort has a logistic truth in three of ten predictors, and some patients with two cases. Its out-of-fold
probabilities come from repeated cross-validation by patient of a logistic regression that is fitted in each fold.
Prints the mean coverage over the seeds at 80, 90 and 95 %, plain and class-conditional: of the cohort's own cases, and,
with its standard error, of 2,000 new cases that a model fitted to the whole cohort answers, with thresholds from the
cohort's out-of-fold probabilities. ``--check`` exits 1 unless every mean lies within 2 points of what was asked.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import expit

from CervixRiskLib.cohort import patient_folds
from CervixRiskLib.statistics import ConformalSummary, LogisticModel, conformal_sets
from CervixRiskLib.statistics.conformal import least_ambiguous_sets

LEVELS = (0.80, 0.90, 0.95)
MOST_POINTS = 0.02
NEW_CASES = 2000


@dataclass(frozen=True, eq=False)
class Simulated:
    """A cohort's outcome ``(cases,)``, out-of-fold probabilities ``(repeats, cases)`` and patients ``(cases,)``; and
    new cases' outcome and the final model's probabilities ``(2000,)``."""

    outcome: np.ndarray
    probability: np.ndarray
    patients: np.ndarray
    new_outcome: np.ndarray
    new_probability: np.ndarray


def simulated(seed: int, cases: int, repeats: int) -> Simulated:
    """One cohort, cross-validated, and new cases of the same truth."""
    rng = np.random.default_rng(seed)
    patients = np.sort(rng.integers(0, cases * 2, cases))
    X = rng.normal(size=(cases + NEW_CASES, 10))
    y = (rng.random(len(X)) < expit(-0.9 + X[:, :3] @ [1.0, 0.7, -0.5])).astype(int)
    X, new, y, new_outcome = X[:cases], X[cases:], y[:cases], y[cases:]
    probability = np.empty((repeats, cases))
    splits = patient_folds(y, patients, 10, seed, repeats)
    for index, (train, test) in enumerate(splits):
        fitted = LogisticModel(penalty="auto").fit(X[train], y[train])
        probability[index // (len(splits) // repeats), test] = fitted.predict_proba(X[test])[:, 1]
    final = LogisticModel(penalty="auto").fit(X, y)
    return Simulated(y, probability, patients, new_outcome, final.predict_proba(new)[:, 1])


def coverage_of_new_cases(cohort: Simulated, level: float, class_conditional: bool) -> float:
    """Share of the new cases whose set holds their outcome."""
    known = cohort.probability[0]
    if class_conditional:
        sets = np.column_stack(
            [
                least_ambiguous_sets(
                    known[cohort.outcome == label],
                    cohort.outcome[cohort.outcome == label],
                    cohort.new_probability,
                    level,
                )[:, label]
                for label in (0, 1)
            ]
        )
    else:
        sets = least_ambiguous_sets(known, cohort.outcome, cohort.new_probability, level)
    return float(sets[np.arange(NEW_CASES), cohort.new_outcome].mean())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    cohorts = [simulated(seed, options.cases, options.repeats) for seed in range(options.seeds)]
    table = Table(title=f"{options.seeds} cohorts of {options.cases} cases, {options.repeats} repeats")
    for heading in ("coverage", "cohort", "new cases", "± SE", "positive", "negative", "single", "both", "none"):
        table.add_column(heading, justify="left" if heading == "coverage" else "right")
    missed = False
    for class_conditional in (False, True):
        for level in LEVELS:
            found = [
                conformal_sets(
                    cohort.outcome,
                    cohort.probability,
                    cohort.patients,
                    coverage=level,
                    class_conditional=class_conditional,
                    resamples=100,
                    seed=seed,
                ).summary
                for seed, cohort in enumerate(cohorts)
            ]
            new = [coverage_of_new_cases(cohort, level, class_conditional) for cohort in cohorts]
            reached = mean(found, "coverage"), float(np.mean(new))
            missed |= max(abs(value - level) for value in reached) > MOST_POINTS
            parts = ("coverage_positive", "coverage_negative", "single", "both", "empty")
            table.add_row(
                f"{level:.0%} {'of each class' if class_conditional else 'of all'}",
                *(f"{value:.1%}" for value in reached),
                f"{np.std(new, ddof=1) / np.sqrt(len(new)):.1%}",
                *(f"{mean(found, part):.1%}" for part in parts),
            )
    Console(width=110).print(table)
    return int(options.check and missed)


def mean(summaries: list[ConformalSummary], part: str) -> float:
    """Mean of one share over the cohorts."""
    return float(np.mean([getattr(one, part).value for one in summaries]))


if __name__ == "__main__":
    sys.exit(main())
