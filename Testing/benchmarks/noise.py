"""Train on features that mean nothing, by both protocols, and see who notices.

    python Testing/benchmarks/noise.py [--seeds 10] [--jobs 2] [--cases 294] [--features 1561] [--check]

Each seed draws independent normal features and an outcome with the share of Wang et al. (107 of 421 positive), writes
them as a table, and trains on it as ``cervixrisk train plnm --features`` does (quick effort, both protocols; no cases
are held out, so that the honest AUC is cross-validated on all of them). Prints for each seed the honest AUC with its
interval and whether that covers .5, and of the paper's protocol the AUC on its training side, on its test side, and on
the test side when features were selected on all cases. ``--check`` exits 1 unless the honest AUCs average .47 to .53,
all intervals but a tenth cover .5, as many reports' headlines say that there is no evidence of discrimination, and
the paper protocol's AUCs on the training side and with selection on all cases average above
.7. Set ``OMP_NUM_THREADS=1``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from CervixRiskLib.bundle.study_file import load_study
from CervixRiskLib.bundle.study_record import PAPER_TEST, PAPER_TRAINING, StudyRecord
from CervixRiskLib.cohort import load_features_cohort
from CervixRiskLib.plnm import Effort, TrainingProtocol, TrainingSettings, train
from CervixRiskLib.plnm.paper_protocol import SELECTED_ON_ALL
from CervixRiskLib.report.study.headline import headline
from CervixRiskLib.statistics import auc

POSITIVE_SHARE = 107 / 421
LOWEST_MEAN, HIGHEST_MEAN, LEAST_OPTIMISM = 0.47, 0.53, 0.7


@dataclass(frozen=True)
class Found:
    """What one seed's training said."""

    seed: int
    honest: float
    lower: float
    upper: float
    paper_training: float
    paper_test: float
    selected_on_all: float
    headline: str
    seconds: float

    @property
    def covers_chance(self) -> bool:
        return self.lower <= 0.5 <= self.upper

    @property
    def says_none(self) -> bool:
        return "no evidence of discrimination" in self.headline.lower()


def noise_table(path: Path, seed: int, cases: int, features: int) -> None:
    """Write identifiers, outcome and features."""
    rng = np.random.default_rng(seed)
    outcome = np.zeros(cases, dtype=int)
    outcome[: round(POSITIVE_SHARE * cases)] = 1
    table = pd.DataFrame(rng.normal(size=(cases, features)), columns=[f"noise_{place}" for place in range(features)])
    table.insert(0, "outcome", rng.permutation(outcome))
    table.to_csv(path, index_label="case_id", float_format="%.10g")


def trained(seed: int, cases: int, features: int) -> Found:
    """Train on the noise of one seed."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "noise.csv"
        noise_table(path, seed, cases, features)
        cohort, given = load_features_cohort(path)
        settings = TrainingSettings(
            networks=(), effort=Effort.QUICK, protocol=TrainingProtocol.BOTH, test_fraction=0.0, jobs=1, seed=seed
        )
        result = train(cohort, settings, Path(folder) / "noise.zip", features=given)
        sentence = headline(load_study(result.bundle_path))
    honest = result.manifest.metric("auc", model="nomogram")
    assert honest is not None
    return Found(
        seed, number(honest.value), number(honest.lower), number(honest.upper),
        paper_auc(result.record, "nomogram", PAPER_TRAINING), paper_auc(result.record, "nomogram", PAPER_TEST),
        paper_auc(result.record, SELECTED_ON_ALL, PAPER_TEST), sentence, time.perf_counter() - started,
    )  # fmt: skip


def number(value: float | None) -> float:
    return np.nan if value is None else value


def paper_auc(record: StudyRecord, name: str, cases: str) -> float:
    """Of the model of that name in the paper protocol."""
    model = next(one for one in record.models if one.protocol == "paper" and (one.name, one.cases) == (name, cases))
    return float(auc(np.array(record.case_set(cases).outcomes), np.array(model.scores[0])))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cases", type=int, default=294)
    parser.add_argument("--features", type=int, default=1561)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    run = joblib.Parallel(n_jobs=options.jobs)
    found: list[Found] = run(joblib.delayed(trained)(seed, options.cases, options.features) for seed in seeds)
    table = Table(title=f"{options.cases} cases, {options.features} features of noise")
    heads = ("Seed", "Honest AUC", "95 % CI", "Covers .5", "Headline says none", "Paper, training", "Paper, test",
             "Selected on all", "s")  # fmt: skip
    for head in heads:
        table.add_column(head, justify="right")
    for one in found:
        table.add_row(
            str(one.seed), f"{one.honest:.3f}", f"{one.lower:.3f}-{one.upper:.3f}",
            "yes" if one.covers_chance else "NO", "yes" if one.says_none else "NO", f"{one.paper_training:.3f}",
            f"{one.paper_test:.3f}", f"{one.selected_on_all:.3f}", f"{one.seconds:.0f}",
        )  # fmt: skip
    names = ("honest", "paper_training", "paper_test", "selected_on_all", "seconds")
    mean = {name: float(np.mean([getattr(one, name) for one in found])) for name in names}
    covered = sum(one.covers_chance for one in found)
    table.add_section()
    table.add_row(
        "mean", f"{mean['honest']:.3f}", "", f"{covered} of {len(found)}",
        f"{sum(one.says_none for one in found)} of {len(found)}", f"{mean['paper_training']:.3f}",
        f"{mean['paper_test']:.3f}", f"{mean['selected_on_all']:.3f}", f"{mean['seconds']:.0f}",
    )  # fmt: skip
    Console(width=140).print(table)
    held = (
        LOWEST_MEAN <= mean["honest"] <= HIGHEST_MEAN
        and covered >= len(found) - len(found) // 10
        and sum(one.says_none for one in found) >= len(found) - len(found) // 10
        and min(mean["paper_training"], mean["selected_on_all"]) > LEAST_OPTIMISM
    )
    return 1 if options.check and not held else 0


if __name__ == "__main__":
    sys.exit(main())
