"""A network computed by ONNX Runtime, on the CPU."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

import numpy as np

from ..errors import BundleError
from .graph_file import INPUT, GraphFile
from .network_header import NetworkHeader
from .runtime_engine import REFUSED, RuntimeEngine

# Only what ends the process is printed; all else is raised.
_FATAL = 4


class OnnxRuntimeEngine(RuntimeEngine):
    """A graph in a session.

    Raises
    ------
    WrongAnswerError
        It computes the graph otherwise than torch does.
    BundleError
        ONNX Runtime refuses the graph, or it is not this network's.
    """

    name = "onnxruntime"

    def __init__(self, graph_file: GraphFile, header: NetworkHeader, *, threads: int, reason: str) -> None:
        super().__init__(header, reason)
        onnxruntime = importlib.import_module("onnxruntime")
        # Windows builds report to Microsoft's event log otherwise.
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _FATAL
        # As everywhere (:mod:`.threads`): threads that wait sleep.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # All that ONNX Runtime raises derives from nothing narrower.
        try:
            self._session = onnxruntime.InferenceSession(
                graph_file.model,
                options,
                providers=["CPUExecutionProvider"],
                # Its second attempt would be printed.
                enable_fallback=0,
            )
        except Exception as error:
            raise BundleError(REFUSED) from error
        self._check(graph_file.probe)

    def _compute(self, image: np.ndarray, outputs: Sequence[str]) -> list[np.ndarray]:
        # A session may be run by several threads at once.
        try:
            return list(self._session.run(list(outputs), {INPUT: image}))
        except Exception as error:
            raise BundleError(REFUSED) from error
