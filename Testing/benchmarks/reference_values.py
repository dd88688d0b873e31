"""Hold the statistics against numbers that R printed for data sets everyone can get.

    python Testing/benchmarks/reference_values.py FOLDER

FOLDER holds ``aSAH.csv`` (R's pROC), ``birthwt.csv`` (R's MASS) and ``dca.csv`` (the decision curve tutorial of
dcurves), which are no part of this project. Expected values: R 4.2.2, rms 6.5-0, pROC 1.18.0, psych 2.2.9, and Shrout &
Fleiss (Psychological Bulletin 1979;86:420-428) for the intraclass correlations. Prints each beside ours, rounded to the
digits given, and exits 1 when one differs. Numbers from a bootstrap agree within three standard errors of drawing.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from CervixRiskLib.statistics import (
    LogisticModel,
    Nomogram,
    SeparationWarning,
    auc,
    brier,
    decision_curve,
    delong_interval,
    delong_test,
    hosmer_lemeshow,
    icc_forms,
    optimism_bootstrap,
)

SHROUT_FLEISS = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))
BOOTSTRAPS = 1000
"""Ours; rms drew 200."""


@dataclass
class Comparison:
    """The rows of the table, and whether any of them differs."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    differs: bool = False

    def number(self, name: str, expected: str, ours: float) -> None:
        """Compare with a number as it was printed: ours must round to the same digits."""
        digits = len(expected.partition(".")[2])
        self.add(name, expected, f"{ours:.{digits}f}", float(f"{ours:.{digits}f}") == float(expected))

    def near(self, name: str, expected: str, ours: float, within: float) -> None:
        """Compare with a number that was drawn."""
        digits = len(expected.partition(".")[2])
        self.add(name, expected, f"{ours:.{digits}f} ± {within:.{digits}f}", abs(ours - float(expected)) <= within)

    def add(self, name: str, expected: str, ours: str, same: bool) -> None:
        self.rows.append((name, expected, ours, "OK" if same else "DIFFERS"))
        self.differs |= not same


def agreement(compare: Comparison) -> None:
    """Intraclass correlations of Shrout & Fleiss's six targets and four judges."""
    found = icc_forms(np.array(SHROUT_FLEISS, dtype=float))
    for form, expected in (
        ("ICC(1,1)", ".165742"),
        ("ICC(2,1)", ".289764"),
        ("ICC(3,1)", ".714841"),
        ("ICC(1,k)", ".442797"),
        ("ICC(2,k)", ".620051"),
        ("ICC(3,k)", ".909316"),
    ):
        compare.number(f"Shrout & Fleiss, {form}", expected, float(found[form].value))
    single = found["ICC(2,1)"]
    compare.number("Shrout & Fleiss, ICC(2,1), lower", ".018787", float(single.lower))
    compare.number("Shrout & Fleiss, ICC(2,1), upper", ".761084", float(single.upper))


def discrimination(compare: Comparison, asah: pd.DataFrame) -> None:
    """DeLong's intervals and paired tests."""
    poor = (asah["outcome"] == "Poor").to_numpy()
    compare.number("aSAH, good", "72", int((~poor).sum()))
    compare.number("aSAH, poor", "41", int(poor.sum()))
    for name, *expected in (
        ("wfns", ".823679", ".748535", ".898823"),
        ("s100b", ".731369", ".630118", ".832619"),
        ("ndka", ".611958", ".501245", ".722671"),
    ):
        found = delong_interval(poor, asah[name])
        for part, value in zip(("auc", "lower", "upper"), expected, strict=True):
            compare.number(f"aSAH, {name}, DeLong {part}", value, getattr(found, part))
    for a, b, z, p in (
        ("wfns", "s100b", "2.208984", ".0271758"),
        ("s100b", "ndka", "1.390770", ".1642952"),
        ("wfns", "ndka", "2.797776", ".0051456"),
    ):
        paired = delong_test(poor, asah[a], asah[b])
        compare.number(f"aSAH, {a} - {b}, z", z, paired.z)
        compare.number(f"aSAH, {a} - {b}, p", p, paired.p)
    compare.number("aSAH, s100b - s100b, p", "1", delong_test(poor, asah["s100b"], asah["s100b"]).p)


def calibration(compare: Comparison, birthwt: pd.DataFrame) -> None:
    """Hosmer-Lemeshow in both groupings, Brier and C of ``low ~ age + lwt + factor(race) + smoke + ptl + ht + ui``."""
    X = birthwt[["age", "lwt", "smoke", "ptl", "ht", "ui"]].assign(
        black=birthwt["race"] == 2, other=birthwt["race"] == 3
    )
    X, y = X.astype(float), birthwt["low"].to_numpy()
    p = LogisticModel().fit(X, y).predict_proba(X)[:, 1]
    for grouping, statistic, value in (("rank", "9.652476", ".290269"), ("quantile", "10.398336", ".238173")):
        found = hosmer_lemeshow(y, p, grouping=grouping)
        compare.number(f"birthwt, Hosmer-Lemeshow by {grouping}", statistic, found.statistic)
        compare.number(f"birthwt, Hosmer-Lemeshow by {grouping}, p", value, found.p)
    compare.number("birthwt, Brier", ".1794347", brier(y, p))
    compare.number("birthwt, C", ".7460887", auc(y, p))


def nomogram(compare: Comparison, birthwt: pd.DataFrame) -> None:
    """rms's nomogram of ``lrm(low ~ age + lwt + smoke + ht)``, and the optimism of its Dxy.

    ``lrm`` stops after four of Newton's steps, 4e-9 short of the maximum. The coefficients it prints are compared with
    those steps; ours with R's ``glm`` at ``epsilon = 1e-15``, which ``lrm`` joins at ``eps = 1e-12``.
    """
    names = ["age", "lwt", "smoke", "ht"]
    X, y = birthwt[names].astype(float), birthwt["low"].to_numpy()
    model = LogisticModel().fit(X, y)
    stopped = newton(X.to_numpy(), y, steps=4)
    for name, printed, largest, step, ours in zip(
        ["intercept", *names],
        ("1.76685575125", "-.03568723662", "-.01695510977", ".67902039830", "1.78815622424"),
        ("1.7668557555381", "-.0356872366440", "-.0169551098065", ".6790203985241", "1.7881562257395"),
        stopped,
        [model.intercept_, *model.coef_],
        strict=True,
    ):
        compare.number(f"birthwt, lrm, {name} after lrm's last step", printed, float(step))
        compare.number(f"birthwt, glm, {name} at the maximum", largest, float(ours))
    drawn = Nomogram.from_logistic(
        names,
        names,
        [""] * 4,
        model.coef_,
        model.intercept_,
        {name: (X[name].min(), X[name].max()) for name in names},
        levels={name: {"no": 0.0, "yes": 1.0} for name in ("smoke", "ht")},
    )
    for name, low, high in (("age", "10", "45"), ("lwt", "80", "260")):
        compare.number(f"birthwt, nomogram, {name} axis from", low, drawn.axis(name).low)
        compare.number(f"birthwt, nomogram, {name} axis to", high, drawn.axis(name).high)
    compare.number("birthwt, nomogram, points a unit", "32.766261", drawn.points_per_unit)
    for name, at, points in (
        ("age", 10, "41"),
        ("age", 45, "0"),
        ("lwt", 80, "100"),
        ("smoke", 1, "22"),
        ("ht", 1, "59"),
    ):
        compare.number(f"birthwt, nomogram, points of {name} {at}", points, drawn.points(name, at))
    for risk, total in enumerate(("67", "94", "111", "126", "139", "152", "167", "185"), start=1):
        compare.number(f"birthwt, nomogram, total at risk .{risk}", total, drawn.total_at_risk(risk / 10))

    def fit(X: pd.DataFrame, y: np.ndarray, _groups: np.ndarray) -> LogisticModel:
        with warnings.catch_warnings():
            # Some resamples part the classes; rms, too, takes the coefficients at which the search stopped.
            warnings.simplefilter("ignore", SeparationWarning)
            return LogisticModel().fit(X, y)

    def dxy(model: LogisticModel, X: pd.DataFrame, y: np.ndarray) -> float:
        return 2 * auc(y, model.decision_function(X)) - 1

    found = optimism_bootstrap(fit, dxy, X, y, repeats=BOOTSTRAPS, stratified=False)
    compare.number("birthwt, Dxy, apparent", ".3920", found.apparent)
    within = 3 * found.spread * np.sqrt(1 / BOOTSTRAPS + 1 / 200)
    compare.near("birthwt, Dxy, corrected", ".3425", found.corrected, within)


def newton(X: np.ndarray, y: np.ndarray, steps: int) -> np.ndarray:
    """Intercept and coefficients of logistic regression after so many of Newton's steps from the prevalence."""
    design = np.column_stack([np.ones(len(X)), X])
    place = np.zeros(design.shape[1])
    place[0] = np.log(y.mean() / (1 - y.mean()))
    for _ in range(steps):
        p = 1 / (1 + np.exp(-design @ place))
        place = place + np.linalg.solve((design.T * (p * (1 - p))) @ design, design.T @ (y - p))
    return place


def net_benefit(compare: Comparison, cases: pd.DataFrame) -> None:
    """Net benefit of the cancer prediction of the decision curve tutorial."""
    compare.number("dca, cases", "750", len(cases))
    found = decision_curve(cases["cancer"], {"model": cases["cancerpredmarker"]}, [0.10, 0.25], resamples=100)
    compare.number("dca, prevalence", ".14", found.prevalence)
    compare.number("dca, treat all at .25", "-.1466667", float(found.treat_all[1]))
    compare.number("dca, cancerpredmarker at .25", ".0640000", float(found.net_benefit["model"][1]))
    compare.number("dca, cancerpredmarker at .10", ".0874074", float(found.net_benefit["model"][0]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    missing = [name for name in ("aSAH.csv", "birthwt.csv", "dca.csv") if not (folder / name).is_file()]
    if missing:
        print(
            f"{', '.join(missing)} not found in the folder: give the folder that holds the data sets.", file=sys.stderr
        )
        return 2
    asah, birthwt, cases = (pd.read_csv(folder / name) for name in ("aSAH.csv", "birthwt.csv", "dca.csv"))
    compare = Comparison()
    agreement(compare)
    discrimination(compare, asah)
    calibration(compare, birthwt)
    nomogram(compare, birthwt)
    net_benefit(compare, cases)
    table = Table()
    for heading in ("number", "expected", "ours", ""):
        table.add_column(heading, justify="right" if heading in ("expected", "ours") else "left")
    for row in compare.rows:
        table.add_row(*row)
    console = Console(width=110)
    console.print(table)
    same = sum(row[-1] == "OK" for row in compare.rows)
    console.print(f"{same} of {len(compare.rows)} agree.")
    return int(compare.differs)


if __name__ == "__main__":
    sys.exit(main())
