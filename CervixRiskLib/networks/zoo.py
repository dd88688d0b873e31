"""The networks that can be chosen, as a table. Plain facts only: nothing here imports torch.

A new network is one more row, and one more entry of ``architecture.SPLITS`` when its heat-map layer is not where its
source's last feature map usually is.
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
        Dotted path of the module whose output is the heat-map layer's map (or the first of its outputs); class
        activation maps are drawn on it.
    embedding_channels
        Channels of that map.
    pooled_channels
        Width of what the last linear layer sees.
    head
        Prefix in the state dict of that layer, whose size is the class count.
    first_convolution
        State-dict name of the weight that sees the image channels.
    imagenet
        Name of the published ImageNet weights: torchvision's where it holds ``_Weights.``, else timm's
        ``architecture.tag``. torchvision's are preferred, for their file names carry a hash.
    input_size
        Side of the square crop in pixels unless another is asked for.
    smallest_input
        Smallest side at which the heat-map layer still has a pixel.
    size_step
        The side must be a multiple of it.
    position_embedding
        State-dict name of the embedding of the patches' places, the class token's first. A network that has one is
        built for one side and takes no other.
    linear_head
        Behind the heat-map layer come only the global average and the last linear layer.
    """

    name: str
    title: str
    source: Literal["timm", "torchvision"]
    architecture: str
    feature_layer: str
    embedding_channels: int
    pooled_channels: int
    head: str
    first_convolution: str
    imagenet: str
    input_size: int = 128
    smallest_input: int = 32
    size_step: int = 1
    position_embedding: str | None = None
    linear_head: bool = True


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
                pooled_channels=1024,
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
                pooled_channels=2048,
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
                pooled_channels=4096,
                head="classifier.6.",
                first_convolution="features.0.weight",
                imagenet="AlexNet_Weights.IMAGENET1K_V1",
                smallest_input=64,
                linear_head=False,
            ),
            NetworkSpec(
                name="hrnet_w32",
                title="HRNet-W32",
                source="timm",
                architecture="hrnet_w32",
                # Four maps come out of the last stage; the first has the highest resolution, a quarter of the crop's.
                feature_layer="stage4",
                embedding_channels=32,
                pooled_channels=2048,
                head="classifier.",
                first_convolution="conv1.weight",
                imagenet="hrnet_w32.ms_in1k",
                input_size=224,
                # The coarsest branch is a 32nd of the crop and is enlarged onto the others.
                size_step=32,
                linear_head=False,
            ),
            NetworkSpec(
                name="fbnetc_100",
                title="FBNet-C",
                source="timm",
                architecture="fbnetc_100",
                feature_layer="bn2",
                embedding_channels=1984,
                pooled_channels=1984,
                head="classifier.",
                first_convolution="conv_stem.weight",
                imagenet="fbnetc_100.rmsp_in1k",
                input_size=224,
            ),
            NetworkSpec(
                name="regnety_016",
                title="RegNetY-1.6GF",
                source="timm",
                architecture="regnety_016",
                feature_layer="s4",
                embedding_channels=888,
                pooled_channels=888,
                head="head.fc.",
                first_convolution="stem.conv.weight",
                imagenet="RegNet_Y_1_6GF_Weights.IMAGENET1K_V2",
                input_size=224,
            ),
            NetworkSpec(
                name="shufflenet_v2_x1_0",
                title="ShuffleNet V2",
                source="torchvision",
                architecture="shufflenet_v2_x1_0",
                feature_layer="conv5",
                embedding_channels=1024,
                pooled_channels=1024,
                head="fc.",
                first_convolution="conv1.0.weight",
                imagenet="ShuffleNet_V2_X1_0_Weights.IMAGENET1K_V1",
                input_size=224,
            ),
            NetworkSpec(
                name="vit_base_patch16_224",
                title="ViT-B/16",
                source="timm",
                architecture="vit_base_patch16_224",
                # Behind the last block only the class token is read, so its patch tokens have no gradient: the last
                # place where they speak for a class is what that block's attention reads.
                feature_layer="blocks.11.norm1",
                embedding_channels=768,
                pooled_channels=768,
                head="head.",
                first_convolution="patch_embed.proj.weight",
                imagenet="vit_base_patch16_224.augreg2_in21k_ft_in1k",
                input_size=224,
                size_step=16,
                position_embedding="pos_embed",
                linear_head=False,
            ),
        )
    }
)


# The seven of the staging study, in the order of its Table 2. Its default side is 224 pixels for all of them; the
# rows above state another for those that the nodal study embeds with as well.
STAGING_NETWORKS: tuple[str, ...] = (
    "densenet121",
    "fbnetc_100",
    "vit_base_patch16_224",
    "regnety_016",
    "resnet50",
    "shufflenet_v2_x1_0",
    "hrnet_w32",
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


def checked_input_size(spec: NetworkSpec, input_size: int | None) -> int:
    """``input_size`` or the zoo's default, refused when the network has no pixel left or cannot be built for it."""
    size = spec.input_size if input_size is None else int(input_size)
    if size < spec.smallest_input:
        raise SettingsError(f"{spec.title} needs crops of at least {spec.smallest_input} pixels a side, not {size}.")
    if size % spec.size_step:
        below = size - size % spec.size_step
        raise SettingsError(
            f"{spec.title} needs crops whose side is a multiple of {spec.size_step} pixels: choose "
            f"{below} or {below + spec.size_step} instead of {size}."
        )
    return size
