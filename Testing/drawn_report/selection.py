"""A selection of features and its cohort whose numbers are plain, with long names and extremes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from CervixRiskLib.bundle.study_record import FlowStep, PermutationRecord, RecordTable, SelectionTrace
from CervixRiskLib.report import ForestRow
from CervixRiskLib.statistics import ConformalSummary
from CervixRiskLib.statistics.proportions import Estimate

LONG = "wavelet-HLL_glszm_SmallAreaLowGrayLevelEmphasis"
CENTRE = "Universitätsklinikum Schleswig-Holstein, Campus Lübeck, Frauenheilkunde und Geburtshilfe"
STEPS = ("measured", "reproducible", "varying", "mann_whitney", "spearman", "lasso", "eliminated")
COUNTS = {"glcm": (374, 300, 298, 120, 40, 4, 1), "shape": (14, 14, 12, 6, 0, 0, 0), "other": (9, None, 8, 2, 2, 1, 1)}


def names(count: int) -> tuple[str, ...]:
    return tuple(f"{LONG}{place}" for place in range(count))


def trace(features: int = 5, classes: int = 3) -> SelectionTrace:
    """A selection whose numbers are plain: coefficients shrink to zero one after the other."""
    rng = np.random.default_rng(4)
    penalties = np.logspace(0, -3, 31)
    starts = np.linspace(0, 2.5, features)
    signs = np.where(np.arange(features) % 2, -1, 1)
    coefficients = signs[:, None] * np.maximum(0, -np.log10(penalties) - starts[:, None]) * 0.05
    rows = [(name, *counts) for name, counts in COUNTS.items()][:classes]
    rows += [(f"{CENTRE} {place}", *COUNTS["glcm"]) for place in range(classes - len(rows))]
    values = np.corrcoef(rng.normal(size=(features, 30))) if features > 1 else np.ones((1, 1))
    return SelectionTrace(
        RecordTable(("feature_class", *STEPS), tuple(rows), ("2 principal components were kept beside them.",)),
        lasso_penalties=tuple(penalties.tolist()),
        lasso_error=tuple((0.19 + 0.01 * (np.log10(penalties) + 1.35) ** 2).tolist()),
        lasso_error_spread=tuple(np.full(31, 0.008).tolist()),
        lasso_penalty=0.05,
        lasso_features=names(features),
        lasso_coefficients=tuple(tuple(row) for row in coefficients.tolist()),
        correlation_names=names(features),
        correlation=tuple(tuple(row) for row in values.tolist()),
        elimination_features=tuple(range(1, features + 1)),
        elimination_auc=tuple(np.linspace(0.6, 0.8, features).tolist()),
        elimination_spread=tuple(np.full(features, 0.04).tolist()),
        importance_names=names(features),
        importance=tuple(np.linspace(0.05, -0.01, features).tolist()),
    )


def odds(*, wild: bool = False) -> dict[str, list[ForestRow]]:
    alone = [
        ForestRow("Age (per year)", 0.99, 0.97, 1.01),
        ForestRow("Histological type"),
        ForestRow("squamous", text="reference", level=1),
        ForestRow("other", 1.7, 0.8, 3.6, level=1),
        ForestRow("RBC count (per 10¹²/L)", 0.646, 0.459, 0.910),
    ]
    if wild:
        alone += [
            ForestRow(CENTRE, 4e5, 0.0, math.inf),
            ForestRow("no interval", 0.002, math.nan, math.nan),
            ForestRow("undefined", math.nan, math.nan, math.nan, text="undefined: separated"),
        ]
    return {"Univariate": alone, "Multivariate": [alone[4], replace(alone[0], value=1.05, lower=1.03, upper=1.07)]}


def aucs() -> dict[str, list[ForestRow]]:
    rows = [ForestRow("All cases", 0.76, 0.66, 0.87), ForestRow("Centre")]
    rows += [ForestRow(f"{CENTRE} {place}", 0.5 + place / 80, 0.4, 1.0, level=1) for place in range(38)]
    return {"": rows}


def summary(asked: float = 0.9, **shares: float) -> ConformalSummary:
    def of(value: float) -> Estimate:
        return Estimate(value, max(0.0, value - 0.05), min(1.0, value + 0.05))

    told = {"coverage": 0.9, "coverage_positive": 0.8, "coverage_negative": 0.94, "single": 0.6, "both": 0.3,
            "empty": 0.1, "abstains": 0.4, "right_of_single": 0.75, **shares}  # fmt: skip
    estimates = {name: of(value) if value == value else Estimate(math.nan, 0.0, 1.0) for name, value in told.items()}
    return ConformalSummary(asked=asked, class_conditional=False, folds=10, repeats=1, cases=294, **estimates)


def flow(*, reasons: int = 3) -> list[FlowStep]:
    told = {f"reason {place}, which needs a second line in its narrow box": 10 + place for place in range(reasons)}
    lost = sum(told.values())
    return [
        FlowStep("Rows of the cohort table", 421 + lost),
        FlowStep("Usable rows of patients with squamous-cell carcinoma", 421, lost, told),
        FlowStep("Training cases", 294, 127, {"held out for testing": 127}),
    ]


PERMUTATION = PermutationRecord("nomogram", 0.745, (0.41, 0.48, 0.5, 0.5199, 0.52, 0.61, 0.745, math.nan), 0.25)
FREQUENCY = {name: 1 - place / 45 for place, name in enumerate(names(45))}
DIFFERENCES = {"Training and test": {"Age": -0.2, "BMI": 0.05, "SCC": math.nan}, "Outcome": {"Age": 0.1, "RBC": -0.7}}
