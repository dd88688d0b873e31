"""The files of a network in a bundle, for every study alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .network import Network

NETWORK_FILE = "network.safetensors"
GRAPH_FILE = "network.onnx"

_WITHOUT_GRAPH = (
    "The package onnx is not installed, so the bundle holds no graph for OpenVINO and ONNX Runtime and answers through "
    'PyTorch alone, several times slower on a CPU: run pip install "cervixrisk[train]" and train again to add it.'
)


def network_files(network: Network) -> tuple[dict[str, Callable[[Path], object]], str]:
    """What writes a network into a bundle, by file name in the order of writing, and a note where the graph is missing.

    The graph refers to the bytes of the weights file, so it is written after it, into the same folder.
    """
    from .exported_graph import can_export, export_graph
    from .storage import save_network

    files: dict[str, Callable[[Path], object]] = {NETWORK_FILE: lambda path: save_network(network, path)}
    if not can_export():
        return files, _WITHOUT_GRAPH
    files[GRAPH_FILE] = lambda path: export_graph(network, path.with_name(NETWORK_FILE), path)
    return files, ""
