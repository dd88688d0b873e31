"""Channel weights of a heat map in closed form, as forward operations, so that they can be exported.

Grad-CAM weighs channel ``k`` of the heat-map layer by ``a_k = mean_ij(d logit / d A_kij)``
(:mod:`.class_activation`). Of the gradient only its spatial mean is wanted, and only through the head:

- global average and a linear layer: ``a_k = W_ck / (h w)``, the same for every image;
- AlexNet: the adjoint of the adaptive average keeps sums, so the six by six cells of the first linear layer's gradient
  are summed and divided by ``h w``;
- HRNet: :mod:`.hrnet_gradient`;
- ViT: :mod:`.vit_gradient`.

The differentiated head in :mod:`.channel_weights` is the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .architecture import split_parts
from .hrnet_gradient import hrnet_head
from .torch_import import torch
from .vit_gradient import vit_head
from .zoo import NetworkSpec

# The heat-map layer's state to logits (n, classes), channel weights (n, classes, C) and pooled features (n, D).
Head = Callable[..., tuple[Any, Any, Any]]


def answer_function(spec: NetworkSpec, module: Any) -> Callable[[Any], tuple[Any, Any, Any, Any]]:
    """``module``, which is in evaluation mode, as one function without a backward pass.

    It takes z-scored images ``(n, channels, size, size)`` and gives what :class:`.answer.NetworkAnswer` holds: logits
    ``(n, classes)``, the feature map ``(n, C, h, w)``, channel weights ``(n, classes, C)``, pooled ``(n, D)``.
    """
    parts = split_parts(spec, module)
    head = _linear_head(parts) if spec.linear_head else _HEADS[spec.name](module)

    def answer(images: Any) -> tuple[Any, Any, Any, Any]:
        state = parts.features(images)
        logits, weights, pooled = head(*state)
        return logits, state[0], weights, pooled

    return answer


def _linear_head(parts: Any) -> Head:
    def head(feature_map: Any) -> tuple[Any, Any, Any]:
        pooled = parts.pool(feature_map)
        weight = parts.classifier.weight / (feature_map.shape[2] * feature_map.shape[3])
        return parts.classifier(pooled), weight.unsqueeze(0).expand(feature_map.shape[0], -1, -1), pooled

    return head


def _alexnet_head(module: Any) -> Head:
    first, second, last = module.classifier[1], module.classifier[4], module.classifier[6]
    rows, columns = module.avgpool.output_size

    def head(feature_map: Any) -> tuple[Any, Any, Any]:
        down = _adaptive_average(int(feature_map.shape[2]), rows, first.weight)
        across = _adaptive_average(int(feature_map.shape[3]), columns, first.weight)
        hidden = torch.relu(first(torch.flatten(down @ feature_map @ across.T, 1)))
        pooled = torch.relu(second(hidden))
        slope = (last.weight.unsqueeze(0) * _passed(pooled).unsqueeze(1)) @ second.weight
        cells = first.weight.unflatten(1, (feature_map.shape[1], rows * columns)).sum(dim=2)
        weights = (slope * _passed(hidden).unsqueeze(1)) @ cells / (feature_map.shape[2] * feature_map.shape[3])
        return last(pooled), weights, pooled

    return head


def _adaptive_average(size: int, cells: int, like: Any) -> Any:
    """``(cells, size)``: adaptive average pooling of one axis as a matrix; ONNX has no other form for any size."""
    matrix = torch.zeros(cells, size, dtype=like.dtype, device=like.device)
    for cell in range(cells):
        begin, end = cell * size // cells, -(-(cell + 1) * size // cells)
        matrix[cell, begin:end] = 1.0 / (end - begin)
    return matrix


def _passed(activation: Any) -> Any:
    """1 where a ReLU let its input through, else 0."""
    return (activation > 0).to(activation.dtype)


_HEADS: Mapping[str, Callable[[Any], Head]] = {
    "alexnet": _alexnet_head,
    "hrnet_w32": hrnet_head,
    "vit_base_patch16_224": vit_head,
}
