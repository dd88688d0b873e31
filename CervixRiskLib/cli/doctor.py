"""``cervixrisk doctor``: what is installed, what is missing, and how to get it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import RESEARCH_USE_NOTICE, __version__
from .options import JsonFlag, examples
from .output import print_json, print_lines, print_table

EXAMPLES = examples("cervixrisk doctor", "cervixrisk doctor --json > doctor.json")

TRAIN = 'pip install "cervixrisk[train]"'
CPU = 'pip install "cervixrisk[cpu]"'
SLICER = 'pip install "cervixrisk[slicer]"'
# Pyradiomics is a second opinion; of the inference runtimes one is enough, and its finding says so.
_NO_ADVICE = ("pyradiomics", "openvino", "onnxruntime")
LITTLE_SPACE_BYTES = 2 << 30


@dataclass(frozen=True)
class Component:
    """A package: where it is imported from, what it is for, how to get it when it is missing."""

    name: str
    module: str
    purpose: str
    how: str
    distributions: tuple[str, ...]


_BASE = tuple(
    Component(name, module, "reading, measuring, answering", "pip install --force-reinstall cervixrisk", (name,))
    for name, module in (
        ("numpy", "numpy"),
        ("scipy", "scipy"),
        ("pandas", "pandas"),
        ("scikit-learn", "sklearn"),
        ("SimpleITK", "SimpleITK"),
        ("pydicom", "pydicom"),
        ("PyWavelets", "pywt"),
        ("skops", "skops"),
        ("matplotlib", "matplotlib"),
        ("pyarrow", "pyarrow"),
    )
)
_FASTER = "networks on a CPU, several times faster"
_OPTIONAL = (
    Component("torch", "torch", "deep features, heat maps, fine-tuning", TRAIN, ("torch",)),
    Component("torchvision", "torchvision", "AlexNet", TRAIN, ("torchvision",)),
    Component("timm", "timm", "DenseNet121, ResNet50", TRAIN, ("timm",)),
    Component("safetensors", "safetensors", "network weights in a bundle", CPU, ("safetensors",)),
    Component("openvino", "openvino", _FASTER, CPU, ("openvino",)),
    Component("onnxruntime", "onnxruntime", _FASTER, CPU, ("onnxruntime", "onnxruntime-gpu")),
    Component("skorch", "skorch", "the multilayer perceptron's training", TRAIN, ("skorch",)),
    Component("xgboost", "xgboost", "the XGBoost classifier", TRAIN, ("xgboost", "xgboost-cpu")),
    Component("lightgbm", "lightgbm", "the LightGBM classifier", TRAIN, ("lightgbm",)),
    Component("dask", "distributed", "spreading cases over many machines", TRAIN, ("distributed",)),
    Component("slicer-core", "slicer", "pictures drawn as Slicer draws them", SLICER, ("slicer-core",)),
    Component(
        "pyradiomics",
        "radiomics",
        "a second feature engine, for comparison",
        "pip install pyradiomics",
        ("pyradiomics",),
    ),
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    text: str


def doctor(as_json: JsonFlag = False) -> None:
    """Show versions and the processor in use, check drawing and storage, and say how to get what is missing."""
    base, optional = _versions(_BASE), _versions(_OPTIONAL)
    findings = (_device(), _inference(), _drawing(), *_storage())
    advice = [
        f"{component.name} is missing ({component.purpose}): {component.how}"
        for component in (*_BASE, *_OPTIONAL)
        if (base | optional)[component.name] is None and component.name not in _NO_ADVICE
    ]
    # A missing package is already in the list.
    told = {name for name, package in (("Networks", "torch"), ("Drawing", "slicer-core")) if optional[package] is None}
    advice += [f"{finding.name}: {finding.text}" for finding in findings if not finding.ok and finding.name not in told]
    if as_json:
        print_json(
            {
                "cervixrisk": __version__,
                "python": platform.python_version(),
                "platform": platform.platform(),
                "cores": os.cpu_count(),
                "required": base,
                "optional": optional,
                "findings": [asdict(finding) for finding in findings],
                "advice": advice,
            }
        )
        return
    print_lines(
        [
            f"cervixrisk {__version__}, Python {platform.python_version()}, {platform.platform()}, "
            f"{os.cpu_count()} cores",
            RESEARCH_USE_NOTICE,
        ]
    )
    rows = [
        (component.name, (base | optional)[component.name] or "missing", component.purpose)
        for component in (*_BASE, *_OPTIONAL)
    ]
    print_table("", ("Package", "Version", "For"), rows)
    print_lines([f"{finding.name}: {finding.text}" for finding in findings])
    print_lines(["", *(advice or ["Nothing is missing."])])


def _versions(components: tuple[Component, ...]) -> dict[str, str | None]:
    return {component.name: _version(component) for component in components}


def _version(component: Component) -> str | None:
    if importlib.util.find_spec(component.module) is None:
        return None
    for distribution in component.distributions:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "installed, version unknown"


def _device() -> Finding:
    """The processor that networks would use; importing torch is the check."""
    if importlib.util.find_spec("torch") is None:
        return Finding("Networks", False, f"PyTorch is not installed: no deep features, no heat maps. {TRAIN}")
    from ..errors import CervixRiskError
    from ..networks import choose_device

    try:
        choice = choose_device("auto")
    except CervixRiskError as error:
        return Finding("Networks", False, str(error))
    except (ImportError, OSError, RuntimeError) as error:
        return Finding(
            "Networks", False, f"PyTorch is installed and cannot be loaded ({type(error).__name__}). {TRAIN}"
        )
    text = f"computed on {choice.device}. {choice.reason}"
    if choice.device == "cuda":
        return Finding("Networks", True, f"{text} {_card()}")
    return Finding("Networks", not choice.unused_card, text)


def _card() -> str:
    """What is to be known of the graphics card that networks run on."""
    from ..networks.card_check import GraphicsCard, check_card
    from ..networks.precision import choose_precision

    card = check_card()
    assert isinstance(card, GraphicsCard)
    several = f" It is the first of {card.cards}; CUDA_VISIBLE_DEVICES chooses another." if card.cards > 1 else ""
    return (
        f"It has {card.memory_bytes / 2**30:.0f} GiB of memory and compute capability "
        f"{card.capability[0]}.{card.capability[1]}; PyTorch was built for {card.build}; networks of the staging study "
        f"train in {choose_precision('auto', 'cuda', None)}.{several}"
    )


def _inference() -> Finding:
    """What a bundle's network would be computed with here."""
    from ..errors import CervixRiskError
    from ..networks.device import graphics_device
    from ..networks.inference import available_runtimes

    versions = available_runtimes()
    installed = [name for name, version in versions.items() if version is not None]
    told = ", ".join(f"{name} {versions[name] or 'missing'}" for name in versions)
    try:
        card = graphics_device() if "torch" in installed else None
    except (CervixRiskError, ImportError, OSError, RuntimeError):
        # A torch that cannot be loaded is told by the finding before this one.
        installed.remove("torch")
        card = None
    if card is not None:
        return Finding("Inference", True, f"answers are computed with torch on {card} ({told})")
    fast = [name for name in installed if name != "torch"]
    if fast:
        return Finding("Inference", True, f"answers are computed with {fast[0]} on the CPU ({told})")
    if installed:
        return Finding("Inference", False, f"answers are computed with torch on the CPU; several times faster: {CPU}")
    return Finding("Inference", False, f"nothing that computes a network is installed: {CPU}")


def _drawing() -> Finding:
    """Draw a small slice off-screen, in a process of its own."""
    import numpy as np

    from ..errors import CervixRiskError
    from ..imaging import SliceImage

    if importlib.util.find_spec("slicer") is None:
        return Finding("Drawing", False, f"slicer-core is not installed: no slice pictures. {SLICER}")
    from ..scene import render_slice_png

    with tempfile.TemporaryDirectory(prefix="cervixrisk-") as folder:
        try:
            image = SliceImage(np.linspace(0, 255, 64 * 64).reshape(64, 64), spacing_mm=(1.0, 1.0))
            render_slice_png(Path(folder) / "slice.png", image, size=(640, 480))
        except CervixRiskError as error:
            return Finding("Drawing", False, str(error))
    return Finding("Drawing", True, "slices can be drawn off-screen")


def _storage() -> tuple[Finding, ...]:
    findings = []
    for name, folder in (("Temporary files", Path(tempfile.gettempdir())), ("This folder", Path.cwd())):
        free = shutil.disk_usage(folder).free
        writable = os.access(folder, os.W_OK)
        if not writable:
            findings.append(Finding(name, False, "cannot be written: choose another folder"))
        elif free < LITTLE_SPACE_BYTES:
            findings.append(Finding(name, False, f"only {free / 1e9:.1f} GB are free"))
        else:
            findings.append(Finding(name, True, f"writable, {free / 1e9:.0f} GB free"))
    if sys.prefix == sys.base_prefix and "slicer" not in sys.executable.lower():
        findings.append(Finding("Environment", True, "the system's Python; a virtual environment keeps it clean"))
    return tuple(findings)
