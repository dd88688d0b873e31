"""Answer with a trained network: on a graphics card through PyTorch, on a CPU through an inference runtime.

A bundle that carries a graph (:mod:`.exported_graph`) answers on a clinician's computer without PyTorch at all.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np

from ..errors import DeviceError, MissingComponentError, SettingsError
from .answer import NetworkAnswer
from .device import DEVICES, graphics_device
from .network_header import NetworkHeader, WeightsRecord, header_from_metadata
from .runtime_engine import WrongAnswerError
from .threads import runtime_threads
from .weights_layout import WeightsLayout, read_layout
from .zoo import NetworkSpec

# In the order in which a CPU is served.
RUNTIMES = ("openvino", "onnxruntime", "torch")
_TITLES = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime", "torch": "PyTorch"}
_INSTALL = {
    "openvino": 'pip install "cervixrisk[cpu]"',
    "onnxruntime": "pip install onnxruntime",
    "torch": 'pip install "cervixrisk[train]"',
}


class InferenceEngine(Protocol):
    """A network that answers, whatever computes it.

    Attributes
    ----------
    name
        ``"torch"``, ``"openvino"`` or ``"onnxruntime"``.
    device
        ``"cpu"``, ``"cuda"`` or ``"mps"``.
    reason
        Why this one, a sentence for the person.
    spec, n_classes, in_channels, input_size, weights
        The network, and where its weights came from.
    """

    name: str
    device: str
    reason: str
    spec: NetworkSpec
    n_classes: int
    in_channels: int
    input_size: int
    weights: WeightsRecord

    def answer(self, crops: np.ndarray) -> NetworkAnswer:
        """Logits and all that heat maps need, of crops ``(n, size, size)`` or ``(n, channels, size, size)``."""

    def feature_maps(self, crops: np.ndarray) -> np.ndarray:
        """The heat-map layer's map of every crop: ``(n, C, h, w)`` float32."""


def available_runtimes() -> Mapping[str, str | None]:
    """Each runtime's installed version, ``None`` where it is not installed. Nothing is imported."""
    return MappingProxyType({name: _version(name) for name in RUNTIMES})


def load_engine(
    weights_path: str | os.PathLike[str],
    graph_path: str | os.PathLike[str] | None,
    *,
    device: str = "auto",
    runtime: str = "auto",
) -> InferenceEngine:
    """Load a trained network with whatever answers fastest here.

    Parameters
    ----------
    weights_path
        What :func:`.storage.save_network` wrote.
    graph_path
        What :func:`.exported_graph.export_graph` wrote beside it; ``None``: the bundle has no graph, PyTorch answers.
    device
        ``"auto"``: a graphics card when PyTorch can use one, else the CPU; ``"cuda"``, ``"mps"``, ``"cpu"``.
    runtime
        ``"auto"``: PyTorch on a graphics card; on a CPU OpenVINO, else ONNX Runtime, else PyTorch, whichever is
        installed. Or one of these by name.

    Raises
    ------
    SettingsError
        Unknown names, or a runtime that cannot serve the device or the bundle.
    MissingComponentError
        What was asked for is not installed or cannot be loaded, or nothing that could answer is.
    DeviceError
        The graphics card that was asked for has too little memory or failed; ``"auto"`` then takes the CPU, and the
        engine's ``reason`` says so.
    BundleError
        A file is missing, damaged, or holds what it must not.
    """
    if device not in DEVICES:
        raise SettingsError(f"The device {device!r} is not known: choose one of {', '.join(DEVICES)}.")
    if runtime not in ("auto", *RUNTIMES):
        raise SettingsError(f"The runtime {runtime!r} is not known: choose one of auto, {', '.join(RUNTIMES)}.")
    layout = read_layout(weights_path)
    header = header_from_metadata(layout.metadata)
    if runtime in ("openvino", "onnxruntime"):
        if device not in ("auto", "cpu"):
            raise SettingsError(f"{_TITLES[runtime]} answers on the CPU only: choose the runtime torch for {device}.")
        if graph_path is None:
            raise SettingsError(f"The bundle has no graph for {_TITLES[runtime]}: choose the runtime auto or torch.")
        _require_runtime(runtime)
        return _runtime_engine(runtime, weights_path, graph_path, layout, header, f"{_TITLES[runtime]} was asked for.")
    if runtime == "torch" or device in ("cuda", "mps"):
        return _torch_engine(weights_path, device, None)
    passed_over = ""
    if device == "auto":
        try:
            card = graphics_device()
            if card is not None:
                return _torch_engine(weights_path, card, None)
        except (DeviceError, MissingComponentError) as error:
            passed_over = f" The graphics card was passed over. {error}"
        except (ImportError, OSError):
            passed_over = " The graphics card was passed over: PyTorch is installed and cannot be loaded."
    if graph_path is None:
        reason = f"The bundle has no graph for an inference runtime.{passed_over}"
        return _torch_engine(weights_path, "cpu", reason)
    return _fastest_on_cpu(weights_path, graph_path, layout, header, passed_over)


def _fastest_on_cpu(
    weights_path: str | os.PathLike[str],
    graph_path: str | os.PathLike[str],
    layout: WeightsLayout,
    header: NetworkHeader,
    passed_over: str,
) -> InferenceEngine:
    """The first runtime that is installed; one that cannot be loaded or answers wrongly is passed over and named."""
    for runtime in RUNTIMES[:-1]:
        if _version(runtime) is None:
            continue
        reason = f"{_TITLES[runtime]} is the fastest that is installed for this CPU.{passed_over}"
        try:
            _require_runtime(runtime)
            return _runtime_engine(runtime, weights_path, graph_path, layout, header, reason)
        except (MissingComponentError, WrongAnswerError) as error:
            passed_over += f" {error}"
    if _version("torch") is None:
        raise MissingComponentError(
            f"Nothing that computes a network is installed: run {_INSTALL['openvino']}.{passed_over}"
        )
    return _torch_engine(weights_path, "cpu", f"No inference runtime can be used.{passed_over}")


def _runtime_engine(
    runtime: str,
    weights_path: str | os.PathLike[str],
    graph_path: str | os.PathLike[str],
    layout: WeightsLayout,
    header: NetworkHeader,
    reason: str,
) -> InferenceEngine:
    from .graph_file import read_graph

    graph_file = read_graph(Path(graph_path), Path(weights_path), layout)
    threads = runtime_threads()
    if runtime == "openvino":
        from .openvino_engine import OpenVinoEngine

        return OpenVinoEngine(graph_file, header, threads=threads, reason=reason)
    from .onnxruntime_engine import OnnxRuntimeEngine

    return OnnxRuntimeEngine(graph_file, header, threads=threads, reason=reason)


def _torch_engine(weights_path: str | os.PathLike[str], device: str, reason: str | None) -> InferenceEngine:
    from .device import choose_device
    from .storage import load_network
    from .torch_engine import TorchEngine

    choice = choose_device(device)
    return TorchEngine(load_network(weights_path), device=choice.device, reason=reason or choice.reason)


def _version(runtime: str) -> str | None:
    if importlib.util.find_spec(runtime) is None:
        return None
    try:
        return importlib.metadata.version(runtime)
    except importlib.metadata.PackageNotFoundError:
        return "installed, version unknown"


def _require_runtime(runtime: str) -> None:
    """Import ``runtime``, or say how to get it."""
    if _version(runtime) is None:
        raise MissingComponentError(
            f"{_TITLES[runtime]} is not installed: run {_INSTALL[runtime]}, or choose the runtime auto."
        )
    try:
        if runtime == "openvino":
            from .openvino_engine import import_openvino

            import_openvino()
        else:
            importlib.import_module(runtime)
    except (ImportError, OSError) as error:
        raise MissingComponentError(
            f"{_TITLES[runtime]} is installed and cannot be loaded: run {_INSTALL[runtime]} --force-reinstall."
        ) from error
