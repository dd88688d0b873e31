"""A network computed by PyTorch: on a graphics card, and on a CPU without an inference runtime."""

from __future__ import annotations

import threading

import numpy as np

from .answer import NetworkAnswer
from .network import Network


class TorchEngine:
    """``network`` as an engine (:class:`.inference.InferenceEngine`). Several threads may ask it; they wait in line."""

    name = "torch"

    def __init__(self, network: Network, *, device: str, reason: str) -> None:
        self.network = network.to(device)
        self.device = device
        self.reason = reason
        self.spec = network.spec
        self.n_classes = network.n_classes
        self.in_channels = network.in_channels
        self.input_size = network.input_size
        self.weights = network.weights
        self._lock = threading.Lock()

    def answer(self, crops: np.ndarray) -> NetworkAnswer:
        """Logits and all that heat maps need; see :meth:`.network.Network.answer`."""
        with self._lock:
            return self.network.answer(crops, device=self.device)

    def feature_maps(self, crops: np.ndarray) -> np.ndarray:
        """The heat-map layer's map of every crop: ``(n, C, h, w)`` float32."""
        with self._lock:
            return self.network.feature_maps(crops, device=self.device)
