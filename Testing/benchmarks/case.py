"""Answer the same case twice in one run, warm, on the CPU: with this library, and with stock parts put together.

    python Testing/benchmarks/case.py --cohort COHORT/cohort.csv --stock-python stock/bin/python [--check]

The cases are the two of the cohort whose region of interest comes closest to 14,000 and to 90,000 pixels. Both sides
give features, embedding, fusion score and heat map from pixels in memory, and the answers are compared. Ours is timed
as a whole (``Predictor.predict``, with its interval, points and warnings on top); of the stock side only the steps
themselves count, not what carries data between them. ``--check`` exits 1 when ours is not 5 times faster at 14,000
pixels and 40 times at 90,000, or when the answers differ. ``stock_pyradiomics.py`` says how to get stock PyRadiomics.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from CervixRiskLib.bundle import CaseInput, Prediction, load_bundle
from CervixRiskLib.cohort import load_case, load_cohort
from CervixRiskLib.errors import CervixRiskError
from CervixRiskLib.imaging import crop_around_roi
from CervixRiskLib.networks import ensure_torchvision_operators, score_cam, set_threads
from CervixRiskLib.plnm import TrainingSettings, load_predictor, train
from CervixRiskLib.progress import Progress, Task

# Pixels of the region of interest wanted, and how many times faster the answer has to be.
BARS = ((14_000, 5.0), (90_000, 40.0))
OUR_RUNS = 9
# A stock answer at 90,000 pixels takes most of a minute: one warm run tells enough.
STOCK_SECONDS = 20.0
STOCK_RUNS = 3
STEPS = ("features", "embedding", "score", "heat map", "reasons, interval, warnings")


class StepTimes(Progress):
    """Seconds between the steps that a prediction reports."""

    def __init__(self) -> None:
        self.marks: list[float] = []

    def _begin(self, task: Task) -> None:
        self.marks.append(time.perf_counter())

    def _update(self, task: Task) -> None:
        self.marks.append(time.perf_counter())


@dataclass(frozen=True, eq=False)
class Timed:
    """An answer, its seconds in all and by step."""

    answer: Any
    total: float
    steps: dict[str, float]


def main() -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohort", type=Path, required=True, help="cohort.csv, or its folder")
    parser.add_argument("--stock-python", type=Path, default=Path(sys.executable), help="interpreter with PyRadiomics")
    parser.add_argument("--bundle", type=Path, help="a PLNM bundle with a network; trained on the cohort if not given")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bar is missed")
    options = parser.parse_args()
    console = Console()

    threads = set_threads("case")
    ensure_torchvision_operators()  # before captum and timm bring torchvision in
    from stock_case import StockCase
    from stock_pyradiomics import StockPyRadiomics

    table = options.cohort / "cohort.csv" if options.cohort.is_dir() else options.cohort
    cohort = load_cohort(table, skip_invalid=True)
    sizes = {name: load_case(cohort, name)[1].n_pixels for name in cohort.case_ids}
    with tempfile.TemporaryDirectory() as folder:
        bundle = options.bundle or _train(cohort, Path(folder) / "bundle", console)
        predictor = load_predictor(load_bundle(bundle), device="cpu")
        if predictor.network is None:
            raise SystemExit("The bundle's score does not use a network: train one that does.")
        preset = predictor.manifest.radiomics.preset
        console.print(f"{predictor.network.spec.title}, preset {preset}, {threads} threads\n")
        missed = False
        with StockPyRadiomics(options.stock_python, _parameter_file(preset)) as radiomics:
            stock = StockCase(radiomics, predictor)
            smallest = min(sizes, key=lambda name: sizes[name])
            stock.answer(*load_case(cohort, smallest))
            for wanted, bar in BARS:
                name = min(sizes, key=lambda name: abs(sizes[name] - wanted))
                missed |= not _compare(console, predictor, stock, cohort, name, sizes[name], bar)
    return int(missed and options.check)


def _compare(console: Console, predictor: Any, stock: Any, cohort: Any, name: str, pixels: int, bar: float) -> bool:
    """Time one case on both sides, print the table, and say whether the bar was met with the same answer."""
    image, roi = load_case(cohort, name)
    case = CaseInput(name, image, roi, _clinical(predictor, cohort, name))
    ours = _time_ours(predictor, case)
    theirs = _time_stock(stock, image, roi)
    ratio = theirs.total / ours.total
    met = ratio >= bar
    table = Table(title=f"{name}: {pixels:,} pixels, {ratio:.1f} × ({'met' if met else 'missed'}: {bar:g} ×)")
    for heading in ("step", "stock ms", "ours ms", "ratio"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    for step in STEPS:
        if step in ours.steps or step in theirs.steps:
            before, now = theirs.steps.get(step), ours.steps.get(step)
            table.add_row(step, *(_milliseconds(value) for value in (before, now)), _ratio(before, now))
    table.add_row("all", _milliseconds(theirs.total), _milliseconds(ours.total), f"{ratio:.1f} ×", style="bold")
    console.print(table)
    differences = _differences(ours.answer, theirs.answer)
    for difference in differences:
        console.print(f"[red]{difference}[/red]")
    if not differences:
        console.print(f"Same answer: score {ours.answer.score:.6f}, heat maps within 1e-3.\n")
    return met and not differences


def _time_ours(predictor: Any, case: CaseInput) -> Timed:
    runs: list[Timed] = []
    # The map that the stock side draws; the default one costs the same.
    predictor.predict(case, heat_map_method="gradcam")
    for _ in range(OUR_RUNS):
        progress = StepTimes()
        start = time.perf_counter()
        answer = predictor.predict(case, heat_map_method="gradcam", progress=progress)
        total = time.perf_counter() - start
        begin, features, embedding, _ = progress.marks
        runs.append(Timed(answer, total, {"features": features - begin, "embedding": embedding - features}))
    middle = sorted(runs, key=lambda run: run.total)[len(runs) // 2]

    # Inside `predict` score and heat map pass too fast to report, so the same calls are timed beside it.
    crop = crop_around_roi(case.image, case.roi, size=predictor.crop_size, margin=predictor.crop_margin)
    feature_map = predictor.network.feature_maps(crop.pixels[np.newaxis])[0]
    scorer = predictor.fusion.scorer
    standardised = np.zeros(len(scorer.feature_names))

    def heat_map() -> np.ndarray:
        gradient = scorer.embedding_gradient(standardised)
        return crop.to_image_grid(score_cam(feature_map, gradient), case.image.shape)

    score = statistics.median(_seconds(partial(scorer.score, standardised)) for _ in range(OUR_RUNS))
    steps = {**middle.steps, "score": score}
    if middle.answer.heatmap is not None:
        steps["heat map"] = statistics.median(_seconds(heat_map) for _ in range(OUR_RUNS))
    steps[STEPS[-1]] = max(0.0, middle.total - sum(steps.values()))
    return Timed(middle.answer, middle.total, steps)


def _time_stock(stock: Any, image: Any, roi: Any) -> Timed:
    answers = [stock.answer(image, roi)]
    while len(answers) < STOCK_RUNS and sum(answers[-1].seconds.values()) < STOCK_SECONDS:
        answers.append(stock.answer(image, roi))
    middle = sorted(answers, key=lambda answer: sum(answer.seconds.values()))[len(answers) // 2]
    return Timed(middle, sum(middle.seconds.values()), middle.seconds)


def _differences(ours: Prediction, theirs: Any) -> list[str]:
    """What is not the same in the two answers; nothing when all is well."""
    found = []
    if abs(ours.score - theirs.score) > 1e-4:
        found.append(f"The scores differ: ours {ours.score:.6f}, stock {theirs.score:.6f}.")
    if (ours.heatmap is None) != (theirs.heatmap is None):
        found.append("Only one side drew a heat map.")
    elif ours.heatmap is None:
        found.append("The bundle's score has no heat map: train one with a differentiable classifier.")
    elif not np.allclose(ours.heatmap, theirs.heatmap, atol=1e-3, equal_nan=True):
        largest = np.nanmax(np.abs(ours.heatmap - theirs.heatmap))
        found.append(f"The heat maps differ by {largest:.4f}.")
    return found


def _train(cohort: Any, destination: Path, console: Console) -> Path:
    """A bundle whose score is differentiable: logistic regression on radiomics and a frozen network."""
    console.print(f"Training a bundle on the {len(cohort)} cases (give --bundle to use one you have) ...")
    settings = TrainingSettings(weights="none", effort="quick", classifiers=("logistic_regression",), device="cpu")
    train(cohort, settings, destination)
    return destination


def _parameter_file(preset: str) -> Path:
    from CervixRiskLib import radiomics

    return Path(radiomics.__file__).parent / "presets" / f"{preset}.yaml"


def _clinical(predictor: Any, cohort: Any, name: str) -> dict[str, float]:
    row = cohort.table.loc[name]
    return {column: float(row[column]) for column in predictor.clinical_predictors}


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{1e3 * seconds:,.1f}"


def _ratio(before: float | None, now: float | None) -> str:
    return "" if not before or not now else f"{before / now:.1f} ×"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CervixRiskError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
