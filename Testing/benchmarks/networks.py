"""Time every network in one run: one slice answered, with its heat map, and training, each beside the plain way.

    python Testing/benchmarks/networks.py [--networks hrnet_w32,densenet121] [--sizes 224] [--repetitions 9] [--check]

*Answering* (CPU). ``plain`` is the module of timm or torchvision in eager torch under ``inference_mode``, on a
contiguous tensor that is ready. The others are the whole staging answer to a slice with its contour: quality, crop,
filters, z-score, forward pass, channel weights, calibration, distance from the training cases, heat map on the slice's
grid; through torch, OpenVINO and ONNX Runtime. All take turns in one loop; medians and quartiles. The networks have
learned a little, on simulated sections at 96 x 96, so that their heat maps are no noise. Probabilities are compared
with torch's, heat maps with captum's.

*Training*. Images per second of ``networks.train_network`` and of the plain loop (``plain_training.py``): the same
optimiser, batch, augmentation and images, alternating. On the CPU, and on a graphics card where there is one.

*Memory*. Peak of a process of its own that does only that (resident set; on a card what torch allocated).

``--check`` exits 1 when a target is missed: an answer through the best runtime within 0.7 of the plain forward pass
(DenseNet121 0.5), through torch within 1.5; probabilities within 1e-4; heat maps within 1e-3 of captum's; training at
least as fast as the plain loop. The heat maps' target holds for every map where captum agrees with itself to 1e-3:
computed on one thread, in another memory layout and in float64 (column ``captum ±``). HRNet's head has ReLUs behind the
heat-map layer, and where one of them is at 0 to rounding its gradient is 0 or 1 by chance, captum's too: there the
target holds for the median map, and for the mean over a map's pixels in nine maps of ten.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from CervixRiskLib.errors import CervixRiskError
from CervixRiskLib.networks import NETWORKS, STAGING_NETWORKS, set_threads

RUNTIMES = ("openvino", "onnxruntime")
TARGET_RUNTIME = {"densenet121": 0.5}
TARGET_OTHERS, TARGET_TORCH = 0.7, 1.5
PROBABILITY, HEAT_MAP = 1e-4, 1e-3
BATCH = 16
TRAININGS = 2
LESSON_CASES, LESSON_SIZE, LESSON_EPOCHS = 48, 96, 8


def main() -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default="all", help="names with commas; all: those of the staging study")
    parser.add_argument("--sizes", default="", help="sides of the crops with commas; 224, and 128 for densenet121 too")
    parser.add_argument("--repetitions", type=int, default=9, help="timed answers of each kind")
    parser.add_argument("--cases", type=int, default=8, help="slices whose heat maps are compared")
    parser.add_argument("--epochs", type=int, default=4, help="epochs of a timed training")
    parser.add_argument("--images", type=int, default=64, help="training images")
    parser.add_argument("--training-size", type=int, default=96, help="side of the training crops")
    parser.add_argument("--skip", choices=("answers", "training", "memory"), action="append", default=[])
    parser.add_argument("--threads", type=int, help="threads for all; the cores that are free by default")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    threads = set_threads("case", options.threads)
    if options.child:
        print(json.dumps(_memory_child(json.loads(options.child))))
        return 0
    names = STAGING_NETWORKS if options.networks == "all" else tuple(options.networks.split(","))
    unknown = [name for name in names if name not in NETWORKS]
    if unknown:
        parser.error(f"unknown networks: {', '.join(unknown)}")
    console = Console(width=170)
    console.print(f"{threads} threads\n")
    missed: list[str] = []
    if "answers" not in options.skip:
        missed += _answers(console, list(_cases(names, options.sizes)), options)
    if "training" not in options.skip:
        missed += _training(console, names, options)
    for target in missed:
        console.print(f"[red]missed:[/red] {target}")
    return int(bool(missed) and options.check)


def _cases(names: tuple[str, ...], sizes: str) -> Iterator[tuple[str, int]]:
    for name in names:
        if sizes:
            yield from ((name, int(size)) for size in sizes.split(","))
        elif name == "densenet121":  # the nodal study sees it at 128
            yield from ((name, 128), (name, 224))
        else:
            yield name, 224


def _answers(console: Console, cases: list[tuple[str, int]], options: argparse.Namespace) -> list[str]:
    table = Table(title="One slice with its heat map on the CPU, ms (quartiles) and share of the plain forward pass")
    for heading in (
        "network", "size", "plain", "torch", *RUNTIMES, "best", "Δ prob.", "Δ map", "≤ 1e-3", "worst", "captum ±",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "network" else "right", no_wrap=True)
    memory = Table(title="Peak memory of a process that answers one slice, MB")
    for heading in ("network", "size", "plain", "torch", *RUNTIMES):
        memory.add_column(heading, justify="left" if heading == "network" else "right")
    missed = []
    for name, size in cases:
        with tempfile.TemporaryDirectory() as folder:
            missed += _answer_row(table, name, size, Path(folder), options)
            if "memory" not in options.skip:
                memory.add_row(name, str(size), *_answer_memory(name, size, folder))
    console.print(table)
    if memory.row_count:
        console.print(memory)
    return missed


def _answer_row(table: Table, name: str, size: int, folder: Path, options: argparse.Namespace) -> list[str]:
    import torch
    from staging_bundle import preprocessing, simulated_cases, write_staging_bundle

    from CervixRiskLib.bundle import load_bundle
    from CervixRiskLib.imaging import preprocess_slice
    from CervixRiskLib.networks import available_runtimes, zscore_crops
    from CervixRiskLib.staging import load_predictor

    network = _taught_network(name, size, folder)
    bundle = load_bundle(write_staging_bundle(network, folder))
    predictors = {
        runtime: load_predictor(bundle, device="cpu", runtime=runtime)
        for runtime in ("torch", *RUNTIMES)
        if available_runtimes()[runtime]
    }
    cases = simulated_cases(options.cases)
    crops = np.stack([preprocess_slice(case.image, case.roi, preprocessing(size)).pixels for case in cases])
    plain = network.module.to(memory_format=torch.contiguous_format)
    ready = torch.from_numpy(zscore_crops(crops[:1]))

    def forward() -> None:
        with torch.inference_mode():
            plain(ready)

    calls: dict[str, Callable[[], object]] = {"plain": forward}
    for runtime, predictor in predictors.items():
        calls[runtime] = lambda predictor=predictor: predictor.predict(cases[0])
    times = _interleaved(calls, options.repetitions)
    middle = {key: statistics.median(values) for key, values in times.items()}
    shares = {key: middle[key] / middle["plain"] for key in predictors}

    maps, noise = _captum_maps(network, zscore_crops(crops))
    answers = {runtime: predictor.engine.answer(crops) for runtime, predictor in predictors.items()}
    others = [runtime for runtime in predictors if runtime != "torch"]
    torch_says = answers["torch"].probabilities()
    probability = max((np.abs(answers[runtime].probabilities() - torch_says).max() for runtime in others), default=0.0)
    off = [
        np.abs(answers[runtime].cam(crop, index) - maps[crop][index])
        for runtime in predictors
        for crop in range(len(crops))
        for index in range(2)
    ]
    differences, means = np.array([(pixels.max(), pixels.mean()) for pixels in off]).T
    best = min((shares[runtime] for runtime in others), default=float("nan"))
    cells = [name, str(size)]
    for key in ("plain", "torch", *RUNTIMES):
        cells.append(_spread(times[key]) + (f"  {shares[key]:.2f}" if key in shares else "") if key in times else "–")
    within = f"{np.mean(differences <= HEAT_MAP):.0%}"
    cells += [f"{best:.2f}", f"{probability:.0e}", f"{np.median(differences):.0e}", within, f"{differences.max():.0e}"]
    cells.append(f"{noise:.0e}")
    table.add_row(*cells)

    target = TARGET_RUNTIME.get(name, TARGET_OTHERS)
    where = f"{name} at {size}"
    checks = [
        (not others or best <= target, f"{where}: {best:.2f} of the plain forward pass through a runtime > {target}"),
        (shares["torch"] <= TARGET_TORCH, f"{where}: {shares['torch']:.2f} through torch > {TARGET_TORCH}"),
        (probability <= PROBABILITY, f"{where}: probabilities differ by {probability:.1e}"),
        (np.median(differences) <= HEAT_MAP, f"{where}: heat maps differ by {np.median(differences):.1e}"),
        (
            differences.max() <= HEAT_MAP or (noise > HEAT_MAP and np.mean(means <= HEAT_MAP) >= 0.9),
            f"{where}: single heat maps differ by {differences.max():.1e}, captum from itself by {noise:.1e}",
        ),
    ]
    return [text for met, text in checks if not met]


def _answer_memory(name: str, size: int, folder: str) -> list[str]:
    from CervixRiskLib.networks import available_runtimes

    kinds = ("plain", "torch", *RUNTIMES)
    missing = [kind for kind in RUNTIMES if not available_runtimes()[kind]]
    tasks = ({"kind": kind, "name": name, "size": size, "folder": folder} for kind in kinds)
    return ["–" if task["kind"] in missing else f"{_memory(task):,.0f}" for task in tasks]


def _training(console: Console, names: tuple[str, ...], options: argparse.Namespace) -> list[str]:
    import torch

    devices = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])
    size = options.training_size
    table = Table(title=f"Training, images per second: batches of {BATCH} at {size} x {size}")
    for heading in ("network", "device", "plain", "ours", "ratio", "precision"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    if "memory" not in options.skip:
        table.add_column("peak MB: plain, ours", justify="right")
    missed = []
    for name in names:
        side = -(-size // NETWORKS[name].size_step) * NETWORKS[name].size_step
        for device in devices:
            ours, plain, precision = _training_rates(name, side, device, options)
            cells = [name, device, f"{plain:.1f}", f"{ours:.1f}", f"{ours / plain:.2f}", precision]
            if "memory" not in options.skip:
                peaks = [
                    _memory({"kind": kind, "name": name, "size": side, "device": device, "images": options.images})
                    for kind in ("train plain", "train")
                ]
                cells.append(", ".join(f"{peak:,.0f}" for peak in peaks))
            table.add_row(*cells)
            if ours < plain:
                missed.append(f"{name} trains at {ours / plain:.2f} of the plain loop's rate on {device}")
    console.print(table)
    return missed


def _training_rates(name: str, size: int, device: str, options: argparse.Namespace) -> tuple[float, float, str]:
    """Images per second, ours and plain, of trainings that alternate, and the precision of ours."""
    _train(name, size, device, options.images, 1)
    _train_plainly(name, size, device, options.images, 1)
    ours, plain, precision = [], [], ""
    images = options.images * options.epochs
    for _ in range(TRAININGS):
        start = time.perf_counter()
        precision = _train(name, size, device, options.images, options.epochs)
        middle = time.perf_counter()
        _train_plainly(name, size, device, options.images, options.epochs)
        ours.append(images / (middle - start))
        plain.append(images / (time.perf_counter() - middle))
    return statistics.median(ours), statistics.median(plain), precision


def _train(name: str, size: int, device: str, images: int, epochs: int) -> str:
    from CervixRiskLib.networks import TrainingPlan, build_network, train_network

    network = build_network(name, input_size=size)
    plan = TrainingPlan(epochs=epochs, batch_size=BATCH)
    return train_network(network, _crops(images, size), np.arange(images) % 2, plan, device=device).precision


def _train_plainly(name: str, size: int, device: str, images: int, epochs: int) -> None:
    import torch
    from plain_training import plain_network, train_plainly

    from CervixRiskLib.networks import MRI_AUGMENTATION, zscore_crops

    module = plain_network(NETWORKS[name], n_classes=2, in_channels=1, input_size=size)
    crops, labels = torch.from_numpy(zscore_crops(_crops(images, size))), torch.arange(images) % 2
    train_plainly(module, crops, labels, epochs=epochs, batch_size=BATCH, device=device, augmentation=MRI_AUGMENTATION)


def _taught_network(name: str, size: int, folder: Path) -> Any:
    """A network that tells simulated groups apart to some degree, for crops of ``size``."""
    from staging_bundle import preprocessing, simulated_cases

    from CervixRiskLib.imaging import preprocess_slice
    from CervixRiskLib.networks import TrainingPlan, build_network, save_network, train_network

    cases = simulated_cases(LESSON_CASES)
    crops = np.stack([preprocess_slice(case.image, case.roi, preprocessing(LESSON_SIZE)).pixels for case in cases])
    plan = TrainingPlan(epochs=LESSON_EPOCHS, batch_size=BATCH)
    labels = np.arange(LESSON_CASES) % 3 > 0
    taught = train_network(build_network(name, input_size=LESSON_SIZE), crops, labels.astype(int), plan, device="cpu")
    path = folder / "taught.safetensors"
    save_network(taught.network, path)
    return build_network(name, weights=str(path), input_size=size)


def _captum_maps(network: Any, images: np.ndarray) -> tuple[list[list[np.ndarray]], float]:
    """captum's heat maps ``[crop][class]``, and by how much they differ at most when only the arithmetic changes."""
    import copy

    import torch

    ready, threads, last = torch.from_numpy(images), torch.get_num_threads(), torch.channels_last
    maps = _captum(network, network.module, ready)
    double = _captum(network, copy.deepcopy(network.module).double(), ready.double())
    module = copy.deepcopy(network.module).to(memory_format=last)
    other_layout = _captum(network, module, ready.contiguous(memory_format=last))
    torch.set_num_threads(1 if threads > 1 else 2)
    other_threads = _captum(network, network.module, ready)
    torch.set_num_threads(threads)
    noise = max(
        float(np.abs(one - other).max())
        for again in (double, other_layout, other_threads)
        for crops in zip(maps, again, strict=True)
        for one, other in zip(*crops, strict=True)
    )
    return maps, noise


def _captum(network: Any, module: Any, images: Any) -> list[list[np.ndarray]]:
    from captum.attr import LayerGradCam, LayerGradientXActivation

    layer = module.get_submodule(network.spec.feature_layer)
    maps: list[list[np.ndarray]] = [[] for _ in range(len(images))]
    for index in range(network.n_classes):
        if network.spec.name.startswith("vit"):
            # Tokens (n, 1 + patches, C): captum's Grad-CAM takes the second axis for the channels.
            gradient = LayerGradientXActivation(module, layer, multiply_by_inputs=False).attribute(images, index)
            tokens = _tokens(module, layer, images)
            raw = (gradient[:, 1:].mean(dim=1, keepdim=True) * tokens[:, 1:]).sum(dim=2).relu()
            side = round(raw.shape[1] ** 0.5)
            raw = raw.unflatten(1, (side, side))
        else:
            computed = LayerGradCam(module, layer).attribute(images, target=index, relu_attributions=True)
            raw = (computed[0] if isinstance(computed, list | tuple) else computed)[:, 0]
        for crop, values in enumerate(raw.detach().numpy()):
            maps[crop].append(values / values.max() if values.max() > 0 else values)
    return maps


def _tokens(module: Any, layer: Any, images: Any) -> Any:
    seen = []
    handle = layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output.detach()))
    module(images)
    handle.remove()
    return seen[0]


def _crops(n: int, size: int) -> np.ndarray:
    """Speckle with a bright square in every second crop."""
    generator = np.random.default_rng(42)
    crops = generator.gamma(2.0, 20.0, size=(n, size, size)).astype(np.float32)
    crops[1::2, size // 3 : 2 * size // 3, size // 3 : 2 * size // 3] += 100.0
    return crops


def _interleaved(calls: dict[str, Callable[[], object]], repetitions: int) -> dict[str, list[float]]:
    """Seconds of each call, taken in turns after one round that warms up."""
    times: dict[str, list[float]] = {key: [] for key in calls}
    for round_ in range(repetitions + 1):
        for key, call in calls.items():
            start = time.perf_counter()
            call()
            if round_:
                times[key].append(time.perf_counter() - start)
    return times


def _spread(seconds: list[float]) -> str:
    low, middle, high = np.percentile(seconds, (25, 50, 75)) * 1e3
    return f"{middle:.1f} ({low:.0f}–{high:.0f})"


def _memory(task: dict[str, Any]) -> float:
    """Peak megabytes of a process of its own."""
    command = [sys.executable, __file__, "--child", json.dumps(task)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def _memory_child(task: dict[str, Any]) -> float:
    kind, name, size = task["kind"], task["name"], task["size"]
    device = task.get("device", "cpu")
    if kind == "train":
        _train(name, size, device, task["images"], 1)
    elif kind == "train plain":
        _train_plainly(name, size, device, task["images"], 1)
    elif kind == "plain":
        import torch
        from plain_training import plain_network

        with torch.inference_mode():
            plain_network(NETWORKS[name], n_classes=2, in_channels=1, input_size=size)(torch.zeros(1, 1, size, size))
    else:
        from staging_bundle import simulated_cases

        from CervixRiskLib.bundle import load_bundle
        from CervixRiskLib.staging import load_predictor

        predictor = load_predictor(load_bundle(Path(task["folder"]) / "bundle"), device="cpu", runtime=kind)
        predictor.predict(simulated_cases(1)[0])
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() / 2**20
    status = Path("/proc/self/status")
    if status.is_file():
        # Linux hands the parent's peak on to getrusage through fork and exec; this one is the process's own.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 2**10
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CervixRiskError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
