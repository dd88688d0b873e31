"""Build a network's module and cut it: image to heat-map layer, heat-map layer to pooled features, to class scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .optional_packages import require
from .torch_import import torch
from .torchvision_guard import ensure_torchvision_operators
from .zoo import NetworkSpec

TensorFunction = Callable[..., Any]
Split = Callable[[Any], tuple[TensorFunction, TensorFunction]]


class ModuleParts(NamedTuple):
    """A module in three parts, with ``classifier(pool(*features(images))) == module(images)``.

    Parameters
    ----------
    features
        Images ``(n, channels, size, size)`` to a tuple of tensors. The first is the heat-map layer's map
        ``(n, C, h, w)``; the others are what else the rest of the network reads.
    pool
        Those tensors to what the last linear layer sees, ``(n, D)``.
    classifier
        The last linear layer: ``(n, D)`` to logits ``(n, classes)``.
    """

    features: TensorFunction
    pool: TensorFunction
    classifier: Any


def construct(spec: NetworkSpec, *, n_classes: int, in_channels: int, input_size: int | None = None) -> Any:
    """Build ``spec`` as a ``torch.nn.Module`` in evaluation mode, with fresh weights from torch's random state.

    ``input_size`` (the zoo's default where ``None``) matters only to a network that is built for one size.

    Raises
    ------
    MissingComponentError
        The package that defines the network is not installed.
    """
    ensure_torchvision_operators()
    size = spec.input_size if input_size is None else input_size
    return _BUILDERS[spec.source](spec, n_classes, in_channels, size).eval()


def construct_shapes(spec: NetworkSpec, *, n_classes: int, in_channels: int, input_size: int | None = None) -> Any:
    """:func:`construct` on torch's meta device: a module with shapes and no memory, to be given its tensors."""
    with torch.device("meta"), _SchedulesOnCpu():
        return construct(spec, n_classes=n_classes, in_channels=in_channels, input_size=input_size)


class _SchedulesOnCpu(torch.overrides.TorchFunctionMode):
    """Keeps ViT's drop-path schedule off the meta device: timm 1.0.9 reads its numbers, which a meta tensor lacks."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.linspace:
            kwargs.setdefault("device", "cpu")
        return func(*args, **kwargs)


def split(spec: NetworkSpec, module: Any) -> tuple[TensorFunction, TensorFunction]:
    """The two halves ``features`` and ``head`` of ``module``, with ``head(*features(x)) == module(x)``.

    ``features`` gives a tuple whose first tensor is the heat-map layer's map (:class:`ModuleParts`).
    """
    parts = split_parts(spec, module)

    def head(*state: Any) -> Any:
        return parts.classifier(parts.pool(*state))

    return parts.features, head


def split_parts(spec: NetworkSpec, module: Any) -> ModuleParts:
    """The three parts of ``module``."""
    features, pool = SPLITS.get(spec.name, _split_timm)(module)
    return ModuleParts(features, pool, module.get_submodule(spec.head.removesuffix(".")))


def _build_timm(spec: NetworkSpec, n_classes: int, in_channels: int, size: int) -> Any:
    sized = {"img_size": size} if spec.position_embedding else {}
    return require("timm").create_model(
        spec.architecture, pretrained=False, num_classes=n_classes, in_chans=in_channels, **sized
    )


def _build_torchvision(spec: NetworkSpec, n_classes: int, in_channels: int, size: int) -> Any:
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

    def features(images: Any) -> tuple[Any, ...]:
        return (module.forward_features(images),)

    def pool(feature_map: Any) -> Any:
        return module.forward_head(feature_map, pre_logits=True)

    return features, pool


def _split_alexnet(module: Any) -> tuple[TensorFunction, TensorFunction]:
    def features(images: Any) -> tuple[Any, ...]:
        return (module.features(images),)

    def pool(feature_map: Any) -> Any:
        return module.classifier[:-1](torch.flatten(module.avgpool(feature_map), 1))

    return features, pool


def _split_shufflenet(module: Any) -> tuple[TensorFunction, TensorFunction]:
    def features(images: Any) -> tuple[Any, ...]:
        x = module.maxpool(module.conv1(images))
        return (module.conv5(module.stage4(module.stage3(module.stage2(x)))),)

    def pool(feature_map: Any) -> Any:
        return feature_map.mean([2, 3])

    return features, pool


def _split_hrnet(module: Any) -> tuple[TensorFunction, TensorFunction]:
    """Cut behind the last stage: four maps, at 1/4, 1/8, 1/16 and 1/32 of the crop's resolution."""

    def features(images: Any) -> tuple[Any, ...]:
        x = module.act1(module.bn1(module.conv1(images)))
        x = module.act2(module.bn2(module.conv2(x)))
        return tuple(module.stages(x))

    def pool(*branches: Any) -> Any:
        merged = module.incre_modules[0](branches[0])
        for widen, shrink, branch in zip(module.incre_modules[1:], module.downsamp_modules, branches[1:], strict=True):
            merged = widen(branch) + shrink(merged)
        return module.forward_head(module.final_layer(merged), pre_logits=True)

    return features, pool


def _split_vit(module: Any) -> tuple[TensorFunction, TensorFunction]:
    """Cut at what the last block's attention reads: patch tokens as a map, class token, and the residual stream.

    The output of the last block will not do: the head reads its class token only, so the gradient of any score with
    respect to its patch tokens is zero. Attention rollout would draw, but the same map for every class.
    """
    last = module.blocks[-1]
    prefix = module.num_prefix_tokens

    def features(images: Any) -> tuple[Any, ...]:
        tokens = module.norm_pre(module.patch_drop(module._pos_embed(module.patch_embed(images))))
        tokens = module.blocks[:-1](tokens)
        normed = last.norm1(tokens)
        rows, columns = module.patch_embed.grid_size
        patches = normed[:, prefix:].transpose(1, 2).unflatten(2, (rows, columns))
        return patches, normed[:, :prefix], tokens[:, :prefix]

    def pool(patches: Any, normed: Any, residual: Any) -> Any:
        attended = last.attn(torch.cat([normed, patches.flatten(2).transpose(1, 2)], dim=1))
        # From here on every token is on its own, and only the class token is read.
        tokens = residual + last.drop_path1(last.ls1(attended[:, :prefix]))
        tokens = tokens + last.drop_path2(last.ls2(last.mlp(last.norm2(tokens))))
        return module.forward_head(module.norm(tokens), pre_logits=True)

    return features, pool


_BUILDERS = {"timm": _build_timm, "torchvision": _build_torchvision}
SPLITS: Mapping[str, Split] = {
    "alexnet": _split_alexnet,
    "hrnet_w32": _split_hrnet,
    "shufflenet_v2_x1_0": _split_shufflenet,
    "vit_base_patch16_224": _split_vit,
}
