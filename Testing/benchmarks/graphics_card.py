"""Show on a computer with a graphics card that both studies train on it and answer alike on card and CPU.

    python Testing/benchmarks/graphics_card.py [--check] [--folder FOLDER] [--train-cpu]

Through the public commands and without naming a device: ``simulate mri`` and ``train staging`` (HRNet-W32, 96 pixels),
``simulate ultrasound`` and ``train plnm --effort quick --finetune head``. The staging bundle must say that it was
trained on the card. Then each bundle answers the same cases in two processes, one on the card and one on the CPU with
PyTorch, and the largest difference of the probabilities and of the heat maps (both 0 to 1) is printed, with the seconds
of an answer on each. ``--train-cpu`` trains on the CPU as well and prints how much faster the card was.

``--check`` exits 1 when a target is missed: trained and answered on the card, probabilities within 1e-3, heat maps
within 0.02 on average over a map's pixels (HRNet's head has ReLUs behind the heat-map layer, where single pixels may
jump). Without a card that PyTorch can use: one sentence and exit code 2.

``--pretend`` takes the CPU for the card, to try this program where there is none.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

PROBABILITY, HEAT_MAP = 1e-3, 0.02


def main() -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    parser.add_argument("--cases", type=int, default=60, help="simulated patients of each study")
    parser.add_argument("--epochs", type=int, default=20, help="of the staging network")
    parser.add_argument("--size", type=int, default=96, help="side of the staging network's crops")
    parser.add_argument("--answers", type=int, default=12, help="cases asked on both")
    parser.add_argument("--studies", default="staging,plnm", help="which of the two, with a comma")
    parser.add_argument("--train-cpu", action="store_true", help="train on the CPU as well, for its time")
    parser.add_argument("--pretend", action="store_true", help="take the CPU for the card")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _answer(*options.child, options.answers)
        return 0
    card = "cpu"
    if not options.pretend:
        from CervixRiskLib.networks.card_check import GraphicsCard, check_card

        found = check_card()
        if not isinstance(found, GraphicsCard):
            print(f"There is no graphics card to try: {found}.", file=sys.stderr)
            return 2
        card = "cuda"
        print(f"{found.name}, {found.memory_bytes / 2**30:.0f} GiB, compute capability "
              f"{found.capability[0]}.{found.capability[1]}, PyTorch built for {found.build}")  # fmt: skip
    missed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="cervixrisk-card-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for study in options.studies.split(","):
            missed += _study(study, folder, card, options)
    for target in missed:
        print(f"missed: {target}")
    return int(bool(missed) and options.check)


def _study(study: str, folder: Path, card: str, options: argparse.Namespace) -> list[str]:
    """Train one study and compare its answers; the targets that were missed."""
    kind = {"staging": "mri", "plnm": "ultrasound"}[study]
    table, bundle = folder / kind / "cohort.csv", folder / f"{study}.zip"
    _command("simulate", kind, str(table.parent), "--cases", str(options.cases), "--seed", "42")
    training = ["train", study, str(table), "--weights", "none", "--no-report"]
    if study == "staging":
        training += ["--network", "hrnet_w32", "--size", str(options.size), "--epochs", str(options.epochs)]
    else:
        training += ["--network", "densenet121", "--effort", "quick", "--finetune", "head", "--preset", "slice2d"]
        training += ["--classifier", "logistic_regression"]
    # The device is not named, so that what is tried is the choice too.
    named = ["--device", "cpu"] if options.pretend else []
    seconds = _command(*training, *named, "--output", str(bundle))
    missed = []
    print(f"{study}: trained in {seconds:.0f} s", end="")
    if options.train_cpu:
        slow = _command(*training, "--device", "cpu", "--output", str(folder / f"{study}-cpu.zip"))
        print(f", on the CPU in {slow:.0f} s ({slow / seconds:.1f} times as long)", end="")
    print()
    if study == "staging":
        details = _details(bundle)
        print(f"{study}: the bundle says: device {details['device']}, precision {details['precision']}")
        if details["device"] != card:
            missed.append(f"{study} was trained on {details['device']}, not on {card}")
    there, here = (_child(bundle, table, device, options.answers) for device in (card, "cpu"))
    if there["device"] != card:
        missed.append(f"{study} was answered on {there['device'] or 'no network at all'}, not on {card}")
    probability = float(np.abs(np.subtract(there["probabilities"], here["probabilities"])).max())
    largest, average = _map_differences(there["maps"], here["maps"])
    print(
        f"{study}: {len(here['probabilities'])} cases; largest difference of the probabilities {probability:.1e}, of "
        f"{len(here['maps'])} heat maps {largest:.1e} in a pixel and {average:.1e} over a map"
    )
    ratio = here["seconds"] / there["seconds"]
    print(
        f"{study}: an answer takes {there['seconds'] * 1e3:.0f} ms on {there['device']} and "
        f"{here['seconds'] * 1e3:.0f} ms on the CPU with PyTorch ({ratio:.1f} times)"
    )
    if not probability <= PROBABILITY:
        missed.append(f"{study}: probabilities differ by {probability:.1e}")
    if not average <= HEAT_MAP:
        missed.append(f"{study}: a heat map differs by {average:.1e} on average")
    return missed


def _command(*words: str) -> float:
    """Run ``cervixrisk`` and return its seconds; its own words end this program when it fails."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "CervixRiskLib.cli", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"cervixrisk {' '.join(words[:2])} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - start


def _details(bundle: Path) -> Any:
    from CervixRiskLib.bundle import load_bundle

    return load_bundle(bundle).manifest.details


def _child(bundle: Path, table: Path, device: str, answers: int) -> Any:
    """Ask in a process of its own, so that neither device sees what the other left."""
    with tempfile.TemporaryDirectory(prefix="cervixrisk-card-") as folder:
        place = Path(folder) / "maps.npz"
        told = subprocess.run(
            [
                sys.executable,
                __file__,
                "--child",
                str(bundle),
                str(table),
                device,
                str(place),
                "--answers",
                str(answers),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode:
            sys.exit(f"The answers on {device} failed:\n{told.stderr[-2000:]}")
        with np.load(place, allow_pickle=False) as content:
            maps = {name: content[name] for name in content.files}
    return {**json.loads(told.stdout.splitlines()[-1]), "maps": maps}


def _answer(bundle: str, table: str, device: str, place: str, answers: int) -> None:
    """Answer with PyTorch on ``device``; heat maps go to a file, the rest to standard output as one line of JSON."""
    from CervixRiskLib.bundle import CaseInput
    from CervixRiskLib.cohort import clinical_frame, load_cohort, load_slices
    from CervixRiskLib.worker.predictors import open_predictor

    cohort = load_cohort(Path(table))
    _, predictor = open_predictor(Path(bundle), device=device, runtime="torch")
    engine = getattr(predictor, "network", None) or getattr(predictor, "engine", None)
    maps, probabilities, seconds = {}, [], []
    known = clinical_frame(cohort)
    for index, case_id in enumerate(cohort.case_ids[:answers]):
        slices = load_slices(cohort, case_id)
        values = {
            str(name): float(value)
            for name, value in known.loc[case_id].items()
            if str(name) in predictor.clinical_predictors and value == value
        }
        case = CaseInput(case_id, slices.images[0], slices.roi, values)
        start = time.perf_counter()
        answer = predictor.predict(case)
        seconds.append(time.perf_counter() - start)
        probabilities.append(answer.probability)
        if answer.heatmap is not None:
            maps[str(index)] = np.nan_to_num(answer.heatmap)
    np.savez(place, **maps)
    # The first answer on a card loads its libraries.
    later: Sequence[float] = seconds[1:] or seconds
    told = {"device": getattr(engine, "device", ""), "probabilities": probabilities, "seconds": float(np.median(later))}
    print(json.dumps(told))


def _map_differences(there: dict[str, np.ndarray], here: dict[str, np.ndarray]) -> tuple[float, float]:
    """Largest difference in a pixel, and largest average over the pixels where a map is drawn."""
    if set(there) != set(here):
        return float("inf"), float("inf")
    largest = average = 0.0
    for name, one in there.items():
        difference = np.abs(one - here[name])
        drawn = (one > 0) | (here[name] > 0)
        largest = max(largest, float(difference.max()))
        average = max(average, float(difference[drawn].mean()) if drawn.any() else 0.0)
    return largest, average


if __name__ == "__main__":
    sys.exit(main())
