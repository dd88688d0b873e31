"""The weight of every channel of the heat-map layer for a class's score, at the cost of the head alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .architecture import ModuleParts
from .torch_import import torch
from .zoo import NetworkSpec


def channel_weights(
    spec: NetworkSpec, parts: ModuleParts, state: tuple[Any, ...], classes: Sequence[int]
) -> tuple[Any, Any, Any]:
    """Finish a forward pass from ``state = features(images)`` and differentiate it back to ``state[0]``.

    Grad-CAM's ``a_k = mean_ij(d logit / d A_kij)``. Where only the global average and a linear layer follow, that is
    the layer's weight over the number of pixels, for every image; elsewhere the head is differentiated once a class.

    Returns
    -------
    tuple of torch.Tensor
        Logits ``(n, n_classes)``, pooled features ``(n, D)`` and weights ``(n, len(classes), C)``, without gradient.
    """
    feature_map = state[0]
    if spec.linear_head:
        with torch.no_grad():
            pooled = parts.pool(*state)
            logits = parts.classifier(pooled)
            weight = parts.classifier.weight[list(classes)] / feature_map[0, 0].numel()
        return logits, pooled, weight.detach().expand(len(feature_map), -1, -1)
    with torch.enable_grad():
        leaf = feature_map.detach().requires_grad_(True)
        pooled = parts.pool(leaf, *(tensor.detach() for tensor in state[1:]))
        logits = parts.classifier(pooled)
        # Crops do not see each other in evaluation mode, so one backward pass serves the whole batch.
        slopes = [
            torch.autograd.grad(logits[:, index].sum(), leaf, retain_graph=True)[0].mean(dim=(2, 3))
            for index in classes
        ]
    weights = torch.stack(slopes, dim=1) if slopes else feature_map.new_zeros(len(feature_map), 0, feature_map.shape[1])
    return logits.detach(), pooled.detach(), weights
