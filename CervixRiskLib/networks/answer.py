"""What a network says of a batch of crops, with all that a heat map of any class needs. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import SettingsError
from .class_activation import weighted_cam


@dataclass(frozen=True, eq=False)
class NetworkAnswer:
    """Logits and heat-map material of ``n`` crops, whichever runtime computed them. Nothing is checked here.

    Parameters
    ----------
    logits
        ``(n, classes)`` float32, before softmax.
    feature_map
        ``(n, C, h, w)`` float32: output of the heat-map layer.
    channel_weights
        ``(n, k, C)`` float32: spatial mean of the gradient of each class's logit with respect to ``feature_map``,
        Grad-CAM's ``a_k`` (:mod:`.class_activation`).
    pooled
        ``(n, D)`` float32: what the last linear layer sees.
    classes
        The ``k`` classes of ``channel_weights``, in their order; ``None``: all, in order.
    """

    logits: np.ndarray
    feature_map: np.ndarray
    channel_weights: np.ndarray
    pooled: np.ndarray
    classes: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return len(self.logits)

    def probabilities(self) -> np.ndarray:
        """Softmax of the logits, taken in float64: ``(n, classes)`` float32, rows sum to 1."""
        logits = self.logits.astype(np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)

    def cam(self, index: int, class_index: int) -> np.ndarray:
        """Grad-CAM of one class for crop ``index``: ``(h, w)`` float32 in 0-1.

        Raises
        ------
        SettingsError
            The channel weights of that class were not computed.
        """
        classes = range(self.channel_weights.shape[1]) if self.classes is None else self.classes
        if class_index not in classes:
            raise SettingsError(f"The answer holds heat maps of the classes {list(classes)}, not of {class_index}.")
        return weighted_cam(self.feature_map[index], self.channel_weights[index, classes.index(class_index)])
