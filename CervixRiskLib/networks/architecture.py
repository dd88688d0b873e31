"""Build a network's module and cut it in two: image to last feature map, feature map to class scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .optional_packages import require
from .torch_import import torch
from .torchvision_guard import ensure_torchvision_operators
from .zoo import NetworkSpec

TensorFunction = Callable[[Any], Any]
Split = Callable[[Any], tuple[TensorFunction, TensorFunction]]


def construct(spec: NetworkSpec, *, n_classes: int, in_channels: int) -> Any:
    """Build ``spec`` as a ``torch.nn.Module`` in evaluation mode, with fresh weights from torch's random state.

    Raises
    ------
    MissingComponentError
        The package that defines the network is not installed.
    """
    ensure_torchvision_operators()
    return _BUILDERS[spec.source](spec, n_classes, in_channels).eval()


def split(spec: NetworkSpec, module: Any) -> tuple[TensorFunction, TensorFunction]:
    """The two halves ``features`` and ``head`` of ``module``, with ``head(features(x)) == module(x)``."""
    return SPLITS.get(spec.name, _split_timm)(module)


def _build_timm(spec: NetworkSpec, n_classes: int, in_channels: int) -> Any:
    return require("timm").create_model(
        spec.architecture, pretrained=False, num_classes=n_classes, in_chans=in_channels
    )


def _build_torchvision(spec: NetworkSpec, n_classes: int, in_channels: int) -> Any:
    module = require("torchvision.models").get_model(spec.architecture, weights=None, num_classes=n_classes)
    owner_path, _, attribute = spec.first_convolution.removesuffix(".weight").rpartition(".")
    owner = module.get_submodule(owner_path)
    first = getattr(owner, attribute)
    if first.in_channels != in_channels:
        replacement = torch.nn.Conv2d(
            in_channels,
            first.out_channels,
            first.kernel_size,
            stride=first.stride,
            padding=first.padding,
            bias=first.bias is not None,
        )
        setattr(owner, attribute, replacement)
    return module


def _split_timm(module: Any) -> tuple[TensorFunction, TensorFunction]:
    """timm's convention for every network whose last feature map is what its head pools."""
    return module.forward_features, module.forward_head


def _split_alexnet(module: Any) -> tuple[TensorFunction, TensorFunction]:
    def head(feature_map: Any) -> Any:
        return module.classifier(torch.flatten(module.avgpool(feature_map), 1))

    return module.features, head


_BUILDERS = {"timm": _build_timm, "torchvision": _build_torchvision}
SPLITS: Mapping[str, Split] = {"alexnet": _split_alexnet}
