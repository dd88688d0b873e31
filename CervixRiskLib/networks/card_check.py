"""Whether PyTorch can use the graphics card of this computer, found out by asking it to compute."""

from __future__ import annotations

import functools
import os
import warnings
from dataclasses import dataclass
from typing import Any

from .graphics_card import Failure, card_failure
from .torch_import import torch

_CLAUSES: dict[Failure, str] = {
    "memory": "other programs hold the memory of the graphics card",
    "too old": "the installed PyTorch has no code for the graphics card, most likely because the card is too old",
    "other": "the graphics card does not answer PyTorch; another program may hold it, or its driver is too old",
}
_HIDING = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


@dataclass(frozen=True)
class GraphicsCard:
    """A card that computes.

    Parameters
    ----------
    name
        As its driver says.
    memory_bytes
        All of its memory.
    capability
        Compute capability, ``(major, minor)``.
    build
        What this PyTorch was built for, ``"CUDA 12.8"`` or ``"ROCm 6.4"``.
    cards
        How many PyTorch sees; the first is used.
    """

    name: str
    memory_bytes: int
    capability: tuple[int, int]
    build: str
    cards: int = 1


@functools.cache
def check_card() -> GraphicsCard | str:
    """The NVIDIA or AMD card that networks would run on, or a clause that says why none can be used.

    A driver that answers and a card that is listed do not mean that it computes: PyTorch leaves old cards out of its
    builds, and another program may hold a card for itself. So a small convolution is computed, once a process.
    """
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        available = bool(torch.cuda.is_available())
    if not available:
        return _why_not([str(warning.message) for warning in told])
    try:
        if not _computes():
            return "the graphics card computes wrong values: update its driver"
        card = torch.cuda.get_device_properties(0)
        return GraphicsCard(
            torch.cuda.get_device_name(0),
            int(card.total_memory),
            tuple(torch.cuda.get_device_capability(0)),
            _build(),
            int(torch.cuda.device_count()),
        )
    except RuntimeError as error:
        return _CLAUSES[card_failure(error) or "other"]


def _computes() -> bool:
    """A convolution of ones on the card, forward and back to the CPU."""
    image, kernel = (torch.ones(1, 1, 4, 4, device="cuda") for _ in range(2))
    return float(torch.nn.functional.conv2d(image, kernel).sum()) == 16.0


def _why_not(warned: list[str]) -> str:
    build = _build()
    if not build:
        return (
            "the installed PyTorch was built without CUDA (pytorch.org tells how to get one with it; inside Slicer the "
            "PyTorch extension chooses)"
        )
    hidden = [name for name in _HIDING if os.environ.get(name, "0").strip() in ("", "-1")]
    if hidden:
        return f"the variable {hidden[0]} hides every graphics card from PyTorch"
    words = " ".join(warned).lower()
    if "too old" in words or "insufficient" in words:
        return f"the graphics card's driver is too old for this PyTorch ({build}): update the driver"
    if warned and "no cuda gpus" not in words and "no nvidia driver" not in words:
        return f"the graphics card's driver does not work with this PyTorch ({build}): update it and restart"
    return "PyTorch sees no NVIDIA graphics card"


def _build() -> str:
    cuda: Any = torch.version.cuda
    hip: Any = getattr(torch.version, "hip", None)
    return f"ROCm {hip}" if hip else f"CUDA {cuda}" if cuda else ""
