"""What the inference runtimes have in common: crops in, one at a time, a :class:`.answer.NetworkAnswer` out.

One crop at a time and with a fixed number of threads, a crop's answer does not depend on the crops beside it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from ..errors import BundleError, SettingsError
from .answer import NetworkAnswer
from .crop_normalisation import network_crops
from .graph_file import OUTPUTS
from .network_header import NetworkHeader
from .probe import Probe, probe_image
from .zoo import NetworkSpec

REFUSED = "The network's graph does not run on this computer: copy the bundle again, or choose the runtime torch."


class WrongAnswerError(BundleError):
    """A runtime does not give the known answer to the graph's probe (:mod:`.probe`)."""


class RuntimeEngine(ABC):
    """A network that an inference runtime computes on the CPU. Several threads may ask one engine.

    Attributes
    ----------
    name
        ``"openvino"`` or ``"onnxruntime"``.
    device
        ``"cpu"``.
    reason
        Why this runtime was chosen, a sentence for the person.
    spec, n_classes, in_channels, input_size, weights
        The network, as its file states it, and where its weights came from.
    """

    name: str
    device = "cpu"

    def __init__(self, header: NetworkHeader, reason: str) -> None:
        self.reason = reason
        self.spec: NetworkSpec = header.spec
        self.n_classes = header.n_classes
        self.in_channels = header.in_channels
        self.input_size = header.input_size
        self.weights = header.weights

    def answer(self, crops: np.ndarray) -> NetworkAnswer:
        """Logits and all that heat maps need.

        Parameters
        ----------
        crops
            ``(n, size, size)`` or ``(n, channels, size, size)``, as they are: they are z-scored here.

        Raises
        ------
        SettingsError
            There is no crop, or the crops have another size.
        BundleError
            The runtime cannot compute the graph, or the graph is not this network's.
        """
        logits, feature_map, channel_weights, pooled = self._arrays(crops, OUTPUTS)
        return NetworkAnswer(logits, feature_map, channel_weights, pooled)

    def feature_maps(self, crops: np.ndarray) -> np.ndarray:
        """The heat-map layer's map of every crop: ``(n, C, h, w)`` float32."""
        return self._arrays(crops, OUTPUTS[1:2])[0]

    def _arrays(self, crops: np.ndarray, outputs: Sequence[str]) -> list[np.ndarray]:
        if len(crops) == 0:
            raise SettingsError("There is no crop to compute on.")
        images = network_crops(crops, self.spec.title, in_channels=self.in_channels, input_size=self.input_size)
        computed = [self._compute(image[np.newaxis], outputs) for image in images]
        return [np.concatenate(column) for column in zip(*computed, strict=True)]

    @abstractmethod
    def _compute(self, image: np.ndarray, outputs: Sequence[str]) -> list[np.ndarray]:
        """The named outputs for one z-scored image ``(1, channels, size, size)``, in arrays of the caller's own."""

    def _check(self, probe: Probe) -> None:
        """Compute once, and refuse a graph of another network or a runtime that computes it otherwise than torch."""
        image = probe_image(self.in_channels, self.input_size)
        logits, feature_map, channel_weights, pooled = self._compute(image, OUTPUTS)
        channels = self.spec.embedding_channels
        if not (
            logits.shape == (1, self.n_classes)
            and feature_map.ndim == 4
            and feature_map.shape[:2] == (1, channels)
            and channel_weights.shape == (1, self.n_classes, channels)
            and pooled.shape == (1, self.spec.pooled_channels)
            and all(array.dtype == np.float32 for array in (logits, feature_map, channel_weights, pooled))
        ):
            raise BundleError(f"The network's graph is not that of a {self.spec.title}: copy the bundle again.")
        if not probe.agrees(Probe.of(NetworkAnswer(logits, feature_map, channel_weights, pooled))):
            raise WrongAnswerError(
                f"The runtime {self.name} computes this network otherwise than PyTorch did when it was trained: "
                "choose another runtime."
            )
