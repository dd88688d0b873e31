"""In which number format a network is trained."""

from __future__ import annotations

from typing import Any

from ..errors import SettingsError
from .torch_import import torch


def choose_precision(requested: str, device: str, module: Any) -> str:
    """``"float32"``, ``"bfloat16"`` or ``"float16"``: what ``requested`` (or ``"auto"``) means for ``module`` there.

    Weights stay float32 in any case; the others let torch's autocast run convolutions in sixteen bits. ``"auto"`` asks
    only what the processor and the network are, so that the same machine always trains alike:

    - CUDA: bfloat16 where the card computes in it (compute capability 8.0 and later); float16 with a scaled loss on
      cards whose tensor cores know only that (7.0 to 7.5); else float32. The GTX 16 cards are 7.5 without tensor cores,
      and their float16 convolutions give NaN (https://github.com/pytorch/pytorch/issues/58123). AMD: bfloat16.
    - CPU: bfloat16 where it has instructions for it (AMX or AVX512-BF16) and the network has no depthwise
      convolutions, else float32. A step took 0.4 to 0.8 of float32's time for ViT, ResNet50, HRNet, DenseNet and
      RegNet, but 1.5 and 2.2 times as long for ShuffleNet and FBNet; without the instructions bfloat16 is emulated.
    - MPS: float32.

    Raises
    ------
    SettingsError
        Sixteen bits on MPS.
    """
    if requested == "auto":
        if device == "cuda":
            return _of_card()
        wins = device == "cpu" and _has_bfloat16_instructions() and not _has_depthwise_convolutions(module)
        return "bfloat16" if wins else "float32"
    if requested != "float32" and device == "mps":
        raise SettingsError("On a Mac's graphics cores networks are trained in float32: choose the precision auto.")
    return requested


def _of_card() -> str:
    generation = torch.cuda.get_device_capability()[0]
    if getattr(torch.version, "hip", None) or generation >= 8:
        return "bfloat16"
    return "float16" if generation == 7 and "GTX 16" not in torch.cuda.get_device_name() else "float32"


def _has_bfloat16_instructions() -> bool:
    # Not public, and absent from older versions, where the answer is no.
    for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        supported = getattr(torch.cpu, name, None)
        if supported is not None and supported():
            return True
    return False


def _has_depthwise_convolutions(module: Any) -> bool:
    return any(
        isinstance(layer, torch.nn.Conv2d) and layer.groups == layer.in_channels > 1 for layer in module.modules()
    )
