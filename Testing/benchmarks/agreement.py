"""Time all six forms of the ICC with their intervals for a cohort of features, against feature by feature, in one run.

    python Testing/benchmarks/agreement.py [--features 1561] [--targets 50] [--raters 2] [--check]

Prints milliseconds and ratios: all features at once; the same function called for each feature; and an analysis of
variance written down plainly for each feature (pandas' group means, SciPy's F quantiles), as a script in R would be.
The plain one must agree to 1e-9. Set ``OMP_NUM_THREADS=1`` for the time on one core. ``--check`` exits 1 unless all at
once takes less than 50 ms and is at least 20 times as fast as either loop.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.stats import f as f_distribution

from CervixRiskLib.statistics import IccForm, icc_forms

MOST_MS, LEAST_RATIO = 50.0, 20.0
RUNS = 5


def drawn(targets: int, raters: int, features: int) -> np.ndarray:
    """Ratings ``(targets, raters, features)`` with a noise of their own for each feature."""
    rng = np.random.default_rng(42)
    noise = rng.uniform(0.05, 1.5, size=features)
    return rng.normal(size=(targets, 1, features)) + rng.normal(size=(targets, raters, features)) * noise


def plain(ratings: np.ndarray, confidence: float = 0.95) -> list[tuple[float, float, float]]:
    """Value, lower and upper limit of the six forms of one feature: Shrout & Fleiss line by line."""
    n, k = ratings.shape
    rows = pd.DataFrame(
        {"rating": ratings.ravel(), "target": np.repeat(np.arange(n), k), "rater": np.tile(np.arange(k), n)}
    )
    grand = rows["rating"].mean()
    of_targets, of_raters = (rows.groupby(name)["rating"].mean() for name in ("target", "rater"))
    between = k * ((of_targets - grand) ** 2).sum() / (n - 1)
    judges = n * ((of_raters - grand) ** 2).sum() / (k - 1)
    within = ((rows["rating"] - rows["target"].map(of_targets)) ** 2).sum() / (n * (k - 1))
    error = (within * n * (k - 1) - judges * (k - 1)) / ((n - 1) * (k - 1))
    level = 1 - (1 - confidence) / 2

    def quantile(one: float, other: float) -> float:
        return float(f_distribution.ppf(level, one, other))

    answers = []
    for noise, freedom in ((within, n * (k - 1)), (error, (n - 1) * (k - 1))):
        ratio = between / noise
        low, high = ratio / quantile(n - 1, freedom), ratio * quantile(freedom, n - 1)
        answers.append([(x - 1) / (x + k - 1) for x in (ratio, low, high)])
        answers.append([(x - 1) / x for x in (ratio, low, high)])
    single = (between - error) / (between + (k - 1) * error + k * (judges - error) / n)
    share = judges / error
    top = (k - 1) * (n - 1) * (k * single * share + n * (1 + (k - 1) * single) - k * single) ** 2
    freedom = top / ((n - 1) * (k * single * share) ** 2 + (n * (1 + (k - 1) * single) - k * single) ** 2)
    low, high = quantile(n - 1, freedom), quantile(freedom, n - 1)
    rest = k * judges + (k * n - k - n) * error
    lower = n * (between - low * error) / (low * rest + n * between)
    upper = n * (high * between - error) / (rest + n * high * between)
    answers.append([single, lower, upper])
    mean = (between - error) / (between + (judges - error) / n)
    answers.append([mean, *(limit * k / (1 + limit * (k - 1)) for limit in (lower, upper))])
    return [answers[place] for place in (0, 4, 2, 1, 5, 3)]  # type: ignore[misc]


def seconds(work: Callable[[], object], runs: int) -> float:
    """The best of ``runs``."""
    best = np.inf
    for _ in range(runs):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=1561)
    parser.add_argument("--targets", type=int, default=50)
    parser.add_argument("--raters", type=int, default=2)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    ratings = drawn(options.targets, options.raters, options.features)
    features = range(options.features)

    found = icc_forms(ratings)
    expected = np.array([plain(ratings[:, :, feature]) for feature in features])
    ours = np.array([[found[form].value, found[form].lower, found[form].upper] for form in IccForm])
    deviation = float(np.abs(ours - np.moveaxis(expected, 0, -1)).max())

    at_once = seconds(lambda: icc_forms(ratings), RUNS)
    each = seconds(lambda: [icc_forms(ratings[:, :, feature]) for feature in features], 2)
    by_hand = seconds(lambda: [plain(ratings[:, :, feature]) for feature in features], 1)
    table = Table(title=f"{options.features:,} x {options.targets} x {options.raters}, six forms")
    for heading in ("", "ms", "ratio"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, took in (("all at once", at_once), ("each feature", each), ("each feature, plain ANOVA", by_hand)):
        table.add_row(name, f"{1000 * took:,.1f}", f"{took / at_once:,.0f}")
    console = Console()
    console.print(table)
    console.print(f"Largest deviation from the plain analysis: {deviation:.1e}")
    slow = 1000 * at_once >= MOST_MS or min(each, by_hand) / at_once < LEAST_RATIO
    return int(options.check and (slow or deviation > 1e-9))


if __name__ == "__main__":
    sys.exit(main())
