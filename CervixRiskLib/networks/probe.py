"""A question with a known answer, put to a runtime before it is trusted.

Runtimes rearrange a graph for the processor they find, and a version of one may compute a network wrongly without a
word. So the exporter writes into the graph what torch answers to one made-up image, and an engine that answers
otherwise is not used.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

import numpy as np

from ..errors import BundleError
from .answer import NetworkAnswer

# Key in the model's metadata.
PROBE_KEY = b"cervixrisk-probe"
# Share of the length of a vector that an error's length may have. Float32 sums in another order differ by a few
# millionths, bfloat16 or a wrong kernel by more than a thousandth. Gradients jump where a ReLU's input is next to zero:
# on small maps a single unit that falls on the other side changes HRNet's by some hundredths.
_VALUES, _GRADIENTS = 2e-3, 0.1
_ROUNDING = 1e-7


def probe_image(in_channels: int, input_size: int) -> np.ndarray:
    """The image asked about: stripes and rings that no flip or shift maps onto themselves, ``(1, channels, s, s)``."""
    position = np.linspace(-1.0, 1.0, input_size)
    rows, columns = np.meshgrid(position, position, indexing="ij")
    radius = np.hypot(rows - 0.3, columns + 0.2)
    image = [
        np.cos(9.0 * radius + channel) + np.sin(5.0 * rows + 2.0 * columns + channel) + 0.5 * rows - 0.25 * columns
        for channel in range(in_channels)
    ]
    return np.stack(image)[np.newaxis].astype(np.float32)


@dataclass(frozen=True, eq=False)
class Probe:
    """What torch answered: ``logits`` ``(classes,)``, ``channel_weights`` ``(classes, C)``, ``pooled`` ``(D,)`` and
    ``class_maps`` ``(classes, h, w)``, the weighted sums of the feature map before they are clipped and scaled."""

    logits: np.ndarray
    channel_weights: np.ndarray
    pooled: np.ndarray
    class_maps: np.ndarray

    @classmethod
    def of(cls, answer: NetworkAnswer) -> Probe:
        """What ``answer`` says of its first crop."""
        weights = answer.channel_weights[0]
        class_maps = np.einsum("ck,kij->cij", weights.astype(np.float64), answer.feature_map[0].astype(np.float64))
        return cls(answer.logits[0], weights, answer.pooled[0], class_maps.astype(np.float32))

    def agrees(self, other: Probe) -> bool:
        """Whether ``other`` is the same but for what another order of computing changes."""
        return all(
            ours.shape == theirs.shape
            # Not true of what is no number.
            and bool(np.linalg.norm(ours - theirs) <= tolerance * np.linalg.norm(ours) + _ROUNDING)
            for ours, theirs, tolerance in zip(
                self._arrays(), other._arrays(), (_VALUES, _GRADIENTS, _VALUES, _GRADIENTS), strict=True
            )
        )

    def encode(self) -> bytes:
        """As text: JSON of shapes and little-endian float32 in base64."""
        stated = [
            {"shape": array.shape, "values": base64.b64encode(array.astype("<f4").tobytes()).decode("ascii")}
            for array in self._arrays()
        ]
        return json.dumps(stated).encode("ascii")

    @classmethod
    def decode(cls, text: bytes) -> Probe:
        """Read what :meth:`encode` wrote.

        Raises
        ------
        BundleError
            It is damaged.
        """
        try:
            arrays = [
                np.frombuffer(base64.b64decode(stated["values"], validate=True), dtype="<f4").reshape(stated["shape"])
                for stated in json.loads(text)
            ]
            logits, channel_weights, pooled, class_maps = arrays
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
            raise BundleError("The network's graph file is damaged: copy the bundle again.") from error
        return cls(logits, channel_weights, pooled, class_maps)

    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.logits, self.channel_weights, self.pooled, self.class_maps
