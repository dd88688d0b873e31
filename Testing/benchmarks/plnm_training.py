"""Time the fit of a lymph node model beside a plain scikit-learn pipeline that does the same fits, in one run.

    python Testing/benchmarks/plnm_training.py [--cases 150] [--features 1561] [--repetitions 3] [--check]

The plain side is what a script would be: for the training side and each of its five inner folds a
``Pipeline(variance, univariate filter, z-score, LASSO of 10 folds, recursive elimination to 16)`` on the table, and
every classifier with its values on what that leaves, as ours fits them; no clinical predictor, no nomogram, no
calibration. *light* is logistic regression alone, as in the bootstrap of the optimism; *standard* all classifiers that
need scikit-learn only. *clinical* is our selection of seventeen clinical predictors beside statsmodels' regressions of
them. Seconds are the processor's, the best of the repetitions, both sides in turn, on one thread as resamples are.
``--check`` exits 1 when a fit takes more than the plain one times its bar, or two fits of one table differ.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, VarianceThreshold, f_classif
from sklearn.linear_model import LassoCV, LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from CervixRiskLib.plnm.classifiers import make_classifier, parameter_grid
from CervixRiskLib.plnm.clinical_selection import ClinicalSelection
from CervixRiskLib.plnm.model import PlnmModel

STANDARD = ("logistic_regression", "svm", "knn", "random_forest", "extra_trees")
CLINICAL = 17
FOLDS = 5
# Times the plain side's seconds.
BARS = {"light": 1.8, "standard": 1.4, "clinical": 0.5}


def main() -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=150)
    parser.add_argument("--features", type=int, default=1561)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="exit 1 when a bar is missed")
    options = parser.parse_args()
    X, y = drawn(options.cases, options.features)
    clinical = X.iloc[:, options.features :]
    works: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "light": (lambda: ours(X, y, STANDARD[:1]), lambda: plain(X, y, STANDARD[:1])),
        "standard": (lambda: ours(X, y, STANDARD), lambda: plain(X, y, STANDARD)),
        "clinical": (lambda: ClinicalSelection().fit(clinical, y), lambda: regressions(clinical, y)),
    }
    table = Table(title=f"One fit: {options.cases} cases, {options.features} features; processor seconds")
    for heading in ("fit", "ours", "plain", "ratio", "bar"):
        table.add_column(heading, justify="left" if heading == "fit" else "right")
    missed = []
    for name, sides in works.items():
        with threadpool_limits(1):  # threads that wait for each other count as processor seconds
            mine, theirs = in_turn(sides, options.repetitions)
        table.add_row(name, f"{mine:.3f}", f"{theirs:.3f}", f"{mine / theirs:.2f}", f"{BARS[name]:.1f}")
        if mine > BARS[name] * theirs:
            missed.append(f"{name}: {mine / theirs:.2f} times the plain fit")
    one, other = (ours(X, y, STANDARD[:1]).predict_proba(X) for _ in range(2))
    if one.tobytes() != other.tobytes():
        missed.append("two fits of one table differ")
    console = Console(width=100)
    console.print(table)
    for text in missed:
        console.print(f"Missed: {text}")
    return 1 if options.check and missed else 0


def drawn(cases: int, features: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Features in correlated families, some of them with the outcome, and clinical predictors beside them."""
    rng = np.random.default_rng(42)
    y = rng.permutation(np.arange(cases) % 3 == 0).astype(int)
    families = rng.normal(size=(cases, max(1, features // 8)))
    families[:, ::10] += y[:, None]
    values = families[:, np.arange(features) % families.shape[1]] + 0.4 * rng.normal(size=(cases, features))
    clinical = rng.normal(size=(cases, CLINICAL)) + 0.3 * y[:, None] * (np.arange(CLINICAL) % 4 == 0)
    names = [f"original_firstorder_{index:04d}" for index in range(features)]
    columns = [*names, *(f"clinical_{index:02d}" for index in range(CLINICAL))]
    return pd.DataFrame(np.hstack([values, clinical]), columns=columns), y


def ours(X: pd.DataFrame, y: np.ndarray, classifiers: tuple[str, ...]) -> PlnmModel:
    """The study's model."""
    names = list(X.columns)
    model = PlnmModel(names[:-CLINICAL], None, names[-CLINICAL:], classifiers=classifiers, inner_folds=FOLDS)
    return model.fit(X, y)


def plain(X: pd.DataFrame, y: np.ndarray, classifiers: tuple[str, ...]) -> None:
    """The same selections and classifiers, put together of scikit-learn's parts."""
    radiomics = X.iloc[:, :-CLINICAL]
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=42).split(radiomics, y):
        steps = stock_steps()
        features = steps.fit_transform(radiomics.iloc[train], y[train])
        held_out = steps.transform(radiomics.iloc[test])
        for name in classifiers:
            for values in parameter_grid(name, wide=False):
                make_classifier(name).set_params(**values).fit(features, y[train]).predict_proba(held_out)
        make_classifier(classifiers[0]).fit(features, y[train])
    make_classifier(classifiers[0]).fit(stock_steps().fit_transform(radiomics, y), y)


def stock_steps() -> Pipeline:
    """Unfitted."""
    lasso = LassoCV(alphas=60, eps=1e-2, cv=10, max_iter=2000, tol=1e-3)
    return Pipeline(
        [
            ("varying", VarianceThreshold()),
            ("univariate", SelectKBest(f_classif, k=100)),
            ("scale", StandardScaler()),
            ("lasso", SelectFromModel(lasso, max_features=60)),
            ("eliminate", RFE(LogisticRegression(max_iter=200, tol=1e-3), n_features_to_select=16)),
        ]
    )


def regressions(clinical: pd.DataFrame, y: np.ndarray) -> None:
    """Each clinical predictor alone, and the first four together."""
    import statsmodels.api as sm

    for columns in [*([name] for name in clinical.columns), list(clinical.columns[:4])]:
        sm.Logit(y, sm.add_constant(clinical[columns])).fit(disp=0).summary2()


def in_turn(sides: tuple[Callable[[], object], Callable[[], object]], repetitions: int) -> tuple[float, float]:
    """The best processor seconds of each side."""
    best = [np.inf, np.inf]
    for _ in range(repetitions):
        for place, work in enumerate(sides):
            start = time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                work()
            best[place] = min(best[place], time.process_time() - start)
    return best[0], best[1]


if __name__ == "__main__":
    sys.exit(main())
