"""Time answers through the warm child process beside the same answers in this process, in one run.

    python Testing/benchmarks/worker.py [--network densenet121] [--plnm BUNDLE] [--repetitions 15] [--check]

*First* is the first answer of a program that was not running: start, imports, loading, answer. *Warm* and *here* take
turns: seconds from the request to the answer in this process's hands, and of the predictor called directly; median and
slowest. *Poll* is the longest call of ``poll`` in milliseconds, and *request* the longest of ``request``, over the
whole run, the start included. The staging bundle is made around an untrained network; the lymph node bundle is the one
given, or one without network that is trained for this.

``--check`` exits 1 when a warm answer takes over 50 ms more than the direct one, a poll over 5 ms, or when an answer
differs.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from staging_bundle import simulated_cases, write_staging_bundle

from CervixRiskLib.bundle import CaseInput, Prediction
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.worker import PredictionWorker, WorkerAnswer, WorkerFailure
from CervixRiskLib.worker.predictors import open_predictor

SLOWER_SECONDS = 0.05
POLL_SECONDS = 0.005
TIMER_SECONDS = 0.01


@dataclasses.dataclass
class Longest:
    """Seconds of the longest call of each kind."""

    poll: float = 0.0
    request: float = 0.0


def main() -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="densenet121", help="of the staging bundle")
    parser.add_argument("--plnm", type=Path, help="a lymph node bundle; maximum_diameter is 31 mm")
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    options = parser.parse_args()
    table = Table(title="One answer with heat map: seconds (median, slowest)")
    for heading in ("bundle", "image", "first", "warm", "here", "poll ms", "request ms", "same"):
        table.add_column(heading, justify="left" if heading == "bundle" else "right")
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        case = dataclasses.replace(simulated_cases(1)[0], clinical={"maximum_diameter": 31.0})
        bundles = {
            f"staging {options.network}": (_staging_bundle(options.network, Path(folder)), (case, _enlarged(case))),
            "lymph nodes": (options.plnm or _plnm_bundle(Path(folder)), (case,)),
        }
        for name, (path, cases) in bundles.items():
            for each in cases:
                missed += _measure(table, name, path, each, options.repetitions)
    console = Console(width=140)
    console.print(table)
    for text in missed:
        console.print(f"Missed: {text}")
    return 1 if options.check and missed else 0


def _measure(table: Table, name: str, path: Path, case: CaseInput, repetitions: int) -> list[str]:
    longest = Longest()
    with PredictionWorker(force_cpu=True) as worker:
        first, _ = _ask(worker, path, case, longest)
        _, predictor = open_predictor(path, device="cpu")
        predictor.predict(case)
        warm, here, same = [], [], True
        for _ in range(repetitions):
            seconds, answer = _ask(worker, path, case, longest)
            warm.append(seconds)
            start = time.perf_counter()
            expected = predictor.predict(case)
            here.append(time.perf_counter() - start)
            same = same and _same(answer, expected)
    rows, columns = case.image.shape
    table.add_row(
        name,
        f"{rows} x {columns}",
        f"{first:.2f}",
        f"{statistics.median(warm):.3f}, {max(warm):.3f}",
        f"{statistics.median(here):.3f}, {max(here):.3f}",
        f"{longest.poll * 1000:.2f}",
        f"{longest.request * 1000:.2f}",
        "yes" if same else "NO",
    )
    slower = statistics.median(warm) - statistics.median(here)
    checks = [
        (slower <= SLOWER_SECONDS, f"{name}: {slower * 1000:.0f} ms more than a direct answer"),
        (longest.poll <= POLL_SECONDS, f"{name}: a poll of {longest.poll * 1000:.1f} ms"),
        (same, f"{name}: another answer"),
    ]
    return [text for met, text in checks if not met]


def _ask(worker: PredictionWorker, path: Path, case: CaseInput, longest: Longest) -> tuple[float, Prediction]:
    """As a panel asks: a timer polls."""
    start = time.perf_counter()
    worker.request(case, path)
    longest.request = max(longest.request, time.perf_counter() - start)
    while True:
        began = time.perf_counter()
        events = worker.poll()
        now = time.perf_counter()
        longest.poll = max(longest.poll, now - began)
        for event in events:
            if isinstance(event, WorkerAnswer):
                return now - start, event.prediction
            if isinstance(event, WorkerFailure):
                raise event.to_error()
        time.sleep(TIMER_SECONDS)


def _same(one: Prediction, other: Prediction) -> bool:
    """Whether all fields are, the heat map bit by bit."""
    values = [(getattr(one, field.name), getattr(other, field.name)) for field in dataclasses.fields(Prediction)]
    return all(
        left.tobytes() == right.tobytes() if isinstance(left, np.ndarray) else repr(left) == repr(right)
        for left, right in values
    )


def _staging_bundle(name: str, folder: Path) -> Path:
    import torch

    from CervixRiskLib.networks import build_network

    torch.manual_seed(3407)
    return write_staging_bundle(build_network(name, input_size=224), folder)


def _plnm_bundle(folder: Path) -> Path:
    from CervixRiskLib.cohort import load_cohort
    from CervixRiskLib.cohort.simulation import simulate_ultrasound
    from CervixRiskLib.plnm import TrainingSettings, train

    cohort = load_cohort(simulate_ultrasound(folder / "cohort", 24, 4, prevalence=0.5, effect=2.0, jobs=1))
    settings = TrainingSettings(
        networks=(), effort="quick", classifiers=("logistic_regression",), clinical=("maximum_diameter",), jobs=1
    )
    return train(cohort, settings, folder / "model").bundle_path


def _enlarged(case: CaseInput, times: int = 4) -> CaseInput:
    """The same section on a finer grid, as large as pictures get."""
    if case.roi is None or case.image.spacing_mm is None:
        raise ValueError("a simulated section has a contour and a pixel size")
    block = np.ones((times, times), np.float32)
    row_mm, column_mm = case.image.spacing_mm
    spacing = (row_mm / times, column_mm / times)
    image = SliceImage(np.kron(case.image.pixels, block), spacing, "simulated", case.image.modality)
    return CaseInput(case.case_id, image, Roi(np.kron(case.roi.mask, block) > 0, spacing), case.clinical)


if __name__ == "__main__":
    sys.exit(main())
