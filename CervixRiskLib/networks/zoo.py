"""The networks that can be chosen, as a table. Plain facts only: nothing here imports torch.

A new network is one more row, and one more entry of ``architecture.SPLITS`` when its feature map is not where its
source's usually is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ..errors import SettingsError


@dataclass(frozen=True)
class NetworkSpec:
    """What is known of a network before it is built.

    Parameters
    ----------
    name, title
        The name on the command line and in files; the name in tables.
    source, architecture
        The package that builds it and the name it has there.
    feature_layer
        Dotted path of the module whose output is the last feature map; class activation maps are drawn on it.
    embedding_channels
        Channels of that map.
    head
        Prefix in the state dict of the layer whose size is the class count.
    first_convolution
        State-dict name of the weight that sees the image channels.
    imagenet
        torchvision's name of the published ImageNet weights. Both packages name these tensors alike.
    input_size
        Side of the square crop in pixels unless another is asked for.
    smallest_input
        Smallest side at which the feature map still has a pixel.
    """

    name: str
    title: str
    source: Literal["timm", "torchvision"]
    architecture: str
    feature_layer: str
    embedding_channels: int
    head: str
    first_convolution: str
    imagenet: str
    input_size: int = 128
    smallest_input: int = 32


NETWORKS: Mapping[str, NetworkSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            NetworkSpec(
                name="densenet121",
                title="DenseNet121",
                source="timm",
                architecture="densenet121",
                # timm's norm5 is batch norm and ReLU in one: its output is what the head pools.
                feature_layer="features.norm5",
                embedding_channels=1024,
                head="classifier.",
                first_convolution="features.conv0.weight",
                imagenet="DenseNet121_Weights.IMAGENET1K_V1",
            ),
            NetworkSpec(
                name="resnet50",
                title="ResNet50",
                source="timm",
                architecture="resnet50",
                feature_layer="layer4",
                embedding_channels=2048,
                head="fc.",
                first_convolution="conv1.weight",
                imagenet="ResNet50_Weights.IMAGENET1K_V1",
            ),
            NetworkSpec(
                name="alexnet",
                title="AlexNet",
                source="torchvision",
                architecture="alexnet",
                feature_layer="features",
                embedding_channels=256,
                head="classifier.6.",
                first_convolution="features.0.weight",
                imagenet="AlexNet_Weights.IMAGENET1K_V1",
                smallest_input=64,
            ),
        )
    }
)


def network_spec(name: str) -> NetworkSpec:
    """The row of ``name``.

    Raises
    ------
    SettingsError
        There is no such network.
    """
    try:
        return NETWORKS[name]
    except KeyError:
        raise SettingsError(f"The network {name!r} is not known: choose one of {', '.join(NETWORKS)}.") from None
