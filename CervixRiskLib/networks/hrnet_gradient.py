"""The way back from HRNet's class scores to its map of highest resolution, written out.

Wang et al. 2020 (doi 10.1109/TPAMI.2020.2983686), figure 4c: each branch is widened by a bottleneck block, the finer
one is halved and added to the next, and so on to the coarsest; a 1 x 1 convolution, the average and a linear layer
follow. In evaluation mode batch normalisation is a factor per channel and a ReLU a mask, so the gradient of all classes
runs back through the same convolutions, transposed. Of its end only the spatial mean is wanted, and a 1 x 1 convolution
commutes with the mean: the last two are applied to means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .torch_import import torch


def hrnet_head(module: Any) -> Callable[..., tuple[Any, Any, Any]]:
    """Stage 4's four maps to logits, channel weights of the first, and pooled features."""
    block = module.incre_modules[0][0]

    def head(*branches: Any) -> tuple[Any, Any, Any]:
        inner, middle, merged = _bottleneck(block, branches[0])
        widened, halved = [merged], []
        for widen, shrink, branch in zip(module.incre_modules[1:], module.downsamp_modules, branches[1:], strict=True):
            halved.append(shrink(widened[-1]))
            widened.append(widen(branch) + halved[-1])
        last = module.final_layer(widened[-1])
        pooled = module.forward_head(last, pre_logits=True)
        weight = module.classifier.weight

        # d logit_c / d last is W_c over the number of pixels. Images and classes go back as one batch.
        factor = _factor(last, module.final_layer[1]).unsqueeze(1)
        slope = (weight[None, :, :, None, None] * (factor / (last.shape[2] * last.shape[3]))).flatten(0, 1)
        slope = _back(slope, module.final_layer[0])
        for shrink, after in zip(reversed(module.downsamp_modules), reversed(halved), strict=True):
            slope = _back(_masked(slope, _factor(after, shrink[1]), len(weight)), shrink[0])
        means = _back_through_bottleneck(block, slope, inner, middle, merged, len(weight))
        return module.classifier(pooled), means.unflatten(0, (-1, len(weight))), pooled

    return head


def _bottleneck(block: Any, x: Any) -> tuple[Any, Any, Any]:
    """The block's three activations behind a ReLU; the last is its output."""
    inner = torch.relu(block.bn1(block.conv1(x)))
    middle = torch.relu(block.bn2(block.conv2(inner)))
    return inner, middle, torch.relu(block.bn3(block.conv3(middle)) + block.downsample(x))


def _back_through_bottleneck(block: Any, slope: Any, inner: Any, middle: Any, outer: Any, classes: int) -> Any:
    """Spatial mean of the gradient at the block's input, ``(n * classes, C)``."""
    slope = _masked(slope, _passed(outer), classes)
    shortcut_convolution, shortcut_norm = block.downsample
    means = (slope.mean(dim=(2, 3)) * _scale(shortcut_norm)) @ shortcut_convolution.weight.flatten(1)
    slope = _back(slope * _scale(block.bn3)[:, None, None], block.conv3)
    slope = _back(_masked(slope, _factor(middle, block.bn2), classes), block.conv2)
    slope = _masked(slope, _factor(inner, block.bn1), classes)
    return means + slope.mean(dim=(2, 3)) @ block.conv1.weight.flatten(1)


def _back(slope: Any, convolution: Any) -> Any:
    """The convolution's adjoint. A stride of two comes from maps of even side: the crop's is a multiple of 32."""
    extra = tuple(stride - 1 for stride in convolution.stride)
    return torch.nn.functional.conv_transpose2d(
        slope, convolution.weight, stride=convolution.stride, padding=convolution.padding, output_padding=extra
    )


def _masked(slope: Any, factor: Any, classes: int) -> Any:
    """``(n * classes, C, h, w)`` times each image's ``(n, C, h, w)``."""
    return (slope.unflatten(0, (-1, classes)) * factor.unsqueeze(1)).flatten(0, 1)


def _factor(activation: Any, norm: Any) -> Any:
    """What a ReLU with batch normalisation before it does to a gradient, per pixel and channel."""
    return _passed(activation) * _scale(norm)[:, None, None]


def _passed(activation: Any) -> Any:
    return (activation > 0).to(activation.dtype)


def _scale(norm: Any) -> Any:
    return norm.weight / torch.sqrt(norm.running_var + norm.eps)
