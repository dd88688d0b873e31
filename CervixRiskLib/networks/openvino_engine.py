"""A network computed by OpenVINO, on the CPU and in full precision."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..absent_modules import absent_modules
from ..errors import BundleError
from .graph_file import INPUT, OUTPUTS, GraphFile
from .network_header import NetworkHeader
from .runtime_engine import REFUSED, RuntimeEngine


class OpenVinoEngine(RuntimeEngine):
    """A graph, compiled for one crop.

    Raises
    ------
    WrongAnswerError
        It computes the graph otherwise than torch does.
    BundleError
        OpenVINO refuses the graph, or it is not this network's.
    """

    name = "openvino"

    def __init__(self, graph_file: GraphFile, header: NetworkHeader, *, threads: int, reason: str) -> None:
        super().__init__(header, reason)
        openvino = import_openvino()
        settings = {
            # Else processors with bfloat16 units would round.
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            # Nothing compiled is left on the disk.
            "CACHE_DIR": "",
        }
        try:
            core = openvino.Core()
            graph = core.read_model(graph_file.model)
            graph.reshape({INPUT: [1, self.in_channels, self.input_size, self.input_size]})
            compiled = core.compile_model(graph, "CPU", settings)
            self._outputs = {name: compiled.output(name) for name in OUTPUTS}
            self._request = compiled.create_infer_request()
        except (RuntimeError, ValueError, TypeError) as error:
            raise BundleError(REFUSED) from error
        self._lock = threading.Lock()
        self._check(graph_file.probe)

    def _compute(self, image: np.ndarray, outputs: Sequence[str]) -> list[np.ndarray]:
        # One request: a second caller waits, as the first one already has all the threads.
        with self._lock:
            try:
                results = self._request.infer({INPUT: image}, share_inputs=True, share_outputs=True)
            except (RuntimeError, ValueError) as error:
                raise BundleError(REFUSED) from error
            return [np.array(results[self._outputs[name]]) for name in outputs]


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry, which would report the import over the network.

    ``openvino`` imports its conversion tools, and those send an event with the package ``openvino_telemetry``; they go
    on without where that is not installed, which is what this plays.
    """
    with absent_modules("openvino_telemetry"):
        return importlib.import_module("openvino")
